/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/net.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net.skel.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/sockdiag.h"
#include "nsdebug/sys/sockname.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/stacked.h"

#define RING_SIZE (16u << 20)

TRACER_OBJECT(net)

static int take(void *ctx, void *bytes, size_t len)
{
	struct net_trace *t = ctx;
	const struct net_event *e = bytes;

	/* the kernel's ring: records are as the programs of this binary made them */
	t->stacks.asked = false;
	if (len >= sizeof(struct thread_stack) && e->kind == RECORD_STACK)
		stacks_keep(&t->stacks, bytes, len);
	else if (len >= sizeof(*e) && e->len <= len - sizeof(*e))
		t->fn(t->ctx, e, (struct bytes){ (const char *)(e + 1), e->len });
	if (t->stacks.asked)	/* a whole ask may take long: look at the clock now */
		t->tracer.budget = 1;
	return 0;
}

/* ---- start ---- */

static int choose_stacks(struct net_trace *t, struct net_bpf *b, struct err *e)
{
	if (stacked_choose(b->obj, t->stack_bytes, e) < 0)
		return -1;
	if (!t->stack_bytes)
		return 0;
	b->rodata->stack_bytes = t->stack_bytes;
	stacks_init(&t->stacks, t->tracer.in->second, &t->tracer.in->emit);
	return 0;
}

static void choose(struct net_trace *t, struct net_bpf *b)
{
	bool tcp = t->mode == NET_TCP, udp = t->mode == NET_UDP;
	bool messages = udp || t->mode == NET_DNS;

	bpf_program__set_autoload(b->progs.on_state, tcp);
	bpf_program__set_autoload(b->progs.on_reset, tcp);
	bpf_program__set_autoload(b->progs.on_drop, udp);
	bpf_program__set_autoload(b->progs.on_end, messages);
	/* the verifier leaves out the branches in which they are used */
	bpf_map__set_autocreate(b->maps.known, tcp);
	bpf_map__set_autocreate(b->maps.calls, messages);
	bpf_map__set_autocreate(b->maps.used, messages);
	bpf_map__set_autocreate(b->maps.left, messages);
	bpf_map__set_autocreate(b->maps.ended, messages);
	b->rodata->mode = t->mode;
	b->rodata->dns_port = t->port;
	b->rodata->is_modern = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT,
						       BPF_FUNC_task_pt_regs, NULL) > 0;
	bpf_map__set_max_entries(b->maps.ring, RING_SIZE);
}

static int attach(struct net_trace *t, struct net_bpf *b, struct err *e)
{
	struct bpf_program *p;

	if (stacked_attach(&t->tracer, b->obj, e) < 0)
		return -1;
	bpf_object__for_each_program(p, b->obj) {
		bool optional = p == b->progs.on_uring || p == b->progs.on_uring_old;

		if (tracer_attach(&t->tracer, p, optional, e) < 0)
			return -1;
	}
	TRACER_LISTEN(&t->tracer, b);
	t->stacks.log = (const volatile struct change_log *)&b->bss->changes;
	t->compat = &b->bss->compat;
	t->uring = &b->bss->uring;
	t->forgot = &b->bss->known_full;
	return tracer_seal(&t->tracer, bpf_map__fd(b->maps.ring), take, t, e);
}

static int start(struct net_trace *t, struct inside *in, const struct tracer_opts *opts,
		 const struct target *target, struct err *e)
{
	struct bpf_object_open_opts o;
	struct net_bpf *b;
	int ret;

	if (tracer_init(&t->tracer, in, opts, target, e) < 0)
		return -1;
	tracer_open_opts(&t->tracer, &o);
	b = net_bpf__open_opts(&o);
	if (!b)
		return err_bpf(e, -errno, "open the programs");
	choose(t, b);
	if (choose_stacks(t, b, e) < 0)
		return -1;
	TRACER_SET_FILTER(&t->tracer, b);
	ret = net_bpf__load(b);
	if (ret < 0)
		return err_bpf(e, ret, "load the programs");
	if (tracer_set_cgroup(&t->tracer, b->obj, e) < 0)
		return -1;
	return attach(t, b, e);
}

/* ---- run ---- */

static void turn(void *ctx)
{
	struct net_trace *t = ctx;

	if (t->stack_bytes)
		stacks_check(&t->stacks);
	if (t->turn)
		t->turn(t->ctx);
}

static void say_unseen(struct net_trace *t, struct emit *emit)
{
	if (*t->compat)
		emit_note(emit, "%llu 32-bit system calls about sockets: they are not decoded",
			  (unsigned long long)*t->compat);
	if (*t->forgot)
		emit_note(emit, "very many connections at once: some may have been forgotten, and "
			  "look as if they were older than this trace");
	if (*t->uring)
		emit_note(emit, "the target uses io_uring: %llu requests went that way, which are "
			  "no system calls: what they did is not shown, or not who did it",
			  (unsigned long long)*t->uring);
}

void net_run(struct net_trace *t, enum net_mode mode, struct inside *in, const void *opts,
	     const struct target *target)
{
	const struct stacked_opts *o = opts;
	struct err e;

	t->mode = mode;
	t->stack_bytes = stacks_bytes(&o->stacks);
	if (start(t, in, &o->tracer, target, &e) < 0) {
		emit_err(&in->emit, &e);
		return;
	}
	if (mode == NET_TCP && t->tracer.filter.kind == FILTER_MNTNS)
		emit_note(&in->emit, "without a cgroup of its own only those connections are known "
			  "that it opens or accepts from now on");
	t->tracer.turn = turn;
	/* what was kept is shown first */
	t->tracer.counts = true;
	tracer_run(&t->tracer);
	if (t->finish && !t->tracer.enough)
		t->finish(t->ctx);
	tracer_say_none(&t->tracer);
	say_unseen(t, &in->emit);
	if (t->stack_bytes)
		stacks_free(&t->stacks);
}

/* ---- rows ---- */

/* Its family, AF_INET or AF_INET6; 0: it is not known. */
static uint8_t end_of(const struct net_end *from, struct sock_end *to)
{
	struct sock_end e = { .port = from->port };

	if (!from->family)
		return 0;
	memcpy(e.addr, from->addr, sizeof(e.addr));
	*to = e;
	return sock_unmap(AF_INET6, &e, to);
}

struct bytes net_end_text(const struct net_end *end, char room[56])
{
	auto_buf struct buf b = { 0 };
	struct sock_end e;
	uint8_t family = end_of(end, &e);

	if (!family)
		return (struct bytes){ 0 };
	sock_put_end(&b, family, &e);
	snprintf(room, 56, "%s", b.bytes);
	return (struct bytes){ room, strlen(room) };
}

static struct bytes address_text(const struct net_end *end, char room[56])
{
	struct sock_end e;
	uint8_t family = end_of(end, &e);

	if (!family)
		return (struct bytes){ 0 };
	inet_ntop(family, e.addr, room, 56);
	return (struct bytes){ room, strlen(room) };
}

void net_fill(const struct net_trace *t, const struct target *target, const struct net_event *e,
	      struct net_row *row)
{
	row->time = tracer_time(&t->tracer, e->at);
	if (e->who.tid) {
		row->pid = e->who.ns_pid;
		row->tid = e->who.ns_tid;
		row->host_pid = e->who.pid;
		row->host_tid = e->who.tid;
		row->uid = tracer_uid(target, &e->who);
		row->comm = tracer_comm(&e->who);
	}
	row->local = net_end_text(&e->local, row->room[0]);
	row->remote = net_end_text(&e->remote, row->room[1]);
	row->local_addr = address_text(&e->local, row->room[2]);
	row->remote_addr = address_text(&e->remote, row->room[3]);
	row->local_port = e->local.family ? e->local.port : NONE_U64;
	row->remote_port = e->remote.family ? e->remote.port : NONE_U64;
}

static const char *const why_none[] = {
	[STACK_COPIED] = "its stack was lost",
	[STACK_COMPAT] = "a 32-bit call: its stack is not looked at",
	[STACK_GONE] = "its process has given its memory up already",
	[STACK_OUTSIDE] = "who did it is not of the target",
	[STACK_KERNEL] = "the kernel did it by itself, for what the other end sent or did not",
};

void net_frames(struct net_trace *t, const struct net_event *e, struct net_row *row)
{
	const char *why;

	if (!t->stack_bytes)
		return;
	row->frames = (struct col_rows){ 0 };
	if (e->stack == STACK_COPIED) {
		row->frames = stacks_frames(&t->stacks, e->stack_key, e->stack_at,
					    &row->frames_end);
		stacks_drop(&t->stacks, e->stack_key);
	}
	if (row->frames.count || row->frames_end.p || e->stack >= ARRAY_SIZE(why_none) ||
	    !why_none[e->stack])
		return;
	why = why_none[e->stack];
	row->frames_end = (struct bytes){ why, strlen(why) };
}
