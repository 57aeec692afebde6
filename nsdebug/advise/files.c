/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/advise/image.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/trace/used.h"

bool files_of_image(const struct used_path *p)
{
	return p->mode && p->here && !p->named && p->mount == 1 && !p->deleted && !p->many &&
		!(p->access & USED_CREATE);
}

void files_list(struct buf *b, const struct used *u)
{
	for (size_t i = 0; i < u->count; i++) {
		const struct used_path *p = u->paths[i];

		if (!files_of_image(p))
			continue;
		esc_text(b, p->path.p, p->path.len, ESC_NAME);
		buf_char(b, '\n');
	}
}

uint64_t files_count(const struct used *u)
{
	uint64_t n = 0;

	for (size_t i = 0; i < u->count; i++)
		n += u->paths[i]->mode && !u->paths[i]->named;
	return n;
}

static struct bytes answer_of(const struct image *i)
{
	return (struct bytes){ i->m.path, i->m.len };
}

/* Where its name leads: then that has its rights. */
static void settle(struct used *u, struct used_path *name, const struct image *i)
{
	struct used_path *p;

	if (!i->m.len)
		return;
	p = used_note(u, answer_of(i), name->access);
	if (!p)
		return;
	if (p != name)
		name->alias = true;
	if (p->mode || !i->m.files)
		return;
	p->mode = (uint32_t)i->m.files;
	p->named = false;
	p->mount = i->m.bytes ? (uint32_t)p->path.len : i->m.whole ? 1 : 0;
	p->magic = i->m.bytes;
}

static void note_link(struct used *u, const struct image *i)
{
	struct used_path *p = used_note(u, answer_of(i), USED_TOUCH);

	if (!p)
		return;
	p->mode = S_IFLNK | 0777;
	p->mount = 1;
	p->named = false;
}

#define DOES (USED_WRITE | USED_CREATE | USED_REMOVE | USED_LINK)

void files_follow(struct used *u, struct image *i)
{
	size_t count = u->count;	/* those that come are no names */

	for (size_t n = 0; n < count; n++) {
		struct used_path *p = u->paths[n];
		enum image_what what = p->access & DOES ? IMAGE_LAST : IMAGE_NAME;

		if (!p->named || !p->here || !image_ask(i, what, p->path))
			continue;
		while (image_next(i) && i->m.what == IMAGE_LINK)
			note_link(u, i);
		if (i->m.what == IMAGE_PATH_IS)
			settle(u, p, i);
	}
	used_sort(u);
}

static void keep(struct files_unused *f, const struct image *i)
{
	f->files += i->m.files;
	f->bytes += i->m.bytes;
	if (f->count == UNUSED_MAX) {
		f->cut = true;
		return;
	}
	f->items = mem_more(f->items, f->count);
	f->items[f->count++] = (struct unused){
		.path = mem_dup(i->m.path, i->m.len), .files = i->m.files, .bytes = i->m.bytes,
		.whole = i->m.whole,
	};
}

static int by_bytes(const void *a, const void *b)
{
	const struct unused *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

void files_look(struct files_unused *f, const struct used *u, struct image *i)
{
	for (size_t n = 0; n < u->count; n++)
		if (!u->paths[n]->alias && u->paths[n]->here && !image_used(i, u->paths[n]->path))
			break;
	if (!image_ask(i, IMAGE_WALK, (struct bytes){ "", 0 }))
		return;
	while (image_next(i) && i->m.what == IMAGE_UNUSED)
		keep(f, i);
	if (i->m.what != IMAGE_DONE)
		return;
	f->known = true;
	f->cut |= i->m.cut;
	f->all_files = i->m.files;
	f->all_bytes = i->m.bytes;
	if (f->count)
		qsort(f->items, f->count, sizeof(*f->items), by_bytes);
}

void files_free(struct files_unused *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].path);
	free(f->items);
}

void files_list_unused(struct buf *b, const struct files_unused *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct unused *x = &f->items[i];

		buf_addf(b, "%llu\t%llu\t", (unsigned long long)x->bytes,
			 (unsigned long long)x->files);
		esc_text(b, x->path, strlen(x->path), ESC_NAME);
		buf_str(b, x->whole ? "/\n" : x->path[1] ? "/*\n" : "*\n");
	}
}
