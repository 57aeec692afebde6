/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/jread.h"
#include "nsdebug/target/runtime.h"

#define LIBPOD "/var/lib/containers/storage/"
#define DATABASE_MAX (64u << 20)
#define CONFIG_MAX 65536	/* of a volume, in it */

/* 1: there is; 0: there is not; -1: whatever else is answered. No link is followed. */
static int look(const char *dir, const char *name, struct arena *a)
{
	auto_close int fd = fd_openat2(AT_FDCWD, runtime_join(a, dir, name), O_PATH | O_NOFOLLOW,
				       RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return fd >= 0 ? 1 : errno == ENOENT ? 0 : -1;
}

/* ---- podman's ---- */

struct config {
	const char *source;
	bool here, mounted, whole;
};

/* What follows isAnon tells nothing of it. */
static bool take_value(void *ctx, const char *path, struct jvalue v)
{
	struct config *c = ctx;

	c->whole = !strcmp(path, "isAnon");
	if (!strcmp(path, "mountPoint"))
		c->here = jvalue_is(v, c->source);
	else if (!strcmp(path, "volumeDriver"))
		c->mounted |= v.text.len && !jvalue_is(v, "local");
	else
		c->mounted |= str_prefix(path, "volumeOptions");
	return !c->whole;
}

/* Each config of that name: 1: one has no options; 0: there is none; -1: it may have some. */
static int look_configs(const struct buf *b, const char *begin, const char *source)
{
	const char *p = b->bytes, *end = p + b->len;
	int ret = 0;

	while (p && (p = memmem(p, (size_t)(end - p), begin, strlen(begin)))) {
		size_t len = (size_t)(end - p);
		struct config c = { .source = source };
		struct err e;

		if (jread_bytes(p, len < CONFIG_MAX ? len : CONFIG_MAX, take_value, &c, &e) < 0 ||
		    !c.whole || c.mounted)
			return -1;
		ret |= c.here;
		p++;
	}
	return ret;
}

static bool is_podmans_plain(const char *source, const char *name, struct arena *a)
{
	static const char *const files[] = {
		LIBPOD "libpod/bolt_state.db", LIBPOD "db.sql", LIBPOD "db.sql-wal",
	};
	auto_buf struct buf begin = { 0 };
	bool found = false;

	buf_addf(&begin, "{\"name\":\"%s\",", name);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		auto_close int fd = runtime_open_file(files[i], NULL);
		auto_buf struct buf b = { 0 };
		int n = 0;

		if (fd < 0 && look(files[i], NULL, a) == 0)
			continue;
		if (fd < 0 || fd_read_all(fd, &b, DATABASE_MAX) != 0 ||
		    (n = look_configs(&b, begin.bytes, source)) < 0)
			return false;
		found |= n;
	}
	return found;
}

bool volumes_on_demand(const char *source, struct arena *a)
{
	static const char data[] = "/_data";
	size_t len = strlen(source), of = sizeof(data) - 1;
	auto_close int list = -1;
	const char *own, *all;
	int options;

	if (len <= of || strcmp(source + len - of, data) != 0)
		return false;
	own = arena_dup(a, source, len - of);
	all = strrchr(own, '/');
	if (all == own || strpbrk(all, "\"\\"))
		return true;
	options = look(own, "opts.json", a);
	/* docker's own list of them: no volume of that name, which is a directory */
	list = runtime_open_file(runtime_join(a, arena_dup(a, own, (size_t)(all - own)),
					      "metadata.db"), NULL);
	if (options || list >= 0)
		return options;
	return !is_podmans_plain(source, all + 1, a);
}
