/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends [TIMES] - for each way to end TIMES processes (20) at once, called by it. All but "alone"
 * and "term1" have four threads; those that do not end the process wait in innocent(). In guilty()
 * is: in "group" the first thread, which calls exit_group(42); in "other" another one; in "race"
 * another, while rival() calls exit_group(43); in "fault" and "abort" another; in "last" the
 * first, which calls exit(2) when the others have; in "alone" the only one. The parent sends
 * SIGTERM in "term" and "term1", SIGSEGV in "sent".
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

static const char *way;
static pthread_barrier_t gate;

static bool is(const char *s)
{
	return !strcmp(way, s);
}

static void wait_a_while(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

KEEP void innocent(void)
{
	for (;;)
		pause();
}

KEEP void rival(void)
{
	_exit(43);
	__asm__ volatile("");
}

KEEP void guilty(void)
{
	if (is("fault"))
		*(volatile int *)8 = 1;
	else if (is("abort"))
		abort();
	else if (is("last"))
		syscall(SYS_exit, 42);
	else if (is("term1"))
		pause();
	else
		_exit(42);
	__asm__ volatile("");
}

static void *thread(void *arg)
{
	long n = (long)arg;

	pthread_barrier_wait(&gate);
	if (is("last"))
		syscall(SYS_exit, 0);
	if (!n && is("race"))
		wait_a_while(1000);
	if (!n && is("race"))
		rival();
	if (n == 1 && (is("other") || is("race") || is("fault") || is("abort"))) {
		wait_a_while(1000);
		guilty();
	}
	innocent();
	return arg;
}

static void end(void)
{
	pthread_t t;

	prctl(PR_SET_NAME, way);
	pthread_barrier_init(&gate, NULL, 4);
	for (long i = 0; i < 3 && !is("alone") && !is("term1"); i++)
		if (pthread_create(&t, NULL, thread, (void *)i))
			_exit(1);
	if (!is("alone") && !is("term1"))
		pthread_barrier_wait(&gate);
	if (is("group") || is("last") || is("alone"))
		wait_a_while(1000);
	if (is("group") || is("last") || is("alone") || is("term1"))
		guilty();
	innocent();
}

int main(int argc, char **argv)
{
	static const char *const ways[] = { "group", "other", "race", "fault", "abort", "last",
					    "alone", "term", "term1", "sent" };
	int times = argc > 1 ? atoi(argv[1]) : 20;
	struct rlimit none = { 0 };

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		pid_t pids[64];

		way = ways[i];
		for (int n = 0; n < times && n < 64; n++)
			if (!(pids[n] = fork()))
				end();
		wait_a_while(is("sent") || *way == 't' ? 1500 : 0);
		for (int n = 0; n < times && n < 64; n++)
			if (is("sent") || *way == 't')
				kill(pids[n], is("sent") ? SIGSEGV : SIGTERM);
		while (wait(NULL) > 0)
			;
	}
	return 0;
}
