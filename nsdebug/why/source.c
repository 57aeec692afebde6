/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/source.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/origin.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/curing.h"

#define SOURCE "SOURCE"
#define CONTAINER "{name: CONTAINER"

bool source_quote(char *ret, size_t room, const char *path)
{
	bool plain = curing_plain(path);
	size_t n = 0;

	if (!*path || strlen(path) * 4 + 3 > room)
		return false;
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || strchr(":,", *p))
			return false;
	if (plain)
		return snprintf(ret, room, "%s", path) > 0;
	ret[n++] = '\'';
	for (const char *p = path; *p; p++)
		if (*p == '\'')
			n += (size_t)snprintf(ret + n, room - n, "'\\''");
		else
			ret[n++] = *p;
	ret[n++] = '\'';
	ret[n] = '\0';
	return true;
}

/* An engine's own volume has a name, by which it is asked for. */
static bool quote_origin(char *ret, size_t room, const struct origin *o)
{
	char name[CURE_TEXT];

	if (o->kind != ORIGIN_VOLUME || o->inside[0])
		return o->host && source_quote(ret, room, o->host);
	return snprintf(name, sizeof(name), "%.*s", (int)o->name.len, o->name.p) <
		(int)sizeof(name) && source_quote(ret, room, name);
}

bool source_at(char *ret, size_t room, const char *path)
{
	struct origin o = { .kind = ORIGIN_BIND, .inside = "" };

	if (path[0] != '/')
		return false;
	origin_by_path(path, &o);
	o.host = path;
	return quote_origin(ret, room, &o);
}

static void put(char *option, const char *word, const char *name)
{
	char text[CURE_TEXT];
	char *at = strstr(option, word);
	int n;

	if (!at)
		return;
	n = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - option), option, name,
		     at + strlen(word));
	if (n > 0 && n < (int)sizeof(text))
		memcpy(option, text, (size_t)n + 1);
}

/* NULL: it may have been mounted since. */
static const struct mount *find_origin(struct arena *a, const struct target *t,
				       const struct reason *r, struct origin *ret)
{
	struct origins s;
	uint32_t at;

	if (!t->mounts.count || !t->host_mounts.count)
		return NULL;
	origins_init(&s, &t->mounts, &t->host_mounts, a);
	at = cover_holding(&s.own_cover, r->mount);
	if (at == NO_MOUNT || strcmp(t->mounts.items[at].point, r->mount) != 0 ||
	    strcmp(t->mounts.items[at].type, r->type) != 0)
		return NULL;
	origin_of(&s, at, ret);
	return &t->mounts.items[at];
}

static bool is_tmp_on_root(const struct target *t)
{
	for (size_t i = 0; i < t->mounts.count; i++)
		if (!strcmp(t->mounts.items[i].point, "/tmp"))
			return false;
	return t->mounts.count;
}

static uint64_t find_openings(const struct ownprofile *p, const char *call)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < p->count; i++) {
		int cap = p->items[i].cap ? cap_of(p->items[i].cap) : -1;

		if (cap >= 0 && opening_has(&p->items[i], call))
			caps |= 1ull << cap;
	}
	return caps;
}

static void hint_ended(struct reason *r, const struct ending *x)
{
	r->hint |= (x->host_net ? HINT_HOST_NET : 0) | (x->host_uts ? HINT_HOST_UTS : 0);
}

void source_hint(struct reason *r, const struct target *t)
{
	auto_arena struct arena *a = NULL;
	struct origin o;
	bool itself = S_ISSOCK(r->mode) && !strcmp(r->path, r->mount);

	if (r->kind == WHY_SECCOMP)
		r->opens = find_openings(&t->profile, r->word);
	if (t->ns.net && t->ns.net == t->host.net)
		r->hint |= HINT_HOST_NET;
	if (t->ns.uts && t->ns.uts == t->host.uts)
		r->hint |= HINT_HOST_UTS;
	if (is_tmp_on_root(t))
		r->hint |= HINT_TMP_ON_ROOT;
	if (t->ending && t->place.image)
		hint_ended(r, t->ending);
	if (!r->mount[0] || (!itself && !t->container.pod && strcmp(r->type, "tmpfs") != 0))
		return;
	a = arena_new();
	if (!find_origin(a, t, r, &o))
		return;
	/* below a directory it has its own name */
	if (itself && o.host && curing_is_control(o.host))
		r->hint |= HINT_CONTROL;
	/* podman makes /dev/shm on the host */
	if ((o.kind == ORIGIN_TMPFS && !o.host) ||
	    (o.kind == ORIGIN_INJECTED && !strcmp(r->type, "tmpfs")))
		r->hint |= HINT_TMPFS;
	if (t->container.pod && o.kind == ORIGIN_BIND)
		r->hint |= HINT_HOST_PATH;
}

void source_put_part(struct cure *c, const char *part)
{
	const char *mark = part && !curing_is_string(part) ? "\"" : "";
	char name[CURE_TEXT];

	if (part && curing_plain(part) &&
	    snprintf(name, sizeof(name), "{name: %s%s%s", mark, part, mark) < (int)sizeof(name))
		put(c->kubernetes, CONTAINER, name);
}

static bool says_host(const struct cure *c)
{
	return strstr(c->text, "on the host") || strstr(c->text, "where the volume");
}

/* Is there an option, or a word, that takes what is mounted? */
static bool is_asked(const struct cure *c, const struct reason *r)
{
	return strstr(c->docker, SOURCE ":") || strstr(c->podman, SOURCE ":") ||
		(r->mount[0] && r->mount[1] && says_host(c));
}

/* What is to be changed on the host is named, if that fits. Below the mount the container may have
 * put a link, which chown(1) and chmod(1) follow. */
static void put_place(struct cure *c, const char *host, const struct reason *r)
{
	size_t at = strlen(c->text), len = strlen(r->mount);
	const char *below = r->path + len;
	bool is_below = !strncmp(r->path, r->mount, len) && (!*below || *below == '/');

	if (!host || !r->mount[1] || !is_below || r->path_cut || !says_host(c) ||
	    snprintf(c->text + at, sizeof(c->text) - at, "; on the host it is %s%s%s", host, below,
		     *below ? " (look first that the container made no link of it)" : "") >=
	    (int)(sizeof(c->text) - at))
		c->text[at] = '\0';
}

/* What an engine writes for the container, anew with each start, is no volume that could be asked
 * for. False: it is none, or another cure helps. */
static bool put_engines(struct cure *c, const struct origin *o, const struct reason *r)
{
	static const struct { const char *at, *how; } all[] = {
		{ "/etc/hosts", "--add-host; in Kubernetes hostAliases" },
		{ "/etc/resolv.conf", "--dns; in Kubernetes dnsConfig" },
		{ "/etc/hostname", "--hostname; in Kubernetes hostname" },
	};
	const char *how = NULL;

	if (o->kind != ORIGIN_INJECTED || S_ISDIR(r->mode) || strcmp(r->path, r->mount) != 0 ||
	    !is_asked(c, r))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(all) && !(r->need & ~(uint32_t)NEED_W); i++)
		how = !strcmp(r->mount, all[i].at) ? all[i].how : how;
	*c = (struct cure){ 0 };
	if (strstr(r->path, "/secrets/") && !(r->need & NEED_W))
		curing_say(c->text, "its engine writes it, anew with each start: let it be its "
			   "reader's (podman: --secret NAME,uid=UID,gid=GID,mode=0400)");
	else
		curing_say(c->text, "its engine writes it, anew with each start: %s%s%slet the "
			   "program do without", how ? "tell that what is to be in it (" : "",
			   how ? how : "", how ? "), and " : "");
	return true;
}

/* What a tmpfs has of options another one is to have, too: its bounds first of all. */
static void put_kept(struct cure *c, const struct mount *m)
{
	static const char *const kept[] = { "size=", "nr_inodes=", "mode=" };
	char word[CURE_TEXT], with[CURE_TEXT], memory[80];
	unsigned long long kib;
	size_t n, len;

	n = (size_t)snprintf(word, sizeof(word), "--tmpfs %s:", m->point);
	if (n > sizeof(word) / 2)
		return;
	n = (size_t)snprintf(with, sizeof(with), "%s%s", word,
			     !mounts_option(m->options, "noexec") ? "exec," :
			     strstr(c->docker, ":exec,") ? "" : "noexec,");
	for (const char *p = m->fs_options; *p; p += len + (p[len] == ',')) {
		len = strcspn(p, ",");
		/* who is to be its owner needs the owner's rights */
		for (size_t i = 0; i < ARRAY_SIZE(kept) && n + len + 2 < sizeof(with); i++)
			if (str_prefix(p, kept[i]) && (*p != 'm' || p[len - 3] == '7'))
				n += (size_t)snprintf(with + n, sizeof(with) - n, "%.*s,",
						      (int)len, p);
		if (sscanf(p, "size=%lluk", &kib) != 1)
			continue;
		snprintf(memory, sizeof(memory), "emptyDir: {medium: Memory, sizeLimit: %lluKi}",
			 kib);
		put(c->kubernetes, "emptyDir: {}", memory);
	}
	put(c->docker, word, with);
	put(c->podman, word, with);
}

void source_put_ended(struct cure *c, const struct ending *x, const struct reason *r)
{
	const struct ending_mount *m = r->mount[0] ? ending_mount_of(x, r->mount) : NULL;
	struct origin o = { .kind = ORIGIN_BIND };
	char source[CURE_TEXT];

	if (!m || !m->source || m->source[0] != '/')
		return;
	origin_by_path(m->source, &o);
	if (put_engines(c, &o, r))
		return;
	put_place(c, m->source, r);
	if (!source_at(source, sizeof(source), m->source))
		return;
	put(c->docker, SOURCE, source);
	put(c->podman, SOURCE, source);
}

void source_put(struct cure *c, const struct target *t, const struct reason *r)
{
	auto_arena struct arena *a = arena_new();
	const struct mount *m = NULL;
	char source[CURE_TEXT];
	struct origin o;

	source_put_part(c, t->container.part);
	if (r->hint & HINT_TMPFS || is_asked(c, r))
		m = find_origin(a, t, r, &o);
	if (m && r->hint & HINT_TMPFS)
		put_kept(c, m);
	if (t->ending) {
		source_put_ended(c, t->ending, r);
		return;
	}
	if (!m || !is_asked(c, r) || put_engines(c, &o, r))
		return;
	put_place(c, o.host, r);
	if (!quote_origin(source, sizeof(source), &o))
		return;
	put(c->docker, SOURCE, source);
	put(c->podman, SOURCE, source);
}
