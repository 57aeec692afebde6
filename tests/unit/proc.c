/* SPDX-License-Identifier: Apache-2.0 */
/* sys/proc: stat and status, with names that try to look like more. */
#include "nsdebug/sys/proc.h"

#include <fcntl.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

#define TAIL " S 1 2 3 34816 5 4194304 7 8 9 10 11 12 13 14 20 -5 4 0 777 4096 55 " \
	"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 3 0 0\n"

static bool stat_of(const char *comm, const char *tail, struct proc_stat *st)
{
	char text[1024];

	snprintf(text, sizeof(text), "42 (%s)%s", comm, tail);
	return proc_parse_stat(text, st);
}

static void stats(void)
{
	static const char *const names[] = {
		"x", "a b", ") R 1 (", "((", "))", "", "a\nb", "\xff",
	};
	struct proc_stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(stat_of(names[i], TAIL, &st) && !strcmp(st.comm, names[i]) && st.state == 'S' &&
		   st.ppid == 1, "a name is a name");
	ok(st.pgrp == 2 && st.session == 3 && st.tty == 34816 && st.tpgid == 5, "ids");
	ok(st.utime == 11 && st.stime == 12 && st.priority == 20 && st.nice == -5, "times");
	ok(st.threads == 4 && st.start == 777 && st.vsize == 4096 && st.rss == 55 && st.cpu == 3,
	   "sizes");

	static const char *const bad[] = { "", " ", " S", " S 1 2 3", " S x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!stat_of("x", bad[i], &st), "a stat that is cut off is none");
	char none[] = "no parenthesis", turned[] = ") x (";

	ok(!proc_parse_stat(none, &st) && !proc_parse_stat(turned, &st), "nor one without a name");
}

static void statuses(void)
{
	struct proc_status st;

	ok(proc_parse_status("Name:\tx\nTracerPid:\t9\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
			     "NSpid:\t100\t20\t1\nNSpgid:\t90\t10\t0\n"
			     "NSsid:\t80\t7\t0\nVmRSS:\t   12 kB\nVmSwap:\t 3 kB\n"
			     "CapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n", &st),
	   "a status");
	ok(st.uid[0] == 1 && st.uid[3] == 4 && st.gid[1] == 6, "its ids");
	ok(st.levels == 3 && st.nspid[0] == 100 && st.nspid[2] == 1, "its pids");
	ok(st.nspgrp[1] == 10 && st.nspgrp[2] == 0 && st.nssid[0] == 80 && st.nssid[1] == 7,
	   "its group and session");
	ok(st.tracer == 9 && st.vm_rss == 12288 && st.vm_swap == 3072 && st.seccomp == 2 &&
	   st.no_new_privs && st.cap_eff == 0xa80425fb, "and the rest");
	ok(proc_parse_status("Name:\tUid:\t0\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\n", &st) &&
	   st.uid[0] == 1, "a name that looks like a field");
	ok(!proc_parse_status("Uid:\t1\t1\t1\t1\n", &st), "no Gid: none");
	ok(!proc_parse_status("", &st), "empty: none");
	ok(!proc_parse_status("Uid:\t1\nGid:\t1\n", &st), "one id of four: none");
	ok(proc_parse_status("Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nNSpid:", &st) && !st.levels,
	   "NSpid without any");
}

static void own(void)
{
	auto_close int dir = open("/proc/self", O_PATH | O_DIRECTORY), procs = -1;
	struct proc_stat st;
	struct proc_status status;
	struct proc_dir d;
	uint64_t start;
	bool found = false;
	pid_t pid;

	ok(proc_stat(dir, &st) == 0 && st.ppid == getppid(), "our own stat");
	ok(proc_start(dir, &start) == 0 && start == st.start, "our start");
	ok(proc_status(dir, &status) == 0 && status.uid[0] == getuid() &&
	   status.nspid[status.levels - 1] == getpid(), "our own status");
	procs = open("/proc", O_RDONLY | O_DIRECTORY);
	proc_dir_init(&d, procs);
	while (proc_dir_next(&d, &pid) > 0)
		found |= pid == getpid();
	ok(found, "we are among the processes");
}

int main(void)
{
	stats();
	statuses();
	own();
	return done();
}
