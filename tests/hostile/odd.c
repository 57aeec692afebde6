/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odd - a process of a name that nobody expects; prints its pid once it bears it.
 *
 *	odd NAME [ARG...]	backslashes in NAME are as in printf %b; it stays in the background
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
		s[2] <= '7';
}

static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] == 'n') {
			*to++ = '\n';
			s += 2;
		} else if (s[0] == '\\' && is_octal(s + 1)) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: odd NAME [ARG...]");
	switch (fork()) {
	case -1: err(1, "fork");
	case 0: break;
	default: pause();	/* its parent: the test knows its parent's pid */
	}
	unescape(argv[1]);
	if (prctl(PR_SET_NAME, argv[1]) < 0)
		err(1, "name");
	printf("%d %d\n", getppid(), getpid());
	fflush(stdout);
	for (;;)
		pause();
}
