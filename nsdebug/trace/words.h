/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - names of what the kernel numbers: errors, signals, and their reasons. <asm/errno.h>,
 * <asm/signal.h>, <asm-generic/siginfo.h> of Linux 6.1; no libc is asked, for theirs differ.
 */
#ifndef NSDEBUG_TRACE_WORDS_H
#define NSDEBUG_TRACE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

/* "ENOENT" of -2. */
const char *word_errno(int64_t ret);
/* Is it none that a program sees, but one that has the call begun anew? */
bool is_restart(int64_t ret);
/* "SIGTERM"; others are written into room. */
const char *word_signal(uint32_t sig, char room[16]);
/* "SI_USER", "SEGV_MAPERR"; NULL if it is not known. */
const char *word_sicode(uint32_t sig, int32_t code);
/* Is a file of this name a shell? */
bool is_shell(struct bytes file);

#endif
