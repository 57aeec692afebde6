/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - containers that no file of root tells of, found among the processes.
 *
 * One sealed child (ROLE_SCAN, scanner.c) goes once over /proc: processes whose mount namespace is
 * not ours and whose root is not the host's belong to a container, and the oldest of each mount
 * namespace stands for it. If that one's parent is a runtime's monitor (conmon, lxc-start,
 * systemd-nspawn), the monitor's arguments tell the container's name. Nothing of this runs in the
 * front: arguments are memory of a process that may keep a reader waiting for ever, and a user's
 * files may be on a file system that does not answer. What hangs costs one deadline and its user's
 * names, and is said; the others are found all the same.
 *
 * The child is not believed, nor is a monitor beyond what the kernel says of it: names count only
 * if the process is a child of the monitor, all user ids of the monitor are one user's, it lives in
 * the host's pid namespace and has the host's root, and the process's user namespace belongs to
 * that user. So nobody gives a name to a process that is not already in his hands. Names of a
 * user's monitor are claims (container.claimed); those of root's are not.
 */
#ifndef NSDEBUG_TARGET_SCAN_H
#define NSDEBUG_TARGET_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/enter/enter.h"
#include "nsdebug/out/col.h"
#include "nsdebug/target/runtime.h"

#define SCAN_WHERE "the processes"

/* The deadlines of the whole run; without it 2 s, and no signal is heard. */
void scan_bound(uint64_t timeout_ns, uint64_t until_ns, int signals);
/* Starts the child, unless it has run: the front may do something else meanwhile. */
void scan_start(void);
void scan_stop(void);		/* what it would say is of no use any more */
/* What could not be looked at, and why; NULL: nothing. */
const struct err *scan_missing(void);

/* ---- for the runtimes' own files ---- */

/* What a monitor's arguments say; not owned, and not checked yet. */
struct words {
	struct bytes id, name, bundle;
};

struct monitor {
	bool (*is)(const char *comm);
	/* Arguments of a program, each ended by a NUL; len may have been cut. False: none. */
	bool (*read)(struct bytes args, struct words *ret);
};

extern const struct monitor monitor_conmon, monitor_lxc, monitor_nspawn;
#define MONITORS 3
extern const struct monitor *const monitors[MONITORS];

/* Takes the next argument off the front of *args. */
bool words_next(struct bytes *args, struct bytes *ret);
/* Is `arg` one of these options, as "NAME VALUE" or "NAME=VALUE"? *ret then is the value. */
bool words_option(struct bytes arg, struct bytes *args, const char *name, const char *or_name,
		  struct bytes *ret);

/* Waits for the child. Calls found for each container of this monitor; NULL: those of none. */
int scan_each(const struct runtime *r, const struct monitor *m, struct ask *ask, found_fn *found,
	      void *ctx, struct err *e);
int scan_load(struct container *c, struct arena *a, struct err *e);	/* all is there already */
int scan_detail(struct container *c, struct arena *a, struct buf *labels, struct err *e);

/* ---- between the children and the front ---- */

enum scan_what {
	SCAN_GROUP = 1,	/* a mount namespace: pid and start of its oldest process */
	SCAN_WORDS,	/* what the monitor of pid says: monitor, parent..., id, name, bundle */
	SCAN_FILES,	/* what a user's files say of pid: image, created, sandbox, labels */
	SCAN_AT,	/* what may hang from here on is of this process and user: pid, uid */
	SCAN_DENIED,	/* as many processes may not be looked at: pid */
};

struct scan_row {
	uint64_t what, pid, start, parent, parent_start, monitor, uid, sandbox;
	struct bytes id, name, bundle, image, created, labels;
};

enum {
	SC_WHAT, SC_PID, SC_START, SC_PARENT, SC_PARENT_START, SC_MONITOR, SC_UID, SC_SANDBOX,
	SC_ID, SC_NAME, SC_BUNDLE, SC_IMAGE, SC_CREATED, SC_LABELS, SC_COUNT
};

extern const struct col scan_cols[];

#define SCAN_ROUNDS 4		/* one more than the users that may keep us waiting */
#define SCAN_GROUPS_MAX 16384

/* What the front holds of a mount namespace. */
struct scanned {
	const struct monitor *monitor;	/* whose words these are, once checked; NULL: plain */
	struct container c;
	struct bytes labels;
};

/* The front's memory, which a child sees through the fork. */
struct scan_job {
	struct scanned *items;		/* for users' files */
	size_t count;
	unsigned int skips;		/* processes and users that kept an earlier child waiting */
	struct { pid_t pid; uid_t uid; } skip[SCAN_ROUNDS];
};

/* One of those? Root's processes are skipped one by one. */
bool scan_skips(const struct scan_job *job, pid_t pid, uid_t uid);
/* Says what may hang now. */
void scan_say_at(struct emit *e, pid_t pid, uid_t uid);

void scanner_live(struct inside *in, void *job);	/* the processes: ROLE_SCAN */
void userfiles_live(struct inside *in, void *job);	/* ROLE_SCAN, then a parser */

#endif
