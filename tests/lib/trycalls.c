/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trycalls LIST RESULT: calls each number in the file LIST with all arguments 0, and writes
 * "NUMBER ERRNO" lines to RESULT; then waits to be killed. For calls that do no harm, or are
 * refused.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	FILE *list = argc > 2 ? fopen(argv[1], "r") : NULL, *result;
	long nr;

	result = list ? fopen(argv[2], "w") : NULL;
	if (!result)
		return 1;
	while (fscanf(list, "%ld", &nr) == 1) {
		errno = 0;
		syscall(nr, 0, 0, 0, 0, 0, 0);
		fprintf(result, "%ld %d\n", nr, errno);
	}
	fclose(result);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
