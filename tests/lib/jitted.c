/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jitted: waits in code that it has made, at 0x200000000: 32 bytes that do nothing, then pause(2)
 * for ever. With an argument the code lies in a file of that name, which is none of ELF. Prints
 * "ready".
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define AT 0x200000000ul
#define LEN 4096

static const unsigned char code[] = {
	0xb8, 34, 0, 0, 0,	/* mov $34, %eax (pause) */
	0x0f, 0x05,		/* syscall */
	0xeb, 0xf7,		/* jmp to the beginning */
};

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
	unsigned char *p;

	if (fd >= 0 && ftruncate(fd, LEN))
		return 1;
	p = mmap((void *)AT, LEN, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED_NOREPLACE |
		 (fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS), fd, 0);
	if (p == MAP_FAILED)
		return 1;
	memset(p, 0x90, 32);
	memcpy(p + 32, code, sizeof(code));
	puts("ready");
	fflush(stdout);
	((void (*)(void))AT)();
	return 0;
}
