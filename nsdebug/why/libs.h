/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libs - the shared libraries that a program needs, looked for as its loader will. ld.so(8) of
 * glibc, and musl's ldso/dynlink.c. In a ROLE_READER child.
 */
#ifndef NSDEBUG_WHY_LIBS_H
#define NSDEBUG_WHY_LIBS_H

#include <stdbool.h>

#include "nsdebug/why/find.h"
#include "nsdebug/why/needs.h"

struct arena;

#define LIBS_MAX 512

struct libs_missing {
	const char *name;	/* of the first that is nowhere; NULL: none is */
	const char *by;		/* the file that needs it */
	const char *unsure;	/* else: why not all could be looked for; NULL: all were */
	unsigned int looked;	/* files */
};

/* Strings live in *a. */
void libs_look(const struct place_of *p, const struct file_at *program, const struct needs *n,
	       struct arena *a, struct libs_missing *ret);

#endif
