/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/sim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/insn.h"
#include "nsdebug/code/way.h"
#include "nsdebug/code/work.h"

#define STEP_COST 64u		/* of an instruction, for work_may() */
#define NEVER_MAX 1024u	/* functions of which it is known whether they return */
#define SEEN (2 * SIM_STEPS)	/* slots; a power of two */
#define LEVELS 4		/* functions below the one that is asked about */
#define FINDS_ENOUGH 4u		/* returns that agree */
#define BELOW_STEPS 1024u	/* instructions of such a one */
#define ENTRY_SP 0x10000000ull	/* a stack pointer where any will do */

/* Of the psABI: who is called gives these back as they were. rsp comes by its own way. */
#define KEPT (1u << GPR_RBX | 1u << GPR_RBP | 0xf000u)

struct seen {
	uint64_t pc;
	uint32_t sp, question;
};

/* One question. */
struct level {
	struct way ways[SIM_WAYS];
	unsigned int first, count;	/* of ways, a ring */
	struct seen seen[SEEN];
	uint32_t question;		/* that they are of */
	unsigned int steps, max;
	bool real;			/* the stack is that of the thread */
	bool open;			/* a way was left before its end */
	bool cut;			/* that was for want of room or work */
	bool unsteady;			/* a place was come to with different stack pointers */
	bool plain, root;		/* no branch or call so far; and so to exit(2) */
	bool returns;
	uint64_t slot;			/* not real: where the return address stands */
	bool bent;			/* it has left by a return to somewhere else */
	int lost;			/* register that a return would have needed, or -1 */
	uint64_t goal_pc, goal_sp;	/* of sim_reach() */
	bool behind;			/* it is behind a call */
	bool reached, reached_else;
};

struct sim {
	struct sim_asks asks;
	struct level **levels;
	struct map never;	/* by address + 1: enum comes_back, a byte */
	uint64_t have;		/* address of code[0] */
	size_t len;
	uint8_t code[256];
	uint64_t pc, sp;	/* of sim_return() */
	struct way found;
	uint64_t slot, drop;
	uint64_t other;		/* slot of what is unlike */
	unsigned int finds;
	bool unlike;
	bool weak;		/* it may be a jump in the midst of a function */
	bool open;		/* not each call leads here for certain */
};

enum next { GO_ON, WAY_ENDS, WAY_LEFT, ALL_ENDS };

/* Some 200 KiB each, so all questions share them: those of sim_return() and those within them. */
static struct level *shared[2][LEVELS];

static const uint8_t in_regs[GPR_COUNT] = { 0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15 };

struct sim *sim_new(const struct sim_asks *asks, bool within)
{
	struct sim *s = mem_alloc(sizeof(*s));

	s->asks = *asks;
	s->levels = shared[within];
	return s;
}

void sim_free(struct sim **s)
{
	if (*s)
		map_free(&(*s)->never);
	free(*s);
	*s = NULL;
}

/* ---- the code ---- */

static const struct sim_asks *stack_of(const struct sim *s, const struct level *l)
{
	return l->real ? &s->asks : NULL;
}

static bool decode(struct sim *s, uint64_t pc, struct insn *i)
{
	size_t at = pc - s->have;

	if (at >= s->len || s->len - at < INSN_MAX) {
		s->len = s->asks.code(s->asks.arg, pc, s->code, sizeof(s->code));
		s->have = pc;
		at = 0;
	}
	return s->len && insn_decode(i, s->code + at, s->len - at);
}

/* Is it the first time that a way comes here? */
static bool first_time(struct level *l, const struct way *w)
{
	uint32_t sp = way_has(w, GPR_RSP) ? (uint32_t)w->reg[GPR_RSP] : 0;
	uint64_t at = w->pc * 0x9e3779b97f4a7c15ull >> 32;

	for (;; at++) {
		struct seen *seen = &l->seen[at % SEEN];

		if (seen->question != l->question) {
			*seen = (struct seen){ w->pc, sp, l->question };
			return true;
		}
		if (seen->pc != w->pc)
			continue;
		l->unsteady |= seen->sp != sp;
		return false;
	}
}

static void branch(struct level *l, const struct way *w, uint64_t to)
{
	struct way *way;

	l->plain = false;
	if (l->count == SIM_WAYS) {
		l->open = l->cut = true;
		return;
	}
	way = &l->ways[(l->first + l->count++) % SIM_WAYS];
	memcpy(way, w, offsetof(struct way, store) + w->stores * sizeof(w->store[0]));
	way->pc = to;
}

/* Is this the place that sim_reach() is about? */
static bool is_goal(struct level *l, const struct way *w)
{
	if (!l->goal_pc || w->pc != l->goal_pc)
		return false;
	if (!way_has(w, GPR_RSP))
		l->open = true;
	else if (w->reg[GPR_RSP] == l->goal_sp)
		l->reached = true;
	else
		l->reached_else = true;
	return true;
}

enum comes_back { COMES_BACK, NEVER, ELSEWHERE };

static enum comes_back comes_back(struct sim *s, int depth, uint64_t entry);

/* One more return address that could be, `drop` bytes of arguments being taken with it. */
static enum next find(struct sim *s, const struct way *w, uint64_t ret, uint64_t drop, bool weak)
{
	uint64_t slot = w->reg[GPR_RSP];

	if (weak && s->finds)
		return WAY_ENDS;
	if (s->finds && !s->weak) {
		s->finds++;
		s->unlike |= slot != s->slot || drop != s->drop;
		s->other = slot;
		/* what differs between ways is not known */
		for (unsigned int r = 0; r < GPR_COUNT; r++)
			if (r != GPR_RSP && (!way_has(w, r) || w->reg[r] != s->found.reg[r]))
				s->found.known &= ~BIT(r);
		return s->unlike || s->finds >= FINDS_ENOUGH ? ALL_ENDS : WAY_ENDS;
	}
	s->finds = 1;
	s->weak = weak;
	s->found = *w;
	s->found.pc = ret;
	way_set(&s->found, GPR_RSP, slot + 8 + drop);
	s->slot = slot;
	s->drop = drop;
	return WAY_ENDS;
}

/* A return that takes what the way has written itself: a jump, as those of retpolines are. */
static bool is_bent(const struct level *l, const struct way *w)
{
	return !l->real && way_has(w, GPR_RSP) && way_wrote(w, w->reg[GPR_RSP]);
}

static enum next on_bent(struct level *l, struct way *w, const struct insn *i)
{
	uint64_t slot = w->reg[GPR_RSP], to;

	l->bent = true;
	if (!way_get(NULL, w, slot, &to))
		return WAY_LEFT;
	way_set(w, GPR_RSP, slot + 8 + (uint64_t)i->imm);
	w->pc = to - i->len;
	return GO_ON;
}

/* A return with the stack pointer at its address, or what may be one: an indirect jump. */
static enum next on_return(struct sim *s, struct level *l, const struct way *w, uint64_t drop,
			   bool jump)
{
	uint64_t slot = w->reg[GPR_RSP], ret;
	enum sim_reach reach;

	l->returns = true;
	if (!l->real)
		return l->goal_pc ? WAY_ENDS : ALL_ENDS;
	if (!way_has(w, GPR_RSP)) {
		if (l->lost < 0)
			l->lost = GPR_RBP;
		return WAY_ENDS;
	}
	if (slot < s->sp || !way_get(stack_of(s, l), w, slot, &ret))
		return WAY_ENDS;
	reach = s->asks.accept(s->asks.arg, s->pc, s->sp, slot, ret);
	if (reach == REACH_NO)
		return WAY_ENDS;
	s->open |= reach != REACH_YES;
	return find(s, w, ret, drop, jump && reach != REACH_YES);
}

static enum next on_call(struct sim *s, int depth, struct way *w, const struct insn *i, bool direct)
{
	uint64_t next = w->pc + i->len, to = next + (uint64_t)i->imm;
	struct level *l = s->levels[depth];

	l->plain = false;
	if (l->goal_pc == next) {	/* which nothing may come back to */
		w->pc = next;
		is_goal(l, w);
		return l->reached ? ALL_ENDS : WAY_ENDS;
	}
	if (direct && to == next)		/* to learn where it is */
		return way_push(w, true, next) ? GO_ON : WAY_LEFT;
	switch (direct ? comes_back(s, depth, to) : COMES_BACK) {
	case NEVER:
		return WAY_ENDS;
	case ELSEWHERE:
		l->open = true;
		break;
	case COMES_BACK:
		break;
	}
	w->known &= KEPT | BIT(GPR_RSP);
	return GO_ON;
}

/* To a table's entry, or to another function: then the return address is where it would be. In the
 * midst of a function any word may be there. */
static enum next on_indirect_jump(struct sim *s, struct level *l, struct way *w,
				  const struct insn *i)
{
	if (i->mod == 3 && way_has(w, i->rm)) {
		w->pc = w->reg[i->rm] - i->len;
		return GO_ON;
	}
	l->open = true;
	if (way_has(w, GPR_RSP) && l->real)
		on_return(s, l, w, 0, true);
	return WAY_LEFT;
}

static enum next on_syscall(struct level *l, struct way *w)
{
	uint64_t nr = w->reg[GPR_RAX];
	bool is_known = way_has(w, GPR_RAX);

	l->root |= l->plain && is_known && (nr == SYS_exit || nr == SYS_exit_group);
	if (is_known && (nr == SYS_exit || nr == SYS_exit_group || nr == SYS_rt_sigreturn))
		return WAY_ENDS;
	w->known &= ~(BIT(GPR_RAX) | BIT(GPR_RCX) | BIT(GPR_R11));
	return GO_ON;
}

/* ---- what an instruction does ---- */

/* Whatever changes where it goes on. *done: the instruction was that. */
static enum next flow(struct sim *s, int depth, struct way *w, const struct insn *i, bool *done)
{
	struct level *l = s->levels[depth];
	uint8_t group = i->reg & 7;

	*done = true;
	if (insn_is_jcc(i)) {
		if (i->map == MAP_ONE && i->op >= 0xe0 && i->op < 0xe3)	/* loop */
			w->known &= ~BIT(GPR_RCX);
		branch(l, w, w->pc + i->len + (uint64_t)i->imm);
		return GO_ON;
	}
	if (i->map == MAP_0F && !i->vex) {
		if (i->op == 0x05)
			return on_syscall(l, w);
		if (i->op == 0x0b || i->op == 0xb9 || i->op == 0xff)
			return WAY_ENDS;
	} else if (i->map == MAP_ONE) {
		switch (i->op) {
		case 0xc2:
		case 0xc3:
			return is_bent(l, w) ? on_bent(l, w, i) :
				on_return(s, l, w, (uint64_t)i->imm, false);
		case 0xe8:
			return on_call(s, depth, w, i, true);
		case 0xe9:
		case 0xeb:
			w->pc += (uint64_t)i->imm;
			return GO_ON;
		case 0xcc:
		case 0xf4:
			return WAY_ENDS;
		case 0xff:
			if (group == 2)
				return on_call(s, depth, w, i, false);
			if (group == 4)
				return on_indirect_jump(s, l, w, i);
			if (group == 3 || group == 5 || group == 7)
				return WAY_LEFT;
		}
	}
	*done = false;
	return GO_ON;
}

static enum next step(struct sim *s, int depth, struct way *w)
{
	struct level *l = s->levels[depth];
	struct insn i;
	enum next n;
	bool done;

	if (!decode(s, w->pc, &i))
		return WAY_LEFT;
	n = flow(s, depth, w, &i, &done);
	if (!done && ((!l->real && !way_keep_at(w, &i, l->slot)) ||
		      !way_step(stack_of(s, l), w, &i, &l->lost)))
		return WAY_LEFT;
	w->pc += i.len;
	return n;
}

/* ---- questions ---- */

static struct level *level(struct sim *s, int depth, unsigned int max)
{
	struct level *l = s->levels[depth];

	if (!l)
		l = s->levels[depth] = mem_alloc(sizeof(*l));
	l->first = l->count = l->steps = 0;
	if (!++l->question) {
		memset(l->seen, 0, sizeof(l->seen));
		l->question = 1;
	}
	l->max = max;
	l->real = l->open = l->cut = l->unsteady = l->root = false;
	l->returns = l->bent = false;
	l->slot = ENTRY_SP;
	l->reached = l->reached_else = false;
	l->lost = -1;
	l->goal_pc = 0;
	l->behind = false;
	return l;
}

static enum next follow(struct sim *s, int depth, struct way *w)
{
	struct level *l = s->levels[depth];

	for (;;) {
		enum next n;

		if (!l->behind && is_goal(l, w))
			return l->reached ? ALL_ENDS : WAY_ENDS;
		if (!first_time(l, w))
			return WAY_ENDS;
		if (++l->steps > l->max || !work_may(0, STEP_COST)) {
			l->open = l->cut = true;
			return ALL_ENDS;
		}
		n = step(s, depth, w);
		if (n == WAY_LEFT)
			l->open = true;
		if (n != GO_ON)
			return n;
	}
}

static void explore(struct sim *s, int depth)
{
	struct level *l = s->levels[depth];

	while (l->count) {
		struct way w = l->ways[l->first];

		l->first = (l->first + 1) % SIM_WAYS;
		l->count--;
		if (follow(s, depth, &w) == ALL_ENDS)
			break;
	}
}

static enum comes_back comes_back(struct sim *s, int depth, uint64_t entry)
{
	static char found[] = { COMES_BACK, NEVER, ELSEWHERE };
	const char *known = map_get(&s->never, entry + 1);
	enum comes_back ret = COMES_BACK;
	struct level *l;
	struct way w;

	if (known || depth + 1 == LEVELS)
		return known ? (enum comes_back)*known : COMES_BACK;
	if (s->never.used >= NEVER_MAX)
		map_free(&s->never);
	map_put(&s->never, entry + 1, &found[ret]);	/* meanwhile, for one that calls itself */
	l = level(s, depth + 1, BELOW_STEPS);
	w = (struct way){ .pc = entry };
	way_set(&w, GPR_RSP, ENTRY_SP);
	branch(l, &w, entry);
	explore(s, depth + 1);
	if (l->bent)
		ret = ELSEWHERE;
	else if (!l->open && !l->returns)
		ret = NEVER;
	map_put(&s->never, entry + 1, &found[ret]);
	return ret;
}

/*
 * Is what was found certain? Where a call is known to lead here, or no way was left out; but the
 * entries of a jump table, whose returns are those of the function.
 */
static bool is_certain(const struct sim *s, const struct level *l)
{
	return !s->weak && !(s->open && (l->unsteady || l->cut));
}

static enum sim_end why_none(const struct level *l)
{
	if (l->root)
		return SIM_ROOT;
	if (l->lost >= 0)
		return SIM_REGISTER;
	return l->returns || l->open ? SIM_NOWHERE : SIM_NEVER;
}

static enum sim_end give(struct sim *s, const struct level *l, struct regs *caller, uint64_t *slot,
			 unsigned int *reg)
{
	if (!s->finds) {
		*reg = l->lost < 0 ? 0 : in_regs[l->lost];
		return why_none(l);
	}
	if (s->unlike)
		return SIM_UNLIKE;
	*caller = (struct regs){ .known = 1u << REG_PC };
	caller->value[REG_PC] = s->found.pc;
	for (unsigned int r = 0; r < GPR_COUNT; r++) {
		if (!way_has(&s->found, r) || !((KEPT | BIT(GPR_RSP)) & BIT(r)))
			continue;
		caller->value[in_regs[r]] = s->found.reg[r];
		caller->known |= 1u << in_regs[r];
	}
	*slot = s->slot;
	return is_certain(s, l) ? SIM_FOUND : SIM_GUESS;
}

enum sim_end sim_return(struct sim *s, const struct regs *now, struct regs *caller,
			uint64_t *slot, unsigned int *reg)
{
	struct level *l = level(s, 0, SIM_STEPS);
	struct way w = { .pc = now->value[REG_PC] };

	for (unsigned int r = 0; r < GPR_COUNT; r++)
		if (now->known & 1u << in_regs[r])
			way_set(&w, r, now->value[in_regs[r]]);
	s->pc = w.pc;
	s->sp = w.reg[GPR_RSP];
	s->finds = 0;
	s->unlike = s->weak = s->open = false;
	l->real = true;
	branch(l, &w, w.pc);
	l->plain = true;
	explore(s, 0);
	return give(s, l, caller, slot, reg);
}

bool sim_met(const struct sim *s, uint64_t slot)
{
	return s->finds && (s->slot == slot || (s->unlike && s->other == slot));
}

enum sim_reach sim_reach(struct sim *s, uint64_t entry, uint64_t slot, uint64_t pc, uint64_t sp,
			 bool behind)
{
	struct level *l = level(s, 0, SIM_STEPS);
	struct way w = { .pc = entry };

	way_set(&w, GPR_RSP, slot);
	l->slot = slot;
	l->goal_pc = pc;
	l->goal_sp = sp;
	l->behind = behind;
	branch(l, &w, entry);
	explore(s, 0);
	if (l->reached)
		return REACH_YES;
	/* in a loop that pushes, any depth may be */
	return (l->reached_else ? l->unsteady : l->open) ? REACH_OPEN : REACH_NO;
}

bool sim_never(struct sim *s, uint64_t entry)
{
	return comes_back(s, 0, entry) == NEVER;
}
