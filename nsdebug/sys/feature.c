/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/feature.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/capnum.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"

/* A call is there unless it says ENOSYS; EPERM is the privilege. */
static enum feature_state of_call(long ret)
{
	if (ret >= 0 || (errno != ENOSYS && errno != EPERM))
		return FEATURE_OK;
	return errno == ENOSYS ? FEATURE_MISSING : FEATURE_NO_PRIVILEGE;
}

static enum feature_state of_fd(long fd)
{
	enum feature_state s = of_call(fd);

	if (fd >= 0)
		close((int)fd);
	return s;
}

static enum feature_state kernel(char *detail, size_t room)
{
	struct utsname u;

	uint64_t major = 0, minor = 0;
	const char *p = u.release;

	if (uname(&u) < 0)
		return FEATURE_MISSING;
	snprintf(detail, room, "Linux %s %s", u.release, u.machine);
	if (!scan_u64(&p, &major) || *p++ != '.' || !scan_u64(&p, &minor))
		return FEATURE_LIMITED;
	return major > 5 || (major == 5 && minor >= 8) ? FEATURE_OK : FEATURE_LIMITED;
}

static bool has_cap(int cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	return syscall(SYS_capget, &h, d) == 0 &&
		(d[cap / 32].effective & (1u << (cap % 32)));
}

struct cap_name {
	int cap;
	const char *name;
};

static enum feature_state need_caps(const struct cap_name *caps, size_t n, char *detail,
				    size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		if (!has_cap(caps[i].cap) && used < room)
			used += (size_t)snprintf(detail + used, room - used, "%s%s",
						 used ? ", " : "missing: ", caps[i].name);
	return used ? FEATURE_NO_PRIVILEGE : FEATURE_OK;
}

static enum feature_state caps_files(char *detail, size_t room)
{
	static const struct cap_name caps[] = {
		{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" }, { CAP_SYS_CHROOT, "CAP_SYS_CHROOT" },
		{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
		{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	};

	return need_caps(caps, ARRAY_SIZE(caps), detail, room);
}

static enum feature_state caps_stack(char *detail, size_t room)
{
	static const struct cap_name caps[] = {
		{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
		{ CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE" },
	};

	/* CAP_SYS_ADMIN does for the other one */
	return need_caps(caps, has_cap(CAP_SYS_ADMIN) ? 1 : 2, detail, room);
}

static enum feature_state caps_trace(char *detail, size_t room)
{
	static const struct cap_name caps[] = {
		{ CAP_BPF, "CAP_BPF" }, { CAP_PERFMON, "CAP_PERFMON" },
	};

	return need_caps(caps, ARRAY_SIZE(caps), detail, room);
}

static enum feature_state host_pids(char *detail, size_t room)
{
	struct stat st;

	/* The initial pid namespace has a fixed inode number, PROC_PID_INIT_INO. */
	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == 0xEFFFFFFCu)
		return FEATURE_OK;
	snprintf(detail, room, "nsdebug itself runs in a container");
	return FEATURE_LIMITED;
}

/* A child that ends at once, started as our own are. */
static enum feature_state clone_pidfd(char *detail, size_t room)
{
	int fd = -1;
	struct clone_args a = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&fd,
		.exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	if (pid > 0) {
		close(fd);
		waitpid((pid_t)pid, NULL, 0);
	}
	return of_call(pid);
}

static enum feature_state pidfd(char *detail, size_t room)
{
	return of_fd(syscall(SYS_pidfd_open, getpid(), 0));
}

static enum feature_state openat2_call(char *detail, size_t room)
{
	return of_fd(fd_openat2(AT_FDCWD, "/", O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
}

static enum feature_state clone_tree(char *detail, size_t room)
{
	return of_fd(syscall(SYS_open_tree, AT_FDCWD, "/proc/self/fd", OPEN_TREE_CLONE |
			     OPEN_TREE_CLOEXEC));
}

static enum feature_state mount_setattr_call(char *detail, size_t room)
{
	return of_call(syscall(SYS_mount_setattr, -1, "", 0, NULL, 0));
}

static enum feature_state close_range_call(char *detail, size_t room)
{
	return of_call(syscall(SYS_close_range, ~0u, 0u, 0));
}

static enum feature_state seccomp_filter(char *detail, size_t room)
{
	unsigned int action = SECCOMP_RET_KILL_PROCESS;

	return of_call(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

static enum feature_state read_memory(char *detail, size_t room)
{
	char from = 1, to = 0;
	struct iovec l = { &to, 1 }, r = { &from, 1 };

	return of_call(process_vm_readv(getpid(), &l, 1, &r, 1, 0));
}

static enum feature_state of_file(const char *path)
{
	return access(path, F_OK) == 0 ? FEATURE_OK : FEATURE_MISSING;
}

static enum feature_state blocked_threads(char *detail, size_t room)
{
	return of_file("/proc/self/syscall");
}

static enum feature_state mapped_files(char *detail, size_t room)
{
	return of_file("/proc/self/map_files");
}

static enum feature_state children(char *detail, size_t room)
{
	return of_file("/proc/thread-self/children");
}

static enum feature_state smaps_rollup(char *detail, size_t room)
{
	return of_file("/proc/self/smaps_rollup");
}

static enum feature_state pressure(char *detail, size_t room)
{
	char text[16];

	if (fd_read_at(AT_FDCWD, "/proc/pressure/cpu", text, sizeof(text)) > 0)
		return FEATURE_OK;
	snprintf(detail, room, "%s", errno == EOPNOTSUPP ? "switched off at boot" : "");
	return FEATURE_MISSING;
}

/* The family of sockets whose listing is a module of its own. */
static enum feature_state diag(int family)
{
	struct {
		struct nlmsghdr h;
		struct { uint8_t family, protocol; } request;
		char rest[62];		/* longer than any family's request */
	} m = { .h = { .nlmsg_len = sizeof(m), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { (uint8_t)family, family == AF_UNIX ? 0 : IPPROTO_TCP } };
	struct nlmsgerr *err;
	char answer[8192] __attribute__((aligned(8)));
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	ssize_t n;

	if (fd < 0)
		return errno == EPERM ? FEATURE_NO_PRIVILEGE : FEATURE_MISSING;
	if (send(fd, &m, sizeof(m), 0) < 0)
		return FEATURE_MISSING;
	n = recv(fd, answer, sizeof(answer), 0);
	err = NLMSG_DATA((struct nlmsghdr *)answer);
	if (n >= (ssize_t)NLMSG_LENGTH(sizeof(*err)) &&
	    ((struct nlmsghdr *)answer)->nlmsg_type == NLMSG_ERROR && err->error)
		return FEATURE_MISSING;
	return n > 0 ? FEATURE_OK : FEATURE_MISSING;
}

static enum feature_state sock_diag(char *detail, size_t room)
{
	enum feature_state inet = diag(AF_INET), local = diag(AF_UNIX);

	if (inet == FEATURE_OK && local == FEATURE_OK)
		return FEATURE_OK;
	snprintf(detail, room, "missing: %s%s%s", inet == FEATURE_OK ? "" : "inet_diag",
		 inet != FEATURE_OK && local != FEATURE_OK ? ", " : "",
		 local == FEATURE_OK ? "" : "unix_diag");
	return inet == FEATURE_OK ? local : inet;
}

static enum feature_state yama(char *detail, size_t room)
{
	char text[16];

	if (fd_read_at(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) <= 0 ||
	    text[0] != '3')
		return FEATURE_OK;
	snprintf(detail, room, "kernel.yama.ptrace_scope is 3: no process may be traced");
	return FEATURE_LIMITED;
}

static enum feature_state cgroups(char *detail, size_t room)
{
	bool v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	bool hybrid = access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0;
	bool v1 = access("/sys/fs/cgroup/pids", F_OK) == 0;

	snprintf(detail, room, "%s", v2 ? "v2" : hybrid ? "hybrid: v1 and v2" : v1 ? "v1" :
		 "none mounted");
	return v2 || hybrid || v1 ? FEATURE_OK : FEATURE_LIMITED;
}

#define ROOT_CURE "run nsdebug as root on the node (sudo), or give it these capabilities"
#define KERNEL_CURE "a newer kernel"

const struct feature features[] = {
	{ "kernel", "everything: 5.8 or newer", KERNEL_CURE, false, kernel },
	{ "privileges: files", "ls, cat", ROOT_CURE, true, caps_files },
	{ "privileges: processes", "ps, stack", ROOT_CURE, false, caps_stack },
	{ "privileges: traces", "trace", ROOT_CURE, false, caps_trace },
	{ "host pid namespace", "seeing the containers of the node",
	  "run it on the node, or in a pod with hostPID", false, host_pids },
	{ "clone3", "starting sealed children", "Linux 5.3, and a seccomp profile that allows it",
	  true, clone_pidfd },
	{ "pidfd_open", "holding on to the right process", "Linux 5.3", true, pidfd },
	{ "openat2", "paths that cannot leave the container", "Linux 5.6", true, openat2_call },
	{ "open_tree", "a private copy of the container's mounts", "Linux 5.2", true, clone_tree },
	{ "mount_setattr", "making that copy read-only", "Linux 5.12; without it files are read "
	  "in the container's own mounts, and access times may change", false,
	  mount_setattr_call },
	{ "close_range", "starting children quickly", "Linux 5.9; works without", false,
	  close_range_call },
	{ "seccomp filters", "sealed children", "CONFIG_SECCOMP_FILTER", true, seccomp_filter },
	{ "process_vm_readv", "core", "CONFIG_CROSS_MEMORY_ATTACH", false, read_memory },
	{ "/proc/PID/syscall", "stacks of blocked threads without stopping them",
	  "CONFIG_HAVE_ARCH_TRACEHOOK; without it every thread is stopped shortly", false,
	  blocked_threads },
	{ "/proc/PID/map_files", "the right file for every mapping", "CONFIG_PROC_FS of Linux 4.3",
	  false, mapped_files },
	{ "/proc/PID/task/TID/children", "zombies, containers of users", "CONFIG_PROC_CHILDREN",
	  false, children },
	{ "/proc/PID/smaps_rollup", "mem: the proportional share", "Linux 4.14", false,
	  smaps_rollup },
	{ "pressure stall information", "limits: how long tasks waited", "CONFIG_PSI, and psi=1 on "
	  "the kernel's command line", false, pressure },
	{ "sock_diag", "fds: sockets and their peers", "modprobe inet_diag tcp_diag unix_diag",
	  false, sock_diag },
	{ "ptrace", "stacks of running threads", "a lower kernel.yama.ptrace_scope", false, yama },
	{ "cgroups", "knowing a container's processes", "mount cgroup2 on /sys/fs/cgroup", false,
	  cgroups },
	{ NULL }
};

const char *feature_state_name(enum feature_state s)
{
	static const char *const names[] = { "ok", "no privilege", "missing", "limited" };

	return names[s];
}

const char *feature_cure(const struct feature *f, enum feature_state s)
{
	if (s == FEATURE_OK)
		return NULL;
	return s == FEATURE_NO_PRIVILEGE ? ROOT_CURE : f->cure;
}
