/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending - what runtimes have written down of a container's last run: how it ended, what was to be
 * started and where the files of that are.
 *
 * Read in the front, out of documents of root like all that leads to a container. What a field does
 * not hold was not recorded: NULL, NONE_U64, INT64_MIN.
 */
#ifndef NSDEBUG_TARGET_ENDING_H
#define NSDEBUG_TARGET_ENDING_H

#include <string.h>

#include "nsdebug/enter/enter.h"
#include "nsdebug/target/callrules.h"
#include "nsdebug/target/health.h"
#include "nsdebug/target/mountflags.h"
#include "nsdebug/target/runtime.h"
#include "nsdebug/target/tmpfs.h"

#define ENDING_LIMITS_MAX 16
#define ENDING_WORDS_MAX 4096	/* arguments, variables, mounts that are kept */
#define ENDING_GROUPS_MAX 64

struct ending_mount {
	const char *at, *source, *type;
	bool volume;		/* somebody's data, not what every container has */
	bool part;		/* only what is below some directory of its source */
	bool on_demand;		/* a volume that may be mounted only while it is used */
	bool mapped;		/* with ids that are not its files' */
	bool masked;		/* its runtime hides it, or makes it read-only: which is not told */
	struct mountflags flags;
	const char *fs_options;	/* of the node's file system there, or NULL */
	struct tmpfs tmpfs;		/* if it is one */
	struct imagefs_bind *bind;	/* its files, if they can be had; or NULL: binds.h */
};

/* A limit that it was to have, and the highest that we, who start nothing, could have set:
 * UINT64_MAX: none. */
struct ending_limit {
	const char *type;		/* "RLIMIT_NOFILE" */
	uint64_t soft, hard, most;
	uint64_t fixed;			/* rlimits_most() of it; 0: there is none such */
};

struct ending {
	const char *state;		/* "exited", "created" */
	const char *source;		/* the file that tells how it ended */
	const char *started, *finished;	/* RFC 3339 */
	const char *error, *reason;	/* the runtime's own words */
	bool told;			/* error is from where who is root in it could have put
					 * other words of root's */
	int64_t failed_ns;		/* since 1970: about when a start failed; 0: not known */
	int64_t begun_ns;		/* the same: its engine had begun its last start, and its
					 * runtime had not mounted anything for it */
	int64_t exit_code;
	bool never_ran;			/* the runtime says so */
	bool oom_killed;		/* the runtime says so */
	bool stopped;			/* somebody asked the engine to stop it */
	bool runs;			/* it has not ended */
	bool runc;			/* that, of some version, is its runtime */
	bool previous;			/* it runs, and this is of an earlier attempt */
	const char *again;		/* since when it runs, if the above is of a run before */
	bool between;			/* it has ended, and its engine will start it again */
	uint64_t restarts;
	bool restarts_least;		/* older ones may be forgotten */
	const char *policy;		/* of restarting it: "always" */
	struct health health;
	/* what is started */
	const char *spec;		/* the file that says so */
	struct words_list args, env;
	const char *cwd;
	const char *user;		/* "65532:65532"; of docker also "web", "7", or none */
	uint32_t groups[ENDING_GROUPS_MAX], ngroups;
	bool groups_cut;		/* it may be in more */
	struct words_list add_groups;	/* more, by name or number */
	/* capabilities by their names; unless all of them are in its bounding set */
	struct words_list bounding, permitted, inheritable, ambient;
	bool all_caps, caps_told, no_new_privs;
	bool shared_pids;		/* it is not the first process of a pid namespace */
	bool host_net, host_uts;	/* these namespaces are the node's */
	bool joined_net;		/* it is another container's */
	int64_t first_port;		/* net.ipv4.ip_unprivileged_port_start; -1: not known */
	struct callrules calls;		/* its seccomp profile */
	bool caps_odd;			/* of a capability runtimes know the name or not */
	bool other_ids;			/* its ids are not those of its files: a user namespace */
	struct ending_mount *mounts;
	size_t nmounts;
	struct ending_limit limits[ENDING_LIMITS_MAX];
	size_t nlimits;
	bool read_only_root;
	bool own_root;			/* a directory that its runtime binds: its mount is */
	struct ending_mount root;
	uint64_t memory_limit, pids_limit;
	/* its files, while it has no process; or why they cannot be looked at */
	struct imagefs image;
	const char *no_files;
	/* its memory cgroup, as the kernel calls it, and how many were killed in it */
	const char *cgroup, *cgroup_file;
	uint64_t oom_kills;
	const char *pod_cgroup_file;	/* the same of the pod's */
	uint64_t pod_oom_kills;
	const char *output;		/* the file in which its last words are */
	enum { OUTPUT_CRI, OUTPUT_DOCKER } output_form;
	int log, kernel;		/* that file and the kernel's log, to read; or -1 */
	int kernel_err;			/* errno: why that is not open */
};

/* Never fails: what could not be read is missing. After load(); strings live in *a. */
struct ending *ending_read(struct container *c, struct arena *a);
void ending_close(struct ending *x);
/* What is recorded is of a run before: of the one that has ended nothing is, yet. */
void ending_forget(struct ending *x);
/* The mount that a path without links is at or below; what is mounted on "/" is none. */
const struct ending_mount *ending_mount_of(const struct ending *x, const char *path);

/* Is it a tmpfs that its start makes and nobody else fills? A runtime makes devices in /dev. */
static inline bool ending_mount_anew(const struct ending_mount *m)
{
	return m->tmpfs.anew && strcmp(m->at, "/dev") != 0;
}

/* In the child that was entered: are its files there? */
static inline bool ending_mount_seen(const struct ending_mount *m)
{
	return m->bind && m->bind->there;
}

/* ---- for the runtimes' own files ---- */

void words_add(struct words_list *l, struct arena *a, struct jvalue v);
/* Of any length, cut; NULL if it is no string, or empty. */
const char *ending_string(struct arena *a, struct jvalue v);
/* One of the numbers of its groups. */
void ending_group(struct ending *x, struct jvalue v);
struct ending_mount *ending_mount_add(struct ending *x, struct arena *a);
/* One more limit, by its type, of which soft and hard are then read. */
void ending_limit_add(struct ending *x, const char *type);
/* An OCI spec: what is started, as whom, with which mounts. Its root too, unless it has layers. */
int ending_spec(struct ending *x, struct arena *a, const char *path, struct err *e);
/* The same for the config.json of c->bundle: runc, crun, containerd. */
void bundle_ending(const struct container *c, struct ending *x, struct arena *a);
/* The layers of ID in DIR as docker's overlay2 and containers/storage keep them: diff, lower, and
 * short links in l/. Else says in no_files why not. */
void ending_overlay(struct ending *x, struct arena *a, const char *dir, const char *id);
/* A sysctl that it was to have, of a value of its configuration. */
void ending_sysctl(struct ending *x, struct arena *a, const char *name, struct jvalue v);
/* The number in a file of the node's /proc; UINT64_MAX: it cannot be read. */
uint64_t ending_number(const char *path);
/* Unless one was first_port: in a network namespace of its own it is `fresh`, in the node's as it
 * is now. */
void ending_first_port(struct ending *x, int64_t fresh);
/* A small file of root's as a string without its last newline, or NULL. */
const char *ending_text(struct arena *a, const char *path);
/* Its options, with commas: what of a tmpfs a flag of the mount is, too. */
void ending_tmpfs(struct ending_mount *m, const char *options);
/* Of how many names is a path? 0: the root, or NULL. */
size_t ending_depth(const char *path);
/* When a file was written last; 0: not known. */
int64_t ending_written(const char *path);
/* Was a file of this time there only after its engine had begun its last start? */
bool ending_is_later(const struct ending *x, int64_t sec, uint32_t nsec);
/* The newest of the numbered files in c->logs. */
void ending_pod_log(const struct container *c, struct ending *x, struct arena *a);
void docker_ending(const struct container *c, struct ending *x, struct arena *a);
void podman_ending(const struct container *c, struct ending *x, struct arena *a);
/* The memory cgroup that the OCI runtime's state names. */
void ending_cgroup(struct ending *x, struct arena *a, const char *state_dir);

#endif
