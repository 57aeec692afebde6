/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sparse OWN SHARED: a process with so many MiB of memory of its own and shared, of which the first
 * and the last page are there. Prints "ready".
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void make(size_t size, int flags)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | flags,
		       -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	/* put together here, as only memory is to have it */
	snprintf(p, 64, "%s-%d", "first", 4711);
	snprintf(p + size - 64, 64, "%s-%d", "last", 4711);
}

int main(int argc, char **argv)
{
	make((argc > 1 ? strtoul(argv[1], NULL, 10) : 1) << 20, MAP_PRIVATE);
	make((argc > 2 ? strtoul(argv[2], NULL, 10) : 1) << 20, MAP_SHARED);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
