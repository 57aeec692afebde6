/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap - exchanges two names as fast as it can, until it is killed.
 *
 *	swap A B [COUNTFILE]	the number of exchanges so far is kept in COUNTFILE, in decimal
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void save(const char *path, unsigned long n)
{
	char text[32];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int len = snprintf(text, sizeof(text), "%lu\n", n);

	if (fd < 0 || write(fd, text, (size_t)len) != len)
		err(1, "%s", path);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: swap A B [COUNTFILE]");
	for (unsigned long n = 0;; n++) {
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0)
			err(1, "exchange %s and %s", argv[1], argv[2]);
		if (argc > 3 && n % 256 == 0)
			save(argv[3], n);
	}
}
