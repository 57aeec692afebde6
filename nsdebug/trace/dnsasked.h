/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnsasked - questions that a container asked the DNS, and which of them an answer is for.
 *
 * A resolver may ask several servers the same with one number from one socket: each is a question
 * of its own here. Only who was asked can answer; where the program did not ask the kernel from
 * whom a message came, any of them can.
 */
#ifndef NSDEBUG_TRACE_DNSASKED_H
#define NSDEBUG_TRACE_DNSASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/net.h"

struct dnsmsg;

/* A question, until there is an answer; then only one that says that there is no such name. */
struct dns_query {
	struct net_event e;		/* of the first time that it was asked */
	uint64_t last;
	uint64_t ended;			/* answered; 0: not yet */
	uint32_t tries, servers;
	uint16_t id, type;
	struct dns_query *next;
	char name[];
};

/* The zero value is none. */
struct dns_queries {
	struct dns_query *open, *held;	/* both: the oldest first; owned */
	size_t count;			/* of both together */
};

struct dns_query *dns_query_new(const struct net_event *e, const char *name);
void dns_query_append(struct dns_queries *l, struct dns_query **list, struct dns_query *q);
struct dns_query *dns_query_unlink(struct dns_queries *l, struct dns_query **at);
void dns_queries_free(struct dns_queries *l);

/* The open one that this server was asked already, or NULL; *servers: how many were asked it. */
struct dns_query *dns_queries_find(struct dns_queries *l, const struct net_event *e,
				   const struct dnsmsg *m, uint32_t *servers);
/* So many servers are asked this. */
void dns_queries_count(struct dns_queries *l, const struct net_event *e, const struct dnsmsg *m,
		       uint32_t servers);
/* Takes the open one out that this answers. NULL: there is none; *asked: but there is one that
 * somebody else was asked. */
struct dns_query *dns_queries_take(struct dns_queries *l, const struct net_event *e,
				   const struct dnsmsg *m, bool *asked);
/* Frees the open ones that others were asked. */
void dns_queries_drop(struct dns_queries *l, const struct net_event *e, const struct dnsmsg *m);

#endif
