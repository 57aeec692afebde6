/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/profout.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

#define PIECE 65536

void profout_flush(struct profout *o, bool all)
{
	if (o->b.len < PIECE && !all)
		return;
	if (!o->failed && fd_write_all(o->fd, o->b.bytes, o->b.len) < 0)
		o->failed = true;
	buf_clear(&o->b);
}

profout_fn *profout_format(const char *name)
{
	static const struct {
		const char *name;
		profout_fn *fn;
	} formats[] = {
		{ "folded", profout_folded }, { "pprof", profout_pprof },
		{ "speedscope", profout_speedscope }, { "svg", profout_svg },
	};

	for (size_t i = 0; name && i < ARRAY_SIZE(formats); i++)
		if (!strcmp(name, formats[i].name))
			return formats[i].fn;
	return NULL;
}

void profout_name(struct buf *b, const struct profile_frame *f)
{
	size_t from = b->len;

	esc_text(b, f->name.p, f->name.len, ESC_NAME);
	for (size_t i = from; i < b->len; i++)
		if (b->bytes[i] == ';')
			b->bytes[i] = ':';
	if (f->kind == PLACE_KERNEL)
		buf_str(b, "_[k]");	/* as flamegraph.pl and perf's scripts mark them */
	if (b->len == from)
		buf_char(b, '?');
}

/* ---- folded ---- */

#define PATH_ROOM (PROFILE_DEPTH_MAX + 3)

/* The frames of a node, the innermost first: node 0 is the root, of no frame. */
static size_t path_of(const struct profile *p, const struct profile_node *n, uint32_t *path)
{
	size_t depth = 0;

	for (; n->depth && depth < PATH_ROOM; n = &p->nodes[n->parent])
		path[depth++] = n->frame;
	return depth;
}

static void put_path(struct profout *o, const struct profile_node *n)
{
	uint32_t path[PATH_ROOM];
	size_t depth = path_of(o->p, n, path);

	while (depth) {
		profout_name(&o->b, o->p->frames[path[--depth]]);
		if (depth)
			buf_char(&o->b, ';');
	}
}

void profout_folded(struct profout *o)
{
	for (size_t i = 1; i < o->p->nnodes; i++) {
		const struct profile_node *n = &o->p->nodes[i];

		if (!n->samples)
			continue;
		put_path(o, n);
		/* samples; of waits microseconds, as offcputime writes them */
		buf_addf(&o->b, " %llu\n", (unsigned long long)(o->p->period_ns > 1 ? n->samples :
			 (n->self + 500) / 1000));
		profout_flush(o, false);
	}
}

/* ---- speedscope ---- */

static void put_string(struct buf *b, const char *bytes, size_t len)
{
	buf_char(b, '"');
	esc_json(b, bytes, len);
	buf_char(b, '"');
}

static void put_frames(struct profout *o)
{
	for (size_t i = 0; i < o->p->nframes; i++) {
		const struct profile_frame *f = o->p->frames[i];

		buf_str(&o->b, i ? ",\n{\"name\":" : "\n{\"name\":");
		put_string(&o->b, f->name.p, f->name.len);
		if (f->module.len) {
			buf_str(&o->b, ",\"file\":");
			put_string(&o->b, f->module.p, f->module.len);
		}
		buf_char(&o->b, '}');
		profout_flush(o, false);
	}
}

static void put_sample(struct profout *o, const struct profile_node *n)
{
	uint32_t path[PATH_ROOM];
	size_t depth = path_of(o->p, n, path);

	buf_char(&o->b, '[');
	while (depth) {
		buf_u64(&o->b, path[--depth]);
		if (depth)
			buf_char(&o->b, ',');
	}
	buf_char(&o->b, ']');
}

static void put_thread(struct profout *o, uint32_t thread, const uint32_t *mine, size_t count)
{
	const struct profile *p = o->p;
	const struct profile_frame *f = p->frames[p->nodes[thread].frame];

	buf_str(&o->b, "{\"type\":\"sampled\",\"name\":");
	put_string(&o->b, f->name.p, f->name.len);
	buf_addf(&o->b, ",\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":%llu,"
		 "\"samples\":[", (unsigned long long)p->nodes[thread].total);
	for (size_t i = 0; i < count; i++) {
		buf_str(&o->b, i ? ",\n" : "\n");
		put_sample(o, &p->nodes[mine[i]]);
		profout_flush(o, false);
	}
	buf_str(&o->b, "],\n\"weights\":[");
	for (size_t i = 0; i < count; i++) {
		buf_str(&o->b, i ? "," : "");
		buf_u64(&o->b, p->nodes[mine[i]].self);
		profout_flush(o, false);
	}
	buf_str(&o->b, "]}");
}

struct owner {
	uint32_t thread, node;
};

static int by_thread(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static uint32_t thread_of(const struct profile *p, uint32_t node)
{
	while (p->nodes[node].depth > 1)
		node = p->nodes[node].parent;
	return node;
}

void profout_speedscope(struct profout *o)
{
	const struct profile *p = o->p;
	auto_free struct owner *all = mem_alloc((p->nnodes + 1) * sizeof(*all));
	auto_free uint32_t *mine = mem_alloc((p->nnodes + 1) * sizeof(*mine));
	size_t n = 0, end;

	for (uint32_t i = 1; i < p->nnodes; i++)
		if (p->nodes[i].samples)
			all[n++] = (struct owner){ thread_of(p, i), i };
	qsort(all, n, sizeof(*all), by_thread);
	buf_str(&o->b, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
		"\"exporter\":\"nsdebug\",\"name\":");
	put_string(&o->b, o->title, strlen(o->title));
	buf_str(&o->b, ",\"activeProfileIndex\":0,\"shared\":{\"frames\":[");
	put_frames(o);
	buf_str(&o->b, "]},\"profiles\":[");
	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && all[end].thread == all[i].thread; end++)
			mine[end - i] = all[end].node;
		buf_str(&o->b, i ? ",\n" : "\n");
		put_thread(o, all[i].thread, mine, end - i);
	}
	buf_str(&o->b, "]}\n");
}
