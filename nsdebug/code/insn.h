/* SPDX-License-Identifier: Apache-2.0 */
/*
 * insn - one instruction of x86_64: how long it is, its operands, and which registers it writes.
 *
 * As much as it takes to follow a function to its return, for any bytes: what is no instruction, or
 * none of a program's (in, out, iret), is refused. Format: Intel SDM, volume 2, chapter 2 and
 * appendix A. Registers are numbered as in instructions, not as in struct regs.
 */
#ifndef NSDEBUG_CODE_INSN_H
#define NSDEBUG_CODE_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_MAX 15		/* bytes */
#define INSN_NONE 0xff		/* no register */

enum {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R11 = 11, GPR_COUNT = 16,
};

enum insn_map { MAP_ONE, MAP_0F, MAP_38, MAP_3A };

struct insn {
	uint8_t len, map, op;
	bool vex;		/* VEX or EVEX: op is of another meaning */
	bool rex, wide;		/* a REX prefix; 64-bit operands */
	bool small;		/* prefix 66 */
	bool segment;		/* addresses are relative to fs or gs */
	uint8_t rep;		/* prefix f2 or f3 */
	uint8_t mod, reg, rm;	/* of a ModRM byte, extended; rm is a register if mod is 3 */
	uint8_t low;		/* register in the opcode, extended */
	uint8_t other;		/* vvvv of VEX */
	uint8_t base, index, scale;	/* of a memory operand */
	bool rip;		/* which is relative to the next instruction */
	int64_t disp, imm;
};

/* False: these bytes begin with no instruction that we know. */
bool insn_decode(struct insn *i, const uint8_t *bytes, size_t len);

/* A bit for each general register that it writes, beyond push, pop, call, ret and the stack
 * pointer's share in them. False: it is not to be followed. */
bool insn_writes(const struct insn *i, uint32_t *mask);

/* Does it jump or not, as a condition is? */
bool insn_is_jcc(const struct insn *i);

/* The register that number n of a ModRM byte means where one byte of it is meant (ah, not rsp). */
uint8_t insn_byte_register(const struct insn *i, uint8_t n);

#endif
