/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/find.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"

#define HITS_MAX 64
#define SHOWN_MAX 6

struct query {
	const char *text;		/* as typed */
	const char *scheme;		/* name of the runtime, or NULL */
	const char *word;		/* name or id, or NULL: a pod's */
	const char *space;		/* Kubernetes' or containerd's, or NULL */
	const char *pod, *part;
};

enum match { NO_MATCH, BY_PREFIX, BY_NAME, BY_ID };

struct search {
	struct query q;
	struct arena *arena;
	struct container hit[HITS_MAX];
	enum match how[HITS_MAX];
	unsigned int hits, seen, broken;
	enum match lost;		/* the best of those that had no room */
	struct str_near near;
	const char *nearest;
};

/* ---- the word ---- */

static int err_word(const char *word, struct err *e)
{
	return err_set(e, ST_USAGE, "'%s' is not a target: give a container's name, pod/NAME, "
		       "NAMESPACE/POD/CONTAINER or pid://N", word);
}

static int err_scheme(const char *word, size_t len, struct err *e)
{
	char list[200] = "pid";
	size_t used = 3;

	for (const struct runtime *const *r = runtimes; *r && used < sizeof(list); r++)
		if (!strstr(list, runtime_scheme(*r)))
			used += (size_t)snprintf(list + used, sizeof(list) - used, ", %s",
						 runtime_scheme(*r));
	return err_set(e, ST_USAGE, "'%.*s://' is not a kind of target known here: %s", (int)len,
		       word, list);
}

static int parse_scheme(struct query *q, struct arena *a, const char *rest, struct err *e)
{
	const char *slash = strchr(rest, '/');
	size_t len = (size_t)(rest - q->text) - 3;

	for (const struct runtime *const *r = runtimes; *r && !q->scheme; r++)
		if (strlen(runtime_scheme(*r)) == len && !memcmp(runtime_scheme(*r), q->text, len))
			q->scheme = runtime_scheme(*r);
	if (!q->scheme)
		return err_scheme(q->text, len, e);
	if (slash) {
		q->space = arena_dup(a, rest, (size_t)(slash - rest));
		rest = slash + 1;
	}
	q->word = rest;
	return *rest && !strchr(rest, '/') ? 0 : err_word(q->text, e);
}

/* "pod/NAME[/CONTAINER]", "NAMESPACE/POD[/CONTAINER]" */
static int parse_pod(struct query *q, struct arena *a, const char *slash, struct err *e)
{
	const char *pod = slash + 1, *second = strchr(pod, '/');

	if (slash - q->text != 3 || memcmp(q->text, "pod", 3) != 0)
		q->space = arena_dup(a, q->text, (size_t)(slash - q->text));
	q->pod = second ? arena_dup(a, pod, (size_t)(second - pod)) : pod;
	q->part = second ? second + 1 : NULL;
	if (slash == q->text || !*q->pod || (second && (!*q->part || strchr(q->part, '/'))))
		return err_word(q->text, e);
	return 0;
}

static int parse(struct query *q, const char *text, const struct target_want *want,
		 struct arena *a, struct err *e)
{
	const char *scheme = strstr(text, "://"), *slash = strchr(text, '/');
	int ret = 0;

	*q = (struct query){ .text = text };
	if (!*text || strlen(text) >= TARGET_NAME_MAX)
		return err_word(text, e);
	if (scheme)
		ret = parse_scheme(q, a, scheme + 3, e);
	else if (slash)
		ret = parse_pod(q, a, slash, e);
	else
		q->word = text;
	if (ret < 0)
		return -1;
	if (want->space && q->space && strcmp(want->space, q->space))
		return err_set(e, ST_USAGE, "'%s' and --namespace %s contradict each other", text,
			       want->space);
	if (want->part && q->part && strcmp(want->part, q->part))
		return err_set(e, ST_USAGE, "'%s' and --container %s contradict each other", text,
			       want->part);
	q->space = q->space ? q->space : want->space;
	q->part = q->part ? q->part : want->part;
	return 0;
}

/* ---- what fits it ---- */

static bool equal(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static enum match match(const struct query *q, const struct container *c)
{
	if (!container_is_in(c, q->space, q->part))
		return NO_MATCH;
	if (q->pod)
		return equal(q->pod, c->pod) && c->kind != KIND_SANDBOX ? BY_NAME : NO_MATCH;
	/* a whole generated id is nobody's name; one with its scheme was not typed by hand */
	if (!strcmp(q->word, c->id))
		return q->scheme || is_generated_id(c->id) ? BY_ID : BY_NAME;
	/* what any program may call itself finds nothing, nor does the beginning of a claim */
	if (c->kind == KIND_PLAIN && !is_generated_id(c->id))
		return NO_MATCH;
	if (c->kind != KIND_PLAIN && !strcmp(q->word, c->name))
		return BY_NAME;
	return str_prefix(c->id, q->word) ? BY_PREFIX : NO_MATCH;
}

static bool is_same_record(const struct container *a, const struct container *b)
{
	return a->runtime == b->runtime && equal(a->id, b->id) && equal(a->root, b->root) &&
		(!a->space || equal(a->space, b->space)) &&
		(!a->runtime->scanned || a->pid == b->pid);
}

/* One that fits less well makes room. */
static unsigned int room_for(struct search *s, enum match how)
{
	unsigned int i = 0;

	if (s->hits < HITS_MAX)
		return s->hits++;
	while (i < HITS_MAX && s->how[i] >= how)
		i++;
	if (i < HITS_MAX)
		how = s->how[i];
	s->lost = s->lost > how ? s->lost : how;
	return i;
}

static void add_hit(struct search *s, const struct container *c, enum match how)
{
	unsigned int i;

	for (i = 0; i < s->hits; i++)
		if (is_same_record(&s->hit[i], c))
			return;
	i = room_for(s, how);
	if (i == HITS_MAX)
		return;
	s->hit[i] = *c;
	s->how[i] = how;
}

static void consider_nearest(struct search *s, const char *name)
{
	s->near.word = s->q.word;
	if (s->q.word && str_nearer(&s->near, name))
		s->nearest = name;
}

static bool consider(void *ctx, const struct container *c)
{
	struct search *s = ctx;
	enum match how = match(&s->q, c);

	s->seen++;
	if (how != NO_MATCH)
		add_hit(s, c, how);
	else if (!is_generated_id(c->name) && c->kind != KIND_PLAIN)
		consider_nearest(s, c->name);
	return true;
}

static bool is_asked(const struct search *s, const struct runtime *r)
{
	return !s->q.scheme || !strcmp(s->q.scheme, runtime_scheme(r));
}

static enum match best(const struct search *s)
{
	enum match how = NO_MATCH;

	for (unsigned int i = 0; i < s->hits; i++)
		how = how > s->how[i] ? how : s->how[i];
	return how;
}

/* State of another runtime that cannot be believed keeps nobody from this one's containers. */
static int ask_runtime(struct search *s, const struct runtime *r, struct ask *ask, struct err *e)
{
	int ret = r->each(r, ask, consider, s, e);

	s->broken += ask->broken + (ret < 0);
	return ret < 0 && e->status == ST_PRIVILEGE ? -1 : 0;
}

/* The exact id costs one look a runtime. Where names are beside the ids all is read anyway, unless
 * this can be no name. */
static int look_by_id(struct search *s, struct err *e)
{
	bool whole = s->q.scheme || is_generated_id(s->q.word);

	for (const struct runtime *const *r = runtimes; *r; r++) {
		struct ask ask = { .arena = s->arena, .id = s->q.word, .names = s->q.part,
			.inner = s->q.scheme };

		if ((*r)->scanned || ((*r)->named && !whole) || !is_asked(s, *r))
			continue;
		if (ask_runtime(s, *r, &ask, e) < 0)
			return -1;
	}
	return 0;
}

/* Could the word be the beginning of a generated id? */
static bool reads_like_id(const struct query *q)
{
	return q->word && is_hex_id(q->word);
}

/*
 * All of a runtime is read where names are beside the ids; and elsewhere if the id itself was not
 * there, or the word may be the beginning of another one.
 */
static int look_through(struct search *s, struct err *e)
{
	bool all = !best(s) || reads_like_id(&s->q);

	if (best(s) == BY_ID)
		return 0;
	for (const struct runtime *const *r = runtimes; *r; r++) {
		struct ask ask = { .arena = s->arena, .names = (*r)->named };

		if (!(*r)->scanned && is_asked(s, *r) && (all || (*r)->named) &&
		    ask_runtime(s, *r, &ask, e) < 0)
			return -1;
	}
	return 0;
}

/* Pods have records, all of them. */
static bool may_be_scanned(const struct search *s)
{
	bool ret = false;

	for (const struct runtime *const *r = runtimes; *r; r++)
		ret |= (*r)->scanned && is_asked(s, *r);
	return ret && !s->q.pod;
}

static bool consider_scanned(void *ctx, struct container *c)
{
	return !is_asked(ctx, c->runtime) || consider(ctx, c);
}

/* ---- which of them is meant ---- */

static void drop(struct search *s, unsigned int i)
{
	s->hits--;
	memmove(&s->hit[i], &s->hit[i + 1], (s->hits - i) * sizeof(s->hit[0]));
	memmove(&s->how[i], &s->how[i + 1], (s->hits - i) * sizeof(s->how[0]));
}

/* An exact one leaves of the prefixes only those of generated ids that it could be taken for. */
static void drop_lesser(struct search *s)
{
	enum match how = best(s);
	bool hex = how == BY_NAME && reads_like_id(&s->q);

	for (unsigned int i = s->hits; i-- > 0;)
		if (s->how[i] < how && !(hex && is_generated_id(s->hit[i].id)))
			drop(s, i);
	if (s->lost < how && !hex)
		s->lost = NO_MATCH;
}

/* What is no more (a half-made directory, another manager's) was no hit. */
static int load_hits(struct search *s, struct err *e)
{
	for (unsigned int i = s->hits; i-- > 0;)
		if (s->hit[i].runtime->load(&s->hit[i], s->arena, e) < 0) {
			if (e->status != ST_TARGET)
				return -1;
			drop(s, i);
		}
	return 0;
}

static void drop_inner(struct search *s)
{
	for (unsigned int j = s->hits; j-- > 0;)
		for (unsigned int i = 0; i < s->hits; i++)
			if (container_owns(&s->hit[i], &s->hit[j])) {
				drop(s, j);
				break;
			}
}

static bool lives(const struct container *c, int procfs)
{
	auto_close int dir = c->pid > 0 ? proc_open(procfs, c->pid) : -1;
	struct proc_stat st;

	return dir >= 0 && proc_stat(dir, &st) == 0 && st.state != 'Z' && st.state != 'X' &&
		container_began(c, st.start) == BEGAN_THEN;
}

/* Attempts of one container of a pod: the one that lives. */
static void drop_attempts(struct search *s, int procfs)
{
	for (unsigned int i = s->hits; i-- > 0;) {
		const struct container *c = &s->hit[i];
		bool other = false;

		for (unsigned int j = 0; j < s->hits; j++)
			other |= j != i && c->part && equal(c->part, s->hit[j].part) &&
				equal(c->pod, s->hit[j].pod) &&
				equal(c->pod_space, s->hit[j].pod_space) &&
				strcmp(c->id, s->q.word ? s->q.word : "");
		if (other && !lives(c, procfs))
			drop(s, i);
	}
}

/* Two of one name (one pod is going, its successor has come) are told apart by their ids. */
static void word_of(const struct search *s, unsigned int i, char *ret, size_t room)
{
	char other[TARGET_NAME_MAX];
	bool same = false;

	container_word(&s->hit[i], ret, room);
	for (unsigned int j = 0; j < s->hits && !same; j++) {
		container_word(&s->hit[j], other, sizeof(other));
		same = j != i && !strcmp(ret, other);
	}
	if (same)
		container_id_word(&s->hit[i], ret, room);
}

static int err_ambiguous(const struct search *s, struct err *e)
{
	char list[400] = "", word[TARGET_NAME_MAX];
	size_t used = 0;

	for (unsigned int i = 0; i < s->hits && i < SHOWN_MAX && used < sizeof(list); i++) {
		word_of(s, i, word, sizeof(word));
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 word);
	}
	return err_set(e, ST_USAGE, "'%s' is ambiguous: %s%s", s->q.text, list,
		       s->hits > SHOWN_MAX ? ", ..." : "");
}

static void add_where(const struct search *s, char *list, size_t room)
{
	size_t used = 0;

	for (const struct runtime *const *r = runtimes; *r && used < room; r++)
		if (is_asked(s, *r) && !strstr(list, (*r)->where))
			used += (size_t)snprintf(list + used, room - used, "%s%s",
						 used ? ", " : "", (*r)->where);
}

static int err_unknown(const struct search *s, struct err *e)
{
	char where[300] = "", broken[60] = "";

	add_where(s, where, sizeof(where));
	if (s->broken)
		snprintf(broken, sizeof(broken), "; %u state files could not be read", s->broken);
	if (scan_missing())
		return err_set(e, ST_TARGET, "no container '%s' among those that could be looked "
			       "at%s; %s", s->q.text, broken, scan_missing()->msg);
	if (s->nearest)
		return err_set(e, ST_TARGET, "no container '%s'; did you mean '%s'?%s", s->q.text,
			       s->nearest, broken);
	if (!s->seen)
		return err_set(e, ST_TARGET, "no container '%s': no container at all in %s%s",
			       s->q.text, where, broken);
	return err_set(e, ST_TARGET, "no container '%s' (looked in %s; 'nsdebug list' shows what "
		       "is there)%s", s->q.text, where, broken);
}

/* An alias led to an inner record: its owner has the name. Without a scheme and a namespace all of
 * them were asked. */
static int adopt(struct search *s, struct err *e)
{
	struct container *c = &s->hit[0];
	struct search outer = { .q = { .text = c->id, .word = c->id }, .arena = s->arena };

	for (const struct runtime *const *r = runtimes;
	     (s->q.scheme || s->q.space) && *r != c->runtime; r++) {
		struct ask ask = { .arena = s->arena, .id = c->id, .names = true };

		if (!(*r)->scanned && ask_runtime(&outer, *r, &ask, e) < 0)
			return -1;
	}
	if (load_hits(&outer, e) < 0)
		return -1;
	for (unsigned int i = 0; i < outer.hits; i++)
		if (container_owns(&outer.hit[i], c)) {
			*c = outer.hit[i];
			break;
		}
	return 0;
}

static int settle(struct search *s, int procfs, struct err *e)
{
	drop_lesser(s);
	if (s->lost)
		return err_ambiguous(s, e);
	if (load_hits(s, e) < 0)
		return -1;
	drop_inner(s);
	drop_attempts(s, procfs);
	return s->hits > 1 ? err_ambiguous(s, e) : 0;
}

static int search(struct search *s, int procfs, struct err *e)
{
	if (s->q.word && look_by_id(s, e) < 0)
		return -1;
	if (look_through(s, e) < 0 || settle(s, procfs, e) < 0)
		return -1;
	if (s->hits)
		return adopt(s, e);
	if (may_be_scanned(s) &&
	    (target_each_scanned(s->arena, consider_scanned, s, e) < 0 ||
	     settle(s, procfs, e) < 0))
		return -1;
	return s->hits ? 0 : err_unknown(s, e);
}

static int find_pid(struct target *t, const char *digits, const struct target_want *want,
		    struct err *e)
{
	uint64_t pid;

	if (!str_u64(digits, &pid) || pid == 0 || pid > INT32_MAX)
		return err_set(e, ST_USAGE, "'%s' is not a process id", digits);
	return target_pin_pid(t, (pid_t)pid, want, e);
}

int target_look_up(struct container *c, struct arena *a, const char *word,
		   const struct target_want *want, struct err *e)
{
	struct search s = { .arena = a };
	auto_close int procfs = target_procfs(e);

	if (procfs < 0 || parse(&s.q, word, want, a, e) < 0 || search(&s, procfs, e) < 0)
		return -1;
	*c = s.hit[0];
	return 0;
}

int target_pod_word(const char **space, const char **pod, struct arena *a, const char *word,
		    const struct target_want *want, struct err *e)
{
	struct query q;

	if (parse(&q, word, want, a, e) < 0)
		return -1;
	*space = q.space;
	*pod = q.pod;
	return 0;
}

int target_find(struct target *t, const char *word, const struct target_want *want, struct err *e)
{
	auto_arena struct arena *arena = arena_new();
	struct container c;

	*t = (struct target){ .place = { -1, -1, -1, -1, false } };
	if (str_prefix(word, "pid://"))
		return find_pid(t, word + strlen("pid://"), want, e);
	if (target_look_up(&c, arena, word, want, e) < 0)
		return -1;
	return want->ended ? target_pin_or_end(t, &c, want, e) : target_pin(t, &c, want, e);
}
