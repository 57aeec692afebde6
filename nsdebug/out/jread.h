/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jread - the values of a JSON document as they stream by, until the caller has what it needs.
 *
 * Built on yajl, which needs no tree in memory. Every scalar is handed to the caller with its path
 * ("config.labels[]", "init_process_pid"); returning false ends the reading there, which for a
 * runtime's state file is usually after the first hundred bytes. Depth and size are bounded; a
 * document that exceeds them is an error, never a crash. A key that makes a path too long, or that
 * holds a NUL, is passed over with all below it: it may be a container's own word (a label), and
 * hides nothing else. Of duplicate keys the caller sees each.
 */
#ifndef NSDEBUG_OUT_JREAD_H
#define NSDEBUG_OUT_JREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

struct err;

enum jtype { J_NULL, J_BOOL, J_NUMBER, J_STRING };

struct jvalue {
	enum jtype type;
	struct bytes text;	/* of a string: decoded; of a number: as written; "true", "false" */
	unsigned int object;	/* which it is in, numbered from 1 as they begin; 0: none */
};

typedef bool jread_fn(void *ctx, const char *path, struct jvalue v);

#define JREAD_DEPTH_MAX 64
#define JREAD_PATH_MAX 512

/* Reads from fd until fn returns false, the document ends, or cap bytes were read. */
int jread(int fd, size_t cap, jread_fn *fn, void *ctx, struct err *e);
/* The same of a document that is there. */
int jread_bytes(const char *p, size_t len, jread_fn *fn, void *ctx, struct err *e);

bool jvalue_is(struct jvalue v, const char *text);
bool jvalue_begins(struct jvalue v, const char *with);
bool jvalue_u64(struct jvalue v, uint64_t *ret);
/* Copies a string value, cut to room; false if it is not a string. */
bool jvalue_str(struct jvalue v, char *ret, size_t room);

#endif
