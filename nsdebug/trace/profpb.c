/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profpb - the pprof format: https://github.com/google/pprof/blob/main/proto/profile.proto.
 *
 * Numbers of fields are those of that file. A message inside another is made in a buffer of its
 * own, for its length stands before it. All is compressed as it comes.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/col.h"
#include "nsdebug/trace/profout.h"

#define ROOM (1ull << 40)	/* of a file, in the addresses that we give */

struct pb {
	struct profout *o;
	struct buf top, inner, deep;
	struct buf strings;		/* the table, as fields */
	uint64_t nstrings;
	z_stream z;
};

static void put_tag(struct buf *b, unsigned int field, unsigned int wire)
{
	put_varint(b, field << 3 | wire);
}

static void put_number(struct buf *b, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	put_tag(b, field, 0);
	put_varint(b, value);
}

static void put_bytes(struct buf *b, unsigned int field, const void *bytes, size_t len)
{
	put_tag(b, field, 2);
	put_varint(b, len);
	buf_add(b, bytes, len);
}

/* Strings are UTF-8 in this format, and its readers put them on a terminal as they are. */
static uint64_t string(struct pb *w, const char *bytes, size_t len)
{
	auto_buf struct buf text = { 0 };

	esc_text(&text, bytes, len, ESC_NAME);
	put_bytes(&w->strings, 6, text.bytes, text.len);
	return w->nstrings++;
}

static uint64_t word(struct pb *w, const char *text)
{
	return string(w, text, strlen(text));
}

/* ---- compression ---- */

static void squeeze(struct pb *w, struct buf *b, int how)
{
	unsigned char out[16384];
	int ret;

	w->z.next_in = (unsigned char *)b->bytes;
	w->z.avail_in = (unsigned int)b->len;
	do {
		w->z.next_out = out;
		w->z.avail_out = sizeof(out);
		ret = deflate(&w->z, how);
		buf_add(&w->o->b, out, sizeof(out) - w->z.avail_out);
		profout_flush(w->o, false);
	} while (ret == Z_OK && (w->z.avail_in || !w->z.avail_out || how == Z_FINISH));
	buf_clear(b);
}

static void put_message(struct pb *w, unsigned int field, struct buf *message)
{
	put_bytes(&w->top, field, message->bytes, message->len);
	buf_clear(message);
	if (w->top.len > 65536)
		squeeze(w, &w->top, Z_NO_FLUSH);
}

/* ---- the parts ---- */

static void put_type(struct pb *w, unsigned int field, const char *type, const char *unit)
{
	put_number(&w->inner, 1, word(w, type));
	put_number(&w->inner, 2, word(w, unit));
	put_message(w, field, &w->inner);
}

static void put_label(struct pb *w, uint64_t key, uint64_t text, uint64_t number)
{
	put_number(&w->deep, 1, key);
	put_number(&w->deep, 2, text);
	put_number(&w->deep, 3, number);
	put_bytes(&w->inner, 3, w->deep.bytes, w->deep.len);
	buf_clear(&w->deep);
}

static void put_samples(struct pb *w)
{
	const struct profile *p = w->o->p;
	auto_free uint64_t *names = mem_alloc((p->nwhos + 1) * sizeof(*names));
	uint64_t thread = word(w, "thread"), pid = word(w, "pid"), tid = word(w, "thread_id");

	for (size_t i = 0; i < p->nwhos; i++)
		names[i] = string(w, p->whos[i]->name.p, p->whos[i]->name.len);
	for (size_t i = 0; i < p->nstacks; i++) {
		const struct profile_stack *s = p->stacks[i];

		for (uint32_t k = profile_first(p, s); k < s->count; k++)
			put_varint(&w->deep, s->places[k] + 1);
		put_bytes(&w->inner, 1, w->deep.bytes, w->deep.len);
		buf_clear(&w->deep);
		put_varint(&w->deep, s->samples);
		put_varint(&w->deep, s->value);
		put_bytes(&w->inner, 2, w->deep.bytes, w->deep.len);
		buf_clear(&w->deep);
		put_label(w, thread, names[s->who->index], 0);
		if (s->who->pid)
			put_label(w, pid, 0, s->who->pid);
		if (s->who->tid)
			put_label(w, tid, 0, s->who->tid);
		put_message(w, 2, &w->inner);
	}
}

/* One for each file, at addresses of our own; and one for the kernel. */
struct mapping {
	const struct module *module;
	struct bytes path;
	const char *build_id;
};

static uint64_t mapping_of(struct mapping *all, size_t *count, struct map *known,
			   const struct profile *p, const struct profile_place *l)
{
	const struct profile_frame *f = p->frames[l->frame];
	uint64_t nr = (uint64_t)(uintptr_t)map_get(known, (uintptr_t)l->module);

	if (nr)
		return nr;
	map_put(known, (uintptr_t)l->module, (void *)(uintptr_t)(*count + 1));
	all[*count] = (struct mapping){ l->module, l->module ? f->module :
		(struct bytes){ "[kernel]", 8 }, f->build_id };
	return ++*count;
}

static void put_mappings(struct pb *w, const struct mapping *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf *b = &w->inner;

		put_number(b, 1, i + 1);
		if (all[i].module) {
			put_number(b, 2, (i + 1) * ROOM);
			put_number(b, 3, (i + 2) * ROOM);
		} else {
			put_number(b, 2, 1ull << 63);
			put_number(b, 3, UINT64_MAX);
		}
		put_number(b, 5, string(w, all[i].path.p, all[i].path.len));
		if (all[i].build_id)
			put_number(b, 6, word(w, all[i].build_id));
		put_number(b, 7, 1);
		put_message(w, 3, b);
	}
}

static void put_locations(struct pb *w)
{
	const struct profile *p = w->o->p;
	auto_free struct mapping *maps = mem_alloc((p->nplaces + 1) * sizeof(*maps));
	auto_map struct map known = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < p->nplaces; i++) {
		const struct profile_place *l = p->places[i];
		uint64_t map = l->kind == PLACE_FILE || l->kind == PLACE_KERNEL ?
			mapping_of(maps, &count, &known, p, l) : 0;

		put_number(&w->inner, 1, i + 1);
		put_number(&w->inner, 2, map);
		put_number(&w->inner, 3, l->kind == PLACE_FILE ? map * ROOM + l->at : l->at);
		put_number(&w->deep, 1, l->frame + 1);
		put_bytes(&w->inner, 4, w->deep.bytes, w->deep.len);
		buf_clear(&w->deep);
		put_message(w, 4, &w->inner);
	}
	put_mappings(w, maps, count);
}

static void put_functions(struct pb *w)
{
	const struct profile *p = w->o->p;

	for (size_t i = 0; i < p->nframes; i++) {
		const struct profile_frame *f = p->frames[i];
		uint64_t name = string(w, f->name.p, f->name.len);

		put_number(&w->inner, 1, i + 1);
		put_number(&w->inner, 2, name);
		put_number(&w->inner, 3, name);
		put_message(w, 5, &w->inner);
	}
}

static void put_all(struct pb *w)
{
	const struct profile *p = w->o->p;

	word(w, "");	/* the first is empty */
	put_type(w, 1, p->unit_samples, "count");
	put_type(w, 1, p->unit_value, "nanoseconds");
	put_samples(w);
	put_locations(w);
	put_functions(w);
	put_number(&w->top, 9, p->began_ns);
	put_number(&w->top, 10, p->window_ns);
	put_type(w, 11, p->unit_value, "nanoseconds");
	put_number(&w->top, 12, p->period_ns);
	put_number(&w->top, 14, word(w, p->unit_value));
	buf_add(&w->top, w->strings.bytes, w->strings.len);
	squeeze(w, &w->top, Z_FINISH);
}

void profout_pprof(struct profout *o)
{
	struct pb w = { .o = o };

	/* 15 bits of window, and 16 for gzip's header (zlib.h) */
	if (deflateInit2(&w.z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		o->failed = true;
		return;
	}
	put_all(&w);
	deflateEnd(&w.z);
	buf_free(&w.top);
	buf_free(&w.inner);
	buf_free(&w.deep);
	buf_free(&w.strings);
}
