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
			put_varint(b, (uint64_t)p->threads[i].tid);
	go_ask_put(b, w->go, w->ngo);
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

bool wanted_has(const pid_t *pids, size_t count, pid_t pid)
{
	return count && bsearch(&pid, pids, count, sizeof(*pids), by_number);
}

bool wanted_next(struct bytes *in, struct wanted *w, struct arena *a)
{
	uint64_t pid, count, tid;

	/* a thread takes at least a byte */
	if (!in->len || !get_varint(in, &pid) || !get_varint(in, &w->start) ||
	    !get_varint(in, &count) || count > in->len)
		return false;
	w->pid = (pid_t)pid;
	w->tids = arena_alloc(a, (count + 1) * sizeof(*w->tids));
	w->count = count;
	for (size_t i = 0; i < count; i++) {
		if (!get_varint(in, &tid))
			return false;
		w->tids[i] = (pid_t)tid;
	}
	qsort(w->tids, w->count, sizeof(*w->tids), by_number);
	return go_ask_get(in, w->go, &w->ngo);
}
