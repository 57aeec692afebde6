/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debugdata - the symbols of a stripped file that it carries with it: .gnu_debugdata, an ELF file
 * of nothing but functions, compressed with xz ("MiniDebugInfo", as Fedora and its relatives ship).
 *
 * It is unpacked when a name is asked for that the file does not have otherwise. A target wrote it,
 * so both what is read and what comes out are counted, for all files together: a bomb costs what
 * one honest big file costs, and after it there are fewer names. Runs in the parser.
 */
#ifndef NSDEBUG_CODE_DEBUGDATA_H
#define NSDEBUG_CODE_DEBUGDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/elf.h"

#define DEBUGDATA_MAX (48u << 20)	/* bytes of one, unpacked */
#define DEBUGDATA_WORK (96u << 20)	/* of all: unpacked, and four times those that are read */
#define DEBUGDATA_MEMORY (72u << 20)	/* for the decoder: what xz -9 takes, and some */

struct debugdata {
	struct elf elf;
	void *bytes;
	bool tried;
};

extern size_t debugdata_work;		/* done, of DEBUGDATA_WORK */

/* What is in of: the same at every call. False: none, or nothing that can be read. */
bool debugdata_open(struct debugdata *d, struct elf *of);
void debugdata_close(struct debugdata *d);

#endif
