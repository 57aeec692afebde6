/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profname - what the places of a profile are called (profile.h).
 *
 * A place in a file is an address of that file, wherever which process had it: so that each file's
 * symbols are gone through once, all files are laid out beside each other as if one process had
 * them mapped.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/sys/kallsyms.h"
#include "nsdebug/trace/profile.h"

#define ROOM (1ull << 40)	/* of a file; what is beyond it in one is not named */
#define FILES_MAX 16384		/* below the end of addresses */

/* What is called the same in the same file is one function to who reads it. */
static uint32_t frame_of(struct profile *p, const struct profile_frame *want)
{
	uint64_t h = map_hash(want->kind + 1, want->name.p, want->name.len);
	struct profile_frame *first, *f;

	h = map_hash(h, want->module.p, want->module.len);
	first = map_get(&p->by_frame, h);
	for (f = first; f; f = f->next)
		if (f->kind == want->kind && bytes_same(f->name, want->name) &&
		    bytes_same(f->module, want->module) && f->build_id == want->build_id)
			return f->index;
	f = arena_alloc(p->arena, sizeof(*f));
	*f = *want;
	f->next = first;
	f->name.p = arena_dup(p->arena, want->name.p, want->name.len);
	f->index = (uint32_t)p->nframes;
	map_put(&p->by_frame, h, f);
	p->frames = mem_more(p->frames, p->nframes);
	p->frames[p->nframes++] = f;
	return f->index;
}

/* ---- files ---- */

struct layout {
	struct process all;
	struct map bases;		/* of files, by their address: the numbers of their rooms */
	size_t nfiles, room;
};

static void map_file(struct layout *l, struct module *m)
{
	uint64_t base = (uint64_t)(l->nfiles + 1) * ROOM;
	const struct code *c = m->code;

	for (size_t i = 0; c && i < c->elf.load_count; i++) {
		const struct elf_load *s = &c->elf.loads[i];
		struct vma v = { .offset = s->off, .read = true, .exec = true };

		if (!s->exec || s->vaddr >= ROOM || s->memsz >= ROOM - s->vaddr)
			continue;
		/* what is in memory is asked for by its beginning (process_code()) */
		v.start = base + s->vaddr - (m->bytes ? s->off : 0);
		v.end = base + s->vaddr + s->memsz;
		l->all.maps.items = mem_more(l->all.maps.items, l->room);
		l->all.modules = mem_more(l->all.modules, l->room);
		l->all.maps.items[l->room] = v;
		l->all.modules[l->room++] = m;
	}
}

static uint64_t base_of(struct layout *l, struct module *m)
{
	uint64_t nr = (uint64_t)(uintptr_t)map_get(&l->bases, (uintptr_t)m);

	if (nr)
		return nr * ROOM;
	if (l->nfiles == FILES_MAX)
		return 0;
	map_file(l, m);
	nr = ++l->nfiles;
	map_put(&l->bases, (uintptr_t)m, (void *)(uintptr_t)nr);
	return nr * ROOM;
}

/* Without a symbol a function is called as it begins: so its time is not that of each of its
 * instructions. */
static uint64_t beginning(struct profile_place *l)
{
	struct code *c = l->module->code;
	uint64_t at;

	return c && cfi_begin(&c->cfi, &c->elf, l->at, &at) ? at : l->at;
}

static void put_frame(struct profile *p, struct profile_place *l, const struct name *n)
{
	struct profile_frame f = { .kind = PLACE_FILE, .module = l->module->path,
		.build_id = n ? n->build_id : NULL };
	auto_buf struct buf b = { 0 };
	struct bytes file = bytes_base(l->module->path);

	if (n && n->function) {
		buf_str(&b, n->function);
	} else {
		buf_add(&b, file.p, file.len);
		buf_addf(&b, "+0x%llx", (unsigned long long)beginning(l));
	}
	f.name = (struct bytes){ b.bytes, b.len };
	l->frame = frame_of(p, &f);
}

static void name_files(struct profile *p, struct debugfiles *files)
{
	struct layout l = { .nfiles = 0 };
	struct trace t = { 0 };

	t.frames = mem_alloc((p->nplaces + 1) * sizeof(*t.frames));
	for (size_t i = 0; i < p->nplaces; i++) {
		struct profile_place *at = p->places[i];
		uint64_t base = at->kind == PLACE_FILE && at->at < ROOM ?
			base_of(&l, at->module) : 0;

		t.frames[i] = (struct frame){ .pc = base ? base + at->at : 0, .exact = true };
	}
	l.all.maps.count = l.room;
	t.count = p->nplaces;
	p->names.files = files;
	names_find(&p->names, &l.all, &t, 1);
	for (size_t i = 0; i < p->nplaces; i++)
		if (p->places[i]->kind == PLACE_FILE)
			put_frame(p, p->places[i], names_get(&p->names, &t.frames[i]));
	free(t.frames);
	free(l.all.maps.items);
	free(l.all.modules);
	map_free(&l.bases);
}

/* ---- the kernel ---- */

static int by_address(const void *a, const void *b)
{
	const struct ksym *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static const struct ksym *find(const struct ksym *all, size_t count, uint64_t addr)
{
	struct ksym key = { .addr = addr };

	return bsearch(&key, all, count, sizeof(*all), by_address);
}

static void put_kernel(struct profile *p, struct profile_place *l, const struct ksym *k)
{
	struct profile_frame f = { .kind = PLACE_KERNEL };
	auto_buf struct buf b = { 0 }, module = { 0 };
	const char *of = k && k->module ? k->module : "kernel";

	if (k && k->name)
		buf_str(&b, k->name);
	else
		buf_addf(&b, "0x%llx", (unsigned long long)l->at);
	buf_addf(&module, "[%s]", of);
	f.name = (struct bytes){ b.bytes, b.len };
	f.module = (struct bytes){ arena_dup(p->arena, module.bytes, module.len), module.len };
	l->frame = frame_of(p, &f);
}

static void name_kernel(struct profile *p, int fd)
{
	auto_free struct ksym *all = mem_alloc((p->nplaces + 1) * sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < p->nplaces; i++)
		if (p->places[i]->kind == PLACE_KERNEL)
			all[n++].addr = p->places[i]->at;
	if (!n)
		return;
	qsort(all, n, sizeof(*all), by_address);
	p->kernel_nameless = fd < 0 || !kallsyms_find(fd, all, n, p->arena);
	for (size_t i = 0; i < p->nplaces; i++)
		if (p->places[i]->kind == PLACE_KERNEL)
			put_kernel(p, p->places[i], find(all, n, p->places[i]->at));
}

/* ---- code of no file ---- */

static void put_made(struct profile *p, struct profile_place *l, const struct name *n)
{
	struct profile_frame f = { .kind = PLACE_MEMORY };

	f.name.p = n && n->function ? n->function : l->mark;
	f.name.len = strlen(f.name.p);
	l->frame = frame_of(p, &f);
}

static int by_process(const void *a, const void *b)
{
	const struct profile_place *x = *(struct profile_place *const *)a;
	const struct profile_place *y = *(struct profile_place *const *)b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->euid != y->euid)
		return x->euid < y->euid ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

/* All of one process at once, for its map is read through. That it was code is known. */
static void name_made(struct profile *p, struct profile_place **made, size_t count,
		      struct debugfiles *files)
{
	struct vma all = { .start = 0, .end = UINT64_MAX, .exec = true };
	struct module *none = NULL;
	struct process of = { .innermost = made[0]->pid, .euid = made[0]->euid,
		.own_map = made[0]->pid > 0, .start = made[0]->start, .modules = &none,
		.maps = { .items = &all, .count = 1 } };
	struct trace t = { .count = count };
	struct names names;

	names_init(&names);
	names.files = files;
	t.frames = mem_alloc(count * sizeof(*t.frames));
	for (size_t i = 0; i < count; i++)
		t.frames[i] = (struct frame){ .pc = made[i]->at, .exact = true };
	names_find(&names, &of, &t, 1);
	for (size_t i = 0; i < count; i++)
		put_made(p, made[i], names_get(&names, &t.frames[i]));
	names_free(&names);
	free(t.frames);
}

static void name_memory(struct profile *p, struct debugfiles *files)
{
	auto_free struct profile_place **made = mem_alloc((p->nplaces + 1) * sizeof(*made));
	size_t n = 0, end;

	for (size_t i = 0; i < p->nplaces; i++)
		if (p->places[i]->kind == PLACE_MEMORY)
			made[n++] = p->places[i];
	qsort(made, n, sizeof(*made), by_process);
	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && !by_process(&made[i], &made[end]);)
			end++;
		name_made(p, made + i, end - i, files);
	}
}

/* ---- the rest ---- */

static void name_others(struct profile *p)
{
	for (size_t i = 0; i < p->nplaces; i++) {
		struct profile_place *l = p->places[i];
		struct profile_frame f = { .kind = l->kind };

		if (l->kind != PLACE_MARK)
			continue;
		f.name.p = l->mark;
		f.name.len = strlen(f.name.p);
		l->frame = frame_of(p, &f);
	}
	for (size_t i = 0; i < p->nwhos; i++) {
		struct profile_who *w = p->whos[i];
		struct profile_frame f = { .kind = PLACE_MARK };
		auto_buf struct buf b = { 0 };

		buf_add(&b, w->name.p, w->name.len);
		if (w->pid || w->tid)
			buf_addf(&b, "-%u", w->tid ? w->tid : w->pid);
		f.name = (struct bytes){ b.bytes, b.len };
		/* no function is called like a thread: it has a module that none has */
		f.module = (struct bytes){ "[thread]", 8 };
		w->frame = frame_of(p, &f);
	}
}

void profile_name(struct profile *p, int kallsyms, struct debugfiles *files)
{
	profile_choose(p);
	name_files(p, files);
	name_memory(p, files);
	name_kernel(p, kallsyms);
	name_others(p);
}
