/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs - what an ELF program needs of its image before its first instruction runs: the machine,
 * the loader (PT_INTERP), shared libraries (DT_NEEDED) and where it wants them looked for.
 *
 * Little of the file is read, with pread(2), each read of a named length; what it states wrongly
 * is missing or an error, and everything is bounded. Of its head sys/elfhead.h tells.
 */
#ifndef NSDEBUG_WHY_NEEDS_H
#define NSDEBUG_WHY_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define NEEDS_LIBS_MAX 512	/* of one file */
#define NEEDS_WORD_MAX 4096
#define NEEDS_TEXT_MAX 32768	/* of all strings of one file */

enum needs_kind {
	NEEDS_ELF,
	NEEDS_NOT_ELF,		/* no ELF magic at all */
	NEEDS_BROKEN,		/* it begins as one, and is none: cut, or of no known kind */
	NEEDS_OTHER_MACHINE,	/* .machine, .bits, .big_endian are known, no more */
};

struct needs {
	enum needs_kind kind;
	unsigned int machine, bits;
	bool big_endian;
	const char *interp;		/* in the arena, like all here; NULL: none */
	const char *rpath, *runpath;
	const char *libs[NEEDS_LIBS_MAX];
	size_t nlibs;
	bool cut;			/* there were more */
};

void needs_read(int fd, struct needs *n, struct arena *a);

#endif
