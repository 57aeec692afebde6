/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endingnet - of a container that has ended, which ports everybody could bind.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/str.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/runtime.h"

#define FIRST_PORT "net.ipv4.ip_unprivileged_port_start"

uint64_t ending_number(const char *path)
{
	char text[32];
	const char *p = text;
	uint64_t n;

	return fd_read_at(AT_FDCWD, path, text, sizeof(text)) > 0 && scan_u64(&p, &n) ? n :
		UINT64_MAX;
}

/* Runtimes take "net/ipv4/..." as well. */
static bool is_first_port(const char *name)
{
	const char *p = FIRST_PORT;

	while (*p && (*name == *p || (*name == '/' && *p == '.')))
		p++, name++;
	return !*p && !*name;
}

/* As proc_dointvec() of kernel/sysctl.c takes it: blanks, a base of its own, one number of many. */
static bool kernel_reads(const char *text, uint64_t *ret)
{
	const char *p = text + strspn(text, " \t\n");
	bool minus = *p == '-';
	char *end;

	p += minus;
	if (*p < '0' || *p > '9')
		return false;
	*ret = strtoull(p, &end, 0);
	return strchr(" \t\n", *end) && (!minus || !*ret);
}

void ending_sysctl(struct ending *x, struct arena *a, const char *name, struct jvalue v)
{
	const char *text = is_first_port(name) ? runtime_text(a, v) : NULL;
	uint64_t n;

	if (text && kernel_reads(text, &n) && n <= UINT16_MAX)
		x->first_port = (int64_t)n;
}

void ending_first_port(struct ending *x, int64_t fresh)
{
	uint64_t n;

	if (x->first_port >= 0)
		return;
	if (!x->host_net) {
		x->first_port = x->joined_net ? -1 : fresh;
		return;
	}
	n = ending_number("/proc/sys/net/ipv4/ip_unprivileged_port_start");
	x->first_port = n <= UINT16_MAX + 1 ? (int64_t)n : -1;
}
