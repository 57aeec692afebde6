/* SPDX-License-Identifier: Apache-2.0 */
/*
 * naive - reads a file as many times as it is told, the way one must not: every open follows links
 * from our own root. Shows that a trap is one.
 *
 *	naive PATH TIMES
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char bytes[256];

	if (argc != 3)
		errx(2, "usage: naive PATH TIMES");
	for (int i = 0; i < atoi(argv[2]); i++) {
		int fd = open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

		if (n > 0 && write(1, bytes, (size_t)n) != n)
			return 1;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
