/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podmanend - how a container of podman or CRI-O ended. Their own databases are not read. What is
 * in files: the spec; conmon's exit file (conmon 2.1, src/ctr_exit.c), until podman has taken it
 * over; podman's log of events where it is a file (libpod/events/logfile.go); the OCI runtime's
 * words when it could not start it (oci-log); and the layers (containers/storage, drivers/overlay).
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/target/ending.h"

#define GRAPH "/var/lib/containers/storage"
#define EVENTS "/run/libpod/events/events.log"
#define TAIL_MAX (1u << 20)	/* of a log of events, its end */

struct saying {
	struct arena *a;
	const char *msg;
};

static bool take_msg(void *ctx, const char *path, struct jvalue v)
{
	struct saying *s = ctx;

	if (!strcmp(path, "msg"))
		s->msg = ending_string(s->a, v);
	return true;
}

/* A line of JSON for each thing that went wrong. */
static void read_oci_log(struct ending *x, struct arena *a, const char *root, const char *id)
{
	const char *below = runtime_join(a, id, "userdata/oci-log");
	const char *path = runtime_join(a, root, below);
	struct err e = { 0 };
	auto_close int fd = runtime_open_file(path, &e);
	struct saying s = { a, NULL };

	/* with ids of its own, userdata belongs to who is root among these */
	x->told = fd < 0 && e.status == ST_REFUSED;
	if (x->told)
		fd = runtime_open_told(root, below);
	if (fd < 0)
		return;
	jread(fd, STATE_MAX, take_msg, &s, NULL);
	if (s.msg)
		x->failed_ns = ending_written(path);
	x->error = s.msg;
	if (s.msg && !x->source)
		x->source = path;
}

/* That of a run before may still be there. */
static bool is_since(const char *path, const char *time)
{
	struct stat st;
	uint32_t nsec;
	int64_t sec;

	if (!time)
		return true;
	return time_parse(time, &sec, &nsec) && stat(path, &st) == 0 &&
		(st.st_mtim.tv_sec > sec ||
		 (st.st_mtim.tv_sec == sec && st.st_mtim.tv_nsec > (long)nsec));
}

static void read_exit_file(struct ending *x, struct arena *a, const char *id)
{
	static const char *const dirs[] = { "/run/libpod/exits", "/run/crio/exits" };
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && (x->exit_code == INT64_MIN || x->again); i++) {
		const char *path = runtime_join(a, dirs[i], id), *text = ending_text(a, path);

		if (text && is_since(path, x->again) && str_u64(text, &n) && n <= INT32_MAX) {
			ending_forget(x);
			x->exit_code = (int64_t)n;
			x->source = path;
		}
	}
}

struct event {
	struct arena *a;
	const char *id, *status, *time;
	uint64_t code;
};

static bool take_event(void *ctx, const char *path, struct jvalue v)
{
	struct event *ev = ctx;

	if (!strcmp(path, "ID"))
		ev->id = runtime_text(ev->a, v);
	else if (!strcmp(path, "Status"))
		ev->status = runtime_text(ev->a, v);
	else if (!strcmp(path, "Time"))
		ev->time = runtime_text(ev->a, v);
	else if (!strcmp(path, "ContainerExitCode") && !jvalue_u64(v, &ev->code))
		ev->code = UINT64_MAX;	/* -1: podman does not know it */
	return true;
}

/* One after another. */
struct history {
	struct ending *x;
	struct arena *a;
	const char *id;
	bool stopping;		/* of the run since x->again */
};

static void take_death(struct history *h, const struct event *ev)
{
	struct ending *x = h->x;

	if (x->again) {
		x->started = x->again;
		x->stopped = h->stopping;
	}
	x->again = NULL;
	x->exit_code = ev->code <= INT32_MAX ? (int64_t)ev->code : INT64_MIN;
	x->finished = ev->time;
	x->source = EVENTS;
}

static void take_start(struct history *h, const struct event *ev)
{
	if (h->x->finished)
		h->x->again = ev->time;
	else
		h->x->started = ev->time;
	h->stopping = false;
}

/* A number that is not there is 0. */
static void take_line(struct history *h, const char *line, size_t len)
{
	struct event ev = { .a = h->a };
	struct ending *x = h->x;
	struct err e;

	if (!memmem(line, len, h->id, strlen(h->id)) ||
	    jread_bytes(line, len, take_event, &ev, &e) < 0 ||
	    !ev.id || !ev.status || strcmp(ev.id, h->id))
		return;
	if (!strcmp(ev.status, "create"))
		x->restarts_least = false;
	else if (!strcmp(ev.status, "died"))
		take_death(h, &ev);
	else if (!strcmp(ev.status, "start"))
		take_start(h, &ev);
	else if (!strcmp(ev.status, "restart"))
		x->restarts = x->restarts == NONE_U64 ? 1 : x->restarts + 1;
	else if (!strcmp(ev.status, "stop") || !strcmp(ev.status, "kill"))
		*(x->again ? &h->stopping : &x->stopped) = true;
}

static void read_events(struct ending *x, struct arena *a, const char *id)
{
	auto_close int fd = runtime_open_file(EVENTS, NULL);
	auto_buf struct buf b = { 0 };
	struct history h = { .x = x, .a = a, .id = id };
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	const char *line, *end;

	if (size <= 0 || lseek(fd, size > TAIL_MAX ? size - TAIL_MAX : 0, SEEK_SET) < 0 ||
	    fd_read_all(fd, &b, TAIL_MAX) < 0)
		return;
	x->restarts_least = true;
	for (line = b.bytes; line && line < b.bytes + b.len; line = end ? end + 1 : NULL) {
		end = memchr(line, '\n', b.len - (size_t)(line - b.bytes));
		if (end)
			take_line(&h, line, (size_t)(end - line));
	}
}

/* GRAPH/overlay/LAYER/merged, or of another driver the directory itself. */
static void find_layers(struct ending *x, struct arena *a)
{
	const char *root = x->image.count ? x->image.layers[0] : NULL, *id, *end;

	if (!root || !str_prefix(root, GRAPH "/overlay/"))
		return;
	id = root + strlen(GRAPH "/overlay/");
	end = strchr(id, '/');
	if (*id != '.' && end && !strcmp(end, "/merged"))
		ending_overlay(x, a, GRAPH "/overlay", arena_dup(a, id, (size_t)(end - id)));
}

void podman_ending(const struct container *c, struct ending *x, struct arena *a)
{
	const char *driver = strrchr(c->root, '/') + 1;
	const char *graph = runtime_join(a, runtime_join(a, GRAPH, driver), c->id);
	const char *run = runtime_join(a, c->root, c->id);
	const char *spec = runtime_join(a, graph, "userdata/config.json");
	struct err e;

	if (ending_spec(x, a, runtime_join(a, run, "userdata/config.json"), NULL) < 0 &&
	    ending_spec(x, a, spec, &e) < 0)
		x->no_files = access(spec, F_OK) == 0 ? arena_dup(a, e.msg, strlen(e.msg)) :
			"it has not been started yet, and what is to be started podman keeps in "
			"its database";
	if (x->spec)	/* anew with each start */
		x->begun_ns = ending_written(x->spec);
	find_layers(x, a);
	read_events(x, a, c->id);
	read_exit_file(x, a, c->id);
	read_oci_log(x, a, c->root, c->id);
	health_podman(&x->health, c, a);
	x->never_ran = x->error && x->exit_code == INT64_MIN;
	x->output = runtime_join(a, graph, "userdata/ctr.log");
}
