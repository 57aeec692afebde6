/* SPDX-License-Identifier: Apache-2.0 */
/*
 * used - what a container makes use of, as bpf/used.bpf.c tells it: gathered while it runs, and
 * what it had when we came.
 *
 * Paths are the kernel's, from the top of the container's mounts. A name is what a program said,
 * joined to where it begins, without "." and "..", but with its links not followed. Bounded: so
 * many paths, and of a directory so many that were made in it; then it is only said that there are
 * more.
 */
#ifndef NSDEBUG_TRACE_USED_H
#define NSDEBUG_TRACE_USED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/cap.h"
#include "bpf/used.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/str.h"
#include "nsdebug/trace/capable.h"
#include "nsdebug/trace/tracer.h"

struct arena;

#define USED_PATHS_MAX 100000u
#define USED_PATHS_BYTES (64u << 20)
#define USED_MADE_MAX 256u	/* files made in one directory; more are the directory */
#define USED_CREDS_MAX 64
#define USED_PORTS_MAX 512

struct used_path {
	struct bytes path;	/* absolute */
	uint32_t access;	/* enum used_access */
	uint32_t mode;		/* st_mode; 0: not known, the name of a call */
	uint64_t magic;		/* of its file system; 0: not known */
	uint32_t mount;		/* bytes of the path that are where it is mounted, 0: not known */
	bool deleted;		/* it had no name any more */
	bool named;		/* only a call's word of it is known */
	bool alias;		/* a name by which links led to another path: that has its rights */
	bool here;		/* at home: not only in mount namespaces that it has made */
	bool many;		/* a directory in which more were made than are noted */
	uint32_t made;		/* noted that were made in it */
	uint32_t stars;		/* for who writes a profile: names in it that stand for others */
	struct used_path *next;	/* of the same hash */
};

struct used {
	struct tracer tracer;
	struct capable capable;
	struct arena *arena;
	struct map by_hash;
	struct used_path **paths;	/* in order after used_run() */
	size_t count;
	bool cut;		/* there were more */
	struct used_cred creds[USED_CREDS_MAX];
	size_t ncreds;
	struct used_port ports[USED_PORTS_MAX];
	size_t nports;
	bool creds_cut, ports_cut;
	/* in the programs' memory */
	const volatile uint8_t *entered;
	const volatile uint16_t *refused, *families;
	const volatile __u64 *signals, *compat, *strange, *left_out, *uring, *too_long;
	const volatile __u64 *spaces;	/* CLONE_NEW... that it made */
	const volatile __u64 *leaves;	/* to mount namespaces where it cannot be followed */
	const volatile __u64 *gains;	/* programs that gave who started them more rights */
	const volatile __u64 *gained;	/* capabilities that their files gave */
	const volatile __u64 *outside;	/* descriptors it was given of files of other mounts */
	const volatile __u64 *unsure;	/* times that pages of an unknown file were made to run */
	const volatile struct used_end *end;
	uint64_t ended_ns;
	bool apparmor;		/* this node has it */
};

/* Watches until the end; false if it could not, which was emitted. Seals the child. */
bool used_run(struct used *u, struct inside *in, const struct tracer_opts *opts,
	      const struct target *target);
void used_free(struct used *u);

/* Of capability `cap`: how often it was of this sort, in all calls or in one, other than in user
 * namespaces that the container has made. */
uint64_t used_cap(const struct used *u, unsigned int cap, enum cap_sort sort);
uint64_t used_cap_in(const struct used *u, unsigned int cap, enum cap_sort sort,
		     unsigned int call);
/* Notes a path, or more of one that is noted; NULL: there is no room. */
struct used_path *used_note(struct used *u, struct bytes path, uint32_t access);
/* Puts u->paths in order again. */
void used_sort(struct used *u);
struct used_path *used_find(const struct used *u, struct bytes path);

#endif
