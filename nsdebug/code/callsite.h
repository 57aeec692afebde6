/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callsite - is an address one that a call returns to? What stands before it tells.
 */
#ifndef NSDEBUG_CODE_CALLSITE_H
#define NSDEBUG_CODE_CALLSITE_H

#include <stdbool.h>
#include <stdint.h>

#define CALL_BYTES 8u		/* that are looked at before the address; a call has up to 7 */

/* Asked for a direct call, *target is where it goes; else for one by a register or through memory.
 * The bytes before an address may be both. */
bool call_before(const uint8_t bytes[CALL_BYTES], uint64_t ret, bool direct, uint64_t *target);

#endif
