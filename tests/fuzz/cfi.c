/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile unwind tables. Seven bytes: whether the file has a search table of its own, where that
 * and .eh_frame begin in the input, which is the image of the code as well, how much of it is the
 * image, where in it the thread is; the image; the stack.
 */
#include "tests/fuzz/walk.h"

#define HEAD 7u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct program p;

static void all_ways(uint64_t pc, uint8_t spread)
{
	static const struct { enum how how; uint32_t known; } ways[] = {
		{ HOW_STOPPED, (1u << REGS_COUNT) - 1 },
		{ HOW_ITERATED, (1u << REGS_COUNT) - 1 },
		{ HOW_SAMPLED, (1u << REGS_COUNT) - 1 },
		{ HOW_BLOCKED, 1u << REG_SP | 1u << REG_PC },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct thread t = program_thread(&p, ways[i].how, ways[i].known);

		t.interrupted = ways[i].how == HOW_SAMPLED;
		for (int r = 0; r < REGS_COUNT; r++)
			t.regs.value[r] = TEXT + spread * (uint64_t)r;
		t.regs.value[REG_SP] = STACK_AT;
		t.regs.value[REG_BP] = STACK_AT + 8ull * spread;
		t.regs.value[REG_PC] = pc;
		walk(&p, &t);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t image, table, header;

	if (len < HEAD)
		return 0;
	header = bytes[1] * 4u;
	table = bytes[2] | (size_t)bytes[3] << 8;
	image = bytes[4] | (size_t)bytes[5] << 8;
	len -= HEAD;
	if (image > len)
		image = len;
	program_init(&p, bytes + HEAD, image);
	program_stack(&p, bytes + HEAD + image, len - image);
	if (table < image)
		p.code.elf.eh_frame = (struct elf_section){ TEXT + table, table, image - table };
	if (bytes[0] & 1 && header < image)
		p.code.elf.eh_frame_hdr = (struct elf_section){ TEXT + header, header,
			image - header };
	all_ways(TEXT + bytes[6], bytes[0]);
	all_ways(TEXT, bytes[6]);
	cfi_free(&p.code.cfi);
	return 0;
}
