/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debugfile - the file that has the symbols of a stripped one: by build-id, below /usr/lib/debug in
 * the container, then on this host; then by .gnu_debuglink, in the container only. And the file
 * with the names of code that a process made (perfmap.h).
 *
 * The parser knows the build-id and may open nothing, so it asks a reader (ROLE_READER) that runs
 * beside it and parses nothing. What is asked for comes from a target: the reader takes hexadecimal
 * digits and names without a slash only, and opens regular files of no file system that asks a
 * server, below the container's root or, by build-id alone, in a read-only mount of the host's
 * /usr/lib/debug. What it hands out is as little believed as the rest: a file of another build-id,
 * or by name one of another checksum, is not used. A perf map lies where anybody may write, and
 * pid 1 is a number that each run of a container has: it is no link, belongs to the user that the
 * process runs as, or to root of the container, is written by nobody else, and was since the
 * process began.
 */
#ifndef NSDEBUG_CODE_DEBUGFILE_H
#define NSDEBUG_CODE_DEBUGFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/base/str.h"
#include "nsdebug/code/elf.h"

struct idmap;
struct inside;
struct mounts;

#define DEBUGFILE_ASKS_MAX 4096u
#define DEBUGFILE_OPEN_MAX 512u
#define DEBUGFILE_SUMMED_MAX (256ull << 20)	/* bytes of which a checksum is made, in all */

enum debugfile_where { BY_ID, BY_ID_ON_HOST, BY_LINK, BY_LINK_BELOW, BY_LINK_GLOBAL,
	PERF_MAP, BY_END };

struct debugfile_server {
	const struct mounts *mounts;
	const struct idmap *uids;	/* of the target */
};

/* Whom to ask. */
struct debugfiles {
	int peer;		/* -1: nobody */
	unsigned int asks, open;
	int64_t wait_ns;	/* for all answers together; what is left of it */
	uint64_t summed;
};

struct debugfile {
	struct elf elf;
	int fd;			/* if it is open */
	bool tried, open;
	const char *source;
};

/* The reader's side, all of it: serves in->peer until it closes. arg is a struct
 * debugfile_server. */
void debugfile_serve(struct inside *in, void *arg);

/* The parser's: the file with the symbols of `of`, which is mapped as `path`; or NULL. */
struct elf *debugfile_open(struct debugfile *d, struct debugfiles *from, struct elf *of,
			   struct bytes path);
void debugfile_close(struct debugfile *d);
/* A file by its path, whatever it is: open, or -1. */
int debugfile_by_path(struct debugfiles *from, struct bytes path);
/* Of the process that numbers itself so, runs as this user of the host, and began so many clock
 * ticks after boot: open, or -1. */
int debugfile_perf_map(struct debugfiles *from, pid_t pid, uint32_t euid, uint64_t start);

/* ---- what is said on the socket, for tests ---- */

struct debugfile_ask {
	uint32_t where, pid, euid;
	uint64_t start;
	char build_id[129], name[256], dir[1024];	/* each ends with a NUL */
};

/* The path to open, below the root that `where` says; false: not what one may ask for. */
bool debugfile_path(const struct debugfile_ask *a, char *path, unsigned long room);

#endif
