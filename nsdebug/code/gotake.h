/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gotake - copies a Go runtime's goroutines, without stopping anything.
 *
 * What is copied was asked for by a parser (gofind.c), which knows where the runtime's variables
 * may be but holds no right to read them. The taker looks at words only as far as it must to copy
 * in one go, each checked against the process's maps: a list is {pointer, length, capacity} of
 * pointers to what has a stack's bounds at its beginning and a pointer to itself among its words.
 * That is Go's runtime.allgs and its struct g; the words two and one before the pointer to itself
 * are the stack pointer and the program counter at which it was put aside (struct gobuf). What all
 * other words are the parser finds out (goroutines.c).
 *
 * A goroutine is copied with its stack, and then looked at again: if a word of it has changed, it
 * ran meanwhile, or its stack was moved, and it is copied anew. After GO_TRIES it is said to have
 * moved. Its words count how often it began to run, so that it cannot have run unseen.
 */
#ifndef NSDEBUG_CODE_GOTAKE_H
#define NSDEBUG_CODE_GOTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hole;
struct process;
struct snapshot;

#define GO_LISTS_MAX 24u	/* places where the list may be */
#define GO_TABLES_MAX 16u	/* places where a table of words may be */
#define GO_TABLE_BYTES 1024u
#define GO_RUNTIMES_MAX 4u	/* of one process: a program, and libraries */
#define GO_WORDS 56u		/* of struct g that are copied: it has about as many */
#define GO_M_WORDS 16u		/* the beginning of struct m, a thread of the runtime's */
#define GO_GS_MAX 131072u
#define GO_TRIES 6

/* What one runtime's goroutines are looked for by: addresses in the process. */
struct go_ask {
	uint64_t lists[GO_LISTS_MAX];
	uint64_t tables[GO_TABLES_MAX];
	size_t nlists, ntables;
};

struct go_words {
	uint64_t at;
	const uint8_t *bytes;
	size_t len;
};

struct go_g {
	uint64_t at;			/* in the process */
	const uint64_t *words;		/* GO_WORDS of them */
	const uint64_t *m;		/* GO_M_WORDS of the thread it is on, or NULL */
	const uint8_t *stack;		/* stack_len bytes from stack_at on */
	uint64_t stack_at;
	uint32_t stack_len;
	const struct hole *holes;	/* of these, bytes that were not there; ascending */
	size_t hole_count;
	bool stack_cut;			/* there is more above */
	bool moved;			/* while it was read */
};

struct go_taken {
	bool found;			/* the list */
	bool cut;			/* there are more than we take */
	unsigned int self;		/* which of its words points to the struct g */
	struct go_g *gs;
	size_t count;
	size_t lost;			/* elements of the list that are none, or not to be read */
	uint64_t now;			/* the clock that Go's runtime counts by */
	struct go_words tables[GO_TABLES_MAX];
	size_t ntables;
};

/* p was taken by s from the directory `dir`; its memory is read by what is asked for. Everything
 * is in s->arena. */
void gotake(struct snapshot *s, int dir, const struct process *p, const struct go_ask *ask,
	    struct go_taken *ret);

#endif
