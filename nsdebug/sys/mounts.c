/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/mounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"

/* 100,000 mounts (fs.mount-max) of ordinary length; mount points of 4 KiB each could need more. */
#define TEXT_MAX (16u << 20)

static bool is_served(const char *type)
{
	static const char *const exact[] = {
		"autofs", "9p", "virtiofs", "afs", "ceph", "coda", "glusterfs", "gfs2", "ocfs2",
		"lustre", "gpfs", "beegfs", "orangefs", "smb3",
	};

	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		if (!strcmp(type, exact[i]))
			return true;
	/* fuse, fuseblk, fuse.NAME; but fusectl is the kernel's own */
	return (str_prefix(type, "fuse") && strcmp(type, "fusectl")) || str_prefix(type, "nfs") ||
		str_prefix(type, "cifs");
}

static char *next_word(char **p)
{
	char *word = *p;

	if (!word || !*word)
		return NULL;
	*p = strchrnul(word, ' ');
	if (**p)
		*(*p)++ = '\0';
	return word;
}

/* "\040" back to a space, in place */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static bool scan_device(const char *p, struct mount *m)
{
	uint64_t major, minor;

	if (!scan_u64(&p, &major) || *p++ != ':' || !scan_u64(&p, &minor) || *p)
		return false;
	m->major = (uint32_t)major;
	m->minor = (uint32_t)minor;
	return true;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 unbindable - ext3 /dev/root rw,errors=continue */
static bool parse_line(char *line, struct mount *m)
{
	char *id = next_word(&line), *parent = next_word(&line), *device = next_word(&line);
	char *root = next_word(&line), *point = next_word(&line), *word;

	*m = (struct mount){ 0 };
	if (!id || !parent || !device || !root || !point || !str_u64(id, &m->id) ||
	    !str_u64(parent, &m->parent) || !scan_device(device, m))
		return false;
	next_word(&line);
	while ((word = next_word(&line)) && strcmp(word, "-"))
		m->unbindable |= !strcmp(word, "unbindable");
	m->type = word ? next_word(&line) : NULL;
	if (!m->type || !*m->type)
		return false;
	unescape(root);
	unescape(point);
	m->root = root;
	m->point = point;
	m->served = is_served(m->type);
	return true;
}

void mounts_parse(struct mounts *m, char *text, struct arena *a)
{
	size_t lines = 1;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	m->items = arena_alloc(a, lines * sizeof(*m->items));
	for (char *line = text; *line;) {
		char *end = strchrnul(line, '\n'), *next = *end ? end + 1 : end;

		*end = '\0';
		if (parse_line(line, &m->items[m->count])) {
			m->unbindable |= m->items[m->count].unbindable;
			m->count++;
		}
		line = next;
	}
}

int mounts_read(struct mounts *m, int dir, struct arena *a, struct err *e)
{
	auto_buf struct buf b = { 0 };
	int more = fd_read_file(dir, "mountinfo", &b, TEXT_MAX);

	*m = (struct mounts){ 0 };
	if (more < 0)
		return err_sys(e, "read the target's mount table");
	m->cut = more > 0;
	mounts_parse(m, arena_dup(a, b.bytes, b.len), a);
	return 0;
}

bool mounts_has(const struct mounts *m, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].major == major && m->items[i].minor == minor)
			return true;
	return false;
}

bool mounts_served(const struct mounts *m, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].served && m->items[i].major == major && m->items[i].minor == minor)
			return true;
	return false;
}
