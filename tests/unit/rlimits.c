/* SPDX-License-Identifier: Apache-2.0 */
/* sys/rlimits: /proc/PID/limits, and that the use of our own is what it is; sys/limits judges. */
#include "nsdebug/sys/rlimits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/sys/limits.h"
#include "tests/unit/check.h"

static void texts(void)
{
	struct rlimits r;

	ok(rlimits_parse(&r, "Limit                     Soft Limit           Hard Limit     Units\n"
			 "Max cpu time              unlimited            unlimited      seconds\n"
			 "Max open files            1024                 4096           files\n"
			 "Max nice priority         0                    5\n"),
	   "limits");
	ok(r.there[RL_NOFILE] && r.soft[RL_NOFILE] == 1024 && r.hard[RL_NOFILE] == 4096, "numbers");
	ok(r.there[RL_CPU] && r.soft[RL_CPU] == UINT64_MAX && r.hard[RL_CPU] == UINT64_MAX,
	   "unlimited");
	ok(r.there[RL_NICE] && r.soft[RL_NICE] == 0 && r.hard[RL_NICE] == 5, "no unit");
	ok(!r.there[RL_AS], "one that is not there");
	ok(!rlimits_parse(&r, "") && !rlimits_parse(&r, "Max open files\n") &&
	   !rlimits_parse(&r, "Max open files 12\n") &&
	   !rlimits_parse(&r, "Max open files x y\n") &&
	   !rlimits_parse(&r, "Max open files 12\nMax cpu time "), "lines that are cut off");
	ok(!rlimits_parse(&r, "Max open files 12\n34 56\n") || r.hard[RL_NOFILE] != 34,
	   "a number of the next line is none of this");
}

static void tick(void *ctx)
{
	++*(unsigned int *)ctx;
}

static void ourselves(void)
{
	auto_close int dir = open("/proc/self", O_PATH | O_DIRECTORY);
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY);
	auto_close int one = open("/dev/null", O_RDONLY);
	uint64_t use[RL_COUNT], more[RL_COUNT];
	unsigned int ticks = 0;
	struct rlimits r;
	struct rlimit own;
	void *locked = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (rlimits_read(&r, dir) < 0 || getrlimit(RLIMIT_NOFILE, &own) < 0)
		abort();
	ok(r.soft[RL_NOFILE] == own.rlim_cur && r.hard[RL_NOFILE] == own.rlim_max,
	   "our own limits");
	rlimits_use(use, &r, dir, procfs, tick, &ticks);
	auto_close int two = open("/dev/null", O_RDONLY);

	/* not by mlock(3), which a sanitizer makes a function that does nothing */
	if (syscall(SYS_mlock, locked, 8192) < 0)
		abort();
	rlimits_use(more, &r, dir, procfs, tick, &ticks);
	ok(more[RL_NOFILE] == use[RL_NOFILE] + 1 && one >= 0 && two >= 0, "a file more");
	ok(more[RL_MEMLOCK] == use[RL_MEMLOCK] + 8192, "locked memory more");
	ok(use[RL_AS] > use[RL_STACK] && use[RL_STACK] > 0, "address space and stack");
	ok(r.soft[RL_NPROC] == RLIM_INFINITY ? use[RL_NPROC] == UINT64_MAX :
	   use[RL_NPROC] >= 1 && ticks > 1, "threads of our user");
}

static const char *judged(uint64_t use, uint64_t soft, uint64_t hard)
{
	struct limit l = limit_new("x", "rlimit", "count");

	l.use = use;
	l.soft = soft;
	l.hard = hard;
	limit_judge(&l);
	return l.state;
}

static void states(void)
{
	const uint64_t none = UINT64_MAX;
	struct limit l = limit_new("x", "cgroup", "bytes");

	ok(!strcmp(judged(79, none, 100), "ok") && !strcmp(judged(80, none, 100), "tight") &&
	   !strcmp(judged(99, none, 100), "tight") && !strcmp(judged(100, none, 100), "full") &&
	   !strcmp(judged(300, none, 100), "full"), "ok, tight, full");
	ok(!strcmp(judged(90, 100, 1000), "tight") && !strcmp(judged(90, none, 1000), "ok"),
	   "the soft one holds");
	ok(!strcmp(judged(none, 100, 100), "ok") && !strcmp(judged(5, none, none), "ok"),
	   "no use, or no limit");
	ok(!strcmp(judged(0, none, 0), "ok") && !strcmp(judged(1, none, 0), "full"),
	   "a limit of 0");
	ok(!strcmp(judged(UINT64_MAX - 2, none, UINT64_MAX - 1), "tight"), "large numbers");
	l.use = 30;
	l.hard = 40;
	limit_judge(&l);
	ok(l.headroom == 10 && l.used_percent == 75 && l.headroom_percent == 25 &&
	   !limit_is_trouble(&l), "what is left");
}

int main(void)
{
	texts();
	ourselves();
	states();
	return done();
}
