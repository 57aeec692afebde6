/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longname: a function of a name of 60,000 bytes, which calls itself 200 times, from another
 * place each time, then sends itself SIGUSR1, which is ignored; and that 30 times, all from other
 * places. With an argument each time is a process of its own, which then stays for 50 ms. What
 * that is called takes 700 MB.
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMES 30
#define STEP 4096	/* bytes of code from one to the next */

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X1K X100 X100 X100 X100 X100 X100 X100 X100 X100 X100
#define X10K X1K X1K X1K X1K X1K X1K X1K X1K X1K X1K
#define NAME X10K X10K X10K X10K X10K X10K

__asm__(".text\n"
	".balign 4096\n"
	"longname:\n"
	".type " NAME ", @function\n"
	NAME ":\n"
	".cfi_startproc\n"
	".rept 30\n"
	".balign 4096\n"
	".rept 200\n"
	"	call 1f\n"
	"	ret\n"
	"1:\n"
	".endr\n"
	"	mov $39, %eax\n"	/* getpid() */
	"	syscall\n"
	"	mov %eax, %edi\n"
	"	mov $10, %esi\n"
	"	mov $62, %eax\n"	/* kill() */
	"	syscall\n"
	"	ret\n"
	".endr\n"
	".cfi_endproc\n"
	".size " NAME ", .-" NAME "\n");

extern char longname[];

int main(int argc, char **argv)
{
	struct timespec t = { .tv_nsec = 50000000 };

	(void)argv;
	signal(SIGUSR1, SIG_IGN);
	for (long i = 0; i < TIMES; i++) {
		if (argc > 1 && fork()) {
			wait(NULL);
			continue;
		}
		((void (*)(void))(longname + i * STEP))();
		nanosleep(&t, NULL);
		if (argc > 1)
			_exit(0);
	}
	return 0;
}
