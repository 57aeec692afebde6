/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/pathcalls.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/callwhy.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/words.h"

struct counted {
	struct buf refused, left;	/* their names */
	struct reason last;		/* of those that are refused */
	size_t count;
};

static void count_one(struct counted *n, const struct filters *f, unsigned int nr)
{
	/* of capabilities the judge of the path tells */
	const struct capable all = { .caps = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull } };
	struct call_ask a = { .nr = nr, .unknown = ~0u };
	auto_buf struct buf words = { 0 };
	struct reason r;
	struct buf *to;
	char room[16];

	call_judge(f, &a, &all, &r, &words);
	to = r.kind == WHY_SECCOMP ? &n->refused : &n->left;
	buf_addf(to, "%s%s", to->len ? ", " : "", sysdef_name(nr, room));
	if (r.kind != WHY_SECCOMP)
		return;
	n->last = r;
	n->count++;
}

void pathcalls_judge(const struct filters *f, const struct action *act, struct reason *why,
		     struct buf *text)
{
	struct counted n = { .count = 0 };

	for (size_t i = 0; i < ACTION_CALLS && act->calls[i]; i++)
		count_one(&n, f, act->calls[i]);
	if (n.count && !n.left.len) {
		*why = (struct reason){ .kind = WHY_SECCOMP, .err = n.last.err,
			.number = n.last.number, .mask = 7 };
		snprintf(why->word, sizeof(why->word), "%s", n.refused.bytes);
	} else if (n.count) {
		reason_text(text, why);
		buf_addf(text, "; its seccomp filter refuses %s, but not %s", n.refused.bytes,
			 n.left.bytes);
	}
	buf_free(&n.refused);
	buf_free(&n.left);
}
