/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookids - as whom a container is started, by the files of its image: as runc's GetExecUser() has
 * it (runc 1.1, libcontainer/user), which dockerd calls; whoever writes an OCI spec has done so.
 */
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/passwd.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/look.h"

#define NO_ID UINT32_MAX

/* Of a file of /etc that is not there: the container has not removed it, nor all of /etc. */
static bool was_absent(const struct place_of *p)
{
	static const char *const dirs[] = { "/etc", "/" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct file_at f;
		enum found got = find_file(p, dirs[i], &f);

		own_close(&f.fd);
		if (got != FOUND_ABSENT)
			return got == FOUND_THERE && !f.changed;
	}
	return false;
}

/* Is it known what it says? What is not there says nothing. dockerd reads the image's, whatever is
 * mounted there for the container. */
static bool read_names(const struct place_of *p, const char *path, struct buf *b)
{
	auto_close int fd = -1;
	struct file_at f;
	enum found got;

	if (!p->ending->image.count || ending_mount_of(p->ending, path))
		return false;
	got = find_file(p, path, &f);
	if (got != FOUND_THERE)
		return got == FOUND_ABSENT && was_absent(p);
	/* the container may have written it: that was not whom it was started as */
	if (f.changed) {
		own_close(&f.fd);
		return false;
	}
	fd = find_open(p, &f);
	own_close(&f.fd);
	return fd >= 0 && fd_read_all(fd, b, PASSWD_BYTES_MAX) == 0;
}

/* Its number, first group and, in b, name; an empty word is root. */
static void find_user(const struct place_of *p, struct bytes word, struct look_ids *ret,
		      struct buf *b, struct passwd_entry *e)
{
	bool known = read_names(p, "/etc/passwd", b), number;
	struct bytes text = { b->bytes, b->len };
	uint32_t uid = 0;

	number = !word.len || passwd_id(word, &uid);
	ret->uid = number ? uid : NO_ID;
	ret->gid = number && known ? 0 : NO_ID;
	ret->groups_cut = !known;
	while (passwd_next(&text, e))
		if (number ? e->id == uid : bytes_same(e->name, word)) {
			ret->uid = e->id;
			ret->gid = passwd_id(e->rest, &uid) ? uid : NO_ID;
			return;
		}
	*e = (struct passwd_entry){ .id = NO_ID };
}

static void add_group(struct look_ids *ret, uint32_t id)
{
	if (ret->ngroups == ENDING_GROUPS_MAX)
		ret->groups_cut = true;
	else
		ret->groups[ret->ngroups++] = id;
}

static bool has_member(struct bytes list, struct bytes name)
{
	while (list.len) {
		const char *comma = memchr(list.p, ',', list.len);
		size_t n = comma ? (size_t)(comma - list.p) : list.len;

		if (bytes_same((struct bytes){ list.p, n }, name))
			return true;
		list.p += n + (comma != NULL);
		list.len -= n + (comma != NULL);
	}
	return false;
}

static uint32_t group_of(const struct buf *b, struct bytes word)
{
	struct bytes text = { b->bytes, b->len };
	struct passwd_entry e;
	uint32_t id;

	while (passwd_next(&text, &e))
		if (bytes_same(e.name, word))
			return e.id;
	return passwd_id(word, &id) ? id : NO_ID;
}

/* word: the group that was asked for; if none was, those that list the user. */
static void find_groups(const struct place_of *p, struct bytes word, struct bytes user,
			struct look_ids *ret)
{
	auto_buf struct buf b = { 0 };
	bool known = read_names(p, "/etc/group", &b);
	const struct words_list *more = &p->ending->add_groups;
	struct bytes text = { b.bytes, b.len };
	struct passwd_entry e;

	if (word.len && !passwd_id(word, &ret->gid))
		ret->gid = group_of(&b, word);
	while (!word.len && user.len && passwd_next(&text, &e))
		if (has_member(e.rest, user))
			add_group(ret, e.id);
	ret->groups_cut |= !known && !word.len && user.len;
	for (size_t i = 0; i < more->count; i++) {
		const char *of = more->items[i];
		uint32_t id = group_of(&b, (struct bytes){ of, strlen(of) });

		if (id == NO_ID)
			ret->groups_cut = true;
		else
			add_group(ret, id);
	}
}

struct look_ids look_ids(const struct root *root, const struct ending *x)
{
	struct look_ids ret = { .root = root, .gid = NO_ID };
	struct place_of p = { root, x };
	const char *user = x->user ? x->user : "";
	size_t len = strcspn(user, ":");
	struct bytes word = { user, len }, group = { user + len, strlen(user + len) };
	auto_buf struct buf users = { 0 };
	struct passwd_entry e = { .id = NO_ID };

	if (group.len) {
		group.p++;
		group.len--;
	}
	if (!group.len || !passwd_id(word, &ret.uid))
		find_user(&p, word, &ret, &users, &e);
	for (uint32_t i = 0; i < x->ngroups; i++)
		add_group(&ret, x->groups[i]);
	find_groups(&p, group, e.name, &ret);
	ret.groups_cut |= x->groups_cut;
	return ret;
}
