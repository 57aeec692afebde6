/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/wanted.h"

#include <stdlib.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/gofind.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/out/col.h"

void wanted_put(struct buf *b, const struct process *p, const bool *want, const struct wanted *w)
{
	put_varint(b, (uint64_t)p->pid);
	put_varint(b, p->start);
	put_varint(b, w->count);
	for (size_t i = 0; i < p->count; i++)
		if (want[i])
			put_varint(b, (uint64_t)p->threads[i].tid << WAS_BITS |
				   (p->threads[i].running ? WAS_RUNNING : 0) |
				   (p->threads[i].waited ? WAS_WAITING : 0));
	go_ask_put(b, w->go, w->ngo);
}

/* As wanted_put() has them: the id as it will be read, whatever else was sent. */
static int by_tid(const void *a, const void *b)
{
	pid_t x = (pid_t)(*(const uint64_t *)a >> WAS_BITS);
	pid_t y = (pid_t)(*(const uint64_t *)b >> WAS_BITS);

	return (x > y) - (x < y);
}

bool wanted_next(struct bytes *in, struct wanted *w, struct arena *a)
{
	uint64_t pid, count, *tids;

	/* a thread takes at least a byte */
	if (!in->len || !get_varint(in, &pid) || !get_varint(in, &w->start) ||
	    !get_varint(in, &count) || count > in->len)
		return false;
	w->pid = (pid_t)pid;
	tids = arena_alloc(a, (count + 1) * sizeof(*tids));
	for (size_t i = 0; i < count; i++)
		if (!get_varint(in, &tids[i]))
			return false;
	qsort(tids, count, sizeof(*tids), by_tid);
	w->count = count;
	w->tids = arena_alloc(a, (count + 1) * sizeof(*w->tids));
	w->was = arena_alloc(a, count + 1);
	for (size_t i = 0; i < count; i++) {
		w->tids[i] = (pid_t)(tids[i] >> WAS_BITS);
		w->was[i] = tids[i] & ((1u << WAS_BITS) - 1);
	}
	return go_ask_get(in, w->go, &w->ngo);
}
