/* SPDX-License-Identifier: Apache-2.0 */
/* sys/members: whose pid was another's when the list was made is no member. */
#include "nsdebug/sys/members.h"

#include <fcntl.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "tests/unit/check.h"

static bool has_self(const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == getpid())
			return true;
	return false;
}

static void of_namespace(int procfs, int self)
{
	struct members_want w = {
		.procfs = procfs, .cgroup = -1, .ns = "mnt", .ns_id = ns_id(self, "mnt"),
	};
	auto_free pid_t *pids = NULL;
	size_t count = 0;
	struct err e;
	bool cut;

	ok(members_list(&w, &pids, &count, &cut, &e) == 0 && has_self(pids, count) && !cut,
	   "we are in our own mount namespace");
	ok(members_has(&w, self), "still");
	w.ns_id++;
	ok(!members_has(&w, self), "and not in another");
}

/* A descriptor says that a cgroup is asked for; which one only young processes are asked. */
static void of_cgroup(int procfs, int self)
{
	auto_buf struct buf text = { 0 };
	struct cgroup at, other, above;
	struct members_want w = { .procfs = procfs, .cgroup = self, .at = &at };
	struct proc_stat st;
	const char *p;

	ok(fd_read_file(self, "cgroup", &text, 1u << 18) == 0, "our cgroups");
	p = text.bytes;
	ok(cgroup_next(&p, &at) && proc_stat(self, &st) == 0, "the first of them");
	ok(members_has(&w, self), "one that began after the list, in that cgroup");
	other = at;
	snprintf(other.path + strlen(other.path), 10, "-x");
	w.at = &other;
	ok(!members_has(&w, self), "in another of a longer name");
	above = at;
	snprintf(above.path, sizeof(above.path), "/no-such-cgroup");
	w.at = &above;
	ok(!members_has(&w, self), "in another");
	w.since = st.start;
	ok(!members_has(&w, self), "begun in the same tick: asked");
	w.since = st.start + 1;
	ok(members_has(&w, self), "one that is older than the list was in it");
	ok(!members_is(&w, self), "who was never listed is asked at any age");
	w.at = &at;
	ok(members_is(&w, self), "and says where it is");
	w.since = 0;
	st.state = 'Z';
	ok(members_was(&w, self, &st), "a zombie has no cgroup any more");
}

int main(void)
{
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int self = proc_open(procfs, getpid());

	of_namespace(procfs, self);
	of_cgroup(procfs, self);
	return done();
}
