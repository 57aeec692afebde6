/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job - a verb and one target of it: the children that this takes, and what runs in them.
 */
#ifndef NSDEBUG_CLI_JOB_H
#define NSDEBUG_CLI_JOB_H

#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/cli/tool.h"

struct access_site;
struct aids;
struct child;
struct command;
struct err;
struct expr;
struct guard;
struct near;
struct target;

#define JOB_CHILDREN 5
#define JOB_SILENT 4		/* kids[4] says nothing that anybody hears */

struct job {
	const struct command *c;
	const struct target *target;
	const struct near *near;
	const struct expr *filter;
	struct unseen unseen;
	struct bytes again;
	int types;		/* of the kernel, for a tracer; or -1 */
	struct guard *guard;
	const struct aids *aids;	/* for a tracer that wants them; or NULL */
	int files;		/* to who opens debug files; -1 */
	int judge;		/* to who says why a path is refused, or to who starts such; -1 */
	int sampler;		/* the child's way to it; -1 */
	int file;		/* of tool->file; -1 */
	bool writes;		/* it is to be written */
	const struct access_site *rules;	/* of the node, for one that has ended; or NULL */
};

/* What this command needs: a verb may need another thing with other words, and of a container that
 * has ended there are only files. t may be NULL. */
enum need job_need(const struct command *c, const struct target *t);

/*
 * Starts the child that runs the verb, kids[0], and those beside it that it is connected to. What
 * was started before an error is in kids[], which are CHILD_NONE before. beside: enum again_beside.
 */
int job_start(const struct job *j, unsigned int beside, struct child *kids, struct err *e);
/* A reader that says why paths of t are refused, and the other end of their socket. */
int job_start_judge(const struct job *j, const struct target *t, struct child *c, int *judge,
		    struct err *e);
/* A reader that does what tool->look says, with its end of their socket. */
int job_start_look(const struct job *j, const struct target *t, int peer, struct child *c,
		   struct err *e);
/* The one that tells what users and groups are called in the target. */
int job_start_names(const struct job *j, struct child *c, struct err *e);

#endif
