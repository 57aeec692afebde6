/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corefile - headers and notes of an ELF core, as Linux writes them (fs/binfmt_elf.c), so that
 * debuggers read them.
 *
 * Threads are named by the container's ids, as a core is that the kernel writes in there. A note
 * of our own, "nsdebug", has what else is known of each thread; who does not know it skips it.
 */
#ifndef NSDEBUG_CODE_COREFILE_H
#define NSDEBUG_CODE_COREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/sys/maps.h"

struct core_plan;
struct err;

#define CORE_NOTE_NAME "nsdebug"
#define CORE_NOTE_THREADS 1	/* struct core_note_thread, one for each */

struct core_note_thread {
	int32_t tid, host_tid;
	char state, how[15];	/* "held", "iterated", "blocked" or "not taken" */
	char comm[16], wchan[64];
};

struct core_thread {
	pid_t tid, host_tid;	/* the container's, and the host's */
	char state;
	const char *how, *comm, *wchan;
	struct user_regs_struct regs;
	const struct user_fpregs_struct *fp;	/* NULL: not known */
	const uint8_t *xstate;
	size_t xstate_len;
};

struct core_process {
	pid_t pid, ppid, pgrp, session;	/* as the container numbers them; 0: not of it */
	char state, comm[16];
	uint32_t uid, gid;
	struct buf args, auxv;
	const struct maps *maps;
	const struct core_thread *threads;	/* the first one is shown first */
	size_t count;
};

/* Makes all notes. Their length depends on nothing but the number of threads, what is known of
 * each, and the maps. */
void corefile_notes(struct buf *b, const struct core_process *p);
/* Where the first segment may begin, behind headers and notes. */
uint64_t corefile_begin(const struct core_plan *plan, size_t notes_len);
/* Writes headers and notes, and makes the file as long as it says. */
int corefile_write(int file, const struct core_plan *plan, const struct buf *notes, struct err *e);

#endif
