/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trycalls LIST RESULT: makes the call of each line of the file LIST, "NUMBER [ARG...]", in a
 * process of its own, and writes the line with the errno behind it to RESULT; then waits to be
 * killed. Arguments are numbers, paths that begin with a slash, @ (zeros that can be written to)
 * or % (a descriptor of its UTS namespace); those that are left out are 0. For calls that do no
 * harm, or are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS 7

static char zeros[4096];

static long value(const char *word)
{
	if (!word)
		return 0;
	if (*word == '@')
		return (long)zeros;
	if (*word == '%')
		return open("/proc/self/ns/uts", O_RDONLY);
	return *word == '/' ? (long)word : (long)strtoull(word, NULL, 0);
}

static int result_of(char *line)
{
	long a[ARGS];
	int st;
	pid_t pid;

	for (int i = 0; i < ARGS; i++)
		a[i] = value(strtok(i ? NULL : line, " \n"));
	pid = fork();
	if (!pid) {
		errno = 0;
		syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
		_exit(errno);
	}
	return pid > 0 && waitpid(pid, &st, 0) == pid && WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

int main(int argc, char **argv)
{
	FILE *list = argc > 2 ? fopen(argv[1], "r") : NULL, *result;
	char line[256];

	result = list ? fopen(argv[2], "w") : NULL;
	if (!result)
		return 1;
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		fprintf(result, "%s", line);
		fflush(result);
		fprintf(result, " %d\n", result_of(line));
	}
	fclose(result);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
