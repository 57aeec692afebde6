/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup and mountinfo of any bytes: a path that is in the one, or "/" and false; lines
 * that are whole; a mount point that is in the other, cut to the room that there is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/sys/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define ROOM 16

static void check(const char *text, const struct cgroup *c)
{
	if (!strstr(text, c->path) || !strstr(text, c->controllers) || c->path[0] != '/' ||
	    strchr(c->path, '\n') || strchr(c->controllers, '\n'))
		abort();
}

static void each_line(const char *text)
{
	const char *rest = text;
	size_t lines = 1;
	struct cgroup c;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	for (; cgroup_next(&rest, &c); lines--) {
		char point[ROOM];

		check(text, &c);
		if (!lines || rest < text || rest > text + strlen(text))
			abort();
		if (cgroup_mount_point(text, &c, point, sizeof(point)) &&
		    strlen(point) >= sizeof(point))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct cgroup c;
	bool own;

	memcpy(text, bytes, len);
	text[len] = '\0';
	own = cgroup_parse(&c, text);
	if (own != (strcmp(c.path, "/") != 0))
		abort();
	if (own)
		check(text, &c);
	each_line(text);
	free(text);
	return 0;
}
