/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/callrules.h"

#include <errno.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/target/ending.h"

static const char odd[] = "its seccomp profile is not written as engines do it";

static void take_name(struct callrules *p, struct arena *a, struct jvalue v)
{
	struct callrule *r = p->last;

	if (r && v.object < r->newest)
		p->unknown = odd;
	if (!r || v.object != r->object) {
		r = arena_alloc(a, sizeof(*r));
		*r = (struct callrule){ .error = EPERM, .object = v.object };
		*(p->last ? &p->last->next : &p->first) = r;
		p->last = r;
	}
	words_add(&r->names, a, v);
}

static bool take_arg(struct callrule *r, struct arena *a, const char *key, struct jvalue v)
{
	struct callrule_arg *arg;

	if (v.object != r->newest && r->nargs == CALLRULE_ARGS)
		return false;
	r->nargs += v.object != r->newest;
	r->newest = v.object;
	arg = &r->args[r->nargs - 1];
	if (!strcmp(key, "index"))
		return jvalue_u64(v, &arg->index) && arg->index < CALLRULE_ARGS;
	if (!strcmp(key, "value"))
		return jvalue_u64(v, &arg->value);
	if (!strcmp(key, "valueTwo"))
		return jvalue_u64(v, &arg->two);
	if (!strcmp(key, "op"))
		arg->op = runtime_text(a, v);
	return true;
}

static bool take_rule(struct callrule *r, struct arena *a, const char *key, struct jvalue v)
{
	if (r && str_prefix(key, "args[]."))
		return v.object > r->object && take_arg(r, a, key + strlen("args[]."), v);
	if (!r || v.object != r->object)
		return false;
	if (!strcmp(key, "errnoRet"))
		return jvalue_u64(v, &r->error);
	if (strcmp(key, "action") != 0)
		return true;
	r->action = runtime_text(a, v);
	return r->action;
}

void callrules_take(struct callrules *p, struct arena *a, const char *key, struct jvalue v)
{
	if (!strcmp(key, "defaultAction")) {
		p->action = runtime_text(a, v);
		p->error = p->error ? p->error : EPERM;
	} else if (!strcmp(key, "defaultErrnoRet")) {
		jvalue_u64(v, &p->error);
	} else if (!strcmp(key, "architectures[]")) {
		p->native |= jvalue_is(v, "SCMP_ARCH_X86_64");
	} else if (!strcmp(key, "syscalls[].names[]")) {
		take_name(p, a, v);
	} else if (str_prefix(key, "syscalls[].") &&
		   !take_rule(p->last, a, key + strlen("syscalls[]."), v)) {
		p->unknown = odd;
	}
}
