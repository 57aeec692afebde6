/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/callwhy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/callcap.h"

#define ALL_ARGS ((1u << SYS_ARGS) - 1)

static int find_call(const char *text, size_t len, struct call_ask *ret, struct err *e)
{
	ret->nr = sysdef_number(text, len);
	return ret->nr < SYS_NR_MAX ? 0 :
		err_no_word(e, text, sysdef_word, "there is no system call '%.*s'", (int)len, text);
}

static int parse_args(const char *text, struct call_ask *ret, struct err *e)
{
	const char *p = text;

	for (unsigned int i = 0; i < SYS_ARGS; i++) {
		char *end;

		p += strspn(p, " ");
		errno = 0;
		ret->args[i] = strtoull(p, &end, 0);
		if (end == p && *p == '_')
			end++;
		else if (end == p || errno)
			break;
		else
			ret->unknown &= ~(1u << i);
		p = end + strspn(end, " ");
		if (!strcmp(p, ")"))
			return 0;
		if (*p++ != ',')
			break;
	}
	return err_set(e, ST_USAGE, "'(%s': up to six numbers or _, with commas between them, and "
		       "a ')' are expected", text);
}

int call_parse(const char *text, struct call_ask *ret, struct err *e)
{
	size_t len = strcspn(text, "(");

	*ret = (struct call_ask){ .unknown = ALL_ARGS };
	if (find_call(text, len, ret, e) < 0)
		return -1;
	return !text[len] || !strcmp(text + len, "()") ? 0 : parse_args(text + len + 1, ret, e);
}

/* ---- the answer ---- */

static void put_action(struct buf *b, uint32_t action)
{
	buf_str(b, seccomp_action(action));
	if (action == SECCOMP_RET_ERRNO)
		buf_str(b, " 0, as if it were done");
	else if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		buf_addf(b, " %s", word_errno(-(int64_t)(action & SECCOMP_RET_DATA)));
}

/* Each answer with what leads to it. */
static void put_ends(struct buf *b, const struct seccomp_verdict *v)
{
	for (size_t i = 0; i < v->ends.count; i++) {
		auto_buf struct buf tests = { 0 };

		seccomp_tests(&tests, &v->ends.items[i]);
		buf_str(b, i ? "; " : " ");
		put_action(b, v->ends.items[i].action);
		if (tests.len) {
			buf_str(b, " if ");
			buf_add(b, tests.bytes, tests.len);
		}
	}
	if (v->cut)
		buf_str(b, "; and more");
}

static bool is_harmless(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

/* Somebody else decides, whom we cannot ask. */
static bool is_asked_for(uint32_t action)
{
	return !strcmp(seccomp_action(action), "trace") ||
		!strcmp(seccomp_action(action), "notify");
}

static void judge_strict(const struct call_ask *a, struct reason *ret, struct buf *text)
{
	bool good = a->nr == SYS_read || a->nr == SYS_write || a->nr == SYS_exit ||
		a->nr == SYS_rt_sigreturn;

	ret->kind = good ? WHY_GRANTED : WHY_SECCOMP;
	buf_str(text, good ? "seccomp is in strict mode, which has it" :
		"seccomp is in strict mode: kill-thread for all but read, write, exit and "
		"sigreturn");
}

/* Does it answer the same, whatever the arguments? One errno is not another. */
static bool is_one_answer(const struct seccomp_verdict *v)
{
	for (size_t i = 0; i < v->ends.count; i++)
		if (v->ends.items[i].action != v->strictest &&
		    !seccomp_stricter(v->strictest, v->ends.items[i].action))
			return false;
	return v->mildest == v->strictest && !v->cut;
}

static void judge_filters(const struct filters *f, const struct seccomp_verdict *v,
			  struct reason *ret, struct buf *text)
{
	bool same = is_one_answer(v);

	ret->number = v->strictest;
	if (is_harmless(v->strictest)) {
		ret->kind = WHY_GRANTED;
		buf_addf(text, "%zu seccomp filter%s: ", f->count, f->count == 1 ? "" : "s");
		put_action(text, v->strictest);
		return;
	}
	ret->kind = !is_harmless(v->mildest) && !is_asked_for(v->mildest) && !v->cut ?
		WHY_SECCOMP : WHY_UNKNOWN;
	if (same && ret->kind == WHY_SECCOMP && !strcmp(seccomp_action(v->strictest), "errno"))
		ret->err = v->strictest & SECCOMP_RET_DATA;
	buf_addf(text, "seccomp filter %zu of %zu:", v->filter + 1, f->count);
	if (same) {
		buf_char(text, ' ');
		put_action(text, v->strictest);
		if (is_asked_for(v->strictest))
			buf_str(text, ": another process decides");
	} else {
		put_ends(text, v);
	}
}

static struct callcap_call of_ask(const struct call_ask *a)
{
	struct callcap_call c = { .unknown = a->unknown, .node = a->node };

	memcpy(c.args, a->args, sizeof(c.args));
	return c;
}

/* may_decode_fh(), which asks the file system of the handle: those of pidfs are for all since Linux
 * 6.14. */
static void put_handle(const struct call_ask *a, const struct capable *c, struct reason *ret,
		       struct buf *text)
{
	uint64_t own = c->caps[OVER_OWN], takes = CREDS_CAP(SYS_ADMIN) | CREDS_CAP(DAC_READ_SEARCH);
	bool directory = a->unknown & 4 || a->args[2] & O_DIRECTORY;

	buf_clear(text);
	if (directory && !c->host && (own & takes) == takes) {
		ret->kind = WHY_UNKNOWN;
		ret->caps = 0;
		buf_str(text, "it has not CAP_DAC_READ_SEARCH in the host's user namespace; since "
			"Linux 6.11 directories (O_DIRECTORY) may be opened of a file system or a "
			"mount that its own user namespace has");
		return;
	}
	buf_str(text, "it has not CAP_DAC_READ_SEARCH");
	if (!c->host)
		buf_str(text, " in the host's user namespace, nor, for what Linux 6.11 lets its "
			"own open (directories of its mounts), CAP_SYS_ADMIN and "
			"CAP_DAC_READ_SEARCH there");
	buf_str(text, "; handles of processes (pidfs, Linux 6.14) take none");
}

/* It has it, but not over what the call is about. */
static void put_elsewhere(const struct callcap *k, const struct capable *c,
			  const struct reason *r, struct buf *text)
{
	if (r->host_ns || !(c->caps[OVER_OWN] & r->caps) || !capable_name(k->over))
		return;
	buf_addf(text, "it has %s over its own user namespace %llu; its %s belongs to %llu",
		 cap_name(k->cap), (unsigned long long)c->owner[OVER_OWN],
		 capable_name(k->over), (unsigned long long)c->owner[k->over]);
}

/* Some arguments ask for it: of a call that is for little else it is not known then. */
static void put_some(const struct callcap *k, const struct reason *lacks, struct reason *ret,
		     struct buf *text)
{
	bool refused = ret->kind == WHY_SECCOMP;

	if (refused && !k->rare)
		return;
	if (refused)
		buf_str(text, "; it may also take ");
	else
		buf_str(text, text->len ? "; allowed for some arguments; needs " :
			"allowed for some arguments; needs ");
	cap_list(text, lacks->caps, " or ");
	buf_addf(text, "%s for %s", lacks->host_ns ? " in the host's user namespace" : "", k->when);
	if (!k->rare || refused)
		return;
	ret->kind = WHY_UNKNOWN;
	ret->caps = lacks->caps;
	ret->host_ns = lacks->host_ns;
}

static void put_all(const struct call_ask *a, const struct callcap *k, const struct capable *c,
		    struct reason *ret, struct buf *text)
{
	if (ret->kind == WHY_SECCOMP) {
		buf_str(text, "; it also takes ");
		cap_list(text, ret->caps, " or ");
		buf_str(text, ret->host_ns ? " in the host's user namespace" : "");
		return;
	}
	ret->kind = WHY_CAPABILITY;
	ret->err = EPERM;
	ret->word[0] = '\0';
	buf_clear(text);
	if (a->nr == SYS_open_by_handle_at && a->node.relaxed)
		put_handle(a, c, ret, text);
	else
		put_elsewhere(k, c, ret, text);
}

/* What it lacks besides being let through. */
static void put_missing(const struct filters *f, const struct call_ask *a, const struct capable *c,
			struct reason *ret, struct buf *text)
{
	const struct callcap *k = callcap_of(a->nr);
	struct callcap_call call = of_ask(a);
	enum callcap_asks asks = k ? callcap_asks(k, &call) : CALLCAP_NO;
	struct reason lacks = { .caps = k ? callcap_set(k, &call) : 0 };

	if (asks == CALLCAP_NO || !lacks.caps || c->caps[k->over] & lacks.caps)
		return;
	lacks.host_ns = k->over == OVER_HOST && !c->host;
	if (asks == CALLCAP_SOME && !f->hidden) {
		put_some(k, &lacks, ret, text);
	} else if (asks == CALLCAP_YES && (ret->kind != WHY_UNKNOWN || f->hidden)) {
		ret->caps = lacks.caps;
		ret->host_ns = lacks.host_ns;
		put_all(a, k, c, ret, text);
	}
}

static void ask_filters(const struct filters *f, const struct call_ask *a, struct reason *ret,
			struct buf *text)
{
	struct seccomp_data d = { .nr = (int)a->nr, .arch = AUDIT_ARCH_X86_64 };
	struct seccomp_verdict v;
	uint64_t loose[SYS_ARGS];

	memcpy(d.args, a->args, sizeof(d.args));
	for (unsigned int i = 0; i < SYS_ARGS; i++)
		loose[i] = a->unknown >> i & 1 ? UINT64_MAX : a->loose[i];
	seccomp_judge(f->items, f->count, &d, loose, &v);
	judge_filters(f, &v, ret, text);
	if (ret->kind != WHY_GRANTED || !(v.unknown || f->more || v.cut))
		return;
	/* what is known may refuse it already */
	ret->kind = WHY_UNKNOWN;
	if (f->hidden) {
		buf_clear(text);
		buf_str(text, f->hidden);
		return;
	}
	buf_str(text, v.unknown || f->more ? "; but there are filters that the kernel does not "
		"show (CONFIG_CHECKPOINT_RESTORE)" : "; but a filter has more ways than were "
		"followed");
}

void call_judge(const struct filters *f, const struct call_ask *a, const struct capable *c,
		struct reason *ret, struct buf *text)
{
	char room[16];

	*ret = (struct reason){ .kind = WHY_GRANTED };
	snprintf(ret->word, sizeof(ret->word), "%s", sysdef_name(a->nr, room));
	if (f->strict)
		judge_strict(a, ret, text);
	else if (f->count)
		ask_filters(f, a, ret, text);
	else
		buf_str(text, "no seccomp filter");
	put_missing(f, a, c, ret, text);
	reason_call(ret, a->nr);
}
