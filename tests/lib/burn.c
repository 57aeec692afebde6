/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burn - a known mix of functions, which says itself how much time each has had.
 *
 *	burn cpu SECONDS [THREADS]	each thread burns processor time in burn_60, burn_30 and
 *					burn_10, by its own clock in turns of a few milliseconds,
 *					until it has had SECONDS of it
 *	burn wait SECONDS [THREADS]	each thread sleeps in wait_60, wait_30 and wait_10
 *	burn deep SECONDS DEPTH		burns below so many calls of dive()
 *	burn lost SECONDS		one thread waits until it can open /go/until and then burns;
 *					all the time others wait, below many calls of dive()
 *	burn short SECONDS		in processes that end at once, one after the other
 *	burn names SECONDS		in threads whose names are odd
 *	burn made SECONDS		in code that it makes, at 0x200000000
 *
 * It begins when there is a file /go/on, so that who measures sees all of it. In the end it says
 * "FUNCTION NANOSECONDS" for each on stderr.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 16

static uint64_t spent[THREADS_MAX][3], seconds, nthreads = 2;
static volatile uint64_t sink;

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Its time is that of who calls it: in there is nothing that could be called by itself. */
#define BURN(name) \
	__attribute__((noinline)) void name(uint64_t ns); \
	void name(uint64_t ns) \
	{ \
		uint64_t until = now(CLOCK_THREAD_CPUTIME_ID) + ns; \
		while (now(CLOCK_THREAD_CPUTIME_ID) < until) \
			for (int i = 0; i < 20000; i++) \
				sink += (uint64_t)i * 2654435761u; \
	}

BURN(burn_60)
BURN(burn_30)
BURN(burn_10)

#define WAIT(name) \
	__attribute__((noinline)) void name(uint64_t ns); \
	void name(uint64_t ns) \
	{ \
		nanosleep(&(struct timespec){ (time_t)(ns / 1000000000), \
			  (long)(ns % 1000000000) }, NULL); \
		__asm__ volatile("" : : : "memory");	/* nor is it the last call */ \
	}

WAIT(wait_60)
WAIT(wait_30)
WAIT(wait_10)

typedef void step_fn(uint64_t ns);

/* Turns of changing length, so that no clock that ticks keeps step with them. */
static void work(unsigned int me, step_fn *const *steps, clockid_t clock)
{
	static const uint64_t parts[3] = { 6, 3, 1 };
	uint64_t all = 0, before, unit = 700000 + me * 31013;

	while (all < seconds * 1000000000) {
		for (int i = 0; i < 3; i++) {
			before = now(clock);
			steps[i](parts[i] * unit);
			before = now(clock) - before;
			spent[me][i] += before;
			all += before;
		}
		unit = 500000 + (unit * 7919 + 104729) % 700000;
	}
}

static void *burner(void *arg)
{
	static step_fn *const steps[3] = { burn_60, burn_30, burn_10 };

	prctl(PR_SET_NAME, "burner");
	work((unsigned int)(uintptr_t)arg, steps, CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static void *waiter(void *arg)
{
	static step_fn *const steps[3] = { wait_60, wait_30, wait_10 };

	prctl(PR_SET_NAME, "waiter");
	work((unsigned int)(uintptr_t)arg, steps, CLOCK_MONOTONIC);
	return NULL;
}

static void burn_all(void)
{
	burn_60(seconds * 1000000000);
}

static void (*deepest)(void) = burn_all;

__attribute__((noinline)) uint64_t dive(uint64_t depth);
static uint64_t (*volatile next)(uint64_t) = dive;	/* a call is a call */
uint64_t dive(uint64_t depth)
{
	volatile char room[64];

	room[0] = (char)depth;
	if (depth)
		return next(depth - 1) + (uint64_t)room[0];
	deepest();
	return 0;
}

static void wait_short(void)
{
	uint64_t until = now(CLOCK_MONOTONIC) + seconds * 1000000000;

	while (now(CLOCK_MONOTONIC) < until)
		wait_10(20000);
}

static void *waits_once(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "once");
	close(open("/go/until", O_RDONLY | O_CLOEXEC));
	burn_all();
	return NULL;
}

static void *waits_often(void *arg)
{
	if (!arg)
		return waits_once(arg);
	prctl(PR_SET_NAME, "often");
	dive(200);
	return NULL;
}

static const char *const odd[] = {
	"a;b", "x\ny", "</title><i>", "\"'&\\", "]]><script>", "\033[31mred", "\xff\xfe", "",
};

static void *named(void *arg)
{
	prctl(PR_SET_NAME, odd[(uintptr_t)arg]);
	burn_60(seconds * 1000000000 / 8);
	return NULL;
}

static void made(void)
{
	/* dec %rdi; jnz to the beginning; ret */
	static const unsigned char code[] = { 0x48, 0xff, 0xcf, 0x75, 0xfb, 0xc3 };
	void *p = mmap((void *)0x200000000ul, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	memcpy(p, code, sizeof(code));
	while (now(CLOCK_THREAD_CPUTIME_ID) < seconds * 1000000000)
		((void (*)(uint64_t))p)(1000000);
}

static void in_short(void)
{
	uint64_t until = now(CLOCK_MONOTONIC) + seconds * 1000000000;
	pid_t pid;

	while (now(CLOCK_MONOTONIC) < until) {
		pid = fork();
		if (!pid) {
			burn_60(3000000);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static void run(void *(*fn)(void *), uint64_t count)
{
	pthread_t threads[THREADS_MAX];

	count = count < THREADS_MAX ? count : THREADS_MAX;
	for (uint64_t i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, fn, (void *)(uintptr_t)i);
	for (uint64_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void say(const char *const *names)
{
	for (int i = 0; i < 3; i++) {
		uint64_t sum = 0;

		for (int k = 0; k < THREADS_MAX; k++)
			sum += spent[k][i];
		fprintf(stderr, "%s %llu\n", names[i], (unsigned long long)sum);
	}
}

int main(int argc, char **argv)
{
	static const char *const burns[] = { "burn_60", "burn_30", "burn_10" };
	static const char *const waits[] = { "wait_60", "wait_30", "wait_10" };
	const char *what = argc > 2 ? argv[1] : "";

	seconds = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	if (argc > 3)
		nthreads = strtoull(argv[3], NULL, 10);
	while (access("/go/on", F_OK))
		nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
	if (!strcmp(what, "cpu"))
		run(burner, nthreads);
	else if (!strcmp(what, "wait"))
		run(waiter, nthreads);
	else if (!strcmp(what, "names"))
		run(named, sizeof(odd) / sizeof(*odd));
	else if (!strcmp(what, "made"))
		made();
	else if (!strcmp(what, "short"))
		in_short();
	else if (!strcmp(what, "lost")) {
		deepest = wait_short;
		run(waits_often, 4);
	} else if (!strcmp(what, "deep"))
		dive(nthreads);
	else
		return 2;
	if (strcmp(what, "names") && strcmp(what, "made"))
		say(*what == 'w' ? waits : burns);
	return 0;
}
