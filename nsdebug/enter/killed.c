/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/enter/killed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "nsdebug/base/fd.h"

#define ROUND_MS 150
#define ROUNDS 80
#define BLOCKED_ROUNDS 2	/* who ends may wait for a moment, as for a grace period of RCU */

bool killed_within(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	while ((n = poll(&p, 1, ms)) < 0 && errno == EINTR)
		;
	return n > 0;
}

/* A child of our own, so its files are ours to read. */
static ssize_t read_of(pid_t pid, const char *name, char *text, size_t room)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fd_read_at(AT_FDCWD, path, text, room);
}

char killed_state(pid_t pid)
{
	char text[512];
	const char *end = read_of(pid, "stat", text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;

	return end && end[1] == ' ' ? end[2] : '\0';
}

enum killed killed_wait(pid_t pid, int pidfd)
{
	int blocked = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (killed_within(pidfd, ROUND_MS))
			return KILLED_GONE;
		blocked = killed_state(pid) == 'D' ? blocked + 1 : 0;
		if (blocked == BLOCKED_ROUNDS)
			return KILLED_BLOCKED;
	}
	return KILLED_STARVED;
}

void killed_where(pid_t pid, char *text, size_t room)
{
	if (read_of(pid, "wchan", text, room) <= 0)
		snprintf(text, room, "unknown");
}
