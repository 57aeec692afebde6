/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit - what a child says to the front: typed frames on a pipe.
 *
 * A frame is a length (uint32_t, host order, of what follows it), a type byte and a body. The
 * child never formats for people: it sends rows and the front renders them. Everything is
 * buffered and goes out when 32 KiB are waiting or 50 ms have passed at the next call, so a
 * long-running child calls emit_tick() in its loops; that is also what tells the front that it is
 * alive. The child's exit status travels in the last frame, F_END: a pipe that ends without it
 * means that the child died.
 *
 * Bodies: F_ROW and F_SUMMARY an encoded row (out/col.h); F_ERR status byte, then text; F_NOTE and
 * F_CUT text; F_NAME kind byte ('u' or 'g'), varint id, then the name; F_AGAIN a byte of enum
 * again_beside, then bytes for the verb's own next round; F_FILE a byte, which of the verb's files
 * on the host, then bytes for it; F_LOOK nothing; F_END status byte.
 */
#ifndef NSDEBUG_ENTER_EMIT_H
#define NSDEBUG_ENTER_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/str.h"
#include "nsdebug/out/col.h"

struct expr;

enum frame_type {
	F_ROW = 1, F_SUMMARY, F_ERR, F_NOTE, F_CUT, F_NAME, F_TICK, F_AGAIN, F_FILE, F_LOOK, F_END,
};

enum again_beside { AGAIN_STOPPER = 1, AGAIN_ITERATOR = 2, AGAIN_SAMPLER = 4 };

#define FRAME_MAX (1u << 20)		/* longest frame: a longer one is refused on both sides */

struct emit {
	int fd;
	int data;			/* the raw data pipe, or -1: cat writes file bytes here */
	enum status status;		/* what F_END will say: the worst so far */
	const struct col *cols;
	const struct col *summary;
	struct unseen unseen;		/* is not sent */
	const struct expr *filter;	/* rows for which it is not true are not sent; or NULL */
	struct buf out;
	uint64_t flushed_ns;
	/* In the front itself (verbs without a target): whole frames go here, not to fd. */
	void (*deliver)(void *ctx, const char *bytes, size_t len);
	void *ctx;
};

/* Row of e->cols. A row over ROW_BYTES_MAX is replaced by an error frame. False if it is not one of
 * those that the user wants (--filter). */
bool emit_row(struct emit *e, const void *row);
bool emit_wants(const struct emit *e, const void *row);
/* The same, wanted or not: what belongs to one that was. */
void emit_wanted(struct emit *e, const void *row);
/* The verb's totals, of its summary columns; the last one said counts. */
void emit_summary(struct emit *e, const void *row);
/* One object failed and the run goes on; the exit status becomes at least err->status. */
void emit_err(struct emit *e, const struct err *err);
/* Said on stderr, changes no status. */
void emit_note(struct emit *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A limit was reached and output is missing: said, "truncated": true, status 5. */
void emit_cut(struct emit *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* How the front shows an id: kind 'u' or 'g'. */
void emit_name(struct emit *e, char kind, uint64_t id, const char *name, size_t len);
void emit_tick(struct emit *e);
/* Asks the front to run this verb's child once more with these bytes (run->again); of a NEED_STACK
 * verb, with these beside it. Once in a round. */
void emit_again(struct emit *e, unsigned int beside, const void *bytes, size_t len);
/* More of the verb's file `which` (tool->files). */
void emit_file(struct emit *e, unsigned int which, const void *bytes, size_t len);
/* Now the reader beside it is wanted (tool->look). */
void emit_look(struct emit *e);
void emit_flush(struct emit *e);
void emit_end(struct emit *e);

#endif
