/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body - which code belongs to a function of which only the beginning is known.
 *
 * That of an assembler's function whose symbol has no size, in a file without unwind tables: what
 * stands behind it may be another function, whose own symbol was stripped. So its instructions are
 * followed from the beginning: both ways of a branch, jumps, what stands behind a call; not into
 * what it calls, nor where a jump goes by a register. Code that no such way leads to is not said to
 * be its own.
 */
#ifndef NSDEBUG_CODE_BODY_H
#define NSDEBUG_CODE_BODY_H

#include <stdbool.h>
#include <stdint.h>

struct elf;

#define BODY_MAX 65536u		/* bytes, from its beginning, that are looked at */

/* Is addr in an instruction of the function that begins at `entry`? Both are vaddrs. */
bool body_has(struct elf *f, uint64_t entry, uint64_t addr);

#endif
