/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members - which processes belong together: those of a cgroup, or of a namespace.
 *
 * The answer is a moment's: a listed process may be gone, and its pid another's, before it is
 * looked at. Whoever opens /proc/PID of one asks members_has() through that directory. A process
 * that began before the list was made is the one that was listed, for it has had its pid since;
 * only a younger one is asked for its cgroup.
 */
#ifndef NSDEBUG_SYS_MEMBERS_H
#define NSDEBUG_SYS_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup;
struct err;
struct proc_stat;

#define MEMBERS_MAX (1u << 18)

struct members_want {
	int procfs;		/* directory /proc of the host */
	int cgroup;		/* directory of the cgroup, those below it count; or -1 */
	const struct cgroup *at;	/* and where that is */
	const char *ns;		/* without a cgroup: the namespace to be in, "pid" or "mnt" ... */
	uint64_t ns_id;		/* ... and which one */
	uint64_t since;		/* set by members_list(): clock ticks after boot, before it */
	bool zombies;		/* zombies too, in no cgroup's list and in no namespace; found as
				 * children of the others (CONFIG_PROC_CHILDREN) */
	pid_t named;		/* no zombies if this one is found without them; or 0 */
};

/*
 * Host pids, ascending, each once; *pids is the caller's to free(). *cut: there were more than
 * MEMBERS_MAX. Needs CAP_SYS_PTRACE for the namespaces of other users' processes.
 */
int members_list(struct members_want *w, pid_t **pids, size_t *count, bool *cut,
		 struct err *e);
/* Is the process of this /proc/PID directory one of those that were listed? For who has read its
 * stat already: the other form. A zombie, which is in no cgroup, is taken for one. */
bool members_has(const struct members_want *w, int dir);
bool members_was(const struct members_want *w, int dir, const struct proc_stat *st);
/* Of a pid that need not be in the list, for somebody else names it: is it there now? */
bool members_is(const struct members_want *w, int dir);

#endif
