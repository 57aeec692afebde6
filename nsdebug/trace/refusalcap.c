/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusalcap - which capabilities system calls ask for, and other rules by which they are refused.
 * capabilities(7) and the manual of each, section 2, up to Linux 6.18.
 */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "nsdebug/base/own.h"
#include "nsdebug/trace/refusal.h"

#define CAP(name) CREDS_CAP(name)

static const struct {
	uint16_t nr;
	uint64_t caps;
} asked[] = {
	{ SYS_socket, CAP(NET_RAW) },
	{ SYS_mount, CAP(SYS_ADMIN) }, { SYS_umount2, CAP(SYS_ADMIN) },
	{ SYS_pivot_root, CAP(SYS_ADMIN) }, { SYS_chroot, CAP(SYS_CHROOT) },
	{ SYS_move_mount, CAP(SYS_ADMIN) }, { SYS_open_tree, CAP(SYS_ADMIN) },
	{ SYS_fsopen, CAP(SYS_ADMIN) }, { SYS_fsmount, CAP(SYS_ADMIN) },
	{ SYS_fspick, CAP(SYS_ADMIN) }, { SYS_mount_setattr, CAP(SYS_ADMIN) },
	{ SYS_unshare, CAP(SYS_ADMIN) }, { SYS_setns, CAP(SYS_ADMIN) },
	{ SYS_clone, CAP(SYS_ADMIN) }, { SYS_clone3, CAP(SYS_ADMIN) },
	{ SYS_sethostname, CAP(SYS_ADMIN) }, { SYS_setdomainname, CAP(SYS_ADMIN) },
	{ SYS_swapon, CAP(SYS_ADMIN) }, { SYS_swapoff, CAP(SYS_ADMIN) },
	{ SYS_quotactl, CAP(SYS_ADMIN) }, { SYS_fanotify_init, CAP(SYS_ADMIN) },
	{ SYS_setuid, CAP(SETUID) }, { SYS_setreuid, CAP(SETUID) },
	{ SYS_setresuid, CAP(SETUID) }, { SYS_setgid, CAP(SETGID) },
	{ SYS_setregid, CAP(SETGID) }, { SYS_setresgid, CAP(SETGID) },
	{ SYS_setgroups, CAP(SETGID) },
	{ SYS_kill, CAP(KILL) }, { SYS_tkill, CAP(KILL) }, { SYS_tgkill, CAP(KILL) },
	{ SYS_rt_sigqueueinfo, CAP(KILL) }, { SYS_rt_tgsigqueueinfo, CAP(KILL) },
	{ SYS_pidfd_send_signal, CAP(KILL) },
	{ SYS_ptrace, CAP(SYS_PTRACE) }, { SYS_process_vm_readv, CAP(SYS_PTRACE) },
	{ SYS_process_vm_writev, CAP(SYS_PTRACE) }, { SYS_pidfd_getfd, CAP(SYS_PTRACE) },
	{ SYS_kcmp, CAP(SYS_PTRACE) }, { SYS_get_robust_list, CAP(SYS_PTRACE) },
	{ SYS_setpriority, CAP(SYS_NICE) }, { SYS_sched_setscheduler, CAP(SYS_NICE) },
	{ SYS_sched_setparam, CAP(SYS_NICE) }, { SYS_sched_setattr, CAP(SYS_NICE) },
	{ SYS_sched_setaffinity, CAP(SYS_NICE) }, { SYS_ioprio_set, CAP(SYS_NICE) },
	{ SYS_migrate_pages, CAP(SYS_NICE) }, { SYS_move_pages, CAP(SYS_NICE) },
	{ SYS_setrlimit, CAP(SYS_RESOURCE) }, { SYS_prlimit64, CAP(SYS_RESOURCE) },
	{ SYS_mlock, CAP(IPC_LOCK) }, { SYS_mlock2, CAP(IPC_LOCK) },
	{ SYS_mlockall, CAP(IPC_LOCK) }, { SYS_shmctl, CAP(IPC_OWNER) },
	{ SYS_shmat, CAP(IPC_OWNER) }, { SYS_shmget, CAP(IPC_OWNER) },
	{ SYS_msgget, CAP(IPC_OWNER) }, { SYS_msgsnd, CAP(IPC_OWNER) },
	{ SYS_msgrcv, CAP(IPC_OWNER) }, { SYS_semget, CAP(IPC_OWNER) },
	{ SYS_semop, CAP(IPC_OWNER) },
	{ SYS_settimeofday, CAP(SYS_TIME) }, { SYS_clock_settime, CAP(SYS_TIME) },
	{ SYS_adjtimex, CAP(SYS_TIME) }, { SYS_clock_adjtime, CAP(SYS_TIME) },
	{ SYS_reboot, CAP(SYS_BOOT) }, { SYS_kexec_load, CAP(SYS_BOOT) },
	{ SYS_kexec_file_load, CAP(SYS_BOOT) },
	{ SYS_init_module, CAP(SYS_MODULE) }, { SYS_finit_module, CAP(SYS_MODULE) },
	{ SYS_delete_module, CAP(SYS_MODULE) },
	{ SYS_iopl, CAP(SYS_RAWIO) }, { SYS_ioperm, CAP(SYS_RAWIO) },
	{ SYS_syslog, CAP(SYSLOG) }, { SYS_acct, CAP(SYS_PACCT) },
	{ SYS_vhangup, CAP(SYS_TTY_CONFIG) }, { SYS_mknod, CAP(MKNOD) },
	{ SYS_mknodat, CAP(MKNOD) }, { SYS_bpf, CAP(BPF) | CAP(SYS_ADMIN) },
	{ SYS_perf_event_open, CAP(PERFMON) | CAP(SYS_ADMIN) },
	{ SYS_open_by_handle_at, CAP(DAC_READ_SEARCH) }, { SYS_capset, CAP(SETPCAP) },
	{ SYS_timer_create, CAP(WAKE_ALARM) }, { SYS_timerfd_create, CAP(WAKE_ALARM) },
	{ SYS_userfaultfd, CAP(SYS_PTRACE) },
};

static uint64_t of_prctl(uint64_t option)
{
	switch (option) {
	case PR_CAPBSET_DROP: case PR_SET_SECUREBITS: case PR_CAP_AMBIENT:
		return CAP(SETPCAP);
	case PR_SET_MM:
		return CAP(SYS_RESOURCE);
	case PR_SET_SECCOMP:
		return CAP(SYS_ADMIN);
	default:
		return 0;
	}
}

static uint64_t of_socket(uint64_t option)
{
	switch (option) {
	case SO_DEBUG: case SO_PRIORITY: case SO_MARK: case SO_SNDBUFFORCE: case SO_RCVBUFFORCE:
		return CAP(NET_ADMIN);
	case SO_BINDTODEVICE:
		return CAP(NET_RAW);
	default:
		return 0;
	}
}

uint64_t refusal_caps(const struct sysview *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		if (asked[i].nr == v->call->nr)
			return asked[i].caps;
	switch (v->call->nr) {
	case SYS_prctl:
		return of_prctl(v->call->args[0]);
	case SYS_ioctl:		/* of a socket, SIOCSIFFLAGS and the like */
		return (v->call->args[1] & ~0xffull) == 0x8900 ? CAP(NET_ADMIN) : 0;
	case SYS_setsockopt:
		return v->call->args[1] == SOL_SOCKET ? of_socket(v->call->args[2]) : 0;
	default:
		return 0;
	}
}

static const struct {
	uint16_t nr, err;
	const char *text;
} rules[] = {
	{ SYS_prlimit64, EPERM, "RLIMIT_NOFILE cannot be above fs.nr_open" },
	{ SYS_setrlimit, EPERM, "RLIMIT_NOFILE cannot be above fs.nr_open" },
	{ SYS_openat2, EXDEV, "it leads out of what RESOLVE_* of its own flags allow" },
	{ SYS_copy_file_range, EXDEV, "the two files are on file systems of different kinds" },
	{ SYS_unshare, EPERM, "user namespaces: the process has another root than its mount "
	  "namespace, or a sysctl forbids them" },
	{ SYS_clone, EPERM, "user namespaces: the process has another root than its mount "
	  "namespace, or a sysctl forbids them" },
	{ SYS_setpgid, EPERM, "the process leads its session, or that group is of another one" },
	{ SYS_setsid, EPERM, "the process leads a group already" },
	{ SYS_setpgid, EACCES, "the child has run a program since" },
	{ SYS_write, EPERM, "the file is sealed against writing" },
	{ SYS_ftruncate, EPERM, "the file is sealed, or only appended to" },
	{ SYS_fallocate, EPERM, "the file is sealed, or only appended to" },
	{ SYS_mmap, EPERM, "the file is sealed, or is on a mount without exec" },
	{ SYS_mmap, EACCES, "the file is not open for this" },
	{ SYS_mprotect, EACCES, "what is mapped there was not opened for this" },
	{ SYS_epoll_ctl, EPERM, "a file of this kind cannot be waited for" },
	{ SYS_sendto, EPERM, "a packet filter (iptables, nftables, BPF) of the network namespace" },
	{ SYS_sendmsg, EPERM, "a packet filter (iptables, nftables, BPF) of the network "
	  "namespace" },
	{ SYS_sendmmsg, EPERM, "a packet filter (iptables, nftables, BPF) of the network "
	  "namespace" },
	{ SYS_sendto, EACCES, "a broadcast address without SO_BROADCAST" },
	{ SYS_connect, EACCES, "a broadcast address without SO_BROADCAST, or a routing rule" },
	{ SYS_connect, EPERM, "a packet filter or a BPF program of the cgroup" },
	{ SYS_bind, EPERM, "a BPF program of the cgroup" },
	{ SYS_sched_setscheduler, EPERM, "its cpu cgroup has no real-time runtime "
	  "(cpu.rt_runtime_us)" },
	{ SYS_sched_setattr, EPERM, "its cpu cgroup has no real-time runtime "
	  "(cpu.rt_runtime_us)" },
	{ SYS_io_uring_setup, EPERM, "kernel.io_uring_disabled" },
	{ SYS_userfaultfd, EPERM, "vm.unprivileged_userfaultfd" },
};

const char *refusal_rule(const struct sysview *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].nr == v->call->nr && rules[i].err == -v->call->ret)
			return rules[i].text;
	return NULL;
}
