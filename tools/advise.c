/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advise - what a container really uses, as the least that it has to be allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/advise/calls.h"
#include "nsdebug/advise/context.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/used.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/creds.h"

struct advise_opts {
	struct tracer_opts tracer;
	bool brief;		/* for people: not every call and file has a row */
};

static const struct opt advise_opt[] = {
	OPT(0, "for", OPT_DURATION, struct advise_opts, tracer.for_ns, "TIME",
	    "watch for this long; 0 or without it: until Ctrl-C, with exit status 130"),
	OPT(0, "next", OPT_STR, struct advise_opts, tracer.next, "NAME",
	    "instead of TARGET: the next container that gets this name or id, from its first "
	    "program on: what it needs to start is then among what is seen"),
	OPT(0, "btf", OPT_STR, struct advise_opts, tracer.btf, "FILE",
	    "types of this kernel, if it does not tell them itself in /sys/kernel/btf"),
	OPT_END
};

struct advise_row {
	const char *kind;
	struct bytes name, why, mount;
	const char *on;
	uint64_t number, files, hidden, uid, gid, port, needed;
};

#define C(t, f, fl, h, ...) COL(t, struct advise_row, f, fl, h, ##__VA_ARGS__)

static const struct col advise_col[] = {
	C(COL_STR, kind, COL_GROUP, "of what this is: user, capability, port, network, signal, "
	  "writable, syscall, file; in a table also the words for Kubernetes and docker"),
	C(COL_BYTES, name, COL_NAME | COL_CLAIMED, "what is used"),
	C(COL_BYTES, why, 0, "by what, or why it is here"),
	C(COL_STR, on, COL_HIDE, "of a directory that is written to, what it is on: image (the "
	  "container's own layer), tmpfs, volume"),
	C(COL_BYTES, mount, COL_HIDE | COL_CLAIMED, "where that is mounted"),
	C(COL_U64, files, COL_HIDE, "how many files were written, made, renamed or removed in it"),
	C(COL_U64, hidden, COL_HIDE, "files of the image that are in use below it"),
	C(COL_U64, number, COL_HIDE, "the number of a call, a signal, a capability"),
	C(COL_U64, uid, COL_HIDE, "effective user id in the container"),
	C(COL_U64, gid, COL_HIDE, "effective group id in the container"),
	C(COL_U64, port, COL_HIDE, "the number of a port"),
	C(COL_BOOL, needed, COL_HIDE, "it is in the profile; false: it is refused today, or held "
	  "and was not used"),
	COL_END
};

struct advise_sum {
	uint64_t complete, from_start, syscalls, files, uid, gid;
	int64_t watched_s;
	struct col_list capabilities;
	struct bytes seccomp, kubernetes, docker, text;
};

#define S(t, f, fl, h, ...) COL(t, struct advise_sum, f, fl, h, ##__VA_ARGS__)

static const struct col advise_sum_col[] = {
	S(COL_BOOL, from_start, COL_HIDE, "it was watched from its first program on (--next)"),
	S(COL_BOOL, complete, COL_HIDE, "nothing that it did meanwhile was missed"),
	S(COL_DUR, watched_s, COL_HIDE, "how long it was watched"),
	S(COL_U64, syscalls, COL_HIDE, "in the seccomp profile"),
	S(COL_U64, files, COL_HIDE, "that were opened, mapped or run"),
	S(COL_U64, uid, COL_HIDE, "of its first process"),
	S(COL_U64, gid, COL_HIDE, "of its first process"),
	S(COL_LIST, capabilities, COL_HIDE, "that it needs"),
	S(COL_BYTES, seccomp, COL_HIDE, "the seccomp profile, as docker, podman, containerd and "
	  "runc read it"),
	S(COL_BYTES, kubernetes, COL_HIDE, "YAML of a pod: its securityContext, and volumes"),
	S(COL_BYTES, docker, COL_HIDE, "options of docker run and podman run"),
	S(COL_BYTES, text, COL_NOJSON, "all of it on one line"),
	COL_END
};

struct report {
	struct run *r;
	const struct advise_opts *o;
	struct used used;
	struct advice advice;
	struct calls calls;
	char name[CONTEXT_NAME];
	struct buf name_text, why_text, seccomp, kubernetes, docker;
	bool complete;
};

/* ---- rows ---- */

static struct advise_row row_of(const char *kind)
{
	struct advise_row row;

	row_none(advise_col, &row);
	row.kind = kind;
	row.why = (struct bytes){ "", 0 };
	row.needed = 1;
	return row;
}

static struct bytes bytes_of(const struct buf *b)
{
	return (struct bytes){ b->bytes, b->len };
}

static struct bytes word(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static void put(struct report *p, const struct advise_row *row)
{
	emit_row(p->r->emit, row);
}

static void put_users(struct report *p)
{
	const struct advice *a = &p->advice;

	for (size_t i = 0; i < a->nusers; i++) {
		const struct needs_user *n = &a->users[i];
		struct advise_row row = row_of("user");

		buf_clear(&p->name_text);
		if (n->uid == NEEDS_UNKNOWN)
			buf_str(&p->name_text, "(none in its user namespace)");
		else
			buf_addf(&p->name_text, "%llu:%llu", (unsigned long long)n->uid,
				 (unsigned long long)n->gid);
		row.name = bytes_of(&p->name_text);
		row.uid = n->uid;
		row.gid = n->gid;
		row.why = word(n->first ? "its first process" : "another process, or the same "
			       "later");
		put(p, &row);
	}
}

static void put_caps(struct report *p)
{
	const struct advice *a = &p->advice;

	for (unsigned int cap = 0; cap < CAP_MAX; cap++) {
		struct advise_row row = row_of("capability");

		if (!cap_name(cap) || !((a->caps | a->held) >> cap & 1))
			continue;
		buf_clear(&p->why_text);
		row.name = word(cap_name(cap));
		row.number = cap;
		row.needed = a->caps >> cap & 1;
		if (row.needed)
			needs_cap_why(&p->why_text, a, cap);
		else
			buf_str(&p->why_text, "held, and not used: left out");
		row.why = bytes_of(&p->why_text);
		put(p, &row);
	}
}

static void put_address(struct buf *b, const struct used_port *port)
{
	static const uint8_t any[16];
	size_t n = port->family == 2 ? 4 : 16;
	const uint8_t *x = port->addr;

	if (!memcmp(x, any, n))
		buf_str(b, "all addresses");
	else if (n == 4)
		buf_addf(b, "%u.%u.%u.%u", x[0], x[1], x[2], x[3]);
	else
		for (size_t i = 0; i < n; i += 2)
			buf_addf(b, "%s%x", i ? ":" : "", x[i] << 8 | x[i + 1]);
}

static void put_ports(struct report *p)
{
	for (size_t i = 0; i < p->used.nports; i++) {
		const struct used_port *port = &p->used.ports[i];
		struct advise_row row = row_of("port");
		char room[16];

		if (!needs_is_server(port))
			continue;
		snprintf(room, sizeof(room), "%u/%s", port->port, port->protocol == 6 ? "tcp" :
			 port->protocol == 17 ? "udp" : "other");
		buf_clear(&p->why_text);
		put_address(&p->why_text, port);
		if (port->before)
			buf_str(&p->why_text, ", since before");
		row.name = word(room);
		row.port = port->port;
		row.why = bytes_of(&p->why_text);
		put(p, &row);
	}
}

static void put_signals(struct report *p)
{
	char room[16];

	for (unsigned int sig = 1; sig < 64; sig++) {
		struct advise_row row = row_of("signal");

		if (!(*p->used.signals >> sig & 1))
			continue;
		row.name = word(word_signal(sig, room));
		row.number = sig;
		row.why = word("sent by its processes");
		put(p, &row);
	}
}

static void put_places(struct report *p)
{
	for (size_t i = 0; i < p->advice.nplaces; i++) {
		const struct place_written *w = &p->advice.places[i];
		struct advise_row row = row_of("writable");

		buf_clear(&p->why_text);
		buf_addf(&p->why_text, "%s%s, %u file%s", w->on == PLACE_IMAGE ?
			 "on the container's own layer" : w->on == PLACE_MEMORY ? "on a tmpfs" :
			 "on a volume", w->mount.len == w->path.len || w->on == PLACE_IMAGE ? "" :
			 " that is mounted above", w->files, w->files == 1 ? "" : "s");
		if (w->hidden)
			buf_addf(&p->why_text, "; %u of the image's are in use below it",
				 w->hidden);
		row.name = w->path;
		row.why = bytes_of(&p->why_text);
		row.on = needs_place(w->on);
		row.mount = w->mount;
		row.files = w->files;
		row.hidden = w->hidden;
		put(p, &row);
	}
}

/* Each has a row; or, for people, those with the same reason stand together, so many on a line. */
static void put_calls_brief(struct report *p, enum call_why why, const char *title)
{
	struct advise_row row = row_of(title);
	char room[16];

	buf_clear(&p->name_text);
	for (unsigned int nr = 0; nr < USED_CALLS; nr++) {
		if (p->calls.why[nr] != why)
			continue;
		buf_addf(&p->name_text, "%s%s", p->name_text.len ? " " : "", sysdef_name(nr, room));
		if (p->name_text.len < 72)
			continue;
		row.name = bytes_of(&p->name_text);
		put(p, &row);
		buf_clear(&p->name_text);
	}
	row.name = bytes_of(&p->name_text);
	if (row.name.len)
		put(p, &row);
}

static void put_calls(struct report *p)
{
	char room[16];

	if (p->o->brief) {
		put_calls_brief(p, CALL_SEEN, "system calls that were seen");
		put_calls_brief(p, CALL_RUNTIME, "system calls of the runtime");
		put_calls_brief(p, CALL_START, "system calls of the start, which was not seen");
		put_calls_brief(p, CALL_REFUSED, "system calls that are refused today, and still");
		return;
	}
	for (unsigned int nr = 0; nr < USED_CALLS; nr++) {
		struct advise_row row = row_of("syscall");

		if (p->calls.why[nr] == CALL_NOT)
			continue;
		row.name = word(sysdef_name(nr, room));
		row.number = nr;
		row.why = word(calls_why((enum call_why)p->calls.why[nr]));
		row.needed = calls_allow(&p->calls, nr);
		put(p, &row);
	}
}

/* Lines of a text, each a row. */
static void put_lines(struct report *p, const char *title, const struct buf *text)
{
	const char *at = text->bytes, *end = at + text->len;

	while (at < end) {
		struct advise_row row = row_of(title);
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		row.name = (struct bytes){ at, (size_t)((nl ? nl : end) - at) };
		put(p, &row);
		at = nl ? nl + 1 : end;
	}
}

/* ---- what is said ---- */

static void say_start(struct report *p)
{
	struct emit *emit = p->r->emit;

	if (p->advice.whole)
		return;
	emit_note(emit, "it ran before it was watched: what it needed to start is known only from "
		  "what is open, mapped and listening still; to see it, watch a start: nsdebug "
		  "advise --next NAME");
	if (!p->used.mappings)
		emit_note(emit, "what was mapped before is not known: that takes Linux 5.12");
}

static void cut(struct report *p, const char *what)
{
	p->complete = false;
	emit_cut(p->r->emit, "%s", what);
}

static void say_unseen(struct report *p)
{
	const struct used *u = &p->used;
	struct emit *emit = p->r->emit;

	p->complete = emit->status != ST_INCOMPLETE;
	if (*u->compat)
		cut(p, "it makes 32-bit system calls: they have other numbers, and the profile "
		    "allows none of them");
	if (*u->strange)
		cut(p, "it makes system calls by numbers that x86-64 does not have: they are in no "
		    "profile");
	if (*u->uring)
		cut(p, "it uses io_uring: what it asks for that way, files and addresses, is not "
		    "seen");
	if (u->cut || *u->too_long)
		cut(p, "it uses more files than are noted, or some by longer paths: some are not "
		    "told");
	if (u->creds_cut || u->ports_cut || p->advice.places_cut)
		cut(p, "it has more users, ports or places to write to than are noted");
	if (!p->advice.caps_known)
		cut(p, "this kernel does not tell which capabilities are used (Linux 6.14, or "
		    "programs at the end of functions): those that are held are taken");
	else if (!u->capable.asked)
		emit_note(emit, "/proc/kallsyms tells no addresses (who opens it must be root): "
			  "capabilities that the kernel only asks about may be among those that "
			  "are needed");
	if (*u->left_out)
		emit_note(emit, "what a runtime did when it entered was left out");
}

static uint64_t count_files(const struct used *u)
{
	uint64_t n = 0;

	for (size_t i = 0; i < u->count; i++)
		n += u->paths[i]->mode && !u->paths[i]->named;
	return n;
}

static void put_sum(struct report *p)
{
	const struct advice *a = &p->advice;
	struct bytes caps[CAP_MAX];
	size_t ncaps = 0;
	auto_buf struct buf text = { 0 };
	struct advise_sum sum = {
		.from_start = a->whole, .complete = p->complete, .syscalls = p->calls.count,
		.files = count_files(&p->used), .uid = a->uid, .gid = a->gid,
		.seccomp = bytes_of(&p->seccomp), .kubernetes = bytes_of(&p->kubernetes),
		.docker = bytes_of(&p->docker),
		.watched_s = (int64_t)(clock_ns() - p->used.tracer.started_ns),
	};

	for (unsigned int cap = 0; cap < CAP_MAX; cap++)
		if (a->caps >> cap & 1 && cap_name(cap))
			caps[ncaps++] = word(cap_name(cap));
	sum.capabilities = (struct col_list){ caps, ncaps };
	buf_addf(&text, "%u system calls, %zu capabilit%s, %llu files in %.3g s%s",
		 p->calls.count, ncaps, ncaps == 1 ? "y" : "ies", (unsigned long long)sum.files,
		 (double)sum.watched_s / 1e9, p->complete ? "" : "; not all was seen");
	sum.text = bytes_of(&text);
	emit_summary(p->r->emit, &sum);
}

static void put_report(struct report *p)
{
	put_users(p);
	put_caps(p);
	put_ports(p);
	put_places(p);
	if (!p->o->brief)
		put_signals(p);
	put_calls(p);
	if (!p->o->brief)
		return;
	put_lines(p, "Kubernetes", &p->kubernetes);
	put_lines(p, "docker, podman", &p->docker);
}

static void advise_run(struct run *r)
{
	const struct advise_opts *o = r->opts;
	auto_free struct report *p = mem_alloc(sizeof(*p));

	p->r = r;
	p->o = o;
	p->used.capable.symbols = r->aids->symbols;
	if (used_run(&p->used, r->in, &o->tracer, r->target)) {
		needs_of(&p->advice, &p->used, r->target, r->target->next != NULL);
		calls_of(&p->used, p->advice.whole, &p->calls);
		context_name(r->target->name, p->name);
		calls_profile(&p->seccomp, &p->calls, p->advice.whole);
		context_kubernetes(&p->kubernetes, &p->advice, p->name, 0);
		context_docker(&p->docker, &p->advice, p->name, 0);
		say_unseen(p);
		say_start(p);
		if (p->advice.whole && !*p->used.tracer.begun) {
			tracer_say_none(&p->used.tracer);
		} else {
			put_report(p);
			put_sum(p);
		}
	}
	buf_free(&p->name_text);
	buf_free(&p->why_text);
	buf_free(&p->seccomp);
	buf_free(&p->kubernetes);
	buf_free(&p->docker);
	used_free(&p->used);
}

static int advise_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct advise_opts *o = opts;

	o->brief = l->format == OUT_TABLE && !l->fields;
	l->titles = l->no_headers = o->brief;
	if (!l->fields)
		l->fields = o->brief ? "name,why" : "kind,name,why";
	return 0;
}

static const struct example advise_example[] = {
	{ "nsdebug advise nsd-demo --for 1s", "what it uses, and what it has to be allowed" },
	{ "nsdebug advise nsd-demo --for 1s -o json", "with the seccomp profile, in the summary" },
	{ "nsdebug advise --next nsd-new --for 1s", "a container that is started meanwhile, with "
	  "what it needs to start" },
	{ NULL }
};

const struct tool tool_advise = {
	.name = "advise",
	.summary = "write the least-privilege profile of what a container really uses",
	.about = "Watches a container and tells what it used: system calls, capabilities, users, "
		"ports, where it writes; and writes from that a seccomp profile, a Kubernetes "
		"securityContext and options of docker run. What is there already counts: open and "
		"mapped files, sockets, calls that wait.\n\n"
		"What was not done meanwhile is not in it: let it do all its work, its start "
		"(--next), its end and its errors, too. Nothing is lost unsaid: then the exit "
		"status is 5. Ctrl-C ends it, and tells what was seen until then.\n\n"
		"The profile has what was seen; what a runtime does behind the filter; and if the "
		"start was not seen, what C libraries do there. Arguments of calls are not in it. "
		"Capabilities are told by the tracepoint cap_capable (Linux 6.14), on older "
		"kernels by the end of that function.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.symbols = true,
	.opts = advise_opt, .opts_size = sizeof(struct advise_opts),
	.cols = advise_col,
	.summary_cols = advise_sum_col,
	.examples = advise_example,
	.setup = advise_setup,
	.run = advise_run,
};
