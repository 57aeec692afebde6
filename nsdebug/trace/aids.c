/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/aids.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include "nsdebug/base/own.h"

void aids_open(struct aids *a, bool all)
{
	a->symbols = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	/* Linux 5.8; CAP_SYS_ADMIN. Some ten nanoseconds more for each run of a program. */
	a->stats = !all ? -1 : bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (a->stats < 0)
		a->stats = -1;
}

void aids_close(struct aids *a)
{
	own_close(&a->symbols);
	own_close(&a->stats);
}
