/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * box - the flight recorder: the last calls of each processor, in memory that nobody reads until
 * somebody wants to know.
 *
 * Chunks of a processor are filled one after the other and then anew, so the oldest calls go first.
 * A chunk is complete in itself: each thread is told in it (struct sys_who) before its first call.
 * Its records up to `used` stay as they are while its number does, so who has copied them and finds
 * the same number as before has copied what was there.
 */
#ifndef BPF_BOX_H
#define BPF_BOX_H

#include "bpf/sys.h"

#define BOX_CHUNK 65536
#define BOX_RECORD_MAX 5376	/* a thread, a call and all that its arguments point to */
#define BOX_ROOM (BOX_CHUNK - 32 - BOX_RECORD_MAX)	/* a record begins before this */
#define BOX_CHUNKS_MIN 2	/* of a processor; always a power of two */

struct box_chunk {
	__u64 number;		/* of the processor's chunks, from 1 on; 0: it is made anew */
	__u64 used;
	__u64 last;		/* when the last call in it returned */
	__u64 gone;		/* the same of what was here before, and is overwritten; or 0 */
	__u8 bytes[BOX_ROOM + BOX_RECORD_MAX];
};

_Static_assert(sizeof(struct box_chunk) == BOX_CHUNK, "both sides see the same chunks");
_Static_assert(sizeof(struct sys_who) + sizeof(struct sys_call) + SYS_DATA_MAX + SYS_STRING_MAX <=
	       BOX_RECORD_MAX, "there is room for what begins in time");

#endif
