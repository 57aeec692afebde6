/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/guard.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

#define CGROUP_NAME "nsdebug.guardian"
#define SETTLE_NS (30 * NS_PER_S)

/* ---- what is stopped is continued ---- */

/* Only the process that was meant: whoever has its number now began later. That somebody else has
 * stopped it is asked last: finding it takes a while, and he is not to be undone. */
static void go_on(const struct guard *g, uint32_t pid, const volatile struct hold_slot *s)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	auto_close int dir = pidfd < 0 ? -1 : proc_open(g->procfs, (pid_t)pid);
	uint64_t start;

	if (dir >= 0 && proc_start(dir, &start) == 0 && start == s->since / PROC_TICK_NS &&
	    !s->theirs)
		syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
}

static void release(struct guard *g, unsigned int i)
{
	volatile struct hold_slot *s = &g->holds->slots[i];
	uint64_t stopped = s->stopped;
	uint32_t pid;

	if (stopped == g->seen[i])
		return;
	g->seen[i] = stopped;
	pid = s->pid;
	if (pid)
		go_on(g, pid, s);
}

static void release_all(struct guard *g)
{
	for (unsigned int i = 0; i < HOLD_SLOTS; i++)
		release(g, i);
}

static void release_new(struct guard *g)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(g->groups); i++) {
		uint64_t stops = g->holds->groups[i];

		if (stops == g->groups[i])
			continue;
		g->groups[i] = stops;
		for (unsigned int n = 0; n < HOLD_GROUP; n++)
			release(g, i * HOLD_GROUP + n);
	}
}

/* Is every stop that was decided also counted? What was stopped is read first: it follows. */
static bool is_settled(const struct guard *g)
{
	for (unsigned int i = 0; i < HOLD_SLOTS; i++) {
		uint64_t stopped = g->holds->slots[i].stopped;

		if (g->holds->slots[i].begun != stopped)
			return false;
	}
	return true;
}

static void end(struct guard *g)
{
	uint64_t until = clock_ns() + SETTLE_NS;

	g->holds->open = 0;
	__sync_synchronize();
	while (!is_settled(g) && clock_ns() < until)
		poll(NULL, 0, 1);
	release_all(g);
	g->holds->released = 1;
}

/* ---- the front ---- */

static int check_cap(struct err *e)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return err_sys(e, "read our capabilities");
	if (d[0].effective & 1u << CAP_KILL)
		return 0;
	return err_set(e, ST_PRIVILEGE, "--lossless: CAP_KILL is missing, and what is stopped must "
		       "be continued: run nsdebug as root on the node");
}

/* Without one, the guardian shares ours: still good, but not if somebody kills all of that. */
static void make_cgroup(struct guard *g)
{
	static const struct cgroup root = { .path = "/" };
	auto_close int self = openat(g->procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_mounts m = { .count = 0 };

	if (self >= 0 && cgroup_mounts_read(&m, self) == 0)
		g->top = cgroup_open(&root, &m);
	cgroup_mounts_free(&m);
	if (g->top < 0 || (mkdirat(g->top, CGROUP_NAME, 0755) < 0 && errno != EEXIST))
		return;
	g->procs = openat(g->top, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (g->procs >= 0)
		g->cgroup = openat(g->top, CGROUP_NAME, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int make_memory(struct guard *g, struct err *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	void *p;

	g->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "holds", sizeof(uint32_t),
				sizeof(struct holds), 1, &o);
	if (g->map < 0)
		return err_sys(e, "make the memory that the guardian watches");
	p = mmap(NULL, sizeof(struct holds), PROT_READ | PROT_WRITE, MAP_SHARED, g->map, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "map the memory that the guardian watches");
	g->holds = p;
	return 0;
}

int guard_make(struct guard **ret, struct err *e)
{
	struct guard *g = mem_alloc(sizeof(*g));

	g->map = g->cgroup = g->top = g->procs = g->procfs = -1;
	*ret = g;
	g->procfs = target_procfs(e);
	if (g->procfs < 0 || check_cap(e) < 0 || make_memory(g, e) < 0) {
		guard_free(ret);
		return -1;
	}
	make_cgroup(g);
	return 0;
}

int guard_spawn(struct guard *g, struct child *c, struct spawn *s, struct err *e)
{
	s->keep[s->kept++] = g->procs;
	s->keep[s->kept++] = g->procfs;
	s->cgroup = g->cgroup < 0 ? NULL : &g->cgroup;
	if (enter_spawn(c, s, e) == 0)
		return 0;
	if (!s->cgroup)
		return -1;
	/* removed by the last guardian before this one, or not ours to put a process into */
	own_close(&g->cgroup);
	s->cgroup = NULL;
	return enter_spawn(c, s, e);
}

void guard_free(struct guard **ret)
{
	struct guard *g = *ret;

	if (!g)
		return;
	if (g->holds && !g->holds->released)
		end(g);
	if (g->holds)
		munmap((void *)g->holds, sizeof(struct holds));
	/* not while another guardian is in there */
	if (g->cgroup >= 0)
		unlinkat(g->top, CGROUP_NAME, AT_REMOVEDIR);
	own_close(&g->map);
	own_close(&g->cgroup);
	own_close(&g->top);
	own_close(&g->procs);
	own_close(&g->procfs);
	free(g);
	*ret = NULL;
}

/* ---- the guardian ---- */

/* What is not to be seen could not be continued. Nothing was stopped yet. */
static int check_procfs(const struct guard *g, struct err *e)
{
	auto_close int dir = proc_open(g->procfs, 1);
	uint64_t start;

	if (dir >= 0 && proc_start(dir, &start) == 0)
		return 0;
	return err_set(e, ST_REFUSED, "--lossless: /proc does not show processes to a root with "
		       "CAP_KILL only (hidepid?)");
}

void guard_serve(struct inside *in, struct guard *g)
{
	char word[8];
	struct err e;

	if (check_procfs(g, &e) < 0) {
		emit_err(&in->emit, &e);
		return;
	}
	if (write(in->peer, "r", 1) != 1)
		return;
	/* nothing is sent to the front until all is done: it may be gone, and that would end us */
	while (read(in->peer, word, sizeof(word)) > 0)
		release_new(g);
	end(g);
	/* a cgroup with a process in it cannot be removed, and the front may do so at once */
	if (g->procs >= 0 && write(g->procs, "0", 1) < 0)
		return;
}

/* ---- the tracer ---- */

int guard_open(struct guard *g, const struct inside *in, struct err *e)
{
	char word[8];

	if (read(in->peer, word, sizeof(word)) <= 0)
		return err_set(e, ST_INTERNAL, "the guardian has not come up");
	g->holds->open = 1;
	return 0;
}

void guard_shut(struct guard *g)
{
	g->holds->open = 0;
}

void guard_tell(struct guard *g, const struct inside *in, uint64_t *told)
{
	uint64_t stops = g->holds->stops;

	/* that there is no guardian any more is seen where it is waited for events */
	if (stops != *told && write(in->peer, "c", 1) == 1)
		*told = stops;
}
