/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacked - the part of an object of programs that copies stacks.
 *
 * Every object that includes bpf/stack.h and bpf/changes.h has their maps and programs under the
 * same names; where no stacks are wanted they are left out. Its stack_bytes is the caller's.
 */
#ifndef NSDEBUG_TRACE_STACKED_H
#define NSDEBUG_TRACE_STACKED_H

#include <stdint.h>

struct bpf_object;
struct err;
struct tracer;

/* Before it is loaded. bytes: of stacks_bytes(). ST_REFUSED if this kernel cannot. */
int stacked_choose(struct bpf_object *o, uint32_t bytes, struct err *e);
/* Attaches what logs changes, in front of all that sends stacks: the reader needs it to the very
 * end, and it fills no ring, so it is detached last (t->first). */
int stacked_attach(struct tracer *t, struct bpf_object *o, struct err *e);

#endif
