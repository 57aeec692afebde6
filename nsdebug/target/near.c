/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/near.h"

#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/target/target.h"

struct gather {
	struct near *near;
	struct node node;
};

static bool take(void *ctx, struct container *c)
{
	struct gather *g = ctx;
	struct near *n = g->near;
	struct life life = container_life(c, &g->node);
	char word[TARGET_NAME_MAX];

	if (life.state == CSTATE_EXITED || !life.start)
		return true;
	n->cut = n->count == NEAR_MAX;
	if (n->cut)
		return false;
	container_word(c, word, sizeof(word));
	n->items[n->count++] = (struct neighbour){
		arena_dup(n->arena, word, strlen(word)),
		arena_dup(n->arena, c->id, strlen(c->id)), c->pid, life.start };
	return true;
}

int near_collect(struct near *n, struct err *e)
{
	struct gather g = { .near = n };
	int ret;

	*n = (struct near){ .arena = arena_new() };
	n->items = arena_alloc(n->arena, NEAR_MAX * sizeof(*n->items));
	ret = node_open(&g.node, e);
	if (ret == 0)
		ret = target_each(n->arena, take, &g, &n->broken, e);
	node_close(&g.node);
	return ret;
}

void near_say(const struct near *n, struct emit *e)
{
	if (n->cut)
		emit_cut(e, "only the first %zu containers of the node are named", n->count);
	if (n->broken)
		emit_note(e, "%u state files could not be read: their containers are shown as "
			  "processes", n->broken);
}

void near_free(struct near *n)
{
	arena_free(&n->arena);
	*n = (struct near){ 0 };
}
