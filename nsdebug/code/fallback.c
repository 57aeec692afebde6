/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/fallback.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/callbytes.h"
#include "nsdebug/code/callsite.h"
#include "nsdebug/code/insn.h"
#include "nsdebug/code/sim.h"
#include "nsdebug/code/work.h"

#define ENTRY_BYTES 64u		/* a program's first function is no longer */
#define THREAD_TAKES (8u << 20)	/* bytes of code that are read from files for a thread */
#define TAKE_COST 4096u		/* that a read takes, at least */
#define WORD_COST 16u		/* a word that is searched, for work_may() */

struct fallback {
	const struct process *p;
	const struct thread *t;
	struct sim *ahead, *below;	/* to the return; from a caller to here */
	uint64_t taken;			/* for this thread */
	bool behind;			/* the frame asked about is a return address */
	uint64_t sender, sender_sp;	/* of the last interpreted frame */
};

/* ---- code ---- */

static size_t code(void *arg, uint64_t addr, uint8_t *to, size_t room)
{
	uint64_t bias, left, before = elf_taken, cost;
	struct fallback *f = arg;
	const struct elf_load *l;
	struct module *m;
	struct code *c;
	bool got;

	if (!process_code(f->p, addr, &m, &bias))
		return callbytes_code(f->p, addr, to, room);
	c = m->code;
	l = elf_load_at(&c->elf, addr - bias, 1);
	if (!l || !l->exec || addr - bias - l->vaddr >= l->filesz)
		return 0;
	left = l->filesz - (addr - bias - l->vaddr);
	if (left < room)
		room = left;
	/* what was left is said, as by who asks for more than there is; the others have theirs */
	if (f->taken >= THREAD_TAKES && !work_may(0, WORK_MAX + 1))
		return 0;
	got = elf_image(&c->elf, addr - bias, to, room);
	cost = elf_taken - before;
	if (cost) {
		cost = cost < TAKE_COST ? TAKE_COST : cost;
		f->taken += cost;
		work_spent(cost);
	}
	return got ? room : 0;
}

static bool is_code(const struct fallback *f, uint64_t addr)
{
	const struct vma *v = maps_find(&f->p->maps, addr);

	return v && v->exec;
}

static bool word(void *arg, uint64_t addr, uint64_t *ret)
{
	const struct fallback *f = arg;

	return thread_word(f->t, addr, ret);
}

/* What a signal handler returns to: mov $15, %eax or %rax; syscall. Nobody has called it. */
static bool is_trampoline(struct fallback *f, uint64_t addr)
{
	static const uint8_t wide[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t narrow[] = { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 };
	uint8_t bytes[sizeof(wide)];

	return code(f, addr, bytes, sizeof(bytes)) == sizeof(bytes) &&
		(!memcmp(bytes, wide, sizeof(wide)) || !memcmp(bytes, narrow, sizeof(narrow)));
}

static bool bytes_before(struct fallback *f, uint64_t addr, uint8_t bytes[CALL_BYTES])
{
	return addr >= CALL_BYTES && is_code(f, addr - 1) &&
		(code(f, addr - CALL_BYTES, bytes, CALL_BYTES) == CALL_BYTES ||
		 callbytes_find(f->p, addr, bytes));
}

/* Executable, and in no file. */
static bool is_made(const struct fallback *f, uint64_t addr)
{
	struct module *m;
	uint64_t bias;

	return is_code(f, addr) && !process_code(f->p, addr, &m, &bias);
}

/* Does a call come back to this address that leads to the frame? YES: that very one does. Made code
 * may have been changed since to call another. */
static enum sim_reach called_from(struct fallback *f, uint64_t ret, uint64_t slot, uint64_t pc,
				  uint64_t sp)
{
	uint8_t bytes[CALL_BYTES];
	uint64_t target;

	if (!bytes_before(f, ret, bytes))
		return REACH_NO;
	if (call_before(bytes, ret, true, &target) && is_code(f, target)) {
		enum sim_reach r = sim_reach(f->below, target, slot, pc, sp, f->behind);

		if (r != REACH_NO)
			return r;
		if (is_made(f, ret - 1))
			return REACH_OPEN;
	}
	return call_before(bytes, ret, false, &target) ? REACH_OPEN : REACH_NO;
}

static enum sim_reach accept(void *arg, uint64_t pc, uint64_t sp, uint64_t slot, uint64_t ret)
{
	struct fallback *f = arg;

	return is_trampoline(f, ret) ? REACH_OPEN : called_from(f, ret, slot, pc, sp);
}

/* Does it stand behind the first call of what a program begins with? */
static bool is_entry(struct fallback *f, uint64_t pc)
{
	uint8_t bytes[ENTRY_BYTES];
	struct insn i = { .len = 0 };
	struct module *m;
	uint64_t bias, entry;
	size_t len;

	if (!process_code(f->p, pc, &m, &bias))
		return false;
	entry = ((struct code *)m->code)->elf.entry + bias;
	if (entry == bias || pc - entry > ENTRY_BYTES)
		return false;
	len = code(f, entry, bytes, sizeof(bytes));
	for (size_t at = 0; at < len && insn_decode(&i, bytes + at, len - at); at += i.len)
		if (i.map == MAP_ONE && (i.op == 0xe8 || (i.op == 0xff && (i.reg & 7) == 2)))
			return pc == entry + at + i.len;
	return false;
}

/* ---- what stands behind a call ---- */

/* Behind a call of what never returns there is another function. */
static bool comes_back(struct fallback *f, const struct at *frame)
{
	uint64_t pc = frame->regs.value[REG_PC], target, any;
	uint8_t bytes[CALL_BYTES];

	return frame->exact || !bytes_before(f, pc, bytes) ||
		!call_before(bytes, pc, true, &target) || call_before(bytes, pc, false, &any) ||
		!sim_never(f->ahead, target);
}

static bool is_nop(const struct insn *i)
{
	return (i->map == MAP_ONE && (i->op == 0x90 || i->op == 0xcc)) ||
		(i->map == MAP_0F && i->op == 0x1f);
}

/* Does it look as where a function begins? endbr64; push; sub $n, %rsp. */
static bool begins_function(struct fallback *f, uint64_t pc)
{
	uint8_t bytes[ENTRY_BYTES];
	size_t len = code(f, pc, bytes, sizeof(bytes)), at = 0;
	struct insn i;

	do {
		if (!insn_decode(&i, bytes + at, len - at))
			return false;
		at += i.len;
	} while (is_nop(&i));
	if (i.map == MAP_0F)
		return i.op == 0x1e && i.rep == 0xf3;
	return i.map == MAP_ONE && ((i.op & 0xf8) == 0x50 ||
		((i.op == 0x81 || i.op == 0x83) && i.mod == 3 && i.rm == GPR_RSP && i.reg == 5));
}

/* What was found ahead may be the return of the function that stands behind this one. */
static bool is_doubtful(struct fallback *f, const struct at *frame, const struct at *caller,
			uint64_t slot)
{
	uint64_t pc = frame->regs.value[REG_PC];

	return (!comes_back(f, frame) || (!frame->exact && begins_function(f, pc))) &&
		called_from(f, caller->regs.value[REG_PC], slot, pc,
			    frame->regs.value[REG_SP]) != REACH_YES;
}

struct fallback *fallback_new(const struct process *p)
{
	struct fallback *f = mem_alloc(sizeof(*f));
	struct sim_asks asks = { .arg = f, .code = code, .word = word, .accept = accept };

	f->p = p;
	f->ahead = sim_new(&asks, false);
	f->below = sim_new(&asks, true);
	return f;
}

void fallback_free(struct fallback **f)
{
	if (*f) {
		sim_free(&(*f)->ahead);
		sim_free(&(*f)->below);
	}
	free(*f);
	*f = NULL;
}

/* ---- signals ---- */

/* What the kernel put there: struct ucontext, from its registers on; and which these are. */
#define CONTEXT_REGS 40
static const uint8_t context[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16 };

static bool interrupted(const struct fallback *f, const struct at *frame, struct at *caller)
{
	*caller = (struct at){ .exact = true };
	for (size_t i = 0; i < sizeof(context); i++) {
		uint64_t *to = &caller->regs.value[context[i]];

		if (!thread_word(f->t, frame->regs.value[REG_SP] + CONTEXT_REGS + 8 * i, to))
			return false;
		caller->regs.known |= 1u << context[i];
	}
	return is_code(f, caller->regs.value[REG_PC]);
}

/* ---- the frame pointer ---- */

static struct at behind(uint64_t slot, uint64_t pc)
{
	struct at a = { .regs = { .known = 1u << REG_SP | 1u << REG_PC } };

	a.regs.value[REG_SP] = slot + 8;
	a.regs.value[REG_PC] = pc;
	return a;
}

/* A register that holds something else may point at a frame further out. Then what these frames
 * return to stands between. */
static bool is_next(struct fallback *f, const struct at *frame, uint64_t slot)
{
	uint64_t pc = frame->regs.value[REG_PC], sp = frame->regs.value[REG_SP], ret;

	if (slot - sp > 8 * SCAN_WORDS || !work_may(0, (slot - sp) / 8 * WORD_COST))
		return false;
	for (uint64_t at = (sp + 7) & ~7ull; at < slot; at += 8)
		if (thread_word(f->t, at, &ret) && is_code(f, ret) &&
		    called_from(f, ret, at, pc, sp) != REACH_NO)
			return false;
	return true;
}

/*
 * Of code that is in no file, where it was interrupted: the frame pointer may be the caller's
 * still, with the return address on top of the stack, or below the saved frame pointer. But these
 * words may be what an earlier call has left in the frame.
 */
static bool begins(struct fallback *f, const struct at *frame, struct at *caller)
{
	uint64_t bp = frame->regs.value[REG_BP], sp = frame->regs.value[REG_SP], top, next;
	uint64_t pc = frame->regs.value[REG_PC];

	if (!frame->exact || !is_made(f, pc) || !(frame->regs.known & 1u << REG_BP) ||
	    !thread_word(f->t, sp, &top) || !thread_word(f->t, sp + 8, &next))
		return false;
	if (is_code(f, top) && called_from(f, top, sp, pc, sp) != REACH_NO)
		*caller = behind(sp, top);
	else if (top == bp && is_code(f, next) && called_from(f, next, sp + 8, pc, sp) != REACH_NO)
		*caller = behind(sp + 8, next);
	else
		return false;
	caller->regs.value[REG_BP] = bp;
	caller->regs.known |= 1u << REG_BP;
	return true;
}

/*
 * HotSpot's interpreter jumps to what it calls, and has it return to one of a few places that are
 * behind no call. Its frames keep below the frame pointer where their caller's stack ended when it
 * called, and below that the same of what they call: nothing if that is not Java. So a frame that
 * has the frame pointer of an interpreter further out is not taken for it.
 */
static bool is_interpreted(struct fallback *f, const struct at *frame, uint64_t next, uint64_t pc)
{
	uint64_t bp = frame->regs.value[REG_BP], sp = frame->regs.value[REG_SP];
	uint64_t sender, last, word;

	if (!is_made(f, frame->regs.value[REG_PC]) || !is_made(f, pc) ||
	    !thread_word(f->t, bp - 8, &sender) || !thread_word(f->t, bp - 16, &last) ||
	    sender < bp + 16 || sender > next || sender % 8 || !thread_word(f->t, next, &word) ||
	    (last && (f->sender_sp != sp || f->sender != last)))
		return false;
	f->sender_sp = bp + 16;
	f->sender = sender;
	return true;
}

/* What calls return to in made code is known where that was copied. */
static bool is_open(struct fallback *f, uint64_t ret)
{
	return is_made(f, ret - 1) && !f->p->call_count;
}

enum chain {
	CHAIN_NONE,
	CHAIN_WEAK,	/* there may be frames between, or the code there is not known */
	CHAIN_GUESS,	/* the code may have made no frame yet */
	CHAIN_SURE,
};

/* After sim_return(): where its code, followed, has the return address in the same place, what is
 * between is left from earlier calls. */
static enum chain chain(struct fallback *f, const struct at *frame, struct at *caller)
{
	uint64_t bp = frame->regs.value[REG_BP], sp = frame->regs.value[REG_SP], next, pc;
	enum sim_reach reach;
	struct at other;

	if (!(frame->regs.known & 1u << REG_BP) || bp < sp || bp % 8 ||
	    !thread_word(f->t, bp, &next) || !thread_word(f->t, bp + 8, &pc))
		return CHAIN_NONE;
	*caller = behind(bp + 8, pc);
	caller->regs.value[REG_BP] = next;
	caller->regs.known |= 1u << REG_BP;
	if (is_interpreted(f, frame, next, pc))
		return CHAIN_SURE;
	reach = called_from(f, pc, bp + 8, frame->regs.value[REG_PC], sp);
	if (reach == REACH_NO)
		return is_open(f, pc) ? CHAIN_WEAK : CHAIN_NONE;
	if (sim_met(f->ahead, bp + 8) || is_next(f, frame, bp + 8))
		return CHAIN_SURE;
	return begins(f, frame, &other) ? CHAIN_GUESS : CHAIN_WEAK;
}

/* ---- the search ---- */

/*
 * Behind its call the frame does but exit(2). So does whoever gives up; but the first function of
 * a thread is called by a register, and nothing above leads to here. Of a direct call there must
 * be nothing at all that could have, to the end of the stack.
 */
static bool is_root(struct fallback *f, const struct at *frame, bool sure)
{
	uint64_t pc = frame->regs.value[REG_PC], sp = frame->regs.value[REG_SP], ret, any;
	uint64_t slot = (sp + 7) & ~7ull, end = slot + 8 * SCAN_WORDS;
	const struct vma *v = maps_find(&f->p->maps, sp);
	unsigned int looks = 0;
	uint8_t bytes[CALL_BYTES];
	bool by_register = bytes_before(f, pc, bytes) && call_before(bytes, pc, false, &any);

	if (sure && !by_register)
		return false;
	for (; slot < end && looks < SCAN_LOOKS; slot += 8) {
		enum sim_reach reach;

		if (!work_may(0, WORD_COST) || !thread_word(f->t, slot, &ret))
			break;
		if (!is_code(f, ret))
			continue;
		looks++;
		reach = called_from(f, ret, slot, pc, sp);
		if (reach == REACH_YES || (reach == REACH_OPEN && !by_register))
			return false;
	}
	return by_register || (v && slot >= v->end);
}

/* Does a thread or the program begin there? A return address is asked for, as in goes_on(). */
static bool is_outermost(struct fallback *f, const struct at *frame, bool sure)
{
	struct regs caller;
	unsigned int reg;
	uint64_t slot;

	if (frame->exact)
		return false;
	return is_entry(f, frame->regs.value[REG_PC]) ||
		(sim_return(f->ahead, &frame->regs, &caller, &slot, &reg) == SIM_ROOT &&
		 is_root(f, frame, sure));
}

/* Is there a way on from there? */
static bool goes_on(struct fallback *f, const struct at *frame)
{
	uint64_t bias, slot, pc = frame->regs.value[REG_PC];
	struct regs caller;
	enum sim_end end;
	unsigned int reg;
	struct module *m;

	if (is_made(f, pc))
		return true;
	if (process_code(f->p, pc - 1, &m, &bias) &&
		cfi_find(&((struct code *)m->code)->cfi, &((struct code *)m->code)->elf,
			 pc - 1 - bias))
		return true;
	end = sim_return(f->ahead, &frame->regs, &caller, &slot, &reg);
	return end == SIM_FOUND || end == SIM_GUESS;
}

static bool search(struct fallback *f, const struct at *frame, struct at *caller, bool *guess)
{
	uint64_t sp = frame->regs.value[REG_SP], pc = frame->regs.value[REG_PC];
	bool first = true, found = false;
	unsigned int looks = 0;

	for (uint64_t i = 0; i < SCAN_WORDS && looks < SCAN_LOOKS; i++) {
		uint64_t slot = (sp & ~7ull) + 8 * i, ret;
		enum sim_reach reach;
		struct at a;

		f->behind = !frame->exact;
		if (!work_may(0, WORD_COST) || !thread_word(f->t, slot, &ret))
			break;
		if (slot < sp || !is_code(f, ret))
			continue;
		reach = called_from(f, ret, slot, pc, sp);
		looks++;
		f->behind = true;
		a = behind(slot, ret);
		if (reach == REACH_YES ||
		    (first && reach == REACH_OPEN && is_outermost(f, &a, true))) {
			*guess = false;
			*caller = a;
			return true;
		}
		if (reach == REACH_OPEN && !found &&
		    (goes_on(f, &a) || is_outermost(f, &a, false))) {
			*guess = found = true;
			*caller = a;
		}
		if (reach == REACH_OPEN)
			first = false;
	}
	return found;
}

enum fallback_end fallback_step(struct fallback *f, const struct thread *t, const struct at *frame,
				struct at *caller, enum method *method, bool *guess,
				unsigned int *reg)
{
	uint64_t pc = frame->regs.value[REG_PC], slot;
	struct at ahead = { .exact = false }, linked;
	enum sim_end end;
	enum chain link;

	if (f->t != t)
		f->taken = 0;
	f->t = t;
	f->behind = !frame->exact;
	*guess = false;
	*method = METHOD_SIGNAL;
	if (is_trampoline(f, pc) && interrupted(f, frame, caller))
		return FALLBACK_FOUND;
	if (!frame->exact && is_entry(f, pc))
		return FALLBACK_WHOLE;
	*method = METHOD_SIM;
	end = sim_return(f->ahead, &frame->regs, &ahead.regs, &slot, reg);
	if (end == SIM_FOUND && is_doubtful(f, frame, &ahead, slot))
		end = SIM_GUESS;
	ahead.exact = is_trampoline(f, ahead.regs.value[REG_PC]);
	*caller = ahead;
	if (end == SIM_FOUND)
		return FALLBACK_FOUND;
	if (!frame->exact && end == SIM_ROOT && is_root(f, frame, false))
		return FALLBACK_WHOLE;
	*method = METHOD_FP;
	link = chain(f, frame, &linked);
	*guess = link != CHAIN_SURE;
	*caller = linked;
	if (link >= CHAIN_GUESS || (link == CHAIN_NONE && begins(f, frame, caller)))
		return FALLBACK_FOUND;
	*guess = false;
	if (search(f, frame, caller, guess) && !*guess) {
		*method = METHOD_SIM;
		return FALLBACK_FOUND;
	}
	*method = METHOD_SCAN;
	if (end == SIM_GUESS) {
		*guess = true;
		*caller = ahead;
	} else if (link == CHAIN_WEAK) {
		*guess = true;
		*caller = linked;
		*method = METHOD_FP;
	}
	if (*guess)
		return FALLBACK_FOUND;
	return end == SIM_REGISTER ? FALLBACK_REGISTER : FALLBACK_NONE;
}
