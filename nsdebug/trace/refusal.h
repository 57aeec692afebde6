/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusal - why a system call was refused: what the programs saw of it, and what the judge says of
 * its paths, put in the kernel's own order.
 *
 *	seccomp, which comes before the call; limits of the process and of its cgroups; a port;
 *	the path, walked by the judge (why/judge.h) as the kernel walks it; capabilities that were
 *	asked for in this call and not had; by elimination a security module, if one is active, or
 *	a hard rule of the call.
 *
 * The path is walked a moment after the call. Where nothing refuses it then, that is said.
 */
#ifndef NSDEBUG_TRACE_REFUSAL_H
#define NSDEBUG_TRACE_REFUSAL_H

#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/trace/denials.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/why/access.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"

struct idmap;
struct judging;

struct refusal {
	struct sysview view;		/* .def NULL: a 32-bit call */
	const struct denial *kept;	/* NULL: it was lost */
	struct creds creds;
	const struct idmap *uids, *gids;	/* of the container; NULL: as judging has them */
	uint64_t host_ns;		/* inode number of the host's user namespace */
	uint64_t user_ns;		/* of the container's; 0: as judging has it */
	const char *modules;		/* security modules that are active, or "" */
	uint64_t map_max;		/* vm.max_map_count; 0: not known */
	struct judging *judging;
};

/* False: it is none, but an error that is one elsewhere. *op is what was done to a path, or
 * OP_COUNT. */
bool refusal_reason(const struct refusal *f, struct reason *ret, enum access_op *op);

/* NULL: not known. */
const struct idmap *refusal_uids(const struct refusal *f);
const struct idmap *refusal_gids(const struct refusal *f);

/* Of a container that was waited for, by this word, and may be gone: which command tells what could
 * not be told of it. Empty: there is nothing like that. */
void refusal_way_on(const struct refusal *f, const struct reason *r, const char *word, char *ret,
		    size_t room);

/* ---- its parts ---- */

#define REFUSAL_NO_LINKS (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)	/* end in ELOOP */

/* Has the thread made itself a user namespace, of which no map is known? */
bool refusal_is_nested(const struct refusal *f);

/* This is the reason, of the error that *r has already; word may be NULL. */
void refusal_say(struct reason *r, enum why_kind kind, const char *word);

enum refusal_path {
	REFUSAL_NO_PATH,	/* the call is about none */
	REFUSAL_LOST_PATH,	/* where it begins, or what it is, is not known: *why */
	REFUSAL_PATH,
};

/* The question of the call's paths. */
enum refusal_path refusal_ask(const struct refusal *f, struct access_ask *a, const char **why);
/* A limit is the reason. False: none; *none: nor is it a refusal. */
bool refusal_limit(const struct refusal *f, struct reason *ret, bool *none);
/* Capabilities of which the call asks for any, as the manual says; 0: none. */
uint64_t refusal_caps(const struct sysview *v);
/* Those without any of which it is refused with these arguments; *host: they count in the host's
 * user namespace only. */
uint64_t refusal_caps_always(const struct sysview *v, bool *host);
/* A hard rule by which the call is refused with this error, in words, or NULL. */
const char *refusal_rule(const struct sysview *v);

#endif
