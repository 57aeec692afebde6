/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -static -pthread */
/*
 * shutin - a thread that waits in a call, which is refused at its end.
 *
 *	shutin GO	says "inside" on stderr when it waits, and lets it be refused when file GO
 *			is there
 *
 * connect(2) to a socket whose queue is full looks its path up anew when the listener is gone, and
 * by then its owner has taken all rights from it.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH "/tmp/shut"

static const struct sockaddr_un where = { .sun_family = AF_UNIX, .sun_path = PATH };
static atomic_int waiting;
static int outcome;

static int connect_to(int flags)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);

	return connect(fd, (const struct sockaddr *)&where, sizeof(where));
}

static void *wait_inside(void *arg)
{
	prctl(PR_SET_NAME, "inside");
	waiting = (int)syscall(SYS_gettid);
	outcome = connect_to(0) < 0 ? errno : 0;
	return arg;
}

/* /proc/TID/syscall begins with the number of the call that it sleeps in. */
static int is_inside(int tid)
{
	char path[64];
	int nr = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%d", &nr) != 1)
		nr = -1;
	if (f)
		fclose(f);
	return nr == SYS_connect;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t t;

	if (argc != 2 || bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0 ||
	    listen(fd, 0) < 0)
		err(1, PATH);
	while (connect_to(SOCK_NONBLOCK) == 0)
		;
	pthread_create(&t, NULL, wait_inside, NULL);
	while (!waiting || !is_inside(waiting))
		poll(NULL, 0, 1);
	fprintf(stderr, "inside\n");
	while (access(argv[1], F_OK))
		poll(NULL, 0, 10);
	chmod(PATH, 0);
	close(fd);
	pthread_join(t, NULL);
	fprintf(stderr, "%s\n", outcome == EACCES ? "refused" : strerror(outcome));
	for (;;)
		pause();
}
