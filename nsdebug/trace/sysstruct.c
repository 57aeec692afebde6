/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysstruct - what arguments of system calls point to. Layouts are the kernel's on x86-64, as its
 * headers for programs have them.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/trace/sysword.h"

#define SHOWN_MAX 32	/* members of an array */

typedef unsigned long long ull;

struct shown {
	const struct sysview *v;
	unsigned int arg;
	struct bytes s;		/* what was copied, as many bytes as the kind has */
};

#define GET(x, bytes) memcpy(&(x), (bytes).p, sizeof(x))

/* ---- times ---- */

static void put_pair(struct buf *b, int64_t sec, const char *unit, int64_t part)
{
	buf_str(b, "{tv_sec=");
	buf_i64(b, sec);
	buf_str(b, ", tv_");
	buf_str(b, unit);
	buf_char(b, '=');
	buf_i64(b, part);
	buf_char(b, '}');
}

static void put_timespec(struct buf *b, const char *p)
{
	int64_t t[2];

	memcpy(t, p, sizeof(t));
	if (t[1] == UTIME_NOW || t[1] == UTIME_OMIT)
		buf_str(b, t[1] == UTIME_NOW ? "UTIME_NOW" : "UTIME_OMIT");
	else
		put_pair(b, t[0], "nsec", t[1]);
}

static void put_timeval(struct buf *b, const char *p)
{
	int64_t t[2];

	memcpy(t, p, sizeof(t));
	put_pair(b, t[0], "usec", t[1]);
}

typedef void put_time(struct buf *b, const char *p);

/* Times that follow one another. */
static void put_two(struct buf *b, const struct shown *s, put_time *put, const char *before,
		    const char *between, const char *behind)
{
	buf_str(b, before);
	put(b, s->s.p);
	buf_str(b, between);
	put(b, s->s.p + 16);
	buf_str(b, behind);
}

static void timespec(struct buf *b, const struct shown *s)
{
	put_timespec(b, s->s.p);
}

static void timespec_pair(struct buf *b, const struct shown *s)
{
	put_two(b, s, put_timespec, "[", ", ", "]");
}

static void timeval(struct buf *b, const struct shown *s)
{
	put_timeval(b, s->s.p);
}

static void timeval_pair(struct buf *b, const struct shown *s)
{
	put_two(b, s, put_timeval, "[", ", ", "]");
}

static void itimerval(struct buf *b, const struct shown *s)
{
	put_two(b, s, put_timeval, "{it_interval=", ", it_value=", "}");
}

static void itimerspec(struct buf *b, const struct shown *s)
{
	put_two(b, s, put_timespec, "{it_interval=", ", it_value=", "}");
}

static void rusage(struct buf *b, const struct shown *s)
{
	put_two(b, s, put_timeval, "{ru_utime=", ", ru_stime=", ", ...}");
}

/* ---- signals ---- */

/* As strace does: the names without SIG, and of more than half what is missing. */
void sysput_sigset(struct buf *b, uint64_t set)
{
	bool most = __builtin_popcountll(set) > 42, first = true;

	buf_str(b, most ? "~[" : "[");
	if (most)
		set = ~set;
	for (unsigned int i = 0; i < 64; i++) {
		auto_buf struct buf name = { 0 };

		if (!(set >> i & 1))
			continue;
		sysput_signal(&name, i + 1);
		buf_addf(b, "%s%s", first ? "" : " ", name.bytes + 3);
		first = false;
	}
	buf_char(b, ']');
}

static void sigset_of(struct buf *b, const struct shown *s)
{
	uint64_t set;

	GET(set, s->s);
	sysput_sigset(b, set);
}

static void sigaction_of(struct buf *b, const struct shown *s)
{
	uint64_t a[4];	/* handler, flags, restorer, mask */

	GET(a, s->s);
	buf_str(b, "{sa_handler=");
	if (a[0] > 1)
		buf_addf(b, "%#llx", (ull)a[0]);
	else
		buf_str(b, a[0] ? "SIG_IGN" : "SIG_DFL");
	buf_str(b, ", sa_mask=");
	sysput_sigset(b, a[3]);
	buf_str(b, ", sa_flags=");
	sysword_put_flags(b, F_sa, a[1], true);
	if (a[1] & 0x04000000)
		buf_addf(b, ", sa_restorer=%#llx", (ull)a[2]);
	buf_char(b, '}');
}

static void sigstack_of(struct buf *b, const struct shown *s)
{
	uint64_t a[3];

	GET(a, s->s);
	buf_str(b, "{ss_sp=");
	sysput_pointer(b, a[0]);
	buf_str(b, ", ss_flags=");
	sysword_put_flags(b, F_ss, (uint32_t)a[1], true);
	buf_addf(b, ", ss_size=%llu}", (ull)a[2]);
}

/* ---- files ---- */

static const char *type_of(uint32_t mode)
{
	static const char *const names[] = { [1] = "S_IFIFO", [2] = "S_IFCHR", [4] = "S_IFDIR",
		[6] = "S_IFBLK", [8] = "S_IFREG", [10] = "S_IFLNK", [12] = "S_IFSOCK" };
	uint32_t type = mode >> 12 & 15;

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "0";
}

static void stat_of(struct buf *b, const struct shown *s)
{
	struct stat st;

	GET(st, s->s);
	buf_addf(b, "{st_mode=%s|%#03o, ", type_of(st.st_mode), st.st_mode & 07777);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		buf_addf(b, "st_rdev=makedev(%#x, %#x)", major(st.st_rdev), minor(st.st_rdev));
	else
		buf_addf(b, "st_size=%lld", (long long)st.st_size);
	buf_str(b, ", ...}");
}

static void statx_of(struct buf *b, const struct shown *s)
{
	struct statx st;

	GET(st, s->s);
	buf_str(b, "{stx_mask=");
	sysword_put_flags(b, F_statx, st.stx_mask, true);
	buf_addf(b, ", stx_attributes=%#llx, stx_mode=%s|%#03o, stx_size=%llu, ...}",
		 (ull)st.stx_attributes, type_of(st.stx_mode), st.stx_mode & 07777,
		 (ull)st.stx_size);
}

static void open_how(struct buf *b, const struct shown *s)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
	struct open_how how;

	GET(how, s->s);
	buf_addf(b, "{flags=%s", modes[how.flags & 3]);
	sysword_put_flags(b, F_open, how.flags & ~3ull, false);
	if (how.mode || how.flags & O_CREAT)
		buf_addf(b, ", mode=%#03llo", (ull)how.mode);
	buf_str(b, ", resolve=");
	sysword_put_flags(b, F_resolve, how.resolve, true);
	buf_char(b, '}');
}

static void clone_args(struct buf *b, const struct shown *s)
{
	sysput_clone_args(b, s->s);
}

static void utsname(struct buf *b, const struct shown *s)
{
	struct bytes name = { s->s.p, strnlen(s->s.p, 65) };
	struct bytes node = { s->s.p + 65, strnlen(s->s.p + 65, 65) };

	buf_str(b, "{sysname=");
	sysput_string(b, name, name.len, 65);
	buf_str(b, ", nodename=");
	sysput_string(b, node, node.len, 65);
	buf_str(b, ", ...}");
}

/* ---- waiting ---- */

static void poll_of(struct buf *b, const struct shown *s)
{
	size_t n = s->s.len / sizeof(struct pollfd);
	struct pollfd p;

	buf_char(b, '[');
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++) {
		memcpy(&p, s->s.p + i * sizeof(p), sizeof(p));
		buf_addf(b, "%s{fd=%d", i ? ", " : "", p.fd);
		if (p.fd >= 0) {
			buf_str(b, ", events=");
			sysword_put_flags(b, F_poll, (uint16_t)p.events, true);
		}
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

void sysput_polled(struct buf *b, const struct sysview *v)
{
	struct bytes s = sysview_part(v, 0, SYS_ITSELF);
	const char *between = " ([";
	struct pollfd p;

	for (size_t i = 0; (i + 1) * sizeof(p) <= s.len; i++) {
		memcpy(&p, s.p + i * sizeof(p), sizeof(p));
		if (!p.revents)
			continue;
		buf_addf(b, "%s{fd=%d, revents=", between, p.fd);
		sysword_put_flags(b, F_poll, (uint16_t)p.revents, true);
		buf_char(b, '}');
		between = ", ";
	}
	if (between[0] == ',')
		buf_str(b, "])");
}

static void put_epoll(struct buf *b, const char *p)
{
	struct epoll_event e;

	memcpy(&e, p, sizeof(e));
	buf_str(b, "{events=");
	sysword_put_flags(b, F_epoll, e.events, true);
	buf_addf(b, ", data={u32=%u, u64=%llu}}", e.data.u32, (ull)e.data.u64);
}

static void epoll_of(struct buf *b, const struct shown *s)
{
	put_epoll(b, s->s.p);
}

static void epoll_out(struct buf *b, const struct shown *s)
{
	buf_char(b, '[');
	for (size_t i = 0; (i + 1) * sizeof(struct epoll_event) <= s->s.len; i++) {
		buf_str(b, i ? ", " : "");
		put_epoll(b, s->s.p + i * sizeof(struct epoll_event));
	}
	buf_char(b, ']');
}

static void fd_set_of(struct buf *b, const struct shown *s)
{
	uint64_t n = s->v->call->args[0];
	bool first = true;

	buf_char(b, '[');
	for (uint64_t i = 0; i < n && i < 8 * s->s.len; i++) {
		if (!(s->s.p[i / 8] >> (i % 8) & 1))
			continue;
		buf_addf(b, "%s%llu", first ? "" : " ", (ull)i);
		first = false;
	}
	buf_char(b, ']');
}

static void wait_status(struct buf *b, const struct shown *s)
{
	int st;

	GET(st, s->s);
	if (WIFSIGNALED(st)) {
		buf_str(b, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
		sysput_signal(b, (uint32_t)WTERMSIG(st));
		buf_str(b, WCOREDUMP(st) ? " && WCOREDUMP(s)}]" : "}]");
	} else if (WIFSTOPPED(st)) {
		buf_str(b, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		sysput_signal(b, (uint32_t)WSTOPSIG(st));
		buf_str(b, "}]");
	} else if (WIFCONTINUED(st)) {
		buf_str(b, "[{WIFCONTINUED(s)}]");
	} else {
		buf_addf(b, "[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", WEXITSTATUS(st));
	}
}

/* ---- limits, numbers ---- */

static void put_limit(struct buf *b, uint64_t n)
{
	if (n == UINT64_MAX)
		buf_str(b, "RLIM64_INFINITY");
	else if (n > 1024 && n % 1024 == 0)
		buf_addf(b, "%llu*1024", (ull)n / 1024);
	else
		buf_u64(b, n);
}

static void rlimit_of(struct buf *b, const struct shown *s)
{
	uint64_t l[2];

	GET(l, s->s);
	buf_str(b, "{rlim_cur=");
	put_limit(b, l[0]);
	buf_str(b, ", rlim_max=");
	put_limit(b, l[1]);
	buf_char(b, '}');
}

static void ints(struct buf *b, const struct shown *s)
{
	bool is_uint = s->v->def->args[s->arg].what == W_UINT_AT;
	int n;

	buf_char(b, '[');
	for (size_t i = 0; (i + 1) * sizeof(n) <= s->s.len && i < SHOWN_MAX; i++) {
		memcpy(&n, s->s.p + i * sizeof(n), sizeof(n));
		buf_addf(b, is_uint ? "%s%u" : "%s%d", i ? ", " : "", n);
	}
	buf_char(b, ']');
}

/* An int, where the request is known to be about one. */
static void ioctl_arg(struct buf *b, const struct shown *s)
{
	struct shown one = { s->v, s->arg, { s->s.p, sizeof(int) } };

	switch (s->v->call->args[1]) {
	case FIONREAD: case FIONBIO: case FIOASYNC: case TIOCGPGRP: case TIOCSPGRP: case TIOCOUTQ:
	case TIOCGPTN: case TIOCSPTLCK: case TIOCGSID:
		if (s->v->call->ret >= 0) {
			ints(b, &one);
			return;
		}
	}
	sysput_pointer(b, s->v->call->args[s->arg]);
}

static void offset(struct buf *b, const struct shown *s)
{
	int64_t n;

	GET(n, s->s);
	buf_addf(b, "[%lld]", (long long)n);
}

static void cpus(struct buf *b, const struct shown *s)
{
	bool first = true;

	buf_char(b, '[');
	for (size_t i = 0; i < 8 * s->s.len; i++)
		if (s->s.p[i / 8] >> (i % 8) & 1) {
			buf_addf(b, "%s%zu", first ? "" : " ", i);
			first = false;
		}
	buf_char(b, ']');
}

/* Of a socket option an int, else its bytes. */
static void option(struct buf *b, const struct shown *s)
{
	if (s->s.len == sizeof(int))
		ints(b, s);
	else
		sysput_string(b, s->s, s->s.len, s->v->strings);
}

static void address(struct buf *b, const struct shown *s)
{
	sysput_address(b, s->s);
}

/* ---- strings and vectors ---- */

/* Without its NUL, which is missing if it was cut. */
static void string(struct buf *b, const struct shown *s)
{
	size_t len = strnlen(s->s.p, s->s.len);
	bool cut = s->v->call->flags & SYS_CUT || s->s.len == SYS_STRING_MAX;

	sysput_string(b, (struct bytes){ s->s.p, len }, len + cut, len);
}

static uint64_t whole_of(const struct shown *s)
{
	const struct sys_call *c = s->v->call;

	switch (s->v->def->args[s->arg].what) {
	case W_IN: case W_STRING_N:
		return c->args[s->v->def->args[s->arg].par];
	default:
		return c->ret > 0 ? (uint64_t)c->ret : 0;
	}
}

static void bytes(struct buf *b, const struct shown *s)
{
	sysput_string(b, s->s, whole_of(s), s->v->strings);
}

static void put_iovecs(struct buf *b, const struct shown *s, enum sys_part part)
{
	struct bytes all = sysview_part(s->v, s->arg, part);
	struct bytes first = sysview_part(s->v, s->arg, SYS_BYTES);
	struct iovec v;

	buf_char(b, '[');
	for (size_t i = 0; (i + 1) * sizeof(v) <= all.len; i++) {
		memcpy(&v, all.p + i * sizeof(v), sizeof(v));
		buf_str(b, i ? ", {iov_base=" : "{iov_base=");
		if (!i && first.len)
			sysput_string(b, first, first.len == SYS_BYTES_MAX ? v.iov_len : first.len,
				      s->v->strings);
		else
			sysput_pointer(b, (uintptr_t)v.iov_base);
		buf_addf(b, ", iov_len=%zu}", v.iov_len);
	}
	buf_char(b, ']');
}

static void words(struct buf *b, const struct shown *s)
{
	struct sys_data d;
	struct bytes w;
	bool first = true;

	buf_char(b, '[');
	for (size_t at = 0; sysview_next(s->v, &at, &d, &w);)
		/* each word by itself; of an execve that succeeded all in one, parted by NULs */
		while (d.arg == s->arg && w.len) {
			size_t len = strnlen(w.p, w.len), step = len < w.len ? len + 1 : len;

			buf_str(b, first ? "" : ", ");
			sysput_string(b, (struct bytes){ w.p, len }, len, s->v->strings);
			w = (struct bytes){ w.p + step, w.len - step };
			first = false;
		}
	buf_char(b, ']');
}

static void message(struct buf *b, const struct shown *s)
{
	struct bytes name = sysview_part(s->v, s->arg, SYS_NAME);
	struct msghdr m;

	GET(m, s->s);
	if (s->v->call->ret < 0 && s->v->def->args[s->arg].what == W_MESSAGE_OUT) {
		buf_addf(b, "{msg_namelen=%u}", m.msg_namelen);
		return;
	}
	buf_str(b, "{msg_name=");
	if (name.len > 2)
		sysput_address(b, name);
	else
		sysput_pointer(b, (uintptr_t)m.msg_name);
	buf_addf(b, ", msg_namelen=%u, msg_iov=", m.msg_namelen);
	put_iovecs(b, s, SYS_IOVECS);
	buf_addf(b, ", msg_iovlen=%zu, ", m.msg_iovlen);
	if (m.msg_controllen) {
		buf_str(b, "msg_control=");
		sysput_pointer(b, (uintptr_t)m.msg_control);
		buf_str(b, ", ");
	}
	buf_addf(b, "msg_controllen=%zu, msg_flags=", m.msg_controllen);
	sysword_put_flags(b, F_msg, (uint32_t)m.msg_flags, true);
	buf_char(b, '}');
}

/* ---- the table ---- */

static const struct {
	void (*put)(struct buf *b, const struct shown *s);
	size_t least;	/* bytes without which only the address is shown */
} kinds[W_COUNT] = {
	[W_PATH] = { string, 1 }, [W_STRING] = { string, 1 }, [W_STRING_N] = { bytes, 1 },
	[W_STRING_OUT] = { string, 1 }, [W_IN] = { bytes, 1 }, [W_OUT] = { bytes, 1 },
	[W_MESSAGE] = { message, 56 }, [W_MESSAGE_OUT] = { message, 56 },
	[W_ADDRESS] = { address, 2 }, [W_ADDRESS_OUT] = { address, 2 },
	[W_LENGTH] = { ints, 4 }, [W_OPTION] = { option, 1 }, [W_OPTION_OUT] = { option, 1 },
	[W_INTS] = { ints, 4 }, [W_FD_PAIR] = { ints, 8 }, [W_INT_AT] = { ints, 4 },
	[W_UINT_AT] = { ints, 4 }, [W_ID_AT] = { ints, 4 }, [W_OFFSET_AT] = { offset, 8 },
	[W_GROUPS] = { ints, 4 }, [W_FD_SET] = { fd_set_of, 8 }, [W_POLL] = { poll_of, 8 },
	[W_EPOLL] = { epoll_of, 12 }, [W_EPOLL_OUT] = { epoll_out, 12 },
	[W_TIMESPEC] = { timespec, 16 }, [W_TIMESPEC_OUT] = { timespec, 16 },
	[W_TIMESPEC_PAIR] = { timespec_pair, 32 }, [W_TIMEVAL] = { timeval, 16 },
	[W_TIMEVAL_OUT] = { timeval, 16 }, [W_TIMEVAL_PAIR] = { timeval_pair, 32 },
	[W_ITIMERVAL] = { itimerval, 32 }, [W_ITIMERVAL_OUT] = { itimerval, 32 },
	[W_ITIMERSPEC] = { itimerspec, 32 }, [W_ITIMERSPEC_OUT] = { itimerspec, 32 },
	[W_SIGSET] = { sigset_of, 8 }, [W_SIGSET_OUT] = { sigset_of, 8 },
	[W_SIGACTION] = { sigaction_of, 32 }, [W_SIGACTION_OUT] = { sigaction_of, 32 },
	[W_SIGSTACK] = { sigstack_of, 24 }, [W_SIGSTACK_OUT] = { sigstack_of, 24 },
	[W_RLIMIT] = { rlimit_of, 16 }, [W_RLIMIT_OUT] = { rlimit_of, 16 },
	[W_STAT] = { stat_of, 144 }, [W_STATX] = { statx_of, 256 }, [W_UTSNAME] = { utsname, 130 },
	[W_WAIT_STATUS] = { wait_status, 4 }, [W_RUSAGE] = { rusage, 32 },
	[W_OPEN_HOW] = { open_how, 24 }, [W_CLONE_ARGS] = { clone_args, 64 },
	 [W_CPUS] = { cpus, 1 }, [W_CPUS_OUT] = { cpus, 1 },
	[W_FUTEX_TIME] = { timespec, 16 }, [W_IOCTL_ARG] = { ioctl_arg, 8 },
};

bool sysput_struct(struct buf *b, const struct sysview *v, unsigned int arg)
{
	unsigned int what = v->def->args[arg].what;
	struct shown s = { v, arg, sysview_part(v, arg, SYS_ITSELF) };

	if (what == W_WORDS && v->call->args[arg] | v->call->len)
		words(b, &s);
	else if ((what == W_IOV || what == W_IOV_OUT) &&
		 sysview_part(v, arg, SYS_IOVECS).len)
		put_iovecs(b, &s, SYS_IOVECS);
	else if (what == W_IOV_ONLY && s.s.len)
		put_iovecs(b, &s, SYS_ITSELF);
	else if ((what == W_WAIT_STATUS || what == W_RUSAGE) && v->call->nr == SYS_wait4 &&
		 !v->call->ret)
		return false;	/* nobody has ended: nothing was written */
	else if (kinds[what].put && s.s.len >= kinds[what].least)
		kinds[what].put(b, &s);
	else if (what == W_OUT && v->call->ret == 0 && v->call->args[arg])
		buf_str(b, "\"\"");	/* the end of the file */
	else if (what == W_IN && v->call->args[arg] && !whole_of(&s))
		buf_str(b, "\"\"");
	else if (what == W_EPOLL_OUT && v->call->ret == 0)
		buf_str(b, "[]");
	else
		return false;
	return true;
}
