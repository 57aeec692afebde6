/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creds - as whom a thread asks the kernel for something. credentials(7), capabilities(7).
 *
 * All ids are the host's, as the kernel compares them. Filled from /proc/PID/status, or from what
 * a BPF program has copied of the task. Flat: it crosses a socket as it is.
 */
#ifndef NSDEBUG_WHY_CREDS_H
#define NSDEBUG_WHY_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/capnum.h"

struct buf;

#define CREDS_GROUPS_MAX 64	/* a process may be in 65,536; hardly one is in 16 */

#define CREDS_CAPS 41
#define CREDS_SECCOMP_UNKNOWN UINT32_MAX
#define CREDS_CAP(name) (1ull << CAP_##name)

struct creds {
	uint32_t uid, gid;		/* real ones: access(2) asks for these */
	uint32_t euid, egid;
	uint32_t suid, sgid;		/* 0 of what a BPF program has copied */
	uint32_t fsuid, fsgid;		/* what files are judged by */
	uint32_t ngroups;		/* of groups[] */
	uint32_t groups[CREDS_GROUPS_MAX];
	uint64_t cap_eff, cap_prm, cap_bnd;
	uint64_t user_ns;		/* inode number; 0: not known */
	uint32_t seccomp;		/* 0 none, 1 strict, 2 filter, CREDS_SECCOMP_UNKNOWN */
	bool groups_cut;		/* it is in more groups */
	bool host_user_ns;		/* its user namespace is the host's */
	bool no_new_privs;
};

/* Of an open /proc/PID or /proc/PID/task/TID; host: the inode number of the host's user namespace.
 * -1 with errno. */
int creds_read(int dir, uint64_t host, struct creds *ret);
/* The text of "status", without the user namespace. */
bool creds_parse(const char *text, struct creds *ret);
/* Is it in this group, with fsgid or one of groups[]? */
bool creds_in_group(const struct creds *c, uint32_t gid);
static inline bool creds_has(const struct creds *c, unsigned int cap)
{
	return cap < 64 && c->cap_eff >> cap & 1;
}

/* These the kernel asks for with capable(): they count in the host's user namespace only. */
#define CREDS_OF_HOST (CREDS_CAP(LINUX_IMMUTABLE) | CREDS_CAP(IPC_LOCK) | CREDS_CAP(SYS_MODULE) | \
	CREDS_CAP(SYS_RAWIO) | CREDS_CAP(SYS_PACCT) | CREDS_CAP(SYS_TIME) | \
	CREDS_CAP(SYS_TTY_CONFIG) | CREDS_CAP(MKNOD) | CREDS_CAP(LEASE) | CREDS_CAP(AUDIT_WRITE) | \
	CREDS_CAP(AUDIT_CONTROL) | CREDS_CAP(AUDIT_READ) | CREDS_CAP(MAC_OVERRIDE) | \
	CREDS_CAP(MAC_ADMIN) | CREDS_CAP(SYSLOG) | CREDS_CAP(WAKE_ALARM) | \
	CREDS_CAP(BLOCK_SUSPEND) | CREDS_CAP(PERFMON))
/* The effective ones that count for something where it is. */
static inline uint64_t creds_counting(const struct creds *c)
{
	return c->host_user_ns ? c->cap_eff : c->cap_eff & ~CREDS_OF_HOST;
}

/* "CAP_NET_RAW"; NULL: there is none of that number. */
const char *cap_name(unsigned int cap);
/* The same, one by one, for completion. */
const char *cap_word(size_t i);
/* With or without "CAP_", in any case. -1: there is none of that name. */
int cap_of(const char *name);
/* "CAP_CHOWN, CAP_FOWNER" of a set, with `between` between them. */
void cap_list(struct buf *b, uint64_t caps, const char *between);

#endif
