/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - what the last words of a program, of its loader or of who should have started it name as
 * the reason. Pure, but for words_command().
 *
 * They are the container's own word: each finding says whose words it stands on. Only the words it
 * ended with count, the last line and what belongs to it (a stack, an exception's fields); what it
 * said before, or called a warning, did not end it.
 */
#ifndef NSDEBUG_WHY_WORDS_H
#define NSDEBUG_WHY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct ending;
struct finding;
struct findings;
struct output;
struct root;

/* Of the line that the last words begin with; o->count if there is none. */
size_t words_first(const struct output *o);
/* "WARNING: ...": what is called that is no reason. */
bool words_mild(const char *line);

/* The kind of execve(2)'s EPERM: capabilities of the file (Linux security/commoncap.c,
 * bprm_caps_from_vfs_caps()). */
#define WORDS_EPERM "file-capabilities"

/* Who should have executed it says that it could not ("exec /x: exec format error"). */
bool words_exec(struct findings *f, const struct ending *x, const struct output *o);
/* The loader says what it lacks: a library, or a version of one. */
bool words_loader(struct findings *f, const struct ending *x, const struct output *o);
/* A finding of this kind that stands on one of the last words. */
struct finding *words_say(struct findings *f, const struct ending *x, const char *kind,
			  const char *line);
/* An error that it names: what it may not open, what is full or not there. What its files and its
 * configuration say of that confirm.h adds. */
bool words_error(struct findings *f, const struct ending *x, const struct output *o);
/* Of a code that is a shell's, 126 and 127: which command it is about, by the last words, and with
 * what it was started. That command is looked for in its files (look.h), if they are at hand. */
void words_command(struct findings *f, struct finding *s, const struct ending *x,
		   const struct root *root, const struct output *o);
/* The runtime's own words for what it could not do, in what and cure; false: none that is known. */
bool words_runtime(struct findings *f, const char *error);
/* It ends with what a call of its own failed with: whoever says so lived to tell it. */
bool words_of_errno(const char *error);
/* Of a limit that could not be set ("rlimit"): one that can. */
void words_limit(struct findings *f, struct finding *s, const struct ending *x);
/* Is it about executing the program, and not about what is done before that? */
bool words_of_exec(const char *error);

#endif
