/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usedcalls - which system calls make use of what: the table that bpf/used.bpf.c goes by.
 */
#ifndef NSDEBUG_TRACE_USEDCALLS_H
#define NSDEBUG_TRACE_USEDCALLS_H

#include <stdint.h>

#include "bpf/used.h"

struct used_entry {
	uint16_t nr;
	struct used_call call;
	uint8_t access[2];	/* enum used_access of its names */
};

extern const struct used_entry used_entries[];
extern const unsigned int used_entry_count;

/* What is done to the name `arg` of call `nr`. */
uint32_t used_access_of(unsigned int nr, unsigned int arg);

#endif
