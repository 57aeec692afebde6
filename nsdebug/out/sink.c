/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/out/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sig.h"

#define BLOCK (32 * 1024)

void sink_init(struct sink *s, int fd, int signals)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	*s = (struct sink){ .fd = fd, .signals = signals };
	s->append = flags >= 0 && (flags & O_APPEND);
	if (fstat(fd, &st) == 0) {
		s->pipe = S_ISFIFO(st.st_mode);
		s->waits = !S_ISREG(st.st_mode);
	}
}

static int wait_for_reader(struct sink *s, struct err *e)
{
	struct pollfd p[2] = {
		{ .fd = s->fd, .events = POLLOUT }, { .fd = s->signals, .events = POLLIN },
	};

	while (s->waits) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for stdout");
		if (p[1].revents) {
			if (sig_take(s->signals))
				return err_set(e, ST_INTERRUPTED, "%s", "");
			continue;
		}
		if (p[0].revents)
			break;
	}
	return 0;
}

/* A reader that closed our pipe has what it wanted; anything else is an error. */
static int failed(struct sink *s, struct err *e)
{
	if (errno == EPIPE) {
		s->closed = true;
		buf_clear(&s->out);
		return 0;
	}
	err_sys(e, "write to stdout");
	e->status = ST_INTERNAL;
	return -1;
}

static int write_some(struct sink *s, const char *p, size_t len, size_t *ret, struct err *e)
{
	/* PIPE_BUF bytes never block after POLLOUT, in a pipe; a terminal that is not read may
	 * take less, and then a signal ends us */
	size_t want = s->waits && len > PIPE_BUF ? PIPE_BUF : len;
	bool terminal = s->waits && !s->pipe;
	ssize_t n;

	*ret = 0;
	if (wait_for_reader(s, e) < 0)
		return -1;
	if (terminal)
		sig_allow();
	n = write(s->fd, p, want);
	if (terminal)
		sig_block();
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : failed(s, e);
	*ret = (size_t)n;
	return 0;
}

int sink_flush(struct sink *s, bool now, struct err *e)
{
	size_t done = 0, n;

	if (s->closed)
		buf_clear(&s->out);
	if (s->out.len < (now ? 1 : BLOCK))
		return 0;
	while (done < s->out.len && !s->closed) {
		if (write_some(s, s->out.bytes + done, s->out.len - done, &n, e) < 0) {
			memmove(s->out.bytes, s->out.bytes + done, s->out.len - done);
			s->out.len -= done;
			return -1;
		}
		done += n;
	}
	buf_clear(&s->out);
	return 0;
}

static int copy_some(struct sink *s, int fd, struct err *e)
{
	char *p = buf_reserve(&s->out, BLOCK);
	ssize_t n = read(fd, p, BLOCK);

	if (n < 0)
		return errno == EINTR ? 1 : err_sys(e, "read from the child");
	s->out.len += (size_t)n;
	return n == 0 ? 0 : sink_flush(s, true, e) < 0 ? -1 : 1;
}

int sink_splice(struct sink *s, int fd, struct err *e)
{
	ssize_t n;

	if (s->closed || s->append || (s->waits && !s->pipe))
		return copy_some(s, fd, e);
	if (!s->grown)
		fcntl(s->fd, F_SETPIPE_SZ, 1 << 20);	/* fewer turns; a refusal is fine */
	s->grown = true;
	if (wait_for_reader(s, e) < 0)
		return -1;
	n = splice(fd, NULL, s->fd, NULL, 1 << 20, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n >= 0)
		return n > 0;
	if (errno == EINVAL) {		/* /dev/full, a file system without it */
		s->append = true;
		return copy_some(s, fd, e);
	}
	if (errno == EINTR || errno == EAGAIN)
		return 1;
	return failed(s, e) < 0 ? -1 : 1;
}
