/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/account.h"

#include "nsdebug/base/own.h"
#include "nsdebug/out/col.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/output.h"
#include "nsdebug/why/words.h"

#define SHOWN 10		/* of its last lines */

void account_state(struct findings *f, const struct ending *x)
{
	bool ended = x->finished && (!x->runs || x->previous);
	struct finding *s = finding_add(f, "state");

	s->what = finding_text(f, "%s%s%s%s%s%s%s", x->state,
			       x->between && !x->runs ? ", and its engine will start it again" : "",
			       x->previous ? "; the attempt before" : "",
			       x->started ? "; started " : "", x->started ? x->started : "",
			       ended ? "; ended " : "", ended ? x->finished : "");
	if (x->exit_code != INT64_MIN)
		s->evidence = finding_text(f, "exit code %lld%s%s", (long long)x->exit_code,
					   x->reason ? ", reason " : "",
					   x->reason ? x->reason : "");
	s->source = x->source;
}

void account_restarts(struct findings *f, const struct target *t)
{
	const struct ending *x = t->ending;
	unsigned long long n = x->restarts == NONE_U64 ? 0 : x->restarts;
	struct finding *s;

	if (!n && !x->policy)
		return;
	s = finding_add(f, "restarts");
	s->what = finding_text(f, "%s%llu attempt%s before this one%s%s",
			       x->restarts_least ? "at least " : "", n, n == 1 ? "" : "s",
			       x->policy ? "; restart policy: " : "", x->policy ? x->policy : "");
	s->source = t->container.logs ? t->container.logs : x->source;
}

/* Its last lines, and what they belong to if that is above them. */
void account_output(struct findings *f, const struct ending *x, const struct output *o)
{
	size_t from = o->count > SHOWN ? o->count - SHOWN : 0;
	size_t first = words_first(o);
	/* how long ago a run before ended may not be known: then they may be of several */
	const char *kind = x->runs ? "earlier-output" : "last-output";
	struct finding *s;

	for (size_t i = 0; i < o->count; i++) {
		if (i < from + (first < from) && i != first)
			continue;
		s = finding_add(f, kind);
		s->what = o->lines[i];
		s->source = x->output;
	}
}
