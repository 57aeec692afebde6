/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peek - may one process look into another: __ptrace_may_access() of Linux kernel/ptrace.c, with
 * PTRACE_MODE_FSCREDS, and cap_ptrace_access_check() of security/commoncap.c.
 *
 * procfs asks it of who opens environ, maps, mem, fdinfo and the like, or follows a link such as
 * exe, cwd, root and fd/7, whatever their modes say. Who has CAP_SYS_PTRACE over the user namespace
 * of the other may. Else all three uids and gids of the other have to be one's own, it must be one
 * that may be dumped (a program with setuid, or that its user may not read, is not), of the same
 * user namespace, and have no capability that one has not.
 */
#ifndef NSDEBUG_WHY_PEEK_H
#define NSDEBUG_WHY_PEEK_H

#include <stdbool.h>
#include <stdint.h>

struct creds;
struct reason;
struct step;
struct walk;

/* The other one. */
struct peek {
	const struct creds *creds;
	uint64_t caps;		/* those of who looks that count over its user namespace */
	uint32_t uid, gid;	/* of its status in procfs: not its own if it may not be dumped */
};

/* NULL: it may; else why not, in words. */
const char *peek_refused(const struct peek *other, const struct creds *c);

/* A link below /proc/PID. Who has named the path is answered by somebody who knows more
 * (why/magic.h): -1 with WHY_MAGIC. */
int peek_link(struct walk *w, const struct step *s);
/* The same of a file or directory, if it is one that procfs asks it of: else 0. */
int peek_file(struct walk *w, const struct step *s);
/* Such a name below /proc/PID? */
bool peek_asks(const char *name);

#endif
