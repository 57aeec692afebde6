/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callwhy - what seccomp filters answer to a system call, in words.
 *
 * A call is named as strace(1) shows it: "mount", "personality(8)", "socket(16,_,9)"; what is left
 * out or is "_" may be anything. Only calls of x86-64 itself are asked about, not those of 32-bit
 * programs.
 */
#ifndef NSDEBUG_TRACE_CALLWHY_H
#define NSDEBUG_TRACE_CALLWHY_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/sys.h"
#include "nsdebug/trace/filters.h"
#include "nsdebug/why/callcap.h"
#include "nsdebug/why/capable.h"
#include "nsdebug/why/reason.h"

struct buf;
struct err;

struct call_ask {
	unsigned int nr;
	uint64_t args[SYS_ARGS];
	unsigned int unknown;	/* bit n: argument n may be anything */
	uint64_t loose[SYS_ARGS];	/* to its filters: bits of one that may be, too */
	struct callcap_node node;
};

/* -1 with ST_USAGE: there is no such call, or that is no number. */
int call_parse(const char *text, struct call_ask *ret, struct err *e);
/*
 * WHY_SECCOMP; WHY_CAPABILITY of a call that is for those only who have one; WHY_UNKNOWN where it
 * depends, or cannot be told; or WHY_GRANTED, also of a call of which only what it is rarely used
 * for asks for a capability: *text says so. Said in *text, unless reason_text() says it.
 */
void call_judge(const struct filters *f, const struct call_ask *a, const struct capable *c,
		struct reason *ret, struct buf *text);

#endif
