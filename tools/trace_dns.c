/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace dns - what a container asks the DNS, what it is told, how long that takes, and what it asks
 * in vain.
 *
 * A row is a query with its answer, or without one. That a name does not exist is shown a moment
 * later than it is known: if the same process then asks for it with another suffix, it was a step
 * through its search list. One question may go to several servers; who answered is who sent the
 * answer, and an answer from elsewhere is none.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/dnsasked.h"
#include "nsdebug/trace/dnsmsg.h"
#include "nsdebug/trace/dnssearch.h"
#include "nsdebug/trace/dnsstream.h"
#include "nsdebug/trace/net.h"
#include "nsdebug/trace/words.h"

#define WAIT_NS (5 * NS_PER_S)		/* resolv.conf(5): timeout */
#define HOLD_NS (NS_PER_S / 5)		/* for the next step through a search list */
#define SEARCH_NS (30 * NS_PER_S)	/* a whole search takes at most */
#define QUERIES_MAX 4096		/* open and held */
#define STEPS_MAX 32
#define DNS_PORT 53
#define NXDOMAIN 3

struct dns_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
	uint64_t wait, port;
};

static const struct opt dns_opt[] = {
	TRACER_OPTS(struct dns_opts),
	STACKS_OPTS(struct dns_opts),
	OPT(0, "failed", OPT_FLAG, struct dns_opts, failed, NULL,
	    "only those without an answer, or with another one than NOERROR"),
	OPT(0, "wait", OPT_DURATION, struct dns_opts, wait, "TIME",
	    "a query without an answer for so long has none (5s)"),
	OPT(0, "port", OPT_U64, struct dns_opts, port, "N", "the servers' port (53)"),
	OPT_END
};

struct dns_row {
	struct net_row base;
	struct bytes name;
	const char *type, *rcode, *error, *protocol, *note;
	uint64_t id, tries, servers, search, searched;
	int64_t took_s;
	struct col_list answers;
	char type_room[16], rcode_room[16], text[96];
};

#define C(t, f, fl, h, ...) COL(t, struct dns_row, f, fl, h, ##__VA_ARGS__)

static const struct col dns_col[] = {
	COL_BASE(COL_TIME, struct dns_row, time, COL_CLOCK, "when it was asked"),
	NET_WHO_COLS(struct dns_row),
	C(COL_STR, type, 0, "what was asked for: A, AAAA, SRV ...", .least = 5),
	C(COL_STR, rcode, 0, "answer: NOERROR, NXDOMAIN, SERVFAIL ...; null: none",
	  .least = 8),
	C(COL_STR, error, 0, "why there is no answer: timeout; no answer: nobody waited so long; "
	  "or an errno's name", .least = 7),
	C(COL_DUR, took_s, 0, "from the first question to the answer", .head = "TOOK",
	  .least = 7),
	COL_BASE(COL_BYTES, struct dns_row, remote, 0, "the server that was asked",
		 .head = "SERVER", .least = 13),
	COL_BASE(COL_BYTES, struct dns_row, remote_addr, COL_HIDE, "its address"),
	COL_BASE(COL_U64, struct dns_row, remote_port, COL_HIDE, "its port"),
	COL_BASE(COL_BYTES, struct dns_row, local, COL_HIDE, "from where"),
	C(COL_STR, protocol, COL_WIDE, "udp or tcp", .head = "PROTO"),
	C(COL_U64, id, COL_HIDE, "number of the query"),
	C(COL_U64, tries, COL_HIDE, "how often it was asked of this server from this socket"),
	C(COL_U64, servers, COL_HIDE, "how many servers the same question went to from this "
	  "socket; of some, not known which, if there is no server"),
	C(COL_BOOL, search, COL_HIDE, "the name does not exist, and was a step through a search "
	  "list; null: perhaps"),
	C(COL_U64, searched, COL_HIDE, "such steps before this answer"),
	C(COL_STR, note, 0, "what is remarkable: search list: there is no such name, and the next "
	  "one of the list was tried", .least = 15),
	C(COL_BYTES, name, COL_NAME | COL_CLAIMED, "what was asked for", .least = 24),
	C(COL_LIST, answers, COL_CLAIMED,
	  "what was answered: addresses; CNAME and others with their type"),
	STACKS_BASE_COLS(struct dns_row),
	COL_END
};

struct step {
	uint64_t at;
	uint32_t pid;
	uint16_t type;
	char name[DNS_NAME_MAX];
};

struct listing {
	struct run *r;
	const struct dns_opts *o;
	struct net_trace net;
	struct dns_streams streams;
	struct dns_search search;
	bool sought;			/* it is parsed */
	struct dns_queries q;
	const struct net_event *now;	/* that is being taken */
	struct step steps[STEPS_MAX];
	size_t nsteps;
	uint64_t strange;		/* messages that are none */
	struct dnsmsg m;
};

/* ---- rows ---- */

static void show(struct listing *l, const struct dns_query *q, struct dns_row *row, bool good)
{
	row->name = (struct bytes){ q->name, strlen(q->name) };
	row->type = q->name[0] ? dns_type(q->type, row->type_room) : NULL;
	row->protocol = q->e.protocol == 6 ? "tcp" : "udp";
	if (q->name[0])
		row->id = q->id;
	else
		row->name = (struct bytes){ 0 };
	row->tries = q->tries ? q->tries : NONE_U64;
	row->servers = q->servers ? q->servers : NONE_U64;
	if (q->ended)
		row->took_s = (int64_t)(q->ended - q->e.at);
	net_frames(&l->net, &q->e, &row->base);
	if (l->net.tracer.enough || (l->o->failed && good))
		return;
	tracer_row(&l->net.tracer, row);
}

static void begin_row(struct listing *l, const struct dns_query *q, struct dns_row *row)
{
	row_none(dns_col, row);
	net_fill(&l->net, l->r->target, &q->e, &row->base);
	row->search = 0;
}

static void show_unanswered(struct listing *l, const struct dns_query *q, const char *error,
			    const char *note)
{
	struct dns_row row;

	begin_row(l, q, &row);
	row.error = error;
	row.note = note;
	if (!note && q->tries > 1) {
		snprintf(row.text, sizeof(row.text), "asked %u times", q->tries);
		row.note = row.text;
	}
	show(l, q, &row, false);
}

__attribute__((format(printf, 2, 3)))
static void add_note(struct dns_row *row, const char *format, ...)
{
	size_t len = strlen(row->text);
	va_list args;

	if (len)
		len += (size_t)snprintf(row->text + len, sizeof(row->text) - len, "; ");
	if (len >= sizeof(row->text))
		return;
	va_start(args, format);
	vsnprintf(row->text + len, sizeof(row->text) - len, format, args);
	va_end(args);
	row->note = row->text;
}

/* How it came to this answer. */
static void note_way(struct dns_row *row, const struct dns_query *q)
{
	row->text[0] = '\0';
	if (row->searched && row->searched != NONE_U64)
		add_note(row, "after %llu in vain", (unsigned long long)row->searched);
	if (q->servers > 1)
		add_note(row, "one of %u servers asked", q->servers);
}

/* That there is no such name. */
static void show_held(struct listing *l, const struct dns_query *q, enum dns_step step,
		      unsigned int searched)
{
	struct dns_row row;

	begin_row(l, q, &row);
	row.rcode = "NXDOMAIN";
	row.answers = (struct col_list){ NULL, 0 };
	row.search = step == DNS_STEP_PERHAPS ? NONE_U64 : step == DNS_STEP;
	row.searched = searched;
	note_way(&row, q);
	if (step)
		row.note = step == DNS_STEP ? "search list" : "search list, perhaps";
	show(l, q, &row, false);
}

/* ---- search lists ---- */

static void note_step(struct listing *l, const struct dns_query *q)
{
	struct step *s = &l->steps[l->nsteps++ % STEPS_MAX];

	s->at = q->e.at;
	s->pid = q->e.who.pid;
	s->type = q->type;
	snprintf(s->name, sizeof(s->name), "%s", q->name);
}

/* Steps that led to this name. */
static unsigned int take_steps(struct listing *l, const struct dns_query *q)
{
	unsigned int count = 0;

	for (size_t i = 0; i < STEPS_MAX; i++) {
		struct step *s = &l->steps[i];

		if (!s->at || s->pid != q->e.who.pid || s->type != q->type ||
		    s->at + SEARCH_NS < q->e.at || !dns_search_step(&l->search, s->name, q->name))
			continue;
		s->at = 0;
		count++;
	}
	return count;
}

/* The same process asks for a name that one that does not exist can lead to. */
static void look_for_steps(struct listing *l, uint32_t pid, const char *name)
{
	struct dns_query **at = &l->q.held;

	while (*at) {
		struct dns_query *q = *at;
		enum dns_step step = q->e.who.pid != pid ? DNS_STEP_NONE :
			dns_search_step(&l->search, q->name, name);

		if (!step) {
			at = &q->next;
			continue;
		}
		dns_query_unlink(&l->q, at);
		note_step(l, q);
		show_held(l, q, step, 0);
		free(q);
	}
}

static void let_one_go(struct listing *l)
{
	struct dns_query *q = dns_query_unlink(&l->q, &l->q.held);

	show_held(l, q, DNS_STEP_NONE, take_steps(l, q));
	free(q);
}

static void let_go(struct listing *l, uint64_t before)
{
	while (l->q.held && l->q.held->ended < before)
		let_one_go(l);
}

/* ---- messages ---- */

static void make_room(struct listing *l)
{
	struct dns_query *q;

	if (l->q.held) {
		let_one_go(l);
		return;
	}
	q = dns_query_unlink(&l->q, &l->q.open);
	show_unanswered(l, q, NULL, "too many at once");
	free(q);
}

static void take_question(struct listing *l, const struct net_event *e, const struct dnsmsg *m)
{
	uint32_t servers;
	struct dns_query *q = dns_queries_find(&l->q, e, m, &servers);

	look_for_steps(l, e->who.pid, m->name);
	if (e->ret < 0) {
		q = dns_query_new(e, m->name);
		q->type = m->type;
		q->id = m->id;
		show_unanswered(l, q, word_errno(e->ret), "not sent");
		free(q);
		return;
	}
	if (q) {
		q->last = e->at;
		q->tries++;
		return;
	}
	if (l->q.count == QUERIES_MAX)
		make_room(l);
	q = dns_query_new(e, m->name);
	q->type = m->type;
	q->id = m->id;
	dns_query_append(&l->q, &l->q.open, q);
	dns_queries_count(&l->q, e, m, servers + 1);
}

static void note_answer(struct dns_row *row, const struct dns_query *q, const struct dnsmsg *m)
{
	if (m->truncated)
		add_note(row, "truncated");
	else if (m->cut)
		add_note(row, m->count < DNS_ANSWERS_MAX ? "%u of %u readable" : "%u of %u",
			 m->count, m->answers);
	else if (q->tries > 1)
		add_note(row, "asked %u times", q->tries);
	else if (!m->rcode && !m->answers)
		add_note(row, "no such record");
}

static void show_answer(struct listing *l, const struct dns_query *q, const struct dnsmsg *m,
			const char *odd)
{
	struct bytes answers[DNS_ANSWERS_MAX];
	struct dns_row row;

	begin_row(l, q, &row);
	row.rcode = dns_rcode(m->rcode, row.rcode_room);
	for (unsigned int i = 0; i < m->count; i++)
		answers[i] = (struct bytes){ m->text[i], strlen(m->text[i]) };
	row.answers = (struct col_list){ answers, m->count };
	row.searched = odd ? 0 : take_steps(l, q);
	note_way(&row, q);
	if (!row.searched)
		note_answer(&row, q, m);
	if (odd)
		row.note = odd;
	show(l, q, &row, !m->rcode && !odd);
}

/* The question is still open: the program does not believe it, or it should not. */
static void show_stray(struct listing *l, const struct net_event *e, const struct dnsmsg *m)
{
	struct dns_query *q = dns_query_new(e, m->name);

	q->type = m->type;
	q->id = m->id;
	q->tries = q->servers = 0;
	show_answer(l, q, m, "not from whom was asked");
	free(q);
}

static void take_answer(struct listing *l, const struct net_event *e, const struct dnsmsg *m)
{
	bool asked;
	struct dns_query *q = dns_queries_take(&l->q, e, m, &asked);

	if (!q && asked)
		show_stray(l, e, m);
	if (!q)		/* nobody asked, or before the trace, or it came twice */
		return;
	/* a good answer is enough, as is that there is no such name; behind any other one waits */
	if (!m->rcode || m->rcode == NXDOMAIN)
		dns_queries_drop(&l->q, e, m);
	q->ended = e->at;
	if (m->rcode == NXDOMAIN) {
		dns_query_append(&l->q, &l->q.held, q);
		return;
	}
	show_answer(l, q, m, NULL);
	free(q);
}

static void take_message(void *ctx, struct bytes message)
{
	struct listing *l = ctx;

	if (!dnsmsg_parse(message, &l->m))
		l->strange++;
	else if (!l->m.response && l->now->kind == NET_SENT)
		take_question(l, l->now, &l->m);
	else if (l->m.response && l->now->kind == NET_RECEIVED)
		take_answer(l, l->now, &l->m);
}

/* Nobody has the socket any more, or a process has ended: nobody waits for these answers. */
static void give_up(struct listing *l, const struct net_event *e)
{
	struct dns_query **at = &l->q.open;
	char text[40];

	while (*at) {
		struct dns_query *q = *at;

		if (e->kind == NET_LEFT ? q->e.sock != e->sock : q->e.who.pid != e->who.pid) {
			at = &q->next;
			continue;
		}
		dns_query_unlink(&l->q, at);
		snprintf(text, sizeof(text), "%s after %u %s", e->kind == NET_LEFT ? "gave up" :
			 "process ended", q->tries, q->tries == 1 ? "try" : "tries");
		show_unanswered(l, q, "no answer", text);
		free(q);
	}
}

/* A socket told an error: all that was asked through it will have no answer. */
static void fail_socket(struct listing *l, const struct net_event *e)
{
	struct dns_query **at = &l->q.open;

	while (*at) {
		struct dns_query *q = *at;

		if (q->e.sock != e->sock) {
			at = &q->next;
			continue;
		}
		dns_query_unlink(&l->q, at);
		q->ended = e->at;
		show_unanswered(l, q, word_errno(e->ret), "server not there");
		free(q);
	}
}

static void take(void *ctx, const struct net_event *e, struct bytes data)
{
	struct listing *l = ctx;
	uint64_t key = e->sock << 1 | (e->kind == NET_SENT);
	struct dns_query *q;

	l->now = e;
	if (!l->sought)
		dns_search_parse(&l->search);
	l->sought = true;
	let_go(l, e->at > HOLD_NS ? e->at - HOLD_NS : 0);
	if (e->kind == NET_CONNECTED) {
		q = dns_query_new(e, "");
		show_unanswered(l, q, word_errno(e->ret), "no way to server");
		free(q);
	} else if (e->kind == NET_LEFT || e->kind == NET_ENDED) {
		give_up(l, e);
	} else if (e->ret < 0 && e->kind == NET_RECEIVED) {
		fail_socket(l, e);
	} else if (e->protocol == 6 && e->ret > 0) {
		dns_streams_feed(&l->streams, key, data, (uint32_t)e->ret - e->len, take_message,
				 l);
	} else if (e->protocol != 6 && data.len) {
		take_message(l, data);
	}
}

/* ---- time ---- */

static void turn(void *ctx)
{
	struct listing *l = ctx;
	uint64_t now = clock_of(CLOCK_BOOTTIME), wait = l->o->wait ? l->o->wait : WAIT_NS;
	struct dns_query **at = &l->q.open;

	/* all that happened until the last look was read */
	let_go(l, now - 2 * HOLD_NS);
	while (*at) {
		struct dns_query *q = *at;

		if (q->last + wait > now) {
			at = &q->next;
			continue;
		}
		dns_query_unlink(&l->q, at);
		show_unanswered(l, q, "timeout", NULL);
		free(q);
	}
}

static void finish(void *ctx)
{
	struct listing *l = ctx;

	let_go(l, UINT64_MAX);
	while (l->q.open) {
		struct dns_query *q = dns_query_unlink(&l->q, &l->q.open);

		show_unanswered(l, q, NULL, "the trace ends");
		free(q);
	}
}

static void dns_run(struct run *r)
{
	const struct dns_opts *o = r->opts;
	struct listing *l = mem_alloc(sizeof(*l));

	*l = (struct listing){
		.r = r, .o = o,
		.net = {
			.fn = take, .turn = turn, .finish = finish, .ctx = l,
			.port = o->port ? (uint16_t)o->port : DNS_PORT,
		},
	};
	dns_search_take(&l->search, r->in->peer);
	net_run(&l->net, NET_DNS, r->in, r->opts, r->target);
	if (l->strange)
		emit_note(r->emit, "%llu messages from or to a port of DNS servers are no queries "
			  "or answers that can be read", (unsigned long long)l->strange);
	dns_queries_free(&l->q);
	dns_streams_free(&l->streams);
	free(l);
}

static int dns_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct dns_opts *o = opts;

	if (o->port > UINT16_MAX)
		return err_set(e, ST_USAGE, "--port: at most %u", UINT16_MAX);
	stacks_fields(opts, l, "time,pid,comm,type,rcode,error,took_s,remote,note,name,answers,"
		      "frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example dns_example[] = {
	{ "nsdebug trace dns nsd-demo --for 1s", "names that are asked for in a second" },
	{ "nsdebug trace dns nsd-demo --failed --for 1s",
	  "names that do not exist, servers that do not answer" },
	{ "nsdebug trace dns nsd-demo --for 1s --filter 'took_s > 0.1' -o jsonl", "slow answers" },
	{ NULL }
};

const struct tool tool_trace_dns = {
	.name = "trace dns",
	.summary = "show what a container asks the DNS, and the answers",
	.about = "From the messages that its processes send to port 53 and receive, by UDP and "
		"TCP: question, answer, how long it took, which server. Names that do not exist "
		"and were only steps through a search list (options ndots and search of "
		"resolv.conf) are marked, and counted with the answer they led to. A question "
		"without an answer is shown after 5 seconds (--wait). Questions that do not go to "
		"port 53 are not there: those to systemd-resolved by its own socket, DNS over TLS "
		"or HTTPS, and what io_uring sends, which is said. All bytes are the word of the "
		"container and of whoever answered.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.reader = dns_search_serve,
	.opts = dns_opt, .opts_size = sizeof(struct dns_opts),
	.cols = dns_col,
	.examples = dns_example,
	.setup = dns_setup,
	.run = dns_run,
};
