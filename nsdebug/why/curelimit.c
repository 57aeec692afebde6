/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curelimit - cures of what limits refuse: the process's own, and its cgroups'.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/why/curing.h"

#define LLU(n) ((unsigned long long)(n))

/* What is above that no option of an engine gives: false, and that is said. */
static bool can_be_set(struct making *m, uint64_t n)
{
	const struct reason *r = m->r;
	char text[200];

	if (!r->most || n <= r->most)
		return true;
	snprintf(text, sizeof(text), "; but root may set no more than %llu on this node (its own "
		 "hard limit, without CAP_SYS_RESOURCE), and its engines as a rule neither: raise "
		 "that first, where the engine is started", LLU(r->most));
	strncat(m->cure->text, text, CURE_TEXT - strlen(m->cure->text) - 1);
	return false;
}

/* "SOFT:HARD" of what was asked for; of what has no limit, -1. */
void curing_hard_limit(struct making *m)
{
	const struct reason *r = m->r;
	long long hard = r->limit > INT64_MAX ? -1 : (long long)r->limit;
	long long soft = r->number && r->number < r->limit ? (long long)r->number : hard;

	if (!strcmp(r->word, "nofile") && hard < 0) {
		TEXT(m, "ask for a number: no limit of open files is above fs.nr_open");
		return;
	}
	TEXT(m, "raise the hard limit where the container is started");
	if (can_be_set(m, r->limit) && curing_plain(r->word) && strcmp(r->word, "as") && hard)
		curing_both(m, "--ulimit %s=%lld:%lld", r->word, soft, hard);
}

static uint64_t more_than(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* At least twice of what there is, and all that was asked for; the hard limit is not lowered. */
static void put_ulimit(struct making *m)
{
	const struct reason *r = m->r;
	uint64_t soft = more_than(r->limit < UINT64_MAX / 2 ? r->limit * 2 : r->limit, r->number);
	char hard[24] = "-1";

	if (!soft)
		soft = 1024;
	/* what it has already could be set */
	if (soft > r->hard && !can_be_set(m, soft))
		return;
	if (r->hard < INT64_MAX)
		snprintf(hard, sizeof(hard), "%llu", LLU(more_than(soft, r->hard)));
	curing_both(m, "--ulimit %s=%llu:%s", r->word, LLU(soft), hard);
}

static void cure_of_rlimit(struct making *m)
{
	const struct reason *r = m->r;
	char self[128] = "";

	/* docker and podman do not know this one */
	if (!strcmp(r->word, "as")) {
		TEXT(m, "no engine sets this limit, but the program or its shell (ulimit -v): "
		     "raise it there, or use less");
		return;
	}
	if (r->hard >= INT64_MAX)
		snprintf(self, sizeof(self), ", by the program itself (there is no hard limit)");
	else if (r->hard > r->limit)
		snprintf(self, sizeof(self), ", by the program itself up to its hard limit of %llu",
			 LLU(r->hard));
	TEXT(m, "raise the limit%s%s where the container is started, or use less", self,
	     self[0] ? ", or" : "");
	if (curing_plain(r->word) && r->word[0])
		put_ulimit(m);
}

bool curing_limits(struct making *m)
{
	const struct reason *r = m->r;

	switch (r->kind) {
	case WHY_RLIMIT:
		cure_of_rlimit(m);
		return true;
	case WHY_PIDS:
		TEXT(m, "raise the pids limit (of the kubelet: podPidsLimit), or start less; a "
		     "number that is given here is a guess, twice the limit");
		/* a limit of 0 is none */
		if (r->limit)
			curing_both(m, "--pids-limit %llu", LLU(r->limit * 2));
		return true;
	case WHY_MEMORY:
		TEXT(m, "raise the memory limit, or use less; a number that is given here is a "
		     "guess, twice the limit");
		if (!r->limit)
			return true;
		KUBERNETES(m, "spec: {containers: [{name: CONTAINER, resources: {limits: {memory: "
			   "%llu}}}]}", LLU(r->limit * 2));
		/* with swap, which is the other half by default, it had as much */
		curing_both(m, "--memory %llu --memory-swap %llu", LLU(r->limit * 2),
			    LLU(r->limit * 2));
		return true;
	default:
		return false;
	}
}
