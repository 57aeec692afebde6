/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coreread - an ELF core as a snapshot: threads and registers from its notes, mappings from its
 * program headers and NT_FILE, stacks from its segments.
 *
 * A core may be anybody's work: nothing in it is believed, every count has a cap, and memory is
 * taken for what is found, not for what is announced. The files of the code are asked for by the
 * path that the core names (debugfile.h), and one is used only if it is the one that was mapped:
 * of the build id that the core has of it, or, where there is none, with the same first page. Runs
 * in the parser.
 */
#ifndef NSDEBUG_CODE_COREREAD_H
#define NSDEBUG_CODE_COREREAD_H

#include <stddef.h>
#include <stdint.h>

struct debugfiles;
struct err;
struct snapshot;

#define COREREAD_SEGMENTS_MAX (1u << 18)
#define COREREAD_NOTES_MAX (1u << 20)		/* notes that are looked at */
#define COREREAD_FILE_NOTE_MAX (16u << 20)	/* bytes of NT_FILE */

/* Adds the process of a core to the snapshot. -1 with *e if it is none. */
int coreread(struct snapshot *s, int file, struct debugfiles *files, struct err *e);
/* The same of bytes, for fuzzing: without files. */
int coreread_bytes(struct snapshot *s, const void *bytes, size_t len, struct err *e);

#endif
