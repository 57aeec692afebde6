/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/filters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filters.skel.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/trace/tracer.h"
#include "nsdebug/trace/visits.h"

TRACER_OBJECT(filters)

struct ask {
	int32_t pid, tid;
	uint64_t start;
};

/* The answer; then as many messages, each the instructions of a filter. */
struct head {
	int32_t status;			/* enum status; not ST_OK: why[] */
	uint32_t found, mode, count, more;
	uint32_t len[FILTERS_MAX];	/* 0: not known, and no message */
	char why[256];
};

/* ---- the child that reads ---- */

struct reader {
	struct filters_bpf *bpf;
	const struct filter_code *code;	/* the program's, mapped */
};

static int load(const struct inside *in, struct reader *r, struct err *e)
{
	struct bpf_object_open_opts o;
	char types[TYPES_PATH];
	int err;

	if (tracer_rights(e) < 0)
		return -1;
	libbpf_set_print(NULL);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	visits_open_opts(in, false, types, &o);
	r->bpf = filters_bpf__open_opts(&o);
	err = r->bpf ? filters_bpf__load(r->bpf) : -errno;
	if (err)
		return err_bpf(e, err, "read seccomp filters");
	r->code = mmap(NULL, FILTERS_MAX * sizeof(*r->code), PROT_READ, MAP_SHARED,
		       bpf_map__fd(r->bpf->maps.filters), 0);
	return r->code == MAP_FAILED ? err_sys(e, "map seccomp filters") : 0;
}

static int visit(struct reader *r, const struct ask *ask, struct err *e)
{
	auto_close int link = -1, iter = -1;
	char nothing[64];

	r->bpf->bss->want_pid = (uint32_t)ask->pid;
	r->bpf->bss->want_tid = (uint32_t)ask->tid;
	r->bpf->bss->want_start = ask->start;
	r->bpf->bss->found = r->bpf->bss->count = 0;
	link = bpf_link_create(bpf_program__fd(r->bpf->progs.on_task), 0, BPF_TRACE_ITER, NULL);
	iter = link < 0 ? -1 : bpf_iter_create(link);
	if (iter < 0)
		return err_sys(e, "visit the threads");
	while (read(iter, nothing, sizeof(nothing)) < 0)
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, "visit the threads");
	return 0;
}

static void fill(const struct reader *r, struct head *h)
{
	h->found = r->bpf->bss->found;
	h->mode = r->bpf->bss->mode;
	h->more = r->bpf->bss->more;
	h->count = r->bpf->bss->count;
	for (uint32_t i = 0; i < h->count; i++)
		h->len[i] = r->code[i].whole ? r->code[i].len : 0;
}

static bool give(int peer, const void *bytes, size_t len)
{
	return send(peer, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool reply(const struct reader *r, int peer, const struct head *h)
{
	if (!give(peer, h, sizeof(*h)))
		return false;
	for (uint32_t i = 0; i < h->count; i++)
		if (h->len[i] && !give(peer, r->code[i].code,
				       h->len[i] * sizeof(struct sock_filter)))
			return false;
	return true;
}

void filters_serve(struct inside *in, void *arg)
{
	struct reader r = { NULL };
	struct err e = { .status = ST_OK };
	bool loaded = load(in, &r, &e) == 0;
	struct ask ask;

	while (recv(in->peer, &ask, sizeof(ask), MSG_WAITALL) == sizeof(ask)) {
		struct head h = { .status = ST_OK };

		if (loaded && visit(&r, &ask, &e) == 0) {
			fill(&r, &h);
		} else {
			h.status = e.status;
			snprintf(h.why, sizeof(h.why), "%.255s", e.msg);
		}
		if (!reply(&r, in->peer, &h))
			return;
	}
}

/* ---- who asks ---- */

static bool receive(int peer, void *to, size_t len)
{
	return recv(peer, to, len, MSG_WAITALL) == (ssize_t)len;
}

static int receive_all(struct filters *f, int peer, struct arena *a, struct err *e)
{
	struct head h;

	if (!receive(peer, &h, sizeof(h)))
		return err_set(e, ST_INTERNAL, "who reads seccomp filters did not answer");
	if (h.status != ST_OK)
		return err_set(e, h.status, "%.*s", (int)sizeof(h.why) - 1, h.why);
	if (!h.found)
		return err_set(e, ST_TARGET, "the thread is gone");
	f->strict = h.mode == 1;
	f->more = h.more;
	f->count = h.count < FILTERS_MAX ? h.count : FILTERS_MAX;
	for (size_t i = 0; i < f->count; i++) {
		size_t bytes = h.len[i] * sizeof(struct sock_filter);
		void *code;

		if (!h.len[i])
			continue;
		code = h.len[i] <= FILTERS_INSNS ? arena_alloc(a, bytes) : NULL;
		if (!code || !receive(peer, code, bytes))
			return err_set(e, ST_INTERNAL, "a seccomp filter did not come");
		f->items[i] = (struct seccomp_filter){ code, h.len[i] };
	}
	return 0;
}

int filters_of(struct filters *f, struct inside *in, int dir, struct arena *a, struct err *e)
{
	struct ask ask = { 0 };
	struct proc_status st;

	*f = (struct filters){ .count = 0 };
	if (proc_status(dir, &st) < 0 || proc_start(dir, &ask.start) < 0)
		return err_set(e, ST_TARGET, "the process went away");
	ask.pid = ask.tid = st.nspid[0];
	if (!give(in->second, &ask, sizeof(ask)))
		return err_set(e, ST_INTERNAL, "who reads seccomp filters is gone");
	if (receive_all(f, in->second, a, e) < 0)
		return -1;
	return enter_become_parser(in, NULL, 0, e);
}
