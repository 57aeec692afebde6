/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime - the seam between a container runtime's files on disk and a target.
 *
 * One file a runtime, one const struct in the array of runtime.c, in the order of ownership: the
 * outermost owner of a process comes first and names it (a docker container is also a containerd
 * task and has a runc state). Only files are read, never a socket, a daemon or a program, and only
 * files that root owns and nobody else can write.
 *
 * A container is told in two steps, because a node has many and a user asks for one: each() says
 * that they exist, from directory names where that is enough, and load() reads the one document
 * that leads to a process. Every string lives in the arena that the caller gave; NULL means not
 * recorded.
 */
#ifndef NSDEBUG_TARGET_RUNTIME_H
#define NSDEBUG_TARGET_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/out/jread.h"

struct arena;
struct buf;
struct ending;
struct err;

#define ID_MAX 256
#define NAME_BYTES_MAX 1024	/* longest name, image or path that is believed */
#define LABELS_MAX (256u << 10)
#define STATE_MAX (32u << 20)	/* a longer state file is refused */

enum kind {
	KIND_APP,
	KIND_SANDBOX,	/* holds a pod's namespaces: pause, infra */
	KIND_PLAIN,	/* processes with namespaces of their own that no runtime's file tells of */
};

/* What the record itself says; whether the process lives is for /proc to say. */
enum recorded { REC_STARTED, REC_CREATED, REC_EXITED };

struct container {
	const struct runtime *runtime;
	const char *root;	/* the directory of state that it was found in */
	const char *space;	/* a namespace of containerd; of a claimed one, its user; or NULL */
	const char *id;
	const char *name;	/* as its users call it; the id where the runtime knows no other */
	const char *pod_space, *pod, *part;	/* Kubernetes namespace, pod, container */
	const char *image;
	const char *created;	/* RFC 3339 */
	const char *bundle;	/* only after detail() */
	const char *state_dir;	/* of the OCI runtime: has exec.fifo while it waits for start */
	const char *logs;	/* directory whose numbered files tell the restarts */
	enum kind kind;
	enum recorded recorded;
	pid_t pid;		/* host pid of its first process, 0: none */
	uint64_t start;		/* of that process, clock ticks after boot; 0: not recorded */
	int64_t noted;		/* else: when the pid was written down, seconds since 1970; 0 */
	int64_t exit_code;	/* INT64_MIN: not recorded */
	bool read;		/* each() has read its document already */
	bool loaded;		/* load() was called */
	bool claimed;		/* its names are told by processes of a user, not by root */
	uid_t owner;		/* that user: 0 unless claimed */
};

struct ask {
	struct arena *arena;
	const char *id;		/* only this one, which is then not searched for; NULL: all */
	bool names;		/* names and pods too, where that takes reading documents */
	bool inner;		/* also what an engine has it keep: asked for by scheme */
	unsigned int broken;	/* counted: state that cannot be believed or read */
};

typedef bool found_fn(void *ctx, const struct container *c);	/* false: enough */

struct runtime {
	const char *name;	/* "runc" */
	const char *scheme;	/* of runc://ID; NULL: the name */
	const char *where;	/* the state directory, for messages */
	bool named;		/* an engine: its containers have names beside their ids */
	bool labels;		/* detail() knows them */
	bool scanned;		/* found among the processes by a child, not in files */
	/* Calls found for each. A missing directory is no error: that runtime is not here. */
	int (*each)(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		    struct err *e);
	/* Reads what leads to its process; -1 with ST_TARGET if it is no more. */
	int (*load)(struct container *c, struct arena *a, struct err *e);
	/* Adds "key=value\n" for each of its labels, and fills image and bundle. */
	int (*detail)(struct container *c, struct arena *a, struct buf *labels, struct err *e);
	/* What is recorded of its last run (ending.h); NULL: nothing is. After load(). */
	void (*ending)(const struct container *c, struct ending *x, struct arena *a);
};

extern const struct runtime *const runtimes[];	/* ends with NULL; the scanned ones come last */

const char *runtime_scheme(const struct runtime *r);

/* An id as engines make them up; what reads like the beginning of one, which fewer hex digits do
 * not: those are a name that somebody chose. */
bool is_generated_id(const char *id);
bool is_hex_id(const char *text);

/* ---- for the runtimes' own files ---- */

/* The container that a runtime's each() begins with. */
struct container container_new(const struct runtime *r, const char *root, const char *id);
/* Calls found for every directory below path. */
int runtime_each_dir(const char *path, bool (*found)(void *ctx, const char *id), void *ctx,
		     struct err *e);
/* Is there anything of this name below dir? What cannot be a name is not. Whether it can be
 * believed is for runtime_open() to say. */
bool runtime_has_dir(const char *dir, const char *id);
/* A state file below a directory: regular, owned by root, writable by nobody else. */
int runtime_open(const char *dir, const char *id, const char *file, struct err *e);
/* The same for a file whose parent directories are root's own words, "/etc/docker/daemon.json". */
int runtime_open_file(const char *path, struct err *e);
/* What others than root may put another file of root's in the place of: good for words only. The
 * directory itself is root's, path is below it, with no link on the way. */
int runtime_open_told(const char *dir, const char *path);
/* The pid in such a file, and when it was written (c->noted). */
int runtime_read_pid(struct container *c, const char *dir, const char *id, const char *file,
		     struct err *e);
struct words_list {
	const char **items;	/* in the arena */
	size_t count;
};

/* A string value for the arena; NULL if it is none, is empty, too long or holds a NUL. */
const char *runtime_text(struct arena *a, struct jvalue v);
const char *runtime_join(struct arena *a, const char *dir, const char *below);
void runtime_add_label(struct buf *labels, const char *key, struct jvalue v);
/* Labels that are too many or hold a newline are left out. */
void runtime_add_line(struct buf *labels, const char *text, size_t len);

#endif
