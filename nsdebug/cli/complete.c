/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete - candidates for the last of some words: verbs, options and their values, fields,
 * targets, and paths inside targets.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/enter/relay.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/target/find.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"

#define PATHS_MAX 2000
#define DEADLINE_NS 1000000000ull

struct offer {
	struct buf *b;
	const char *word;
	bool ended;	/* also those that have */
	const char *target;	/* the word that is, or NULL */
	bool fold;	/* what is in capitals is meant by small letters, too */
};

/*
 * A shell takes what we print as if it had been typed: a file of a container may be called
 * "$(reboot)". Only names that mean themselves in every shell are offered.
 */
static bool is_plain(const char *text)
{
	return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			    "_@%+=:,./-")];
}

static bool begins(const struct offer *o, const char *text, const char *with)
{
	return str_prefix(text, with) || (o->fold && isupper((unsigned char)*text) &&
					  !strncasecmp(text, with, strlen(with)));
}

static void offer(const struct offer *o, const char *prefix, const char *text,
		  const char *suffix)
{
	size_t len = strlen(o->word), plen = strlen(prefix);

	if (is_plain(prefix) && is_plain(text) &&
	    !strncmp(o->word, prefix, len < plen ? len : plen) &&
	    (len <= plen || begins(o, text, o->word + plen))) {
		buf_addf(o->b, "%s%s%s\n", prefix, text, suffix);
	}
}

/* The name of one may be its id, and the name of another one, too. */
static void offer_once(const struct offer *o, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = o->b->bytes, *end = p + o->b->len; p && p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (!stop || ((size_t)(stop - p) == len && !memcmp(p, name, len)))
			return;
		p = stop + 1;
	}
	offer(o, "", name, "");
}

/* Of each container the ways to say it that begin as the word does; one that has exited only for
 * verbs that are about that, too. */
static bool offer_container(void *ctx, struct container *c)
{
	const struct offer *o = ctx;
	char word[TARGET_NAME_MAX];

	if (c->pid <= 0 && !o->ended)
		return true;
	container_word(c, word, sizeof(word));
	if (strchr(o->word, '/') || c->part)
		offer_once(o, word);
	else if (c->kind != KIND_SANDBOX)
		offer_once(o, c->name);
	if (c->part && str_prefix(o->word, "pod/")) {
		snprintf(word, sizeof(word), "pod/%s/%s", c->pod, c->part);
		offer(o, "", word, "");
	}
	if (o->word[0] && !c->part)
		offer_once(o, c->id);
	return true;
}

/* Two runtimes may have one scheme; pid:// is offered always. */
static bool has_scheme_before(const struct runtime *r)
{
	const struct runtime *const *first = runtimes;

	while (strcmp(runtime_scheme(*first), runtime_scheme(r)))
		first++;
	return *first != r || !strcmp(runtime_scheme(r), "pid");
}

static void offer_targets(const struct offer *o)
{
	auto_arena struct arena *arena = arena_new();
	unsigned int broken;

	scan_bound(DEADLINE_NS, 0, -1);
	target_each(arena, offer_container, (void *)o, &broken, NULL);
	for (const struct runtime *const *r = runtimes; *r && o->word[0]; r++)
		if (!strchr(o->word, ':') && !has_scheme_before(*r))
			offer(o, "", runtime_scheme(*r), "://");
	if (o->word[0])
		offer(o, "", "pod", "/");
	offer(o, "", "pid://", "");
}

/* The word of --namespace or --container; a name that several have is offered once. */
struct places {
	const struct offer *o;
	const char *prefix;
	bool part;
	const char **seen;
	size_t count;
};

static bool offer_place(void *ctx, struct container *c)
{
	struct places *p = ctx;
	const char *name = p->part ? c->part : c->pod_space ? c->pod_space : c->space;

	for (size_t i = 0; name && i < p->count; i++)
		if (!strcmp(p->seen[i], name))
			return true;
	if (!name)
		return true;
	p->seen = mem_more(p->seen, p->count);
	p->seen[p->count++] = name;
	offer(p->o, p->prefix, name, "");
	return true;
}

static void offer_places(const struct offer *o, const char *prefix, bool part)
{
	auto_arena struct arena *arena = arena_new();
	struct places p = { o, prefix, part, NULL, 0 };
	unsigned int broken;

	scan_bound(DEADLINE_NS, 0, -1);
	target_each(arena, offer_place, &p, &broken, NULL);
	free(p.seen);
}

/* What can be waited for: also what has exited, which may be started again. */
static bool offer_next(void *ctx, struct container *c)
{
	const struct places *p = ctx;
	char word[TARGET_NAME_MAX];

	if (c->part)
		snprintf(word, sizeof(word), "pod/%s/%s", c->pod, c->part);
	offer(p->o, p->prefix, c->part ? word : c->name, "");
	return true;
}

static void offer_nexts(const struct offer *o, const char *prefix)
{
	auto_arena struct arena *arena = arena_new();
	struct places p = { .o = o, .prefix = prefix };
	unsigned int broken;

	scan_bound(DEADLINE_NS, 0, -1);
	target_each(arena, offer_next, &p, &broken, NULL);
}

/* Of verbs of two words the first, once, or behind it all the second ones. */
static void offer_verbs(const struct offer *o, const char *family)
{
	char word[VERB_MAX], last[VERB_MAX] = "";

	for (const struct tool *const *t = tool_table; *t; t++) {
		const char *blank = strchr((*t)->name, ' ');
		size_t len = blank ? (size_t)(blank - (*t)->name) : strlen((*t)->name);

		snprintf(word, sizeof(word), "%.*s", (int)len, (*t)->name);
		if (family && blank && !strcmp(word, family))
			offer(o, "", blank + 1, "");
		else if (!family && strcmp(word, last))
			offer(o, "", word, "");
		memcpy(last, word, sizeof(last));
	}
	if (family)
		return;
	for (const struct builtin *v = builtins; v->name; v++)
		offer(o, "", v->name, "");
}

static void offer_options(const struct offer *o, const struct opt *opts, const struct tool *t)
{
	for (; opts && !opt_is_end(opts); opts++)
		if (opts->name && !opt_is_hidden(opts, t))
			offer(o, "--", opts->name, opt_takes_value(opts) ? "=" : "");
}

static void offer_fields(const struct offer *o, const struct tool *t, const char *prefix)
{
	for (const struct col *c = t->cols; c && c->name; c++)
		if (c->type != COL_PAINT)
			offer(o, prefix, c->name, "");
}

static void offer_choices(const struct offer *o, const char *prefix, const char *list)
{
	char word[64];

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, "|");

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		offer(o, prefix, word, "");
		p += n + (p[n] == '|');
	}
}

static void offer_words(const struct offer *o, const struct opt *op, const char *prefix,
			const char *lead)
{
	struct offer any = *o;
	const char *word;

	any.fold = true;
	if (op->type == OPT_CHOICE)
		offer_choices(o, prefix, op->arg);
	for (size_t i = 0; op->words && (word = op->words(i)); i++)
		if (*word)
			offer(&any, lead, word, "");
}

/* ---- paths inside the target: a reader lists the directory ---- */

struct path_row {
	struct bytes name;
	uint64_t directory;
};

static const struct col path_cols[] = {
	COL(COL_BYTES, struct path_row, name, 0, "name"),
	COL(COL_BOOL, struct path_row, directory, 0, "is a directory"),
	COL_END
};

static void live_list(struct inside *in, void *arg)
{
	struct root root;
	struct root_dir d;
	struct root_name name;
	int left = PATHS_MAX;

	root_init(&root, in);
	if (root_dir_open(&d, &root, arg, NULL) < 0)
		return;
	while (left-- && root_dir_next(&d, &name, NULL) > 0) {
		struct path_row row = {
			.name = { name.name, strlen(name.name) },
			.directory = S_ISDIR(name.type),
		};

		emit_row(&in->emit, &row);
	}
	root_dir_close(&d);
}

struct paths {
	const struct offer *o;
	const char *directory;	/* as typed, with its slash and what is before it */
};

static int take_path(void *ctx, enum frame_type type, struct bytes body, struct err *e)
{
	const struct paths *p = ctx;
	struct cell cells[2];
	char name[256];

	(void)e;
	if (type != F_ROW || !row_decode(path_cols, &body, cells) || !cells[0].set ||
	    cells[0].s.len >= sizeof(name))
		return 0;
	memcpy(name, cells[0].s.p, cells[0].s.len);
	name[cells[0].s.len] = '\0';
	if (name[0] != '.' || strrchr(p->o->word, '/')[1] == '.')
		offer(p->o, p->directory, name, cells[1].u ? "/" : "");
	return 0;
}

/* Behind the prefix. */
static void offer_paths(const struct offer *o, const char *prefix)
{
	const struct target_want want = { .ended = o->ended };
	const char *slash = strrchr(o->word, '/');
	char directory[4096];
	struct paths paths = { o, directory };
	struct relay r = { .frame = take_path, .ctx = &paths, .who = o->target, .signals = -1,
		.timeout_ns = DEADLINE_NS };
	struct child c;
	struct target t;
	struct err e;

	if (!slash) {
		offer(o, prefix, "/", "");
		return;
	}
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - o->word + 1), o->word);
	if (target_find(&t, o->target, &want, &e) == 0 &&
	    (t.place.image || target_mounts(&t, &e) == 0)) {
		struct spawn s = { .role = ROLE_READER, .place = &t.place, .fn = live_list,
			.arg = directory + strlen(prefix),
			.cols = path_cols, .peer = -1, .second = -1 };

		if (enter_spawn(&c, &s, &e) == 0)
			relay_run(&r, &c, &e);
	}
	target_free(&t);
}

/* "--fields pid,co": what follows the last comma is completed. */
static void offer_values(const struct offer *o, const struct tool *t, const struct opt *op,
			 const char *prefix, const char *value)
{
	const char *comma = strrchr(value, ','), *name = op->name ? op->name : "";
	char lead[512];

	if (!strcmp(name, "namespace") || !strcmp(name, "container")) {
		offer_places(o, prefix, name[0] == 'c');
		return;
	}
	if (!strcmp(name, "next")) {
		offer_nexts(o, prefix);
		return;
	}
	if (op->path) {
		/* a relative one is of a working directory that is not known here */
		if (o->target && (!*value || *value == '/'))
			offer_paths(o, prefix);
		return;
	}
	snprintf(lead, sizeof(lead), "%s%.*s", prefix, comma ? (int)(comma - value + 1) : 0,
		 value);
	if (t && (!strcmp(name, "fields") || !strcmp(name, "output"))) {
		if (name[0] == 'o' && !comma)
			for (size_t i = 0; out_formats[i]; i++)
				offer(o, prefix, out_formats[i], "");
		offer_fields(o, t, lead);
		return;
	}
	offer_words(o, op, prefix, lead);
}

/* ---- what the words before the last one mean ---- */

/* The option that this word is, of a verb's own (NULL before the verb) or of every verb. */
static const struct opt *option_of(const char *word, const struct opt *own)
{
	const struct opt *const tables[] = { own, global_opts };

	for (size_t i = 0; word[0] == '-' && i < ARRAY_SIZE(tables); i++)
		for (const struct opt *op = tables[i]; op && !opt_is_end(op); op++) {
			bool is_long = op->name && word[1] == '-' && !strcmp(word + 2, op->name);
			bool is_short = op->letter && word[1] == op->letter && !word[2];

			if (is_long || is_short)
				return op;
		}
	return NULL;
}

/* Is the word behind this one its value? */
static bool takes_next(const char *word, const struct opt *own)
{
	const struct opt *op = option_of(word, own);

	return op && opt_takes_value(op) && !op->fallback;
}

static const char *first_operand(int argc, char **argv, const struct opt *own)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return argv[i];
		i += takes_next(argv[i], own);
	}
	return NULL;
}

static void offer_for_verb(struct offer *o, const struct tool *t, int argc, char **argv)
{
	const char *before = argc > 1 ? argv[argc - 2] : "", *eq = strchr(o->word, '=');
	const struct opt *op;
	char prefix[128];

	o->ended = t->ended;
	o->target = argc > 1 ? first_operand(argc - 1, argv, t->opts) : NULL;
	if (o->word[0] == '-' && eq) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)(eq - o->word), o->word);
		op = option_of(prefix, t->opts);
		snprintf(prefix, sizeof(prefix), "%.*s", (int)(eq - o->word + 1), o->word);
		if (op)
			offer_values(o, t, op, prefix, eq + 1);
	} else if (argc > 1 && takes_next(before, t->opts)) {
		offer_values(o, t, option_of(before, t->opts), "", o->word);
	} else if (o->word[0] == '-') {
		offer_options(o, t->opts, NULL);
		offer_options(o, global_opts, t);
	} else if (tool_wants_target(t) && !o->target) {
		offer_targets(o);
	} else if (t->arg && t->arg->kind == ARG_PATH && o->target) {
		offer_paths(o, "");
	}
}

static void offer_first(const struct offer *o, const char *before)
{
	if (takes_next(before, NULL))
		offer_values(o, NULL, option_of(before, NULL), "", o->word);
	else if (o->word[0] == '-')
		offer_options(o, global_opts, NULL);
	else
		offer_verbs(o, NULL);
}

void complete_words(struct buf *b, int argc, char **argv)
{
	struct offer o = { .b = b, .word = argc ? argv[argc - 1] : "" };
	int verb = 0, words;
	const struct tool *t;

	while (verb < argc - 1 && argv[verb][0] == '-')
		verb += 1 + takes_next(argv[verb], NULL);
	if (verb >= argc - 1) {
		offer_first(&o, argc > 1 ? argv[argc - 2] : "");
		return;
	}
	t = tool_of_words(argc - verb - 1, argv + verb, &words);
	verb += words - 1;
	if (t)
		offer_for_verb(&o, t, argc - verb, argv + verb);
	else if (!strcmp(argv[verb], "help") || !strcmp(argv[verb], "man"))
		offer_verbs(&o, argc - verb > 2 ? argv[argc - 2] : NULL);
	else if (!strcmp(argv[verb], "completion"))
		offer_choices(&o, "", "bash|zsh|fish");
	else if (verb == argc - 2)
		offer_verbs(&o, argv[verb]);
}
