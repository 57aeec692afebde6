/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/iterate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/trace/tracer.h"
#include "nsdebug/trace/visits.h"
#include "snap.skel.h"

TRACER_OBJECT(snap)

struct iterator {
	int peer;
	struct snap_bpf *bpf;
	const char *pages;	/* the program's, mapped */
};

/* Since Linux 6.2 (linux/bpf.h, union bpf_iter_link_info) the kernel visits only these. */
struct link_info {
	uint32_t tid, pid, pid_fd;
};

static int open_visit(const struct iterator *i, const struct iterate_ask *ask)
{
	struct link_info some = {
		.tid = (uint32_t)ask->tid, .pid = ask->tid ? 0 : (uint32_t)ask->pid,
	};
	LIBBPF_OPTS(bpf_link_create_opts, o, .iter_info = (void *)&some,
		    .iter_info_len = sizeof(some));
	int prog = bpf_program__fd(i->bpf->progs.on_task);
	auto_close int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, &o);

	/* an older kernel visits all, of which the program passes over those not wanted */
	if (link < 0 && link != -ESRCH)
		link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	return link < 0 ? -1 : bpf_iter_create(link);
}

static bool give(int peer, const void *bytes, size_t len)
{
	return send(peer, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool reply(const struct iterator *i, struct iterate_answer *a, size_t tasks)
{
	size_t len = offsetof(struct iterate_answer, tasks) + tasks * sizeof(a->tasks[0]), bytes;

	a->count = (uint32_t)tasks;
	a->pages = tasks ? i->bpf->bss->used : 0;
	bytes = a->pages * (size_t)SNAP_PAGE;
	if (!give(i->peer, a, len))
		return false;
	for (size_t at = 0; at < bytes; at += ITERATE_CHUNK)
		if (!give(i->peer, i->pages + at,
			  bytes - at < ITERATE_CHUNK ? bytes - at : ITERATE_CHUNK))
			return false;
	return true;
}

/* False: the reader is gone. */
static bool visit(const struct iterator *i, const struct iterate_ask *ask)
{
	auto_close int iter = -1;
	struct iterate_answer a = { 0 };
	ssize_t n = 0;

	i->bpf->bss->want_pid = (uint32_t)ask->pid;
	i->bpf->bss->want_tid = (uint32_t)ask->tid;
	i->bpf->bss->want_start = ask->start;
	i->bpf->bss->want_depth = ask->depth;
	i->bpf->bss->want_bytes = ask->bytes;
	i->bpf->bss->want_far = ask->far_bytes;
	iter = open_visit(i, ask);
	while (iter >= 0) {
		i->bpf->bss->used = 0;
		n = read(iter, a.tasks, sizeof(a.tasks));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		if (!reply(i, &a, (size_t)n / sizeof(a.tasks[0])))
			return false;
	}
	return reply(i, &a, 0);
}

static bool load(const struct inside *in, struct iterator *i)
{
	struct bpf_object_open_opts o;
	char types[TYPES_PATH];
	size_t len = SNAP_PAGES * (size_t)SNAP_PAGE;

	libbpf_set_print(NULL);	/* where it cannot be loaded there is another way */
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	visits_open_opts(in, true, types, &o);
	i->bpf = snap_bpf__open_opts(&o);
	if (!i->bpf || snap_bpf__load(i->bpf) < 0)
		return false;
	i->pages = mmap(NULL, len, PROT_READ, MAP_SHARED, bpf_map__fd(i->bpf->maps.pages), 0);
	return i->pages != MAP_FAILED;
}

void iterate_serve(struct inside *in, void *arg)
{
	struct iterator i = { .peer = in->peer };
	struct iterate_ask ask;

	if (!load(in, &i))
		return;
	while (recv(i.peer, &ask, sizeof(ask), MSG_WAITALL) == sizeof(ask))
		if (!visit(&i, &ask))
			return;
	/* what was loaded goes with the process, which ends here */
}
