/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/judge.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/release.h"

/* ---- the front: before it starts the child ---- */

static uint32_t sysctl(const char *path)
{
	char text[32];
	const char *p = text;
	uint64_t n;

	return fd_read_at(AT_FDCWD, path, text, sizeof(text)) > 0 && scan_u64(&p, &n) ?
		(uint32_t)n : 0;
}

static uint64_t owner_of(int dir, const char *name)
{
	auto_close int ns = ns_open(dir, name);
	auto_close int user = ns < 0 ? -1 : ns_owner(ns);

	return user < 0 ? 0 : ns_id_fd(user);
}

void judge_rules(struct access_site *s, int dir)
{
	char text[32];

	s->net_owner = owner_of(dir, "net");
	s->ipc_owner = owner_of(dir, "ipc");
	s->pid_owner = owner_of(dir, "pid");
	s->ipc_by_owner = release_is_since(6, 9);
	s->pid_by_owner = release_is_since(6, 14);

	s->truncate_by_mode = release_is_since(6, 14);
	s->protected_symlinks = sysctl("/proc/sys/fs/protected_symlinks");
	s->protected_hardlinks = sysctl("/proc/sys/fs/protected_hardlinks");
	s->protected_regular = sysctl("/proc/sys/fs/protected_regular");
	s->protected_fifos = sysctl("/proc/sys/fs/protected_fifos");
	s->misc_formats = fd_read_at(AT_FDCWD, "/proc/sys/fs/binfmt_misc/status", text,
				     sizeof(text)) > 0 && str_prefix(text, "enabled");
}

/* ---- the judge ---- */

void judge_serve(struct inside *in, void *arg)
{
	static struct access_ask ask;
	static struct reason why;
	struct access_site site = *(struct access_site *)arg;
	auto_arena struct arena *arena = arena_new();
	struct cover cover;
	struct root root;

	root_init(&root, in);
	cover_make(&cover, site.mounts, arena);
	site.cover = &cover;
	while (recv(in->peer, &ask, sizeof(ask), 0) == sizeof(ask) && access_check(&ask)) {
		access_judge(&root, &site, &ask, &why);
		if (send(in->peer, &why, sizeof(why), MSG_NOSIGNAL) != sizeof(why))
			return;
	}
}

/* ---- who asks ---- */

static bool wait_once(int sock, const struct judge_patience *with)
{
	struct pollfd p[] = { { .fd = sock, .events = POLLIN },
			      { .fd = with->stop, .events = POLLIN } };
	uint64_t wait_ns = with->wait_ns, prompt_ns = with->prompt_ns;

	if (poll(p, 2, wait_ns ? (int)(wait_ns / NS_PER_MS) : -1) <= 0)
		return false;
	if (!p[0].revents && wait_ns && wait_ns < prompt_ns)
		prompt_ns = wait_ns;
	return p[0].revents || poll(p, 1, (int)(prompt_ns / NS_PER_MS)) > 0;
}

bool judge_wait(int sock, const struct judge_patience *p)
{
	bool there;

	do
		there = wait_once(sock, p);
	while (!there && p->again && p->again(p->ctx));
	return there;
}

/* CPUCLOCK_SCHED of a process, as clock_getcpuclockid(3) makes it; anybody may read it. */
uint64_t judge_time(pid_t pid)
{
	struct timespec t;

	if (pid <= 0 || clock_gettime((clockid_t)(~(unsigned int)pid << 3 | 2), &t) < 0)
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static bool receive(int peer, struct reason *ret)
{
	int none = -1;
	bool good;

	good = fd_take(peer, ret, sizeof(*ret), &none);
	own_close(&none);
	return good && reason_check(ret);
}

bool judge_ask_until(int *peer, const struct access_ask *a, struct reason *ret,
		     const struct judge_patience *p)
{
	if (*peer < 0)
		return false;
	if (send(*peer, a, sizeof(*a), MSG_NOSIGNAL) == sizeof(*a) && judge_wait(*peer, p) &&
	    receive(*peer, ret))
		return true;
	own_close(peer);
	return false;
}

bool judge_ask(int *peer, const struct access_ask *a, struct reason *ret, uint64_t wait_ns)
{
	return judge_ask_until(peer, a, ret,
			       &(struct judge_patience){ .stop = -1, .wait_ns = wait_ns });
}
