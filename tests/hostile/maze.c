/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maze N: N threads that wait in code without unwind tables that is made to be followed for long:
 * thousands of branches and calls, and no way out; on stacks that are full of addresses behind
 * such calls. Prints "ready".
 * maze far: one, in code of which each instruction is in another block of the file.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each calls into the next, so none of them shows whether it returns. */
__asm__(
	".text\n"
	".globl maze, maze_calls\n"
	"maze:\n"
	"	sub $24000, %rsp\n"		/* what fill() left */
	"	mov $34, %eax\n"
	"	syscall\n"
	"maze_calls:\n"
	".rept 9000\n"
	"	je . + 22\n"
	"	push %rbx\n"
	"	call . + 16\n"
	"	pop %rbx\n"
	"	js . - 40\n"
	"	nop\n"
	".endr\n"
	"	jmp maze_calls\n"
	".globl far\n"
	"far:	mov $34, %eax\n"
	"	syscall\n"
	".rept 1000\n"
	"	jmp . + 16384\n"
	"	.skip 16379\n"
	".endr\n"
	"	jmp *(%rax)\n"
);

void maze(void);
void far(void);
extern const char maze_calls[];

#define WORDS 3000

__attribute__((noipa)) static void fill(void)
{
	const char *volatile calls[WORDS];

	for (int i = 0; i < WORDS; i++)
		calls[i] = maze_calls + 12 * (i % 9000) + 8;
	__asm__ volatile("" : : "r"(calls) : "memory");
}

static void *run(void *arg)
{
	fill();
	maze();
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	if (argc > 1 && !strcmp(argv[1], "far")) {
		puts("ready");
		fflush(stdout);
		far();
	}
	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--)
		if (pthread_create(&t, NULL, run, NULL))
			return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
