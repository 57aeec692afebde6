/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way - one way through code (sim.h): where it is, which registers are known there, and which words
 * it has written.
 *
 * Of instructions it follows what compilers move the stack pointer with and save registers; what
 * another writes to is unknown from then on.
 */
#ifndef NSDEBUG_CODE_WAY_H
#define NSDEBUG_CODE_WAY_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/code/insn.h"

struct sim_asks;

#define WAY_STORES 48u		/* words that a way has written */
#define BIT(reg) (1u << (reg))

struct store {
	uint64_t at, value;
	bool known;
};

/* One way through the code. */
struct way {
	uint64_t pc, reg[GPR_COUNT];
	uint32_t known;
	unsigned int stores;
	struct store store[WAY_STORES];
};

bool way_has(const struct way *w, unsigned int reg);
void way_set(struct way *w, unsigned int reg, uint64_t value);
/* False: there is no room to remember it. */
bool way_push(struct way *w, bool known, uint64_t value);
/* A word that the way wrote, or else of the stack; from is NULL where there is none. */
bool way_get(const struct sim_asks *from, const struct way *w, uint64_t at, uint64_t *ret);

/* Has it written over a word, or a part of it? */
bool way_wrote(const struct way *w, uint64_t at);
/* Where not all stores are of interest, but those to this word. False: there is no room. */
bool way_keep_at(struct way *w, const struct insn *i, uint64_t at);

/* Does what an instruction does that goes on at the next; not pc. False: it cannot be followed.
 * *lost is set, if it is -1, to a register without which the stack pointer is lost. */
bool way_step(const struct sim_asks *from, struct way *w, const struct insn *i, int *lost);

#endif
