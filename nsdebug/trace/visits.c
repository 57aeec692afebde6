/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/visits.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "nsdebug/enter/enter.h"
#include "nsdebug/trace/types.h"

/* As libbpf would load it. */
static int load_as(struct bpf_program *p, struct bpf_prog_load_opts *o, uint32_t flags, long number)
{
	o->attach_btf_id = (uint32_t)number;
	o->expected_attach_type = BPF_TRACE_ITER;
	o->prog_flags |= flags;
	return bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
}

static int prepare(struct bpf_program *p, struct bpf_prog_load_opts *o, long number)
{
	return load_as(p, o, 0, number);
}

static int prepare_sleeping(struct bpf_program *p, struct bpf_prog_load_opts *o, long number)
{
	return load_as(p, o, BPF_F_SLEEPABLE, number);
}

void visits_open_opts(const struct inside *in, bool sleeps, char path[TYPES_PATH],
		      struct bpf_object_open_opts *o)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, h,
		    .prog_prepare_load_fn = sleeps ? prepare_sleeping : prepare);

	tracer_types(in, path, o);
	h.cookie = o->btf_custom_path ? types_function(path, "bpf_iter_task") : 0;
	/* until it is loaded it is of a type for which libbpf asks for no types of the kernel's */
	if (h.cookie)
		libbpf_register_prog_handler(sleeps ? "iter.s/task" : "iter/task",
					     BPF_PROG_TYPE_RAW_TRACEPOINT, 0, &h);
}
