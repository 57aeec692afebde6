/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/served.h"

#include <fcntl.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ns.h"

enum answer { UNKNOWN, SAFE, SERVED };

/* What is asked about: a mount by its id, or a file system by its device. */
struct which {
	uint64_t mount;
	uint32_t major, minor;
};

void served_init(struct served *x, const struct mounts *target, int procfs)
{
	*x = (struct served){ .target = target, .procfs = procfs };
}

void served_free(struct served *x)
{
	arena_free(&x->host_arena);
	arena_free(&x->own_arena);
}

static enum answer ask_table(const struct mounts *m, const struct which *w)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct mount *t = &m->items[i];

		if (w->mount ? t->id == w->mount : t->major == w->major && t->minor == w->minor)
			return t->served ? SERVED : SAFE;
	}
	return UNKNOWN;
}

static void read_host(struct served *x)
{
	auto_close int self = -1;
	struct err e;

	if (x->host_arena)
		return;
	x->host_arena = arena_new();
	self = openat(x->procfs, "self", O_PATH | O_CLOEXEC);
	if (self >= 0)
		mounts_read(&x->host, self, x->host_arena, &e);
}

/* By its namespace: one with a process of its own is as good as the same of another. */
static void read_own(struct served *x, int dir)
{
	uint64_t ns = dir < 0 ? 0 : ns_id(dir, "mnt");
	struct err e;

	if (!ns || ns == x->own_ns)
		return;
	arena_free(&x->own_arena);
	x->own_arena = arena_new();
	x->own_ns = ns;
	mounts_read(&x->own, dir, x->own_arena, &e);
}

static enum answer ask(struct served *x, int dir, const struct which *w)
{
	enum answer a = ask_table(x->target, w);

	if (a == UNKNOWN) {
		read_own(x, dir);
		a = ask_table(&x->own, w);
	}
	if (a == UNKNOWN) {
		read_host(x);
		a = ask_table(&x->host, w);
	}
	return a;
}

bool served_is_memory(const struct served *x, uint32_t major, uint32_t minor)
{
	const struct mounts *m = x->target;

	for (size_t i = 0; m && i < m->memory_count; i++)
		if (m->memory[i] == mounts_device(major, minor))
			return true;
	return false;
}

bool served_device(struct served *x, int dir, uint32_t major, uint32_t minor)
{
	const struct which w = { .major = major, .minor = minor };

	return x->target && !served_is_memory(x, major, minor) && ask(x, dir, &w) != SAFE;
}

bool served_mount(struct served *x, int dir, uint64_t mount, uint32_t major, uint32_t minor)
{
	const struct which w = { .mount = mount };
	enum answer a = mount && x->target ? ask(x, dir, &w) : UNKNOWN;

	return a == SERVED || (a == UNKNOWN && served_device(x, dir, major, minor));
}
