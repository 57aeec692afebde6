/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime - the seam between a container runtime's files on disk and a target.
 *
 * One file a runtime, one const struct in the array of runtime.c, in the order of ownership: the
 * outermost owner of a process comes first and names it. Only files are read, never a socket, a
 * daemon or a program, and only files that root owns and nobody else can write.
 */
#ifndef NSDEBUG_TARGET_RUNTIME_H
#define NSDEBUG_TARGET_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct err;

#define ID_MAX 256
#define LABELS_MAX (256u << 10)

struct container {
	const struct runtime *runtime;
	char id[ID_MAX];	/* also its name, where the runtime knows no other */
	pid_t pid;		/* host pid of its first process, 0: none */
	uint64_t start;		/* of that process, clock ticks after boot; 0: not recorded */
	char created[40];	/* RFC 3339, empty: not recorded */
	char bundle[512];	/* empty: not recorded */
};

struct runtime {
	const char *name;	/* and the scheme: "runc" of runc://ID */
	const char *where;	/* the state directory, for messages */
	/* Calls found for every container's id until it returns false. A missing directory is no
	 * error: that runtime is not here. */
	int (*each)(const struct runtime *r, bool (*found)(void *ctx, const char *id), void *ctx,
		    struct err *e);
	/* One container by its exact id; -1 with status ST_TARGET if there is none. */
	int (*load)(const struct runtime *r, const char *id, struct container *ret, struct err *e);
	/* Adds "key=value\n" for each of its labels, and fills c->bundle: a lookup by name needs
	 * neither. */
	int (*labels)(const struct runtime *r, struct container *c, struct buf *labels,
		      struct err *e);
};

extern const struct runtime *const runtimes[];	/* ends with NULL */
const struct runtime *runtime_named(const char *name, size_t len);

/* ---- for the runtimes' own files ---- */

/* Calls found for every directory below path. */
int runtime_each_dir(const char *path, bool (*found)(void *ctx, const char *id), void *ctx,
		     struct err *e);
/* A state file below a directory: regular, owned by root, writable by nobody else. */
int runtime_open(const char *dir, const char *id, const char *file, struct err *e);
/* Labels that are too many or hold a newline are left out. */
void runtime_add_label(struct buf *labels, const char *text, size_t len);

#define STATE_MAX (32u << 20)

#endif
