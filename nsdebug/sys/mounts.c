/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/mounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#define HUGE_2MB (21u << 26)	/* linux/memfd.h */
#define HUGE_1GB (30u << 26)

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

void mounts_unescape(char *s)
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

/* shared:1 master:2 propagate_from:3 unbindable */
static void take_optional(struct mount *m, const char *word)
{
	static const char *const names[] = { "shared:", "master:", "propagate_from:" };
	uint64_t *const to[] = { &m->shared, &m->master, &m->from };

	m->unbindable |= !strcmp(word, "unbindable");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_prefix(word, names[i]) && !str_u64(word + strlen(names[i]), to[i]))
			*to[i] = 0;
}

/* dentry_path() says of what has been removed; no path has two slashes. */
static bool cut_deleted(char *root)
{
	static const char mark[] = "//deleted";
	size_t len = strlen(root), mark_len = sizeof(mark) - 1;

	if (len < mark_len || strcmp(root + len - mark_len, mark) != 0)
		return false;
	root[len - mark_len] = '\0';
	return true;
}

/* A word that may be missing, or empty: the source of some file systems. */
static char *last_words(char **line)
{
	char *word = next_word(line);

	return word ? word : *line;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 unbindable - ext3 /dev/root rw,errors=continue */
static bool parse_line(char *line, struct mount *m)
{
	char *id = next_word(&line), *parent = next_word(&line), *device = next_word(&line);
	char *root = next_word(&line), *point = next_word(&line), *options = next_word(&line);
	char *word, *source;

	*m = (struct mount){ 0 };
	if (!id || !parent || !device || !root || !point || *point != '/' || !options ||
	    !str_u64(id, &m->id) || !str_u64(parent, &m->parent) || !scan_device(device, m))
		return false;
	while ((word = next_word(&line)) && strcmp(word, "-"))
		take_optional(m, word);
	m->type = word ? next_word(&line) : NULL;
	if (!m->type || !*m->type)
		return false;
	source = last_words(&line);
	mounts_unescape(source);
	mounts_unescape(root);
	mounts_unescape(point);
	m->deleted = cut_deleted(root);
	m->root = root;
	m->point = point;
	m->options = options;
	m->idmapped = mounts_option(options, "idmapped");
	m->source = source;
	m->fs_options = last_words(&line);
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
	struct statx st;

	*m = (struct mounts){ 0 };
	if (more < 0)
		return err_sys(e, "read the target's mount table");
	m->cut = more > 0;
	mounts_parse(m, arena_dup(a, b.bytes, b.len), a);
	/* the kernel's own word for where its root is; Linux 5.8, and no server is asked */
	if (statx(dir, "root", AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID | STATX_INO,
		  &st) == 0 && (st.stx_mask & STATX_MNT_ID)) {
		m->root = st.stx_mnt_id;
		m->root_ino = st.stx_attributes & STATX_ATTR_MOUNT_ROOT ? 0 : st.stx_ino;
	}
	return 0;
}

static void add_memory(struct mounts *m, unsigned int flags)
{
	auto_close int fd = memfd_create("nsdebug", MFD_CLOEXEC | MFD_NOEXEC_SEAL | flags);
	struct statx st;

	if (fd < 0)	/* Linux 6.3 */
		fd = memfd_create("nsdebug", MFD_CLOEXEC | flags);
	if (fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_INO, &st) == 0)
		m->memory[m->memory_count++] =
			mounts_device(st.stx_dev_major, st.stx_dev_minor);
}

/* No page is taken for it. */
void mounts_memory(struct mounts *m)
{
	add_memory(m, 0);
	add_memory(m, MFD_HUGETLB | HUGE_2MB);
	add_memory(m, MFD_HUGETLB | HUGE_1GB);
}

void mounts_devices(const struct mounts *m, struct map *ret)
{
	for (size_t i = 0; i < m->count; i++)
		map_put(ret, mounts_device(m->items[i].major, m->items[i].minor),
			(void *)m->items);
}

bool mounts_served(const struct mounts *m, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].served && m->items[i].major == major && m->items[i].minor == minor)
			return true;
	return false;
}

bool mounts_of_kernel(const char *type)
{
	static const char *const types[] = { "proc", "sysfs", "cgroup", "cgroup2", "devpts",
		"mqueue", "devtmpfs", "securityfs", "debugfs", "tracefs", "bpf", "pstore",
		"efivarfs", "configfs", "binfmt_misc" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

bool mounts_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; *p;) {
		const char *end = strchrnul(p, ',');

		if ((size_t)(end - p) == len && !memcmp(p, word, len))
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}
