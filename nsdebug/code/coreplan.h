/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coreplan - what of a process's memory goes into a core, and what does not, and why.
 *
 * As the kernel chooses by default (coredump_filter 0x33 of core(5)): what is not in a file that is
 * still there, the first page of ELF files, and nothing that its owner asked not to be dumped
 * (MADV_DONTDUMP). That and how full mappings are comes from smaps, which takes long and is read
 * before the threads are held; the mappings themselves are read while they are. A mapping that came
 * in between is looked up again.
 */
#ifndef NSDEBUG_CODE_COREPLAN_H
#define NSDEBUG_CODE_COREPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/sys/maps.h"

struct arena;
struct served;

#define CORE_PAGE 4096u

enum core_what {
	CORE_STACK,	/* mappings with a thread's stack pointer in them */
	CORE_VDSO,
	CORE_HEAD,	/* first pages of files: ELF headers, build ids */
	CORE_DATA,	/* private mappings of files that were written to */
	CORE_ANON,	/* heap and other memory of no file */
	CORE_SHARED,	/* shared memory without a name: shm, memfd, anonymous */
	CORE_HUGE,	/* of hugetlbfs */
	CORE_FILE,	/* what is as in its file */
	CORE_UNREADABLE,
	CORE_DONTDUMP,
	CORE_DEVICE,	/* VM_IO, VM_PFNMAP */
	CORE_SERVED,	/* a file of a file system that asks a server */
	CORE_WHATS,
};

struct core_choice {
	bool files, no_shared, no_huge, no_heap;
};

/* Of one mapping, from smaps. */
struct core_use {
	uint64_t start, end;
	uint64_t anon, held;		/* bytes: not the file's; resident or swapped */
	bool dontdump, device, huge;
};

struct core_uses {
	struct core_use *items;		/* ascending */
	size_t count;
};

/* A part of a mapping; a program header each. They cover all mappings, ascending. */
struct core_segment {
	uint64_t start, end;
	const struct vma *vma;
	enum core_what what;
	bool copy;
	uint64_t held;		/* of the whole mapping, by smaps */
	uint64_t off, filesz;	/* in the core; of filesz, what is not written is zero */
	uint64_t data, late;	/* bytes written; those of them copied when threads ran */
	uint64_t failed;	/* bytes that could not be read */
	bool cut;		/* there is more, which was to be in the core */
	const char *lost;	/* why, where it is not that the copy came to an end */
};

struct core_plan {
	struct core_segment *segments;
	size_t count;
};

/* Of the directory /proc/PID. -1 with errno. */
int coreplan_uses(struct core_uses *u, int dir, struct arena *a);
/* Is there memory of the process's own that smaps did not know yet? */
bool coreplan_is_new(const struct core_uses *u, const struct maps *m);
/* dir: /proc/PID of it, which served is asked by; sps: where the stacks are, ascending. */
void coreplan_make(struct core_plan *p, const struct maps *m, const struct core_uses *u,
		   const struct core_choice *c, struct served *served, int dir,
		   const uint64_t *sps, size_t nsps, struct arena *a);
/* How much will be read, as far as it is known: for a buffer of the right size. */
uint64_t coreplan_estimate(const struct core_uses *u);
/* Bytes of addresses that were lost from mappings of terabytes of which next to nothing is there,
 * and why; NULL: none. */
uint64_t coreplan_apart(const struct core_plan *p, const char **why);
const char *coreplan_name(enum core_what what);
/* Why it is not in the core. */
const char *coreplan_why(enum core_what what, const struct core_choice *c);

#endif
