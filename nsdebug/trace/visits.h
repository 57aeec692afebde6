/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visits - how programs that visit threads (SEC("iter/task")) are opened.
 *
 * The kernel wants the number that bpf_iter_task has among its types. libbpf reads all of them for
 * it, which takes longer than all else of a start; it is kept with the types that programs ask for
 * (types.h), where there are such.
 */
#ifndef NSDEBUG_TRACE_VISITS_H
#define NSDEBUG_TRACE_VISITS_H

#include <stdbool.h>

#include "nsdebug/trace/tracer.h"

/* In a ROLE_ITERATOR child: what an object is to be opened with. `sleeps`: of "iter.s/task". */
void visits_open_opts(const struct inside *in, bool sleeps, char path[TYPES_PATH],
		      struct bpf_object_open_opts *o);

#endif
