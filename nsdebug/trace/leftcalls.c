/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/leftcalls.h"

#include <errno.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/filters.h"
#include "nsdebug/trace/sysdef.h"

/* Where a test jumps to, until that is known: over the other tests of its argument, of its rule. */
enum { PASS = 254, FAIL = 255 };

/* libseccomp knows the names of the calls up to this one, faccessat2, since 2.5.0 of July 2020 (its
 * syscalls.csv is that of Linux 5.8-rc5). Runtimes pass over names that theirs does not know. */
#define NAMED_SURELY 439u
#define NO_ACTION UINT32_MAX

struct program {
	struct sock_filter code[SECCOMP_INSNS_MAX];
	size_t len;
	const char *why;	/* it is not what was to be made; or NULL */
};

static const char too_long[] =
	"its seccomp profile takes more than the 4096 instructions of a filter";

static void put(struct program *p, unsigned int code, uint32_t k, unsigned int yes, unsigned int no)
{
	if (p->len == SECCOMP_INSNS_MAX)
		p->why = too_long;
	else
		p->code[p->len++] = (struct sock_filter){ (uint16_t)code, (uint8_t)yes,
			(uint8_t)no, k };
}

static void not_understood(struct program *p)
{
	p->why = "its seccomp profile has what is not understood here";
}

static void load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Those from there on that wanted to jump so jump to here. */
static void land(struct program *p, size_t from, unsigned int what)
{
	for (size_t i = from; i < p->len; i++) {
		struct sock_filter *f = &p->code[i];
		uint8_t over = (uint8_t)(p->len - i - 1);

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		f->jt = f->jt == what ? over : f->jt;
		f->jf = f->jf == what ? over : f->jf;
	}
}

/* As runtimes hand it to libseccomp. */
static uint32_t action_of(const char *action, uint64_t error)
{
	static const struct {
		const char *name;
		uint32_t action;
	} all[] = {
		{ "ALLOW", SECCOMP_RET_ALLOW }, { "ERRNO", SECCOMP_RET_ERRNO },
		{ "KILL", SECCOMP_RET_KILL_THREAD }, { "KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS }, { "TRAP", SECCOMP_RET_TRAP },
		{ "TRACE", SECCOMP_RET_TRACE }, { "LOG", SECCOMP_RET_LOG },
		{ "NOTIFY", SECCOMP_RET_USER_NOTIF },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (action && str_prefix(action, "SCMP_ACT_") &&
		    !strcmp(action + strlen("SCMP_ACT_"), all[i].name)) {
			bool data = all[i].action == SECCOMP_RET_ERRNO ||
				all[i].action == SECCOMP_RET_TRACE;

			return all[i].action | (data ? error & SECCOMP_RET_DATA : 0);
		}
	return NO_ACTION;
}

static void put_return(struct program *p, uint32_t action)
{
	if (action == NO_ACTION)
		not_understood(p);
	put(p, BPF_RET | BPF_K, action, 0, 0);
}

static bool is_op(const struct callrule_arg *a, const char *name)
{
	return a->op && str_prefix(a->op, "SCMP_CMP_") &&
		!strcmp(a->op + strlen("SCMP_CMP_"), name);
}

static void put_half(struct program *p, const struct callrule_arg *a, bool high, uint64_t mask)
{
	load(p, offsetof(struct seccomp_data, args) + 8 * (size_t)a->index + 4 * high);
	if (mask != UINT64_MAX)
		put(p, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(high ? mask >> 32 : mask), 0, 0);
}

static void put_equal(struct program *p, const struct callrule_arg *a, bool not)
{
	bool masked = is_op(a, "MASKED_EQ");
	uint64_t mask = masked ? a->value : UINT64_MAX, value = masked ? a->two & mask : a->value;
	unsigned int hit = not ? FAIL : PASS, miss = not ? PASS : FAIL;

	put_half(p, a, true, mask);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value >> 32), 0, miss);
	put_half(p, a, false, mask);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)value, hit, miss);
}

/* Greater, or as great; else what is neither, or smaller. */
static void put_order(struct program *p, const struct callrule_arg *a, bool equal, bool not)
{
	unsigned int hit = not ? FAIL : PASS, miss = not ? PASS : FAIL;

	put_half(p, a, true, UINT64_MAX);
	put(p, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)(a->value >> 32), hit, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(a->value >> 32), 0, miss);
	put_half(p, a, false, UINT64_MAX);
	put(p, BPF_JMP | (equal ? BPF_JGE : BPF_JGT) | BPF_K, (uint32_t)a->value, hit, miss);
}

static void put_arg(struct program *p, const struct callrule_arg *a)
{
	size_t from = p->len;

	if (is_op(a, "EQ") || is_op(a, "MASKED_EQ") || is_op(a, "NE"))
		put_equal(p, a, is_op(a, "NE"));
	else if (is_op(a, "GT") || is_op(a, "LE"))
		put_order(p, a, false, is_op(a, "LE"));
	else if (is_op(a, "GE") || is_op(a, "LT"))
		put_order(p, a, true, is_op(a, "LT"));
	else
		not_understood(p);
	land(p, from, PASS);
}

static void put_block(struct program *p, const struct callrule *r, size_t first, size_t count)
{
	size_t from = p->len;

	for (size_t i = 0; i < count; i++)
		put_arg(p, &r->args[first + i]);
	put_return(p, action_of(r->action, r->error));
	land(p, from, FAIL);
}

static bool is_twice(const struct callrule *r)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < r->nargs; i++) {
		if (seen >> r->args[i].index & 1)
			return true;
		seen |= 1u << r->args[i].index;
	}
	return false;
}

static void put_rule(struct program *p, const struct callrule *r)
{
	if (!is_twice(r)) {
		put_block(p, r, 0, r->nargs);
		return;
	}
	for (size_t i = 0; i < r->nargs; i++)
		put_block(p, r, i, 1);
}

/* ---- which rules count ---- */

struct rule {
	const struct callrule *is;
	uint32_t action;
};

struct asked {
	const struct callrules *all;
	const char *runtime;
	unsigned int nr;
	uint32_t rest;		/* the answer to what no rule is about */
	struct rule *rules;	/* about it, SECCOMP_INSNS_MAX at most: each takes one */
	size_t count;
};

static bool is_about(const struct callrule *r, unsigned int nr)
{
	for (size_t i = 0; i < r->names.count; i++)
		if (!strcmp(r->names.items[i], sysdefs[nr].name))
			return true;
	return false;
}

/* One whose answer is that of the rest anyway is none: libseccomp takes no such rule, and runc and
 * crun do not offer it. */
static void find_rules(struct asked *q, struct program *p)
{
	for (const struct callrule *r = q->all->first; r; r = r->next) {
		uint32_t action = action_of(r->action, r->error);

		if (action == q->rest || !is_about(r, q->nr))
			continue;
		if (q->count == SECCOMP_INSNS_MAX) {
			p->why = too_long;
			return;
		}
		q->rules[q->count++] = (struct rule){ r, action };
	}
}

static bool excludes(const struct callrule_arg *a, const struct callrule_arg *b)
{
	return a->index == b->index && is_op(a, "EQ") &&
		is_op(b, a->value == b->value ? "NE" : "EQ");
}

static bool may_both_hold(const struct callrule *r, const struct callrule *s)
{
	if (is_twice(r) || is_twice(s))
		return true;
	for (size_t i = 0; i < r->nargs; i++)
		for (size_t k = 0; k < s->nargs; k++)
			if (excludes(&r->args[i], &s->args[k]) ||
			    excludes(&s->args[k], &r->args[i]))
				return false;
	return true;
}

/* Which of two rules counts follows from the tree that libseccomp makes of all. */
static bool is_order_needed(const struct asked *q)
{
	for (size_t i = 0; i < q->count; i++)
		for (size_t k = i + 1; k < q->count; k++)
			if (q->rules[i].action != q->rules[k].action &&
			    may_both_hold(q->rules[i].is, q->rules[k].is))
				return true;
	return false;
}

static bool is_ordered(const struct callrule_arg *a)
{
	return is_op(a, "GT") || is_op(a, "GE") || is_op(a, "LT") || is_op(a, "LE");
}

/* In that tree (libseccomp 2.5.4, src/db.c) of two ordered conditions on an argument one may take
 * the other's place. */
static bool is_range(const struct asked *q)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < q->count; i++)
		for (size_t k = 0; k < q->rules[i].is->nargs; k++) {
			const struct callrule_arg *a = &q->rules[i].is->args[k];

			if (is_ordered(a) && seen >> a->index & 1)
				return true;
			seen |= (unsigned int)is_ordered(a) << a->index;
		}
	return false;
}

/* And one of no bit at all, which always holds, that of a rule without any. */
static bool has_no_bit(const struct asked *q)
{
	bool ret = false;
	size_t blocks = 0;

	for (size_t i = 0; i < q->count; i++) {
		const struct callrule *r = q->rules[i].is;

		for (size_t k = 0; k < r->nargs; k++)
			ret |= is_op(&r->args[k], "MASKED_EQ") && !r->args[k].value;
		blocks += is_twice(r) ? r->nargs : 1;
	}
	return ret && blocks > 1;
}

static bool is_mild(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
		action == SECCOMP_RET_TRACE;
}

/* generatePatch() of runc's libcontainer/seccomp/patchbpf: ENOSYS to what is above all that is
 * named; for a profile of no architectures not by each runc. What may be so or not is as if it
 * depended on where the call is made from, which is never known. */
static void put_newer(struct program *p, const struct asked *q)
{
	unsigned int most = 0;

	if (q->all->error == ENOSYS || is_mild(q->rest) || !strcmp(q->runtime, "crun"))
		return;
	for (const struct callrule *r = q->all->first; r; r = r->next)
		for (size_t i = 0; i < r->names.count; i++) {
			const char *name = r->names.items[i];
			unsigned int nr = sysdef_number(name, strlen(name));

			if (nr >= q->nr && nr <= NAMED_SURELY)
				return;
			most = nr < SYS_NR_MAX && nr > most ? nr : most;
		}
	if (!most)
		return;
	if (q->nr <= most || !q->all->native || strcmp(q->runtime, "runc") != 0) {
		load(p, offsetof(struct seccomp_data, instruction_pointer));
		put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
	}
	put_return(p, SECCOMP_RET_ERRNO | ENOSYS);
}

static const struct rule *find_plain(const struct asked *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (!q->rules[i].is->nargs)
			return &q->rules[i];
	return NULL;
}

static void put_all(struct program *p, const struct asked *q)
{
	const struct rule *plain = find_plain(q);

	if (!plain) {
		put_newer(p, q);
		for (size_t i = 0; i < q->count && !p->why; i++)
			put_rule(p, q->rules[i].is);
	}
	put_return(p, plain ? plain->action : q->rest);
	if (p->why)
		return;
	if (has_no_bit(q) || (!plain && is_range(q)))
		p->why = "its seccomp profile has conditions for it of which libseccomp makes "
			"others";
	else if (!plain && is_order_needed(q))
		p->why = "of the rules that its seccomp profile has for it two may hold, and which "
			"counts is not known";
}

void leftcalls_of(struct filters *f, const struct target *t, unsigned int nr, struct arena *a)
{
	auto_free struct program *p = mem_alloc(sizeof(*p));
	auto_free struct rule *rules = mem_alloc(SECCOMP_INSNS_MAX * sizeof(*rules));
	const struct callrules *c = &t->ending->calls;
	struct asked q = { .all = c, .runtime = t->container.runtime->name, .nr = nr,
		.rules = rules };
	struct sock_filter *code;

	*f = (struct filters){ .hidden = c->unknown, .hides_all = c->unknown,
			       .count = c->action || c->unknown };
	if (!f->count || f->hidden)
		return;
	q.rest = action_of(c->action, c->error);
	find_rules(&q, p);
	put_all(p, &q);
	f->hidden = nr > NAMED_SURELY && q.count ? "its seccomp profile names it, but "
		"libseccomp before 2.5.1 does not know it, and which its runtime had is not known" :
		p->why;
	code = arena_alloc(a, p->len * sizeof(*code));
	memcpy(code, p->code, p->len * sizeof(*code));
	if (!f->hidden)
		f->items[0] = (struct seccomp_filter){ code, p->len };
}
