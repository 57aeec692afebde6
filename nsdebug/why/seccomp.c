/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/seccomp.h"

#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

#define STEPS_MAX 400000u	/* instructions of all ways together */
#define WAYS_MAX 512u		/* that wait for their turn */
#define DATA_LEN sizeof(struct seccomp_data)
#define FIRST_ARG offsetof(struct seccomp_data, args)

/* Not in the headers of every libc. Linux 5.0 and 4.14. */
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000u
#endif

/* A word that the filter computes with; of one that is not known perhaps of which argument it is,
 * which bits of it are left, and which of these may be anything: v has the others. */
struct value {
	uint32_t v, mask, loose;
	bool known, of_arg;
	uint8_t arg;
	bool high;
};

struct way {
	size_t at;
	struct value a, x, mem[BPF_MEMWORDS];
	struct seccomp_end end;
};

struct look {
	const struct seccomp_filter *f;
	const struct seccomp_data *d;
	const uint64_t *loose;
	struct seccomp_ends *ends;
	struct way *ways;
	size_t count, steps;
};

/* ---- is it one? ---- */

static bool is_known_code(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return !(i->k & 3) && i->k < DATA_LEN;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_ALU | BPF_NEG:
		return true;
	}
	switch (i->code & ~BPF_X) {
	case BPF_ALU | BPF_ADD:
	case BPF_ALU | BPF_SUB:
	case BPF_ALU | BPF_MUL:
	case BPF_ALU | BPF_AND:
	case BPF_ALU | BPF_OR:
	case BPF_ALU | BPF_XOR:
		return true;
	}
	return i->code == (BPF_ALU | BPF_LSH | BPF_X) || i->code == (BPF_ALU | BPF_RSH | BPF_X) ||
		i->code == (BPF_ALU | BPF_DIV | BPF_X);
}

static bool is_jump(const struct sock_filter *i, size_t left)
{
	switch (i->code & ~BPF_X) {
	case BPF_JMP | BPF_JEQ:
	case BPF_JMP | BPF_JGE:
	case BPF_JMP | BPF_JGT:
	case BPF_JMP | BPF_JSET:
		return i->jt < left && i->jf < left;
	case BPF_JMP | BPF_JA:
		return i->code == (BPF_JMP | BPF_JA) && i->k < left;
	}
	return false;
}

bool seccomp_valid(const struct seccomp_filter *f)
{
	if (!f->len || f->len > SECCOMP_INSNS_MAX ||
	    BPF_CLASS(f->code[f->len - 1].code) != BPF_RET)
		return false;
	for (size_t i = 0; i < f->len; i++)
		if (!is_known_code(&f->code[i]) && !is_jump(&f->code[i], f->len - 1 - i))
			return false;
	return true;
}

/* ---- its ways ---- */

static struct value known(uint32_t v)
{
	return (struct value){ .v = v, .known = true };
}

static struct value loaded(const struct look *l, uint32_t at)
{
	unsigned int arg = (at - FIRST_ARG) / 8;
	uint32_t v, loose;

	/* where the call is made from is never known */
	if (at >= offsetof(struct seccomp_data, instruction_pointer) && at < FIRST_ARG)
		return (struct value){ .known = false };
	memcpy(&v, (const char *)l->d + at, sizeof(v));
	loose = at < FIRST_ARG ? 0 : (uint32_t)(l->loose[arg] >> (at & 4 ? 32 : 0));
	return !loose ? known(v) : (struct value){ .v = v & ~loose, .mask = ~0u, .loose = loose,
		.of_arg = true, .arg = (uint8_t)arg, .high = at & 4 };
}

static uint32_t computed(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	default:
		return -a;
	}
}

static void keep_bits(struct value *a, uint32_t bits)
{
	a->v &= bits;
	a->mask &= bits;
	a->loose &= bits;
}

/* False: a division by nothing, at which the kernel answers 0. */
static bool compute(struct way *w, const struct sock_filter *i)
{
	struct value b = BPF_SRC(i->code) == BPF_X ? w->x : known(i->k);
	uint16_t op = BPF_OP(i->code);

	if (op == BPF_NEG)
		b = known(0);
	if (op == BPF_DIV && b.known && !b.v)
		return false;
	if (w->a.known && b.known)
		w->a = known(computed(op, w->a.v, b.v));
	else if (op == BPF_AND && w->a.of_arg && b.known)
		keep_bits(&w->a, b.v);
	else
		w->a = (struct value){ .known = false };
	return true;
}

static bool holds(uint16_t op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : a & b;
}

/* Do the bits that are known say it already? */
static bool is_settled(const struct value *a, uint16_t op, uint32_t b, bool *ret)
{
	*ret = op != BPF_JEQ && holds(op, a->v, b);
	if (op == BPF_JEQ)
		return (b & ~a->loose) != a->v;
	return *ret || !holds(op, a->v | a->loose, b);
}

static bool same_word(const struct seccomp_test *t, const struct value *a)
{
	return t->arg == a->arg && t->high == a->high && t->mask == a->mask;
}

/* What earlier tests of this way say of the same word. False: nothing. */
static bool is_decided(const struct way *w, const struct value *a, uint16_t op, uint32_t value,
		       bool *ret)
{
	for (size_t i = 0; i < w->end.count && a->of_arg; i++) {
		const struct seccomp_test *t = &w->end.tests[i];

		if (!same_word(t, a))
			continue;
		if (t->op == BPF_JEQ && t->is) {
			*ret = holds(op, t->value, value);
			return true;
		}
		if (t->op == op && t->value == value) {
			*ret = t->is;
			return true;
		}
	}
	return false;
}

static void learn(struct way *w, const struct value *a, uint16_t op, uint32_t value, bool is)
{
	struct seccomp_end *e = &w->end;

	if (!a->of_arg || e->count == SECCOMP_TESTS_MAX)
		e->vague = true;
	else
		e->tests[e->count++] = (struct seccomp_test){
			.arg = a->arg, .high = a->high, .is = is, .op = (uint8_t)op,
			.mask = a->mask, .value = value,
		};
}

static void jump(struct look *l, struct way *w, const struct sock_filter *i)
{
	struct value b = BPF_SRC(i->code) == BPF_X ? w->x : known(i->k);
	struct value a = w->a;
	uint16_t op = BPF_OP(i->code);
	bool is;

	if (op == BPF_JA) {
		w->at += i->k;
		return;
	}
	if (a.of_arg && !a.loose)
		a = known(a.v);
	if (a.known && b.known) {
		w->at += holds(op, a.v, b.v) ? i->jt : i->jf;
		return;
	}
	if (!b.known)
		a.of_arg = false;
	if ((a.of_arg && is_settled(&a, op, b.v, &is)) || is_decided(w, &a, op, b.v, &is)) {
		w->at += is ? i->jt : i->jf;
		return;
	}
	if (l->count < WAYS_MAX) {
		struct way *other = &l->ways[l->count++];

		*other = *w;
		other->at += i->jf;
		learn(other, &a, op, b.v, false);
	} else {
		l->ends->cut = true;
	}
	learn(w, &a, op, b.v, true);
	w->at += i->jt;
}

static void end(struct look *l, struct way *w, struct value action)
{
	struct seccomp_ends *ends = l->ends;

	w->end.action = action.v;
	if (!action.known) {
		ends->cut = true;
		return;
	}
	for (size_t i = 0; i < ends->count; i++)
		if (ends->items[i].action == action.v)
			return;
	if (ends->count == SECCOMP_ENDS_MAX)
		ends->cut = true;
	else
		ends->items[ends->count++] = w->end;
}

static void load(const struct look *l, struct way *w, const struct sock_filter *i)
{
	struct value *to = BPF_CLASS(i->code) == BPF_LD ? &w->a : &w->x;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		*to = loaded(l, i->k);
		break;
	case BPF_MEM:
		*to = w->mem[i->k];
		break;
	case BPF_LEN:
		*to = known(DATA_LEN);
		break;
	default:
		*to = known(i->k);
	}
}

/* False: the way is at its end. */
static bool step(struct look *l, struct way *w)
{
	const struct sock_filter *i = &l->f->code[w->at++];

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		load(l, w, i);
		break;
	case BPF_ST:
		w->mem[i->k] = w->a;
		break;
	case BPF_STX:
		w->mem[i->k] = w->x;
		break;
	case BPF_ALU:
		if (!compute(w, i)) {
			end(l, w, known(0));
			return false;
		}
		break;
	case BPF_JMP:
		jump(l, w, i);
		break;
	case BPF_RET:
		end(l, w, BPF_RVAL(i->code) == BPF_A ? w->a : known(i->k));
		return false;
	default:
		*(i->code & BPF_TXA ? &w->a : &w->x) = i->code & BPF_TXA ? w->x : w->a;
	}
	return true;
}

bool seccomp_look(const struct seccomp_filter *f, const struct seccomp_data *d,
		  const uint64_t *loose, struct seccomp_ends *ret)
{
	auto_free struct way *ways = NULL;
	struct look l = { .f = f, .d = d, .loose = loose, .ends = ret };

	ret->count = 0;
	ret->cut = false;
	if (!seccomp_valid(f))
		return false;
	ways = mem_alloc(WAYS_MAX * sizeof(*ways));
	l.ways = ways;
	ways[l.count++] = (struct way){ .a = known(0), .x = known(0) };
	for (unsigned int i = 0; i < BPF_MEMWORDS; i++)
		ways[0].mem[i] = known(0);
	while (l.count) {
		struct way w = l.ways[--l.count];

		while (step(&l, &w))
			if (++l.steps > STEPS_MAX) {
				ret->cut = true;
				return true;
			}
	}
	return true;
}

/* ---- its answers ---- */

bool seccomp_stricter(uint32_t action, uint32_t than)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL) <
		(int32_t)(than & SECCOMP_RET_ACTION_FULL);
}

static void add_ends(struct seccomp_verdict *v, size_t filter, const struct seccomp_ends *e)
{
	uint32_t mildest = SECCOMP_RET_KILL_PROCESS, strictest = SECCOMP_RET_ALLOW;

	v->cut |= e->cut;
	for (size_t i = 0; i < e->count; i++) {
		if (!seccomp_stricter(e->items[i].action, mildest))
			mildest = e->items[i].action;
		if (!seccomp_stricter(strictest, e->items[i].action))
			strictest = e->items[i].action;
	}
	if (seccomp_stricter(mildest, v->mildest))
		v->mildest = mildest;
	if (seccomp_stricter(strictest, v->strictest)) {
		v->strictest = strictest;
		v->filter = filter;
		v->ends = *e;
	}
}

void seccomp_judge(const struct seccomp_filter *items, size_t count, const struct seccomp_data *d,
		   const uint64_t *loose, struct seccomp_verdict *ret)
{
	struct seccomp_ends ends;

	ret->mildest = ret->strictest = SECCOMP_RET_ALLOW;
	ret->filter = ret->ends.count = 0;
	ret->unknown = ret->cut = false;
	for (size_t i = 0; i < count; i++) {
		if (!seccomp_look(&items[i], d, loose, &ends) || !ends.count)
			ret->unknown = true;
		else
			add_ends(ret, i, &ends);
	}
}

const char *seccomp_action(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_THREAD:
		return "kill-thread";
	case SECCOMP_RET_TRAP:
		return "trap";
	case SECCOMP_RET_ERRNO:
		return "errno";
	case SECCOMP_RET_USER_NOTIF:
		return "notify";
	case SECCOMP_RET_TRACE:
		return "trace";
	case SECCOMP_RET_LOG:
		return "log";
	case SECCOMP_RET_ALLOW:
		return "allow";
	default:	/* what the kernel does not know kills, too */
		return "kill-process";
	}
}

static const char *op_name(const struct seccomp_test *t)
{
	switch (t->op) {
	case BPF_JEQ:
		return t->is ? "==" : "!=";
	case BPF_JGT:
		return t->is ? ">" : "<=";
	case BPF_JGE:
		return t->is ? ">=" : "<";
	default:
		return t->is ? "has a bit of" : "has no bit of";
	}
}

void seccomp_tests(struct buf *b, const struct seccomp_end *end)
{
	for (size_t i = 0; i < end->count; i++) {
		const struct seccomp_test *t = &end->tests[i];
		const char *half = t->high ? ">>32" : "";

		/* what 64-bit tests say of an upper half that is not used */
		if (t->high && t->op == BPF_JEQ && t->is && !t->value && end->count > 1)
			continue;
		if (b->len)
			buf_str(b, ", ");
		if (t->mask == ~0u)
			buf_addf(b, "arg%u%s %s %#x", t->arg, half, op_name(t), t->value);
		else
			buf_addf(b, "(arg%u%s & %#x) %s %#x", t->arg, half, t->mask, op_name(t),
				 t->value);
	}
	if (end->vague)
		buf_str(b, b->len ? ", and more" : "what is not known here says so");
}
