/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a cgroup and /proc/PID/limits of any bytes: parts never exceed usage, shares 100 %. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/sys/cgstat.h"
#include "nsdebug/sys/rlimits.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint64_t known(uint64_t n)
{
	return n == UINT64_MAX ? 0 : n;
}

static void parts(const char *text, bool v2)
{
	const uint64_t most = UINT64_MAX / 16;	/* sums of what no machine has may wrap */
	struct cgmem m;

	cgmem_parse(&m, text, 4096, v2);
	m.usage = 1 << 30;
	if (known(m.anon) > most || known(m.file) > most || known(m.shmem) > most ||
	    known(m.kernel) > most || known(m.sock) > most || known(m.hugetlb) > most)
		return;
	if (cgmem_rest(&m) && known(m.anon) + known(m.file) + known(m.shmem) + known(m.kernel) +
	    known(m.sock) + known(m.hugetlb) + m.other != m.usage)
		abort();
	if (m.other > m.usage || m.working_set > m.usage)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct rlimits r;
	struct psi p;
	uint64_t n;

	memcpy(text, bytes, len);
	text[len] = '\0';
	parts(text, true);
	parts(text, false);
	if (psi_parse(&p, text) && (p.some.avg10 > 10099 || p.some.total_ns < 0))
		abort();
	if (cgstat_parse_number(text, &n) && n != UINT64_MAX && n >> 63)
		abort();
	rlimits_parse(&r, text);
	free(text);
	return 0;
}
