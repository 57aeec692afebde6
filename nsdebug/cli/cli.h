/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli - from words to an exit status: what the files of cli/ share. Tools see tool.h only.
 */
#ifndef NSDEBUG_CLI_CLI_H
#define NSDEBUG_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/err.h"
#include "nsdebug/cli/tool.h"

struct buf;
struct expr;
struct layout;
struct target;

/* Options that every verb has. */
struct globals {
	const char *space, *part;
	const char *selector;
	bool all;
	uint64_t timeout_ns, max_time_ns;
	const char *output;
	const char *fields;
	const char *filter;
	bool no_headers;
	const char *color;
	bool raw, host, help;
};

extern const struct opt global_opts[];
extern const struct tool *const tool_table[];	/* sorted by name, ends with NULL */
#define VERB_MAX 64
/* By its name, also as one word: "trace-exec". */
const struct tool *tool_find(const char *name);
/* The same for the words of a command line, and how many of them it is. */
const struct tool *tool_of_words(int argc, char **argv, int *ret_words);
/* Its name as one word. */
const char *tool_word(const struct tool *t, char room[VERB_MAX]);
/* Does a verb of two words begin with this one? */
bool is_family(const char *word);

/* What the user's environment may say; everything else of it is dropped at the start. */
struct env {
	bool no_color;
	unsigned int columns;	/* of the terminal on stdout, 0: none */
	bool terminal;
};

struct command {
	const struct tool *tool;
	struct globals g;
	void *opts;		/* tool->opts_size bytes */
	const char *target;	/* NULL: none, or several by --all or --selector */
	char **args;		/* the operands after it; points into argv */
	int nargs;
};

/* opt.c */
int opt_parse(struct command *c, int argc, char **argv, struct err *e);
/* Global options before the verb. Returns the index of the verb in argv, or -1. */
int opt_parse_globals(struct globals *g, int argc, char **argv, struct err *e);
/*
 * A verb without a target has options of its own by which containers are chosen, or none: what was
 * said before the verb becomes theirs, or is an error.
 */
int opt_hand_down(struct command *c, struct err *e);
bool tool_wants_target(const struct tool *t);
/* What --next says, or NULL. */
const char *command_next(const struct command *c);
/* Does it want a file of the host's? */
bool command_file(const struct command *c, struct tool_file *ret);
/* The verb that is meant, if one is near; family: by its second word, else NULL. */
bool nearest_verb(const char *family, const char *word, char room[VERB_MAX]);

/* layout.c: the first sets what was not said of times, too, and lets the verb have its say. */
int layout_of(struct command *c, const struct env *env, struct layout *l, struct err *e);
/* --filter; NULL if there is none. */
int layout_filter(const struct command *c, const struct layout *l, struct expr **ret,
		  struct err *e);

/* remark.c: what users should know of a target; and the kernel's types, or -1. */
void remark_root(const struct target *t);
void remark_claimed(const struct target *t);
int remark_types(void);

/* front.c */
enum status front_run(struct command *c, const struct env *env);
/* builtin.c: verbs about nsdebug itself; false if the word is none of them. */
bool builtin_run(const char *name, int argc, char **argv, enum status *ret);
extern const struct builtin { const char *name, *summary; } builtins[];

/* help.c, man.c, schema.c, complete.c */
void help_tool(struct buf *b, const struct tool *t);
void help_overview(struct buf *b);
void help_family(struct buf *b, const char *word);
void help_first(struct buf *b);
void man_tool(struct buf *b, const struct tool *t);
void schema_tool(struct buf *b, const struct tool *t);
void complete_words(struct buf *b, int argc, char **argv);
/* Text on stdout; ST_INTERNAL if it cannot be written. */
enum status print(struct buf *b);

/* "LETTER, --name=ARG" for help and manual; false at the end of a table. */
static inline bool opt_is_end(const struct opt *o)
{
	return !o->letter && !o->name;
}

/* Is this option of every verb another one in the verb's own table, or one that it refuses? The
 * first only stands before the verb. No verb (NULL): none is. */
bool opt_is_hidden(const struct opt *global, const struct tool *t);

/* The verb's own options, never NULL. */
const struct opt *tool_opts(const struct tool *t);
/* Does the letter of an option of every verb stand for it behind a verb with these options? */
bool opt_has_letter(const struct opt *global, const struct opt *own);

static inline bool opt_takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT;
}

/* Says that the words are no verb, and the nearest one. */
enum status err_verb(int argc, char **argv);

int cli_main(int argc, char **argv);

#endif
