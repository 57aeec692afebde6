/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle - programs on entry and exit of system calls that do nothing: what whoever traces calls
 * without stopping them adds at least, on this kernel. Stays until it is killed or interrupted.
 */
#include <err.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int cmd, union bpf_attr *a)
{
	return (int)syscall(SYS_bpf, cmd, a, sizeof(*a));
}

static void attach(const char *name)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(*code), .license = (uintptr_t)"GPL",
	};
	int prog = bpf(BPF_PROG_LOAD, &a);

	a = (union bpf_attr){ .raw_tracepoint = { .name = (uintptr_t)name,
						  .prog_fd = (uint32_t)prog } };
	if (prog < 0 || bpf(BPF_RAW_TRACEPOINT_OPEN, &a) < 0)
		err(1, "%s", name);
}

int main(void)
{
	signal(SIGINT, SIG_DFL);	/* which shells ignore for who is in the background */
	attach("sys_enter");
	attach("sys_exit");
	if (write(1, "ready\n", 6) != 6)
		err(1, "write");
	pause();
}
