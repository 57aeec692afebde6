/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/denials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/why/creds.h"

#define KEPT_MAX 1024	/* threads whose call has not come: of more some was lost */

/* What means something else elsewhere, often that there is nothing to do yet. */
static const struct {
	uint16_t nr;
	uint64_t errors;
} more[] = {
	{ SYS_execve, DENIALS_BIT(ENOENT) | DENIALS_BIT(ENOEXEC) | DENIALS_BIT(EAGAIN) },
	{ SYS_execveat, DENIALS_BIT(ENOENT) | DENIALS_BIT(ENOEXEC) | DENIALS_BIT(EAGAIN) },
	{ SYS_clone, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) | DENIALS_BIT(ENOSPC) },
	{ SYS_clone3, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) | DENIALS_BIT(ENOSPC) },
	{ SYS_fork, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_vfork, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_unshare, DENIALS_BIT(ENOSPC) },
	{ SYS_setuid, DENIALS_BIT(EAGAIN) | DENIALS_BIT(EINVAL) },
	{ SYS_setgid, DENIALS_BIT(EINVAL) },
	{ SYS_setreuid, DENIALS_BIT(EAGAIN) | DENIALS_BIT(EINVAL) },
	{ SYS_setregid, DENIALS_BIT(EINVAL) },
	{ SYS_setresuid, DENIALS_BIT(EAGAIN) | DENIALS_BIT(EINVAL) },
	{ SYS_setresgid, DENIALS_BIT(EINVAL) },
	{ SYS_setgroups, DENIALS_BIT(EINVAL) },
	{ SYS_chown, DENIALS_BIT(EINVAL) },
	{ SYS_fchown, DENIALS_BIT(EINVAL) },
	{ SYS_lchown, DENIALS_BIT(EINVAL) },
	{ SYS_fchownat, DENIALS_BIT(EINVAL) },
	{ SYS_mlock, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_mlock2, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_mlockall, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_mmap, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_mremap, DENIALS_BIT(EAGAIN) | DENIALS_BIT(ENOMEM) },
	{ SYS_write, DENIALS_BIT(EFBIG) },
	{ SYS_writev, DENIALS_BIT(EFBIG) },
	{ SYS_pwrite64, DENIALS_BIT(EFBIG) },
	{ SYS_ftruncate, DENIALS_BIT(EFBIG) },
	{ SYS_truncate, DENIALS_BIT(EFBIG) },
	{ SYS_fallocate, DENIALS_BIT(EFBIG) },
	{ SYS_inotify_add_watch, DENIALS_BIT(ENOSPC) },
	{ SYS_epoll_ctl, DENIALS_BIT(ENOSPC) },
	{ SYS_openat2, DENIALS_BIT(ELOOP) },
};

uint64_t denials_more(unsigned int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (more[i].nr == nr)
			return more[i].errors;
	return 0;
}

uint64_t denials_any(void)
{
	uint64_t sum = DENIALS_ALL;

	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		sum |= more[i].errors;
	return sum;
}

uint8_t denials_files(const struct sysdef *d)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < SYS_ARGS; i++)
		switch (d->args[i].what) {
		case W_FD: case W_DIRFD:
			bits |= 1u << i;
			break;
		case W_PATH: case W_ADDRESS: case W_MESSAGE: case W_MESSAGES:
			bits |= 1u << DENIED_CWD;
		}
	return (uint8_t)bits;
}

static struct denial *kept_of(struct denials *d, uint32_t tid, uint64_t at)
{
	struct denial *k = map_get(&d->kept, tid);

	if (!k) {
		if (d->kept.used == KEPT_MAX) {
			map_each(&d->kept, free);
			map_free(&d->kept);
		}
		k = mem_alloc(sizeof(*k));
		map_put(&d->kept, tid, k);
	}
	if (k->at != at) {
		k->at = at;
		k->whole = false;
		k->count = 0;
	}
	return k;
}

bool denials_keep(struct denials *d, const void *record, size_t len)
{
	const struct denied_as *a = record;
	const struct denied_path *p = record;
	struct denial *k;

	/* the kernel's ring: records are as the programs of this binary made them */
	if (len >= sizeof(*a) && a->record == DENIED_AS) {
		k = kept_of(d, a->tid, a->at);
		k->as = *a;
		k->whole = true;
		return true;
	}
	if (len < sizeof(*p) || p->record != DENIED_PATH)
		return false;
	k = kept_of(d, p->tid, p->at);
	if (k->count < DENIALS_PATHS_MAX)
		k->paths[k->count++] = *p;
	return true;
}

const struct denial *denials_take(struct denials *d, uint32_t tid, uint64_t at)
{
	struct denial *k = map_take(&d->kept, tid);

	free(d->shown);
	d->shown = k;
	return k && k->at == at && k->whole ? k : NULL;
}

void denials_free(struct denials *d)
{
	map_each(&d->kept, free);
	map_free(&d->kept);
	free(d->shown);
}

static bool put_path(const struct path_names *n, char *ret, size_t room)
{
	size_t at = 0;

	if (n->outside || n->depth >= PATH_DEPTH_MAX || room < 2)
		return false;
	for (uint32_t i = n->depth; i-- > 0;) {
		size_t len = strnlen(n->names[i], PATH_NAME_MAX);

		if (len >= PATH_NAME_MAX - 1 || len + 2 > room - at)
			return false;
		if (!len)
			continue;
		ret[at++] = '/';
		memcpy(ret + at, n->names[i], len);
		at += len;
	}
	if (!at)
		ret[at++] = '/';
	ret[at] = '\0';
	return true;
}

bool denials_path(const struct denial *k, unsigned int arg, char *ret, size_t room)
{
	for (unsigned int i = 0; i < k->count; i++)
		if (k->paths[i].arg == arg)
			return put_path(&k->paths[i].names, ret, room);
	return false;
}

void denials_creds(const struct denied_as *a, uint64_t host, struct creds *ret)
{
	uint32_t n = a->ngroups < DENIED_GROUPS_MAX ? a->ngroups : DENIED_GROUPS_MAX;

	*ret = (struct creds){
		.uid = a->uid, .gid = a->gid, .euid = a->who.uid, .egid = a->who.gid,
		.fsuid = a->fsuid, .fsgid = a->fsgid, .ngroups = n,
		.cap_eff = a->effective, .cap_prm = a->permitted, .cap_bnd = a->bounding,
		.user_ns = a->user_ns, .seccomp = a->seccomp, .groups_cut = n < a->ngroups,
		.host_user_ns = a->user_ns == host, .no_new_privs = a->flags & DENIED_NNP,
	};
	memcpy(ret->groups, a->groups, n * sizeof(ret->groups[0]));
}

_Static_assert(DENIED_GROUPS_MAX <= CREDS_GROUPS_MAX, "all that are told find room");
