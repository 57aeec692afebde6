/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/dnsasked.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/trace/dnsmsg.h"

struct dns_query *dns_query_new(const struct net_event *e, const char *name)
{
	struct dns_query *q = mem_alloc(sizeof(*q) + strlen(name) + 1);

	q->e = *e;
	q->last = e->at;
	q->tries = q->servers = 1;
	memcpy(q->name, name, strlen(name) + 1);
	return q;
}

struct dns_query *dns_query_unlink(struct dns_queries *l, struct dns_query **at)
{
	struct dns_query *q = *at;

	*at = q->next;
	q->next = NULL;
	l->count--;
	return q;
}

void dns_query_append(struct dns_queries *l, struct dns_query **list, struct dns_query *q)
{
	while (*list)
		list = &(*list)->next;
	*list = q;
	l->count++;
}

static void free_list(struct dns_queries *l, struct dns_query **list)
{
	while (*list)
		free(dns_query_unlink(l, list));
}

static bool is_same_question(const struct dns_query *q, const struct net_event *e,
			     const struct dnsmsg *m)
{
	return q->e.sock == e->sock && q->id == m->id && q->type == m->type &&
		dns_same_name(q->name, m->name);
}

/* 0.0.0.0 and :: are this host, which answers from another address; to many may answer any. */
static bool is_anybody(const struct net_end *end)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff }, none[16];

	if (memcmp(end->addr, v4, sizeof(v4)))
		return !memcmp(end->addr, none, sizeof(none)) || end->addr[0] == 0xff;
	return !memcmp(end->addr + 12, none, 4) || (end->addr[12] & 0xf0) == 0xe0;
}

static bool is_same_end(const struct net_end *a, const struct net_end *b)
{
	return a->port == b->port && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Is what came from there an answer of whom was asked? Port 0: who sent it was not asked for. */
static bool is_asked(const struct net_end *asked, const struct net_end *from)
{
	return !from->port || is_same_end(asked, from) ||
		(asked->port == from->port && is_anybody(asked));
}

struct dns_query *dns_queries_find(struct dns_queries *l, const struct net_event *e,
				const struct dnsmsg *m, uint32_t *servers)
{
	struct dns_query *found = NULL;

	*servers = 0;
	for (struct dns_query *q = l->open; q; q = q->next) {
		if (!is_same_question(q, e, m))
			continue;
		++*servers;
		if (is_same_end(&q->e.remote, &e->remote))
			found = q;
	}
	return found;
}

void dns_queries_count(struct dns_queries *l, const struct net_event *e, const struct dnsmsg *m,
			  uint32_t servers)
{
	for (struct dns_query *q = l->open; q; q = q->next)
		if (is_same_question(q, e, m))
			q->servers = servers;
}

/* The others stay, but the first time that any of them was asked counts. */
struct dns_query *dns_queries_take(struct dns_queries *l, const struct net_event *e,
				const struct dnsmsg *m, bool *asked)
{
	struct dns_query **at = &l->open, *found = NULL;
	uint64_t began = UINT64_MAX;

	*asked = false;
	while (*at) {
		struct dns_query *q = *at;

		if (!is_same_question(q, e, m)) {
			at = &q->next;
			continue;
		}
		*asked = true;
		if (q->e.at < began)
			began = q->e.at;
		if (!found && is_asked(&q->e.remote, &e->remote))
			found = dns_query_unlink(l, at);
		else
			at = &q->next;
	}
	if (!found)
		return NULL;
	found->e.at = began;
	if (!e->remote.port && found->servers > 1)
		found->e.remote = (struct net_end){ 0 };
	return found;
}

void dns_queries_drop(struct dns_queries *l, const struct net_event *e, const struct dnsmsg *m)
{
	struct dns_query **at = &l->open;

	while (*at)
		if (is_same_question(*at, e, m))
			free(dns_query_unlink(l, at));
		else
			at = &(*at)->next;
}

void dns_queries_free(struct dns_queries *l)
{
	free_list(l, &l->open);
	free_list(l, &l->held);
}
