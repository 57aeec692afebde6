/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late - what is beside a tracer and only started when the tracer asks for it: once a reader that
 * does what tool->look says; or a judge each time, of the container as it is then (why/judging.h).
 */
#ifndef NSDEBUG_CLI_LATE_H
#define NSDEBUG_CLI_LATE_H

#include "nsdebug/enter/enter.h"
#include "nsdebug/target/target.h"

struct err;
struct job;

struct late {
	int ours, reader;	/* ends of the socket, until they are given away; -1. For judges the
				 * second is how they are given, and stays here */
	struct child child;
	const char *word;	/* of a container that is waited for, or NULL */
	const struct target_want *want;
	struct target found;	/* it, when it is there */
	bool pinned;
	bool judges, said;	/* it is about judges; why there is none was said */
	bool deaf, full;	/* who asks does not take answers; too many of them hang */
};

#define LATE_NONE { .ours = -1, .reader = -1, .child = CHILD_NONE }

/* Before the tracer is started: *peer is its end, unless this verb asks for neither. */
int late_connect(struct late *l, const struct job *j, int *peer, struct err *e);
/* The tracer has its end, so we must not. */
void late_given(struct late *l);
/* It asks. If there is no reader to be had it is told so by the end of the socket; if no judge, by
 * an answer without one. */
int late_start(struct late *l, const struct job *j, struct err *e);
/* After the tracer: judges that end as they should are left in l->child, to be heard; others are
 * killed, and said if that cannot be done; who: whose, for the message. */
int late_end(struct late *l, const char *who, struct err *e);
void late_free(struct late *l);

#endif
