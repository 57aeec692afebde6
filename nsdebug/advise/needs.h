/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs - as whom a container has to run, with which rights, and where it has to be able to write.
 */
#ifndef NSDEBUG_ADVISE_NEEDS_H
#define NSDEBUG_ADVISE_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/trace/used.h"

struct buf;
struct target;

/* Where a directory that is written to is. */
enum place_on {
	PLACE_IMAGE,	/* the container's own layer */
	PLACE_MEMORY,	/* a tmpfs */
	PLACE_VOLUME,	/* something else that is mounted there */
};

struct place_written {
	struct bytes path;	/* a directory */
	enum place_on on;
	struct bytes mount;	/* where that is mounted */
	unsigned int files;	/* that were written, made, renamed or removed in it */
	bool more;		/* and others, that are not noted one by one */
	unsigned int hidden;	/* of the image's, in use below it */
	bool dirs;		/* directories below it were there already */
	bool code;		/* something below it is run, or mapped to run */
	struct bytes example;	/* one of the files */
};

#define NEEDS_PLACES 256
#define NEEDS_USERS 16
#define NEEDS_UNKNOWN UINT64_MAX

struct needs_user {
	uint64_t uid, gid;	/* effective, as the container has them, or NEEDS_UNKNOWN */
	bool first;		/* of the container's first process */
};

struct advice {
	const struct used *u;
	const struct target *target;
	bool whole;		/* watched from its first program on */
	uint64_t uid, gid;	/* of the first process, or NEEDS_UNKNOWN */
	uint64_t groups[USED_GROUPS];
	unsigned int ngroups;
	struct needs_user users[NEEDS_USERS];
	size_t nusers;
	bool users_cut;		/* there are more, or the first is in more groups */
	uint64_t caps;		/* needed */
	uint64_t guessed;	/* of these, only by what is there: its use was not seen */
	uint64_t held;		/* permitted, to any process */
	bool caps_known;	/* this kernel tells of checks */
	bool gains;		/* a program got another user when it was started (setuid) */
	struct place_written places[NEEDS_PLACES];
	size_t nplaces;
	bool places_cut;
	bool bytecode;		/* Python keeps what it has compiled beside the image's files: it
				 * does without, so that is no place to write to */
};

/* *a is large; u and target are kept. */
void needs_of(struct advice *a, const struct used *u, const struct target *target, bool whole);
/* "bind, setsockopt": the calls that used it; for a guess its reason. */
void needs_cap_why(struct buf *b, const struct advice *a, unsigned int cap);
const char *needs_place(enum place_on on);
/* A port that it listens at, or of UDP has asked for by its number. */
bool needs_is_server(const struct used_port *p);
/* In a directory of the kernel's own, where no file is made but by it. */
bool needs_is_kernels(const struct used_path *p);

#endif
