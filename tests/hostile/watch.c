/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch - inotify: writes a line "EVENTS PATH [NAME]" for each event, after a line "ready".
 *
 *	watch open|change PATH...
 *
 * "open" is that something was opened (an O_PATH handle is no open); "change" is everything but
 * opening, reading and closing what was only read.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WATCHES_MAX 256

static const struct { unsigned int bit; const char *name; } names[] = {
	{ IN_OPEN, "open" }, { IN_ACCESS, "access" }, { IN_MODIFY, "modify" },
	{ IN_ATTRIB, "attrib" }, { IN_CLOSE_WRITE, "close_write" },
	{ IN_MOVED_FROM, "moved_from" }, { IN_MOVED_TO, "moved_to" }, { IN_CREATE, "create" },
	{ IN_DELETE, "delete" }, { IN_DELETE_SELF, "delete_self" }, { IN_MOVE_SELF, "move_self" },
	{ IN_UNMOUNT, "unmount" }, { IN_Q_OVERFLOW, "overflow" },
};

static void print(const struct inotify_event *ev, char **paths)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (ev->mask & names[i].bit)
			printf("%s ", names[i].name);
	printf("%s %s\n", ev->wd > 0 && ev->wd < WATCHES_MAX && paths[ev->wd] ?
	       paths[ev->wd] : "?", ev->len ? ev->name : "");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned int mask = IN_ALL_EVENTS & ~(unsigned int)(IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE);
	char *paths[WATCHES_MAX] = { 0 }, buf[65536] __attribute__((aligned(8)));
	int fd = inotify_init1(IN_CLOEXEC), wd;

	if (argc < 3)
		errx(2, "usage: watch open|change PATH...");
	if (!strcmp(argv[1], "open"))
		mask = IN_OPEN;
	for (int i = 2; i < argc; i++) {
		wd = inotify_add_watch(fd, argv[i], mask | IN_DONT_FOLLOW);
		if (wd < 0)
			err(1, "%s", argv[i]);
		if (wd < WATCHES_MAX)
			paths[wd] = argv[i];
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			err(1, "read");
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const void *)p;

			print(ev, paths);
			p += sizeof(*ev) + ev->len;
		}
	}
}
