/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup - which cgroup a process is in, and which processes are in a cgroup. cgroups(7).
 *
 * /proc/PID/cgroup has a line "ID:CONTROLLERS:PATH" a hierarchy; "0::PATH" is v2. On hybrid hosts
 * the v2 line may say "/" while v1 has a cgroup of the container's own, and the paths of the v1
 * hierarchies may differ, so the hierarchies are tried in the order v2, name=systemd, pids, any,
 * and the first with a path other than "/" counts. A path is a claim of whoever made the cgroup;
 * target/ decides whether it is the container's own.
 */
#ifndef NSDEBUG_SYS_CGROUP_H
#define NSDEBUG_SYS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "nsdebug/base/buf.h"

struct err;

#define CGROUP_TOPS_MAX 24	/* v1 has 13 controllers, and named hierarchies */

struct cgroup {
	char controllers[64];	/* of v1: "name=systemd", "cpu,cpuacct"; empty for v2 */
	char path[4096];	/* below the hierarchy's mount, begins with '/' */
};

/* Of the directory /proc/PID. False with path "/" if it is in no cgroup but the roots. */
bool cgroup_read(struct cgroup *c, int dir);
bool cgroup_parse(struct cgroup *c, const char *text);
/* The next line of that file: advances *text over it; false at the end. What does not fit into the
 * struct, or has a path that is none, is skipped. */
bool cgroup_next(const char **text, struct cgroup *c);

/* Where the hierarchies are mounted for us, read once: mountinfo of the directory /proc/self. */
struct cgroup_mounts {
	struct buf text;
	struct cgroup_top {
		char controllers[64];
		int dir;		/* O_PATH; -1: not mounted */
	} tops[CGROUP_TOPS_MAX];	/* those that were asked for */
	unsigned int count;
};

int cgroup_mounts_read(struct cgroup_mounts *m, int self);	/* -1 with errno */
void cgroup_mounts_free(struct cgroup_mounts *m);
/* Where the whole hierarchy of the cgroup is mounted, by such a text; false if nowhere. */
bool cgroup_mount_point(const char *text, const struct cgroup *c, char *point, size_t room);

/* O_PATH directory of the cgroup, -1 with errno. */
int cgroup_open(const struct cgroup *c, struct cgroup_mounts *m);

/*
 * Adds the processes of the cgroup and of those below it to *pids (owned by the caller, free()),
 * host pids in no order. Returns 1 if cap was reached, 0, or -1 with errno.
 */
int cgroup_pids(int dir, pid_t **pids, size_t *count, size_t cap);

/* Is the process (its /proc/PID directory) in a frozen cgroup, v1 freezer or v2? */
bool cgroup_frozen(int dir, struct cgroup_mounts *m);

#endif
