/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advise - what a container really uses, as the least that it has to be allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/advise/apparmor.h"
#include "nsdebug/advise/calls.h"
#include "nsdebug/advise/files.h"
#include "nsdebug/advise/image.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/advise/profiles.h"
#include "nsdebug/advise/remarks.h"
#include "nsdebug/advise/summary.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/sockdiag.h"
#include "nsdebug/sys/sockname.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/used.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/creds.h"

struct advise_opts {
	struct tracer_opts tracer;
	const char *write;
	bool force, exact;
	bool brief;		/* for people: not every call and file has a row */
};

static const struct opt advise_opt[] = {
	OPT(0, "for", OPT_DURATION, struct advise_opts, tracer.for_ns, "TIME",
	    "watch for this long; 0 or without it: until Ctrl-C, with exit status 130"),
	OPT(0, "next", OPT_STR, struct advise_opts, tracer.next, "NAME",
	    "instead of TARGET: the next container that gets this name or id, from its first "
	    "program on: what it needs to start is then among what is seen"),
	OPT('w', "write", OPT_STR, struct advise_opts, write, "DIR",
	    "write the profiles into this directory on the host: seccomp.json, apparmor, "
	    "securitycontext.yaml, docker, files.txt, unused.txt, report.txt"),
	OPT('f', "force", OPT_FLAG, struct advise_opts, force, NULL,
	    "with --write: replace files that are there"),
	OPT(0, "exact", OPT_FLAG, struct advise_opts, exact, NULL,
	    "a rule in the AppArmor profile for each file that is noted; else there are some 2000 "
	    "at most, for more load slowly, and 16000 not at all: directories with the most files "
	    "get one for all of them, with a comment"),
	OPT(0, "btf", OPT_STR, struct advise_opts, tracer.btf, "FILE",
	    "types of this kernel, if it does not tell them itself in /sys/kernel/btf"),
	OPT_END
};

struct advise_row {
	const char *kind;
	struct bytes name, why, mount;
	const char *on, *access;
	uint64_t number, size, files, hidden, uid, gid, port, needed;
};

#define C(t, f, fl, h, ...) COL(t, struct advise_row, f, fl, h, ##__VA_ARGS__)

static const struct col advise_col[] = {
	C(COL_STR, kind, COL_GROUP, "of what this is: user, capability, port, network, signal, "
	  "writable, file, unused, syscall; in a table also the words for Kubernetes and docker"),
	C(COL_BYTES, name, COL_NAME | COL_CLAIMED, "what is used"),
	C(COL_BYTES, why, 0, "by what, or why it is here"),
	C(COL_STR, on, COL_HIDE, "of a directory that is written to, what it is on: image (the "
	  "container's own layer), tmpfs, volume"),
	C(COL_BYTES, mount, COL_HIDE | COL_CLAIMED, "where that is mounted"),
	C(COL_STR, access, COL_HIDE, "what was done to a file, as AppArmor has it: m (mapped to "
	  "run code), r, w (also made, removed), k (locked), l (linked), ix (run); empty: only "
	  "looked at"),
	C(COL_U64, files, COL_HIDE, "how many files were written, made, renamed or removed in it; "
	  "of what is not used, how many it is"),
	C(COL_SIZE, size, COL_HIDE, "bytes of what is not used"),
	C(COL_U64, hidden, COL_HIDE, "files of the image that are in use below it"),
	C(COL_U64, number, COL_HIDE, "the number of a call, a signal, a capability"),
	C(COL_U64, uid, COL_HIDE, "effective user id in the container"),
	C(COL_U64, gid, COL_HIDE, "effective group id in the container"),
	C(COL_U64, port, COL_HIDE, "the number of a port"),
	C(COL_BOOL, needed, COL_HIDE, "it is in the profile; false: it is refused today, or held "
	  "and was not used"),
	COL_END
};

struct report {
	struct run *r;
	const struct advise_opts *o;
	struct used used;
	struct advice advice;
	struct calls calls;
	struct files_unused unused;
	struct image image;
	struct profiles profiles;
	struct buf name_text, why_text;
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
	struct buf *b = &p->profiles.texts[PROFILE_REPORT];

	emit_row(p->r->emit, row);
	if (!p->o->write)
		return;
	buf_addf(b, "%s: ", row->kind);
	esc_text(b, row->name.p, row->name.len, ESC_NAME);
	buf_str(b, row->why.len ? ": " : "");
	esc_text(b, row->why.p, row->why.len, ESC_NAME);
	buf_char(b, '\n');
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

static void put_ports(struct report *p)
{
	for (size_t i = 0; i < p->used.nports; i++) {
		const struct used_port *port = &p->used.ports[i];
		struct advise_row row = row_of("port");
		struct sock_end end;
		char room[16];

		if (!needs_is_server(port))
			continue;
		snprintf(room, sizeof(room), "%u/%s", port->port, port->protocol == 6 ? "tcp" :
			 port->protocol == 17 ? "udp" : "other");
		buf_clear(&p->why_text);
		end.port = port->port;
		memcpy(end.addr, port->addr, sizeof(end.addr));
		sock_put_end(&p->why_text, (uint8_t)port->family, &end);
		if (port->before)
			buf_str(&p->why_text, ", since before");
		if (port->chosen)
			buf_str(&p->why_text, ", a number that the kernel chose");
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
		buf_addf(&p->why_text, "%s%s, %u file%s%s", w->on == PLACE_IMAGE ?
			 "on the container's own layer" : w->on == PLACE_MEMORY ? "on a tmpfs" :
			 "on a volume", w->mount.len == w->path.len || w->on == PLACE_IMAGE ? "" :
			 " that is mounted above", w->files, w->files == 1 ? "" : "s",
			 w->more ? " and more" : "");
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

/* For people it is enough how many there are. */
static void put_files(struct report *p)
{
	const struct used *u = &p->used;

	for (size_t i = 0; i < u->count && !p->o->brief; i++) {
		struct advise_row row = row_of("file");

		buf_clear(&p->why_text);
		apparmor_rights(&p->why_text, u->paths[i]->access);
		buf_char(&p->why_text, '\0');
		row.name = u->paths[i]->path;
		row.access = p->why_text.bytes;
		if (!u->paths[i]->here)
			row.why = word("in a mount namespace that it has made");
		row.on = files_of_image(u->paths[i]) ? "image" : NULL;
		if (u->paths[i]->mount)
			row.mount = (struct bytes){ row.name.p, u->paths[i]->mount };
		put(p, &row);
	}
}

#define UNUSED_BRIEF 12

static void put_unused(struct report *p)
{
	const struct files_unused *f = &p->unused;
	size_t most = p->o->brief && f->count > UNUSED_BRIEF ? UNUSED_BRIEF : f->count;

	for (size_t i = 0; i < most; i++) {
		const struct unused *x = &f->items[i];
		struct advise_row row = row_of("unused");

		buf_clear(&p->name_text);
		buf_addf(&p->name_text, "%s%s", x->path, x->whole ? "/" : x->path[1] ? "/*" : "*");
		buf_clear(&p->why_text);
		buf_addf(&p->why_text, "%llu KiB in %llu file%s%s",
			 (unsigned long long)(x->bytes + 1023) / 1024, (unsigned long long)x->files,
			 x->files == 1 ? "" : "s", x->whole ? "" : ", others there are used");
		row.name = bytes_of(&p->name_text);
		row.why = bytes_of(&p->why_text);
		row.files = x->files;
		row.size = x->bytes;
		row.needed = 0;
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

	for (enum call_why why = CALL_SEEN; p->o->brief && why < CALL_WHYS; why++)
		if (calls_title(why))
			put_calls_brief(p, why, calls_title(why));
	if (p->o->brief)
		return;
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
		size_t n = strcspn(at, "\n");	/* a text ends with a NUL */

		row.name = (struct bytes){ at, n };
		put(p, &row);
		at += n + 1;
	}
}

/* ---- the whole ---- */

/* A text that is too long for a row is only in its file. */
static struct bytes fitting(struct report *p, enum profile_file which, size_t *room)
{
	const struct buf *b = &p->profiles.texts[which];

	if (b->len > *room) {
		emit_cut(p->r->emit, "%s is too long for this (%zu KiB): --write has it as a file",
			 profiles_names[which], b->len >> 10);
		return word("");
	}
	*room -= b->len;
	return bytes_of(b);
}

static void put_sum(struct report *p)
{
	size_t room = ROW_BYTES_MAX - (64u << 10);
	auto_buf struct buf text = { 0 };
	struct summary sum = {
		.complete = p->complete, .syscalls = p->calls.count,
		.widened = p->profiles.remarks.widened,
		.seccomp = fitting(p, PROFILE_SECCOMP, &room),
		.kubernetes = fitting(p, PROFILE_KUBERNETES, &room),
		.docker = fitting(p, PROFILE_DOCKER, &room),
		.apparmor = fitting(p, PROFILE_APPARMOR, &room),
	};

	summary_fill(&sum, &p->advice, &p->unused);
	summary_text(&text, &sum);
	if (p->o->write)
		buf_addf(&text, "; profiles are in %s", p->o->write);
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
	put_files(p);
	put_unused(p);
	if (!p->o->brief)
		return;
	put_lines(p, "Kubernetes", &p->profiles.texts[PROFILE_KUBERNETES]);
	put_lines(p, "docker, podman", &p->profiles.texts[PROFILE_DOCKER]);
}

static void write_profiles(struct report *p)
{
	if (!p->o->write)
		return;
	buf_char(&p->profiles.texts[PROFILE_DOCKER], '\n');
	for (unsigned int i = 0; i < PROFILE_FILES; i++)
		emit_file(p->r->emit, i, p->profiles.texts[i].bytes, p->profiles.texts[i].len);
}

/* What only its files tell. */
static void look(struct report *p)
{
	p->image.peer = &p->r->in->judge;
	p->image.emit = p->r->emit;
	if (p->used.tracer.gone) {
		own_close(p->image.peer);
		return;
	}
	emit_look(p->r->emit);
	files_follow(&p->used, &p->image);
	files_look(&p->unused, &p->used, &p->image);
}

static void report(struct report *p)
{
	struct run *r = p->r;

	look(p);
	needs_of(&p->advice, &p->used, r->target, r->target->next != NULL);
	calls_of(&p->used, p->advice.whole, &p->calls);
	p->profiles.lost = r->emit->status == ST_INCOMPLETE;
	profiles_make(&p->profiles);
	p->complete = remarks_say(r->emit, &p->profiles.remarks);
	put_report(p);
	put_sum(p);
	write_profiles(p);
}

static void advise_run(struct run *r)
{
	const struct advise_opts *o = r->opts;
	auto_free struct report *p = mem_alloc(sizeof(*p));

	p->r = r;
	p->o = o;
	p->profiles = (struct profiles){ .a = &p->advice, .calls = &p->calls,
		.unused = &p->unused, .exact = o->exact };
	p->used.capable.symbols = r->aids->symbols;
	if (used_run(&p->used, r->in, &o->tracer, r->target)) {
		if (r->target->next && !*p->used.tracer.begun)
			tracer_say_none(&p->used.tracer);
		else
			report(p);
	}
	buf_free(&p->name_text);
	buf_free(&p->why_text);
	profiles_free(&p->profiles);
	files_free(&p->unused);
	used_free(&p->used);
}

static bool advise_files(const void *opts, struct tool_files *ret)
{
	const struct advise_opts *o = opts;

	*ret = (struct tool_files){ .dir = o->write, .names = profiles_names,
		.count = ARRAY_SIZE(profiles_names), .force = o->force };
	return o->write;
}

static int advise_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct advise_opts *o = opts;

	if (o->force && !o->write)
		return err_set(e, ST_USAGE, "--force is about files that --write DIR replaces");
	o->brief = l->format == OUT_TABLE && !l->fields;
	l->titles = l->no_headers = o->brief;
	if (!l->fields)
		l->fields = o->brief ? "name,why" : "kind,name,why";
	return 0;
}

static const struct example advise_example[] = {
	{ "nsdebug advise nsd-demo --for 1s", "what it uses, and what it has to be allowed" },
	{ "nsdebug advise nsd-demo --for 1s -o json", "with the seccomp profile, in the summary" },
	{ "nsdebug advise nsd-demo --for 1s --write /tmp/nsd-demo.profiles -f",
	  "the profiles as files" },
	{ "nsdebug advise --next nsd-new --for 1s", "a container that is started meanwhile, with "
	  "what it needs to start" },
	{ NULL }
};

const struct tool tool_advise = {
	.name = "advise",
	.summary = "write the least-privilege profile of what a container really uses",
	.about = "Watches a container and tells what it used: system calls, capabilities, users, "
		"ports, files, where it writes; and writes from that a seccomp profile, an "
		"AppArmor profile, a Kubernetes securityContext, options of docker run and a list "
		"of the files of its image that it needs. What is there already counts: open and "
		"mapped files, sockets, calls that wait.\n\n"
		"What was not done meanwhile is not in it: let it do all its work, its start "
		"(--next), its end and its errors, too. What is missing is said: then the exit "
		"status is 5, also without the start, or if it fails meanwhile. Ctrl-C ends it. "
		"What is started in it from outside (exec, probes) counts; so does what an "
		"intruder does: read a profile.\n\n"
		"The profile has what was seen; what a runtime does behind the filter; and of a "
		"start or end that was not seen what is common. Arguments of calls are not in it, "
		"but namespaces are only made by whom was seen to make some. Capabilities are "
		"told by the tracepoint cap_capable (Linux 6.14), before by that function's end.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.symbols = true,
	.opts = advise_opt, .opts_size = sizeof(struct advise_opts),
	.cols = advise_col,
	.summary_cols = summary_cols,
	.examples = advise_example,
	.look = image_serve,
	.files = advise_files,
	.setup = advise_setup,
	.run = advise_run,
};
