/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/health.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"

/* Of its results the last one counts. */
void health_take(struct health *h, struct arena *a, const char *key, struct jvalue v)
{
	uint64_t n;

	if (!strcmp(key, "Status"))
		h->status = ending_string(a, v);
	else if (!strcmp(key, "FailingStreak"))
		h->failing = jvalue_u64(v, &n) ? n : 0;
	else if (!strcmp(key, "Log[].ExitCode"))
		h->code = jvalue_u64(v, &n) && n <= INT32_MAX ? (int64_t)n : -1;
	else if (!strcmp(key, "Log[].End"))
		h->ended = ending_string(a, v);
	else if (!strcmp(key, "Log[].Output"))
		h->output = ending_string(a, v);
}

struct reading {
	struct health *h;
	struct arena *a;
};

static bool take_value(void *ctx, const char *path, struct jvalue v)
{
	struct reading *r = ctx;

	health_take(r->h, r->a, path, v);
	return true;
}

void health_podman(struct health *h, const struct container *c, struct arena *a)
{
	const char *path = runtime_join(a, runtime_join(a, c->root, c->id), "healthcheck.log");
	auto_close int fd = runtime_open_file(path, NULL);
	struct reading r = { h, a };

	if (fd < 0 || jread(fd, STATE_MAX, take_value, &r, NULL) < 0)
		return;
	h->source = path;
}
