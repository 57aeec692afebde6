/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem - where the memory of a container is: by process, and by what the kernel charges to its
 * cgroup, in one table that adds up; and what is left of its limits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/cgstat.h"
#include "nsdebug/sys/maps.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

struct mem_opts {
	bool no_pss, cgroup, pod;
	const char *sort;
};

static const struct opt mem_opt[] = {
	OPT(0, "no-pss", OPT_FLAG, struct mem_opts, no_pss, NULL,
	    "without PSS and USS, for which the kernel looks at every page: fast"),
	OPT('c', "cgroup", OPT_FLAG, struct mem_opts, cgroup, NULL,
	    "no processes: only the cgroup"),
	OPT(0, "pod", OPT_FLAG, struct mem_opts, pod, NULL,
	    "processes of the whole pid namespace: all containers of a pod that shares it"),
	OPT(0, "sort", OPT_STR, struct mem_opts, sort, "FIELD",
	    "by this field; -FIELD: largest first; else -rss"),
	OPT_END
};

struct mem_row {
	uint64_t pid, host_pid, rss, pss, uss, anon, file, shmem, swap, swap_pss, pss_anon,
		pss_file, pss_shmem, locked, size;
	struct bytes comm;
};

#define C(t, f, fl, h, ...) COL(t, struct mem_row, f, fl, h, ##__VA_ARGS__)

static const struct col mem_col[] = {
	C(COL_U64, pid, COL_NAME, "number in the container's pid namespace"),
	C(COL_U64, host_pid, 0, "number on the host", .head = "HOSTPID"),
	C(COL_SIZE, rss, 0, "resident, what is shared counted by each"),
	C(COL_SIZE, pss, 0, "resident, what is shared divided by who shares it"),
	C(COL_SIZE, uss, 0, "resident and its alone: what its end would free"),
	C(COL_SIZE, anon, 0, "of rss, of no file: heap, stacks"),
	C(COL_SIZE, file, 0, "of rss, of files"),
	C(COL_SIZE, shmem, 0, "of rss, tmpfs and shared memory"),
	C(COL_SIZE, swap, 0, "swapped out"),
	C(COL_SIZE, swap_pss, COL_HIDE, "swapped out, what is shared divided"),
	C(COL_SIZE, pss_anon, COL_HIDE, "of pss, of no file"),
	C(COL_SIZE, pss_file, COL_HIDE, "of pss, of files"),
	C(COL_SIZE, pss_shmem, COL_HIDE, "of pss, tmpfs and shared memory"),
	C(COL_SIZE, locked, COL_WIDE, "by mlock(2)"),
	C(COL_SIZE, size, COL_WIDE, "of addresses"),
	C(COL_BYTES, comm, COL_CLAIMED, "name that it gave itself", .head = "NAME"),
	COL_END
};

struct mem_sum {
	uint64_t own, usage, anon, file, shmem, kernel, kernel_stack, page_tables, slab, percpu,
		vmalloc, kernel_other, sock, hugetlb, other, working_set, inactive_file, mapped,
		dirty, writeback, slab_reclaimable, swap, peak, limit, headroom, swap_limit,
		memsw_limit, high, low, min, soft_limit, max_events, high_events, oom_events,
		oom_kills, under_oom, processes, rss, pss, uss;
	const char *version, *no_limit;
	struct bytes cgroup, limit_cgroup, headroom_cgroup, swap_cgroup, memsw_cgroup;
};

#define S(t, f, fl, h, ...) COL(t, struct mem_sum, f, fl, h, ##__VA_ARGS__)
#define AT(f) S(COL_BYTES, f, COL_GLUE | COL_CLAIMED, "the cgroup that it is of", .glue = ": ")

static const struct col mem_sum_col[] = {
	S(COL_STR, version, COL_HIDE, "v1 or v2: of the hierarchy that accounts memory"),
	S(COL_BYTES, cgroup, COL_CLAIMED, "where the container's memory is charged"),
	S(COL_BOOL, own, COL_HIDE, "it is the container's own; else what is charged is not shown"),
	S(COL_SIZE, anon, 0, "of no file: heaps, stacks"),
	S(COL_SIZE, file, 0, "page cache of files, mapped or not"),
	S(COL_SIZE, shmem, 0, "tmpfs, shared memory, memfd"),
	S(COL_SIZE, kernel, 0, "kernel memory, all of it"),
	S(COL_SIZE, kernel_stack, 0, "of it, stacks of threads", .head = "  stacks"),
	S(COL_SIZE, page_tables, 0, "of it, page tables", .head = "  page tables"),
	S(COL_SIZE, slab, 0, "of it, inodes, dentries and such", .head = "  slab"),
	S(COL_SIZE, percpu, 0, "of it, for each processor", .head = "  percpu"),
	S(COL_SIZE, vmalloc, 0, "of it, large areas", .head = "  vmalloc"),
	S(COL_SIZE, kernel_other, 0, "of it, of other kinds", .head = "  other"),
	S(COL_SIZE, sock, 0, "buffers of sockets"),
	S(COL_SIZE, hugetlb, 0, "huge pages of hugetlbfs"),
	S(COL_SIZE, other, 0, "charged ahead, or of a kind that this kernel does not tell"),
	S(COL_SIZE, usage, 0, "all of these: what the kernel charges", .head = "= usage"),
	S(COL_SIZE, working_set, 0, "without inactive file cache: what the kubelet looks at",
	  .head = "working set"),
	S(COL_SIZE, inactive_file, COL_WIDE, "of file, easily reclaimed", .head = "inactive file"),
	S(COL_SIZE, mapped, COL_WIDE, "of file and shmem, mapped by a process"),
	S(COL_SIZE, dirty, COL_WIDE, "of file, not yet written to disk"),
	S(COL_SIZE, writeback, COL_WIDE, "of file, being written to disk"),
	S(COL_SIZE, slab_reclaimable, COL_WIDE, "of slab, reclaimed when needed",
	  .head = "reclaimable"),
	S(COL_SIZE, peak, 0, "largest usage so far"),
	S(COL_SIZE, swap, 0, "swapped out"),
	S(COL_SIZE, limit, 0, "smallest limit of its own and those above"), AT(limit_cgroup),
	S(COL_STR, no_limit, COL_NOJSON, "there is none", .head = "limit"),
	S(COL_SIZE, headroom, 0, "least that is left of any of them"), AT(headroom_cgroup),
	S(COL_SIZE, swap_limit, 0, "limit of swap", .head = "swap limit"), AT(swap_cgroup),
	S(COL_SIZE, memsw_limit, 0, "limit of memory and swap together", .head = "memory+swap"),
	AT(memsw_cgroup),
	S(COL_SIZE, high, 0, "above it processes are slowed down"),
	S(COL_SIZE, soft_limit, 0, "above it memory is reclaimed first", .head = "soft limit"),
	S(COL_SIZE, low, 0, "below it memory is reclaimed last"),
	S(COL_SIZE, min, 0, "below it memory is not reclaimed"),
	S(COL_U64, max_events, 0, "times that the limit was hit", .head = "limit hit"),
	S(COL_U64, high_events, 0, "times that high was hit", .head = "high hit"),
	S(COL_U64, oom_events, COL_WIDE, "times that reclaim was not enough", .head = "oom"),
	S(COL_U64, oom_kills, 0, "processes killed for lack of memory", .head = "oom kills"),
	S(COL_BOOL, under_oom, COL_HIDE, "now out of memory and waiting"),
	S(COL_U64, processes, COL_WIDE, "processes that were looked at"),
	S(COL_SIZE, rss, COL_WIDE, "sum of theirs", .head = "sum of rss"),
	S(COL_SIZE, pss, COL_WIDE, "sum of theirs", .head = "sum of pss"),
	S(COL_SIZE, uss, COL_WIDE, "sum of theirs", .head = "sum of uss"),
	COL_END
};

struct listing {
	struct run *r;
	const struct mem_opts *o;
	struct arena *a;
	struct members_want want;
	struct mem_row *rows;
	size_t count, untold, refused;
	struct mem_sum sum;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	if (a == NONE_U64 || b == NONE_U64)
		return a == NONE_U64 ? b : a;
	return a + b;
}

/* ---- processes ---- */

static void fill_pss(struct listing *l, struct mem_row *row, int dir)
{
	struct vma_use u;

	if (l->o->no_pss)
		return;
	if (maps_sums(dir, &u) < 0) {
		l->untold += errno == ENOENT;
		l->refused += errno == EACCES || errno == EPERM;
		return;
	}
	row->rss = u.rss;
	row->pss = u.pss;
	row->uss = maps_private(&u);
	row->pss_anon = u.pss_anon;
	row->pss_file = u.pss_file;
	row->pss_shmem = u.pss_shmem;
	row->swap_pss = u.swap_pss;
	row->locked = u.locked;
}

/* False if it is gone, or has no memory. */
static bool read_process(struct listing *l, pid_t pid, struct mem_row *row)
{
	auto_close int dir = proc_open(l->r->in->procfs, pid);
	auto_close int living = dir < 0 ? -1 : proc_open_living(dir);
	struct proc_status first, st;
	struct proc_stat stat;

	if (living < 0 || proc_status(dir, &first) < 0 || proc_status(living, &st) < 0 ||
	    proc_stat(dir, &stat) < 0 || !members_was(&l->want, dir, &stat) || !st.vm_size)
		return false;
	memset(row, 0xff, sizeof(*row));
	row->pid = (uint64_t)target_pid(l->r->target, &first);
	row->host_pid = (uint64_t)pid;
	row->rss = st.vm_rss;
	row->anon = st.rss_anon;
	row->file = st.rss_file;
	row->shmem = st.rss_shmem;
	row->swap = st.vm_swap;
	row->locked = st.vm_locked;
	row->size = st.vm_size;
	row->comm = (struct bytes){ arena_dup(l->a, stat.comm, strlen(stat.comm)),
		strlen(stat.comm) };
	fill_pss(l, row, living);
	return true;
}

static void read_all(struct listing *l, const pid_t *pids, size_t count)
{
	l->rows = mem_alloc((count + 1) * sizeof(*l->rows));
	for (size_t i = 0; i < count; i++) {
		struct mem_row *row = &l->rows[l->count];

		emit_tick(l->r->emit);
		if (!read_process(l, pids[i], row))
			continue;
		l->count++;
		l->sum.rss = add(l->sum.rss, row->rss);
		l->sum.pss = add(l->sum.pss, row->pss);
		l->sum.uss = add(l->sum.uss, row->uss);
	}
	l->sum.processes = l->count;
}

static const struct col *sort_col;	/* qsort(3) has no context argument */
static bool sort_down;

static int in_order(const void *a, const void *b)
{
	const struct mem_row *x = a, *y = b;
	int d = col_compare(sort_col, x, y);

	d = sort_down ? -d : d;
	return d ? d : (x->host_pid > y->host_pid) - (x->host_pid < y->host_pid);
}

static const struct col *sort_column(const char *word)
{
	word += *word == '-';
	return col_find(mem_col, word, strlen(word));
}

static void send_processes(struct listing *l)
{
	const char *by = l->o->sort ? l->o->sort : "-rss";

	sort_col = sort_column(by);
	sort_down = *by == '-';
	if (l->count)
		qsort(l->rows, l->count, sizeof(*l->rows), in_order);
	for (size_t i = 0; i < l->count; i++)
		emit_row(l->r->emit, &l->rows[i]);
}

static void processes(struct listing *l)
{
	struct target pod = *l->r->target;
	auto_free pid_t *pids = NULL;
	size_t count;
	struct err e;
	bool cut;

	if (l->o->pod)
		pod.scope = SCOPE_PIDNS;
	l->want = target_members(&pod, l->r->in);
	if (members_list(&l->want, &pids, &count, &cut, &e) < 0) {
		emit_err(l->r->emit, &e);
		return;
	}
	if (cut)
		emit_cut(l->r->emit, "only the first %zu processes", count);
	read_all(l, pids, count);
	send_processes(l);
	if (l->untold)
		emit_note(l->r->emit, "no PSS and USS of %zu processes: the kernel does not tell "
			  "(smaps_rollup, Linux 4.14)", l->untold);
	if (l->refused) {
		err_set(&e, ST_PRIVILEGE, "PSS and USS of %zu processes: not permitted; run "
			"nsdebug as root on the node, or give it CAP_SYS_PTRACE (--no-pss does "
			"without)", l->refused);
		emit_err(l->r->emit, &e);
	}
}

/* ---- the cgroup ---- */

static void fill_parts(struct mem_sum *s, const struct cgmem *m)
{
	s->usage = m->usage;
	s->anon = m->anon;
	s->file = m->file;
	s->shmem = m->shmem;
	s->kernel = m->kernel;
	s->kernel_stack = m->kernel_stack;
	s->page_tables = m->page_tables;
	s->slab = m->slab;
	s->percpu = m->percpu;
	s->vmalloc = m->vmalloc;
	s->kernel_other = m->kernel_other;
	s->sock = m->sock;
	s->hugetlb = m->hugetlb;
	s->other = m->other;
	s->working_set = m->working_set;
	s->inactive_file = m->inactive_file;
	s->mapped = m->mapped;
	s->dirty = m->dirty;
	s->writeback = m->writeback;
	s->slab_reclaimable = m->slab_reclaimable;
	s->swap = m->swap;
	s->peak = m->peak;
}

static uint64_t if_set(uint64_t n)
{
	return n ? n : NONE_U64;
}

static void fill_events(struct mem_sum *s, const struct cgmem *m)
{
	s->high = m->high;
	s->soft_limit = m->soft_limit;
	s->low = if_set(m->low);
	s->min = if_set(m->min);
	s->max_events = m->max_events;
	s->high_events = m->high == NONE_U64 && !m->high_events ? NONE_U64 : m->high_events;
	s->oom_events = m->oom_events;
	s->oom_kills = m->oom_kills;
	s->under_oom = m->under_oom;
}

static void fill_limits(struct mem_sum *s, const struct cgset_at *at, bool v2)
{
	struct cglimit small, tight;

	cglimit_find(at, v2 ? "memory.max" : "memory.limit_in_bytes",
		     v2 ? "memory.current" : "memory.usage_in_bytes", &small, &tight);
	if (small.limit != NONE_U64) {
		s->limit = small.limit;
		s->limit_cgroup = cgset_path(at, small.up);
		s->headroom = tight.limit > tight.use ? tight.limit - tight.use : 0;
		s->headroom_cgroup = cgset_path(at, tight.up);
	} else {
		s->no_limit = "none, neither its own nor above";
	}
	cglimit_find(at, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
		     v2 ? "memory.swap.current" : "memory.memsw.usage_in_bytes", &small, &tight);
	if (small.limit == NONE_U64)
		return;
	if (v2) {
		s->swap_limit = small.limit;
		s->swap_cgroup = cgset_path(at, small.up);
	} else {
		s->memsw_limit = small.limit;
		s->memsw_cgroup = cgset_path(at, small.up);
	}
}

/* The level that its memory is charged to: on v2 the nearest one that accounts memory. */
static int charged_to(const struct cgset_at *at, bool v2, struct cgmem *m, unsigned int *up)
{
	for (*up = 0; *up <= at->depth; ++*up) {
		auto_close int dir = cgset_level(at, *up);

		if (dir >= 0 && cgmem_read(m, dir, v2) == 0)
			return 0;
	}
	return -1;
}

static void cgroup(struct listing *l)
{
	const struct cgset_at *at = cgset_find(&l->r->target->cgroups, "memory");
	struct mem_sum *s = &l->sum;
	struct cgmem m;
	unsigned int up;
	bool v2;

	if (!at) {
		emit_note(l->r->emit, "no cgroup hierarchy accounts memory here, or it is not "
			  "mounted: mount cgroup2 on /sys/fs/cgroup");
		return;
	}
	v2 = !at->controllers[0];
	s->version = v2 ? "v2" : "v1";
	if (charged_to(at, v2, &m, &up) < 0) {
		emit_note(l->r->emit, "the memory of its cgroup %s is not accounted", at->path);
		return;
	}
	s->own = at->own && !up;
	s->cgroup = cgset_path(at, up);
	fill_limits(s, at, v2);
	if (s->own) {
		fill_parts(s, &m);
		fill_events(s, &m);
	} else {
		emit_note(l->r->emit, "it has no memory cgroup of its own: what it takes is "
			  "charged to %.*s, with the memory of others", (int)s->cgroup.len,
			  s->cgroup.p);
	}
}

/* ---- the verb ---- */

static void mem_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .a = arena_new() };

	memset(&l.sum, 0xff, sizeof(l.sum));
	l.sum.version = l.sum.no_limit = NULL;
	l.sum.cgroup = l.sum.limit_cgroup = l.sum.headroom_cgroup = l.sum.swap_cgroup =
		l.sum.memsw_cgroup = (struct bytes){ NULL, 0 };
	if (!l.o->cgroup)
		processes(&l);
	cgroup(&l);
	emit_summary(r->emit, &l.sum);
	free(l.rows);
	arena_free(&l.a);
}

static int mem_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct mem_opts *o = opts;
	const struct col *c = o->sort ? sort_column(o->sort) : NULL;

	(void)nargs;
	(void)args;
	if (o->sort && !c)
		return err_set(e, ST_USAGE, "--sort: '%s' is not a field", o->sort);
	if (o->cgroup && (o->no_pss || o->pod || o->sort))
		return err_set(e, ST_USAGE, "-c shows no processes: it goes with no other option");
	/* who names fields wants these only */
	l->totals = !l->fields && !l->no_headers;
	if (!l->fields && o->no_pss && l->format == OUT_TABLE)
		l->fields = "pid,host_pid,rss,anon,file,shmem,swap,comm";
	l->human = true;
	return 0;
}

static const struct example mem_example[] = {
	{ "nsdebug mem nsd-demo", "who takes the memory, what of, and how much is left" },
	{ "nsdebug mem -c nsd-demo", "only what is charged to the container" },
	{ "nsdebug mem -o json nsd-demo | jq .summary", "the same for programs" },
	{ NULL }
};

const struct tool tool_mem = {
	.name = "mem",
	.summary = "show what takes the memory of a container, and its limits",
	.about = "First its processes. Then what the kernel charges to its cgroup, which is more: "
		"page cache, files in tmpfs, memory of the kernel. The parts add up to usage; "
		"\"other\" is what is charged and not told. The limit is the smallest of the "
		"container's own and those above it (a pod's), and headroom the least that is "
		"left of any of them, both with the cgroup that they are of. Where the container "
		"has no memory cgroup of its own, none of the host's numbers are shown as its.",
	.needs = NEED_PROC,
	.cgroups = true,
	.opts = mem_opt, .opts_size = sizeof(struct mem_opts),
	.cols = mem_col,
	.summary_cols = mem_sum_col,
	.examples = mem_example,
	.setup = mem_setup,
	.run = mem_run,
};
