/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program - what the first bytes of a file say of how the kernel would run it: fs/binfmt_script.c,
 * fs/binfmt_elf.c. Pure, but for program_read(), which reads a few bytes and no more.
 */
#ifndef NSDEBUG_WHY_PROGRAM_H
#define NSDEBUG_WHY_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum program_kind {
	PROGRAM_NONE,		/* no format that the kernel knows */
	PROGRAM_SCRIPT,
	PROGRAM_ELF,
	PROGRAM_FOREIGN,	/* ELF, for another machine */
	PROGRAM_UNREAD,
};

struct program {
	enum program_kind kind;
	unsigned int machine;		/* e_machine */
	char interpreter[PATH_MAX];	/* "" if it needs none */
};

#define PROGRAM_HEAD 256u		/* BINPRM_BUF_SIZE */
#define PROGRAM_TABLE 65536u		/* program headers: ELF_MIN_ALIGN of the kernel's limit */

/* Of a file open for reading. */
void program_read(int fd, struct program *ret);
/* The same for bytes: the first of a file, zeros after its end. */
void program_script(const char head[PROGRAM_HEAD], struct program *ret);

#endif
