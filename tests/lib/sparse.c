/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sparse OWN SHARED [FILE]: a process with so many MiB of memory of its own and shared, of which
 * the first and the last page are there. FILE is made one page long and mapped privately, as many
 * MiB as OWN. Prints "ready".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t mib(int argc, char **argv, int i)
{
	return (argc > i ? strtoul(argv[i], NULL, 10) : 1) << 20;
}

static char *map(size_t size, int flags, int fd)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_NORESERVE | flags, fd, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

static void make(size_t size, int flags)
{
	char *p = map(size, MAP_ANONYMOUS | flags, -1);

	/* put together here, as only memory is to have it */
	snprintf(p, 64, "%s-%d", "first", 4711);
	snprintf(p + size - 64, 64, "%s-%d", "last", 4711);
}

static void make_file(const char *name, size_t size)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char *p;

	if (fd < 0 || ftruncate(fd, 4096) < 0 || pwrite(fd, "in-file-4711", 12, 100) != 12)
		exit(1);
	p = map(size, MAP_PRIVATE, fd);
	snprintf(p + 200, 64, "%s-%d", "written", 4711);
}

int main(int argc, char **argv)
{
	make(mib(argc, argv, 1), MAP_PRIVATE);
	make(mib(argc, argv, 2), MAP_SHARED);
	if (argc > 3)
		make_file(argv[3], mib(argc, argv, 1));
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
