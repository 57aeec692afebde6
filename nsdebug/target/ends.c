/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/ends.h"

#include <fcntl.h>
#include <stdio.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/target/near.h"
#include "nsdebug/target/target.h"

static char yes;	/* a value for maps that are sets */

void ends_init(struct ends *x, const struct target *t, struct inside *in)
{
	*x = (struct ends){ .target = t, .in = in, .emit = &in->emit, .arena = arena_new() };
	socks_init(&x->socks, x->emit);
}

void ends_free(struct ends *x)
{
	holders_free(&x->holders);
	socks_free(&x->socks);
	map_free(&x->people);
	map_free(&x->wanted);
	arena_free(&x->arena);
}

int ends_add(struct ends *x, int dir, pid_t host_pid)
{
	size_t from = x->holders.count;

	if (holders_add(&x->holders, dir, host_pid, NULL) < 0)
		return -1;
	for (size_t i = from; i < x->holders.count; i++) {
		const struct holder *h = &x->holders.items[i];

		if (h->socket)
			socks_want(&x->socks, h->inode);
		else
			map_put(&x->wanted, h->inode, &yes);
	}
	return 0;
}

static struct ends *filling;	/* map_each() has no context argument */

static void want_peer(void *value)
{
	const struct known_sock *s = value;

	if (s->peer)
		map_put(&filling->wanted, s->peer, &yes);
}

/* Those that were added are known already. */
static void look_through_node(struct ends *x)
{
	auto_close int procs = openat(x->in->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_map struct map done = { 0 };
	struct proc_dir d;
	pid_t pid;

	if (procs < 0)
		return;
	for (size_t i = 0; i < x->holders.count; i++)
		map_put(&done, (uint64_t)x->holders.items[i].pid, &yes);
	proc_dir_init(&d, procs);
	while (proc_dir_next(&d, &pid) > 0) {
		auto_close int dir = map_get(&done, (uint64_t)pid) ? -1 :
			proc_open(x->in->procfs, pid);

		emit_tick(x->emit);
		if (dir >= 0)
			holders_add(&x->holders, dir, pid, &x->wanted);
	}
}

void ends_find(struct ends *x, const struct near *node)
{
	owners_init(&x->owners, node, x->target, x->in->procfs, x->arena);
	socks_find(&x->socks, x->in);
	filling = x;
	socks_each(&x->socks, want_peer);
	if (node && x->wanted.used)
		look_through_node(x);
}

/* Is p, which is not the target's, of another container that has a name? */
static void read_owner(struct ends *x, int dir, struct person *p)
{
	uint32_t owner = owner_by_mnt(&x->owners, ns_id(dir, "mnt"));

	if (owner == OWNER_NONE)
		owner = owner_by_cgroup(&x->owners, p->host_pid);
	if (owner != OWNER_NONE)
		p->container = x->owners.near->items[owner].name;
}

static void read_person(struct ends *x, int dir, struct person *p)
{
	bool inside = pids_find(x->members, x->nmembers, p->host_pid);
	struct proc_status status;
	struct proc_stat stat;

	if (proc_stat(dir, &stat) < 0 || proc_status(dir, &status) < 0)
		return;
	p->start = stat.start;
	p->pid = inside ? target_pid(x->target, &status) : 0;
	p->state = stat.state;
	snprintf(p->comm, sizeof(p->comm), "%s", stat.comm);
	if (!inside && x->owners.near)
		read_owner(x, dir, p);
}

const struct person *ends_person(struct ends *x, pid_t host_pid)
{
	struct person *p = map_get(&x->people, (uint64_t)host_pid);
	auto_close int dir = p ? -1 : proc_open(x->in->procfs, host_pid);

	if (p)
		return p;
	p = arena_alloc(x->arena, sizeof(*p));
	p->host_pid = host_pid;
	if (dir >= 0)
		read_person(x, dir, p);
	map_put(&x->people, (uint64_t)host_pid, p);
	return p;
}

static void put(struct ends *x, const struct holder *h, struct end_peer *peers, size_t room,
		size_t n)
{
	if (n < room)
		peers[n] = (struct end_peer){ ends_person(x, h->pid), h->fd };
}

size_t ends_of_pipe(struct ends *x, const struct holder *own, struct end_peer *peers, size_t room)
{
	size_t count, n = 0;
	const struct holder *h = holders_of(&x->holders, false, own->inode, &count);

	for (size_t i = 0; i < count && i < ENDS_COUNTED; i++) {
		if (h[i].pid == own->pid && h[i].fd == own->fd)
			continue;
		if ((own->reads && h[i].writes) || (own->writes && h[i].reads))
			put(x, &h[i], peers, room, n++);
	}
	return n;
}

size_t ends_of_socket(struct ends *x, uint64_t inode, struct end_peer *peers, size_t room)
{
	size_t count;
	const struct holder *h = holders_of(&x->holders, true, inode, &count);

	count = count < ENDS_COUNTED ? count : ENDS_COUNTED;
	for (size_t i = 0; i < count; i++)
		put(x, &h[i], peers, room, i);
	return count;
}
