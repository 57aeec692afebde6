/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sysdef.h"

#include <stdio.h>
#include <string.h>

#define INT	{ W_INT }
#define U	{ W_UINT }
#define L	{ W_LONG }
#define UL	{ W_ULONG }
#define HEX	{ W_HEX }
#define P	{ W_POINTER }
#define OCT	{ W_OCTAL }
#define ID	{ W_ID }
#define PID	{ W_INT }
#define FD	{ W_FD }
#define AT	{ W_DIRFD }
#define KEY	{ W_KEY }
#define SIGNUM	{ W_SIGNAL }
#define DEV	{ W_DEV }
#define OPEN	{ W_OPEN }
#define CREAT	{ W_CREATE_MODE }
#define MKMODE	{ W_FILE_MODE }
#define MAP	{ W_MAP }
#define SOCKTYPE	{ W_SOCKTYPE }
#define PROTO	{ W_PROTOCOL }
#define SOL	{ W_SOCKLEVEL }
#define SOPT	{ W_SOCKOPT }
#define CLONE	{ W_CLONE }
#define FCNTL	{ W_FCNTL }
#define FCARG	{ W_FCNTL_ARG }
#define IOCTL	{ W_IOCTL }
#define IOARG	{ W_IOCTL_ARG }
#define FUTEX	{ W_FUTEX }
#define FUTEXV	{ W_FUTEX_TIME }
#define PRCTL	{ W_PRCTL }
#define PRARG	{ W_PRCTL_ARG }
#define REST	{ W_REST }
#define SHMGET	{ W_SHMGET }
#define IPCCMD	{ W_IPC_COMMAND }
#define PATH	{ W_PATH }
#define STR	{ W_STRING }
#define OUTS	{ W_STRING_OUT }
#define WORDS	{ W_WORDS }
#define OUT	{ W_OUT }
#define MSG	{ W_MESSAGE }
#define MSGOUT	{ W_MESSAGE_OUT }
#define MSGS	{ W_MESSAGES }	/* the first is copied, for its address */
#define LENP	{ W_LENGTH }
#define SOVALOUT	{ W_OPTION_OUT, 4 }
#define INTARR	{ W_INTS }
#define FDS	{ W_FD_PAIR }
#define INTP	{ W_INT_AT }
#define UINTP	{ W_UINT_AT }
#define UIDP	{ W_ID_AT }
#define LPTR	{ W_OFFSET_AT }
#define GIDS	{ W_GROUPS }
#define FDSET	{ W_FD_SET }
#define EPIN	{ W_EPOLL }
#define EPOUT	{ W_EPOLL_OUT }
#define TS	{ W_TIMESPEC }
#define TSOUT	{ W_TIMESPEC_OUT }
#define TS2	{ W_TIMESPEC_PAIR }
#define TV	{ W_TIMEVAL }
#define TVOUT	{ W_TIMEVAL_OUT }
#define TV2	{ W_TIMEVAL_PAIR }
#define ITV	{ W_ITIMERVAL }
#define ITVOUT	{ W_ITIMERVAL_OUT }
#define ITS	{ W_ITIMERSPEC }
#define ITSOUT	{ W_ITIMERSPEC_OUT }
#define SET	{ W_SIGSET }
#define SETOUT	{ W_SIGSET_OUT }
#define SA	{ W_SIGACTION }
#define SAOUT	{ W_SIGACTION_OUT }
#define STK	{ W_SIGSTACK }
#define STKOUT	{ W_SIGSTACK_OUT }
#define RLIM	{ W_RLIMIT }
#define RLIMOUT	{ W_RLIMIT_OUT }
#define STAT	{ W_STAT }
#define STATX	{ W_STATX }
#define UTS	{ W_UTSNAME }
#define WST	{ W_WAIT_STATUS }
#define RUSAGE	{ W_RUSAGE }
#define HOW	{ W_OPEN_HOW }
#define CLONE3	{ W_CLONE_ARGS, 1 }
#define CPUSOUT	{ W_CPUS_OUT }
#define IN(n)	{ W_IN, n }
#define BLOB(n)	{ W_BLOB, n }
#define STRN(n)	{ W_STRING_N, n }
#define IOV(n)	{ W_IOV, n }
#define IOVOUT(n)	{ W_IOV_OUT, n }
#define IOVO(n)	{ W_IOV_ONLY, n }
#define ADDR(n)	{ W_ADDRESS, n }
#define ADDROUT(n)	{ W_ADDRESS_OUT, n }
#define SOVAL(n)	{ W_OPTION, n }
#define POLL(n)	{ W_POLL, n }
#define CPUS(n)	{ W_CPUS, n }
#define FL(set)	{ W_FLAGS, F_##set }
#define EN(set)	{ W_ENUM, F_##set }

#define S(nr, name, class, ...) [nr] = { name, class, { __VA_ARGS__ } }

const struct sysdef sysdefs[SYS_NR_MAX] = {
	S(0, "read", 0, FD, OUT, UL),
	S(1, "write", 0, FD, IN(2), UL),
	S(2, "open", 0, PATH, OPEN, CREAT),
	S(3, "close", 0, FD),
	S(4, "stat", 0, PATH, STAT),
	S(5, "fstat", 0, FD, STAT),
	S(6, "lstat", 0, PATH, STAT),
	S(7, "poll", 0, POLL(1), U, INT),
	S(8, "lseek", 0, FD, L, EN(seek)),
	S(9, "mmap", CLASS_MEM, P, UL, FL(prot), MAP, FD, HEX),
	S(10, "mprotect", CLASS_MEM, P, UL, FL(prot)),
	S(11, "munmap", CLASS_MEM, P, UL),
	S(12, "brk", CLASS_MEM, P),
	S(13, "rt_sigaction", CLASS_SIG, SIGNUM, SA, SAOUT, UL),
	S(14, "rt_sigprocmask", CLASS_SIG, EN(sighow), SET, SETOUT, UL),
	S(15, "rt_sigreturn", CLASS_SIG),
	S(16, "ioctl", 0, FD, IOCTL, IOARG),
	S(17, "pread64", 0, FD, OUT, UL, L),
	S(18, "pwrite64", 0, FD, IN(2), UL, L),
	S(19, "readv", 0, FD, IOVOUT(2), INT),
	S(20, "writev", 0, FD, IOV(2), INT),
	S(21, "access", 0, PATH, FL(access)),
	S(22, "pipe", 0, FDS),
	S(23, "select", 0, INT, FDSET, FDSET, FDSET, TV),
	S(24, "sched_yield", 0),
	S(25, "mremap", CLASS_MEM, P, UL, UL, FL(mremap), REST),
	S(26, "msync", CLASS_MEM, P, UL, FL(msync)),
	S(27, "mincore", CLASS_MEM, P, UL, P),
	S(28, "madvise", CLASS_MEM, P, UL, EN(madvise)),
	S(29, "shmget", CLASS_IPC, KEY, UL, SHMGET),
	S(30, "shmat", CLASS_IPC, INT, P, FL(shmat)),
	S(31, "shmctl", CLASS_IPC, INT, IPCCMD, P),
	S(32, "dup", 0, FD),
	S(33, "dup2", 0, FD, FD),
	S(34, "pause", 0),
	S(35, "nanosleep", 0, TS, P),
	S(36, "getitimer", 0, EN(itimer), ITVOUT),
	S(37, "alarm", 0, U),
	S(38, "setitimer", 0, EN(itimer), ITV, ITVOUT),
	S(39, "getpid", 0),
	S(40, "sendfile", CLASS_NET, FD, FD, LPTR, UL),
	S(41, "socket", CLASS_NET, EN(af), SOCKTYPE, PROTO),
	S(42, "connect", CLASS_NET, FD, ADDR(2), INT),
	S(43, "accept", CLASS_NET, FD, ADDROUT(2), LENP),
	S(44, "sendto", CLASS_NET, FD, IN(2), UL, FL(msg), ADDR(5), U),
	S(45, "recvfrom", CLASS_NET, FD, OUT, UL, FL(msg), ADDROUT(5), LENP),
	S(46, "sendmsg", CLASS_NET, FD, MSG, FL(msg)),
	S(47, "recvmsg", CLASS_NET, FD, MSGOUT, FL(msg)),
	S(48, "shutdown", CLASS_NET, FD, EN(shut)),
	S(49, "bind", CLASS_NET, FD, ADDR(2), INT),
	S(50, "listen", CLASS_NET, FD, INT),
	S(51, "getsockname", CLASS_NET, FD, ADDROUT(2), LENP),
	S(52, "getpeername", CLASS_NET, FD, ADDROUT(2), LENP),
	S(53, "socketpair", CLASS_NET, EN(af), SOCKTYPE, INT, FDS),
	S(54, "setsockopt", CLASS_NET, FD, SOL, SOPT, SOVAL(4), INT),
	S(55, "getsockopt", CLASS_NET, FD, SOL, SOPT, SOVALOUT, INTP),
	S(56, "clone", CLASS_PROC, CLONE, P, P, P, HEX),
	S(57, "fork", CLASS_PROC),
	S(58, "vfork", CLASS_PROC),
	S(59, "execve", CLASS_PROC, PATH, WORDS, P),
	S(60, "exit", CLASS_PROC, INT),
	S(61, "wait4", CLASS_PROC, PID, WST, FL(wait), RUSAGE),
	S(62, "kill", CLASS_SIG, PID, SIGNUM),
	S(63, "uname", 0, UTS),
	S(64, "semget", CLASS_IPC, KEY, INT, SHMGET),
	S(65, "semop", CLASS_IPC, INT, P, U),
	S(66, "semctl", CLASS_IPC, INT, INT, IPCCMD, HEX),
	S(67, "shmdt", CLASS_IPC, P),
	S(68, "msgget", CLASS_IPC, KEY, SHMGET),
	S(69, "msgsnd", CLASS_IPC, INT, P, UL, FL(ipcmsg)),
	S(70, "msgrcv", CLASS_IPC, INT, P, UL, L, FL(ipcmsg)),
	S(71, "msgctl", CLASS_IPC, INT, IPCCMD, P),
	S(72, "fcntl", 0, FD, FCNTL, FCARG),
	S(73, "flock", 0, FD, FL(flock)),
	S(74, "fsync", 0, FD),
	S(75, "fdatasync", 0, FD),
	S(76, "truncate", 0, PATH, L),
	S(77, "ftruncate", 0, FD, L),
	S(78, "getdents", 0, FD, P, U),
	S(79, "getcwd", 0, OUTS, UL),
	S(80, "chdir", 0, PATH),
	S(81, "fchdir", 0, FD),
	S(82, "rename", 0, PATH, PATH),
	S(83, "mkdir", 0, PATH, OCT),
	S(84, "rmdir", 0, PATH),
	S(85, "creat", 0, PATH, OCT),
	S(86, "link", 0, PATH, PATH),
	S(87, "unlink", 0, PATH),
	S(88, "symlink", 0, STR, PATH),
	S(89, "readlink", 0, PATH, OUT, UL),
	S(90, "chmod", 0, PATH, OCT),
	S(91, "fchmod", 0, FD, OCT),
	S(92, "chown", 0, PATH, ID, ID),
	S(93, "fchown", 0, FD, ID, ID),
	S(94, "lchown", 0, PATH, ID, ID),
	S(95, "umask", 0, OCT),
	S(96, "gettimeofday", 0, TVOUT, P),
	S(97, "getrlimit", 0, EN(rlimit), RLIMOUT),
	S(98, "getrusage", 0, EN(rusage), RUSAGE),
	S(99, "sysinfo", 0, P),
	S(100, "times", 0, P),
	S(101, "ptrace", CLASS_PROC, EN(ptrace), PID, P, P),
	S(102, "getuid", 0),
	S(103, "syslog", 0, INT, P, INT),
	S(104, "getgid", 0),
	S(105, "setuid", 0, ID),
	S(106, "setgid", 0, ID),
	S(107, "geteuid", 0),
	S(108, "getegid", 0),
	S(109, "setpgid", 0, PID, PID),
	S(110, "getppid", 0),
	S(111, "getpgrp", 0),
	S(112, "setsid", 0),
	S(113, "setreuid", 0, ID, ID),
	S(114, "setregid", 0, ID, ID),
	S(115, "getgroups", 0, INT, GIDS),
	S(116, "setgroups", 0, INT, P),
	S(117, "setresuid", 0, ID, ID, ID),
	S(118, "getresuid", 0, UIDP, UIDP, UIDP),
	S(119, "setresgid", 0, ID, ID, ID),
	S(120, "getresgid", 0, UIDP, UIDP, UIDP),
	S(121, "getpgid", 0, PID),
	S(122, "setfsuid", 0, ID),
	S(123, "setfsgid", 0, ID),
	S(124, "getsid", 0, PID),
	S(125, "capget", 0, P, P),
	S(126, "capset", 0, P, P),
	S(127, "rt_sigpending", CLASS_SIG, SETOUT, UL),
	S(128, "rt_sigtimedwait", CLASS_SIG, SET, P, TS, UL),
	S(129, "rt_sigqueueinfo", CLASS_SIG, PID, SIGNUM, P),
	S(130, "rt_sigsuspend", CLASS_SIG, SET, UL),
	S(131, "sigaltstack", CLASS_SIG, STK, STKOUT),
	S(132, "utime", 0, PATH, P),
	S(133, "mknod", 0, PATH, MKMODE, DEV),
	S(134, "uselib", 0, PATH),
	S(135, "personality", 0, HEX),
	S(136, "ustat", 0, DEV, P),
	S(137, "statfs", 0, PATH, P),
	S(138, "fstatfs", 0, FD, P),
	S(139, "sysfs", 0, INT, P, P),
	S(140, "getpriority", 0, EN(prio), INT),
	S(141, "setpriority", 0, EN(prio), INT, INT),
	S(142, "sched_setparam", 0, PID, INTARR),
	S(143, "sched_getparam", 0, PID, INTARR),
	S(144, "sched_setscheduler", 0, PID, EN(sched), INTARR),
	S(145, "sched_getscheduler", 0, PID),
	S(146, "sched_get_priority_max", 0, EN(sched)),
	S(147, "sched_get_priority_min", 0, EN(sched)),
	S(148, "sched_rr_get_interval", 0, PID, TSOUT),
	S(149, "mlock", CLASS_MEM, P, UL),
	S(150, "munlock", CLASS_MEM, P, UL),
	S(151, "mlockall", CLASS_MEM, FL(mlockall)),
	S(152, "munlockall", CLASS_MEM),
	S(153, "vhangup", 0),
	S(154, "modify_ldt", 0, INT, P, UL),
	S(155, "pivot_root", 0, PATH, PATH),
	S(156, "_sysctl", 0, P),
	S(157, "prctl", 0, PRCTL, PRARG, REST, REST, REST),
	S(158, "arch_prctl", 0, EN(archprctl), P),
	S(159, "adjtimex", 0, P),
	S(160, "setrlimit", 0, EN(rlimit), RLIM),
	S(161, "chroot", 0, PATH),
	S(162, "sync", 0),
	S(163, "acct", 0, PATH),
	S(164, "settimeofday", 0, TV, P),
	S(165, "mount", 0, PATH, PATH, STR, FL(mount), STR),
	S(166, "umount2", 0, PATH, FL(umount)),
	S(167, "swapon", 0, PATH, HEX),
	S(168, "swapoff", 0, PATH),
	S(169, "reboot", 0, HEX, HEX, HEX, P),
	S(170, "sethostname", 0, STRN(1), UL),
	S(171, "setdomainname", 0, STRN(1), UL),
	S(172, "iopl", 0, INT),
	S(173, "ioperm", 0, UL, UL, INT),
	S(174, "create_module", 0),
	S(175, "init_module", 0, P, UL, STR),
	S(176, "delete_module", 0, STR, OPEN),
	S(177, "get_kernel_syms", 0),
	S(178, "query_module", 0),
	S(179, "quotactl", 0, HEX, PATH, INT, P),
	S(180, "nfsservctl", 0),
	S(181, "getpmsg", 0),
	S(182, "putpmsg", 0),
	S(183, "afs_syscall", 0),
	S(184, "tuxcall", 0),
	S(185, "security", 0),
	S(186, "gettid", 0),
	S(187, "readahead", 0, FD, L, UL),
	S(188, "setxattr", 0, PATH, STR, IN(3), UL, FL(xattr)),
	S(189, "lsetxattr", 0, PATH, STR, IN(3), UL, FL(xattr)),
	S(190, "fsetxattr", 0, FD, STR, IN(3), UL, FL(xattr)),
	S(191, "getxattr", 0, PATH, STR, OUT, UL),
	S(192, "lgetxattr", 0, PATH, STR, OUT, UL),
	S(193, "fgetxattr", 0, FD, STR, OUT, UL),
	S(194, "listxattr", 0, PATH, OUT, UL),
	S(195, "llistxattr", 0, PATH, OUT, UL),
	S(196, "flistxattr", 0, FD, OUT, UL),
	S(197, "removexattr", 0, PATH, STR),
	S(198, "lremovexattr", 0, PATH, STR),
	S(199, "fremovexattr", 0, FD, STR),
	S(200, "tkill", CLASS_SIG, PID, SIGNUM),
	S(201, "time", 0, P),
	S(202, "futex", 0, P, FUTEX, U, FUTEXV, P, HEX),
	S(203, "sched_setaffinity", 0, PID, UL, CPUS(1)),
	S(204, "sched_getaffinity", 0, PID, UL, CPUSOUT),
	S(205, "set_thread_area", 0, P),
	S(206, "io_setup", 0, U, P),
	S(207, "io_destroy", 0, UL),
	S(208, "io_getevents", 0, UL, L, L, P, TS),
	S(209, "io_submit", 0, UL, L, P),
	S(210, "io_cancel", 0, UL, P, P),
	S(211, "get_thread_area", 0, P),
	S(212, "lookup_dcookie", 0, UL, P, UL),
	S(213, "epoll_create", 0, INT),
	S(214, "epoll_ctl_old", 0),
	S(215, "epoll_wait_old", 0),
	S(216, "remap_file_pages", CLASS_MEM, P, UL, FL(prot), UL, FL(map)),
	S(217, "getdents64", 0, FD, P, U),
	S(218, "set_tid_address", 0, P),
	S(219, "restart_syscall", 0),
	S(220, "semtimedop", CLASS_IPC, INT, P, U, TS),
	S(221, "fadvise64", 0, FD, L, L, EN(fadvise)),
	S(222, "timer_create", 0, EN(clock), P, INTP),
	S(223, "timer_settime", 0, INT, FL(timerabs), ITS, ITSOUT),
	S(224, "timer_gettime", 0, INT, ITSOUT),
	S(225, "timer_getoverrun", 0, INT),
	S(226, "timer_delete", 0, INT),
	S(227, "clock_settime", 0, EN(clock), TS),
	S(228, "clock_gettime", 0, EN(clock), TSOUT),
	S(229, "clock_getres", 0, EN(clock), TSOUT),
	S(230, "clock_nanosleep", 0, EN(clock), FL(timerabs), TS, P),
	S(231, "exit_group", CLASS_PROC, INT),
	S(232, "epoll_wait", 0, FD, EPOUT, INT, INT),
	S(233, "epoll_ctl", 0, FD, EN(epctl), FD, EPIN),
	S(234, "tgkill", CLASS_SIG, PID, PID, SIGNUM),
	S(235, "utimes", 0, PATH, TV2),
	S(236, "vserver", 0),
	S(237, "mbind", CLASS_MEM, P, UL, HEX, P, UL, HEX),
	S(238, "set_mempolicy", CLASS_MEM, HEX, P, UL),
	S(239, "get_mempolicy", CLASS_MEM, P, P, UL, P, HEX),
	S(240, "mq_open", 0, STR, OPEN, CREAT, P),
	S(241, "mq_unlink", 0, STR),
	S(242, "mq_timedsend", 0, FD, IN(2), UL, U, TS),
	S(243, "mq_timedreceive", 0, FD, OUT, UL, P, TS),
	S(244, "mq_notify", 0, FD, P),
	S(245, "mq_getsetattr", 0, FD, P, P),
	S(246, "kexec_load", 0, UL, UL, P, HEX),
	S(247, "waitid", CLASS_PROC, EN(idtype), PID, P, FL(wait), RUSAGE),
	S(248, "add_key", 0, STR, STR, IN(3), UL, INT),
	S(249, "request_key", 0, STR, STR, STR, INT),
	S(250, "keyctl", 0, INT, HEX, HEX, HEX, HEX),
	S(251, "ioprio_set", 0, INT, INT, HEX),
	S(252, "ioprio_get", 0, INT, INT),
	S(253, "inotify_init", 0),
	S(254, "inotify_add_watch", 0, FD, PATH, FL(inotify)),
	S(255, "inotify_rm_watch", 0, FD, INT),
	S(256, "migrate_pages", CLASS_MEM, PID, UL, P, P),
	S(257, "openat", 0, AT, PATH, OPEN, CREAT),
	S(258, "mkdirat", 0, AT, PATH, OCT),
	S(259, "mknodat", 0, AT, PATH, MKMODE, DEV),
	S(260, "fchownat", 0, AT, PATH, ID, ID, FL(at)),
	S(261, "futimesat", 0, AT, PATH, TV2),
	S(262, "newfstatat", 0, AT, PATH, STAT, FL(at)),
	S(263, "unlinkat", 0, AT, PATH, FL(atrm)),
	S(264, "renameat", 0, AT, PATH, AT, PATH),
	S(265, "linkat", 0, AT, PATH, AT, PATH, FL(at)),
	S(266, "symlinkat", 0, STR, AT, PATH),
	S(267, "readlinkat", 0, AT, PATH, OUT, UL),
	S(268, "fchmodat", 0, AT, PATH, OCT),
	S(269, "faccessat", 0, AT, PATH, FL(access)),
	S(270, "pselect6", 0, INT, FDSET, FDSET, FDSET, TS, P),
	S(271, "ppoll", 0, POLL(1), U, TS, SET, UL),
	S(272, "unshare", CLASS_PROC, FL(clone)),
	S(273, "set_robust_list", 0, P, UL),
	S(274, "get_robust_list", 0, PID, P, P),
	S(275, "splice", 0, FD, LPTR, FD, LPTR, UL, FL(splice)),
	S(276, "tee", 0, FD, FD, UL, FL(splice)),
	S(277, "sync_file_range", 0, FD, L, L, HEX),
	S(278, "vmsplice", 0, FD, IOV(2), UL, FL(splice)),
	S(279, "move_pages", CLASS_MEM, PID, UL, P, P, P, HEX),
	S(280, "utimensat", 0, AT, PATH, TS2, FL(at)),
	S(281, "epoll_pwait", 0, FD, EPOUT, INT, INT, SET, UL),
	S(282, "signalfd", CLASS_SIG, FD, SET, UL),
	S(283, "timerfd_create", 0, EN(clock), FL(tfd)),
	S(284, "eventfd", 0, U),
	S(285, "fallocate", 0, FD, FL(falloc), L, L),
	S(286, "timerfd_settime", 0, FD, FL(tfdset), ITS, ITSOUT),
	S(287, "timerfd_gettime", 0, FD, ITSOUT),
	S(288, "accept4", CLASS_NET, FD, ADDROUT(2), LENP, FL(sock)),
	S(289, "signalfd4", CLASS_SIG, FD, SET, UL, FL(sfd)),
	S(290, "eventfd2", 0, U, FL(efd)),
	S(291, "epoll_create1", 0, FL(epc)),
	S(292, "dup3", 0, FD, FD, FL(cloexec)),
	S(293, "pipe2", 0, FDS, FL(cloexec)),
	S(294, "inotify_init1", 0, FL(inc)),
	S(295, "preadv", 0, FD, IOVOUT(2), UL, L, REST),
	S(296, "pwritev", 0, FD, IOV(2), UL, L, REST),
	S(297, "rt_tgsigqueueinfo", CLASS_SIG, PID, PID, SIGNUM, P),
	S(298, "perf_event_open", 0, P, PID, INT, FD, HEX),
	S(299, "recvmmsg", CLASS_NET, FD, P, U, FL(msg), P),
	S(300, "fanotify_init", 0, HEX, HEX),
	S(301, "fanotify_mark", 0, FD, HEX, HEX, AT, PATH),
	S(302, "prlimit64", 0, PID, EN(rlimit), RLIM, RLIMOUT),
	S(303, "name_to_handle_at", 0, AT, PATH, P, P, FL(at)),
	S(304, "open_by_handle_at", 0, FD, P, OPEN),
	S(305, "clock_adjtime", 0, EN(clock), P),
	S(306, "syncfs", 0, FD),
	S(307, "sendmmsg", CLASS_NET, FD, MSGS, U, FL(msg)),
	S(308, "setns", CLASS_PROC, FD, FL(clone)),
	S(309, "getcpu", 0, UINTP, UINTP, P),
	S(310, "process_vm_readv", 0, PID, IOVOUT(2), UL, IOVO(4), UL, UL),
	S(311, "process_vm_writev", 0, PID, IOV(2), UL, IOVO(4), UL, UL),
	S(312, "kcmp", 0, PID, PID, HEX, HEX, HEX),
	S(313, "finit_module", 0, FD, STR, HEX),
	S(314, "sched_setattr", 0, PID, P, U),
	S(315, "sched_getattr", 0, PID, P, U, U),
	S(316, "renameat2", 0, AT, PATH, AT, PATH, FL(rename)),
	S(317, "seccomp", 0, EN(seccomp), HEX, P),
	S(318, "getrandom", 0, OUT, UL, FL(grnd)),
	S(319, "memfd_create", 0, STR, FL(memfd)),
	S(320, "kexec_file_load", 0, FD, FD, UL, STR, HEX),
	S(321, "bpf", 0, EN(bpf), P, U),
	S(322, "execveat", CLASS_PROC, AT, PATH, WORDS, P, FL(at)),
	S(323, "userfaultfd", 0, FL(cloexec)),
	S(324, "membarrier", 0, EN(membarrier), HEX, INT),
	S(325, "mlock2", CLASS_MEM, P, UL, FL(mlock2)),
	S(326, "copy_file_range", 0, FD, LPTR, FD, LPTR, UL, HEX),
	S(327, "preadv2", 0, FD, IOVOUT(2), UL, L, REST, FL(rwf)),
	S(328, "pwritev2", 0, FD, IOV(2), UL, L, REST, FL(rwf)),
	S(329, "pkey_mprotect", CLASS_MEM, P, UL, FL(prot), INT),
	S(330, "pkey_alloc", 0, HEX, HEX),
	S(331, "pkey_free", 0, INT),
	S(332, "statx", 0, AT, PATH, FL(at), FL(statx), STATX),
	S(333, "io_pgetevents", 0, UL, L, L, P, TS, P),
	S(334, "rseq", 0, P, U, HEX, HEX),
	S(424, "pidfd_send_signal", CLASS_SIG, FD, SIGNUM, P, HEX),
	S(425, "io_uring_setup", 0, U, P),
	S(426, "io_uring_enter", 0, FD, U, U, HEX, P, UL),
	S(427, "io_uring_register", 0, FD, U, P, U),
	S(428, "open_tree", 0, AT, PATH, HEX),
	S(429, "move_mount", 0, AT, PATH, AT, PATH, HEX),
	S(430, "fsopen", 0, STR, HEX),
	S(431, "fsconfig", 0, FD, U, STR, STR, INT),
	S(432, "fsmount", 0, FD, HEX, HEX),
	S(433, "fspick", 0, AT, PATH, HEX),
	S(434, "pidfd_open", 0, PID, FL(pidfd)),
	S(435, "clone3", CLASS_PROC, CLONE3, UL),
	S(436, "close_range", 0, U, U, FL(closer)),
	S(437, "openat2", 0, AT, PATH, HOW, UL),
	S(438, "pidfd_getfd", 0, FD, FD, HEX),
	S(439, "faccessat2", 0, AT, PATH, FL(access), FL(at)),
	S(440, "process_madvise", CLASS_MEM, FD, P, UL, EN(madvise), HEX),
	S(441, "epoll_pwait2", 0, FD, EPOUT, INT, TS, SET, UL),
	S(442, "mount_setattr", 0, AT, PATH, HEX, BLOB(4), UL),
	S(443, "quotactl_fd", 0, FD, HEX, INT, P),
	S(444, "landlock_create_ruleset", 0, P, UL, HEX),
	S(445, "landlock_add_rule", 0, FD, INT, P, HEX),
	S(446, "landlock_restrict_self", 0, FD, HEX),
	S(447, "memfd_secret", 0, HEX),
	S(448, "process_mrelease", 0, FD, HEX),
	S(449, "futex_waitv", 0, P, U, HEX, TS, EN(clock)),
	S(450, "set_mempolicy_home_node", CLASS_MEM, UL, UL, UL, HEX),
	S(451, "cachestat", 0, FD, P, P, U),
	S(452, "fchmodat2", 0, AT, PATH, OCT, FL(at)),
	S(453, "map_shadow_stack", CLASS_MEM, UL, UL, U),
	S(454, "futex_wake", 0, P, UL, INT, U),
	S(455, "futex_wait", 0, P, UL, UL, U, TS, EN(clock)),
	S(456, "futex_requeue", 0, P, U, INT, INT),
	S(457, "statmount", 0, P, P, UL, U),
	S(458, "listmount", 0, P, P, UL, U),
	S(459, "lsm_get_self_attr", 0, U, P, P, U),
	S(460, "lsm_set_self_attr", 0, U, P, U, U),
	S(461, "lsm_list_modules", 0, P, P, U),
	S(462, "mseal", CLASS_MEM, P, UL, UL),
	S(463, "setxattrat", 0, AT, PATH, FL(at), STR, P, UL),
	S(464, "getxattrat", 0, AT, PATH, FL(at), STR, P, UL),
	S(465, "listxattrat", 0, AT, PATH, FL(at), P, UL),
	S(466, "removexattrat", 0, AT, PATH, FL(at), STR),
	S(467, "open_tree_attr", 0, AT, PATH, HEX, BLOB(4), UL),
	S(468, "file_getattr", 0, AT, PATH, P, UL, FL(at)),
	S(469, "file_setattr", 0, AT, PATH, P, UL, FL(at)),
};

const char *sysdef_name(unsigned int nr, char room[16])
{
	if (nr < SYS_NR_MAX && sysdefs[nr].name)
		return sysdefs[nr].name;
	snprintf(room, 16, "syscall_%u", nr);
	return room;
}

unsigned int sysdef_number(const char *name, size_t len)
{
	unsigned int nr;

	for (nr = 0; nr < SYS_NR_MAX; nr++)
		if (sysdefs[nr].name && strlen(sysdefs[nr].name) == len &&
		    !memcmp(sysdefs[nr].name, name, len))
			break;
	return nr;
}

const char *sysdef_word(size_t nr)
{
	if (nr >= SYS_NR_MAX)
		return NULL;
	return sysdefs[nr].name ? sysdefs[nr].name : "";
}
