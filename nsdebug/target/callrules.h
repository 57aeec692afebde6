/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callrules - a seccomp profile as the spec of a container has it: linux.seccomp of the OCI runtime
 * spec 1.0, config-linux.md.
 *
 * An element begins with its names, as engines write it (specs-go/config.go): of a profile that is
 * written otherwise nothing is told but that.
 */
#ifndef NSDEBUG_TARGET_CALLRULES_H
#define NSDEBUG_TARGET_CALLRULES_H

#include <stddef.h>
#include <stdint.h>

#include "nsdebug/out/jread.h"
#include "nsdebug/target/runtime.h"

#define CALLRULE_ARGS 6

/* How these calls are answered, if all of args[] are so. */
struct callrule {
	struct callrule *next;
	struct words_list names;
	const char *action;	/* "SCMP_ACT_ERRNO" */
	uint64_t error;
	struct callrule_arg {
		uint64_t index, value, two;
		const char *op;	/* "SCMP_CMP_MASKED_EQ": (argument & value) == two */
	} args[CALLRULE_ARGS];
	size_t nargs;
	unsigned int object, newest;	/* it, and the last of args[], in the document: jread.h */
};

struct callrules {
	const char *action;	/* of what no rule names; NULL: there is no profile */
	uint64_t error;
	bool native;			/* x86-64 is one of its architectures */
	struct callrule *first, *last;
	const char *unknown;	/* why it is not known, whatever else is here; or NULL */
	/* it is not known, but by daemon.json it is docker's own: that lets all through by which
	 * something is done with a path or a port (moby 20.10 to 28,
	 * profiles/seccomp/default_linux.go) */
	bool usual;
};

/* A value of it; key: its path below linux.seccomp. */
void callrules_take(struct callrules *p, struct arena *a, const char *key, struct jvalue v);

#endif
