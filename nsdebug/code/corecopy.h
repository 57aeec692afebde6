/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corecopy - memory of a process into a file with holes, for a core.
 *
 * What pagemap says is not there is not read: reading would make it be there. Shared memory is read
 * through its file, for the same reason. Of another file what is not there is read as far as the
 * file goes, and its holes are not. Terabytes of addresses with nothing in them are passed by.
 * While the threads are held nothing is written as long as the buffer lasts, for memory is quicker
 * than a file. Pages of zeros become holes. Runs in a ROLE_PROC child.
 */
#ifndef NSDEBUG_CODE_CORECOPY_H
#define NSDEBUG_CODE_CORECOPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/code/coreplan.h"

struct emit;
struct err;
struct held;

#define CORECOPY_BUFFER_MAX (128ull << 20)
#define CORECOPY_WHOLE_MAX (4ull << 30)	/* of a bigger segment, zeros at its end are left away */

struct core_piece;

struct corecopy {
	int file, pagemap, dir;
	int mem;			/* the memory as it was held, whatever pid runs now; -1 */
	int file_of;			/* the file behind the segment `of`; or -1 */
	uint64_t file_size, file_inode;
	bool device;			/* there is none: it is a device */
	const struct core_segment *of;
	pid_t pid;
	struct emit *emit;
	uint8_t *buffer;
	size_t used, room;
	struct core_piece *pieces;
	size_t npieces;
	struct core_segment **order;	/* stacks first, then what is small */
	size_t norder, next;		/* next: which is being copied */
	uint64_t at;			/* and from where on */
	uint64_t written, most;		/* bytes of data; at most */
	bool empty;			/* there was nothing where it was last looked */
	uint64_t looked;		/* bytes of addresses with nothing */
	bool calm;			/* enter_calm() */
	bool full;			/* `most` was reached */
	bool gone;			/* the memory is no more: execve(2), or the end */
};

/* `dir` is the /proc/PID directory of `pid`, and stays the caller's; `most` bytes of data are
 * written at most. */
int corecopy_open(struct corecopy *c, int file, int dir, pid_t pid, uint64_t estimate,
		  uint64_t most, struct err *e);
/* While the process is held: from then on that memory is read, and never that of a later program.
 * Gives each segment its place in the file, from `off` on. */
void corecopy_plan(struct corecopy *c, struct core_plan *p, uint64_t off);
/*
 * Copies what is left: with h, as long as the threads are held and it is before `until`; without,
 * to the end. What is copied when they are not (any more) counts as late, if `late` says that this
 * matters. -1 with *e if the file cannot be written, or the process is gone.
 */
int corecopy_run(struct corecopy *c, struct held *h, uint64_t until, bool late, struct err *e);
/* What was not copied is not in the core. */
void corecopy_end(struct corecopy *c);
/* Writes what is in the buffer. */
int corecopy_flush(struct corecopy *c, struct err *e);
void corecopy_close(struct corecopy *c);

int corecopy_write(int file, uint64_t off, const void *bytes, size_t len, struct err *e);

#endif
