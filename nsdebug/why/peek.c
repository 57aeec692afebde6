/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/peek.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/stand.h"
#include "nsdebug/why/walk.h"

static bool is_same(const struct creds *t, const struct creds *c)
{
	return c->fsuid == t->uid && c->fsuid == t->euid && c->fsuid == t->suid &&
		c->fsgid == t->gid && c->fsgid == t->egid && c->fsgid == t->sgid;
}

const char *peek_refused(const struct peek *other, const struct creds *c)
{
	const struct creds *t = other->creds;

	if (other->caps & CREDS_CAP(SYS_PTRACE))
		return NULL;
	if (!is_same(t, c))
		return "its user and group have to be the same";
	if (other->uid != t->euid || other->gid != t->egid)
		return "it may not be dumped: setuid, or its user may not read its program";
	if (c->user_ns && t->user_ns && c->user_ns != t->user_ns)
		return "it is of another user namespace";
	return t->cap_prm & ~c->cap_eff ? "it has capabilities that this one has not" : NULL;
}

bool peek_asks(const char *name)
{
	static const char *const names[] = {
		"environ", "mem", "auxv", "maps", "smaps", "smaps_rollup", "numa_maps", "pagemap",
		"fdinfo",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* What follows the process's directory: "fd/1" of "/7/task/7/fd/1"; NULL: it is none of that. */
static const char *parse(const struct walk *w, const struct step *s, uint64_t *pid)
{
	const char *at = stand_in_proc(w, s);

	if (!at || *at++ != '/' || !scan_u64(&at, pid))
		return NULL;
	if (str_prefix(at, "/task/"))
		at += strlen("/task/") + strspn(at + strlen("/task/"), "0123456789");
	return *at == '/' ? at + 1 : NULL;
}

/* The kernel shows it to everybody, in the reader's ids, which are the host's. */
static bool read_status(const struct walk *w, int up, struct creds *ret, struct peek *p)
{
	struct statx st;
	auto_buf struct buf b = { 0 };
	auto_close int at = -1, fd = -1;
	struct root dir = *w->root;
	struct err e;

	dir.fd = w->depth > (unsigned int)up ? w->dirs[w->depth - 1 - (unsigned int)up].fd : -1;
	at = dir.fd < 0 ? -1 : root_open(&dir, "status", true, &e);
	fd = at < 0 ? -1 : root_read(&dir, at, "status", &e);
	if (fd < 0 || root_stat(fd, "", &st) < 0 || fd_read_all(fd, &b, 65536) < 0)
		return false;
	p->uid = st.stx_uid;
	p->gid = st.stx_gid;
	return b.len && creds_parse(b.bytes, ret);
}

static int judge(struct walk *w, const struct step *s, uint64_t pid, const char *name)
{
	const struct creds *c = &w->ask->creds;
	struct creds other;
	struct peek p = { .creds = &other, .caps = c->cap_eff };
	const char *why;

	if (w->quiet || pid == w->ask->pid)
		return 0;
	if (w->ask->named)
		return stand_refuse(w, s, WHY_MAGIC, 0);
	why = read_status(w, strchr(name, '/') ? 1 : 0, &other, &p) ? peek_refused(&p, c) : NULL;
	if (!why)
		return 0;
	stand_refuse(w, s, WHY_PTRACE, EACCES);
	w->why->caps = CREDS_CAP(SYS_PTRACE);
	snprintf(w->why->word, sizeof(w->why->word), "%s", why);
	return -1;
}

int peek_link(struct walk *w, const struct step *s)
{
	uint64_t pid;
	const char *name = parse(w, s, &pid);

	return name ? judge(w, s, pid, name) : 0;
}

int peek_file(struct walk *w, const struct step *s)
{
	uint64_t pid;
	const char *name = parse(w, s, &pid);

	return name && peek_asks(name) ? judge(w, s, pid, name) : 0;
}
