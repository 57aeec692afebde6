/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"

ssize_t fd_read_at(int dirfd, const char *path, char *text, size_t room)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = read(fd, text, room - 1);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

int fd_read_all(int fd, struct buf *b, size_t cap)
{
	size_t start = b->len;
	ssize_t n;

	for (;;) {
		size_t left = cap - (b->len - start);
		size_t want = b->len - start < 65536 ? 4096 : 65536;	/* most files are small */

		want = left < want ? left + 1 : want;
		n = read(fd, buf_reserve(b, want), want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if ((size_t)n > left) {
			b->len += left;
			b->bytes[b->len] = '\0';
			return 1;
		}
		b->len += (size_t)n;
		b->bytes[b->len] = '\0';
		if (n == 0)
			return 0;
	}
}

int fd_read_file(int dirfd, const char *path, struct buf *b, size_t cap)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -1 : fd_read_all(fd, b, cap);
}

int fd_write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_openat2(int dirfd, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = { .flags = (unsigned int)flags | O_CLOEXEC, .resolve = resolve };

	for (int try = 0;; try++) {
		int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

		if (fd >= 0 || errno != EAGAIN || try == 64)
			return fd;
	}
}

union with_fd {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static bool give(int sock, const void *bytes, size_t len, int fd, int flags)
{
	union with_fd c = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec v = { (void *)bytes, len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	if (fd >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c);
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL | flags) == (ssize_t)len;
}

bool fd_give(int sock, const void *bytes, size_t len, int fd)
{
	return give(sock, bytes, len, fd, 0);
}

bool fd_offer(int sock, const void *bytes, size_t len, int fd)
{
	return give(sock, bytes, len, fd, MSG_DONTWAIT);
}

bool fd_take(int sock, void *to, size_t len, int *fd)
{
	union with_fd c = { 0 };
	struct iovec v = { to, len };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c),
	};

	*fd = -1;
	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) != (ssize_t)len)
		return false;
	if (m.msg_controllen >= CMSG_LEN(sizeof(int)) && c.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&c.head), sizeof(*fd));
	return true;
}
