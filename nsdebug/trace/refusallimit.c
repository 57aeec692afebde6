/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusallimit - limits of the process, of its cgroups and of the node that refuse a system call.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "nsdebug/trace/refusal.h"

/* Where the file would end; 0: not known. */
static uint64_t asked_for(const struct refusal *f)
{
	const __u64 *a = f->view.call->args;

	switch (f->view.call->nr) {
	case SYS_truncate: case SYS_ftruncate:
		return a[1];
	case SYS_fallocate:
		return a[2] + a[3];
	case SYS_pwrite64:
		return a[3] + a[2];
	default:
		return 0;
	}
}

static void say_rlimit(const struct refusal *f, struct reason *r, unsigned int which,
		       const char *word)
{
	const __u64 *limit = f->kept->as.limits[which];

	refusal_say(r, WHY_RLIMIT, word);
	r->limit = limit[0];
	r->hard = limit[1];
	r->number = which == RLIMIT_FSIZE ? asked_for(f) : 0;
}

static bool is_finite(const struct refusal *f, unsigned int which)
{
	return f->kept->as.limits[which][0] < INT64_MAX;
}

static bool is_memory_call(unsigned int nr)
{
	return nr == SYS_mmap || nr == SYS_mremap;
}

static bool is_lock(unsigned int nr)
{
	return nr == SYS_mlock || nr == SYS_mlock2 || nr == SYS_mlockall;
}

static void say_tasks(const struct refusal *f, struct reason *r)
{
	const struct denied_as *a = &f->kept->as;

	if (a->pids_max) {
		refusal_say(r, WHY_PIDS, NULL);
		snprintf(r->mount, sizeof(r->mount), "%.*s", (int)sizeof(a->pids_cgroup),
			 a->pids_cgroup);
		r->number = a->pids;
		r->limit = a->pids_max;
	} else if (is_finite(f, RLIMIT_NPROC)) {
		say_rlimit(f, r, RLIMIT_NPROC, "nproc");
		r->guess = true;
	} else {
		refusal_say(r, WHY_RULE, "as many threads as kernel.threads-max or "
			    "kernel.pid_max allow");
		r->guess = true;
	}
}

#define PAGE 4096ull

/* How many pages more the call would have had. */
static uint64_t pages_asked(const struct refusal *f)
{
	const __u64 *args = f->view.call->args;
	uint64_t bytes = args[1];

	switch (f->view.call->nr) {
	case SYS_mremap:
		bytes = args[2] > args[1] ? args[2] - args[1] : 0;
		break;
	case SYS_mlock: case SYS_mlock2:
		bytes += args[0] % PAGE;
		break;
	case SYS_mlockall:
		return f->kept->as.total_vm;
	}
	return bytes / PAGE + (bytes % PAGE != 0);
}

/* Would what it has and what it asked for be more than its limit? */
static bool is_above(const struct refusal *f, unsigned int which, uint64_t pages)
{
	return is_finite(f, which) && pages + pages_asked(f) > f->kept->as.limits[which][0] / PAGE;
}

/* All of mlockall(2) counts, not only what is not locked yet. */
static bool is_above_lock(const struct refusal *f)
{
	return is_above(f, RLIMIT_MEMLOCK, f->view.call->nr == SYS_mlockall ? 0 :
			f->kept->as.locked_vm);
}

/* mmap(2), mremap(2): in the kernel's order. */
static void limit_of_mapping(const struct refusal *f, struct reason *r, bool *none)
{
	const struct denied_as *a = &f->kept->as;

	if (f->map_max && a->map_count >= f->map_max) {
		refusal_say(r, WHY_RULE, "vm.max_map_count: the process has as many mappings "
			    "as it may");
		r->guess = a->map_count == f->map_max;
	} else if (is_above(f, RLIMIT_AS, a->total_vm)) {
		say_rlimit(f, r, RLIMIT_AS, "as");
	} else if (is_above(f, RLIMIT_DATA, a->data_vm)) {
		say_rlimit(f, r, RLIMIT_DATA, "data");
	} else {
		*none = !is_finite(f, RLIMIT_AS) && !is_finite(f, RLIMIT_DATA);
		refusal_say(r, WHY_UNKNOWN, "no room for it among the process's addresses, or "
			    "more memory than vm.overcommit_memory allows; its limits are far");
		r->guess = true;
	}
}

static bool limit_of_memory(const struct refusal *f, struct reason *r, bool *none)
{
	unsigned int nr = f->view.call->nr;

	if (is_lock(nr) || (is_memory_call(nr) && r->err == EAGAIN)) {
		/* else nothing is there that could be locked */
		*none = !is_above_lock(f);
		say_rlimit(f, r, RLIMIT_MEMLOCK, "memlock");
		/* whole pages, and with what is locked already */
		r->number = PAGE * (pages_asked(f) + (nr == SYS_mlockall ? 0 :
						      f->kept->as.locked_vm));
		r->caps = CREDS_CAP(IPC_LOCK);
	} else if (is_memory_call(nr)) {
		limit_of_mapping(f, r, none);
	} else {
		refusal_say(r, WHY_UNKNOWN, "no memory for it: a memory cgroup's limit, or a pid "
			    "namespace whose first process has ended");
	}
	return !*none;
}

bool refusal_limit(const struct refusal *f, struct reason *r, bool *none)
{
	unsigned int nr = f->view.call->nr;

	*none = false;
	switch (r->err) {
	case EMFILE:
		if (nr == SYS_inotify_init || nr == SYS_inotify_init1)
			refusal_say(r, WHY_RULE, "fs.inotify.max_user_instances, or RLIMIT_NOFILE");
		else
			say_rlimit(f, r, RLIMIT_NOFILE, "nofile");
		return true;
	case ENFILE:
		refusal_say(r, WHY_RULE, "fs.file-max: the node has no more open files");
		return true;
	case EAGAIN:
		if (is_lock(nr) || is_memory_call(nr))
			return limit_of_memory(f, r, none);
		say_tasks(f, r);
		return true;
	case ENOMEM:
		return limit_of_memory(f, r, none);
	case EFBIG:
		*none = !is_finite(f, RLIMIT_FSIZE);
		say_rlimit(f, r, RLIMIT_FSIZE, "fsize");
		return !*none;
	case ENOSPC:
		refusal_say(r, WHY_RULE, nr == SYS_inotify_add_watch ?
			    "fs.inotify.max_user_watches" :
			    nr == SYS_epoll_ctl ? "fs.epoll.max_user_watches" :
			    "user.max_*_namespaces");
		return true;
	case EDQUOT:
		refusal_say(r, WHY_RULE, "a quota of the file system, or of keys");
		return true;
	default:
		return false;
	}
}
