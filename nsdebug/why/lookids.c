/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookids - as whom a container is started, by the files of its image.
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

struct user {
	const char *name;
	size_t len;
	uint32_t id;
};

static void take_user(void *ctx, uint32_t id, const char *name, size_t len)
{
	struct user *u = ctx;

	if (u->id == NO_ID && len == u->len && !memcmp(name, u->name, len))
		u->id = id;
}

static uint32_t id_of(const struct place_of *p, const char *word, size_t len, const char *file)
{
	struct user u = { word, len, NO_ID };
	auto_buf struct buf b = { 0 };
	auto_close int fd = -1;
	struct file_at f;
	const char *end = word;
	uint64_t n;

	if (scan_u64(&end, &n) && end == word + len && n < NO_ID)
		return (uint32_t)n;
	if (find_file(p, file, &f) != FOUND_THERE)
		return NO_ID;
	fd = find_open(p, &f);
	own_close(&f.fd);
	if (fd >= 0 && fd_read_all(fd, &b, PASSWD_BYTES_MAX) >= 0 && b.len)
		passwd_parse(b.bytes, b.len, take_user, &u);
	return u.id;
}

struct look_ids look_ids(const struct root *root, const struct ending *x)
{
	struct place_of p = { root, x };
	const char *user = x->user ? x->user : "0:0";
	size_t len = strcspn(user, ":");

	return (struct look_ids){
		.root = root,
		.uid = id_of(&p, user, len, "/etc/passwd"),
		.gid = user[len] ? id_of(&p, user + len + 1, strlen(user + len + 1),
					 "/etc/group") : NO_ID,
	};
}
