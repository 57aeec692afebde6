/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maps - the memory mappings of a process of a container, as pmap -X shows them.
 *
 * Each is sent as soon as it is read: a process may have as many as it likes.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/maps.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

struct maps_opts {
	uint64_t pid;
	bool extended;
};

static const struct opt maps_opt[] = {
	OPT('p', "pid", OPT_U64, struct maps_opts, pid, "PID",
	    "of this process, by the container's number; else of its first"),
	OPT('x', "extended", OPT_FLAG, struct maps_opts, extended, NULL,
	    "what each takes of memory too: slower, for the kernel looks at every page"),
	OPT_END
};

struct maps_row {
	uint64_t start, end, size, offset, inode, deleted, rss, pss, uss, anon, dirty, swap, locked,
		huge, shared_clean, shared_dirty, private_clean, private_dirty, pss_dirty,
		referenced, ksm, lazy_free, anon_huge, shmem_huge, file_huge, shared_hugetlb,
		private_hugetlb, swap_pss, page_size;
	const char *address, *perms, *device, *kind, *flags;
	struct bytes path;
};

#define C(t, f, fl, h, ...) COL(t, struct maps_row, f, fl, h, ##__VA_ARGS__)

static const struct col maps_col[] = {
	C(COL_STR, address, COL_NOJSON | COL_NAME, "first address, and the one after the last"),
	C(COL_HEX, start, COL_HIDE, "first address"),
	C(COL_HEX, end, COL_HIDE, "address after the last"),
	C(COL_STR, perms, 0, "read write execute, and s for shared or p for private"),
	C(COL_HEX, offset, COL_WIDE, "in the file"),
	C(COL_STR, device, COL_WIDE, "of the file, major:minor in hexadecimal"),
	C(COL_U64, inode, COL_WIDE, "of the file; 0: no file"),
	C(COL_STR, kind, 0, "file, anon, heap, stack, memfd, shm, or kernel ([vdso] and such)"),
	C(COL_SIZE, size, 0, "of addresses"),
	C(COL_SIZE, rss, COL_WIDE, "resident; this and the following with -x"),
	C(COL_SIZE, pss, COL_WIDE, "resident, what is shared divided by who shares it"),
	C(COL_SIZE, uss, COL_WIDE, "resident and this process's alone"),
	C(COL_SIZE, anon, COL_WIDE, "not of a file"),
	C(COL_SIZE, dirty, COL_WIDE, "written to"),
	C(COL_SIZE, swap, COL_WIDE, "swapped out"),
	C(COL_SIZE, locked, COL_WIDE, "by mlock(2)"),
	C(COL_SIZE, huge, COL_WIDE, "in huge pages of any kind"),
	C(COL_SIZE, shared_clean, COL_HIDE, "shared, not written to"),
	C(COL_SIZE, shared_dirty, COL_HIDE, "shared and written to"),
	C(COL_SIZE, private_clean, COL_HIDE, "its own, not written to"),
	C(COL_SIZE, private_dirty, COL_HIDE, "its own and written to"),
	C(COL_SIZE, pss_dirty, COL_HIDE, "of pss, written to"),
	C(COL_SIZE, referenced, COL_HIDE, "used lately"),
	C(COL_SIZE, ksm, COL_HIDE, "merged with equal pages"),
	C(COL_SIZE, lazy_free, COL_HIDE, "given back by madvise(2), not taken yet"),
	C(COL_SIZE, anon_huge, COL_HIDE, "in transparent huge pages"),
	C(COL_SIZE, shmem_huge, COL_HIDE, "shared memory in huge pages"),
	C(COL_SIZE, file_huge, COL_HIDE, "of files in huge pages"),
	C(COL_SIZE, shared_hugetlb, COL_HIDE, "of hugetlbfs, shared"),
	C(COL_SIZE, private_hugetlb, COL_HIDE, "of hugetlbfs, its own"),
	C(COL_SIZE, swap_pss, COL_HIDE, "swapped out, what is shared divided"),
	C(COL_SIZE, page_size, COL_HIDE, "of its pages"),
	C(COL_STR, flags, COL_WIDE, "VmFlags of proc(5): lo locked, dd not dumped, hg huge ..."),
	C(COL_BOOL, deleted, COL_HIDE, "the file has no name any more; null: not told"),
	C(COL_BYTES, path, COL_CLAIMED, "file or name", .head = "MAPPING"),
	COL_END
};

struct maps_sum {
	uint64_t pid, host_pid, mappings, size, rss, pss, uss, anon, dirty, swap, locked, huge;
	struct bytes text;
};

#define S(t, f, fl, h, ...) COL(t, struct maps_sum, f, fl, h, ##__VA_ARGS__)

static const struct col maps_sum_col[] = {
	S(COL_U64, pid, 0, "process, by the container's number"),
	S(COL_U64, host_pid, 0, "process, by the host's number"),
	S(COL_U64, mappings, 0, "how many"),
	S(COL_SIZE, size, 0, "of addresses"),
	S(COL_SIZE, rss, 0, "resident; this and the following with -x"),
	S(COL_SIZE, pss, 0, "resident, what is shared divided by who shares it"),
	S(COL_SIZE, uss, 0, "resident and this process's alone"),
	S(COL_SIZE, anon, 0, "not of a file"),
	S(COL_SIZE, dirty, 0, "written to"),
	S(COL_SIZE, swap, 0, "swapped out"),
	S(COL_SIZE, locked, 0, "by mlock(2)"),
	S(COL_SIZE, huge, 0, "in huge pages of any kind"),
	S(COL_BYTES, text, COL_NOJSON, "all of it on one line"),
	COL_END
};

static uint64_t sum(uint64_t a, uint64_t b)
{
	if (a == NONE_U64 || b == NONE_U64)
		return a == NONE_U64 ? b : a;
	return a + b;
}

static void fill_use(struct maps_row *row, const struct vma_use *u)
{
	row->rss = u->rss;
	row->pss = u->pss;
	row->uss = maps_private(u);
	row->anon = u->anon;
	row->dirty = sum(u->shared_dirty, u->private_dirty);
	row->swap = u->swap;
	row->locked = u->locked;
	row->huge = sum(sum(sum(u->anon_huge, u->shmem_huge), u->file_huge),
			sum(u->shared_hugetlb, u->private_hugetlb));
	row->shared_clean = u->shared_clean;
	row->shared_dirty = u->shared_dirty;
	row->private_clean = u->private_clean;
	row->private_dirty = u->private_dirty;
	row->pss_dirty = u->pss_dirty;
	row->referenced = u->referenced;
	row->ksm = u->ksm;
	row->lazy_free = u->lazy_free;
	row->anon_huge = u->anon_huge;
	row->shmem_huge = u->shmem_huge;
	row->file_huge = u->file_huge;
	row->shared_hugetlb = u->shared_hugetlb;
	row->private_hugetlb = u->private_hugetlb;
	row->swap_pss = u->swap_pss;
	row->page_size = u->page_size;
	row->flags = u->flags[0] ? u->flags : NULL;
}

/* Only a path that says so is worth a question, and the answer is not the path's. */
static uint64_t is_deleted(int dir, const struct vma *v)
{
	static const char mark[] = " (deleted)";
	size_t len = sizeof(mark) - 1;
	int n;

	if (!v->inode)
		return NONE_U64;
	if (v->path.len < len || memcmp(v->path.p + v->path.len - len, mark, len))
		return 0;
	n = maps_deleted(dir, v);
	return n < 0 ? NONE_U64 : (uint64_t)n;
}

static void send(struct run *r, int dir, const struct maps_walk *w, const struct map *mounted,
		 struct maps_sum *total)
{
	const struct vma *v = &w->vma;
	const char perms[] = { v->read ? 'r' : '-', v->write ? 'w' : '-', v->exec ? 'x' : '-',
		v->shared ? 's' : 'p', '\0' };
	char address[40], device[24];
	struct maps_row row = {
		.start = v->start, .end = v->end, .size = v->end - v->start, .offset = v->offset,
		.inode = v->inode, .address = address, .perms = perms, .device = device,
		.kind = maps_kind(v, mounted), .deleted = is_deleted(dir, v),
		.path = v->path.len ? v->path : (struct bytes){ NULL, 0 },
	};

	snprintf(address, sizeof(address), "%08llx-%08llx", (unsigned long long)v->start,
		 (unsigned long long)v->end);
	snprintf(device, sizeof(device), "%02x:%02x", v->major, v->minor);
	fill_use(&row, &w->use);
	total->mappings++;
	total->size += row.size;
	total->rss = sum(total->rss, row.rss);
	total->pss = sum(total->pss, row.pss);
	total->uss = sum(total->uss, row.uss);
	total->anon = sum(total->anon, row.anon);
	total->dirty = sum(total->dirty, row.dirty);
	total->swap = sum(total->swap, row.swap);
	total->locked = sum(total->locked, row.locked);
	total->huge = sum(total->huge, row.huge);
	emit_row(r->emit, &row);
}

static void put_size(struct buf *b, const char *what, uint64_t n)
{
	if (n != NONE_U64)
		buf_addf(b, ", %s %llu KiB", what, (unsigned long long)n / 1024);
}

static void send_totals(struct run *r, struct maps_sum *t)
{
	auto_buf struct buf b = { 0 };

	buf_addf(&b, "process %llu: %llu mapping%s", (unsigned long long)t->pid,
		 (unsigned long long)t->mappings, t->mappings == 1 ? "" : "s");
	put_size(&b, "size", t->size);
	put_size(&b, "rss", t->rss);
	put_size(&b, "pss", t->pss);
	put_size(&b, "uss", t->uss);
	put_size(&b, "anon", t->anon);
	put_size(&b, "swap", t->swap);
	t->text = (struct bytes){ b.bytes, b.len };
	emit_summary(r->emit, t);
}

static int err_no_memory(struct run *r, const struct maps_sum *of, struct err *e)
{
	return err_set(e, ST_FAILED, "process %llu of %s has no memory: it has ended, or is a "
		       "thread of the kernel", (unsigned long long)of->pid, r->target->name);
}

static int walk(struct run *r, int dir, struct maps_sum *total, struct err *e)
{
	const struct maps_opts *o = r->opts;
	auto_walk struct maps_walk w = { .fd = -1 };
	auto_close int living = proc_open_living(dir);
	auto_map struct map mounted = { 0 };
	int n;

	if (living < 0)
		return err_no_memory(r, total, e);
	if (maps_walk_open(&w, living, o->extended ? "smaps" : "maps") < 0)
		return err_sys(e, "read the mappings of process %llu",
			       (unsigned long long)total->pid);
	mounts_devices(&r->target->mounts, &mounted);
	while ((n = maps_walk_next(&w)) > 0) {
		if (total->mappings == MAPS_COUNT_MAX) {
			emit_cut(r->emit, "only the first %u mappings", MAPS_COUNT_MAX);
			break;
		}
		send(r, living, &w, &mounted, total);
	}
	if (n < 0)
		return err_sys(e, "read the mappings of process %llu",
			       (unsigned long long)total->pid);
	return total->mappings ? 0 : err_no_memory(r, total, e);
}

static int open_process(struct run *r, struct maps_sum *total, struct err *e)
{
	const struct maps_opts *o = r->opts;
	auto_close int dir = target_process(r->target, r->in, o->pid, e);
	struct proc_status st;

	if (dir < 0)
		return -1;
	if (proc_status(dir, &st) < 0)
		return err_set(e, ST_TARGET, "the process went away");
	total->pid = (uint64_t)target_pid(r->target, &st);
	total->host_pid = (uint64_t)st.nspid[0];
	return take_fd(&dir);
}

static void maps_run(struct run *r)
{
	struct maps_sum total = { .rss = NONE_U64, .pss = NONE_U64, .uss = NONE_U64,
		.anon = NONE_U64, .dirty = NONE_U64, .swap = NONE_U64, .locked = NONE_U64,
		.huge = NONE_U64 };
	struct err e = { 0 };
	auto_close int dir = open_process(r, &total, &e);

	if (dir >= 0 && walk(r, dir, &total, &e) == 0)
		send_totals(r, &total);
	else
		emit_err(r->emit, &e);
}

static bool names_use(const char *fields)
{
	for (const struct col *c = col_find(maps_col, "rss", 3); strcmp(c->name, "deleted"); c++)
		for (const char *p = fields; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
			if (!strncmp(p, c->name, strlen(c->name)) &&
			    (p[strlen(c->name)] == ',' || !p[strlen(c->name)]))
				return true;
	return false;
}

static int maps_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct maps_opts *o = opts;

	(void)nargs;
	(void)args;
	(void)e;
	if (l->format == OUT_WIDE || names_use(l->fields))
		o->extended = true;
	if (o->extended && !l->fields && l->format == OUT_TABLE)
		l->fields = "address,perms,size,rss,pss,anon,dirty,swap,locked,huge,path";
	l->human = true;
	return 0;
}

static const struct example maps_example[] = {
	{ "nsdebug maps nsd-demo", "what the container's first process has mapped" },
	{ "nsdebug maps -x nsd-demo -p 1", "and what that takes of memory" },
	{ "nsdebug maps -x -o json nsd-demo | jq .summary", "the sums" },
	{ NULL }
};

const struct tool tool_maps = {
	.name = "maps",
	.summary = "show the memory mappings of a process of a container",
	.about = "As pmap -X, from the host's /proc. A file can be called [vdso] or end in "
		"\"(deleted)\"; what a mapping is (KIND) and whether its file is deleted (the "
		"field deleted) are therefore told by device, inode and links, not by the name. A "
		"newline in a name is \\\\012, as the kernel writes it.",
	.needs = NEED_PROC,
	.opts = maps_opt, .opts_size = sizeof(struct maps_opts),
	.cols = maps_col,
	.summary_cols = maps_sum_col,
	.examples = maps_example,
	.setup = maps_setup,
	.run = maps_run,
};
