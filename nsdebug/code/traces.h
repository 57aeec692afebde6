/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traces - the stacks of all threads of a process.
 */
#ifndef NSDEBUG_CODE_TRACES_H
#define NSDEBUG_CODE_TRACES_H

#include <stddef.h>

struct emit;
struct process;
struct snapshot;
struct trace;

/* Of those that were taken; traces has room for p->count, and is zero. emit is ticked. */
void traces_make(const struct process *p, size_t max_frames, struct emit *emit,
		 struct trace *traces);
/* Notes the files that frames are in, and that could not be opened. */
void traces_note_files(const struct process *p, const struct trace *traces);
/* Says, of a core, how many they are. */
void traces_say_files(const struct snapshot *s);
/* Says that none could be, if so. */
void traces_say_refused(const struct snapshot *s);

#endif
