/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup of any bytes: a path that is in it, or "/" and false. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/sys/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct cgroup c;
	bool own;

	memcpy(text, bytes, len);
	text[len] = '\0';
	own = cgroup_parse(&c, text);
	if (own != (strcmp(c.path, "/") != 0) || (own && !strstr(text, c.path)) ||
	    !strstr(text, c.controllers) || strchr(c.path, '\n'))
		abort();
	free(text);
	return 0;
}
