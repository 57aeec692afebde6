/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace denied - what a container was refused, why, and what would help.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/rlimits.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/refusal.h"
#include "nsdebug/trace/sys.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/judging.h"
#include "nsdebug/why/row.h"
#include "nsdebug/why/source.h"

#define ONCE_MAX 4096		/* refusals that --once keeps apart */

struct denied_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool once;
	uint64_t most[RL_COUNT];	/* that a runtime can set, as far as is known */
};

static const struct opt denied_opt[] = {
	OPT(0, "once", OPT_FLAG, struct denied_opts, once, NULL,
	    "what is refused again (the same call, error, reason, directory and port) only once, "
	    "when it is seen first; at the end a row of its own says how often, the most often "
	    "first: see 'sort' and 'times'"),
	TRACER_OPTS(struct denied_opts),
	STACKS_OPTS(struct denied_opts),
	OPT_END
};

struct denied_row {
	struct coltime time;
	uint64_t pid, tid, host_pid, host_tid, uid, gid, host_uid, host_gid;
	uint64_t sort, times;
	uint64_t no_new_privs, guess, owner_uid, owner_gid, limit;
	struct bytes comm, call, object, path, mount, mode, why, cure, kubernetes, docker, podman,
		image;
	struct bytes capabilities, refused, helpful;
	struct col_list groups;
	const char *name, *error, *reason, *class, *seccomp;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct denied_row, f, fl, h, ##__VA_ARGS__)

static const struct col denied_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when"),
	C(COL_U64, pid, 0, "number in the container's pid namespace"),
	C(COL_U64, tid, COL_WIDE, "the thread's number there"),
	C(COL_U64, host_pid, COL_HIDE, "number on the host", .head = "HOSTPID"),
	C(COL_U64, host_tid, COL_HIDE, "the thread's number on the host", .head = "HOSTTID"),
	C(COL_U64, uid, COL_WIDE, "effective user id in the container"),
	C(COL_U64, gid, COL_WIDE, "effective group id in the container"),
	C(COL_U64, host_uid, COL_HIDE, "file system user id on the host: files are judged by it",
	  .head = "HOSTUID"),
	C(COL_U64, host_gid, COL_HIDE, "file system group id on the host", .head = "HOSTGID"),
	C(COL_LIST, groups, COL_HIDE | COL_NUMBERS, "supplementary groups on the host, up to 32"),
	C(COL_BYTES, capabilities, COL_HIDE, "its effective capabilities"),
	C(COL_BOOL, no_new_privs, COL_HIDE, "it cannot gain rights by a program"),
	C(COL_STR, seccomp, COL_HIDE, "none, strict or filter"),
	C(COL_BYTES, comm, COL_CLAIMED, "name that the thread gave itself", .least = 10),
	C(COL_STR, error, 0, "what the call returned; SIGSYS: seccomp ended it", .least = 6),
	C(COL_STR, reason, 0, "what refused it, in a word", .least = 11),
	C(COL_STR, name, COL_HIDE | COL_NAME, "the system call", .head = "SYSCALL"),
	C(COL_BYTES, call, COL_CLAIMED | COL_CODE, "with its arguments", .least = 24),
	C(COL_U64, sort, COL_HIDE, "with --once: the number of its sort; rows of one sort have the "
	  "same"),
	C(COL_U64, times, COL_HIDE, "with --once, at the end: how often that sort was refused in "
	  "all, the last time then; such a row has no why and no cure, all others no times"),
	C(COL_BOOL, guess, COL_HIDE, "found by elimination: nothing proves it"),
	C(COL_BYTES, why, COL_CLAIMED, "what refused it", .least = 32),
	C(COL_BYTES, cure, COL_CLAIMED | COL_WHOLE,
	  "what would help, with the container still nonroot"),
	C(COL_BYTES, path, COL_HIDE | COL_CLAIMED, "the component of the path that it is about"),
	C(COL_BYTES, mount, COL_HIDE | COL_CLAIMED, "the mount or the cgroup that it is about"),
	C(COL_BYTES, mode, COL_HIDE, "that component's mode, octal"),
	C(COL_U64, owner_uid, COL_HIDE, "its owner, a host id", .head = "OWNER"),
	C(COL_U64, owner_gid, COL_HIDE, "its group, a host id", .head = "GROUP"),
	C(COL_STR, class, COL_HIDE, "as whom it was judged: owner, group, other or an ACL's entry"),
	C(COL_BYTES, helpful, COL_HIDE, "capabilities of which any would have helped"),
	C(COL_BYTES, refused, COL_HIDE,
	  "capabilities asked for in this call and not had; null: this kernel does not tell"),
	C(COL_U64, limit, COL_HIDE, "the limit that was reached, or the first free port"),
	CURE_COLS(struct denied_row),
	STACKS_COLS(struct denied_row),
	COL_END
};

/* What --once has seen: what the row with its count will show. */
struct seen {
	uint64_t sort, times, pid, host_pid;
	struct coltime last;
	const char *error, *reason;
	char *name, *comm, *call;
	bool shown;			/* --filter has let one through */
};

struct listing {
	struct run *r;
	const struct denied_opts *o;
	struct sys_trace sys;
	char modules[128];
	uint64_t map_max;
	struct map seen;		/* struct seen, by hash */
	struct judging judging;
};

struct texts {
	struct buf call, why, caps, refused, helpful, groups;
	struct bytes items[DENIED_GROUPS_MAX];
	struct cure cure;
	char mode[8];
};

static struct bytes all_of(const struct buf *b)
{
	return (struct bytes){ b->len ? b->bytes : "", b->len };
}

static struct bytes word(const char *s)
{
	return s[0] ? (struct bytes){ s, strlen(s) } : (struct bytes){ NULL, 0 };
}

static void put_call(struct texts *t, const struct sysview *v, const char *name)
{
	buf_clear(&t->call);
	buf_addf(&t->call, "%s(", name);
	for (unsigned int i = 0; i < sysput_count(v); i++) {
		buf_str(&t->call, i ? ", " : "");
		sysput_arg(&t->call, v, i);
	}
	buf_char(&t->call, ')');
}

static void put_groups(struct texts *t, const struct creds *c)
{
	size_t at[DENIED_GROUPS_MAX + 1] = { 0 };

	buf_clear(&t->groups);
	for (uint32_t i = 0; i < c->ngroups; i++) {
		buf_u64(&t->groups, c->groups[i]);
		at[i + 1] = t->groups.len;
	}
	for (uint32_t i = 0; i < c->ngroups; i++)
		t->items[i] = (struct bytes){ t->groups.bytes + at[i], at[i + 1] - at[i] };
}

static void fill_who(struct denied_row *row, struct texts *t, const struct listing *l,
		     const struct refusal *f)
{
	static const char *const modes[] = { "none", "strict", "filter" };
	const struct denied_as *a = &f->kept->as;

	row->pid = a->who.ns_pid;
	row->tid = a->who.ns_tid;
	row->host_pid = a->who.pid;
	row->uid = tracer_uid(l->r->target, &a->who);
	row->gid = tracer_gid(l->r->target, &a->who);
	row->host_uid = a->fsuid;
	row->host_gid = a->fsgid;
	row->comm = tracer_comm(&a->who);
	row->no_new_privs = f->creds.no_new_privs;
	row->seccomp = a->seccomp < ARRAY_SIZE(modes) ? modes[a->seccomp] : NULL;
	put_groups(t, &f->creds);
	row->groups = (struct col_list){ t->items, f->creds.ngroups };
	buf_clear(&t->caps);
	cap_list(&t->caps, f->creds.cap_eff, " ");
	row->capabilities = all_of(&t->caps);
	if (!(a->flags & DENIED_CAPS))
		return;
	buf_clear(&t->refused);
	cap_list(&t->refused, a->refused, " ");
	row->refused = all_of(&t->refused);
}

static bool has_limit(enum why_kind kind)
{
	return kind == WHY_PORT || kind == WHY_RLIMIT || kind == WHY_PIDS || kind == WHY_MEMORY;
}

static void fill_reason(struct denied_row *row, struct texts *t, const struct refusal *f,
			struct reason *why)
{
	if (refusal_uids(f) && refusal_gids(f))
		reason_inside(why, refusal_uids(f), refusal_gids(f));
	buf_clear(&t->why);
	reason_text(&t->why, why);
	row->reason = why_name(why->kind);
	row->why = all_of(&t->why);
	row->guess = why->guess;
	row->path = word(why->path);
	row->mount = word(why->mount);
	if (why->whose) {
		snprintf(t->mode, sizeof(t->mode), "%04o", why->mode & 07777);
		row->mode = word(t->mode);
		row->owner_uid = why->uid;
		row->owner_gid = why->gid;
		row->class = why_class_name(why->whose);
	}
	if (has_limit(why->kind))
		row->limit = why->limit;
	if (!why->caps)
		return;
	buf_clear(&t->helpful);
	cap_list(&t->helpful, why->caps, " ");
	row->helpful = all_of(&t->helpful);
}

/* Of a limit of the process, or of its hard one. */
static void put_most(struct reason *why, const struct denied_opts *o)
{
	for (size_t i = 0; i < RL_COUNT; i++)
		if (!strcmp(why->word, rlimit_kinds[i].name) && o->most[i] != UINT64_MAX)
			why->most = o->most[i];
}

static void fill_cure(struct denied_row *row, struct texts *t, const struct refusal *f,
		      const struct target *target, struct reason *why, enum access_op op,
		      const struct denied_opts *o)
{
	const struct idmap *gids = refusal_gids(f);
	uint32_t group = gids ? idmap_inside(gids, why->gid) : why->gid;

	source_hint(why, target);
	put_most(why, o);
	cure_of(why, &f->creds, op, (uint32_t)row->uid, (uint32_t)row->gid,
		group, &t->cure);
	source_put(&t->cure, target, why);
	if (target->next && !t->cure.text[0])
		refusal_way_on(f, why, target->name, t->cure.text, sizeof(t->cure.text));
	row->cure = word(t->cure.text);
	row->kubernetes = word(t->cure.kubernetes);
	row->docker = word(t->cure.docker);
	row->podman = word(t->cure.podman);
	row->image = word(t->cure.image);
}

/* ---- --once ---- */

static char *keep(struct bytes b)
{
	return mem_dup(b.p ? b.p : "", b.len);
}

/* Arguments that make it another cause: what kind of socket, option or request it is. */
static uint64_t sort_of_args(uint64_t key, const struct sys_call *c)
{
	static const struct {
		uint16_t nr, args;	/* bit n: argument n */
	} all[] = {
		{ SYS_socket, 7 }, { SYS_socketpair, 7 }, { SYS_prctl, 1 }, { SYS_ioctl, 2 },
		{ SYS_setsockopt, 6 }, { SYS_unshare, 1 }, { SYS_setns, 2 }, { SYS_bpf, 1 },
		{ SYS_ptrace, 1 }, { SYS_prlimit64, 2 }, { SYS_setrlimit, 1 }, { SYS_fcntl, 2 },
		{ SYS_keyctl, 1 }, { SYS_syslog, 1 }, { SYS_personality, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (unsigned int k = 0; k < SYS_ARGS && all[i].nr == c->nr; k++)
			if (all[i].args >> k & 1)
				key = map_hash(key, &c->args[k], sizeof(c->args[k]));
	return key;
}

/* A program that makes up names is refused each for the same reason: the directory is what counts
 * of a path, and of a call what tells one cause from another. */
static uint64_t sort_of(const struct denied_row *row, const struct reason *why,
			const struct sys_call *c)
{
	uint64_t key = map_hash(MAP_HASH, row->name, strlen(row->name));
	static char dir[REASON_PATH];

	if (!reason_dir(why, dir, sizeof(dir)))
		dir[0] = '\0';
	key = map_hash(key, row->error, strlen(row->error));
	key = map_hash(key, row->reason, strlen(row->reason));
	key = map_hash(key, dir, strlen(dir));
	key = map_hash(key, why->word, strlen(why->word));
	if (why->kind == WHY_PORT)
		key = map_hash(key, &why->number, sizeof(why->number));
	key = sort_of_args(key, c);
	return map_hash(key, &why->caps, sizeof(why->caps));
}

static struct seen *add_seen(struct listing *l, uint64_t key, const struct denied_row *row)
{
	struct seen *s = mem_alloc(sizeof(*s));

	s->error = row->error;
	s->reason = row->reason;
	s->name = keep(word(row->name));
	s->comm = keep(row->comm);
	s->call = keep(row->call);
	map_put(&l->seen, key, s);
	s->sort = l->seen.used;
	if (l->seen.used == ONCE_MAX)
		emit_note(l->r->emit, "--once: more than %d are not kept apart, and shown each "
			  "time", ONCE_MAX);
	return s;
}

/* True if one of its sort has been shown. */
static bool is_again(struct listing *l, struct denied_row *row, const struct reason *why,
		     const struct sys_call *c)
{
	uint64_t key = sort_of(row, why, c);
	struct seen *s = map_get(&l->seen, key);
	bool again;

	if (!s && l->seen.used == ONCE_MAX)
		return false;
	if (!s)
		s = add_seen(l, key, row);
	s->times++;
	s->last = row->time;
	s->pid = row->pid;
	s->host_pid = row->host_pid;
	row->sort = s->sort;
	again = s->shown;
	s->shown |= emit_wants(l->r->emit, row);
	return again;
}

/* What map_each() gives one by one, to be put in order. */
static struct {
	struct seen *items[ONCE_MAX];
	size_t count;
} all;

static void gather(void *value)
{
	all.items[all.count++] = value;
}

static int by_times(const void *a, const void *b)
{
	const struct seen *x = *(struct seen *const *)a, *y = *(struct seen *const *)b;

	if (x->times == y->times)
		return (x->sort > y->sort) - (x->sort < y->sort);
	return x->times < y->times ? 1 : -1;
}

static void show_times(struct emit *emit, struct seen *s)
{
	struct denied_row row;

	if (s->times > 1) {
		row_none(denied_col, &row);
		row.time = s->last;
		row.sort = s->sort;
		row.times = s->times;
		row.pid = s->pid;
		row.host_pid = s->host_pid;
		row.name = s->name;
		row.error = s->error;
		row.reason = s->reason;
		row.comm = word(s->comm);
		row.call = word(s->call);
		if (s->shown)
			emit_wanted(emit, &row);
		else
			emit_row(emit, &row);
	}
	free(s->name);
	free(s->comm);
	free(s->call);
	free(s);
}

/* Those that were refused most often first, of those the first that was seen. */
static void show_all(struct listing *l)
{
	map_each(&l->seen, gather);
	qsort(all.items, all.count, sizeof(all.items[0]), by_times);
	for (size_t i = 0; i < all.count; i++)
		show_times(l->r->emit, all.items[i]);
	map_free(&l->seen);
}

/* ---- each ---- */

#define X32 0x40000000u		/* __X32_SYSCALL_BIT */

static const char *name_of(const struct sys_call *c)
{
	static char room[24];
	uint32_t nr = c->flags & SYS_STRANGE ? (uint32_t)c->took : c->nr;

	if (c->flags & SYS_COMPAT)
		snprintf(room, sizeof(room), "i386_%u", nr);
	else if (c->flags & SYS_STRANGE && nr & X32)
		snprintf(room, sizeof(room), "x32_%u", nr & ~X32);
	else if (c->flags & SYS_STRANGE)
		snprintf(room, sizeof(room), "syscall_%u", nr);
	else
		return sysdef_name(nr, room);
	return room;
}

static void fill_call(struct denied_row *row, struct texts *t, const struct refusal *f)
{
	const struct sys_call *c = f->view.call;

	row->name = name_of(c);
	row->error = c->ret ? word_errno(c->ret) : "SIGSYS";
	put_call(t, &f->view, row->name);
	row->call = all_of(&t->call);
}

static void take(void *ctx, const struct sys_call *c, const struct who *w)
{
	static struct texts t;
	static struct reason why;
	struct listing *l = ctx;
	const struct target *target = l->r->target;
	struct refusal f = {
		.view = { c, c->flags & (SYS_COMPAT | SYS_STRANGE) || !sysdefs[c->nr].name ? NULL :
			  &sysdefs[c->nr], SYS_BYTES_MAX },
		.kept = denials_take(&l->sys.denied, c->tid, c->at),
		.uids = target->next ? NULL : &target->uids,
		.gids = target->next ? NULL : &target->gids,
		.host_ns = target->host.user, .user_ns = target->next ? 0 : target->ns.user,
		.modules = l->modules,
		.judging = &l->judging, .map_max = l->map_max,
	};
	struct denied_row row;
	enum access_op op;

	(void)w;
	if (f.kept)
		denials_creds(&f.kept->as, f.host_ns, &f.creds);
	if (!refusal_reason(&f, &why, &op))
		return;
	l->sys.tracer.budget = 1;	/* to have asked may take long: look at the clock now */
	row_none(denied_col, &row);
	row.time = tracer_time(&l->sys.tracer, c->at);
	row.host_tid = c->tid;
	if (f.kept)
		fill_who(&row, &t, l, &f);
	fill_call(&row, &t, &f);
	fill_reason(&row, &t, &f, &why);
	fill_cure(&row, &t, &f, l->r->target, &why, op, l->o);
	if (stacks_bytes(&l->o->stacks))
		row.frames = stacks_frames(&l->sys.stacks, c->tid, c->at, &row.frames_end);
	if (l->o->once && is_again(l, &row, &why, c))
		return;
	tracer_row(&l->sys.tracer, &row);
}

/* Those that keep a policy of the node's: what refuses without a rule that can be seen. */
static void read_modules(struct listing *l)
{
	static const char *const known[] = { "apparmor", "selinux", "smack", "tomoyo" };
	char text[256];
	ssize_t n = fd_read_at(AT_FDCWD, "/sys/kernel/security/lsm", text, sizeof(text));
	char *at = text, *name;
	size_t len = 0;

	while (n > 0 && (name = strsep(&at, ",\n")))
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (!strcmp(name, known[i]))
				len += (size_t)snprintf(l->modules + len, sizeof(l->modules) - len,
							"%s%s", len ? " or " : "", name);
}

static void read_map_max(struct listing *l)
{
	char text[32];
	const char *p = text;

	if (fd_read_at(AT_FDCWD, "/proc/sys/vm/max_map_count", text, sizeof(text)) <= 0 ||
	    !scan_u64(&p, &l->map_max))
		l->map_max = 0;
}

static void denied_run(struct run *r)
{
	const struct denied_opts *o = r->opts;
	struct listing l = { .r = r, .o = o, .sys = { .fn = take, .ctx = &l },
		.judging = { .emit = r->emit, .door = r->in->judge, .stop = r->in->stop,
			.wait_ns = r->timeout_ns / 2 + 1, .judge = -1, .mounts = -1 } };
	struct sys_want want = { .denied = true, .aids = r->aids, .judging = &l.judging,
		.stack_bytes = stacks_bytes(&o->stacks) };

	read_modules(&l);
	read_map_max(&l);
	sys_run(&l.sys, &want, r->in, &o->tracer, r->target);
	judging_free(&l.judging);
	show_all(&l);
}

#define ONCE_FIELDS "time,pid,comm,sort,times,error,reason,call,why,cure"

static int denied_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct denied_opts *o = opts;

	/* the tracer's own are lower */
	for (unsigned int i = 0; i < RL_COUNT; i++)
		o->most[i] = rlimits_most((enum rlimit_id)i);
	if (!l->fields)
		l->under = "why,cure";
	stacks_fields(opts, l, o->once ? ONCE_FIELDS ",frames" :
		      "time,pid,comm,error,reason,call,why,cure,frames");
	if (o->once && !l->fields && l->format <= OUT_WIDE)
		l->fields = l->format == OUT_WIDE ? ONCE_FIELDS ",tid,uid,gid,kubernetes,docker,"
			"podman,image" : ONCE_FIELDS;
	return tracer_layout(opts, nargs, args, l, e);
}

static bool denied_judge(const void *opts)
{
	(void)opts;
	return true;
}

static const struct example denied_example[] = {
	{ "nsdebug trace denied nsd-demo --for 1s", "what is refused, why, and what would help" },
	{ "nsdebug trace denied nsd-demo --for 1s --once -o wide",
	  "each sort once, with what to change in a pod or for docker" },
	{ "nsdebug trace denied nsd-demo --for 1s --stack", "and from where in the code" },
	{ "nsdebug trace denied nsd-demo --for 1s --filter 'reason = seccomp' -o jsonl",
	  "only what the seccomp filter answers" },
	{ NULL }
};

const struct tool tool_trace_denied = {
	.name = "trace denied",
	.summary = "show what a container is refused, why, and what would help",
	.about = "Every call that fails with EACCES, EPERM, EROFS, EXDEV, openat2 with ELOOP "
		"by a flag of it, for want of descriptors or processes, by the seccomp filter "
		"(with any error, or the process's end), and programs whose interpreter is "
		"missing; not ENOENT of a file that is not there, nor what programs try "
		"and do without: clone3 that a filter does not know, epoll of a plain "
		"file.\n\n"
		"Why is found as the kernel does, in its order: whether the call was entered at "
		"all (else seccomp has answered it), limits, the port, each component of the path "
		"with its mode, owner, ACL and mount, and which capabilities were asked for (told "
		"by Linux 6.14 and later; else those that the call needs). The path is walked a "
		"moment later from outside, by a child of its own, as the mounts are then: where "
		"nothing refuses it any more, that is said; servers of file systems (fuse, nfs) "
		"and overlays above them are not asked, but for the container's root. A security "
		"module (AppArmor, SELinux) cannot be asked: it is named by elimination, and "
		"'guess' is set. Of a thread that was there before, seccomp's answer to its first "
		"call that is seen cannot be told from the kernel's.\n\n"
		"A program that tries again is refused again: --once shows each refusal when it "
		"is seen first, and at the end how often it came, in rows that have 'times' and "
		"the 'sort' of the first one.\n\n"
		"The cure keeps the container nonroot: one capability at most, never all. "
		CURE_WORDS "\n\n"
		"With "
		"--next paths are walked as soon as the container is known by its name: if it has "
		"ended before, only what the error proves is said of a file, and which command "
		"tells more ('nsdebug why TARGET --path PATH').",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.host_mounts = true,
	.judge = denied_judge,
	.symbols = true,
	.opts = denied_opt, .opts_size = sizeof(struct denied_opts),
	.cols = denied_col,
	.examples = denied_example,
	.setup = denied_setup,
	.run = denied_run,
};
