/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace caps - which capabilities a container is asked for, in which call, and which it needs.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/life.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/why/creds.h"

struct caps_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed, count, all;
};

static const struct opt caps_opt[] = {
	TRACER_OPTS(struct caps_opts),
	STACKS_OPTS(struct caps_opts),
	OPT(0, "failed", OPT_FLAG, struct caps_opts, failed, NULL, "only those that were refused"),
	OPT('c', "count", OPT_FLAG, struct caps_opts, count, NULL,
	    "only count, in the kernel; at the end what was used and refused, and a manifest's "
	    "lines for what was used"),
	OPT('a', "all", OPT_FLAG, struct caps_opts, all, NULL,
	    "also checks that are no need of the container's, with a note why; -c always counts "
	    "them apart"),
	OPT_END
};

struct caps_row {
	struct coltime time;
	uint64_t pid, tid, host_pid, host_tid, uid, number, userns_id;
	uint64_t asked, borrowed, runtime, used, refused;
	struct bytes comm;
	const char *capability, *result, *userns, *call, *note;
	struct col_list used_by, refused_by, asked_by;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct caps_row, f, fl, h, ##__VA_ARGS__)

static const struct col caps_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when"),
	C(COL_U64, pid, COL_WIDE, "number in the container's pid namespace"),
	C(COL_U64, tid, 0, "the thread's number there"),
	C(COL_U64, host_pid, COL_HIDE, "number on the host", .head = "HOSTPID"),
	C(COL_U64, host_tid, COL_WIDE, "the thread's number on the host", .head = "HOSTTID"),
	C(COL_U64, uid, 0, "effective user id in the container"),
	C(COL_BYTES, comm, COL_CLAIMED, "name that the thread gave itself", .least = 15),
	C(COL_STR, capability, COL_NAME, "what was checked", .least = 20),
	C(COL_STR, result, 0, "granted or refused", .least = 7),
	C(COL_STR, userns, 0, "user namespace that it must be held in: host, own (the thread's, "
	  "which is not the host's), inner (one that it made), outer (between own and host)",
	  .least = 6),
	C(COL_U64, userns_id, COL_HIDE, "the number of that namespace"),
	C(COL_STR, call, 0, "the system call that asked; null: a fault, a 32-bit call, io_uring",
	  .least = 10),
	C(COL_U64, number, COL_HIDE, "its number"),
	C(COL_U64, used, COL_HIDE, "with -c: how often it was granted", .head = "GRANTED"),
	C(COL_U64, refused, COL_HIDE, "with -c: how often it was refused"),
	C(COL_U64, asked, COL_HIDE, "1: the kernel only wanted to know; with -c: how often"),
	C(COL_U64, borrowed, COL_HIDE, "1: other credentials were checked, of who mounted an "
	  "overlay or opened the file; with -c: how often"),
	C(COL_U64, runtime, COL_HIDE, "1: of its runtime, which enters with more rights than a "
	  "program gets; with -c: how often"),
	C(COL_LIST, used_by, COL_HIDE, "with -c: calls in which it was granted",
	  .head = "GRANTED IN"),
	C(COL_LIST, refused_by, COL_HIDE, "with -c: calls in which it was refused",
	  .head = "REFUSED IN"),
	C(COL_LIST, asked_by, COL_HIDE, "with -c: calls in which the kernel only wanted to know",
	  .head = "ASKED IN"),
	C(COL_STR, note, 0, "why it is no need"),
	STACKS_COLS(struct caps_row),
	COL_END
};

struct caps_sum {
	struct col_list used, refused;
	struct bytes kubernetes, docker;
};

#define S(t, f, fl, h, ...) COL(t, struct caps_sum, f, fl, h, ##__VA_ARGS__)

static const struct col caps_sum_col[] = {
	S(COL_LIST, used, COL_HIDE, "granted, to the thread's own credentials, "
	  "and not only asked for"),
	S(COL_LIST, refused, COL_HIDE, "refused to it, at least once"),
	S(COL_BYTES, kubernetes, 0, "securityContext that leaves what was used"),
	S(COL_BYTES, docker, 0, "the same for docker run and podman run", .head = "docker, podman"),
	COL_END
};

struct listing {
	struct run *r;
	const struct caps_opts *o;
	struct life_trace life;
};

static const char *const namespaces[CAP_NS_COUNT] = {
	[CAP_NS_HOST] = "host", [CAP_NS_OWN] = "own", [CAP_NS_INNER] = "inner",
	[CAP_NS_OUTER] = "outer",
};

static const char *capability(unsigned int cap, char room[16])
{
	if (cap_name(cap))
		return cap_name(cap);
	snprintf(room, 16, "%u", cap);
	return room;
}

static void take(void *ctx, const struct life_event *e)
{
	const struct life_cap *c = (const struct life_cap *)e;
	struct listing *l = ctx;
	char cap[16], call[16];
	struct caps_row row;

	if (l->o->failed && c->sort != CAP_REFUSED)
		return;
	row_none(caps_col, &row);
	row.time = tracer_time(&l->life.tracer, e->at);
	row.pid = e->who.ns_pid;
	row.tid = e->who.ns_tid;
	row.host_pid = e->who.pid;
	row.host_tid = e->who.tid;
	row.uid = tracer_uid(l->r->target, &e->who);
	row.comm = tracer_comm(&e->who);
	row.capability = capability(c->cap, cap);
	row.result = e->ret ? "refused" : "granted";
	row.userns = c->ns < CAP_NS_COUNT ? namespaces[c->ns] : NULL;
	row.userns_id = c->ns_inum;
	if (c->call != CAP_NO_CALL) {
		row.call = sysdef_name(c->call, call);
		row.number = c->call;
	}
	row.asked = c->sort == CAP_ASKED;
	row.borrowed = c->sort == CAP_BORROWED;
	row.runtime = c->sort == CAP_RUNTIME;
	row.note = row.asked ? "only asked" : row.borrowed ? "other credentials" :
		row.runtime ? "its runtime" : NULL;
	row.frames = life_frames(&l->life, e, e->who.tid, &row.frames_end);
	tracer_row(&l->life.tracer, &row);
}

/* ---- -c ---- */

struct calls {
	struct buf text[CAP_CALLS];
	struct bytes items[CAP_CALLS];
	uint64_t sum;
	size_t count;
};

struct tally {
	struct calls by[CAP_SORT_COUNT];
	uint64_t used, refused;		/* bit n: capability n */
};

static void add_call(struct calls *k, unsigned int call, uint64_t n)
{
	struct buf *b = &k->text[k->count];
	char room[16];

	k->sum += n;
	buf_clear(b);
	buf_addf(b, "%s:%llu", call == CAP_NO_CALL ? "fault" : sysdef_name(call, room),
		 (unsigned long long)n);
	k->items[k->count++] = (struct bytes){ b->bytes, b->len };
}

/* True if there was any. */
static bool add_up(const struct listing *l, struct tally *t, unsigned int cap, unsigned int ns)
{
	uint64_t all = 0;

	for (unsigned int s = 0; s < CAP_SORT_COUNT; s++) {
		struct calls *k = &t->by[s];

		k->count = k->sum = 0;
		for (unsigned int call = 0; call < CAP_CALLS; call++) {
			const struct cap_count *c = &l->life.capable.counts[call * CAP_MAX + cap];
			uint64_t n = c->n[ns][s];

			if (n)
				add_call(k, call, n);
		}
		all += k->sum;
	}
	return all != 0;
}

static struct col_list list_of(const struct calls *k)
{
	return (struct col_list){ k->items, k->count };
}

static void send_tally(struct listing *l, const struct tally *t, unsigned int cap,
		       unsigned int ns)
{
	struct caps_row row;
	char room[16];

	row_none(caps_col, &row);
	row.capability = capability(cap, room);
	row.userns = namespaces[ns];
	row.used = t->by[CAP_USED].sum;
	row.refused = t->by[CAP_REFUSED].sum;
	row.asked = t->by[CAP_ASKED].sum;
	row.borrowed = t->by[CAP_BORROWED].sum;
	row.runtime = t->by[CAP_RUNTIME].sum;
	row.used_by = list_of(&t->by[CAP_USED]);
	row.refused_by = list_of(&t->by[CAP_REFUSED]);
	row.asked_by = list_of(&t->by[CAP_ASKED]);
	emit_row(l->r->emit, &row);
	tracer_count(&l->life.tracer);
}

/* Names without CAP_, as manifests have them. */
static void put_names(struct buf *b, uint64_t caps, const char *before, const char *after,
		      const char *between)
{
	const char *sep = "";

	for (unsigned int cap = 0; cap < CAP_MAX; cap++) {
		if (!(caps >> cap & 1) || !cap_name(cap))
			continue;
		buf_addf(b, "%s%s%s%s", sep, before, cap_name(cap) + strlen("CAP_"), after);
		sep = between;
	}
}

static struct col_list names_of(uint64_t caps, struct bytes room[CAP_MAX])
{
	size_t n = 0;

	for (unsigned int cap = 0; cap < CAP_MAX; cap++)
		if (caps >> cap & 1 && cap_name(cap))
			room[n++] = (struct bytes){ cap_name(cap), strlen(cap_name(cap)) };
	return (struct col_list){ room, n };
}

static void send_sum(struct listing *l, const struct tally *t)
{
	auto_buf struct buf kubernetes = { 0 }, docker = { 0 };
	struct bytes used[CAP_MAX], refused[CAP_MAX];
	struct caps_sum sum = {
		.used = names_of(t->used, used), .refused = names_of(t->refused, refused),
	};

	if (!t->used && !t->refused) {
		static const char none[] = "# no capability was asked for meanwhile: that is no "
			"proof that it needs none, so nothing is proposed";

		sum.kubernetes = sum.docker = (struct bytes){ none, sizeof(none) - 1 };
		emit_summary(l->r->emit, &sum);
		return;
	}
	buf_str(&kubernetes, "capabilities: {drop: [\"ALL\"]");
	if (t->used) {
		buf_str(&kubernetes, ", add: [");
		put_names(&kubernetes, t->used, "\"", "\"", ", ");
		buf_char(&kubernetes, ']');
	}
	buf_char(&kubernetes, '}');
	buf_str(&docker, t->used ? "--cap-drop all " : "--cap-drop all");
	put_names(&docker, t->used, "--cap-add ", "", " ");
	sum.kubernetes = (struct bytes){ kubernetes.bytes, kubernetes.len };
	sum.docker = (struct bytes){ docker.bytes, docker.len };
	emit_summary(l->r->emit, &sum);
}

/* What a thread may do in a namespace that it has made, no manifest need give it. */
static void send_tallies(struct listing *l)
{
	static struct tally t;

	if (!l->life.capable.counts)
		return;
	for (unsigned int cap = 0; cap < CAP_MAX; cap++)
		for (unsigned int ns = 0; ns < CAP_NS_COUNT; ns++) {
			if (!add_up(l, &t, cap, ns))
				continue;
			send_tally(l, &t, cap, ns);
			if (t.by[CAP_USED].sum && ns != CAP_NS_INNER)
				t.used |= 1ull << cap;
			if (t.by[CAP_REFUSED].sum)
				t.refused |= 1ull << cap;
		}
	tracer_say_none(&l->life.tracer);
	send_sum(l, &t);
}

static void caps_run(struct run *r)
{
	const struct caps_opts *o = r->opts;
	struct listing l = {
		.r = r, .o = o, .life = {
			.fn = take, .ctx = &l, .cap_count = o->count, .cap_all = o->all,
			.capable = { .symbols = r->aids->symbols },
		},
	};

	life_run(&l.life, LIFE_CAP, r->in, o, r->target);
	if (l.life.capable.hook && !l.life.capable.asked)
		emit_note(r->emit, "/proc/kallsyms tells no addresses (who opens it must be root): "
			  "checks by which the kernel only wants to know are shown as others are");
	if (l.life.capable.left_out && *l.life.capable.left_out)
		emit_note(r->emit, "%llu checks are not shown, of programs that were started from "
			  "outside and are no file of the container: a runtime that enters; --all "
			  "shows them", (unsigned long long)*l.life.capable.left_out);
	if (o->count)
		send_tallies(&l);
}

static int caps_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct caps_opts *o = opts;

	if (o->count && o->tracer.max_events)
		return err_set(e, ST_USAGE, "--max-events with -c: what is only counted is not "
			       "read; --for ends it");
	if (o->count && stacks_bytes(&o->stacks))
		return err_set(e, ST_USAGE, "--stack with -c: stacks are not counted");
	if (o->count && o->failed)
		return err_set(e, ST_USAGE, "--failed with -c: what is refused is counted apart");
	if (!o->count) {
		stacks_fields(opts, l, "time,tid,uid,comm,capability,result,userns,call,frames");
		return tracer_layout(opts, nargs, args, l, e);
	}
	l->totals = !l->fields && !l->no_headers;
	if (!l->fields)
		l->fields = "capability,userns,used,refused,asked,used_by,refused_by,asked_by";
	return 0;
}

static const struct example caps_example[] = {
	{ "nsdebug trace caps nsd-demo --for 1s", "each check, and the call that needed it" },
	{ "nsdebug trace caps nsd-demo -c --for 1s", "what it needs, as a manifest has it" },
	{ "nsdebug trace caps nsd-demo --all --for 1s -o jsonl", "also what the kernel only asks" },
	{ "nsdebug trace caps --next nsd-new -c --for 1s", "with what it needs to start" },
	{ NULL }
};

const struct tool tool_trace_caps = {
	.name = "trace caps",
	.summary = "show the capabilities that a container uses or lacks, and in which call",
	.about = "The kernel asks for capabilities more often than it needs them. What it only "
		"wants to know (is the rest of the memory for root? that is asked at every mmap of "
		"root) is not shown and not counted as a need: such checks are made through "
		"functions of their own (CAP_OPT_NOAUDIT), and one of them is found among who "
		"called. Nor are those of other credentials: of whoever mounted an overlay, for "
		"which the kernel acts there, or opened the file; nor those of the runtime, when "
		"it has entered the container and not yet started a program (exec, a probe). "
		"--all shows them.\n\n"
		"What was granted was used: without it the call would have failed, or gone another "
		"way. What was refused may not have been needed, for many calls then do with less: "
		"trace denied shows those that failed. -c tells of the time that it has watched: "
		"what is needed to start, it sees with --next.\n\n"
		"Checks are told by the tracepoint cap_capable (Linux 6.14); on older kernels by "
		"the end of that function, where they allow that.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.symbols = true,
	.opts = caps_opt, .opts_size = sizeof(struct caps_opts),
	.cols = caps_col,
	.summary_cols = caps_sum_col,
	.examples = caps_example,
	.setup = caps_setup,
	.run = caps_run,
};
