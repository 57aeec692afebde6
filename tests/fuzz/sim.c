/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile code without unwind tables, and a stack: a word that says how much of the input is code,
 * where the thread is, where its frame pointer points to; the code; the stack. Whatever it is, each
 * stack ends, and goes up.
 */
#include "tests/fuzz/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct program p;
	struct thread t;
	size_t code;

	if (len < 4)
		return 0;
	code = bytes[0] | (size_t)bytes[1] << 8;
	if (code > len - 4)
		code = len - 4;
	program_init(&p, bytes + 4, code);
	program_stack(&p, bytes + 4 + code, len - 4 - code);
	t = program_thread(&p, HOW_STOPPED, (1u << REGS_COUNT) - 1);
	for (int r = 0; r < REGS_COUNT; r++)
		t.regs.value[r] = TEXT + bytes[2] * (uint64_t)r;
	t.regs.value[REG_SP] = STACK_AT;
	t.regs.value[REG_BP] = STACK_AT + 8ull * bytes[3];
	t.regs.value[REG_PC] = TEXT + bytes[2];
	walk(&p, &t);
	t.regs.known = 1u << REG_SP | 1u << REG_PC;
	walk(&p, &t);
	return 0;
}
