/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/callcap.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/base/own.h"
#include "nsdebug/sys/release.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/capable.h"
#include "nsdebug/why/creds.h"

/* Not in the headers of every libc. */
#define CLONE_TIME 0x80		/* CLONE_NEWTIME, Linux 5.6; for clone(2) it is of the signal */
#define NR_QUOTACTL_FD 443
#define NR_LANDLOCK_RESTRICT_SELF 446
#define NR_FCHMODAT2 452
#define NR_OPEN_TREE_ATTR 467
#define TREE_CLONE 1u		/* OPEN_TREE_CLONE */
#define USER_MODE_ONLY 1u	/* UFFD_USER_MODE_ONLY */
#define FAN_CLASSES 0x0cu	/* FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT */
#define FAN_UNLIMITED 0x30u	/* FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS */
#define FAN_AUDIT 0x40u		/* FAN_ENABLE_AUDIT */
#define FAN_FIDS 0xe00u		/* FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME */
#define ALARMS 8u		/* CLOCK_REALTIME_ALARM; CLOCK_BOOTTIME_ALARM is 9 */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
	CLONE_NEWNET)

/* ---- arguments ---- */

static bool is_known(const struct callcap_call *c, unsigned int arg)
{
	return !(c->unknown >> arg & 1);
}

/* Who makes a user namespace with it has all capabilities there. */
static enum callcap_asks of_namespaces(const struct callcap_call *c, uint64_t which)
{
	if (!is_known(c, 0))
		return CALLCAP_SOME;
	return c->args[0] & which && !(c->args[0] & CLONE_NEWUSER) ? CALLCAP_YES : CALLCAP_NO;
}

static enum callcap_asks of_unshare(const struct callcap_call *c)
{
	return of_namespaces(c, NAMESPACES | CLONE_TIME);
}

static enum callcap_asks of_clone(const struct callcap_call *c)
{
	return of_namespaces(c, NAMESPACES);
}

/* What it is joined by may be of any sort if that is not said. */
static enum callcap_asks of_setns(const struct callcap_call *c)
{
	return is_known(c, 1) && c->args[1] && !(c->args[1] & CLONE_NEWUSER) ? CALLCAP_YES :
		CALLCAP_SOME;
}

static enum callcap_asks of_bits(const struct callcap_call *c, unsigned int arg, uint64_t bits)
{
	return !is_known(c, arg) ? CALLCAP_SOME : c->args[arg] & bits ? CALLCAP_YES : CALLCAP_NO;
}

static enum callcap_asks of_tree(const struct callcap_call *c)
{
	return of_bits(c, 2, TREE_CLONE);
}

static enum callcap_asks of_iopl(const struct callcap_call *c)
{
	return of_bits(c, 0, 3);
}

static enum callcap_asks of_ioperm(const struct callcap_call *c)
{
	return of_bits(c, 2, UINT32_MAX);
}

static enum callcap_asks of_mbind(const struct callcap_call *c)
{
	return of_bits(c, 5, 4);	/* MPOL_MF_MOVE_ALL */
}

static enum callcap_asks of_device(const struct callcap_call *c, unsigned int arg)
{
	/* a whiteout of overlayfs is for all, Linux 5.8 */
	if (!is_known(c, arg) || (S_ISCHR(c->args[arg]) && !is_known(c, arg + 1)))
		return CALLCAP_SOME;
	return S_ISBLK(c->args[arg]) || (S_ISCHR(c->args[arg]) && c->args[arg + 1]) ?
		CALLCAP_YES : CALLCAP_NO;
}

static enum callcap_asks of_mknod(const struct callcap_call *c)
{
	return of_device(c, 1);
}

static enum callcap_asks of_mknodat(const struct callcap_call *c)
{
	return of_device(c, 2);
}

static enum callcap_asks of_timer(const struct callcap_call *c)
{
	return !is_known(c, 0) ? CALLCAP_SOME :
		c->args[0] == ALARMS || c->args[0] == ALARMS + 1 ? CALLCAP_YES : CALLCAP_NO;
}

/* Since Linux 5.13, fanotify_init(2). */
static enum callcap_asks of_fanotify(const struct callcap_call *c)
{
	if (!is_known(c, 0))
		return CALLCAP_SOME;
	return c->args[0] & (FAN_CLASSES | FAN_UNLIMITED | FAN_AUDIT) ||
		!(c->args[0] & FAN_FIDS) ? CALLCAP_YES : CALLCAP_SOME;
}

/* check_syslog_permissions(): of these two kernel.dmesg_restrict decides. */
static enum callcap_asks of_syslog(const struct callcap_call *c)
{
	if (!is_known(c, 0))
		return c->node.log == CALLCAP_YES ? CALLCAP_YES : CALLCAP_SOME;
	return c->args[0] != 3 && c->args[0] != 10 ? CALLCAP_YES : c->node.log;
}

static enum callcap_asks of_userfaultfd(const struct callcap_call *c)
{
	if (c->node.faults == CALLCAP_NO)
		return CALLCAP_NO;
	return !is_known(c, 0) ? CALLCAP_SOME : c->args[0] & USER_MODE_ONLY ? CALLCAP_NO :
		c->node.faults;
}

/* BPF_MAP_CREATE, BPF_PROG_LOAD: __sys_bpf(). */
static enum callcap_asks of_bpf(const struct callcap_call *c)
{
	return c->node.bpf == CALLCAP_YES && is_known(c, 0) && (!c->args[0] || c->args[0] == 5) ?
		CALLCAP_YES : CALLCAP_SOME;
}

static enum callcap_asks of_poison(const struct callcap_call *c)
{
	/* MADV_HWPOISON, MADV_SOFT_OFFLINE */
	return !is_known(c, 2) ? CALLCAP_SOME :
		c->args[2] == 100 || c->args[2] == 101 ? CALLCAP_YES : CALLCAP_NO;
}

static uint64_t caps_of_prctl(uint64_t option)
{
	switch (option) {
	case PR_CAPBSET_DROP: case PR_SET_SECUREBITS: case PR_CAP_AMBIENT:
		return CREDS_CAP(SETPCAP);
	case PR_SET_MM:
		return CREDS_CAP(SYS_RESOURCE);
	case PR_SET_SECCOMP:
		return CREDS_CAP(SYS_ADMIN);
	default:
		return 0;
	}
}

static uint64_t caps_of_sockopt(uint64_t option)
{
	switch (option) {
	case SO_DEBUG: case SO_PRIORITY: case SO_MARK: case SO_SNDBUFFORCE: case SO_RCVBUFFORCE:
		return CREDS_CAP(NET_ADMIN);
	case SO_BINDTODEVICE:
		return CREDS_CAP(NET_RAW);
	default:
		return 0;
	}
}

static uint64_t caps_of_fcntl(uint64_t command)
{
	return command == F_SETLEASE ? CREDS_CAP(LEASE) :
		command == F_SETPIPE_SZ ? CREDS_CAP(SYS_RESOURCE) : 0;
}

static enum callcap_asks of_fcntl(const struct callcap_call *c)
{
	return is_known(c, 1) && !caps_of_fcntl(c->args[1]) ? CALLCAP_NO : CALLCAP_SOME;
}

/* Of a socket, SIOCSIFFLAGS and the like. */
static bool is_of_net(uint64_t request)
{
	return (request & ~0xffull) == 0x8900;
}

static enum callcap_asks of_ioctl(const struct callcap_call *c)
{
	return is_known(c, 1) && !is_of_net(c->args[1]) ? CALLCAP_NO : CALLCAP_SOME;
}

static enum callcap_asks of_prctl(const struct callcap_call *c)
{
	if (!is_known(c, 0))
		return CALLCAP_SOME;
	switch (c->args[0]) {
	case PR_CAPBSET_DROP: case PR_SET_SECUREBITS: case PR_SET_MM:
		return CALLCAP_YES;
	default:
		return caps_of_prctl(c->args[0]) ? CALLCAP_SOME : CALLCAP_NO;
	}
}

static enum callcap_asks of_setsockopt(const struct callcap_call *c)
{
	if (is_known(c, 1) && is_known(c, 2) && c->args[1] == SOL_SOCKET &&
	    !caps_of_sockopt(c->args[2]))
		return CALLCAP_NO;
	return CALLCAP_SOME;
}

/* Of known ones why/socket.h tells. */
static enum callcap_asks of_socket(const struct callcap_call *c)
{
	bool net = is_known(c, 0) && (c->args[0] == AF_INET || c->args[0] == AF_INET6);

	return !is_known(c, 0) || (net && !is_known(c, 1)) ? CALLCAP_SOME : CALLCAP_NO;
}

/* ---- the table ---- */

#define OTHERS "processes of other users, or with more capabilities"
#define IDS "ids that are not its own"
#define PRIORITY "a higher priority, or processes of other users"
#define IPC "what belongs to others and is not open to it"
#define NEW "namespaces without a user namespace of its own (CLONE_NEWUSER)"

#define ALL(call, name, where) { SYS_##call, CAP_##name, CAP_##name, OVER_##where, .rare = true }
#define RARE(nr, name, other, where, ...) { nr, CAP_##name, CAP_##other, OVER_##where, true, \
	false, __VA_ARGS__ }
#define SOME(call, name, where, ...) { SYS_##call, CAP_##name, CAP_##name, OVER_##where, false, \
	false, __VA_ARGS__ }
#define OF_FILE(nr, name, ...) { nr, CAP_##name, CAP_##name, OVER_OWN, false, true, __VA_ARGS__ }

static const struct callcap table[] = {
	/* ---- whatever the arguments ---- */
	ALL(mount, SYS_ADMIN, MNT), ALL(umount2, SYS_ADMIN, MNT), ALL(pivot_root, SYS_ADMIN, MNT),
	ALL(move_mount, SYS_ADMIN, MNT), ALL(fsopen, SYS_ADMIN, MNT), ALL(fsmount, SYS_ADMIN, MNT),
	ALL(fspick, SYS_ADMIN, MNT), ALL(mount_setattr, SYS_ADMIN, MNT),
	ALL(chroot, SYS_CHROOT, OWN), ALL(setgroups, SETGID, OWN),
	ALL(sethostname, SYS_ADMIN, UTS), ALL(setdomainname, SYS_ADMIN, UTS),
	ALL(reboot, SYS_BOOT, PID), ALL(swapon, SYS_ADMIN, HOST), ALL(swapoff, SYS_ADMIN, HOST),
	ALL(settimeofday, SYS_TIME, HOST), ALL(clock_settime, SYS_TIME, HOST),
	ALL(init_module, SYS_MODULE, HOST), ALL(finit_module, SYS_MODULE, HOST),
	ALL(delete_module, SYS_MODULE, HOST), ALL(kexec_load, SYS_BOOT, HOST),
	ALL(kexec_file_load, SYS_BOOT, HOST), ALL(acct, SYS_PACCT, HOST),
	ALL(vhangup, SYS_TTY_CONFIG, HOST), ALL(open_by_handle_at, DAC_READ_SEARCH, HOST),
	/* ---- for nearly all that it is for ---- */
	RARE(SYS_setns, SYS_ADMIN, SYS_ADMIN, OWN, "all but user namespaces that it has made",
	     of_setns),
	RARE(SYS_unshare, SYS_ADMIN, SYS_ADMIN, OWN, NEW, of_unshare),
	RARE(SYS_open_tree, SYS_ADMIN, SYS_ADMIN, MNT, "OPEN_TREE_CLONE", of_tree),
	RARE(NR_OPEN_TREE_ATTR, SYS_ADMIN, SYS_ADMIN, MNT, "OPEN_TREE_CLONE", of_tree),
	RARE(SYS_quotactl, SYS_ADMIN, SYS_ADMIN, HOST, "changes, and quotas of others"),
	RARE(NR_QUOTACTL_FD, SYS_ADMIN, SYS_ADMIN, HOST, "changes, and quotas of others"),
	RARE(SYS_fanotify_init, SYS_ADMIN, SYS_ADMIN, HOST, "all but FAN_CLASS_NOTIF with "
	     "FAN_REPORT_FID and the like, which Linux 5.13 lets everybody have", of_fanotify),
	RARE(SYS_syslog, SYSLOG, SYSLOG, HOST, "all but 3 and 10 (to read), and for these where "
	     "kernel.dmesg_restrict is set", of_syslog),
	RARE(SYS_iopl, SYS_RAWIO, SYS_RAWIO, HOST, "a level above 0", of_iopl),
	RARE(SYS_ioperm, SYS_RAWIO, SYS_RAWIO, HOST, "turning ports on", of_ioperm),
	RARE(SYS_bpf, BPF, SYS_ADMIN, HOST, "programs and maps, where "
	     "kernel.unprivileged_bpf_disabled is set, and programs but those of sockets", of_bpf),
	RARE(SYS_perf_event_open, PERFMON, SYS_ADMIN, HOST, "what kernel.perf_event_paranoid "
	     "keeps from others"),
	RARE(SYS_userfaultfd, SYS_PTRACE, SYS_PTRACE, HOST, "all without UFFD_USER_MODE_ONLY, "
	     "unless vm.unprivileged_userfaultfd is 1", of_userfaultfd),
	/* ---- for some of what it is for ---- */
	SOME(socket, NET_RAW, NET, "raw sockets, and those of AF_PACKET", of_socket),
	SOME(clone, SYS_ADMIN, OWN, NEW, of_clone), SOME(clone3, SYS_ADMIN, OWN, NEW),
	SOME(setuid, SETUID, OWN, IDS), SOME(setreuid, SETUID, OWN, IDS),
	SOME(setresuid, SETUID, OWN, IDS), SOME(setgid, SETGID, OWN, IDS),
	SOME(setregid, SETGID, OWN, IDS), SOME(setresgid, SETGID, OWN, IDS),
	SOME(kill, KILL, OWN, "processes of other users"),
	SOME(tkill, KILL, OWN, "processes of other users"),
	SOME(tgkill, KILL, OWN, "processes of other users"),
	SOME(rt_sigqueueinfo, KILL, OWN, "processes of other users"),
	SOME(rt_tgsigqueueinfo, KILL, OWN, "processes of other users"),
	SOME(pidfd_send_signal, KILL, OWN, "processes of other users"),
	SOME(ptrace, SYS_PTRACE, OWN, OTHERS), SOME(process_vm_readv, SYS_PTRACE, OWN, OTHERS),
	SOME(process_vm_writev, SYS_PTRACE, OWN, OTHERS),
	SOME(pidfd_getfd, SYS_PTRACE, OWN, OTHERS), SOME(kcmp, SYS_PTRACE, OWN, OTHERS),
	SOME(get_robust_list, SYS_PTRACE, OWN, OTHERS),
	SOME(setpriority, SYS_NICE, OWN, PRIORITY),
	SOME(sched_setscheduler, SYS_NICE, OWN, PRIORITY),
	SOME(sched_setparam, SYS_NICE, OWN, PRIORITY), SOME(sched_setattr, SYS_NICE, OWN, PRIORITY),
	SOME(sched_setaffinity, SYS_NICE, OWN, "processes of other users"),
	SOME(ioprio_set, SYS_NICE, HOST, "the real-time class, or processes of other users"),
	SOME(migrate_pages, SYS_NICE, HOST, "processes of other users, or shared pages"),
	SOME(move_pages, SYS_NICE, HOST, "processes of other users, or shared pages"),
	SOME(mbind, SYS_NICE, HOST, "MPOL_MF_MOVE_ALL", of_mbind),
	SOME(madvise, SYS_ADMIN, HOST, "MADV_HWPOISON and MADV_SOFT_OFFLINE", of_poison),
	SOME(setrlimit, SYS_RESOURCE, HOST, "raising a hard limit"),
	SOME(prlimit64, SYS_RESOURCE, HOST, "raising a hard limit"),
	SOME(mlock, IPC_LOCK, HOST, "more than its limit memlock"),
	SOME(mlock2, IPC_LOCK, HOST, "more than its limit memlock"),
	SOME(mlockall, IPC_LOCK, HOST, "more than its limit memlock"),
	SOME(shmctl, IPC_OWNER, OWN, IPC), SOME(shmat, IPC_OWNER, OWN, IPC),
	SOME(shmget, IPC_OWNER, OWN, IPC), SOME(msgget, IPC_OWNER, OWN, IPC),
	SOME(msgsnd, IPC_OWNER, OWN, IPC), SOME(msgrcv, IPC_OWNER, OWN, IPC),
	SOME(semget, IPC_OWNER, OWN, IPC), SOME(semop, IPC_OWNER, OWN, IPC),
	SOME(adjtimex, SYS_TIME, HOST, "all but reading (modes 0)"),
	SOME(clock_adjtime, SYS_TIME, HOST, "all but reading (modes 0)"),
	SOME(mknod, MKNOD, HOST, "devices", of_mknod),
	SOME(mknodat, MKNOD, HOST, "devices", of_mknodat),
	SOME(capset, SETPCAP, OWN, "more inheritable ones than permitted ones"),
	SOME(timer_create, WAKE_ALARM, HOST, "CLOCK_*_ALARM", of_timer),
	SOME(timerfd_create, WAKE_ALARM, HOST, "CLOCK_*_ALARM", of_timer),
	SOME(prctl, SETPCAP, OWN, "PR_CAPBSET_DROP and PR_SET_SECUREBITS; another one for "
	     "PR_SET_MM (CAP_SYS_RESOURCE)", of_prctl),
	SOME(seccomp, SYS_ADMIN, OWN, "filters without no_new_privs"),
	{ NR_LANDLOCK_RESTRICT_SELF, CAP_SYS_ADMIN, CAP_SYS_ADMIN, OVER_OWN,
	  .when = "a process without no_new_privs" },
	SOME(fcntl, LEASE, HOST, "F_SETLEASE on a file of another user; another one for "
	     "F_SETPIPE_SZ above fs.pipe-max-size (CAP_SYS_RESOURCE)", of_fcntl),
	SOME(setsockopt, NET_ADMIN, NET, "SO_MARK, SO_SNDBUFFORCE and the like, and packet filters",
	     of_setsockopt),
	SOME(ioctl, NET_ADMIN, NET, "changes of network interfaces; others for those of devices",
	     of_ioctl),
	/* ---- of files ---- */
	OF_FILE(SYS_bind, NET_BIND_SERVICE, "ports below net.ipv4.ip_unprivileged_port_start"),
	OF_FILE(SYS_chown, CHOWN, "another owner"), OF_FILE(SYS_fchown, CHOWN, "another owner"),
	OF_FILE(SYS_lchown, CHOWN, "another owner"), OF_FILE(SYS_fchownat, CHOWN, "another owner"),
	OF_FILE(SYS_chmod, FOWNER, "files of others"),
	OF_FILE(SYS_fchmod, FOWNER, "files of others"),
	OF_FILE(SYS_fchmodat, FOWNER, "files of others"),
	OF_FILE(NR_FCHMODAT2, FOWNER, "files of others"),
};

const struct callcap *callcap_of(unsigned int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].nr == nr)
			return &table[i];
	return NULL;
}

/* Values for which who has no capability is refused. */
static enum callcap_asks of_sysctl(const char *path, uint64_t from, uint64_t to)
{
	uint64_t n = ending_number(path);

	return n == UINT64_MAX ? CALLCAP_SOME : n >= from && n <= to ? CALLCAP_YES : CALLCAP_NO;
}

void callcap_node_read(struct callcap_node *ret)
{
	ret->relaxed = release_is_since(6, 11);
	ret->log = of_sysctl("/proc/sys/kernel/dmesg_restrict", 1, 1);
	ret->bpf = of_sysctl("/proc/sys/kernel/unprivileged_bpf_disabled", 1, 2);
	ret->faults = of_sysctl("/proc/sys/vm/unprivileged_userfaultfd", 0, 0);
}

enum callcap_asks callcap_asks(const struct callcap *k, const struct callcap_call *c)
{
	return !k->when ? CALLCAP_YES : k->asks ? k->asks(c) : CALLCAP_SOME;
}

uint64_t callcap_set(const struct callcap *k, const struct callcap_call *c)
{
	if (k->nr == SYS_prctl && is_known(c, 0))
		return caps_of_prctl(c->args[0]);
	if (k->nr == SYS_fcntl && is_known(c, 1))
		return caps_of_fcntl(c->args[1]);
	if (k->nr == SYS_setsockopt && is_known(c, 1) && is_known(c, 2))
		return c->args[1] == SOL_SOCKET ? caps_of_sockopt(c->args[2]) : 0;
	if (k->nr == SYS_ioctl && is_known(c, 1) && !is_of_net(c->args[1]))
		return 0;
	return 1ull << k->cap | 1ull << k->other;
}
