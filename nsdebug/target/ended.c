/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/ended.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/k8s.h"

#define CONTAINERS "/var/lib/containerd/io.containerd.grpc.v1.cri/containers"
#define LINKS "/var/log/containers"
#define POD_LOGS "/var/log/pods/"
#define ID_LEN 64
#define LINKS_MAX 10000

struct walk {
	const struct runtime *r;
	struct ask *ask;
	found_fn *found;
	void *ctx;
	const char **links;	/* names of LINKS */
	size_t count;
};

struct ended {
	struct container *c;
	struct arena *arena;
	uint64_t finished;	/* nanoseconds since 1970, 0: it runs */
};

static const char *time_text(struct arena *a, uint64_t ns)
{
	time_t at = (time_t)(ns / 1000000000u);
	struct tm tm;
	char text[32];

	if (!ns || !gmtime_r(&at, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return NULL;
	return arena_dup(a, text, strlen(text));
}

static bool take_status(void *ctx, const char *path, struct jvalue v)
{
	struct ended *s = ctx;
	uint64_t n;

	if (!strcmp(path, "FinishedAt"))
		jvalue_u64(v, &s->finished);
	else if (!strcmp(path, "ExitCode") && jvalue_u64(v, &n) && n <= INT32_MAX)
		s->c->exit_code = (int64_t)n;
	else if (!strcmp(path, "CreatedAt") && jvalue_u64(v, &n))
		s->c->created = time_text(s->arena, n);
	return true;
}

struct end {
	struct ending *x;
	struct arena *a;
};

static bool take_end(void *ctx, const char *path, struct jvalue v)
{
	const struct end *s = ctx;
	uint64_t n = 0;

	if (!strcmp(path, "StartedAt")) {
		jvalue_u64(v, &n);
		s->x->started = time_text(s->a, n);
		s->x->never_ran = !n;
	} else if (!strcmp(path, "FinishedAt") && jvalue_u64(v, &n)) {
		s->x->finished = time_text(s->a, n);
	} else if (!strcmp(path, "Reason")) {
		s->x->reason = ending_string(s->a, v);
		s->x->oom_killed = jvalue_is(v, "OOMKilled");
	} else if (!strcmp(path, "Message")) {
		s->x->error = ending_string(s->a, v);
	}
	return true;
}

void ended_ending(const struct container *c, struct ending *x, struct arena *a)
{
	auto_close int fd = runtime_open(CONTAINERS, c->id, "status", NULL);
	struct end s = { x, a };

	if (fd < 0 || jread(fd, STATE_MAX, take_end, &s, NULL) < 0)
		return;
	x->source = runtime_join(a, runtime_join(a, CONTAINERS, c->id), "status");
}

static void read_links(struct walk *w)
{
	DIR *d = opendir(LINKS);
	const struct dirent *de;

	while (d && w->count < LINKS_MAX && (de = readdir(d))) {
		w->links = mem_more(w->links, w->count);
		w->links[w->count++] = runtime_join(w->ask->arena, de->d_name, NULL);
	}
	if (d)
		closedir(d);
}

/* POD_NAMESPACE_CONTAINER-ID.log */
static bool take_names(struct container *c, struct arena *a, const char *link)
{
	size_t len = strlen(link), pod = strcspn(link, "_"), space;
	const char *id = link + len - ID_LEN - 4, *rest = link + pod + 1;

	if (len < ID_LEN + 6 || strncmp(id, c->id, ID_LEN) || strcmp(id + ID_LEN, ".log") ||
	    id[-1] != '-' || !link[pod])
		return false;
	space = strcspn(rest, "_");
	if (!rest[space] || rest + space + 1 >= id - 1)
		return false;
	c->pod = arena_dup(a, link, pod);
	c->pod_space = arena_dup(a, rest, space);
	c->name = c->part = arena_dup(a, rest + space + 1, (size_t)(id - 1 - rest - space - 1));
	return true;
}

/* The link leads to POD_LOGS/NAMESPACE_POD_UID/CONTAINER/N.log: its words are checked, it is not
 * followed. */
static void take_logs(struct container *c, struct arena *a, const char *link)
{
	const char *path = runtime_join(a, LINKS, link), *p, *end;
	char to[NAME_BYTES_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n <= 0)
		return;
	to[n] = '\0';
	p = str_prefix(to, POD_LOGS) ? strrchr(to, '_') : NULL;
	end = p ? strchr(p, '/') : NULL;
	if (end)
		k8s_logs(c, a, arena_dup(a, p + 1, (size_t)(end - p - 1)));
}

static bool take_id(void *ctx, const char *id)
{
	struct walk *w = ctx;
	struct arena *a = w->ask->arena;
	struct container c = container_new(w->r, CONTAINERS, runtime_join(a, id, NULL));
	struct ended s = { &c, a, 0 };
	struct err e;
	auto_close int fd = runtime_open(CONTAINERS, id, "status", &e);

	if (fd < 0 || jread(fd, STATE_MAX, take_status, &s, &e) < 0) {
		w->ask->broken += e.status != ST_TARGET;
		return true;
	}
	if (!s.finished)
		return true;
	c.space = "k8s.io";
	c.recorded = REC_EXITED;
	c.read = c.loaded = true;
	for (size_t i = 0; i < w->count; i++)
		if (take_names(&c, a, w->links[i])) {
			take_logs(&c, a, w->links[i]);
			break;
		}
	return w->found(w->ctx, &c);
}

int ended_each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
	       struct err *e)
{
	struct walk w = { r, ask, found, ctx, NULL, 0 };
	int ret = 0;

	if (ask->names && runtime_has_dir("/var/lib/containerd", "io.containerd.grpc.v1.cri"))
		read_links(&w);
	if (!ask->id)
		ret = runtime_each_dir(CONTAINERS, take_id, &w, e);
	else if (runtime_has_dir(CONTAINERS, ask->id))
		take_id(&w, ask->id);
	free(w.links);
	return ret;
}
