/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uses - every use that a container's processes make of files: their descriptors, and if wanted
 * their working directory, root and executable, and the deleted files that they have mapped. In a
 * ROLE_PROC child.
 *
 * Each is handed out as a struct descr. What could ask a server that does not answer (served
 * mounts, and those that are not in the container's table) comes last, so that it delays nothing
 * else. A process is opened again by its pid only if it still is the one that it was.
 */
#ifndef NSDEBUG_TARGET_USES_H
#define NSDEBUG_TARGET_USES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/sys/descr.h"
#include "nsdebug/target/ends.h"

#define USES_LATER_MAX (1u << 18)
#define USE_NAME_MAX 64

enum { USE_CWD = -1, USE_ROOT = -2, USE_EXE = -3, USE_MEM = -4 };

struct use {
	const struct person *who;
	int fd;			/* or USE_* */
	uint64_t start, end;	/* USE_MEM */
};

/* One use; dir is /proc/PID, name the link below it. d is the callee's to change. */
typedef void use_fn(void *ctx, const struct use *u, int dir, const char *name, struct descr *d);

struct uses {
	const struct target *target;
	struct inside *in;
	struct ends ends;
	const struct person **people;	/* whose uses are wanted */
	size_t npeople;
	pid_t *pids;			/* of the container, on the host */
	struct map mounts;		/* of the container: id -> struct mount */
	bool others;			/* cwd, root, exe */
	bool mapped;			/* deleted files that are mapped */
	use_fn *fn;
	void *ctx;
	struct descr d;
	struct descr_of of;
	struct use *later;
	size_t nlater;
	bool cut, refused, no_files;	/* left out: more than USES_LATER_MAX; not permitted */
};

/* Finds the processes; wanted is asked for each, NULL: all. -1 if there are none to be had. */
int uses_find(struct uses *u, const struct target *t, struct inside *in,
	      bool (*wanted)(const void *ctx, uint64_t pid), const void *ctx, struct err *e);
/* What their sockets are, and who has the other ends (ends.h). */
void uses_find_ends(struct uses *u, const struct near *node);
void uses_each(struct uses *u, use_fn *fn, void *ctx);
void uses_free(struct uses *u);

/* "cwd", "root", "exe", "mem", or NULL for a descriptor. */
const char *use_word(const struct use *u);

#endif
