/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/ended.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/base/str.h"
#include "nsdebug/out/col.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/denied.h"
#include "nsdebug/why/exits.h"
#include "nsdebug/why/kmsg.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/output.h"
#include "nsdebug/why/reason.h"

#define SLACK_US 2000000	/* the kernel's clock of its log and ours may differ */

struct why {
	const struct target *t;
	const struct ending *x;
	const struct root *root;
	struct findings *f;
	struct findings look;	/* at what was to be started */
	struct kmsg_found log;
	bool log_read;
	int64_t boot_us;	/* of the real-time clock, when the kernel's log began to count */
	struct output out;
};

/* ---- times ---- */

static int64_t seconds(const char *text)
{
	int64_t sec;
	uint32_t nsec;

	return text && time_parse(text, &sec, &nsec) ? sec : 0;
}

static const char *time_of(struct why *w, uint64_t at_us)
{
	time_t at = (time_t)((w->boot_us + (int64_t)at_us) / 1000000);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return "?";
	return finding_text(w->f, "%s", text);
}

/* ---- out of memory ---- */

/* Only of these it would say something. */
static bool may_be_oom(const struct ending *x)
{
	return x->runs || x->exit_code == 128 + SIGKILL || x->exit_code == INT64_MIN;
}

static void read_log(struct why *w)
{
	const struct container *c = &w->t->container;
	int64_t made = is_generated_id(c->id) ? 0 : seconds(c->created);
	struct kmsg_want want = { .cgroup = w->x->cgroup, .id = c->id };

	w->boot_us = (int64_t)(clock_of(CLOCK_REALTIME) - clock_of(CLOCK_MONOTONIC)) / 1000;
	if (made && made * 1000000 - w->boot_us > SLACK_US)
		want.from_us = (uint64_t)(made * 1000000 - w->boot_us - SLACK_US);
	if (w->x->kernel < 0 || kmsg_find(w->x->kernel, &want, &w->log) < 0) {
		if (may_be_oom(w->x))
			finding_missing(w->f, "the kernel's log (/dev/kmsg) cannot be read (%s): "
					"it would tell of processes killed for their memory; "
					"CAP_SYSLOG is needed",
					errno_name(w->x->kernel_err ? w->x->kernel_err : errno));
		return;
	}
	w->log_read = true;
	if (w->log.unclear && may_be_oom(w->x))
		finding_missing(w->f, "%u records of the kernel's log can be read in two ways, and "
				"were not", w->log.unclear);
}

/* Of the run that is looked at: since it was started. */
static bool is_of_last_run(const struct why *w)
{
	int64_t at = (w->boot_us + (int64_t)w->log.last.at_us + SLACK_US) / 1000000;

	return w->x->runs || !w->x->started || at >= seconds(w->x->started);
}

static bool was_oom(const struct why *w)
{
	const struct ending *x = w->x;

	if (x->oom_killed)
		return true;
	if (!may_be_oom(x))
		return false;
	if (w->log.count && is_of_last_run(w))
		return true;
	return !x->runs && x->oom_kills != NONE_U64 && x->oom_kills;
}

static void say_kill(struct why *w, struct finding *x)
{
	const struct oom_kill *k = &w->log.last;

	x->evidence = finding_text(w->f, "%s: %s (pid %llu, uid %llu) was killed%s%s%s",
				   time_of(w, k->at_us), k->comm, (unsigned long long)k->pid,
				   (unsigned long long)k->uid, k->limit[0] ?
				   " at the limit of " : ": the node had no memory left", k->limit,
				   w->log.count > 1 ? ", and others before" : "");
	x->source = "/dev/kmsg";
}

static void say_oom(struct why *w, const char *kind, const char *what)
{
	struct finding *x = finding_add(w->f, kind);
	uint64_t limit = w->x->memory_limit;
	bool of_node = w->log.count && !w->log.last.limit[0];
	struct reason r = { .kind = WHY_MEMORY,
		.limit = limit == NONE_U64 || of_node ? 0 : limit };

	finding_cure(w->f, x, &r, UINT32_MAX, UINT32_MAX);
	x->what = limit == NONE_U64 ? what :
		finding_text(w->f, "%s; its memory limit is %llu MiB", what,
			     (unsigned long long)(limit >> 20));
	if (w->log.count) {
		say_kill(w, x);
	} else if (w->x->oom_kills != NONE_U64 && w->x->oom_kills) {
		x->evidence = finding_text(w->f, "oom_kill %llu in its cgroup",
					   (unsigned long long)w->x->oom_kills);
		x->source = w->x->cgroup_file;
	} else {
		x->evidence = w->x->reason ? finding_text(w->f, "reason: %s", w->x->reason) :
			"OOMKilled: true";
		x->source = w->x->source;
	}
	x->cure = "raise its memory limit, or make it use less (Go: GOMEMLIMIT, Java: "
		"-XX:MaxRAMPercentage, Node: --max-old-space-size)";
}

/* ---- the verdict ---- */

/* What cannot be started ends before it could do anything of its own; 1 and 255 are runc's. */
static bool is_early(const struct ending *x)
{
	static const int64_t codes[] = { INT64_MIN, 1, 126, 127, 128, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (x->exit_code == codes[i])
			return true;
	return x->never_ran;
}

static void copy_cause(struct why *w, struct findings *from)
{
	const struct finding *cause = finding_cause(from);
	struct finding *x = finding_add(w->f, cause->kind);

	*x = *cause;
	x->cause = false;
}

static void say_not_started(struct why *w)
{
	struct finding *x = finding_add(w->f, "not-started");

	x->what = "its runtime could not start it";
	x->evidence = w->x->error;
	x->source = w->x->source;
	x->cure = "the runtime's words name what it could not do";
}

static void say_killer(struct why *w, struct finding *x)
{
	if (w->x->stopped)
		x->evidence = finding_text(w->f, "exit code %lld; its engine was asked to stop or "
					   "kill it", (long long)w->x->exit_code);
	else if (w->log_read)
		x->evidence = finding_text(w->f, "exit code %lld; nobody asked its engine to stop "
					   "it as far as that is recorded, and the kernel's log, "
					   "which goes back to %s, has nothing of it",
					   (long long)w->x->exit_code, time_of(w, w->log.first_us));
	if (!strcmp(x->kind, "killed"))
		x->cure = "if it was asked to stop: it did not end within the time that it is "
			"given after SIGTERM, which it must handle as process 1 (docker run "
			"--init); a failed liveness probe and an eviction end so, too";
}

static void say_code(struct why *w)
{
	struct finding *x = exits_say(w->f, w->x->exit_code);
	unsigned int sig = exits_signal(w->x->exit_code);

	x->evidence = finding_text(w->f, "exit code %lld%s", (long long)w->x->exit_code,
				   sig ? ": as a runtime writes down a signal, if not the program "
				   "chose it itself" : "");
	x->source = w->x->source;
	if (sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGQUIT)
		say_killer(w, x);
}

/* A file that it could not write, by its own last words and by what is known of its mounts. */
static bool say_denied(struct why *w)
{
	struct look_ids as = look_ids(w->root, w->x);

	for (size_t i = w->out.count; i-- > 0;)
		if (denied_line(w->f, w->x, &as, w->out.lines[i]))
			return true;
	return false;
}

static enum status verdict_of_end(struct why *w)
{
	const struct ending *x = w->x;

	if (was_oom(w))
		say_oom(w, "oom-killed", "it was killed because it used more memory than it may");
	else if (finding_cause(&w->look) && is_early(x))
		copy_cause(w, &w->look);
	else if (x->never_ran && x->error)
		say_not_started(w);
	else if (x->never_ran)
		finding_add(w->f, "created")->what = "it was made and never started";
	else if (x->exit_code == INT64_MIN)
		finding_add(w->f, "ended")->what = "it has ended; how is not recorded";
	else if (x->exit_code && !exits_signal(x->exit_code) && say_denied(w))
		return ST_OK;
	else
		say_code(w);
	if (x->exit_code == 0 && !was_oom(w) && !x->never_ran)
		return ST_FAILED;
	if (x->exit_code == INT64_MIN && !strcmp(w->f->items[0].kind, "ended")) {
		finding_missing(w->f, "%s has no exit code of it in its files",
				w->t->container.runtime->name);
		return ST_INCOMPLETE;
	}
	return strcmp(w->f->items[0].kind, "created") ? ST_OK : ST_FAILED;
}

/* It runs: of an earlier run little is kept. */
static enum status verdict_of_run(struct why *w)
{
	const struct ending *x = w->x;
	struct finding *v;

	if (x->previous) {
		enum status st = verdict_of_end(w);

		w->f->items[0].what = finding_text(w->f, "it runs; of its run before: %s",
						   w->f->items[0].what);
		return st;
	}
	if (w->log.count) {
		say_oom(w, "oom-killed", "it runs; a process of it was killed because it used more "
			"memory than it may");
		return ST_OK;
	}
	v = finding_add(w->f, x->restarts != NONE_U64 && x->restarts ? "restarted" : "running");
	v->source = x->source;
	if (!strcmp(v->kind, "running")) {
		v->what = finding_text(w->f, "it is %s, and no end of it is recorded", x->state);
		return ST_FAILED;
	}
	v->what = finding_text(w->f, "it runs; it has been started again %llu times%s%s",
			       (unsigned long long)x->restarts, x->finished ? ", last ended " : "",
			       x->finished ? x->finished : "");
	finding_missing(w->f, "how its runs before ended is in no file: 'nsdebug trace exit' tells "
			"of the next");
	return ST_INCOMPLETE;
}

/* ---- what else is known ---- */

static void say_state(struct why *w)
{
	const struct ending *x = w->x;
	bool ended = x->finished && (!x->runs || x->previous);
	struct finding *s = finding_add(w->f, "state");

	s->what = finding_text(w->f, "%s%s%s%s%s%s", x->state,
			       x->previous ? "; the attempt before" : "",
			       x->started ? "; started " : "", x->started ? x->started : "",
			       ended ? "; ended " : "", ended ? x->finished : "");
	if (x->exit_code != INT64_MIN && !x->runs)
		s->evidence = finding_text(w->f, "exit code %lld%s%s", (long long)x->exit_code,
					   x->reason ? ", reason " : "",
					   x->reason ? x->reason : "");
	s->source = x->source;
}

static void say_restarts(struct why *w)
{
	const struct ending *x = w->x;
	struct finding *s;

	if ((x->restarts == NONE_U64 || !x->restarts) && !x->policy)
		return;
	s = finding_add(w->f, "restarts");
	s->what = finding_text(w->f, "%llu attempts before this one%s%s",
			       x->restarts == NONE_U64 ? 0 : (unsigned long long)x->restarts,
			       x->policy ? "; restart policy: " : "", x->policy ? x->policy : "");
	s->source = w->t->container.logs ? w->t->container.logs : x->source;
}

static void say_rest(struct why *w)
{
	const struct ending *x = w->x;
	const char *verdict = w->f->items[0].kind;
	struct finding *s;

	say_state(w);
	if (x->error && strcmp(verdict, "not-started")) {
		s = finding_add(w->f, "start-error");
		s->what = x->error;
		s->source = x->source;
	}
	if (finding_cause(&w->look) && strcmp(verdict, finding_cause(&w->look)->kind))
		copy_cause(w, &w->look);
	if (strcmp(verdict, "oom-killed") && w->log.count)
		say_oom(w, "oom", "a process of it was killed because it used more memory than it "
			"may");
	if (x->pod_oom_kills != NONE_U64 && x->pod_oom_kills) {
		s = finding_add(w->f, "pod-oom");
		s->what = "processes of its pod were killed for their memory";
		s->evidence = finding_text(w->f, "oom_kill %llu",
					   (unsigned long long)x->pod_oom_kills);
		s->source = x->pod_cgroup_file;
	}
	say_restarts(w);
	for (size_t i = w->out.count > 2 ? w->out.count - 2 : 0; i < w->out.count; i++) {
		s = finding_add(w->f, "last-output");
		s->what = w->out.lines[i];
		s->source = x->output;
	}
}

enum status ended_why(const struct target *t, const struct root *root, struct findings *f)
{
	struct why w = { .t = t, .x = t->ending, .root = root, .f = f, .look = { .a = f->a } };
	enum status st;

	if (!w.x) {
		finding_add(f, "running")->what = "it runs; of a process alone no end is recorded";
		return ST_FAILED;
	}
	read_log(&w);
	if (!w.x->runs && w.x->log >= 0)
		output_read(w.x->log, w.x->output_form == OUTPUT_DOCKER, f->a, &w.out);
	/* who looks at the container's programs has the host's logs no more */
	ending_close(t->ending);
	if (!w.x->runs && is_early(w.x) && !was_oom(&w))
		look_start(root, w.x, &w.look);
	for (size_t i = 0; i < w.look.nmissing; i++)
		finding_missing(f, "%s", w.look.missing[i]);
	st = w.x->runs ? verdict_of_run(&w) : verdict_of_end(&w);
	say_rest(&w);
	return st;
}
