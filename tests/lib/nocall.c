/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nocall - a command for which one system call always fails: as a seccomp profile has it.
 *
 *	nocall NUMBER ERRNO COMMAND...
 */
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (argc < 4)
		errx(2, "usage: nocall NUMBER ERRNO COMMAND...");
	code[1].k = (unsigned int)atoi(argv[1]);
	code[2].k |= (unsigned int)atoi(argv[2]);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
		err(1, "seccomp");
	execvp(argv[3], argv + 3);
	err(1, "%s", argv[3]);
}
