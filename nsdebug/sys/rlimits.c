/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/rlimits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"

#define CAP_BND "\nCapBnd:\t"

const struct rlimit_kind rlimit_kinds[RL_COUNT] = {
	[RL_CPU] = { "cpu", "s", "processor time" },
	[RL_FSIZE] = { "fsize", "bytes", "size of a file it writes" },
	[RL_DATA] = { "data", "bytes", "private writable memory" },
	[RL_STACK] = { "stack", "bytes", "stack of the first thread" },
	[RL_CORE] = { "core", "bytes", "size of a core file" },
	[RL_RSS] = { "rss", "bytes", "not enforced since Linux 2.6" },
	[RL_NPROC] = { "nproc", "count", "threads of its user" },
	[RL_NOFILE] = { "nofile", "count", "open files" },
	[RL_MEMLOCK] = { "memlock", "bytes", "locked memory" },
	[RL_AS] = { "as", "bytes", "address space" },
	[RL_LOCKS] = { "locks", "count", "not enforced since Linux 2.6" },
	[RL_SIGPENDING] = { "sigpending", "count", "signals queued for its user" },
	[RL_MSGQUEUE] = { "msgqueue", "bytes", "POSIX message queues of its user" },
	[RL_NICE] = { "nice", "count", "20 - lowest nice value it may have" },
	[RL_RTPRIO] = { "rtprio", "count", "real-time priority" },
	[RL_RTTIME] = { "rttime", "us", "real-time processor time without a break" },
};

static const char *const labels[RL_COUNT] = {
	[RL_CPU] = "Max cpu time", [RL_FSIZE] = "Max file size", [RL_DATA] = "Max data size",
	[RL_STACK] = "Max stack size", [RL_CORE] = "Max core file size",
	[RL_RSS] = "Max resident set", [RL_NPROC] = "Max processes",
	[RL_NOFILE] = "Max open files", [RL_MEMLOCK] = "Max locked memory",
	[RL_AS] = "Max address space", [RL_LOCKS] = "Max file locks",
	[RL_SIGPENDING] = "Max pending signals", [RL_MSGQUEUE] = "Max msgqueue size",
	[RL_NICE] = "Max nice priority", [RL_RTPRIO] = "Max realtime priority",
	[RL_RTTIME] = "Max realtime timeout",
};

static bool scan_limit(const char **p, uint64_t *ret)
{
	while (**p == ' ')
		(*p)++;
	if (!str_prefix(*p, "unlimited"))
		return scan_u64(p, ret);
	*p += strlen("unlimited");
	*ret = UINT64_MAX;
	return true;
}

/* "Max open files            1024                 4096                 files     " */
bool rlimits_parse(struct rlimits *r, const char *text)
{
	bool any = false;

	memset(r, 0, sizeof(*r));
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');

		for (int i = 0; i < RL_COUNT; i++) {
			size_t len = strlen(labels[i]);
			const char *p = line + len;

			if (!str_prefix(line, labels[i]) || *p != ' ')
				continue;
			r->there[i] = scan_limit(&p, &r->soft[i]) && scan_limit(&p, &r->hard[i]) &&
				p <= end;
			any = any || r->there[i];
		}
		line = *end ? end + 1 : end;
	}
	return any;
}

int rlimits_read(struct rlimits *r, int dir)
{
	char text[4096];

	if (fd_read_at(dir, "limits", text, sizeof(text)) < 0)
		return -1;
	errno = ESRCH;
	return rlimits_parse(r, text) ? 0 : -1;
}

/* Linux 6.2 tells the number as the size of the directory; before they are counted. */
static uint64_t open_files(int dir)
{
	auto_close int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	struct stat st;
	uint64_t n = 0;
	pid_t fd;
	int more;

	if (fds < 0)
		return UINT64_MAX;
	if (fstat(fds, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	proc_dir_init(&d, fds);
	while ((more = proc_dir_next(&d, &fd)) > 0)
		n++;
	return more < 0 ? UINT64_MAX : n;
}

/* The kernel counts threads by real user and user namespace (by user alone before Linux 5.14). */
static uint64_t threads_of_user(uint32_t uid, uint64_t userns, int procfs,
				void (*tick)(void *ctx), void *ctx)
{
	auto_close int list = openat(procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	uint64_t n = 0;
	pid_t pid;

	if (list < 0)
		return UINT64_MAX;
	proc_dir_init(&d, list);
	while (proc_dir_next(&d, &pid) > 0) {
		auto_close int dir = proc_open(procfs, pid);
		struct proc_status st;

		tick(ctx);
		if (dir >= 0 && proc_status(dir, &st) == 0 && st.uid[0] == uid &&
		    ns_id(dir, "user") == userns)
			n += st.threads;
	}
	return n;
}

void rlimits_use(uint64_t use[RL_COUNT], const struct rlimits *r, int dir, int procfs,
		 void (*tick)(void *ctx), void *ctx)
{
	auto_close int living = proc_open_living(dir);
	struct proc_status st;
	struct proc_stat stat;

	for (int i = 0; i < RL_COUNT; i++)
		use[i] = UINT64_MAX;
	if (living < 0 || proc_status(living, &st) < 0 || proc_stat(dir, &stat) < 0)
		return;
	use[RL_CPU] = (stat.utime + stat.stime) / (uint64_t)sysconf(_SC_CLK_TCK);
	use[RL_DATA] = st.vm_data;
	use[RL_STACK] = st.vm_stack;
	use[RL_RSS] = st.vm_rss;
	use[RL_MEMLOCK] = st.vm_locked;
	use[RL_AS] = st.vm_size;
	use[RL_SIGPENDING] = st.signals;
	use[RL_NOFILE] = open_files(living);
	/* looking through a node is not worth it where nothing is limited */
	if (r->soft[RL_NPROC] != UINT64_MAX)
		use[RL_NPROC] = threads_of_user(st.uid[0], ns_id(living, "user"), procfs, tick,
						ctx);
}

/* What is started here may then do it, too. */
static bool first_may_raise(void)
{
	char text[4096];
	uint64_t bnd;
	const char *p;

	if (fd_read_at(AT_FDCWD, "/proc/1/status", text, sizeof(text)) < 0)
		return true;
	p = strstr(text, CAP_BND);
	if (!p)
		return true;
	p += strlen(CAP_BND);
	return !scan_hex(&p, &bnd) || bnd >> CAP_SYS_RESOURCE & 1;
}

uint64_t rlimits_most(enum rlimit_id which)
{
	struct rlimit r;

	if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) || first_may_raise() ||
	    getrlimit((__rlimit_resource_t)which, &r) < 0 || r.rlim_max == RLIM_INFINITY)
		return UINT64_MAX;
	return r.rlim_max;
}
