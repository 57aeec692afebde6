/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sysword.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"

#define W(word) { (uint64_t)(word), #word }

static const struct sysword access_words[] = {
	W(R_OK), W(W_OK), W(X_OK), { 0, NULL }
};

static const struct sysword at_words[] = {
	W(AT_SYMLINK_NOFOLLOW), W(AT_SYMLINK_FOLLOW), W(AT_NO_AUTOMOUNT), W(AT_EMPTY_PATH),
	W(AT_STATX_FORCE_SYNC), W(AT_STATX_DONT_SYNC), W(AT_EACCESS), { 0, NULL }
};

static const struct sysword atrm_words[] = {
	W(AT_REMOVEDIR), { 0, NULL }
};

static const struct sysword cloexec_words[] = {
	W(O_NONBLOCK), W(O_CLOEXEC), W(O_DIRECT), { 0, NULL }
};

static const struct sysword clone_words[] = {
	W(CLONE_VM), W(CLONE_FS), W(CLONE_FILES), W(CLONE_SIGHAND), W(CLONE_PIDFD),
	W(CLONE_PTRACE), W(CLONE_VFORK), W(CLONE_PARENT), W(CLONE_THREAD), W(CLONE_NEWNS),
	W(CLONE_SYSVSEM), W(CLONE_SETTLS), W(CLONE_PARENT_SETTID), W(CLONE_CHILD_CLEARTID),
	W(CLONE_DETACHED), W(CLONE_UNTRACED), W(CLONE_CHILD_SETTID), W(CLONE_NEWCGROUP),
	W(CLONE_NEWUTS), W(CLONE_NEWIPC), W(CLONE_NEWUSER), W(CLONE_NEWPID), W(CLONE_NEWNET),
	W(CLONE_IO), W(CLONE_NEWTIME), W(CLONE_CLEAR_SIGHAND), W(CLONE_INTO_CGROUP), { 0, NULL }
};

static const struct sysword closer_words[] = {
	W(CLOSE_RANGE_UNSHARE), W(CLOSE_RANGE_CLOEXEC), { 0, NULL }
};

static const struct sysword efd_words[] = {
	W(EFD_SEMAPHORE), W(EFD_CLOEXEC), W(EFD_NONBLOCK), { 0, NULL }
};

static const struct sysword epc_words[] = {
	W(EPOLL_CLOEXEC), { 0, NULL }
};

static const struct sysword falloc_words[] = {
	W(FALLOC_FL_KEEP_SIZE), W(FALLOC_FL_PUNCH_HOLE), W(FALLOC_FL_NO_HIDE_STALE),
	W(FALLOC_FL_COLLAPSE_RANGE), W(FALLOC_FL_ZERO_RANGE), W(FALLOC_FL_INSERT_RANGE),
	W(FALLOC_FL_UNSHARE_RANGE), { 0, NULL }
};

static const struct sysword flock_words[] = {
	W(LOCK_SH), W(LOCK_EX), W(LOCK_UN), W(LOCK_NB), { 0, NULL }
};

static const struct sysword grnd_words[] = {
	W(GRND_NONBLOCK), W(GRND_RANDOM), W(GRND_INSECURE), { 0, NULL }
};

static const struct sysword inc_words[] = {
	W(IN_CLOEXEC), W(IN_NONBLOCK), { 0, NULL }
};

static const struct sysword inotify_words[] = {
	W(IN_ACCESS), W(IN_MODIFY), W(IN_ATTRIB), W(IN_CLOSE_WRITE), W(IN_CLOSE_NOWRITE),
	W(IN_OPEN), W(IN_MOVED_FROM), W(IN_MOVED_TO), W(IN_CREATE), W(IN_DELETE),
	W(IN_DELETE_SELF), W(IN_MOVE_SELF), W(IN_ONLYDIR), W(IN_DONT_FOLLOW), W(IN_EXCL_UNLINK),
	W(IN_MASK_CREATE), W(IN_MASK_ADD), W(IN_ONESHOT), { 0, NULL }
};

static const struct sysword ipcmsg_words[] = {
	W(IPC_NOWAIT), W(MSG_NOERROR), W(MSG_EXCEPT), W(MSG_COPY), { 0, NULL }
};

static const struct sysword map_words[] = {
	W(MAP_FIXED), W(MAP_ANONYMOUS), W(MAP_32BIT), W(MAP_NORESERVE), W(MAP_POPULATE),
	W(MAP_NONBLOCK), W(MAP_GROWSDOWN), W(MAP_DENYWRITE), W(MAP_LOCKED), W(MAP_STACK),
	W(MAP_HUGETLB), W(MAP_SYNC), W(MAP_FIXED_NOREPLACE), { 0, NULL }
};

static const struct sysword memfd_words[] = {
	W(MFD_CLOEXEC), W(MFD_ALLOW_SEALING), W(MFD_HUGETLB), { 0, NULL }
};

static const struct sysword mlock2_words[] = {
	W(MLOCK_ONFAULT), { 0, NULL }
};

static const struct sysword mlockall_words[] = {
	W(MCL_CURRENT), W(MCL_FUTURE), W(MCL_ONFAULT), { 0, NULL }
};

static const struct sysword mount_words[] = {
	W(MS_RDONLY), W(MS_NOSUID), W(MS_NODEV), W(MS_NOEXEC), W(MS_SYNCHRONOUS), W(MS_REMOUNT),
	W(MS_MANDLOCK), W(MS_DIRSYNC), W(MS_NOATIME), W(MS_NODIRATIME), W(MS_BIND), W(MS_MOVE),
	W(MS_REC), W(MS_SILENT), W(MS_POSIXACL), W(MS_UNBINDABLE), W(MS_PRIVATE), W(MS_SLAVE),
	W(MS_SHARED), W(MS_RELATIME), W(MS_KERNMOUNT), W(MS_I_VERSION), W(MS_STRICTATIME),
	W(MS_LAZYTIME), { 0, NULL }
};

static const struct sysword mremap_words[] = {
	W(MREMAP_MAYMOVE), W(MREMAP_FIXED), W(MREMAP_DONTUNMAP), { 0, NULL }
};

static const struct sysword msg_words[] = {
	W(MSG_OOB), W(MSG_PEEK), W(MSG_DONTROUTE), W(MSG_CTRUNC), W(MSG_PROXY), W(MSG_TRUNC),
	W(MSG_DONTWAIT), W(MSG_EOR), W(MSG_WAITALL), W(MSG_FIN), W(MSG_SYN), W(MSG_CONFIRM),
	W(MSG_RST), W(MSG_ERRQUEUE), W(MSG_NOSIGNAL), W(MSG_MORE), W(MSG_WAITFORONE),
	W(MSG_ZEROCOPY), W(MSG_FASTOPEN), W(MSG_CMSG_CLOEXEC), { 0, NULL }
};

static const struct sysword msync_words[] = {
	W(MS_ASYNC), W(MS_INVALIDATE), W(MS_SYNC), { 0, NULL }
};

static const struct sysword open_words[] = {
	W(O_CREAT), W(O_EXCL), W(O_NOCTTY), W(O_TRUNC), W(O_APPEND), W(O_NONBLOCK), W(O_SYNC),
	W(O_DSYNC), W(O_ASYNC), { 0100000, "O_LARGEFILE" }, W(O_DIRECT), W(O_NOFOLLOW),
	W(O_NOATIME), W(O_CLOEXEC), W(O_PATH), W(O_TMPFILE), W(O_DIRECTORY), { 0, NULL }
};

static const struct sysword pidfd_words[] = {
	{ O_NONBLOCK, "PIDFD_NONBLOCK" }, { O_EXCL, "PIDFD_THREAD" }, { 0, NULL }
};

static const struct sysword poll_words[] = {
	W(POLLIN), W(POLLPRI), W(POLLOUT), W(POLLRDNORM), W(POLLRDBAND), W(POLLWRNORM),
	W(POLLWRBAND), W(POLLERR), W(POLLHUP), W(POLLNVAL), W(POLLREMOVE), W(POLLRDHUP),
	{ 0, NULL }
};

static const struct sysword epoll_words[] = {
	W(EPOLLIN), W(EPOLLPRI), W(EPOLLOUT), W(EPOLLRDNORM), W(EPOLLRDBAND), W(EPOLLWRNORM),
	W(EPOLLWRBAND), W(EPOLLMSG), W(EPOLLERR), W(EPOLLHUP), W(EPOLLRDHUP), W(EPOLLEXCLUSIVE),
	W(EPOLLWAKEUP), W(EPOLLONESHOT), W(EPOLLET), { 0, NULL }
};

static const struct sysword prot_words[] = {
	W(PROT_READ), W(PROT_WRITE), W(PROT_EXEC), W(PROT_GROWSDOWN), W(PROT_GROWSUP), { 0, NULL }
};

static const struct sysword rename_words[] = {
	W(RENAME_NOREPLACE), W(RENAME_EXCHANGE), W(RENAME_WHITEOUT), { 0, NULL }
};

static const struct sysword resolve_words[] = {
	W(RESOLVE_NO_XDEV), W(RESOLVE_NO_MAGICLINKS), W(RESOLVE_NO_SYMLINKS), W(RESOLVE_BENEATH),
	W(RESOLVE_IN_ROOT), W(RESOLVE_CACHED), { 0, NULL }
};

static const struct sysword rwf_words[] = {
	W(RWF_HIPRI), W(RWF_DSYNC), W(RWF_SYNC), W(RWF_NOWAIT), W(RWF_APPEND), { 0, NULL }
};

static const struct sysword sa_words[] = {
	{ 0x04000000, "SA_RESTORER" }, W(SA_NOCLDSTOP), W(SA_NOCLDWAIT), W(SA_SIGINFO),
	W(SA_ONSTACK), W(SA_RESTART), W(SA_NODEFER), W(SA_RESETHAND), { 0, NULL }
};

static const struct sysword sfd_words[] = {
	W(SFD_CLOEXEC), W(SFD_NONBLOCK), { 0, NULL }
};

static const struct sysword shmat_words[] = {
	W(SHM_RDONLY), W(SHM_RND), W(SHM_REMAP), W(SHM_EXEC), { 0, NULL }
};

static const struct sysword sock_words[] = {
	W(SOCK_CLOEXEC), W(SOCK_NONBLOCK), { 0, NULL }
};

static const struct sysword splice_words[] = {
	W(SPLICE_F_MOVE), W(SPLICE_F_NONBLOCK), W(SPLICE_F_MORE), W(SPLICE_F_GIFT), { 0, NULL }
};

static const struct sysword ss_words[] = {
	W(SS_ONSTACK), W(SS_DISABLE), { 0, NULL }
};

static const struct sysword statx_words[] = {
	{ 0xfff, "STATX_ALL" }, W(STATX_BASIC_STATS), W(STATX_TYPE), W(STATX_MODE),
	W(STATX_NLINK), W(STATX_UID), W(STATX_GID), W(STATX_ATIME), W(STATX_MTIME),
	W(STATX_CTIME), W(STATX_INO), W(STATX_SIZE), W(STATX_BLOCKS), W(STATX_BTIME),
	W(STATX_MNT_ID), { 0, NULL }
};

static const struct sysword tfd_words[] = {
	W(TFD_CLOEXEC), W(TFD_NONBLOCK), { 0, NULL }
};

static const struct sysword timerabs_words[] = {
	W(TIMER_ABSTIME), { 0, NULL }
};

static const struct sysword tfdset_words[] = {
	W(TFD_TIMER_ABSTIME), W(TFD_TIMER_CANCEL_ON_SET), { 0, NULL }
};

static const struct sysword umount_words[] = {
	W(MNT_FORCE), W(MNT_DETACH), W(MNT_EXPIRE), W(UMOUNT_NOFOLLOW), { 0, NULL }
};

static const struct sysword wait_words[] = {
	W(WNOHANG), W(WSTOPPED), W(WEXITED), W(WCONTINUED), W(WNOWAIT), W(__WNOTHREAD),
	W(__WALL), W(__WCLONE), { 0, NULL }
};

static const struct sysword xattr_words[] = {
	W(XATTR_CREATE), W(XATTR_REPLACE), { 0, NULL }
};

static const struct sysword af_words[] = {
	W(AF_UNSPEC), W(AF_UNIX), W(AF_INET), W(AF_AX25), W(AF_INET6), W(AF_KEY), W(AF_NETLINK),
	W(AF_PACKET), W(AF_RDS), W(AF_CAN), W(AF_TIPC), W(AF_BLUETOOTH), W(AF_ALG), W(AF_NFC),
	W(AF_VSOCK), W(AF_KCM), W(AF_QIPCRTR), W(AF_SMC), W(AF_XDP), { 0, NULL }
};

static const struct sysword archprctl_words[] = {
	W(ARCH_SET_GS), W(ARCH_SET_FS), W(ARCH_GET_FS), W(ARCH_GET_GS), W(ARCH_GET_CPUID),
	W(ARCH_SET_CPUID), { 0, NULL }
};

static const struct sysword bpf_words[] = {
	W(BPF_MAP_CREATE), W(BPF_MAP_LOOKUP_ELEM), W(BPF_MAP_UPDATE_ELEM),
	W(BPF_MAP_DELETE_ELEM), W(BPF_MAP_GET_NEXT_KEY), W(BPF_PROG_LOAD), W(BPF_OBJ_PIN),
	W(BPF_OBJ_GET), W(BPF_PROG_ATTACH), W(BPF_PROG_DETACH), W(BPF_PROG_TEST_RUN),
	W(BPF_PROG_GET_NEXT_ID), W(BPF_MAP_GET_NEXT_ID), W(BPF_PROG_GET_FD_BY_ID),
	W(BPF_MAP_GET_FD_BY_ID), W(BPF_OBJ_GET_INFO_BY_FD), W(BPF_PROG_QUERY),
	W(BPF_RAW_TRACEPOINT_OPEN), W(BPF_BTF_LOAD), W(BPF_BTF_GET_FD_BY_ID),
	W(BPF_TASK_FD_QUERY), W(BPF_MAP_LOOKUP_AND_DELETE_ELEM), W(BPF_MAP_FREEZE),
	W(BPF_BTF_GET_NEXT_ID), W(BPF_MAP_LOOKUP_BATCH), W(BPF_MAP_LOOKUP_AND_DELETE_BATCH),
	W(BPF_MAP_UPDATE_BATCH), W(BPF_MAP_DELETE_BATCH), W(BPF_LINK_CREATE), W(BPF_LINK_UPDATE),
	W(BPF_LINK_GET_FD_BY_ID), W(BPF_LINK_GET_NEXT_ID), W(BPF_ENABLE_STATS),
	W(BPF_ITER_CREATE), W(BPF_LINK_DETACH), W(BPF_PROG_BIND_MAP), { 0, NULL }
};

static const struct sysword clock_words[] = {
	W(CLOCK_REALTIME), W(CLOCK_MONOTONIC), W(CLOCK_PROCESS_CPUTIME_ID),
	W(CLOCK_THREAD_CPUTIME_ID), W(CLOCK_MONOTONIC_RAW), W(CLOCK_REALTIME_COARSE),
	W(CLOCK_MONOTONIC_COARSE), W(CLOCK_BOOTTIME), W(CLOCK_REALTIME_ALARM),
	W(CLOCK_BOOTTIME_ALARM), W(CLOCK_TAI), { 0, NULL }
};

static const struct sysword epctl_words[] = {
	W(EPOLL_CTL_ADD), W(EPOLL_CTL_DEL), W(EPOLL_CTL_MOD), { 0, NULL }
};

static const struct sysword fadvise_words[] = {
	W(POSIX_FADV_NORMAL), W(POSIX_FADV_RANDOM), W(POSIX_FADV_SEQUENTIAL),
	W(POSIX_FADV_WILLNEED), W(POSIX_FADV_DONTNEED), W(POSIX_FADV_NOREUSE), { 0, NULL }
};

static const struct sysword fcntl_words[] = {
	W(F_DUPFD), W(F_GETFD), W(F_SETFD), W(F_GETFL), W(F_SETFL), W(F_GETLK), W(F_SETLK),
	W(F_SETLKW), W(F_SETOWN), W(F_GETOWN), W(F_SETSIG), W(F_GETSIG), W(F_SETOWN_EX),
	W(F_GETOWN_EX), W(F_OFD_GETLK), W(F_OFD_SETLK), W(F_OFD_SETLKW), W(F_SETLEASE),
	W(F_GETLEASE), W(F_NOTIFY), W(F_DUPFD_CLOEXEC), W(F_SETPIPE_SZ), W(F_GETPIPE_SZ),
	W(F_ADD_SEALS), W(F_GET_SEALS), W(F_GET_RW_HINT), W(F_SET_RW_HINT),
	W(F_GET_FILE_RW_HINT), W(F_SET_FILE_RW_HINT), { 0, NULL }
};

static const struct sysword futex_words[] = {
	W(FUTEX_WAIT), W(FUTEX_WAKE), W(FUTEX_FD), W(FUTEX_REQUEUE), W(FUTEX_CMP_REQUEUE),
	W(FUTEX_WAKE_OP), W(FUTEX_LOCK_PI), W(FUTEX_UNLOCK_PI), W(FUTEX_TRYLOCK_PI),
	W(FUTEX_WAIT_BITSET), W(FUTEX_WAKE_BITSET), W(FUTEX_WAIT_REQUEUE_PI),
	W(FUTEX_CMP_REQUEUE_PI), W(FUTEX_LOCK_PI2), { 0, NULL }
};

static const struct sysword idtype_words[] = {
	W(P_ALL), W(P_PID), W(P_PGID), { 3, "P_PIDFD" }, { 0, NULL }
};

static const struct sysword ioctl_words[] = {
	W(TCGETS), W(TCSETS), W(TCSETSW), W(TCSETSF), W(TIOCGPGRP), W(TIOCSPGRP), W(TIOCGWINSZ),
	W(TIOCSWINSZ), W(TIOCGPTN), W(TIOCSPTLCK), W(TIOCSCTTY), W(TIOCNOTTY), W(TIOCGSID),
	W(TIOCSTI), W(TIOCOUTQ), W(FIONREAD), W(FIONBIO), W(FIOASYNC), W(FIOCLEX), W(FIONCLEX),
	{ 0, NULL }
};

static const struct sysword ipc_words[] = {
	W(IPC_RMID), W(IPC_SET), W(IPC_STAT), W(IPC_INFO), { 0, NULL }
};

static const struct sysword itimer_words[] = {
	W(ITIMER_REAL), W(ITIMER_VIRTUAL), W(ITIMER_PROF), { 0, NULL }
};

static const struct sysword madvise_words[] = {
	W(MADV_NORMAL), W(MADV_RANDOM), W(MADV_SEQUENTIAL), W(MADV_WILLNEED), W(MADV_DONTNEED),
	W(MADV_FREE), W(MADV_REMOVE), W(MADV_DONTFORK), W(MADV_DOFORK), W(MADV_MERGEABLE),
	W(MADV_UNMERGEABLE), W(MADV_HUGEPAGE), W(MADV_NOHUGEPAGE), W(MADV_DONTDUMP),
	W(MADV_DODUMP), W(MADV_WIPEONFORK), W(MADV_KEEPONFORK), W(MADV_COLD), W(MADV_PAGEOUT),
	W(MADV_POPULATE_READ), W(MADV_POPULATE_WRITE), { 0, NULL }
};

static const struct sysword membarrier_words[] = {
	W(MEMBARRIER_CMD_QUERY), W(MEMBARRIER_CMD_GLOBAL), W(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
	W(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), W(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
	W(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
	W(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
	W(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
	W(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
	W(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ), { 0, NULL }
};

static const struct sysword prctl_words[] = {
	W(PR_SET_PDEATHSIG), W(PR_GET_PDEATHSIG), W(PR_GET_DUMPABLE), W(PR_SET_DUMPABLE),
	W(PR_GET_KEEPCAPS), W(PR_SET_KEEPCAPS), W(PR_GET_TIMING), W(PR_SET_NAME), W(PR_GET_NAME),
	W(PR_GET_SECCOMP), W(PR_SET_SECCOMP), W(PR_CAPBSET_READ), W(PR_CAPBSET_DROP),
	W(PR_GET_TSC), W(PR_SET_TSC), W(PR_GET_SECUREBITS), W(PR_SET_SECUREBITS),
	W(PR_SET_TIMERSLACK), W(PR_GET_TIMERSLACK), W(PR_SET_MM), W(PR_SET_PTRACER),
	W(PR_SET_CHILD_SUBREAPER), W(PR_GET_CHILD_SUBREAPER), W(PR_SET_NO_NEW_PRIVS),
	W(PR_GET_NO_NEW_PRIVS), W(PR_GET_TID_ADDRESS), W(PR_SET_THP_DISABLE),
	W(PR_GET_THP_DISABLE), W(PR_CAP_AMBIENT), W(PR_GET_SPECULATION_CTRL),
	W(PR_SET_SPECULATION_CTRL), W(PR_SET_IO_FLUSHER), W(PR_GET_IO_FLUSHER),
	W(PR_SET_SYSCALL_USER_DISPATCH), W(PR_SCHED_CORE), W(PR_SET_VMA), { 0, NULL }
};

static const struct sysword prio_words[] = {
	W(PRIO_PROCESS), W(PRIO_PGRP), W(PRIO_USER), { 0, NULL }
};

static const struct sysword proto_words[] = {
	W(IPPROTO_IP), W(IPPROTO_ICMP), W(IPPROTO_TCP), W(IPPROTO_UDP), W(IPPROTO_IPV6),
	W(IPPROTO_SCTP), W(IPPROTO_UDPLITE), W(IPPROTO_RAW), W(IPPROTO_MPTCP), W(IPPROTO_ICMPV6),
	{ 0, NULL }
};

static const struct sysword ptrace_words[] = {
	W(PTRACE_TRACEME), W(PTRACE_PEEKTEXT), W(PTRACE_PEEKDATA), W(PTRACE_PEEKUSER),
	W(PTRACE_POKETEXT), W(PTRACE_POKEDATA), W(PTRACE_POKEUSER), W(PTRACE_CONT),
	W(PTRACE_KILL), W(PTRACE_SINGLESTEP), W(PTRACE_GETREGS), W(PTRACE_SETREGS),
	W(PTRACE_ATTACH), W(PTRACE_DETACH), W(PTRACE_SYSCALL), W(PTRACE_SETOPTIONS),
	W(PTRACE_GETEVENTMSG), W(PTRACE_GETSIGINFO), W(PTRACE_SETSIGINFO), W(PTRACE_GETREGSET),
	W(PTRACE_SETREGSET), W(PTRACE_SEIZE), W(PTRACE_INTERRUPT), W(PTRACE_LISTEN), { 0, NULL }
};

static const struct sysword rlimit_words[] = {
	W(RLIMIT_CPU), W(RLIMIT_FSIZE), W(RLIMIT_DATA), W(RLIMIT_STACK), W(RLIMIT_CORE),
	W(RLIMIT_RSS), W(RLIMIT_NPROC), W(RLIMIT_NOFILE), W(RLIMIT_MEMLOCK), W(RLIMIT_AS),
	W(RLIMIT_LOCKS), W(RLIMIT_SIGPENDING), W(RLIMIT_MSGQUEUE), W(RLIMIT_NICE),
	W(RLIMIT_RTPRIO), W(RLIMIT_RTTIME), { 0, NULL }
};

static const struct sysword rusage_words[] = {
	W(RUSAGE_SELF), W(RUSAGE_CHILDREN), W(RUSAGE_THREAD), { 0, NULL }
};

static const struct sysword sched_words[] = {
	{ SCHED_NORMAL, "SCHED_OTHER" }, W(SCHED_FIFO), W(SCHED_RR), W(SCHED_BATCH), W(SCHED_IDLE),
	{ 6, "SCHED_DEADLINE" }, { 0, NULL }
};

static const struct sysword seccomp_words[] = {
	W(SECCOMP_SET_MODE_STRICT), W(SECCOMP_SET_MODE_FILTER), W(SECCOMP_GET_ACTION_AVAIL),
	W(SECCOMP_GET_NOTIF_SIZES), { 0, NULL }
};

static const struct sysword seek_words[] = {
	W(SEEK_SET), W(SEEK_CUR), W(SEEK_END), W(SEEK_DATA), W(SEEK_HOLE), { 0, NULL }
};

static const struct sysword shut_words[] = {
	W(SHUT_RD), W(SHUT_WR), W(SHUT_RDWR), { 0, NULL }
};

static const struct sysword sighow_words[] = {
	W(SIG_BLOCK), W(SIG_UNBLOCK), W(SIG_SETMASK), { 0, NULL }
};

static const struct sysword sol_words[] = {
	W(SOL_SOCKET), { 0, "SOL_IP" }, W(SOL_TCP), { 17, "SOL_UDP" }, W(SOL_IPV6),
	W(SOL_ICMPV6), W(SOL_RAW), W(SOL_PACKET), W(SOL_NETLINK), { 0, NULL }
};

static const struct sysword so_words[] = {
	W(SO_DEBUG), W(SO_REUSEADDR), W(SO_TYPE), W(SO_ERROR), W(SO_DONTROUTE), W(SO_BROADCAST),
	W(SO_SNDBUF), W(SO_RCVBUF), W(SO_KEEPALIVE), W(SO_OOBINLINE), W(SO_NO_CHECK),
	W(SO_PRIORITY), W(SO_LINGER), W(SO_BSDCOMPAT), W(SO_REUSEPORT), W(SO_PASSCRED),
	W(SO_PEERCRED), W(SO_RCVLOWAT), W(SO_SNDLOWAT), W(SO_RCVTIMEO_OLD), W(SO_SNDTIMEO_OLD),
	W(SO_BINDTODEVICE), W(SO_ATTACH_FILTER), W(SO_DETACH_FILTER), W(SO_PEERNAME),
	W(SO_TIMESTAMP_OLD), W(SO_ACCEPTCONN), W(SO_PEERSEC), W(SO_SNDBUFFORCE),
	W(SO_RCVBUFFORCE), W(SO_PASSSEC), W(SO_MARK), W(SO_PROTOCOL), W(SO_DOMAIN),
	W(SO_RXQ_OVFL), W(SO_PEEK_OFF), W(SO_BUSY_POLL), W(SO_INCOMING_CPU), W(SO_ATTACH_BPF),
	W(SO_MEMINFO), W(SO_COOKIE), W(SO_PEERGROUPS), W(SO_ZEROCOPY), { 0, NULL }
};

static const struct sysword socktype_words[] = {
	W(SOCK_STREAM), W(SOCK_DGRAM), W(SOCK_RAW), W(SOCK_RDM), W(SOCK_SEQPACKET), W(SOCK_DCCP),
	W(SOCK_PACKET), { 0, NULL }
};

static const struct sysword tcp_words[] = {
	W(TCP_NODELAY), W(TCP_MAXSEG), W(TCP_CORK), W(TCP_KEEPIDLE), W(TCP_KEEPINTVL),
	W(TCP_KEEPCNT), W(TCP_SYNCNT), W(TCP_LINGER2), W(TCP_DEFER_ACCEPT), W(TCP_WINDOW_CLAMP),
	W(TCP_INFO), W(TCP_QUICKACK), W(TCP_CONGESTION), W(TCP_MD5SIG), W(TCP_USER_TIMEOUT),
	W(TCP_FASTOPEN), W(TCP_TIMESTAMP), W(TCP_NOTSENT_LOWAT), W(TCP_SAVED_SYN),
	W(TCP_FASTOPEN_CONNECT), W(TCP_ULP), W(TCP_ZEROCOPY_RECEIVE), W(TCP_INQ), { 0, NULL }
};
#define SET(name) [F_##name] = name##_words

static const struct sysword *const sets[F_COUNT] = {
	SET(access), SET(at), SET(atrm), SET(cloexec), SET(clone), SET(closer), SET(efd),
	SET(epc), SET(falloc), SET(flock), SET(grnd), SET(inc), SET(inotify), SET(ipcmsg),
	SET(map), SET(memfd), SET(mlock2), SET(mlockall), SET(mount), SET(mremap), SET(msg),
	SET(msync), SET(open), SET(pidfd), SET(poll), SET(epoll), SET(prot), SET(rename),
	SET(resolve), SET(rwf), SET(sa), SET(sfd), SET(shmat), SET(sock), SET(splice), SET(ss),
	SET(statx), SET(tfd), SET(timerabs), SET(tfdset), SET(umount), SET(wait), SET(xattr),
	SET(af), SET(archprctl), SET(bpf), SET(clock), SET(epctl), SET(fadvise), SET(fcntl),
	SET(futex), SET(idtype), SET(ioctl), SET(ipc), SET(itimer), SET(madvise),
	SET(membarrier), SET(prctl), SET(prio), SET(proto), SET(ptrace), SET(rlimit),
	SET(rusage), SET(sched), SET(seccomp), SET(seek), SET(shut), SET(sighow), SET(sol),
	SET(so), SET(socktype), SET(tcp),
};

const char *sysword_of(enum sys_words set, uint64_t value)
{
	for (const struct sysword *w = sets[set]; w->name; w++)
		if (w->value == value)
			return w->name;
	return NULL;
}

void sysword_put(struct buf *b, enum sys_words set, uint64_t value)
{
	const char *name = sysword_of(set, value);

	if (name)
		buf_str(b, name);
	else
		buf_hex(b, value);
}

void sysword_put_flags(struct buf *b, enum sys_words set, uint64_t value, bool first)
{
	if (!value && first)
		buf_char(b, '0');
	for (const struct sysword *w = sets[set]; value && w->name; w++) {
		if (!w->value || (value & w->value) != w->value)
			continue;
		buf_str(b, first ? "" : "|");
		buf_str(b, w->name);
		value &= ~w->value;
		first = false;
	}
	if (value) {
		buf_str(b, first ? "" : "|");
		buf_hex(b, value);
	}
}
