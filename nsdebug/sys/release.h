/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release - which kernel this is, as uname(2) says: what distributions take over from later ones it
 * does not tell.
 */
#ifndef NSDEBUG_SYS_RELEASE_H
#define NSDEBUG_SYS_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

/* This one, or a later. */
bool release_is_since(uint64_t major, uint64_t minor);

#endif
