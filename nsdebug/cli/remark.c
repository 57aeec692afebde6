/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/out/out.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/types.h"

/* What makes this root another one than users expect: hidden mounts, or a chroot(2). */
void remark_root(const struct target *t)
{
	char root[256], text[sizeof(root) + TARGET_NAME_MAX + 200];
	ssize_t n;

	if (t->place.raw) {
		n = snprintf(text, sizeof(text), "%s: has an unbindable mount (or too many to "
			     "tell): read without the read-only copy of its mounts", t->name);
		out_say(text, (size_t)n);
	}
	n = readlinkat(t->place.proc, "root", root, sizeof(root));
	if (n <= 1)
		return;
	n = snprintf(text, sizeof(text), "%s: has changed its root: / is %.*s of its container",
		     t->name, (int)n, root);
	out_say(text, (size_t)n);
}

/* Names that a user gave himself are said to be that. */
void remark_claimed(const struct target *t)
{
	char text[2 * TARGET_NAME_MAX];

	if (!t->container.claimed)
		return;
	container_claim(&t->container, text, sizeof(text));
	out_say(text, strlen(text));
}

/* A file that is not as it should be is no reason not to trace. */
int remark_types(void)
{
	struct err e;
	int fd = types_open(&e);

	if (e.msg[0])
		out_say(e.msg, strlen(e.msg));
	return fd;
}
