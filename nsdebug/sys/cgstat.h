/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgstat - what one cgroup's files say, v1 and v2. Formats: Linux Documentation/admin-guide/
 * cgroup-v1/ and cgroup-v2.rst, Documentation/accounting/psi.rst.
 *
 * All of it is the kernel's word. What a kernel does not tell is NONE_U64, as is "no limit".
 */
#ifndef NSDEBUG_SYS_CGSTAT_H
#define NSDEBUG_SYS_CGSTAT_H

#include <stdbool.h>
#include <stdint.h>

struct cgset;
struct cgset_at;

/* A file of one number: "max", -1 and the largest that v1 can have are NONE_U64. False: there is no
 * such file, or it holds something else. */
bool cgstat_number(int dir, const char *file, uint64_t *ret);
bool cgstat_parse_number(const char *text, uint64_t *ret);
/* The number on the line "KEY NUMBER". */
uint64_t cgstat_key(const char *text, const char *key);
uint64_t cgstat_file_key(int dir, const char *file, const char *key);

/*
 * Where the bytes of a cgroup's memory are. The parts are disjoint and add up:
 * anon + file + shmem + kernel + sock + hugetlb + other = usage, and
 * kernel_stack + page_tables + slab + percpu + vmalloc + kernel_other = kernel.
 * `other` is what is charged and not told: pages charged ahead for each processor, swap cache, and
 * on v2 before Linux 5.18 kernel memory of other kinds. The kernel counts parts lazily, so they may
 * be ahead of usage for a moment: then it is asked again, and if need be `other` is 0.
 */
struct cgmem {
	bool v2;
	uint64_t usage, anon, file, shmem, kernel, sock, hugetlb, other;
	uint64_t kernel_stack, page_tables, slab, percpu, vmalloc, kernel_other;
	uint64_t working_set;		/* usage - inactive_file, as the kubelet has it */
	uint64_t inactive_file, mapped, dirty, writeback, slab_reclaimable, swap, peak;
	uint64_t high, low, min, soft_limit;
	uint64_t max_events, high_events, oom_events, oom_kills, under_oom;
};

/* -1 with errno: ENOENT if memory is not accounted at this level. */
int cgmem_read(struct cgmem *m, int dir, bool v2);
/* The parts out of memory.stat and, for v1, memory.kmem.usage_in_bytes (else NONE_U64). */
void cgmem_parse(struct cgmem *m, const char *stat, uint64_t kmem, bool v2);
/* What is left of usage; false if the parts are more than that. */
bool cgmem_rest(struct cgmem *m);

/* A limit, what is used of it, and how many levels above the process's own cgroup it is set. */
struct cglimit {
	uint64_t limit, use;
	unsigned int up;
};

/* Over all levels: the smallest limit, and the one of which least is left. The limit is NONE_U64
 * where none is set. */
void cglimit_find(const struct cgset_at *at, const char *limit, const char *use,
		  struct cglimit *smallest, struct cglimit *tightest);

/* Shares of time in hundredths of a percent, over the last 10, 60 and 300 s; all in all in ns. */
struct psi_line {
	uint64_t avg10, avg60, avg300;
	int64_t total_ns;
};

struct psi {
	struct psi_line some, full;	/* full.avg10 is NONE_U64 where there is none */
};

/* -1 with errno: ENOENT without CONFIG_PSI, EOPNOTSUPP if it is not enabled (psi=1). */
int psi_read(struct psi *p, int dir, const char *file);
bool psi_parse(struct psi *p, const char *text);

#endif
