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

	if (!r || r->action) {
		r = arena_alloc(a, sizeof(*r));
		*r = (struct callrule){ .error = EPERM };
		*(p->last ? &p->last->next : &p->first) = r;
		p->last = r;
	}
	words_add(&r->names, a, v);
}

static bool take_arg(struct callrule *r, struct arena *a, const char *key, struct jvalue v)
{
	struct callrule_arg *arg;

	if (!strcmp(key, "index"))
		return r->nargs < CALLRULE_ARGS && jvalue_u64(v, &r->args[r->nargs++].index);
	if (!r->nargs)
		return false;
	arg = &r->args[r->nargs - 1];
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
	if (!r)
		return false;
	if (str_prefix(key, "args[]."))
		return take_arg(r, a, key + strlen("args[]."), v);
	if (!strcmp(key, "errnoRet"))
		return jvalue_u64(v, &r->error);
	if (strcmp(key, "action") != 0)
		return true;
	if (r->action)
		return false;
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
	} else if (!strcmp(key, "syscalls[].names[]")) {
		take_name(p, a, v);
	} else if (str_prefix(key, "syscalls[].") &&
		   !take_rule(p->last, a, key + strlen("syscalls[]."), v)) {
		p->unknown = odd;
	}
}
