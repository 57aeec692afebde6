/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libs - the shared libraries that a program needs, looked for as its loader will. ld.so(8) of
 * glibc, and musl's ldso/dynlink.c. In a ROLE_READER child. Bounded: LIBS_MAX files, LIBS_BYTES of
 * memory, and LIBS_NS: lists of places may be longer than anybody waits for.
 */
#ifndef NSDEBUG_WHY_LIBS_H
#define NSDEBUG_WHY_LIBS_H

#include <stdbool.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/needs.h"

struct arena;
struct findings;

#define LIBS_MAX 512
#define LIBS_BYTES (32u << 20)
#define LIBS_NS NS_PER_S

struct libs_missing {
	const char *name;	/* of the first that is nowhere; NULL: none is */
	const char *by;		/* the file that needs it */
	const char *unsure;	/* else: why not all could be looked for; NULL: all were */
};

/* Strings live in *a. */
void libs_look(const struct place_of *p, const struct file_at *program, const struct needs *n,
	       struct arena *a, struct libs_missing *ret);
/* What helps against one that is not there. */
const char *libs_cure(struct findings *f, const char *name);

#endif
