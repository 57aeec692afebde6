/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile DWARF expressions, in unwind tables that are as they should be: six bytes say how long
 * each of three is, what the third is for, and registers; the expressions; the stack.
 */
#include "tests/fuzz/walk.h"

#define HEAD 6u
#define TABLE 64u		/* where it begins in the image: before it is code */
#define RA 16

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct program p;
static uint8_t image[1024];

static void put(uint8_t **o, const void *bytes, size_t len)
{
	memcpy(*o, bytes, len);
	*o += len;
}

static void put_expression(uint8_t **o, uint8_t op, int reg, const uint8_t **bytes, uint8_t len)
{
	uint8_t head[] = { op, (uint8_t)reg, len | 0x80, 1 & len >> 7 };	/* LEB128 */

	put(o, head, reg < 0 ? 1 : 2);
	put(o, head + 2, 2);
	put(o, *bytes, len);
	*bytes += len;
}

/* The entry's length, once its end is known: filled up with DW_CFA_nop. */
static void end(uint8_t **o, uint8_t *start)
{
	uint32_t len;

	while ((*o - start) % 8)
		*(*o)++ = 0;
	len = (uint32_t)(*o - start) - 4;
	memcpy(start, &len, sizeof(len));
}

/* .eh_frame with one function, at the beginning of the image. */
static size_t make(const uint8_t *head, const uint8_t *bytes)
{
	static const uint8_t cie[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, RA, 1,
		0x1b, 0x0c, 7, 8, 0x80 | RA, 1 };
	uint8_t *o = image + TABLE, *start = o;
	int32_t words[4] = { 0, 0, 0, TABLE };

	memset(image, 0, sizeof(image));
	put(&o, cie, sizeof(cie));
	end(&o, start);
	words[1] = (int32_t)(o + 4 - start);		/* back to the entry before */
	words[2] = (int32_t)(image - (o + 8));
	start = o;
	put(&o, words, sizeof(words));
	*o++ = 0;
	if (head[0])
		put_expression(&o, 0x0f, -1, &bytes, head[0]);	/* def_cfa_expression */
	if (head[1])						/* expression: where it is */
		put_expression(&o, 0x10, RA, &bytes, head[1]);
	if (head[2])						/* or val_expression: itself */
		put_expression(&o, head[3] & 1 ? 0x10 : 0x16, (head[3] >> 1) % 17, &bytes,
			       head[2]);
	end(&o, start);
	o += 4;						/* the terminator */
	return (size_t)(o - image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct thread t;
	size_t used, size;

	if (len < HEAD)
		return 0;
	used = HEAD + bytes[0] + bytes[1] + bytes[2];
	if (len < used)
		return 0;
	size = make(bytes, bytes + HEAD);
	program_init(&p, image, size);
	p.code.elf.eh_frame = (struct elf_section){ TEXT + TABLE, TABLE, size - TABLE };
	program_stack(&p, bytes + used, len - used);
	t = program_thread(&p, HOW_STOPPED, (1u << REGS_COUNT) - 1);
	for (int r = 0; r < REGS_COUNT; r++)
		t.regs.value[r] = STACK_AT + bytes[4] * (uint64_t)r;
	t.regs.value[REG_SP] = STACK_AT;
	t.regs.value[REG_PC] = TEXT + bytes[5] % TABLE;
	walk(&p, &t);
	t.how = HOW_SAMPLED;
	t.interrupted = true;
	walk(&p, &t);
	t = program_thread(&p, HOW_BLOCKED, 1u << REG_SP | 1u << REG_PC);
	t.regs.value[REG_SP] = STACK_AT;
	t.regs.value[REG_PC] = TEXT + bytes[5] % TABLE;
	walk(&p, &t);
	cfi_free(&p.code.cfi);
	return 0;
}
