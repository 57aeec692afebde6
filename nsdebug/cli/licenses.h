/* SPDX-License-Identifier: Apache-2.0 */
/*
 * licenses - notices of the libraries inside the static binary: nsdebug version --licenses. They
 * are kept packed.
 */
#ifndef NSDEBUG_CLI_LICENSES_H
#define NSDEBUG_CLI_LICENSES_H

#include <stdbool.h>

struct buf;

bool licenses_add(struct buf *b);

#endif
