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

struct program {
	struct sock_filter code[SECCOMP_INSNS_MAX];
	size_t len;
	bool good;
};

static void put(struct program *p, unsigned int code, uint32_t k, unsigned int yes, unsigned int no)
{
	if (p->len == SECCOMP_INSNS_MAX)
		p->good = false;
	else
		p->code[p->len++] = (struct sock_filter){ (uint16_t)code, (uint8_t)yes,
			(uint8_t)no, k };
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

static void put_return(struct program *p, const char *action, uint64_t error)
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
			error &= all[i].action == SECCOMP_RET_ERRNO ? SECCOMP_RET_DATA : 0;
			put(p, BPF_RET | BPF_K, all[i].action | (uint32_t)error, 0, 0);
			return;
		}
	p->good = false;
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

	if (a->index >= CALLRULE_ARGS)
		p->good = false;
	else if (is_op(a, "EQ") || is_op(a, "MASKED_EQ") || is_op(a, "NE"))
		put_equal(p, a, is_op(a, "NE"));
	else if (is_op(a, "GT") || is_op(a, "LE"))
		put_order(p, a, false, is_op(a, "LE"));
	else if (is_op(a, "GE") || is_op(a, "LT"))
		put_order(p, a, true, is_op(a, "LT"));
	else
		p->good = false;
	land(p, from, PASS);
}

static void put_block(struct program *p, unsigned int nr, const struct callrule *r, size_t first,
		      size_t count)
{
	size_t from = p->len;

	load(p, offsetof(struct seccomp_data, nr));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, nr, 0, FAIL);
	for (size_t i = 0; i < count; i++)
		put_arg(p, &r->args[first + i]);
	put_return(p, r->action, r->error);
	land(p, from, FAIL);
}

static bool is_twice(const struct callrule *r)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < r->nargs; i++) {
		if (seen >> (r->args[i].index & 7) & 1)
			return true;
		seen |= 1u << (r->args[i].index & 7);
	}
	return false;
}

static void put_call(struct program *p, unsigned int nr, const struct callrule *r)
{
	if (!is_twice(r)) {
		put_block(p, nr, r, 0, r->nargs);
		return;
	}
	for (size_t i = 0; i < r->nargs; i++)
		put_block(p, nr, r, i, 1);
}

static void put_rules(struct program *p, const struct callrules *all, bool plain)
{
	for (const struct callrule *r = all->first; r; r = r->next)
		for (size_t i = 0; i < r->names.count && !r->nargs == plain; i++) {
			const char *name = r->names.items[i];
			unsigned int nr = sysdef_number(name, strlen(name));

			if (nr < SYS_NR_MAX)
				put_call(p, nr, r);
		}
}

/* generatePatch() of runc's libcontainer/seccomp/patchbpf. */
static void put_newer(struct program *p, const struct callrules *c)
{
	static const char *const mild[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };
	unsigned int last = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mild); i++)
		if (c->error == ENOSYS || !strcmp(c->action, mild[i]))
			return;
	for (const struct callrule *r = c->first; r; r = r->next)
		for (size_t i = 0; i < r->names.count; i++) {
			unsigned int nr = sysdef_number(r->names.items[i],
							strlen(r->names.items[i]));

			last = nr < SYS_NR_MAX && nr > last ? nr : last;
		}
	if (!last)
		return;
	load(p, offsetof(struct seccomp_data, nr));
	put(p, BPF_JMP | BPF_JGT | BPF_K, last, 0, 1);
	put_return(p, "SCMP_ACT_ERRNO", ENOSYS);
}

void leftcalls_of(struct filters *f, const struct target *t, struct arena *a)
{
	struct program *p = arena_alloc(a, sizeof(*p));
	const struct callrules *c = &t->ending->calls;
	const char *runtime = t->container.runtime->name;

	*f = (struct filters){ .hidden = c->unknown, .count = c->action || c->unknown };
	if (!c->action || c->unknown)
		return;
	p->len = 0;
	p->good = true;
	if (strcmp(runtime, "crun") != 0 && strcmp(runtime, "podman") != 0)
		put_newer(p, c);
	put_rules(p, c, true);
	put_rules(p, c, false);
	put_return(p, c->action, c->error);
	if (p->good)
		f->items[0] = (struct seccomp_filter){ p->code, p->len };
	else
		f->hidden = "its seccomp profile has what is not understood here";
}
