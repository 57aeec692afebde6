/* SPDX-License-Identifier: Apache-2.0 */
/*
 * behind never|root|made: waits where what stands behind a call, or in a frame, misleads. Prints
 * "ready". Built without unwind tables.
 *
 * never: behind the last call of f(), of what never returns, there is g(), which has returned to
 * other() before, with the stack as deep.
 * root: behind its call die() does but exit(2), as what a thread begins with.
 * made: code made at run time whose frame has a hole, in which an earlier call left an address;
 * prints where its frame returns to.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void other(void);
void f(void);
void work(void);

__asm__(
	".text\n"
	"other:	call g\n"
	"	ret\n"
	".type f, @function\n"
	"f:	sub $8, %rsp\n"
	"	call fatal\n"
	".size f, .-f\n"
	".type g, @function\n"
	"g:	ret\n"
	".size g, .-g\n"
	".type fatal, @function\n"
	"fatal:	sub $40, %rsp\n"
	"1:	mov $34, %eax\n"
	"	syscall\n"
	"	jmp 1b\n"
	".size fatal, .-fatal\n"
	".type work, @function\n"
	"work:	sub $8, %rsp\n"
	"	call die\n"
	".size work, .-work\n"
	".type die, @function\n"
	"die:	sub $8, %rsp\n"
	"	call tell\n"
	"	mov $231, %eax\n"
	"	mov $1, %edi\n"
	"	syscall\n"
	".size die, .-die\n"
	".type tell, @function\n"
	"tell:	sub $8, %rsp\n"
	"	mov $34, %eax\n"
	"	syscall\n"
	"	add $8, %rsp\n"
	"	ret\n"
	".size tell, .-tell\n"
);

static unsigned char *made;

static void *emit(const char *bytes, size_t len, const void *calls)
{
	unsigned char *at = made;

	memcpy(made, bytes, len);
	made += len;
	if (calls) {	/* mov $calls, %rax; call *%rax */
		memcpy(made, "\x48\xb8", 2);
		memcpy(made + 2, &calls, 8);
		memcpy(made + 10, "\xff\xd0", 2);
		made += 12;
	}
	return at;
}

#define EMIT(bytes, calls) emit(bytes, sizeof(bytes) - 1, calls)

static void *make(void)
{
	void *leaf, *before, *rests, *top;

	made = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (made == MAP_FAILED)
		return NULL;
	leaf = EMIT("\xc3", NULL);
	/* push %rbp; mov %rsp, %rbp; sub $16, %rsp; the call; leave; ret */
	before = EMIT("\x55\x48\x89\xe5\x48\x83\xec\x10", leaf);
	EMIT("\xc9\xc3", NULL);
	/* push %rbp; mov %rsp, %rbp; sub $24, %rsp; mov $34, %eax; syscall; jmp back */
	rests = EMIT("\x55\x48\x89\xe5\x48\x83\xec\x18\xb8\x22\0\0\0\x0f\x05\xeb\xf7", NULL);
	top = EMIT("\x55\x48\x89\xe5", before);
	EMIT("", rests);
	printf("%p\n", (void *)made);
	EMIT("\xc9\xc3", NULL);
	return top;
}

int main(int argc, char **argv)
{
	void (*top)(void) = make();

	puts("ready");
	fflush(stdout);
	if (argc < 2 || !top)
		return 1;
	other();
	if (!strcmp(argv[1], "never"))
		f();
	else if (!strcmp(argv[1], "root"))
		work();
	else
		top();
	return 0;
}
