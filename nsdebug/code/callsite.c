/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/callsite.h"

#include <string.h>

/* Is it ff /2 with a ModRM byte such that the whole is of this length? */
static bool is_indirect(const uint8_t *at, unsigned int len)
{
	unsigned int mod = at[1] >> 6, rm = at[1] & 7, wants = 2;

	if (at[0] != 0xff || (at[1] >> 3 & 7) != 2)
		return false;
	if (mod == 3)
		return len == 2;
	if (rm == 4 && len < 3)
		return false;
	if (rm == 4)
		wants += mod == 0 && (at[2] & 7) == 5 ? 5 : 1;
	else if (rm == 5 && mod == 0)
		wants += 4;
	wants += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	return len == wants;
}

bool call_before(const uint8_t bytes[CALL_BYTES], uint64_t ret, bool direct, uint64_t *target)
{
	const uint8_t *end = bytes + CALL_BYTES;
	int32_t rel;

	*target = 0;
	if (direct) {
		memcpy(&rel, end - 4, sizeof(rel));
		*target = ret + (uint64_t)(int64_t)rel;
		return end[-5] == 0xe8;
	}
	for (unsigned int len = 2; len < CALL_BYTES; len++)
		if (is_indirect(end - len, len))
			return true;
	return false;
}
