/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/libs.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/hwcaps.h"

#define CACHE_MAX (4u << 20)	/* of ld.so.cache; Debian's own is 30 KB */

struct object {
	const char *path, *name;	/* name: as it was asked for */
	const struct object *by;	/* who asked first */
	struct needs needs;
};

struct loading {
	const struct place_of *p;
	struct arena *a;
	struct object *objects[LIBS_MAX];
	size_t count;
	bool musl;
	struct buf cache;		/* ld.so.cache, if there is one */
	const char *defaults;
	unsigned int level;		/* of the processor */
	struct hwcaps hwcaps;
	struct libs_missing *ret;
	uint64_t until;			/* by clock_ns() */
};

static const char *default_dirs(unsigned int machine)
{
	switch (machine) {
	case EM_X86_64:
		return "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:"
			"/usr/lib";
	case EM_386:
		return "/lib/i386-linux-gnu:/usr/lib/i386-linux-gnu:/lib32:/usr/lib32:/lib:"
			"/usr/lib";
	case EM_AARCH64:
		return "/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:/lib64:/usr/lib64:/lib:"
			"/usr/lib";
	default:
		return "/lib:/usr/lib";
	}
}

static const char *read_text(struct loading *l, const char *path)
{
	struct file_at f;
	auto_buf struct buf b = { 0 };
	auto_close int fd = -1;

	if (find_file(l->p, path, &f) != FOUND_THERE)
		return NULL;
	fd = find_open(l->p, &f);
	own_close(&f.fd);
	if (fd < 0 || fd_read_all(fd, &b, FIND_PATH) < 0 || !b.len)
		return NULL;
	for (char *c = b.bytes; (c = strchr(c, '\n'));)
		*c = ':';
	return arena_dup(l->a, b.bytes, b.len);
}

static void read_cache(struct loading *l)
{
	struct file_at f;
	auto_close int fd = -1;

	if (find_file(l->p, "/etc/ld.so.cache", &f) != FOUND_THERE)
		return;
	fd = find_open(l->p, &f);
	own_close(&f.fd);
	if (fd >= 0)
		fd_read_all(fd, &l->cache, CACHE_MAX);
}

/* Which of them it looks at, its loader's version says. */
static void read_hwcaps(struct loading *l, const char *interp)
{
	auto_buf struct buf b = { 0 };
	auto_close int fd = -1;
	struct file_at f;

	l->level = hwcaps_level();
	if (l->objects[0]->needs.machine != EM_X86_64 ||
	    find_file(l->p, interp, &f) != FOUND_THERE)
		return;
	fd = find_open(l->p, &f);
	own_close(&f.fd);
	if (fd >= 0 && fd_read_all(fd, &b, HWCAPS_LOADER_MAX) >= 0 && b.len)
		hwcaps_of(b.bytes, b.len, l->level, &l->hwcaps);
}

/* There is no time, or no memory, for more of it. */
static bool is_over(struct loading *l)
{
	if (clock_ns() < l->until && arena_bytes(l->a) < LIBS_BYTES)
		return false;
	l->ret->unsure = "there are too many places to look at";
	return true;
}

/* Is it there, and for the same machine? Then it is the next one whose needs are asked. */
static bool try_path(struct loading *l, const char *path, const char *name,
		     const struct object *by)
{
	unsigned int machine = l->objects[0]->needs.machine;
	struct object *o;
	struct file_at f;
	auto_close int fd = -1;

	switch (find_file(l->p, path, &f)) {
	case FOUND_ABSENT:
		return false;
	case FOUND_HIDDEN:
		if (!l->ret->unsure)
			l->ret->unsure = arena_dup(l->a, path, strlen(path));
		return false;
	default:
		break;
	}
	fd = find_open(l->p, &f);
	own_close(&f.fd);
	o = arena_alloc(l->a, sizeof(*o));
	if (fd >= 0)
		needs_read(fd, &o->needs, l->a);
	if (fd < 0 || o->needs.kind != NEEDS_ELF || o->needs.machine != machine)
		return false;
	o->path = arena_dup(l->a, f.path, strlen(f.path));
	o->name = name;
	o->by = by;
	l->objects[l->count++] = o;
	return true;
}

/* In a directory's own for this processor, then in itself. */
static bool try_below(struct loading *l, const char *dir, const char *name,
		      const struct object *by)
{
	char path[FIND_PATH], below[FIND_PATH];

	for (size_t i = 0; i < l->hwcaps.count && !is_over(l); i++)
		if (find_join(below, dir, l->hwcaps.dirs[i]) && find_join(path, below, name) &&
		    try_path(l, path, name, by))
			return true;
	return find_join(path, dir, name) && try_path(l, path, name, by);
}

/* One directory of a list; $ORIGIN is where the object itself is. */
static bool try_dir(struct loading *l, const char *dir, size_t len, const char *name,
		    const struct object *by, const struct object *of)
{
	char text[FIND_PATH], path[FIND_PATH];
	const char *slash = strrchr(of->path, '/'), *rest = NULL;

	if (!len || len >= sizeof(text))
		return false;
	memcpy(text, dir, len);
	text[len] = '\0';
	if (str_prefix(text, "$ORIGIN"))
		rest = text + strlen("$ORIGIN");
	else if (str_prefix(text, "${ORIGIN}"))
		rest = text + strlen("${ORIGIN}");
	if (strchr(rest ? rest : text, '$')) {
		if (!l->ret->unsure)
			l->ret->unsure = arena_dup(l->a, text, len);
		return false;
	}
	if (rest) {
		len = (size_t)(slash - of->path);
		if (len + strlen(rest) >= sizeof(path))
			return false;
		memcpy(path, of->path, len);
		memcpy(path + len, rest, strlen(rest) + 1);
		memcpy(text, path, len + strlen(rest) + 1);
	}
	/* a relative one begins at the working directory */
	if (text[0] != '/') {
		if (!l->p->ending->cwd || !find_join(path, l->p->ending->cwd, text))
			return false;
		memcpy(text, path, strlen(path) + 1);
	}
	return try_below(l, text, name, by);
}

static bool try_list(struct loading *l, const char *list, const char *name,
		     const struct object *by, const struct object *of)
{
	while (list && *list && !is_over(l)) {
		size_t n = strcspn(list, ":;");

		if (try_dir(l, list, n, name, by, of))
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

/* glibc: RPATH counts only where there is no RUNPATH, that of who asked for the asker too. musl:
 * either, alike. */
static bool try_rpath(struct loading *l, const char *name, const struct object *by)
{
	if (!l->musl && by->needs.runpath)
		return false;
	for (const struct object *o = by; o; o = o->by) {
		const char *list = l->musl && o->needs.runpath ? o->needs.runpath :
			o->needs.rpath;

		if (try_list(l, list, name, by, o))
			return true;
	}
	return false;
}

/* "NAME\0/where/it/is/NAME\0" among the strings of ld.so.cache (sysdeps/generic/dl-cache.h). */
static bool try_cache(struct loading *l, const char *name, const struct object *by)
{
	size_t len = strlen(name);
	const char *p = l->cache.bytes, *end = p ? p + l->cache.len : NULL, *at;

	while (p && !is_over(l) && (at = memmem(p, (size_t)(end - p), name, len + 1))) {
		const char *from = at;

		while (from > l->cache.bytes && from[-1])
			from--;
		if (*from == '/' && at - from < FIND_PATH && at > from && at[-1] == '/' &&
		    !hwcaps_is_above(from, l->level) &&
		    try_path(l, from, name, by))
			return true;
		p = at + 1;
	}
	return false;
}

static bool look_for(struct loading *l, const char *name, const struct object *by)
{
	const struct ending *x = l->p->ending;
	char path[FIND_PATH];

	if (strchr(name, '/'))
		return find_join(path, x->cwd ? x->cwd : "/", name) &&
			try_path(l, path, name, by);
	if (l->musl)
		return try_list(l, find_env(x, "LD_LIBRARY_PATH"), name, by, by) ||
			try_rpath(l, name, by) || try_list(l, l->defaults, name, by, by);
	return try_rpath(l, name, by) ||
		try_list(l, find_env(x, "LD_LIBRARY_PATH"), name, by, by) ||
		try_list(l, by->needs.runpath, name, by, by) || try_cache(l, name, by) ||
		try_list(l, l->defaults, name, by, by);
}

/* The loader is loaded already; musl's is its libc, under any name of its parts. */
static bool is_loaded(const struct loading *l, const char *name)
{
	const char *loader = strrchr(l->objects[0]->needs.interp, '/');

	if (loader && !strcmp(loader + 1, name))
		return true;
	if (l->musl && (str_prefix(name, "libc.musl-") || !strcmp(name, "libc.so")))
		return true;
	for (size_t i = 1; i < l->count; i++)
		if (!strcmp(l->objects[i]->name, name))
			return true;
	return false;
}

static void load_all(struct loading *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct object *o = l->objects[i];

		if (o->needs.cut && !l->ret->unsure)
			l->ret->unsure = o->path;
		for (size_t k = 0; k < o->needs.nlibs; k++) {
			const char *name = o->needs.libs[k];

			if (is_over(l))
				return;
			if (is_loaded(l, name))
				continue;
			if (l->count == LIBS_MAX) {
				l->ret->unsure = o->path;
				return;
			}
			if (look_for(l, name, o))
				continue;
			l->ret->name = name;
			l->ret->by = o->path;
			return;
		}
	}
}

void libs_look(const struct place_of *p, const struct file_at *program, const struct needs *n,
	       struct arena *a, struct libs_missing *ret)
{
	struct loading *l = arena_alloc(a, sizeof(*l));
	struct object *o = arena_alloc(a, sizeof(*o));

	*ret = (struct libs_missing){ 0 };
	*o = (struct object){ .path = program->path, .name = program->path, .needs = *n };
	*l = (struct loading){ .p = p, .a = a, .ret = ret, .count = 1,
		.until = clock_ns() + LIBS_NS };
	l->objects[0] = o;
	l->musl = strstr(n->interp, "ld-musl");
	l->defaults = default_dirs(n->machine);
	if (l->musl) {
		const char *own = read_text(l, n->machine == EM_AARCH64 ?
					    "/etc/ld-musl-aarch64.path" :
					    "/etc/ld-musl-x86_64.path");

		l->defaults = own ? own : "/lib:/usr/local/lib:/usr/lib";
	} else {
		read_cache(l);
		read_hwcaps(l, n->interp);
	}
	load_all(l);
	/* what may be behind a mount is not known to be missing */
	if (ret->unsure)
		ret->name = NULL;
	buf_free(&l->cache);
}

/* Where in families of images those are that programs often lack. */
const char *libs_cure(struct findings *f, const char *name)
{
	static const char *const cc[] = { "libstdc++.so", "libgcc_s.so", "libgomp.so" };
	static const char *const base[] = { "libc.so.6", "libm.so.6", "libpthread.so.0",
		"libdl.so.2", "librt.so.1", "libssl.so", "libcrypto.so" };
	const char *image = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cc); i++)
		image = str_prefix(name, cc[i]) ? "distroless cc" : image;
	for (size_t i = 0; i < ARRAY_SIZE(base); i++)
		image = str_prefix(name, base[i]) ? "distroless base" : image;
	return finding_text(f, "copy the library from where the program was built (COPY "
			    "--from=build; ldd there shows the path), or link it statically%s%s",
			    image ? "; a base image that has it: " : "", image ? image : "");
}
