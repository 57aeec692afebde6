/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/str.h"

uint64_t ns_id(int dir, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "ns/%s", name);
	return ns_id_at(dir, path);
}

uint64_t ns_id_of(const char *text)
{
	const char *p = strchr(text, '[');
	uint64_t id;

	return p && (p++, scan_u64(&p, &id)) && *p == ']' ? id : 0;
}

uint64_t ns_id_at(int dir, const char *path)
{
	char text[64];
	uint64_t id;
	ssize_t n;

	n = readlinkat(dir, path, text, sizeof(text) - 1);
	if (n < 0)
		return 0;
	text[n] = '\0';
	id = ns_id_of(text);
	if (!id)
		errno = EPROTO;
	return id;
}

int ns_open(int dir, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "ns/%s", name);
	return openat(dir, path, O_RDONLY | O_CLOEXEC);
}

uint64_t ns_id_fd(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st) < 0 ? 0 :
		st.stx_ino;
}

int ns_owner(int fd)
{
	return ioctl(fd, NS_GET_USERNS);
}

int ns_parent(int fd)
{
	return ioctl(fd, NS_GET_PARENT);
}

int ns_creator(int fd, uint32_t *ret_uid)
{
	uid_t uid;

	if (ioctl(fd, NS_GET_OWNER_UID, &uid) < 0)
		return -1;
	*ret_uid = uid;
	return 0;
}

static void skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

/* A line "monotonic      -100         5": seconds, and nanoseconds to add. */
bool ns_parse_offset(const char *lines, const char *clock, int64_t *ret)
{
	const char *p = strstr(lines, clock);
	bool minus;
	uint64_t s, ns;

	if (!p)
		return false;
	p += strlen(clock);
	skip_blanks(&p);
	minus = *p == '-';
	p += minus;
	if (!scan_u64(&p, &s))
		return false;
	skip_blanks(&p);
	if (!scan_u64(&p, &ns) || s > INT64_MAX / NS_PER_S - 1 || ns >= NS_PER_S)
		return false;
	*ret = (minus ? -1 : 1) * (int64_t)(s * NS_PER_S) + (int64_t)ns;
	return true;
}

int ns_time_offsets(int dir, int64_t *ret_monotonic, int64_t *ret_boottime)
{
	char lines[256];

	if (fd_read_at(dir, "timens_offsets", lines, sizeof(lines)) < 0)
		return -1;
	if (ns_parse_offset(lines, "monotonic", ret_monotonic) &&
	    ns_parse_offset(lines, "boottime", ret_boottime))
		return 0;
	errno = EPROTO;
	return -1;
}

static bool same_directory(int a, const char *path_a, int b, const char *path_b)
{
	struct statx x, y;

	return statx(a, path_a, AT_STATX_DONT_SYNC, STATX_INO, &x) == 0 &&
		statx(b, path_b, AT_STATX_DONT_SYNC, STATX_INO, &y) == 0 &&
		x.stx_ino == y.stx_ino && x.stx_dev_major == y.stx_dev_major &&
		x.stx_dev_minor == y.stx_dev_minor;
}

bool ns_host_root(int dir)
{
	return same_directory(AT_FDCWD, "/", dir, "root");
}

bool ns_same_files(int a, int b)
{
	uint64_t mnt = ns_id(a, "mnt");

	return mnt && mnt == ns_id(b, "mnt") && same_directory(a, "root", b, "root");
}
