/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fds - every descriptor of a container's processes: what it is, where it stands, and who has the
 * other end.
 *
 * Rows are streamed: memory is taken for sockets and pipes only, whose other ends have to be looked
 * for before the first row. What is on a file system that asks a server, or on a mount that is not
 * the container's, is looked at last, so that a dead server costs only those rows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/map.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/descr.h"
#include "nsdebug/target/near.h"
#include "nsdebug/target/target.h"
#include "nsdebug/target/userow.h"
#include "nsdebug/target/uses.h"

struct fds_opts {
	const char *pids, *types;
	bool all, sockets, files, deleted, no_peers;
	uint64_t wanted;	/* set by setup(): a bit a type, 0: all */
};

#define F(l, n, f, h) OPT(l, n, OPT_FLAG, struct fds_opts, f, NULL, h)

static const struct opt fds_opt[] = {
	OPT('p', "pid", OPT_STR, struct fds_opts, pids, "LIST", "only these pids of the container"),
	F('a', "all-uses", all, "cwd, root and executable of the processes too"),
	F(0, "sockets", sockets, "only sockets"),
	F(0, "files", files, "only files, directories, devices, memory files"),
	F(0, "deleted", deleted, "only files without a name, also where they are mapped, run or "
	  "stood in: what df counts and du does not find"),
	OPT(0, "type", OPT_STR, struct fds_opts, types, "LIST",
	    "only these types: pipe,epoll,bpf-map"),
	F(0, "no-peers", no_peers, "do not look through the node for other ends: quicker"),
	OPT_END
};

struct fds_sum {
	uint64_t files, bytes;
	struct bytes text;
};

static const struct col fds_sum[] = {
	COL(COL_U64, struct fds_sum, files, 0, "deleted files"),
	COL(COL_SIZE, struct fds_sum, bytes, 0, "bytes that they hold, each once"),
	COL(COL_BYTES, struct fds_sum, text, COL_NOJSON, "the same in a sentence"),
	COL_END
};

struct job {
	struct run *r;
	const struct fds_opts *o;
	struct uses uses;
	struct userow rows;
	struct map held;	/* inodes of deleted files, each counted once */
	struct fds_sum sum;
};

static bool is_wanted(const struct job *j, const struct descr *d)
{
	if (j->o->deleted && !d->deleted)
		return false;
	return !j->o->wanted || (j->o->wanted >> d->type & 1);
}

static void count_deleted(struct job *j, const struct descr *d)
{
	uint64_t dev = (uint64_t)d->dev_major << 32 | d->dev_minor;
	uint64_t key = d->inode ^ dev * 0x9e3779b97f4a7c15;

	if (!d->deleted || map_get(&j->held, key))
		return;
	map_put(&j->held, key, j);
	j->sum.files++;
	j->sum.bytes += d->blocks * 512;
}

static void show(void *ctx, const struct use *u, int dir, const char *name, struct descr *d)
{
	struct job *j = ctx;
	struct use_row row;

	if (!is_wanted(j, d))
		return;
	userow_fill(&j->rows, &row, u, dir, name, d);
	count_deleted(j, d);
	emit_row(j->r->emit, &row);
}

/* ---- the verb ---- */

static bool is_asked_for(const void *ctx, uint64_t pid)
{
	uint64_t n;

	for (const char *p = ctx; scan_u64(&p, &n); p += *p == ',')
		if (n == pid)
			return true;
	return false;
}

static void say_missing(struct job *j)
{
	struct emit *emit = j->r->emit;
	struct err e;

	if (j->uses.refused) {
		err_set(&e, ST_PRIVILEGE, "look at descriptors: not permitted; run nsdebug as root "
			"on the node, or give it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
		emit_err(emit, &e);
	}
	if (j->uses.no_files) {
		err_set(&e, ST_PRIVILEGE, "look at mapped files: not permitted; run nsdebug as "
			"root on the node, or give it CAP_CHECKPOINT_RESTORE (Linux 5.9)");
		emit_err(emit, &e);
	}
	if (j->uses.ends.socks.wanted && (j->r->in->nets_err || j->uses.ends.socks.failed)) {
		errno = j->r->in->nets_err ? j->r->in->nets_err : j->uses.ends.socks.failed;
		err_sys(&e, "ask about sockets in the container's network namespace (needs "
			"CAP_SYS_ADMIN)");
		emit_err(emit, &e);
	}
	if (j->r->in->nets_cut)
		emit_cut(emit, "only the first %u network namespaces of the node were asked about "
			 "sockets: other ends may be missing", NETS_MAX);
	if (j->uses.ends.holders.cut)
		emit_cut(emit, "only the first %u sockets and pipes have addresses and other ends",
			 HOLDERS_MAX);
	userow_say_cuts(&j->rows);
	if (j->rows.node)
		near_say(j->r->near, j->r->emit);
	if (j->uses.cut)
		emit_cut(emit, "files of other mounts: only the first %u", USES_LATER_MAX);
}

static void say_who(struct job *j)
{
	struct err e;

	if (j->o->pids && !j->uses.npeople) {
		err_set(&e, ST_FAILED, "no process %s in %s ('nsdebug ps' shows them)",
			j->o->pids, j->r->target->name);
		emit_err(j->r->emit, &e);
	}
	for (size_t i = 0; j->o->pids && i < j->uses.npeople; i++)
		if (j->uses.people[i]->state == 'Z')
			emit_note(j->r->emit, "process %d is a zombie: it has no descriptors any "
				  "more", (int)j->uses.people[i]->pid);
}

static void send_sum(struct job *j)
{
	auto_buf struct buf b = { 0 };

	buf_addf(&b, "%llu deleted file%s hold%s %llu bytes",
		 (unsigned long long)j->sum.files, j->sum.files == 1 ? "" : "s",
		 j->sum.files == 1 ? "s" : "", (unsigned long long)j->sum.bytes);
	if (j->sum.files)
		buf_addf(&b, "; to read one: nsdebug cat %s fd:PID/FD", j->r->target->name);
	j->sum.text = (struct bytes){ b.bytes, b.len };
	emit_summary(j->r->emit, &j->sum);
}

static bool wants_ends(const struct fds_opts *o)
{
	uint64_t ends = 1ull << DESCR_SOCKET | 1ull << DESCR_PIPE;

	return !o->deleted && (!o->wanted || (o->wanted & ends));
}

static bool fds_near(const void *opts)
{
	const struct fds_opts *o = opts;

	return wants_ends(o) && !o->no_peers;
}

static void fds_run(struct run *r)
{
	struct job j = { .r = r, .o = r->opts };
	struct err e;

	if (uses_find(&j.uses, r->target, r->in, j.o->pids ? is_asked_for : NULL, j.o->pids,
		      &e) < 0) {
		emit_err(r->emit, &e);
	} else {
		say_who(&j);
		j.uses.others = j.o->all || j.o->deleted;
		j.uses.mapped = j.o->deleted;
		if (wants_ends(j.o))
			uses_find_ends(&j.uses, fds_near(j.o) ? r->near : NULL);
		j.rows = (struct userow){ .uses = &j.uses, .node = fds_near(j.o) };
		uses_each(&j.uses, show, &j);
		say_missing(&j);
		if (j.o->deleted)
			send_sum(&j);
	}
	uses_free(&j.uses);
	map_free(&j.held);
	userow_free(&j.rows);
}

static enum nets fds_nets(const void *opts)
{
	const struct fds_opts *o = opts;

	if (!wants_ends(o) || (o->wanted && !(o->wanted >> DESCR_SOCKET & 1)))
		return NETS_NONE;
	return o->no_peers ? NETS_OWN : NETS_NODE;
}

/* "bpf" is all of bpf-map, bpf-prog, bpf-link. */
static uint64_t types_called(const char *word, size_t len)
{
	uint64_t found = 0;

	for (int t = 0; t < DESCR_TYPES; t++) {
		const char *name = descr_word((enum descr_type)t);

		if (!strncmp(name, word, len) && (!name[len] || name[len] == '-'))
			found |= 1ull << t;
	}
	return found;
}

static int fds_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	static const uint64_t files = 1ull << DESCR_FILE | 1ull << DESCR_DIR | 1ull << DESCR_LINK |
		1ull << DESCR_CHR | 1ull << DESCR_BLK | 1ull << DESCR_FIFO |
		1ull << DESCR_SOCKFILE | 1ull << DESCR_MEMFD | 1ull << DESCR_SHM;
	struct fds_opts *o = opts;
	uint64_t n;

	(void)nargs;
	(void)args;
	for (const char *p = o->pids; p && *p;)
		if (!scan_u64(&p, &n) || (*p && *p++ != ','))
			return err_set(e, ST_USAGE, "'%s' is not a list of pids", o->pids);
	if (o->sockets)
		o->wanted |= 1ull << DESCR_SOCKET;
	if (o->files)
		o->wanted |= files;
	for (const char *p = o->types, *end; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ',');
		n = types_called(p, (size_t)(end - p));
		if (!n)
			return err_set(e, ST_USAGE, "--type: '%.*s' is no type (file, dir, socket, "
				       "pipe, epoll, eventfd ...)", (int)(end - p), p);
		o->wanted |= n;
	}
	l->human = true;
	l->sort = "host_pid,fd";
	return 0;
}

static const struct example fds_example[] = {
	{ "nsdebug fds nsd-demo", "what every process of the container has open" },
	{ "nsdebug fds --sockets -o wide nsd-demo", "listeners and connections, with queues" },
	{ "nsdebug fds --deleted nsd-demo", "the disk is full and du does not find by what" },
	{ "nsdebug fds -p 1 --type pipe,epoll -o json nsd-demo", "for programs" },
	{ NULL }
};

const struct tool tool_fds = {
	.name = "fds",
	.summary = "show open files, sockets and pipes, and who has their other ends",
	.about = "Read from the host's /proc; nothing is opened. What a descriptor is follows from "
		"its inode, not from its name: a file may be called \"x (deleted)\" or "
		"\"socket:[1]\". Sockets are asked of the kernel in the network namespace of the "
		"container, and not read from /proc/net, into which a name can write lines.\n"
		"\n"
		"The other ends of pipes, unix sockets and TCP connections are looked for among "
		"all processes of the node (--no-peers does not). Of TCP it is what has the same "
		"two addresses: where they are translated in between there is none. What is in "
		"another container is shown with its name. A deleted "
		"file is read with nsdebug cat TARGET fd:PID/FD. Locks held on a file, what an "
		"epoll or an inotify watches, and the state of timers are in -o json.",
	.needs = NEED_PROC,
	.opts = fds_opt, .opts_size = sizeof(struct fds_opts),
	.cols = use_cols,
	.summary_cols = fds_sum,
	.examples = fds_example,
	.near = fds_near,
	.nets = fds_nets,
	.setup = fds_setup,
	.run = fds_run,
};
