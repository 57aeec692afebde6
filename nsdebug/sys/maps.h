/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maps - the memory map of a process, /proc/PID/maps. Format: proc(5).
 *
 * Addresses, rights, offsets and devices are the kernel's words. The path is the target's: the
 * kernel escapes nothing in it but newlines (as \012), a file may be called "x (deleted)", and a
 * memfd like anything. So a file is reached by its range (/proc/PID/map_files), never by its path.
 */
#ifndef NSDEBUG_SYS_MAPS_H
#define NSDEBUG_SYS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

struct arena;
struct err;

#define MAPS_BYTES_MAX (64u << 20)
#define MAPS_COUNT_MAX (1u << 18)	/* vm.max_map_count is 65530 by default */

struct vma {
	uint64_t start, end;
	uint64_t offset;	/* in the file, of start */
	uint64_t inode;		/* 0: no file */
	uint32_t major, minor;
	bool read, write, exec;
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

#endif
