/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowfill - an answer of why: as whom it is asked, and the file that it is about.
 */
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/row.h"

static struct bytes text(const char *s)
{
	return *s ? (struct bytes){ s, strlen(s) } : (struct bytes){ NULL, 0 };
}

static struct bytes keep(struct arena *a, struct buf *b)
{
	return (struct bytes){ arena_dup(a, b->bytes ? b->bytes : "", b->len), b->len };
}

static struct col_list cap_words(uint64_t set, struct arena *a)
{
	struct bytes *items = arena_alloc(a, 64 * sizeof(*items));
	size_t n = 0;

	for (unsigned int i = 0; i < 64; i++)
		if (set >> i & 1) {
			auto_buf struct buf b = { 0 };

			cap_list(&b, 1ull << i, "");
			items[n++] = keep(a, &b);
		}
	return (struct col_list){ items, n };
}

static struct col_list group_words(const struct creds *c, const struct target *t, struct arena *a)
{
	struct bytes *items = arena_alloc(a, (c->ngroups + 1) * sizeof(*items));

	for (uint32_t i = 0; i < c->ngroups; i++) {
		auto_buf struct buf b = { 0 };

		buf_u64(&b, target_gid(t, c->groups[i]));
		items[i] = keep(a, &b);
	}
	return (struct col_list){ items, c->ngroups };
}

void why_row_creds(struct why_row *row, const struct creds *c, const struct target *t,
		   struct arena *a)
{
	static const char *const seccomp[] = { "none", "strict", "filter" };

	row->uid = target_uid(t, c->fsuid);
	row->gid = c->fsgid == UINT32_MAX ? NONE_U64 : target_gid(t, c->fsgid);
	row->host_uid = c->fsuid;
	row->host_gid = c->fsgid == UINT32_MAX ? NONE_U64 : c->fsgid;
	row->groups = group_words(c, t, a);
	row->has = cap_words(c->cap_eff, a);
	row->no_new_privs = c->no_new_privs;
	row->seccomp = c->seccomp < ARRAY_SIZE(seccomp) ? seccomp[c->seccomp] : NULL;
	row->user_ns = c->user_ns ? c->user_ns : NONE_U64;
}

void why_row_file(struct why_row *row, const struct reason *w, const struct target *t,
		  struct arena *a)
{
	auto_buf struct buf mode = { 0 };

	row->path = text(w->path);
	row->mount = text(w->mount);
	row->fstype = text(w->type);
	row->word = text(w->word);
	row->need = w->need ? why_need(w->need) : NULL;
	row->caps = cap_words(w->caps, a);
	if (w->whose)
		row->class = why_class_name(w->whose);
	if (w->whose == CLASS_ACL_USER || w->whose == CLASS_ACL_GROUP || w->kind == WHY_UNMAPPED)
		row->entry = w->id;
	if (!w->mode)
		return;
	buf_addf(&mode, "%04o", w->mode & 07777);
	row->mode = keep(a, &mode);
	row->owner = target_uid(t, w->uid);
	row->group = target_gid(t, w->gid);
	row->host_owner = w->uid;
	row->host_group = w->gid;
}
