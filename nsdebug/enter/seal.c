/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal - the sealing sequence of every child, and the table that drives it.
 *
 * The order matters: not dumpable before anything else (dropping capabilities would otherwise open
 * the process to a container root of equal uid), capabilities after the mounts, seccomp last.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/capnum.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/seal.h"

#define CAP(c) (1ull << CAP_##c)
#define PROMPT_US 5000000
/* Once set, the flag is only taken back with CAP_SYS_NICE; it changes nothing for this policy. */
#define CALM (SCHED_OTHER | SCHED_RESET_ON_FORK)

enum arg_rule {
	ANY,
	READ_ONLY_2,	/* argument 2, open flags: no write, create or truncate */
	NO_EXEC_2,	/* argument 2, protection: no PROT_EXEC */
	EMPTY_PATH_3,	/* argument 3, flags: exactly AT_EMPTY_PATH */
	SELF_0,		/* argument 0, a pid: 0, ourselves */
	SELF_CALM,	/* the same, and argument 1, a policy: the one that all have */
	NS_ASK_1,	/* argument 1, an ioctl: who owns a namespace, what is above it */
	HOLD_0,		/* argument 0, a ptrace request: to hold, look at registers, let go */
	BPF_RUN_0,	/* argument 0, a bpf(2) command: make, load, attach, run; not pin or find */
	BPF_VISIT_0,	/* argument 0, a bpf(2) command: make, load, link and run an iterator */
	DUP_1,		/* argument 1, an fcntl(2) command: a duplicate, its flags */
	SAMPLE_1,	/* argument 1, an ioctl of a perf event: so many samples, then no more */
	CONT_1,		/* argument 1, a signal: only the one that continues */
	NOBODY_1,	/* argument 1, a pid: -1, no process in particular */
};

struct rule {
	uint16_t nr;
	uint16_t arg;
};

#define R(name) { __NR_##name, ANY }
#define RULES(...) ((const struct rule[]){ __VA_ARGS__, { UINT16_MAX, 0 } })

#ifdef NSDEBUG_SAN
/* What the sanitizers' run-time and their reports need. */
#define FOR_SANITIZER , R(sigaltstack), R(gettid), R(getpid), R(readlink), R(futex), \
	R(sched_yield), R(rt_sigprocmask), R(rt_sigaction), R(mincore), R(prctl), R(tgkill), \
	R(getrlimit), R(prlimit64), R(sysinfo), R(set_robust_list)
#else
#define FOR_SANITIZER
#endif

/* Every child: its pipes, its memory, its end; sysinfo because glibc's qsort asks for the size of
 * memory before it sorts more than a kilobyte. */
static const struct rule *const common = RULES(
	R(read), R(write), R(close), R(lseek), R(exit_group), R(brk), R(munmap), R(mremap),
	R(madvise), R(clock_gettime), R(rt_sigreturn), R(restart_syscall), R(sysinfo),
	{ __NR_mmap, NO_EXEC_2 }, { __NR_mprotect, NO_EXEC_2 } FOR_SANITIZER);

#define OF_READER R(openat2), { __NR_openat, READ_ONLY_2 }, R(statx), R(getdents64), \
	R(readlinkat), R(pread64), R(splice), R(pipe2), R(fchdir), R(llistxattr), R(lgetxattr), \
	R(poll), R(fstatfs)

static const struct rule *const reader_calls = RULES(OF_READER);

/* One of a container that has ended judges its paths, too: as the one that does only that. */
static const struct rule *const image_calls = RULES(OF_READER, R(getxattr), R(dup));

/* One that opens debug files is asked for them, by who names them from memory. */
static const struct rule *const opener_calls = RULES(
	R(openat2), { __NR_openat, READ_ONLY_2 }, R(statx), R(readlinkat), R(fstatfs),
	R(recvfrom), R(sendmsg));

/* One that says why paths are refused: it walks them, looks at the first bytes of programs, whether
 * a directory has anything in it, and how long names may be in it. An ACL is read through the
 * reader's own descriptors, whose links are followed. */
static const struct rule *const judge_calls = RULES(
	R(openat2), { __NR_openat, READ_ONLY_2 }, R(statx), R(readlinkat), R(getdents64),
	R(pread64), R(fchdir), R(getxattr), R(dup), R(fstatfs), R(recvfrom), R(sendto));

/* One that is asked what files there are. */
static const struct rule *const looker_calls = RULES(
	R(openat2), { __NR_openat, READ_ONLY_2 }, R(statx), R(getdents64), R(readlinkat), R(fchdir),
	R(fstatfs), R(recvmsg), R(sendmsg));

static const struct rule *const proc_calls = RULES(
	{ __NR_openat, READ_ONLY_2 }, R(statx), R(newfstatat), R(getdents64), R(readlinkat),
	R(pread64), R(splice), R(process_vm_readv), R(poll), R(recvfrom), R(sendto), R(getxattr),
	R(sendmsg),
	{ __NR_ioctl, NS_ASK_1 },
	/* for the parser, whose filter comes on top */
	R(pipe2), R(mincore), R(recvmsg),
	R(rt_sigaction), R(setitimer),
	/* to become a parser: each of these only takes rights away */
	R(capget), R(capset), R(seccomp), { __NR_prlimit64, SELF_0 }, R(close_range), R(fstatfs),
	{ __NR_sched_setscheduler, SELF_CALM });

static const struct rule *const scan_calls = RULES(
	{ __NR_openat, READ_ONLY_2 }, R(statx), R(getdents64), R(readlinkat),
	/* to become a parser */
	R(capget), R(capset), R(seccomp), { __NR_prlimit64, SELF_0 }, R(close_range));

static const struct rule *const stopper_calls = RULES(
	{ __NR_ptrace, HOLD_0 }, R(wait4), R(poll), R(ppoll), R(rt_sigaction), R(rt_sigprocmask),
	R(timer_create), R(timer_settime), R(setitimer), R(recvfrom), R(sendto));

/* libbpf: reads the kernel's types and how many processors there are, loads, attaches, maps rings;
 * and of each processor a clock that ticks (perf_event_open).
 * Memory that can be executed it never has: the kernel's compiler makes its own. */
static const struct rule *const tracer_calls = RULES(
	{ __NR_bpf, BPF_RUN_0 }, { __NR_openat, READ_ONLY_2 }, R(newfstatat), R(fstatfs),
	R(pread64), R(poll), R(epoll_create1), R(epoll_ctl), { __NR_fcntl, DUP_1 },
	{ __NR_prlimit64, SELF_0 }, R(access), R(faccessat2), R(uname), R(mincore), R(geteuid),
	R(dup3), { __NR_perf_event_open, NOBODY_1 },
	/* for the parser, whose filter comes on top */
	R(pipe2), R(recvmsg), R(sendto), R(rt_sigaction), R(setitimer),
	/* to become a parser: each of these only takes rights away */
	R(capget), R(capset), R(seccomp), R(close_range));

/* Of the same, what one program takes that is not attached to anything. */
static const struct rule *const iterator_calls = RULES(
	{ __NR_bpf, BPF_VISIT_0 }, { __NR_openat, READ_ONLY_2 }, R(newfstatat), R(pread64),
	{ __NR_fcntl, DUP_1 }, { __NR_prlimit64, SELF_0 }, R(access), R(faccessat2), R(uname),
	R(mincore), R(geteuid), R(recvfrom), R(sendto), R(capget));

/* One sample of a thread: a perf event, and the ring that it comes in. */
static const struct rule *const sampler_calls = RULES(
	R(perf_event_open), { __NR_ioctl, SAMPLE_1 }, R(poll), R(recvfrom), R(sendto));

/* Continues what the programs of a trace have stopped. */
static const struct rule *const guardian_calls = RULES(
	R(pidfd_open), { __NR_pidfd_send_signal, CONT_1 }, { __NR_openat, READ_ONLY_2 }, R(poll));

static const struct rule *const parser_calls = RULES(
	R(pread64), { __NR_newfstatat, EMPTY_PATH_3 }, R(poll),
	/* how libunwind starts: it looks whether it could check its own memory */
	R(pipe2), R(mincore),
	/* who works on a name for long is interrupted */
	R(rt_sigaction), R(setitimer));

/* One that a tracer becomes, or that has a reader beside it: it may ask, and be given files. */
static const struct rule *const asking_calls = RULES(
	R(pread64), { __NR_newfstatat, EMPTY_PATH_3 }, R(poll), R(pipe2), R(mincore),
	R(rt_sigaction), R(setitimer), R(recvmsg), R(sendto));

struct role_row {
	const char *name;
	uint64_t caps;
	const struct rule *calls;
	uint64_t address_space, cpu_s;	/* 0: no limit of its own */
};

static const struct role_row roles[] = {
	[ROLE_READER] = { "reader", CAP(DAC_READ_SEARCH), reader_calls, 0, 0 },
	[ROLE_PROC] = { "procreader", CAP(SYS_PTRACE) | CAP(CHECKPOINT_RESTORE) |
			CAP(DAC_READ_SEARCH), proc_calls, 0, 0 },
	[ROLE_SCAN] = { "scanner", CAP(SYS_PTRACE) | CAP(DAC_READ_SEARCH), scan_calls, 0, 0 },
	[ROLE_TRACER] = { "tracer", CAP(BPF) | CAP(PERFMON), tracer_calls, 0, 0 },
	[ROLE_ITERATOR] = { "iterator", CAP(BPF) | CAP(PERFMON), iterator_calls, 0, 0 },
	[ROLE_SAMPLER] = { "sampler", CAP(PERFMON), sampler_calls, 0, 0 },
	[ROLE_STOPPER] = { "stopper", CAP(SYS_PTRACE), stopper_calls, 0, 0 },
	[ROLE_GUARDIAN] = { "guardian", CAP(KILL), guardian_calls, 0, 0 },
};

/* A ROLE_READER with host_debug; one that judges; one that looks for another child; one of what has
 * ended. */
static const struct role_row opener = { "reader", CAP(DAC_READ_SEARCH), opener_calls, 0, 0 };
static const struct role_row judge = { "reader", CAP(DAC_READ_SEARCH), judge_calls, 0, 0 };
static const struct role_row looker = { "reader", CAP(DAC_READ_SEARCH), looker_calls, 0, 0 };
static const struct role_row image = { "reader", CAP(DAC_READ_SEARCH), image_calls, 0, 0 };
static const struct role_row parser = { "parser", 0, parser_calls, 512ull << 20, 10 };

const char *seal_name(enum role role)
{
	return roles[role].name;
}

static int limit(int what, uint64_t value)
{
	struct rlimit r = { value, value };

	return setrlimit(what, &r);
}

/* With both the same the kernel sends SIGKILL, which does not say why; SIGXCPU does. */
static int limit_time(int what, uint64_t value, uint64_t second)
{
	struct rlimit r = { value, value + second };

	return setrlimit(what, &r);
}

int seal_process(pid_t front, bool writes, struct err *e)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "make the child undumpable");
	if (front && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != front))
		return err_set(e, ST_INTERNAL, "the front is gone");
	setsid();
	umask(077);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "set no_new_privs");
	if (limit(RLIMIT_CORE, 0) < 0 || (!writes && limit(RLIMIT_FSIZE, 0) < 0) ||
	    limit(RLIMIT_NPROC, 0) < 0)
		return err_sys(e, "limit the child");
	return 0;
}

static bool prompt;

/*
 * Who is preempted while it holds a thread holds it for the turns of others: tens of milliseconds
 * where all processors are busy. A loop would hold up everybody, so time without a wait is limited.
 */
void seal_prompt(void)
{
	struct sched_param p = { .sched_priority = 1 };

	if (limit_time(RLIMIT_RTTIME, PROMPT_US, 1000000) == 0)
		prompt = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &p) == 0;
	limit(RLIMIT_RTPRIO, 0);
}

/* Started under SCHED_IDLE and not made prompt, it is not let out of that, and need not be. */
int seal_calm(void)
{
	return sched_setscheduler(0, CALM, &(struct sched_param){ 0 }) < 0 && prompt ? -1 : 0;
}

/* A missing capability is named, not numbered: this is what most first runs fail on. */
int seal_err(struct err *e, int pidfd, const char *what, const char *caps)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int err = errno;

	/* /proc says EACCES of a process that is no more, too */
	if (err == ENOENT || err == ESRCH || poll(&p, 1, 0) > 0)
		return err_set(e, ST_TARGET, "the target went away");
	errno = err;
	if (errno != EPERM && errno != EACCES)
		return err_sys(e, "%s", what);
	return err_set(e, ST_PRIVILEGE, "%s: not permitted; run nsdebug as root on the node, or "
		       "give it %s", what, caps);
}

int seal_read_only(int tree)
{
	struct mount_attr a = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID |
			MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME,
		.attr_clr = MOUNT_ATTR__ATIME,
		.propagation = MS_PRIVATE,
	};

	if (!syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof(a)))
		return 0;
	if (errno != EPERM)
		return -1;
	/* The atime flags of mounts that a user namespace got from its parent are locked. */
	a.attr_set &= ~(uint64_t)MOUNT_ATTR_NOATIME;
	a.attr_clr = 0;
	return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &a,
			    sizeof(a));
}

/*
 * A private copy of the mount tree that the kernel itself keeps read-only. EINVAL: the root is
 * unbindable. ENOSYS: mount_setattr is Linux 5.12. Both leave the reader in the target's own tree,
 * where it still opens nothing but regular files and directories, and only to read.
 */
int seal_clone(struct inside *in, unsigned int recursive)
{
	auto_close int tree = (int)syscall(SYS_open_tree, in->root, "", AT_EMPTY_PATH |
					   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);

	if (tree < 0 || seal_read_only(tree) < 0) {
		in->raw = true;
		return -1;
	}
	close(in->root);
	in->root = take_fd(&tree);
	return 0;
}

void seal_debug(struct inside *in)
{
	auto_close int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/usr/lib/debug",
					   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree >= 0 && seal_read_only(tree) == 0)
		in->debug = take_fd(&tree);
}

int seal_root(struct inside *in, int pidfd, struct err *e)
{
	static const char caps[] = "CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE and "
		"CAP_DAC_READ_SEARCH";

	in->root = openat(in->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (in->root < 0)
		return seal_err(e, pidfd, "open the target's root", caps);
	/* Only the directory of our own descriptors, as a mount of its own: nothing above it can
	 * be reached through it, not even with "..". It is made while the host's /proc is ours. */
	in->own_fds = (int)syscall(SYS_open_tree, in->procfs, "self/fd",
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (in->own_fds < 0)
		return seal_err(e, pidfd, "mount the reader's own descriptors", caps);
	if (setns(pidfd, CLONE_NEWNS) < 0)
		return seal_err(e, pidfd, "join the target's mount namespace", caps);
	if (!in->raw)
		seal_clone(in, AT_RECURSIVE);
	if (fchdir(in->root) < 0 || chroot(".") < 0)
		return seal_err(e, pidfd, "change to the target's root", caps);
	return 0;
}

/*
 * Permitted, effective, inheritable and (by losing the other two) ambient. The bounding set is
 * left: it only matters to execve(2), which no_new_privs makes harmless and seccomp impossible, and
 * emptying it takes 41 calls.
 */
static int keep_caps(uint64_t keep)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ .effective = (uint32_t)keep, .permitted = (uint32_t)keep },
		{ .effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32) },
	};
	struct __user_cap_data_struct have[2];

	/* What root itself lacks here (a container, an older kernel) cannot be kept. */
	if (syscall(SYS_capget, &h, have) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		d[i].effective &= have[i].permitted;
		d[i].permitted &= have[i].permitted;
	}
	return (int)syscall(SYS_capset, &h, d);
}

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH here"
#endif

#define FILTER_MAX 240	/* a jump reaches 255 further */
#define RULES_MAX 64

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
};

/* Where a jump leads that is not known yet: to the two last instructions. */
enum { TO_ALLOW = 254, TO_KILL = 255 };

static void put(struct filter *f, unsigned short code, unsigned char jt, unsigned char jf,
		unsigned int k)
{
	f->code[f->len++] = (struct sock_filter){ code, jt, jf, k };
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned int)offset);
}

/* Values of an argument that pass; none: what must not be among its bits is in `never`. */
struct arg_check {
	unsigned int arg;
	unsigned int pass[16], count;
	unsigned int never;
	bool self;	/* argument 0 is 0, too */
};

static const struct arg_check checks[] = {
	[READ_ONLY_2] = { 2, .never = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND },
	[NO_EXEC_2] = { 2, .never = PROT_EXEC },
	[EMPTY_PATH_3] = { 3, { AT_EMPTY_PATH }, 1 },
	[SELF_0] = { 0, { 0 }, 1 },
	[SELF_CALM] = { 1, { CALM }, 1, .self = true },
	[NS_ASK_1] = { 1, { NS_GET_USERNS, NS_GET_PARENT, NS_GET_OWNER_UID }, 3 },
	[HOLD_0] = { 0, { PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_GETREGSET, PTRACE_DETACH }, 4 },
	[BPF_RUN_0] = { 0, { BPF_MAP_CREATE, BPF_MAP_UPDATE_ELEM, BPF_MAP_LOOKUP_ELEM,
		BPF_MAP_FREEZE, BPF_PROG_LOAD, BPF_BTF_LOAD, BPF_OBJ_GET_INFO_BY_FD,
		BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE, BPF_ITER_CREATE,
		BPF_PROG_BIND_MAP }, 11 },
	[BPF_VISIT_0] = { 0, { BPF_MAP_CREATE, BPF_MAP_UPDATE_ELEM, BPF_MAP_FREEZE, BPF_PROG_LOAD,
		BPF_BTF_LOAD, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_CREATE, BPF_ITER_CREATE }, 8 },
	[SAMPLE_1] = { 1, { PERF_EVENT_IOC_REFRESH }, 1 },
	[CONT_1] = { 1, { SIGCONT }, 1 },
	[NOBODY_1] = { 1, { UINT32_MAX }, 1 },
	[DUP_1] = { 1, { F_DUPFD_CLOEXEC, F_GETFD, F_SETFD }, 3 },
};

static void put_rule(struct filter *f, const struct rule *r)
{
	const struct arg_check *c = &checks[r->arg];

	if (r->arg == ANY) {
		put(f, BPF_JMP | BPF_JEQ | BPF_K, TO_ALLOW, TO_KILL, r->nr);
		return;
	}
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, TO_KILL, r->nr);
	if (c->self) {
		load(f, offsetof(struct seccomp_data, args));
		put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, TO_KILL, 0);
	}
	load(f, offsetof(struct seccomp_data, args) + 8 * c->arg);
	if (c->never)
		put(f, BPF_JMP | BPF_JSET | BPF_K, TO_KILL, TO_ALLOW, c->never);
	for (unsigned int i = 0; i < c->count; i++)
		put(f, BPF_JMP | BPF_JEQ | BPF_K, TO_ALLOW, i + 1 < c->count ? 0 : TO_KILL,
		    c->pass[i]);
}

/*
 * A binary search over the sorted rules, as short as can be: the kernel compiles a new filter, and
 * runs it once for every system call there is to know which it may pass without asking. A plain
 * list would take longer than an ls.
 */
static void put_search(struct filter *f, const struct rule *r, size_t count)
{
	size_t half = count / 2, at = f->len;

	if (count == 1) {
		put_rule(f, r);
		return;
	}
	put(f, BPF_JMP | BPF_JGE | BPF_K, 0, 0, r[half].nr);	/* 0: the lower half follows */
	put_search(f, r, half);
	f->code[at].jt = (unsigned char)(f->len - at - 1);
	put_search(f, r + half, count - half);
}

static unsigned char resolve(unsigned char jump, size_t at, size_t last)
{
	if (jump == TO_ALLOW)
		return (unsigned char)(last - 1 - at - 1);
	return jump == TO_KILL ? (unsigned char)(last - at - 1) : jump;
}

static void put_end(struct filter *f)
{
	put(f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	put(f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < f->len; i++) {
		if (BPF_CLASS(f->code[i].code) != BPF_JMP)
			continue;
		f->code[i].jt = resolve(f->code[i].jt, i, f->len - 1u);
		f->code[i].jf = resolve(f->code[i].jf, i, f->len - 1u);
	}
}

static int by_number(const void *a, const void *b)
{
	return ((const struct rule *)a)->nr - ((const struct rule *)b)->nr;
}

static size_t gather(struct rule *all, size_t count, const struct rule *calls)
{
	for (; calls->nr != UINT16_MAX && count < RULES_MAX; calls++) {
		size_t i = 0;

		while (i < count && all[i].nr != calls->nr)
			i++;
		if (i == count)
			all[count++] = *calls;
	}
	return count;
}

static int filter_calls(const struct rule *calls, struct err *e)
{
	struct rule all[RULES_MAX];
	struct filter f = { .len = 0 };
	struct sock_fprog prog;
	size_t count = gather(all, gather(all, 0, calls), common);

	qsort(all, count, sizeof(*all), by_number);
	load(&f, offsetof(struct seccomp_data, arch));
	put(&f, BPF_JMP | BPF_JEQ | BPF_K, 0, TO_KILL, NATIVE_ARCH);
	load(&f, offsetof(struct seccomp_data, nr));
	put_search(&f, all, count);
	put_end(&f);
	prog = (struct sock_fprog){ f.len, f.code };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return err_sys(e, "install the child's system call filter");
	return 0;
}

static const struct role_row *row_of(const struct spawn *s)
{
	if (s->role == ROLE_READER && s->host_debug)
		return &opener;
	if (s->role == ROLE_READER && s->looks)
		return &looker;
	if (s->role == ROLE_READER && s->place->image)
		return &image;
	return s->role == ROLE_READER && s->judge ? &judge : &roles[s->role];
}

/*
 * Kernels of Debian and Ubuntu have a patch by which nobody without CAP_SYS_ADMIN opens a perf
 * event where kernel.perf_event_paranoid is above 2, which is Debian's default; CAP_PERFMON, which
 * is for that, is not asked for there. What else it would allow, the filter does not.
 */
static uint64_t caps_of_clocks(const struct spawn *s)
{
	uint64_t level;
	char text[16];
	const char *p = text;

	if (s->role != ROLE_SAMPLER && !s->clocks)
		return 0;
	if (fd_read_at(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)) <= 0 ||
	    !scan_u64(&p, &level))
		return 0;
	return level > 2 ? CAP(SYS_ADMIN) : 0;
}

int seal_rights(const struct spawn *s, struct err *e)
{
	const struct role_row *r = row_of(s);

	if (limit(RLIMIT_NOFILE, 4096) < 0 && limit(RLIMIT_NOFILE, 256) < 0)
		return err_sys(e, "limit the child's descriptors");
	/* before Linux 5.11 maps and programs count as locked memory; a refusal is seen by them */
	if (s->role == ROLE_TRACER)
		limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	if (keep_caps(r->caps | caps_of_clocks(s)) < 0)
		return err_sys(e, "drop capabilities");
	return filter_calls(r->calls, e);
}

#ifndef NSDEBUG_SAN
/* A tracer has mapped its ring, twice, which may be all that a parser is given and more. */
static uint64_t mapped_bytes(enum role role)
{
	uint64_t pages = 0;
	char text[128];
	const char *p = text;

	if (role != ROLE_TRACER ||
	    fd_read_at(AT_FDCWD, "/proc/self/statm", text, sizeof(text)) <= 0 ||
	    !scan_u64(&p, &pages))
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
#endif

int seal_parser(enum role role, bool asks, struct err *e)
{
#ifndef NSDEBUG_SAN
	uint64_t mapped = mapped_bytes(role);
#endif

	if (role == ROLE_PROC && seal_calm() < 0)
		return err_sys(e, "take the parser's priority back");
	if (keep_caps(parser.caps) < 0)
		return err_sys(e, "drop capabilities");
#ifndef NSDEBUG_SAN
	if (limit(RLIMIT_AS, parser.address_space + mapped) < 0)
		return err_sys(e, "limit the parser's memory");
#endif
	/* a trace ends when its user says so, however much there was to parse until then */
	if (role != ROLE_TRACER && limit_time(RLIMIT_CPU, parser.cpu_s, 1) < 0)
		return err_sys(e, "limit the parser's time");
	return filter_calls(role == ROLE_TRACER || asks ? asking_calls : parser.calls, e);
}
