/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unwind - from a thread's copied stack to its frames.
 *
 * libunwind runs the CFI through accessors that serve the snapshot: registers and stack as they
 * were captured, tables from the ELF files. Its own fall-backs (frame pointers, PLT patterns, the
 * instruction bytes of a signal trampoline) are not reached: where there is no CFI, or it wants a
 * register that is not known, fallback.c looks for the caller, from which libunwind begins anew;
 * what is a guess is marked. From the first frame in Go's code on it is gostack.c that walks. Every
 * stack that does not end at its outermost frame says why it ends.
 *
 * libunwind is not told anything of a file that fde_check() did not pass; what it reads for one
 * step is counted, so that an endless expression ends. Runs in the parser.
 */
#ifndef NSDEBUG_CODE_UNWIND_H
#define NSDEBUG_CODE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/cfi.h"
#include "nsdebug/code/debugdata.h"
#include "nsdebug/code/debugfile.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/goline.h"
#include "nsdebug/code/pclntab.h"
#include "nsdebug/code/snapshot.h"

#define UNWIND_READS_MAX 1000000u	/* words that libunwind may read for one frame */
#define UNWIND_SIGNALS_MAX 16		/* signal frames in one stack */

enum method {
	METHOD_PC,	/* the thread's own program counter */
	METHOD_CFI,	/* by the unwind tables */
	METHOD_PCSP,	/* by Go's table of its functions */
	METHOD_SIGNAL,	/* what a signal interrupted; by the tables of the trampoline */
	METHOD_SIM,	/* by following the code to its return */
	METHOD_FP,	/* by the frame pointer */
	METHOD_SCAN,	/* found on the stack, or by one of several ways: a guess */
};

struct frame {
	uint64_t pc;
	enum method method;
	bool exact;	/* pc is executed next; else it is a return address: look up pc - 1 */
	bool guess;	/* it, or one that it rests on, is a guess (fallback.h) */
};

struct trace {
	struct frame *frames;	/* free() it */
	size_t count;
	bool whole;		/* it ends at the outermost frame */
	bool cut;		/* a limit that the user can move was reached */
	bool ended;		/* for what more of the stack would not change */
	bool want_regs;		/* a register that was not captured was needed */
	char end[256];		/* why it ends, if not whole */
	char lost[256];		/* why it had to guess, if it did */
};

/* A module's file, made ready for unwinding and for names. NULL: it is none; m->why says it. */
struct code {
	struct elf elf;
	struct cfi cfi;
	struct debugdata mini;
	struct debugfile debug;
	struct pclntab go;
	struct goline golines;
};

struct code *module_code(struct module *m);
void modules_close(struct snapshot *s);
/* Module and bias of an address; false: it is in no file's code. */
bool process_code(const struct process *p, uint64_t pc, struct module **m, uint64_t *bias);

struct unwinder;

struct unwinder *unwinder_new(const struct process *p);
void unwinder_free(struct unwinder **u);
void trace_add(struct trace *r, uint64_t pc, enum method method, bool exact);
void trace_end(struct trace *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The word at an address is not in the copied stack. */
void trace_end_memory(struct trace *r, const struct thread *t, uint64_t addr);
bool thread_word(const struct thread *t, uint64_t addr, uint64_t *ret);
void unwind_thread(struct unwinder *u, const struct thread *t, size_t max_frames,
		   struct trace *ret);

#endif
