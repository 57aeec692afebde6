/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maps - the memory map of a process: /proc/PID/maps, smaps and smaps_rollup, which are one format.
 * proc(5), and Linux fs/proc/task_mmu.c.
 *
 * Addresses, rights, offsets and devices are the kernel's words. The path is the target's: the
 * kernel escapes nothing in it but newlines (as \012), a file may be called "x (deleted)" or
 * "[vdso]", and a memfd like anything. So a file is reached by its range (/proc/PID/map_files),
 * never by its path, and what a mapping is follows from its device and inode.
 */
#ifndef NSDEBUG_SYS_MAPS_H
#define NSDEBUG_SYS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/str.h"

struct arena;
struct err;
struct map;

#define MAPS_BYTES_MAX (64u << 20)
#define MAPS_COUNT_MAX (1u << 18)	/* vm.max_map_count is 65530 by default */

struct vma {
	uint64_t start, end;
	uint64_t offset;	/* in the file, of start */
	uint64_t inode;		/* 0: no file */
	uint32_t major, minor;
	bool read, write, exec, shared;
	struct bytes path;	/* as the kernel shows it: "[stack]", "/usr/bin/app (deleted)" */
};

struct maps {
	struct vma *items;	/* ascending, without overlap */
	size_t count;
	bool cut;		/* there were more than we read */
};

/* Of the directory /proc/PID. Everything is in the arena. Empty for a process without memory (a
 * zombie, a kernel thread). -1 with errno; needs CAP_SYS_PTRACE for other users' processes. */
int maps_read(struct maps *m, int dir, struct arena *a);
/* Lines that are no mapping, or not above the one before, are skipped. */
void maps_parse(struct maps *m, const char *text, size_t len, struct arena *a);
/* The mapping that holds the address, or NULL. */
const struct vma *maps_find(const struct maps *m, uint64_t addr);

/* What smaps says of one mapping, in bytes; NONE_U64 where this kernel does not. */
struct vma_use {
	uint64_t rss, pss, pss_dirty, shared_clean, shared_dirty, private_clean, private_dirty,
		referenced, anon, ksm, lazy_free, anon_huge, shmem_huge, file_huge, shared_hugetlb,
		private_hugetlb, swap, swap_pss, locked, page_size;
	uint64_t pss_anon, pss_file, pss_shmem;	/* of the sums only, Linux 5.9 */
	char flags[128];	/* "rd wr mr mw me ac" */
};

/*
 * One mapping after the other, however many there are: nothing is kept but the current one. Each
 * read is a moment of its own, so that a process which maps meanwhile may show a range twice or not
 * at all; ranges that go back are left out.
 */
struct maps_walk {
	int fd;
	struct buf text, path, ahead_path;
	size_t at;		/* in text */
	struct vma vma;		/* the current one; its path lives until the next call */
	struct vma_use use;
	struct vma ahead;	/* whose line was met, but not what follows it */
	bool has_ahead;
};

/* file: "maps", "smaps" or "smaps_rollup" (one mapping with the sums) of the directory /proc/PID.
 * -1 with errno. */
int maps_walk_open(struct maps_walk *w, int dir, const char *file);
int maps_walk_next(struct maps_walk *w);	/* 1, 0 at the end, -1 with errno */
void maps_walk_close(struct maps_walk *w);

#define auto_walk __attribute__((cleanup(maps_walk_close)))

/* The sums of all mappings, and what this process has alone (USS). -1 with errno; ENOENT also if
 * the kernel has no smaps_rollup (Linux 4.14), ESRCH if it has no memory. */
int maps_sums(int dir, struct vma_use *ret);
uint64_t maps_private(const struct vma_use *u);

/* "heap", "stack", "anon", "file", "shm", "memfd" or "kernel" ([vdso] ...): by device and inode,
 * for a name alone proves nothing; mounted: the mounts_devices() of the target. */
const char *maps_kind(const struct vma *v, const struct map *mounted);
/* Was the file deleted? 1 or 0 by its number of links, -1: cannot be told. */
int maps_deleted(int dir, const struct vma *v);

#endif
