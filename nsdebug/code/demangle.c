/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/demangle.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

#include <libiberty/demangle.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/code/work.h"

#define OPTIONS (DMGL_PARAMS | DMGL_ANSI)
#define TIMED 96	/* a shorter name cannot keep one busy for long */
#define TIME_US 20000	/* of the processor, for one name */

struct sink {
	struct buf *b;
	size_t start;
};

static jmp_buf stop;
static volatile sig_atomic_t running;

/* The demanglers ask nobody whether to go on, and hold no memory while they print. */
static void take(const char *text, size_t len, void *arg)
{
	struct sink *s = arg;

	if (len > DEMANGLE_OUT_MAX - (s->b->len - s->start))
		longjmp(stop, 1);
	buf_add(s->b, text, len);
}

static void on_time(int sig)
{
	if (running)
		longjmp(stop, 1);
}

static void set_timer(long us)
{
	static bool ready;
	struct sigaction a = { .sa_handler = on_time, .sa_flags = SA_NODEFER };
	const struct itimerval t = { .it_value = { .tv_usec = us } };

	if (!ready)
		ready = !sigaction(SIGVTALRM, &a, NULL);
	setitimer(ITIMER_VIRTUAL, &t, NULL);
}

/*
 * libiberty goes through what a pack may be in again for each time that it is named, without a
 * word: 200 bytes take it hours. It allocates nothing here, nor does take(), for there is room: so
 * it may be left anywhere.
 */
static bool try_cxx(struct sink *s, const char *name, size_t len)
{
	volatile bool done = false;

	if (!setjmp(stop)) {
		running = true;
		if (len >= TIMED)
			set_timer(TIME_US);
		done = cplus_demangle_v3_callback(name, OPTIONS, take, s);
	}
	running = false;
	if (len >= TIMED)
		set_timer(0);
	return done;
}

/* Whatever it works at it prints: its length is a limit of its time. */
static bool try_rust(struct sink *s, const char *name)
{
	return !setjmp(stop) && rust_demangle_callback(name, OPTIONS, take, s);
}

bool demangle(struct buf *b, const char *name)
{
	struct sink s = { .b = b, .start = b->len };
	size_t len = strnlen(name, DEMANGLE_IN_MAX);
	uint64_t from;
	bool done;

	if (strncmp(name, "_Z", 2) && strncmp(name, "_R", 2))
		return false;
	if (len == DEMANGLE_IN_MAX || !work_may(0, len))
		return false;
	from = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	buf_reserve(b, DEMANGLE_OUT_MAX + 1);
	done = try_rust(&s, name);	/* first: old Rust names are C++ names too */
	if (!done) {
		b->len = s.start;
		done = try_cxx(&s, name, len);
	}
	work_spent(clock_of(CLOCK_PROCESS_CPUTIME_ID) - from);
	done &= b->len > s.start;
	if (!done)
		b->len = s.start;
	return done;
}
