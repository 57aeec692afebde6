/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/pathcalls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/callwhy.h"
#include "nsdebug/trace/filters.h"
#include "nsdebug/trace/leftcalls.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/words.h"

#define KERNEL_LARGEFILE 0100000u	/* O_LARGEFILE, which is 0 in some libc */
#define PERMISSIONS 0777u

struct counted {
	struct filters *f;
	struct buf refused, let, open;	/* their names */
	struct buf how, how_open;	/* each that is refused, and the first that is not known */
	struct reason first;		/* of those that are refused */
	bool differ;			/* not all of them with the same */
	bool all;			/* it takes each of them, not any one */
	bool usual;			/* some are let through as far as is known: callrules.h */
};

/* ---- what they are called with ---- */

static void put_arg(struct call_ask *a, unsigned int i, uint64_t value, uint64_t loose)
{
	a->unknown &= ~(1u << i);
	a->args[i] = value;
	a->loose[i] = loose;
}

/* What it may be opened with, and still be that. */
static uint64_t loose_flags(const struct action *act)
{
	uint64_t ret = O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | KERNEL_LARGEFILE;

	if (act->op == OP_LIST)
		ret |= O_DIRECTORY;
	if (act->flags & O_CREAT)
		ret |= O_APPEND | O_EXCL;
	return (act->flags & O_ACCMODE) == O_RDONLY ? ret : ret | O_TRUNC;
}

static void put_args(struct call_ask *a, const struct action *act)
{
	static const struct { uint16_t nr; uint8_t flags, mode; } all[] = {
		{ SYS_open, 1, 2 }, { SYS_openat, 2, 3 }, { SYS_creat, 0, 1 },
		{ SYS_mkdir, 0, 1 }, { SYS_mkdirat, 0, 2 }, { SYS_mknod, 0, 1 },
		{ SYS_mknodat, 0, 2 }, { SYS_chmod, 0, 1 }, { SYS_fchmodat, 0, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool opens = all[i].flags;

		if (all[i].nr != a->nr)
			continue;
		if (opens)
			put_arg(a, all[i].flags, act->flags, loose_flags(act));
		if (!opens || act->flags & O_CREAT)
			put_arg(a, all[i].mode, act->mode, PERMISSIONS);
	}
	if (a->nr == SYS_unlinkat)
		put_arg(a, 2, act->op == OP_RMDIR ? AT_REMOVEDIR : 0, 0);
	else if (a->nr == SYS_renameat2)
		put_arg(a, 4, 0, 0);
}

/* AF_INET or AF_INET6, which differ in a bit; of its own protocol, or 0. */
static void put_socket(struct call_ask *a, bool udp)
{
	_Static_assert((AF_INET6 ^ AF_INET) == 8, "one bit");
	put_arg(a, 0, AF_INET, AF_INET6 ^ AF_INET);
	put_arg(a, 1, udp ? SOCK_DGRAM : SOCK_STREAM, SOCK_CLOEXEC | SOCK_NONBLOCK);
	put_arg(a, 2, 0, udp ? IPPROTO_UDP : IPPROTO_TCP);
}

/* ---- how they are answered ---- */

static struct buf *list_of(struct counted *n, const struct reason *r, bool usual)
{
	if (r->kind == WHY_SECCOMP)
		return &n->refused;
	return r->kind == WHY_GRANTED || usual ? &n->let : &n->open;
}

/* Is it refused with one or the other? */
static bool has_errors(const struct reason *r)
{
	return !r->err && (r->number & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
		r->number & SECCOMP_RET_DATA;
}

static void count_one(struct counted *n, const struct pathcalls *p, const struct call_ask *a)
{
	/* of capabilities the judge of the path or the port tells */
	const struct capable all = { .caps = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull } };
	auto_buf struct buf words = { 0 };
	struct buf *to, *how;
	struct reason r;
	char room[16];

	if (p->dir < 0)
		leftcalls_of(n->f, p->t, a->nr, p->a);
	call_judge(n->f, a, &all, &r, &words);
	to = list_of(n, &r, p->dir < 0 && p->t->ending->calls.usual);
	n->usual |= to == &n->let && r.kind != WHY_GRANTED;
	if (to == &n->refused && !to->len)
		n->first = r;
	n->differ |= to == &n->refused && (r.number != n->first.number || r.err != n->first.err ||
					   has_errors(&r));
	how = to == &n->refused ? &n->how : to == &n->open && !to->len ? &n->how_open : NULL;
	buf_addf(to, "%s%s", to->len ? ", " : "", sysdef_name(a->nr, room));
	if (how)
		buf_addf(how, "%s%s: %.*s", how->len ? "; " : "", sysdef_name(a->nr, room),
			 (int)words.len, words.bytes ? words.bytes : "");
}

/* Of those that are all needed the first one's error is told. It may have many, for arguments. */
static void put_refused(const struct counted *n, struct reason *why, struct buf *text)
{
	bool one = n->all || !n->differ;

	*why = (struct reason){ .kind = WHY_SECCOMP, .err = one ? n->first.err : 0,
		.number = one ? n->first.number : 0, .mask = 7 };
	snprintf(why->word, sizeof(why->word), "%s", n->refused.bytes);
	if (n->differ)
		buf_add(text, n->how.bytes, n->how.len);
}

static void put_open(const struct counted *n, struct reason *why, struct buf *text)
{
	if (reason_verdict(why) != WHY_ALLOWED) {
		reason_text(text, why);
		buf_addf(text, "; and whether seccomp lets %s through is not known",
			 n->open.bytes);
		/* of a server it is what says that it refused; of others it may be another */
		why->err = why->kind == WHY_SERVER ? why->err : 0;
		return;
	}
	*why = (struct reason){ .kind = WHY_UNKNOWN };
	snprintf(why->word, sizeof(why->word), "%s", n->open.bytes);
	buf_addf(text, "not known: whether seccomp lets %s through%s%s; %s", n->open.bytes,
		 n->refused.len ? "; it refuses " : "", n->refused.len ? n->refused.bytes : "",
		 n->how_open.bytes);
}

static void put_counted(struct counted *n, struct reason *why, struct buf *text)
{
	bool others = n->let.len || n->open.len;

	if (n->refused.len && (n->all || !others)) {
		put_refused(n, why, text);
	} else if (n->open.len && (n->all || !n->let.len)) {
		put_open(n, why, text);
	} else if (n->refused.len) {
		reason_text(text, why);
		buf_addf(text, "; its seccomp filter refuses %s, but not %s", n->refused.bytes,
			 n->let.bytes);
	}
	why->guess |= n->usual && reason_verdict(why) == WHY_ALLOWED;
	buf_free(&n->refused);
	buf_free(&n->let);
	buf_free(&n->open);
	buf_free(&n->how);
	buf_free(&n->how_open);
}

/* False: there are none, or they cannot be asked. */
static bool begin(struct counted *n, const struct pathcalls *p)
{
	struct err e;

	n->f = arena_alloc(p->a, sizeof(*n->f));
	if (p->dir < 0)
		return true;
	if (!p->seccomp)
		return false;
	if (filters_of(n->f, p->in, p->dir, p->a, &e) == 0)
		return true;
	emit_note(p->emit, "its seccomp filters were not asked: %s", e.msg);
	return false;
}

void pathcalls_judge(const struct pathcalls *p, const struct action *act, struct reason *why,
		     struct buf *text)
{
	struct counted n = { .f = NULL };

	if (!begin(&n, p))
		return;
	for (size_t i = 0; i < ACTION_CALLS && act->calls[i]; i++) {
		struct call_ask a = { .nr = act->calls[i], .unknown = ~0u };

		put_args(&a, act);
		count_one(&n, p, &a);
	}
	put_counted(&n, why, text);
}

void pathcalls_port(const struct pathcalls *p, bool udp, struct reason *why, struct buf *text)
{
	struct call_ask a = { .nr = SYS_socket, .unknown = ~0u };
	struct call_ask bind = { .nr = SYS_bind, .unknown = ~0u };
	struct counted n = { .all = true };

	if (!begin(&n, p))
		return;
	put_socket(&a, udp);
	count_one(&n, p, &a);
	count_one(&n, p, &bind);
	put_counted(&n, why, text);
}
