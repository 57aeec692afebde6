/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sysput.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/sysword.h"
#include "nsdebug/trace/words.h"

bool sysview_next(const struct sysview *v, size_t *at, struct sys_data *d, struct bytes *ret)
{
	const char *p = (const char *)(v->call + 1) + *at;
	size_t left = *at < v->call->len ? v->call->len - *at : 0;

	if (left < sizeof(*d))
		return false;
	memcpy(d, p, sizeof(*d));
	if (d->len > left - sizeof(*d))
		return false;
	*ret = (struct bytes){ p + sizeof(*d), d->len };
	*at += sizeof(*d) + (((size_t)d->len + 3) & ~(size_t)3);
	return true;
}

struct bytes sysview_part(const struct sysview *v, unsigned int arg, enum sys_part part)
{
	struct sys_data d;
	struct bytes s;

	for (size_t at = 0; sysview_next(v, &at, &d, &s);)
		if (d.arg == arg && d.part == part)
			return s;
	return (struct bytes){ NULL, 0 };
}

struct bytes sysview_string(const struct sysview *v, unsigned int arg)
{
	struct bytes s = sysview_part(v, arg, SYS_ITSELF);

	return s.p ? (struct bytes){ s.p, strnlen(s.p, s.len) } : s;
}

struct open_how sysview_how(const struct sysview *v)
{
	const struct sys_call *c = v->call;
	struct bytes s = sysview_part(v, 2, SYS_ITSELF);
	struct open_how h = { 0 };

	switch (c->nr) {
	case SYS_open:
		return (struct open_how){ .flags = c->args[1], .mode = c->args[2] };
	case SYS_creat:
		return (struct open_how){ O_CREAT | O_WRONLY | O_TRUNC, c->args[1], 0 };
	case SYS_openat:
		return (struct open_how){ .flags = c->args[2], .mode = c->args[3] };
	default:
		if (s.len >= sizeof(h))
			memcpy(&h, s.p, sizeof(h));
		return h;
	}
}

void sysput_pointer(struct buf *b, uint64_t p)
{
	if (p)
		buf_hex(b, p);
	else
		buf_str(b, "NULL");
}

void sysput_signal(struct buf *b, uint64_t sig)
{
	char room[16];

	buf_str(b, word_signal((uint32_t)sig, room));
}

/* A NUL is \0, before a digit \000. */
static void put_octal(struct buf *b, unsigned char c, bool all)
{
	buf_char(b, '\\');
	if (all || c >= 0100)
		buf_char(b, (char)('0' + (c >> 6)));
	if (all || c >= 010)
		buf_char(b, (char)('0' + (c >> 3 & 7)));
	buf_char(b, (char)('0' + (c & 7)));
}

static void put_char(struct buf *b, unsigned char c, bool digit_follows)
{
	static const char named[256] = { ['\t'] = 't', ['\n'] = 'n', ['\v'] = 'v', ['\f'] = 'f',
		['\r'] = 'r', ['"'] = '"', ['\\'] = '\\' };

	if (named[c]) {
		buf_char(b, '\\');
		buf_char(b, named[c]);
	} else if (c >= ' ' && c < 127) {
		buf_char(b, (char)c);
	} else {
		put_octal(b, c, digit_follows);
	}
}

void sysput_string(struct buf *b, struct bytes s, uint64_t whole, uint64_t show)
{
	size_t n = s.len < show ? s.len : (size_t)show;

	buf_char(b, '"');
	for (size_t i = 0; i < n; i++)
		put_char(b, (unsigned char)s.p[i],
			 i + 1 < n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9');
	buf_str(b, n < whole ? "\"..." : "\"");
}

/* ---- numbers ---- */

static void put_dirfd(struct buf *b, int fd)
{
	if (fd == AT_FDCWD)
		buf_str(b, "AT_FDCWD");
	else
		buf_i64(b, fd);
}

static void put_open(struct buf *b, uint64_t flags)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	buf_str(b, modes[flags & O_ACCMODE]);
	sysword_put_flags(b, F_open, flags & ~(uint64_t)O_ACCMODE, false);
}

static void put_file_mode(struct buf *b, uint32_t mode)
{
	static const struct { uint32_t type; const char *name; } types[] = {
		{ S_IFREG, "S_IFREG" }, { S_IFDIR, "S_IFDIR" }, { S_IFCHR, "S_IFCHR" },
		{ S_IFBLK, "S_IFBLK" }, { S_IFIFO, "S_IFIFO" }, { S_IFLNK, "S_IFLNK" },
		{ S_IFSOCK, "S_IFSOCK" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			buf_addf(b, "%s|", types[i].name);
	buf_addf(b, "%#03o", mode & 07777);
}

static void put_map(struct buf *b, uint64_t flags)
{
	static const char *const types[] = { "MAP_FILE", "MAP_SHARED", "MAP_PRIVATE",
		"MAP_SHARED_VALIDATE" };

	buf_str(b, types[flags & 3]);
	sysword_put_flags(b, F_map, flags & ~3ull, false);
}

static void put_socktype(struct buf *b, uint64_t type)
{
	sysword_put(b, F_socktype, type & 0xf);
	sysword_put_flags(b, F_sock, type & ~0xfull, false);
}

static void put_protocol(struct buf *b, const struct sysview *v, uint64_t p)
{
	uint64_t family = v->call->args[0];

	if ((family == AF_INET || family == AF_INET6) && sysword_of(F_proto, p))
		sysword_put(b, F_proto, p);
	else
		buf_i64(b, (int)p);
}

static void put_sockopt(struct buf *b, const struct sysview *v, uint64_t option)
{
	uint64_t level = v->call->args[1];
	enum sys_words set = level == IPPROTO_TCP ? F_tcp : F_so;
	const char *name = level == SOL_SOCKET || level == IPPROTO_TCP ?
		sysword_of(set, option) : NULL;

	if (name)
		buf_str(b, name);
	else
		buf_hex(b, (unsigned int)option);
}

static void put_clone(struct buf *b, uint64_t flags)
{
	sysword_put_flags(b, F_clone, flags & ~(uint64_t)CSIGNAL, true);
	if (flags & CSIGNAL) {
		buf_char(b, '|');
		sysput_signal(b, flags & CSIGNAL);
	}
}

static void put_at(struct buf *b, const char *what, uint64_t p)
{
	buf_str(b, what);
	sysput_pointer(b, p);
}

void sysput_clone_args(struct buf *b, struct bytes s)
{
	struct clone_args c = { 0 };

	memcpy(&c, s.p, s.len < sizeof(c) ? s.len : sizeof(c));
	buf_str(b, "{flags=");
	sysword_put_flags(b, F_clone, c.flags, true);
	if (c.flags & CLONE_PIDFD)
		put_at(b, ", pidfd=", c.pidfd);
	if (c.flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))
		put_at(b, ", child_tid=", c.child_tid);
	if (c.flags & CLONE_PARENT_SETTID)
		put_at(b, ", parent_tid=", c.parent_tid);
	buf_str(b, ", exit_signal=");
	if (c.exit_signal)
		sysput_signal(b, c.exit_signal);
	else
		buf_char(b, '0');
	put_at(b, ", stack=", c.stack);
	buf_str(b, ", stack_size=");
	buf_hex(b, c.stack_size);
	if (c.flags & CLONE_SETTLS)
		put_at(b, ", tls=", c.tls);
	if (c.set_tid_size)
		buf_addf(b, ", set_tid_size=%llu", (unsigned long long)c.set_tid_size);
	if (c.flags & CLONE_INTO_CGROUP)
		buf_addf(b, ", cgroup=%llu", (unsigned long long)c.cgroup);
	buf_char(b, '}');
}

static void put_fcntl_arg(struct buf *b, const struct sysview *v, uint64_t n)
{
	switch (v->call->args[1]) {
	case F_SETFD:
		buf_str(b, n == FD_CLOEXEC ? "FD_CLOEXEC" : n ? "?" : "0");
		break;
	case F_SETFL:
		put_open(b, n);
		break;
	case F_DUPFD: case F_DUPFD_CLOEXEC: case F_SETOWN: case F_SETPIPE_SZ:
		buf_i64(b, (int)n);
		break;
	case F_SETSIG:
		sysput_signal(b, n);
		break;
	default:
		sysput_pointer(b, n);
	}
}

static void put_futex(struct buf *b, uint64_t op)
{
	sysword_put(b, F_futex, op & FUTEX_CMD_MASK);
	if (op & FUTEX_PRIVATE_FLAG)
		buf_str(b, "_PRIVATE");
	if (op & FUTEX_CLOCK_REALTIME)
		buf_str(b, "|FUTEX_CLOCK_REALTIME");
}

static void put_shmget(struct buf *b, uint64_t flags)
{
	if (flags & IPC_CREAT)
		buf_str(b, "IPC_CREAT|");
	if (flags & IPC_EXCL)
		buf_str(b, "IPC_EXCL|");
	buf_addf(b, "%#03o", (unsigned int)flags & 0777);
}

static void put_prctl_arg(struct buf *b, const struct sysview *v, uint64_t n)
{
	struct bytes s = sysview_part(v, 1, SYS_ITSELF);

	switch (v->call->args[0]) {
	case PR_SET_NAME: case PR_GET_NAME:
		if (s.len)
			sysput_string(b, (struct bytes){ s.p, s.len - 1 }, s.len - 1, 64);
		else
			sysput_pointer(b, n);
		break;
	case PR_SET_PDEATHSIG:
		sysput_signal(b, n);
		break;
	case PR_SET_DUMPABLE: case PR_SET_KEEPCAPS: case PR_SET_NO_NEW_PRIVS:
	case PR_SET_CHILD_SUBREAPER: case PR_SET_TIMERSLACK: case PR_SET_THP_DISABLE:
		buf_u64(b, n);
		break;
	default:
		buf_hex(b, n);
	}
}

/* Numbers that are not only digits; false: it is none of these. */
static bool put_meaning(struct buf *b, const struct sysview *v, unsigned int arg)
{
	uint64_t n = v->call->args[arg];

	switch (v->def->args[arg].what) {
	case W_DIRFD:
		put_dirfd(b, (int)n);
		return true;
	case W_SIGNAL:
		sysput_signal(b, (uint32_t)n);
		return true;
	case W_KEY:
		buf_str(b, n ? "" : "IPC_PRIVATE");
		if (n)
			buf_hex(b, (unsigned int)n);
		return true;
	case W_DEV:
		buf_addf(b, "makedev(%#x, %#x)", major((uint32_t)n), minor((uint32_t)n));
		return true;
	case W_OPEN:
		put_open(b, (uint32_t)n);
		return true;
	case W_FILE_MODE:
		put_file_mode(b, (uint32_t)n);
		return true;
	case W_MAP:
		put_map(b, n);
		return true;
	case W_SOCKTYPE:
		put_socktype(b, (uint32_t)n);
		return true;
	case W_PROTOCOL:
		put_protocol(b, v, n);
		return true;
	case W_SOCKLEVEL:
		sysword_put(b, F_sol, n);
		return true;
	case W_SOCKOPT:
		put_sockopt(b, v, n);
		return true;
	case W_CLONE:
		put_clone(b, n);
		return true;
	default:
		return false;
	}
}

static bool put_command(struct buf *b, const struct sysview *v, unsigned int arg)
{
	uint64_t n = v->call->args[arg];

	switch (v->def->args[arg].what) {
	case W_FCNTL:
		sysword_put(b, F_fcntl, (uint32_t)n);
		return true;
	case W_FCNTL_ARG:
		put_fcntl_arg(b, v, n);
		return true;
	case W_IOCTL:
		sysword_put(b, F_ioctl, (uint32_t)n);
		return true;
	case W_FUTEX:
		put_futex(b, (uint32_t)n);
		return true;
	case W_PRCTL:
		sysword_put(b, F_prctl, (uint32_t)n);
		return true;
	case W_PRCTL_ARG:
		put_prctl_arg(b, v, n);
		return true;
	case W_SHMGET:
		put_shmget(b, n);
		return true;
	case W_IPC_COMMAND:
		sysword_put(b, F_ipc, n);
		return true;
	case W_FLAGS:
		if (v->def->args[arg].par == F_access && !n)
			buf_str(b, "F_OK");
		else if (v->def->args[arg].par == F_prot && !n)
			buf_str(b, "PROT_NONE");
		else
			sysword_put_flags(b, v->def->args[arg].par, (uint32_t)n, true);
		return true;
	case W_ENUM:
		sysword_put(b, v->def->args[arg].par, (uint32_t)n);
		return true;
	default:
		return false;
	}
}

static bool put_number(struct buf *b, const struct sysview *v, unsigned int arg)
{
	uint64_t n = v->call->args[arg];

	switch (v->def->args[arg].what) {
	case W_INT: case W_FD:
		buf_i64(b, (int)n);
		return true;
	case W_UINT:
		buf_u64(b, (unsigned int)n);
		return true;
	case W_ID:
		buf_i64(b, (int)n);
		return true;
	case W_LONG:
		buf_i64(b, (int64_t)n);
		return true;
	case W_ULONG:
		buf_u64(b, n);
		return true;
	case W_HEX: case W_REST:
		buf_hex(b, n);
		return true;
	case W_OCTAL: case W_CREATE_MODE:
		buf_addf(b, "%#03o", (unsigned int)n);
		return true;
	default:
		return false;
	}
}

void sysput_arg(struct buf *b, const struct sysview *v, unsigned int arg)
{
	if (!v->def)
		buf_hex(b, v->call->args[arg]);
	else if (!put_number(b, v, arg) && !put_meaning(b, v, arg) && !put_command(b, v, arg) &&
		 !sysput_struct(b, v, arg))
		sysput_pointer(b, v->call->args[arg]);
}

/* ---- how many ---- */

static unsigned int count_futex(uint64_t op)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAKE: case FUTEX_FD:
		return 3;
	case FUTEX_UNLOCK_PI: case FUTEX_TRYLOCK_PI:
		return 2;
	case FUTEX_WAIT: case FUTEX_LOCK_PI:
		return 4;
	default:
		return 6;
	}
}

static unsigned int count_fcntl(uint64_t command)
{
	switch (command) {
	case F_GETFD: case F_GETFL: case F_GETOWN: case F_GETSIG: case F_GETLEASE:
	case F_GETPIPE_SZ: case F_GET_SEALS:
		return 2;
	default:
		return 3;
	}
}

static unsigned int count_prctl(uint64_t op)
{
	switch (op) {
	case PR_GET_DUMPABLE: case PR_GET_KEEPCAPS: case PR_GET_SECCOMP: case PR_GET_TIMERSLACK:
	case PR_GET_SECUREBITS:
		return 1;
	case PR_SET_NAME: case PR_GET_NAME: case PR_SET_PDEATHSIG: case PR_GET_PDEATHSIG:
	case PR_SET_DUMPABLE: case PR_SET_KEEPCAPS: case PR_CAPBSET_READ: case PR_CAPBSET_DROP:
	case PR_SET_TIMERSLACK: case PR_SET_PTRACER: case PR_SET_CHILD_SUBREAPER:
	case PR_GET_CHILD_SUBREAPER: case PR_GET_TID_ADDRESS:
		return 2;
	default:
		return 5;
	}
}

unsigned int sysput_count(const struct sysview *v)
{
	const __u64 *args = v->call->args;
	unsigned int n = v->def ? sysdef_args(v->def) : SYS_ARGS;

	if (!v->def)
		return n;
	for (unsigned int i = 1; i < n; i++)
		if (v->def->args[i].what == W_CREATE_MODE && v->def->args[i - 1].what == W_OPEN &&
		    !(args[i - 1] & O_CREAT) && (args[i - 1] & O_TMPFILE) != O_TMPFILE)
			return i;
	switch (v->call->nr) {
	case SYS_mknod: case SYS_mknodat:
		return S_ISCHR(args[n - 2]) || S_ISBLK(args[n - 2]) ? n : n - 1;
	case SYS_execve:
		return v->call->ret ? n : 2;	/* what was there before is gone */
	case SYS_futex:
		return count_futex(args[1]);
	case SYS_fcntl:
		return count_fcntl(args[1]);
	case SYS_prctl:
		return count_prctl(args[0]);
	case SYS_mremap:
		return args[3] & MREMAP_FIXED ? 5 : 4;
	case SYS_preadv: case SYS_pwritev:
		return 4;
	default:
		return n;
	}
}

/* ---- results ---- */

static bool is_address(unsigned int nr)
{
	return nr == SYS_mmap || nr == SYS_mremap || nr == SYS_brk || nr == SYS_shmat;
}

static bool is_poll(unsigned int nr)
{
	return nr == SYS_poll || nr == SYS_ppoll;
}

static void put_success(struct buf *b, const struct sysview *v)
{
	int64_t ret = v->call->ret;
	bool flags = v->call->nr == SYS_fcntl && (v->call->args[1] == F_GETFL ||
						  (v->call->args[1] == F_GETFD && ret));

	if (is_address(v->call->nr))
		buf_hex(b, ret);
	else if (v->call->nr == SYS_umask)
		buf_addf(b, "%#03o", (unsigned int)ret);
	else if (flags)
		buf_hex(b, ret);
	else
		buf_i64(b, ret);
	if (flags && v->call->args[1] == F_GETFL) {
		buf_str(b, " (flags ");
		put_open(b, (uint64_t)ret);
		buf_char(b, ')');
	} else if (flags) {
		buf_str(b, " (flags FD_CLOEXEC)");
	} else if (is_poll(v->call->nr) && ret) {
		sysput_polled(b, v);
	} else if (is_poll(v->call->nr)) {
		buf_str(b, " (Timeout)");
	}
}

static void put_failure(struct buf *b, int64_t ret)
{
	buf_str(b, is_restart(ret) ? "? " : "-1 ");
	buf_str(b, word_errno(ret));
}

void sysput_result(struct buf *b, const struct sysview *v)
{
	int64_t ret = v->call->ret;

	if (v->call->flags & SYS_NO_RETURN)
		buf_char(b, '?');
	else if (ret >= 0 || ret < -4095)
		put_success(b, v);
	else
		put_failure(b, ret);
}
