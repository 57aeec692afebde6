/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim - where a function without unwind tables returns to: its instructions are followed from where
 * it stands to a return, with what its thread has in registers and on its stack.
 *
 * Both ways of a branch are tried, calls are stepped over, jumps are followed, into another
 * function too. Nothing is computed but what it takes to know the stack pointer and the registers
 * that a caller gets back: a register whose value could not be followed is unknown. A function that
 * never returns (exit) ends the way that calls it, if its code shows that.
 *
 * That a way through the code exists does not say that it is taken: whoever asks has to look at the
 * return address that comes out (sim_asks.accept). All code is a target's: so many instructions are
 * looked at for one question (SIM_STEPS), and they are counted (code/work.h).
 */
#ifndef NSDEBUG_CODE_SIM_H
#define NSDEBUG_CODE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/snapshot.h"

#define SIM_STEPS 4096u		/* instructions looked at for one question */
#define SIM_WAYS 64u		/* branches waiting for their turn */

enum sim_reach { REACH_YES, REACH_OPEN, REACH_NO };

struct sim_asks {
	void *arg;
	/* Up to room bytes of code; 0: there are none. */
	size_t (*code)(void *arg, uint64_t addr, uint8_t *to, size_t room);
	bool (*word)(void *arg, uint64_t addr, uint64_t *ret);	/* of the stack */
	/* May the function at pc have been called from before this address? */
	enum sim_reach (*accept)(void *arg, uint64_t pc, uint64_t sp, uint64_t slot, uint64_t ret);
};

enum sim_end {
	SIM_FOUND,
	SIM_GUESS,	/* one way leads there: another may lead elsewhere, or is none */
	SIM_NOWHERE,	/* no way leads to a return that could be, as far as they were followed */
	SIM_NEVER,	/* it does not return: all ways end */
	SIM_ROOT,	/* nor does it anything but exit(2): a thread begins in it */
	SIM_REGISTER,	/* the way to it needs a register that is not known: *reg of struct regs */
	SIM_UNLIKE,	/* ways lead to different returns */
};

struct sim;

/* One with `within` may be asked while the other asks `accept`. */
struct sim *sim_new(const struct sim_asks *asks, bool within);
void sim_free(struct sim **s);

/* The registers of the caller, from those at pc; *slot is where the return address stands. */
enum sim_end sim_return(struct sim *s, const struct regs *now, struct regs *caller,
			uint64_t *slot, unsigned int *reg);
/* Did a way of the last sim_return() come to a return there? Also if that is no answer. */
bool sim_met(const struct sim *s, uint64_t slot);
/* Does code that is called at `entry`, the return address being at `slot`, come to pc with sp?
 * `behind`: by a call before pc, as a return address wants it. */
enum sim_reach sim_reach(struct sim *s, uint64_t entry, uint64_t slot, uint64_t pc, uint64_t sp,
			 bool behind);
/* Does its code show that a function never returns? */
bool sim_never(struct sim *s, uint64_t entry);

#endif
