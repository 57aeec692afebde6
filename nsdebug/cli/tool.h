/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool - what a verb is: one const struct, in one file, tools/NAME.c, named tool_NAME.
 *
 * Parsing, help, manual, completion, JSON, schema and columns are made from it and from nothing
 * else. Adding a verb is adding tools/NAME.c and tests/tools/NAME.t; nothing is registered. A verb
 * of two words, "trace exec", is tools/trace_exec.c; where one word is wanted it is trace-exec.
 *
 * Which code runs where:
 *	.setup	in the front, after parsing, before anything is opened: checks the options against
 *		each other and says how rows are to look. Touches nothing but its arguments.
 *	.run	in the sealed child of the role that .needs names, or in the front for NEED_HOST.
 *		It sees the target, an open root or /proc, and r->emit; it cannot print. A loop
 *		that may take long without a row calls emit_tick(), or the front takes it for
 *		stuck.
 */
#ifndef NSDEBUG_CLI_TOOL_H
#define NSDEBUG_CLI_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/out/col.h"
#include "nsdebug/out/out.h"

struct aids;
struct guard;
struct near;
struct target;

enum opt_type {
	OPT_FLAG,	/* bool */
	OPT_COUNT,	/* unsigned int: how often it was given */
	OPT_U64,	/* uint64_t, decimal */
	OPT_SIZE,	/* uint64_t: bytes, 10K */
	OPT_DURATION,	/* uint64_t: nanoseconds, 1.5s */
	OPT_STR,	/* const char * */
	OPT_CHOICE,	/* const char *, one of `arg` "a|b|c" */
};

struct opt {
	char letter;		/* 0: long only */
	const char *name;	/* NULL: short only */
	enum opt_type type;
	size_t offset;
	const char *arg;	/* what the value is called, "SIZE"; NULL for flags */
	const char *help;
	const char *fallback;	/* value when an optional one is left out (--color); else NULL */
	bool once;		/* OPT_U64: names something, so two of them contradict */
	bool path;		/* inside the target: completion offers what is there */
	const char *(*words)(size_t i);	/* that completion offers for a list of words; else NULL */
};

/* OPT(letter, "name", TYPE, struct, field, "ARG", "help"): the field's type is checked. */
#define OPT(l, n, t, s, f, a, h, ...) \
	{ .letter = (l), .name = (n), .type = (t), \
	  .offset = offsetof(s, f) + 0 * sizeof(char[OPT_OK_(t, ((s *)0)->f) ? 1 : -1]), \
	  .arg = (a), .help = (h), ##__VA_ARGS__ }
#define OPT_END { .name = NULL }	/* neither a letter nor a name */
#define OPT_OK_(t, x) \
	((t) == OPT_FLAG ? IS_(x, bool) : \
	 (t) == OPT_COUNT ? IS_(x, unsigned int) : \
	 (t) == OPT_STR || (t) == OPT_CHOICE ? IS_(x, const char *) : IS_(x, uint64_t))

enum arg_kind { ARG_NONE, ARG_PATH, ARG_FILE, ARG_PID, ARG_WORD };

struct arg {
	const char *name;	/* "PATH" */
	const char *help;
	enum arg_kind kind;	/* how completion offers it */
	int min, max;		/* how many; max -1: any number */
};

enum need {
	NEED_NONE,	/* no target */
	NEED_HOST,	/* no target; runs in the front */
	NEED_ROOT,	/* the target's files */
	NEED_PROC,	/* the target's processes */
	NEED_STACK,	/* NEED_PROC, and in later rounds beside it what enum again_beside names */
	NEED_TRACE,	/* events of the target, from BPF programs */
};

struct run {
	const struct tool *tool;
	const struct target *target;	/* NULL for NEED_NONE and NEED_HOST */
	const void *opts;		/* the verb's own struct */
	char *const *args;		/* operands after the target */
	int nargs;
	struct emit *emit;
	struct inside *in;		/* descriptors of the role */
	struct root root;		/* NEED_ROOT */
	struct guard *guard;		/* NEED_TRACE, with tool->guarded; else NULL */
	const struct aids *aids;	/* NEED_TRACE, with tool->aids or tool->symbols */
	const struct near *near;	/* if tool->near says so: the node's containers */
	const struct access_site *rules;	/* of one with an end: judge_rules() */
	struct bytes again;		/* what the last round's emit_again() asked for, or empty */
	uint64_t timeout_ns;
};

/* A file of the host's that the child has as r->in->file. "-" is stdout. */
struct tool_file {
	const char *path;
	bool write;		/* a new one, which counts when the child has sent its summary */
	bool force;		/* replace what is there */
};

#define TOOL_FILES_MAX 8

/* Files in a directory of the host's, for what the child sends by emit_file(). The directory is
 * made if it is not there; files count when the child has sent its summary. */
struct tool_files {
	const char *dir;
	const char *const *names;	/* at most TOOL_FILES_MAX */
	size_t count;
	bool force;			/* replace what is there */
};

struct example {
	const char *command;	/* works when pasted after `make demo` */
	const char *what;
};

struct tool {
	const char *name;	/* as it is typed: "ls", "trace exec" */
	const char *summary;	/* one line, lower case, no full stop */
	const char *about;	/* paragraphs for help and manual */
	enum need needs;
	const struct arg *arg;	/* operands after the target, NULL: none */
	const struct opt *opts;
	size_t opts_size;
	const void *defaults;		/* what opts is before parsing; NULL: all zero */
	const struct col *cols;
	const struct col *summary_cols;	/* of emit_summary(): its column "text" is shown last */
	const struct example *examples;	/* ends with a NULL command */
	bool data;		/* writes raw bytes to emit->data */
	bool no_table;		/* its columns are JSON's only */
	bool host_mounts;	/* asks for our own mount table: target->host_mounts */
	/* Where .needs depends on the words. */
	enum need (*needs_of)(const void *opts, int nargs, char *const *args);
	/* A NEED_ROOT child asks target->mounts: without it the table is read beside the child. */
	bool (*mounts)(const void *opts);
	/* A NEED_TRACE child wants to know where code is: a mapper (trace/mapper.h) beside it. */
	bool (*mapper)(const void *opts);
	/* A child asks why paths are refused, by r->in->judge: NEED_PROC a judge (why/judge.h),
	 * NEED_TRACE by emit_look() for one of the container as it is then (why/judging.h). */
	bool (*judge)(const void *opts);
	/* A NEED_PROC child asks for seccomp filters (trace/filters.h). */
	bool (*filters)(const void *opts);
	/* NEED_STACK: what is beside the child of the first round already (enum again_beside),
	 * which then finds this byte in r->again; 0: nothing, and no byte. */
	unsigned int (*first)(const void *opts, const struct target *t, char *again);
	/* The node's other containers are asked for: r->near. */
	bool (*near)(const void *opts);
	bool cgroups;		/* a NEED_PROC child asks target->cgroups */
	/* Names of the target's users are wanted: fetched by a reader child for NEED_PROC. */
	bool (*names)(const void *opts);
	/* Netlink sockets that a NEED_PROC child is given in r->in->nets. */
	enum nets (*nets)(const void *opts);
	/* NEED_ROOT: a container that has no process (any more) is one too, and what is recorded
	 * of it is asked for: target->ending. */
	bool (*ended)(const void *opts);
	/* NEED_TRACE, not guarded: run in a reader beside the child, which finds what it sends in
	 * r->in->peer, until its programs are loaded. Not for a container to come. */
	enter_fn *reader;
	/* NEED_TRACE: the name of a container that is not there yet, not of a target; or NULL. */
	const char *(*next)(const void *opts);
	/* A NEED_TRACE child wants what only root may open (trace/aids.h), and debug files. */
	bool aids;
	/* It wants of these the kernel's symbols alone. */
	bool symbols;
	/* A NEED_TRACE child shows what it has when SIGUSR1 comes or Enter is pressed. */
	bool (*pokes)(const void *opts);
	/* A NEED_TRACE child may stop the target: a guardian beside it continues it. */
	bool (*guarded)(const void *opts);
	/*
	 * The child wants a file. One that reads it has no need of a target: without one it is
	 * given the host itself, whose name is then the file's.
	 */
	bool (*file)(const void *opts, struct tool_file *ret);
	/* What runs in a reader beside a NEED_TRACE child, from the moment on that this asks for it
	 * by emit_look(): they talk by r->in->judge. Of a container that was waited for it is the
	 * one that is there by then. Without one that socket is closed. Its argument is the
	 * container's struct mounts. */
	enter_fn *look;
	/* False: the child sends none. For one target at a time. */
	bool (*files)(const void *opts, struct tool_files *ret);
	/* -1 with ST_USAGE if the options do not fit together. */
	int (*setup)(void *opts, int nargs, char *const *args, struct layout *l, struct err *e);
	void (*run)(struct run *r);
};

/* Sends the names in the target's passwd and group; a NEED_ROOT verb calls it before its rows. */
void run_send_names(struct run *r);

#endif
