/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why - why something is refused to a container, or would be: by the same rules as the kernel's,
 * without trying it; and why a container ended or does not start.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/callwhy.h"
#include "nsdebug/trace/filters.h"
#include "nsdebug/trace/leftcalls.h"
#include "nsdebug/trace/pathcalls.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/action.h"
#include "nsdebug/why/capable.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/deadpath.h"
#include "nsdebug/why/ended.h"
#include "nsdebug/why/judge.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/magic.h"
#include "nsdebug/why/port.h"
#include "nsdebug/why/row.h"
#include "nsdebug/why/socket.h"
#include "nsdebug/why/source.h"

#define MAGIC_MAX 8	/* links of /proc one after another */

struct why_opts {
	uint64_t pid;
	const char *path, *to, *what, *call, *cap;
	bool calls, udp;
	struct callcap_node node;
	uint64_t port;
};

#define NO_PORT UINT64_MAX

static const struct why_opts why_defaults = { .port = NO_PORT };

static const struct opt why_opt[] = {
	OPT('p', "pid", OPT_U64, struct why_opts, pid, "PID",
	    "as this process, by the container's number; else as its first"),
	OPT(0, "path", OPT_STR, struct why_opts, path, "PATH",
	    "may it do this with the file? A relative one begins in its working directory",
	    .path = true),
	OPT(0, "for", OPT_STR, struct why_opts, what, "WHAT",
	    "what is to be done with PATH: read (if this is not given), write, append, create, "
	    "truncate, exec, list, enter, stat, mkdir, mknod (a device), delete, rmdir, rename, "
	    "link, chmod, chown (to another user), touch, utimes, connect",
	    .words = action_word),
	OPT(0, "to", OPT_STR, struct why_opts, to, "PATH", "of rename and link: the new name",
	    .path = true),
	OPT(0, "syscall", OPT_STR, struct why_opts, call, "CALL",
	    "is a call refused by its seccomp filters, or for want of a capability: mount, "
	    "'personality(8)', 'socket(16,_,9)'",
	    .words = sysdef_word),
	OPT(0, "denied-calls", OPT_FLAG, struct why_opts, calls, NULL,
	    "all calls that its seccomp filters refuse, if only with some arguments, or that take "
	    "a capability which it has not"),
	OPT(0, "port", OPT_U64, struct why_opts, port, "PORT",
	    "may it bind this port in its network namespace?"),
	OPT(0, "udp", OPT_FLAG, struct why_opts, udp, NULL, "with --port: of UDP, not of TCP"),
	OPT(0, "cap", OPT_STR, struct why_opts, cap, "CAP", "has it this capability?",
	    .words = cap_word),
	OPT_END
};

/* One run of the verb: as whom it is asked, and one answer after another. */
struct why {
	struct run *r;
	const struct why_opts *o;
	const struct target *t;
	struct arena *a;
	struct creds creds;
	int dir;		/* /proc/PID */
	uint32_t pid;		/* in the container */
	const struct net *net;	/* of --syscall socket; or NULL */
	const struct look_ids *left;	/* it has ended; or NULL */
};

/* What was found out about one question. */
struct asked {
	const char *subject, *action;
	enum access_op op;
	struct reason why;
	const struct buf *text;	/* the reason in words; or NULL: reason_text() */
};

/* ---- a row ---- */

static struct bytes text(const char *s)
{
	return s && *s ? (struct bytes){ s, strlen(s) } : (struct bytes){ NULL, 0 };
}

static void put_cure(struct why *y, struct why_row *row, struct asked *f)
{
	struct cure *cure = arena_alloc(y->a, sizeof(*cure));

	source_hint(&f->why, y->t);
	cure_of(&f->why, &y->creds, f->op, (uint32_t)row->uid,
		row->gid == NONE_U64 ? 0 : (uint32_t)row->gid,
		target_gid(y->t, f->why.gid), cure);
	source_put(cure, y->t, &f->why);
	row->cure = text(cure->text);
	row->kubernetes = text(cure->kubernetes);
	row->docker = text(cure->docker);
	row->podman = text(cure->podman);
	row->image = text(cure->image);
}

static void answer(struct why *y, struct asked *f)
{
	static const char *const verdicts[] = { "denied", "allowed", "unknown" };
	static const enum status statuses[] = { ST_FAILED, ST_OK, ST_INCOMPLETE };
	const struct reason *w = &f->why;
	auto_buf struct buf b = { 0 };
	enum why_verdict v;
	struct why_row row;

	if (y->left && deadpath_doubt(y->t->ending, y->left, &y->creds, &f->why))
		f->text = NULL;
	v = reason_verdict(w);
	row_none(why_col, &row);
	row.subject = text(f->subject);
	row.action = f->action;
	row.verdict = verdicts[v];
	row.kind = why_name(w->kind);
	row.error = w->err ? word_errno(-w->err) : NULL;
	row.guess = w->guess;
	row.number = w->number ? w->number : NONE_U64;
	row.limit = w->limit ? w->limit : NONE_U64;
	if (f->text)
		buf_add(&b, f->text->bytes, f->text->len);
	else
		reason_text(&b, w);
	row.reason = (struct bytes){ arena_dup(y->a, b.bytes ? b.bytes : "", b.len), b.len };
	row.pid = y->pid ? y->pid : NONE_U64;
	why_row_creds(&row, &y->creds, y->t, y->a);
	why_row_file(&row, w, y->t, y->a);
	if (v != WHY_ALLOWED)
		put_cure(y, &row, f);
	emit_row(y->r->emit, &row);
	y->r->emit->status = status_worse(y->r->emit->status, statuses[v]);
}

/* ---- a path ---- */

/* Waits for less than the front does: then the other child's own words are heard. */
static bool ask(struct why *y, const struct access_ask *a, struct reason *ret)
{
	return judge_ask(&y->r->in->judge, a, ret, y->r->timeout_ns / 4 * 3);
}

static bool judge_path(struct why *y, struct access_ask *a, struct reason *ret)
{
	struct access_ask *next = arena_alloc(y->a, sizeof(*next));

	for (int i = 0; ask(y, a, ret); i++) {
		if (magic_judge(y->t, y->r->in, a, next, ret) || i == MAGIC_MAX)
			return true;
		*a = *next;
	}
	return false;
}

static struct pathcalls calls_of(const struct why *y)
{
	return (struct pathcalls){ y->r->in, y->r->emit, y->t, y->a, y->dir, y->creds.seccomp };
}

static void put_question(const struct why *y, struct access_ask *a, struct asked *f)
{
	const struct why_opts *o = y->o;
	const struct action *act = action_of(o->what);

	a->creds = y->creds;
	a->op = f->op = act->op;
	a->flags = act->flags;
	a->mode = act->mode;
	a->number = 1 << 8 | 3;
	a->nofollow = act->nofollow;
	a->uid = ACCESS_ANOTHER;
	a->gid = UINT32_MAX;
	a->pid = a->tid = y->pid;
	a->named = true;
	snprintf(a->path, sizeof(a->path), "%s", o->path);
	snprintf(a->path2, sizeof(a->path2), "%s", o->to ? o->to : "");
	f->subject = o->path;
	f->action = act->word;
}

static void ask_path(struct why *y)
{
	auto_buf struct buf words = { 0 };
	const struct why_opts *o = y->o;
	struct access_ask *a = arena_alloc(y->a, sizeof(*a));
	struct asked *f = arena_alloc(y->a, sizeof(*f));
	struct pathcalls calls = calls_of(y);
	struct err e;

	put_question(y, a, f);
	if ((a->path[0] != '/' || (o->to && o->to[0] != '/')) &&
	    !magic_path(y->dir, "cwd", a->dir, sizeof(a->dir))) {
		err_set(&e, ST_FAILED, "%s: the working directory of process %u is not below its "
			"root, or is gone", o->path, y->pid);
		emit_err(y->r->emit, &e);
	} else if (!judge_path(y, a, &f->why)) {
		err_set(&e, ST_INCOMPLETE, "%s: who walks the path did not answer", o->path);
		emit_err(y->r->emit, &e);
	} else {
		reason_inside(&f->why, &y->t->uids, &y->t->gids);
		reason_hint(&f->why, o->path);
		pathcalls_judge(&calls, action_of(o->what), &f->why, &words);
		f->text = words.len ? &words : NULL;
		answer(y, f);
	}
}

static void ask_left_path(struct why *y)
{
	const struct ending *x = y->t->ending;
	struct access_ask *a = arena_alloc(y->a, sizeof(*a));
	struct asked *f = arena_alloc(y->a, sizeof(*f));
	struct pathcalls calls = calls_of(y);
	auto_buf struct buf words = { 0 };

	put_question(y, a, f);
	snprintf(a->dir, sizeof(a->dir), "%s", x->cwd ? x->cwd : "");
	deadpath_ask(x, y->left, y->r->rules, a, y->a, &f->why);
	pathcalls_judge(&calls, action_of(y->o->what), &f->why, &words);
	f->text = words.len ? &words : NULL;
	answer(y, f);
}

/* ---- an end ---- */

/* end: that it is the verdict on, or NULL. */
static void tell(struct run *r, struct findings *of, const struct finding *f,
		 const struct ending *end)
{
	struct why_row row;

	row_none(why_col, &row);
	row.kind = f->kind;
	row.reason = text(f->what);
	row.evidence = text(f->evidence);
	row.source = f->source;
	row.cure = text(f->cure);
	row.kubernetes = text(f->kubernetes);
	row.docker = text(f->docker);
	row.podman = text(f->podman ? f->podman : f->docker);
	row.image = text(f->image);
	row.limit = f->limit ? f->limit : NONE_U64;
	if (end)
		why_row_end(&row, end, of);
	emit_row(r->emit, &row);
}

static void tell_end(struct run *r)
{
	auto_arena struct arena *a = arena_new();
	struct findings *f = arena_alloc(a, sizeof(*f));
	enum status st;

	f->a = a;
	st = ended_why(r->target, &r->root, r->rules, sysdef_name, f);
	for (size_t i = 0; i < f->count; i++)
		tell(r, f, &f->items[i], i ? NULL : r->target->ending);
	for (size_t i = 0; i < f->nmissing; i++)
		emit_cut(r->emit, "%s", f->missing[i]);
	r->emit->status = status_worse(r->emit->status, st);
}

/* ---- what is no path ---- */

static void answer_call(struct why *y, struct filters *f, const struct call_ask *a,
			const struct capable *over, struct asked *ask)
{
	auto_buf struct buf words = { 0 };
	uint32_t was;

	if (y->left)
		leftcalls_of(f, y->t, a->nr, y->a);
	call_judge(f, a, over, &ask->why, &words);
	was = ask->why.kind;
	if (a->nr == SYS_socket && y->o->call && (was == WHY_GRANTED || f->hidden))
		socket_judge(y->net, &y->creds, over, a->args, a->unknown, &ask->why);
	ask->text = words.len && ask->why.kind == was ? &words : NULL;
	if (!y->o->calls || (ask->why.kind != WHY_GRANTED &&
			     (ask->why.kind != WHY_UNKNOWN || !f->hides_all)))
		answer(y, ask);
	ask->text = NULL;
}

static void ask_call(struct why *y)
{
	struct asked *ask = arena_alloc(y->a, sizeof(*ask));
	struct filters *f = arena_alloc(y->a, sizeof(*f));
	struct call_ask a = { .unknown = ~0u };
	struct capable over;
	struct err e;

	capable_read(y->dir, &y->creds, &over);
	y->net = socket_net(y->r->in, y->dir);
	if ((y->o->call && call_parse(y->o->call, &a, &e) < 0) ||
	    (!y->left && filters_of(f, y->r->in, y->dir, y->a, &e) < 0)) {
		emit_err(y->r->emit, &e);
		return;
	}
	a.node = y->o->node;
	ask->action = "call";
	ask->subject = y->o->call;
	if (y->o->call) {
		answer_call(y, f, &a, &over, ask);
		return;
	}
	if (y->left && y->t->ending->calls.unknown)
		emit_cut(y->r->emit, "%s: only what takes a capability is told",
			 y->t->ending->calls.unknown);
	for (a.nr = 0; a.nr < SYS_NR_MAX; a.nr++)
		if (sysdefs[a.nr].name) {
			ask->subject = sysdefs[a.nr].name;
			answer_call(y, f, &a, &over, ask);
		}
}

static void ask_port(struct why *y)
{
	struct asked *ask = arena_alloc(y->a, sizeof(*ask));
	struct pathcalls calls = calls_of(y);
	auto_buf struct buf words = { 0 };
	char subject[24];

	snprintf(subject, sizeof(subject), "%s/%u", y->o->udp ? "udp" : "tcp",
		 (unsigned int)y->o->port);
	ask->subject = subject;
	ask->action = "bind";
	if (y->left)
		port_left(y->t->ending, &y->creds, (uint16_t)y->o->port, &ask->why);
	else
		port_judge(y->r->in, y->t, y->dir, &y->creds, (uint16_t)y->o->port, y->o->udp,
			   &ask->why);
	pathcalls_port(&calls, y->o->udp, &ask->why, &words);
	ask->text = words.len ? &words : NULL;
	answer(y, ask);
}

static void ask_cap(struct why *y)
{
	struct asked *ask = arena_alloc(y->a, sizeof(*ask));
	unsigned int cap = (unsigned int)cap_of(y->o->cap);
	auto_buf struct buf text = { 0 };
	struct capable c;

	capable_read(y->dir, &y->creds, &c);
	ask->subject = cap_name(cap);
	ask->action = "use";
	capable_judge(&c, cap, &ask->why, &text);
	ask->text = text.len ? &text : NULL;
	answer(y, ask);
}

/* ---- the verb ---- */

/* How many questions are there? */
static int questions(const struct why_opts *o)
{
	return (o->path != NULL) + (o->call != NULL) + o->calls + (o->cap != NULL) +
		(o->port != NO_PORT);
}

/* Of nothing in particular: then it is about its end. */
static bool is_of_end(const struct why_opts *o)
{
	return !questions(o);
}

/* Its configuration and its files are left. */
static bool why_ended(const void *opts)
{
	(void)opts;
	return true;
}

static enum need why_needs(const void *opts, int nargs, char *const *args)
{
	(void)nargs;
	(void)args;
	return is_of_end(opts) ? NEED_ROOT : NEED_PROC;
}

/* Paths are walked from the root of the container's first process. */
static int open_process(struct why *y, struct err *e)
{
	struct run *r = y->r;
	struct proc_status st;

	y->dir = target_process(y->t, r->in, y->o->pid, e);
	if (y->dir < 0)
		return -1;
	if (proc_status(y->dir, &st) < 0 || creds_read(y->dir, y->t->host.user, &y->creds) < 0)
		return err_set(e, ST_TARGET, "%s went away", y->t->name);
	y->pid = (uint32_t)target_pid(y->t, &st);
	if (y->o->pid && y->o->path && !ns_same_files(y->dir, r->in->proc))
		return err_set(e, ST_FAILED, "process %u has other mounts or another root than the "
			       "first process of %s: ask of pid://%d", y->pid, y->t->name,
			       (int)st.nspid[0]);
	return 0;
}

/* Of one that has ended: by its configuration and the files that it has left. */
static int open_left(struct why *y, struct err *e)
{
	const struct ending *x = y->t->ending;
	struct look_ids *as = arena_alloc(y->a, sizeof(*as));
	const char *what = y->o->path ? y->o->path : y->o->call ? y->o->call : y->o->cap;
	const struct creds *c;
	const char *why_not;

	ending_close(y->t->ending);
	if (y->o->pid)
		return err_set(e, ST_TARGET, "%s has ended: without --pid it is judged by its "
			       "configuration", y->t->name);
	*as = look_ids(&y->r->root, x);
	c = (y->o->path ? deadpath_creds : deadpath_who)(x, as, y->a, &why_not);
	if (!c)
		return err_set(e, ST_INCOMPLETE, "%s was not judged: %s", what ? what : "it",
			       why_not);
	y->creds = *c;
	y->left = as;
	return 0;
}

static void why_run(struct run *r)
{
	struct why y = { .r = r, .o = r->opts, .t = r->target, .a = arena_new(), .dir = -1 };
	struct err e;

	if (is_of_end(r->opts))
		tell_end(r);
	else if ((r->target->place.image ? open_left : open_process)(&y, &e) < 0)
		emit_err(r->emit, &e);
	else if (y.o->path)
		(y.left ? ask_left_path : ask_path)(&y);
	else if (y.o->call || y.o->calls)
		ask_call(&y);
	else if (y.o->cap)
		ask_cap(&y);
	else if (y.o->port != NO_PORT)
		ask_port(&y);
	own_close(&y.dir);
	arena_free(&y.a);
}

static bool why_judge(const void *opts)
{
	return ((const struct why_opts *)opts)->path != NULL;
}

static bool why_filters(const void *opts)
{
	const struct why_opts *o = opts;

	return o->call || o->calls || o->path || o->port != NO_PORT;
}

static enum nets why_nets(const void *opts)
{
	const struct why_opts *o = opts;

	return o->port != NO_PORT || (o->call && str_prefix(o->call, "socket")) ? NETS_OWN :
		NETS_NONE;
}

static int check_others(const struct why_opts *o, struct err *e)
{
	struct call_ask a;

	if (questions(o) > 1)
		return err_set(e, ST_USAGE, "one question at a time: --path, --syscall, "
			       "--denied-calls, --port or --cap");
	if (o->udp && o->port == NO_PORT)
		return err_set(e, ST_USAGE, "--udp goes with --port");
	if (o->port != NO_PORT && o->port > UINT16_MAX)
		return err_set(e, ST_USAGE, "a port is at most 65535");
	if (o->cap && cap_of(o->cap) < 0)
		return err_no_word(e, o->cap, cap_word, "there is no capability '%s'", o->cap);
	return o->call ? call_parse(o->call, &a, e) : 0;
}

static int why_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct why_opts *o = opts;
	const struct action *act = action_of(o->what);

	/* only here it can be asked */
	callcap_node_read(&o->node);
	(void)nargs;
	(void)args;
	if (check_others(o, e) < 0)
		return -1;
	l->under = l->fields ? NULL : "evidence,cure";
	/* of a hundred calls nobody wants a hundred cures: -o wide has them */
	if (o->calls && !l->fields && l->format == OUT_TABLE)
		l->fields = "subject,for,verdict,kind,reason";
	if (!o->path && (o->what || o->to))
		return err_set(e, ST_USAGE, "--for and --to go with --path");
	if (is_of_end(o)) {
		if (o->pid)
			return err_set(e, ST_USAGE, "--pid goes with --path, --port, --cap ...");
		if (!l->fields && l->format != OUT_NAMES)
			l->fields = l->format == OUT_WIDE ?
				"kind,reason,evidence,source,cure,kubernetes,docker" :
				"kind,reason,evidence,cure";
		return 0;
	}
	if (!o->path)
		return 0;
	if (!act)
		return err_no_word(e, o->what, action_word, "--for %s: read, write, create, exec "
				   "... ('nsdebug help why' has all)", o->what);
	if (!*o->path || strlen(o->path) >= ACCESS_PATH ||
	    (o->to && (!*o->to || strlen(o->to) >= ACCESS_PATH)))
		return err_set(e, ST_USAGE, "a path has 1 to %d bytes", ACCESS_PATH - 1);
	if (action_of_two(act) != (o->to != NULL))
		return err_set(e, ST_USAGE, o->to ? "--to goes with --for rename or link" :
			       "--for %s needs --to PATH", act->word);
	return 0;
}

static const struct example why_example[] = {
	{ "nsdebug why --path / nsd-demo", "may it read its root directory" },
	{ "nsdebug why nsd-demo", "why did it end, or why does it not start" },
	{ "nsdebug why nsd-demo --path /tmp/x --for create", "may it make a file there" },
	{ "nsdebug why nsd-demo --path /var/log/x --for create", "why not there" },
	{ "nsdebug why nsd-demo --port 8080", "may it listen there" },
	{ "nsdebug why nsd-demo --syscall mount", "do its seccomp filters let it" },
	{ "nsdebug why nsd-demo --path /bin/sh --for exec -o wide",
	  "as whom, by which rights, and the cure as options of docker" },
	{ NULL }
};

const struct tool tool_why = {
	.name = "why",
	.summary = "show why something is refused or has ended, and what to change",
	.about = "Without an option: why the container ended, or does not start; of one "
		"that runs, why it is unhealthy, or its run before ended. Told from what its "
		"runtime wrote down (its health checks, too), the kernel's log, its cgroup, its "
		"last output, and a look at what was to be started in its image, and in the node's "
		"directories that were mounted in it: a missing shell, interpreter, loader or "
		"library, another architecture. The first row is the verdict, and the exit status "
		"is 0 if there is one, 1 if nothing is wrong or nothing has ended, 5 if something "
		"that could tell more could not be looked at.\n\n"
		"Of one that has ended a question is judged as of its first process when it began: "
		"by its configuration and, --path, its image, the node's directories that were "
		"mounted in it, and each tmpfs, empty. What that does not tell (docker's own "
		"seccomp profile, who has a port of the node) is unknown. What is refused to one "
		"that ends too soon 'nsdebug trace denied --next NAME' tells.\n\n"
		"With --path it answers without trying it, as the kernel would answer the "
		"container's first process, or that of -p PID: by the modes, owners and ACLs of "
		"each component of the path, the mounts (which ids one with mapped ids has Linux "
		"6.15 tells), attributes, user namespace and capabilities, and for files of "
		"another process by who may look into it; of devices by the rules of its device "
		"cgroup, which only cgroup v1 tells. What a security module or the server of a "
		"file system says cannot be known; its seccomp filters are asked about the calls "
		"that do it (of --port: that bind it). The exit status is 0 if it is allowed, 1 "
		"if not, 5 if that cannot be told. The cure keeps the container nonroot. "
		CURE_WORDS "\n\n"
		"Seccomp filters are read from the kernel and evaluated: nothing is called and "
		"nobody is stopped. What they let through may still be refused for want of a "
		"capability: of each call that asks for one, always or for some arguments, that is "
		"said; of socket also net.ipv4.ping_group_range is asked. Where it depends on "
		"arguments that are not given, it says on what.",
	.needs = NEED_PROC,
	.opts = why_opt, .opts_size = sizeof(struct why_opts), .defaults = &why_defaults,
	.cols = why_col,
	.examples = why_example,
	.host_mounts = true, .judge = why_judge, .filters = why_filters, .nets = why_nets,
	.needs_of = why_needs,
	.ended = why_ended,
	.setup = why_setup,
	.run = why_run,
};
