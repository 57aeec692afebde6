/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysset - which system calls: what -e takes, after strace(1).
 *
 *	openat,close	these
 *	!write,read	all but these
 *	%file		a class: %file %desc %network %process %memory %signal %ipc
 *	all, none
 */
#ifndef NSDEBUG_TRACE_SYSSET_H
#define NSDEBUG_TRACE_SYSSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/sys.h"

struct err;

struct sysset {
	uint64_t bits[SYS_NR_MAX / 64];
};

/* NULL is all. -1 with ST_USAGE, naming the word. */
int sysset_parse(struct sysset *s, const char *text, struct err *e);
bool sysset_has(const struct sysset *s, unsigned int nr);
/* Its words, one by one, some of them empty; behind the last one NULL. */
const char *sysset_word(size_t i);
void sysset_add(struct sysset *s, unsigned int nr);

#endif
