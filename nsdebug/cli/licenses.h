/* SPDX-License-Identifier: Apache-2.0 */
/*
 * licenses - notices of the libraries inside the static binary: nsdebug version --licenses.
 */
#ifndef NSDEBUG_CLI_LICENSES_H
#define NSDEBUG_CLI_LICENSES_H

extern const char licenses[];

#endif
