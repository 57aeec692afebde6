/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/stacked.h"

#include <bpf/libbpf.h>

#include "nsdebug/base/own.h"
#include "nsdebug/trace/stacks.h"
#include "nsdebug/trace/tracer.h"

static const char *const log_programs[] = { "change_enter", "change_exit", "change_exec" };

int stacked_choose(struct bpf_object *o, uint32_t bytes, struct err *e)
{
	struct bpf_map *stacks = bpf_object__find_map_by_name(o, "stacks");
	int processors;

	bpf_map__set_autocreate(stacks, bytes);
	bpf_map__set_autocreate(bpf_object__find_map_by_name(o, "changing"), bytes);
	for (size_t i = 0; i < ARRAY_SIZE(log_programs); i++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(o, log_programs[i]),
					  bytes);
	if (!bytes)
		return 0;
	if (stacks_possible(e) < 0)
		return -1;
	processors = libbpf_num_possible_cpus();
	if (processors < 0)
		return err_bpf(e, processors, "count the processors");
	bpf_map__set_max_entries(stacks, (unsigned int)processors);
	return 0;
}

int stacked_attach(struct tracer *t, struct bpf_object *o, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_programs); i++)
		if (tracer_attach(t, bpf_object__find_program_by_name(o, log_programs[i]), false,
				  e) < 0)
			return -1;
	t->first = t->count;
	return 0;
}
