/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/capable.h"

#include "nsdebug/base/own.h"
#include "nsdebug/sys/kallsyms.h"

/* Those of Linux 6.18 that give cap_capable() CAP_OPT_NOAUDIT (security/commoncap.c,
 * kernel/capability.c). */
static const char *const names[] = {
	"cap_vm_enough_memory", "ns_capable_noaudit", "has_ns_capability_noaudit",
	"has_capability_noaudit",
};

bool capable_askers(int symbols, uint64_t askers[CAP_ASKERS])
{
	_Static_assert(ARRAY_SIZE(names) == CAP_ASKERS, "room for each");

	return symbols >= 0 && kallsyms_address(symbols, names, askers, CAP_ASKERS);
}
