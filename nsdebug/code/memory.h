/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory - what is there of a process's memory, read without waiting for anybody.
 *
 * A page that is not there may be one for which a program of the target's is asked: it keeps a
 * reader waiting for ever (userfaultfd(2), FUSE). So /proc/PID/pagemap is asked first, and only
 * what is in memory or swapped out is read. A page may go in between: /proc/PID/mem then fails
 * where process_vm_readv(2) waits for a userfaultfd (handle_userfault() of the kernel waits only
 * for who can try again). Files that ask a server are the caller's to leave alone.
 *
 * Both files are of the memory that the process had when they were opened, also when it executes
 * another program or its number is another's.
 */
#ifndef NSDEBUG_CODE_MEMORY_H
#define NSDEBUG_CODE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

#define MEMORY_PAGE 4096u
#define MEMORY_LOOK 512u		/* pages that are asked about at once */

/* Words of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst. */
#define PM_PRESENT (1ull << 63)
#define PM_SWAPPED (1ull << 62)
#define PM_UFFD_WP (1ull << 57)	/* with PM_SWAPPED it may be a mark that stands for no page */

struct memory {
	int mem, pagemap;
	uint64_t first;			/* page of words[0] */
	size_t count;			/* of words that are known */
	uint64_t words[MEMORY_LOOK];	/* of pagemap */
};

/* Bytes that are not there: of addresses, ascending. */
struct hole {
	uint64_t start, end;
};

struct holes {
	struct hole *items;		/* free() it */
	size_t count;
};

/* Whoever reads this page waits for nobody, as long as it stays. */
static inline bool memory_is_there(uint64_t word)
{
	return word & PM_PRESENT || (word & (PM_SWAPPED | PM_UFFD_WP)) == PM_SWAPPED;
}

/* Of a directory /proc/PID. -1 with errno; needs CAP_SYS_PTRACE. */
int memory_open(struct memory *m, int dir);
void memory_close(struct memory *m);
/*
 * Copies what is there of len bytes from at on, which no file is behind that asks a server. What is
 * not there is left as it is in `to`, and added to the holes. How far it got: up to the last byte
 * that is there; 0: none is; -1 with errno, ESRCH when nobody has this memory any more.
 */
ssize_t memory_copy(struct memory *m, uint64_t at, void *to, size_t len, struct holes *holes);
/* Moves them into the arena; NULL: there are none. */
const struct hole *memory_keep(struct holes *holes, struct arena *a);
/* All of it, or false. What is known of pages is not asked again. */
bool memory_read(struct memory *m, uint64_t at, void *to, size_t len);

/* The same of what only the kernel serves, the vdso or a file: also pages that nobody has touched
 * yet. */
bool memory_of_kernel(const struct memory *m, uint64_t at, void *to, size_t len);

#endif
