/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/ns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/str.h"

uint64_t ns_id(int dir, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "ns/%s", name);
	return ns_id_at(dir, path);
}

uint64_t ns_id_at(int dir, const char *path)
{
	char text[64];
	const char *p;
	uint64_t id;
	ssize_t n;

	n = readlinkat(dir, path, text, sizeof(text) - 1);	/* "mnt:[4026531841]" */
	if (n < 0)
		return 0;
	text[n] = '\0';
	p = strchr(text, '[');
	if (!p || (p++, !scan_u64(&p, &id))) {
		errno = EPROTO;
		return 0;
	}
	return id;
}
