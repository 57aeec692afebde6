/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/code/modules.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/members.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

#define STAT_ARG_START 48	/* proc(5) */
#define TOLD_MAX (1u << 20)	/* mappings in all */
#define MEMORY_MAX (1ull << 30)	/* of a child whose size a target chooses */

#define GONE "the process had ended before its memory map was read"

struct mapper {
	struct inside *in;
	struct members_want want;
	struct snapshot s;
	unsigned int asks, told;
	struct module **known;	/* those that were told of: their numbers count from 1 */
	size_t known_count;
};

/* What another program of the same process would have elsewhere: where its arguments begin. */
static uint64_t read_exec(int dir)
{
	char text[2048];
	const char *p = fd_read_at(dir, "stat", text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;
	uint64_t n = 0;

	for (int field = 2; p && field < STAT_ARG_START; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p && scan_u64(&p, &n) ? n : 0;
}

static uint32_t number_of(struct mapper *m, const struct module *mod)
{
	for (size_t i = 0; i < m->known_count; i++)
		if (m->known[i] == mod)
			return (uint32_t)i + 1;
	return 0;
}

static bool tell_vma(struct mapper *m, const struct vma *v, struct module *mod)
{
	struct mapper_vma t = {
		.start = v->start, .end = v->end, .offset = v->offset,
		.module = number_of(m, mod),
	};
	int fd = -1;

	t.path_len = (uint32_t)(v->path.len < sizeof(t.path) ? v->path.len : sizeof(t.path));
	memcpy(t.path, v->path.p, t.path_len);
	if (mod && !t.module) {
		m->known = mem_more(m->known, m->known_count);
		m->known[m->known_count++] = mod;
		t.module = (uint32_t)m->known_count;
		t.is_new = 1;
		t.bytes_len = (uint32_t)mod->len;
		fd = mod->fd;
		memcpy(t.why, mod->why, sizeof(t.why));
	}
	return fd_give(m->in->peer, &t, sizeof(t), fd) &&
		(!t.bytes_len || fd_give(m->in->peer, mod->bytes, mod->len, -1));
}

static bool tell(struct mapper *m, const struct process *p, struct mapper_head *h)
{
	for (size_t i = 0; i < p->maps.count && h->count < MAPPER_VMAS_MAX; i++)
		h->count += p->maps.items[i].exec;
	m->told += h->count;
	if (!fd_give(m->in->peer, h, sizeof(*h), -1))
		return false;
	for (size_t i = 0, n = 0; n < h->count; i++) {
		if (!p->maps.items[i].exec)
			continue;
		n++;
		if (!tell_vma(m, &p->maps.items[i], p->modules[i]))
			return false;
	}
	return true;
}

static bool refuse(struct mapper *m, const char *why, bool full)
{
	struct mapper_head h = { .full = full };

	snprintf(h.why, sizeof(h.why), "%s", why);
	return fd_give(m->in->peer, &h, sizeof(h), -1);
}

/* False: the tracer is gone. */
static bool answer(struct mapper *m, pid_t pid, uint64_t start)
{
	auto_arena struct arena *once = arena_new();
	auto_close int first = proc_open(m->want.procfs, pid), dir = -1;
	struct mapper_head h = { .known = 1 };
	struct proc_status status;
	struct process *p;
	uint64_t began;

	if (first < 0 || proc_start(first, &began) < 0 || began != start / PROC_TICK_NS)
		return refuse(m, GONE, false);
	/* where the first thread has ended and others go on: of one of these */
	dir = proc_open_memory(m->want.procfs, first, &pid);
	if (dir < 0 || !members_is(&m->want, dir))
		return refuse(m, GONE, false);
	if (m->asks++ >= MAPPER_ASKS_MAX || m->told >= TOLD_MAX)
		return refuse(m, "a process more than are told of", true);
	h.exec = read_exec(dir);
	h.own_map = proc_status(dir, &status) == 0 && snapshot_own_map(&m->s, dir, &status);
	p = arena_alloc(once, sizeof(*p));
	p->pid = pid;
	p->dir = dir;
	p->living = p->mapped = -1;
	if (maps_read(&p->maps, dir, once) < 0 || !p->maps.count)
		return refuse(m, GONE, false);
	modules_open(&m->s, p);
	snapshot_close(p);
	if (read_exec(dir) != h.exec)
		return refuse(m, "the process runs another program by now", false);
	return tell(m, p, &h);
}

void mapper_serve(struct inside *in, void *arg)
{
	const struct target *t = arg;
	struct mapper m = { .in = in };
	struct mapper_ask ask;

	if (t->next)
		return;
#ifndef NSDEBUG_SAN	/* which maps terabytes */
	setrlimit(RLIMIT_AS, &(struct rlimit){ MEMORY_MAX, MEMORY_MAX });
#endif
	m.want = target_members(t, in);
	snapshot_init(&m.s, in->procfs, t->levels - 1);
	m.s.target = in->proc;
	served_init(&m.s.served, &t->mounts, in->procfs);
	while (recv(in->peer, &ask, sizeof(ask), MSG_WAITALL) == sizeof(ask))
		if (!answer(&m, ask.pid, ask.start))
			break;
	free(m.known);
	snapshot_free(&m.s);
}
