/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysword - values of system calls' arguments in words: O_CLOEXEC, AF_INET, SEEK_END. The values
 * are those of the headers that this is compiled with.
 */
#ifndef NSDEBUG_TRACE_SYSWORD_H
#define NSDEBUG_TRACE_SYSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/trace/sysdef.h"

struct buf;

struct sysword {
	uint64_t value;
	const char *name;
};

/* NULL if none has this value. */
const char *sysword_of(enum sys_words set, uint64_t value);
/* The word, or the number in hexadecimal. */
void sysword_put(struct buf *b, enum sys_words set, uint64_t value);
/* Words joined by |, what is left over in hexadecimal; behind others if it is not the first. */
void sysword_put_flags(struct buf *b, enum sys_words set, uint64_t value, bool first);

#endif
