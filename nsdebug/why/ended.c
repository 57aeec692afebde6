/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/ended.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/out/col.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/account.h"
#include "nsdebug/why/confirm.h"
#include "nsdebug/why/denied.h"
#include "nsdebug/why/exits.h"
#include "nsdebug/why/fault.h"
#include "nsdebug/why/kmsg.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/output.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/unhealthy.h"
#include "nsdebug/why/words.h"

/* Engines write down that it was started when it was: some words of it may be older. */
#define STARTED_NS 100000000
#define LAST_NS 20000000	/* its last words may be written when it has ended */
#define OOM_S 10		/* of a process of it, and then it ended: because of that? */

struct why {
	const struct target *t;
	const struct ending *x;
	const struct root *root;
	const struct access_site *rules;
	struct findings *f;
	struct findings look;	/* at what was to be started */
	struct kmsg_found log;
	bool log_read;
	int64_t boot_us;	/* of the real-time clock, when the kernel's log began to count */
	struct output out;
	const char *(*call_name)(unsigned int nr, char room[16]);
	bool settled;		/* it, or who tried to start it, has said why not */
};

/* ---- times ---- */

static int64_t seconds(const char *text)
{
	int64_t sec;
	uint32_t nsec;

	return text && time_parse(text, &sec, &nsec) ? sec : 0;
}

static int64_t nanoseconds(const char *text)
{
	int64_t sec;
	uint32_t nsec;

	return text && time_parse(text, &sec, &nsec) ? time_ns(sec, nsec) : 0;
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
	fault_want(w->x, nanoseconds(w->x->finished), w->boot_us, &want);
	if (made && made * 1000000 - w->boot_us > KMSG_SLACK_US)
		want.from_us = (uint64_t)(made * 1000000 - w->boot_us - KMSG_SLACK_US);
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
	int64_t at = (w->boot_us + (int64_t)w->log.last.at_us + KMSG_SLACK_US) / 1000000;

	return w->x->runs || !w->x->started || at >= seconds(w->x->started);
}

/* A process of it was, and soon after it ended by itself. */
static bool is_soon_after(const struct why *w)
{
	int64_t end = seconds(w->x->finished);
	int64_t at = (w->boot_us + (int64_t)w->log.last.at_us) / 1000000;

	return w->log.count && end && w->x->exit_code && end - at <= OOM_S &&
		at - end <= OOM_S && is_of_last_run(w);
}

static bool was_oom(const struct why *w)
{
	const struct ending *x = w->x;

	if (x->oom_killed)
		return true;
	if (!may_be_oom(x))
		return is_soon_after(w);
	return (w->log.count && is_of_last_run(w)) ||
		(!x->runs && x->oom_kills != NONE_U64 && x->oom_kills);
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

	x->limit = r.limit;
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
	x->cure = "raise its memory limit (a number given here is a guess, twice it), or use "
		"less (Go: GOMEMLIMIT, Java: -XX:MaxRAMPercentage, Node: --max-old-space-size)";
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

/* The filter is there before the program is: the runtime's own calls go through it, too. */
static void say_init_killed(struct why *w)
{
	const struct kmsg_fault *k = &w->log.fault;
	struct finding *x = finding_add(w->f, "seccomp");

	fault_explain(w->f, x, k, w->x->shared_pids, w->call_name);
	x->what = "its seccomp profile killed it while its runtime prepared it, before its program "
		"was executed: the runtime needs calls that the profile does not allow";
	x->cure = finding_text(w->f, "%s; there may be more: begin with the engine's own profile "
			       "and take calls away", x->cure ? x->cure : "let it allow the call");
	x->evidence = finding_text(w->f, "%s; %s", w->x->error,
				   fault_evidence(w->f, &w->log, time_of(w, k->at_us),
						  w->call_name));
	x->source = "/dev/kmsg";
}

static void say_not_started(struct why *w)
{
	struct finding *x;

	if (words_runtime(w->f, w->x->error)) {
		x = &w->f->items[w->f->count - 1];
		if (!strcmp(x->kind, "rlimit"))
			words_limit(w->f, x, w->x);
	} else if (w->log.fault.sig == SIGSYS && !words_of_errno(w->x->error)) {
		say_init_killed(w);
		return;
	} else {
		x = finding_add(w->f, "not-started");
		x->what = "its runtime could not start it";
		x->cure = "the evidence is all that the runtime says of it; what its daemon logs "
			"may tell more";
	}
	x->evidence = w->x->told ? finding_text(w->f, "%s (in a file whose directory is not only "
						"root's to write)", w->x->error) : w->x->error;
	x->source = w->x->source;
}

/* Is what was seen in its files what the runtime, or the loader, complained of? */
static bool look_explains(struct why *w)
{
	const struct finding *cause = finding_cause(&w->look);
	struct findings said = { .a = w->f->a };
	const struct ending *x = w->x;

	if (!cause || !is_early(x))
		return false;
	if (x->never_ran && x->error)
		return words_of_exec(x->error);
	return !words_loader(&said, x, &w->out) || !strcmp(said.items[0].kind, cause->kind);
}

static void say_killer(struct why *w, struct finding *x)
{
	if (w->x->stopped)
		x->evidence = finding_text(w->f, "exit code %lld; its engine was asked to stop or "
					   "kill it", (long long)w->x->exit_code);
	else if (w->log_read)
		x->evidence = finding_text(w->f, "exit code %lld; nobody asked its engine to stop "
					   "it as far as that is recorded%s, and the kernel's log, "
					   "which goes back to %s, has nothing of it",
					   (long long)w->x->exit_code,
					   strcmp(w->t->container.runtime->name, "podman") ? "" :
					   " (of 'podman stop' it often is not)",
					   time_of(w, w->log.first_us));
	if (!strcmp(x->kind, "killed"))
		x->cure = "if it was asked to stop: it did not end within the time that it is "
			"given after SIGTERM, which it must handle as process 1 (docker run "
			"--init); a failed liveness probe and an eviction end so, too";
}

static bool has_fault(const struct why *w)
{
	return w->log.fault.sig && w->log.fault.sig == exits_signal(w->x->exit_code);
}

static void say_fault(struct why *w, struct finding *x)
{
	const struct kmsg_fault *k = &w->log.fault;

	x->evidence = finding_text(w->f, "exit code %lld; %s", (long long)w->x->exit_code,
				   fault_evidence(w->f, &w->log, time_of(w, k->at_us),
						  w->call_name));
	x->source = "/dev/kmsg";
	fault_explain(w->f, x, k, w->x->shared_pids, w->call_name);
}

/* Again and again, until its engine was asked to stop it: between two attempts, or in one. */
static bool is_loop(const struct ending *x)
{
	return x->stopped && x->policy && x->restarts != NONE_U64 && x->restarts &&
		x->exit_code > 0 && !exits_signal(x->exit_code);
}

static void say_loop(struct why *w)
{
	struct finding *x = &w->f->items[0];

	if (is_loop(w->x))
		x->evidence = finding_text(w->f, "%s; its engine was asked to stop it, after %llu "
					   "attempt%s", x->evidence ? x->evidence : "",
					   (unsigned long long)w->x->restarts,
					   w->x->restarts == 1 ? "" : "s");
}

static void say_code(struct why *w)
{
	unsigned int sig = exits_signal(w->x->exit_code);
	bool killer = sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGQUIT;
	struct finding *x = exits_say(w->f, w->x->exit_code, has_fault(w) ||
				      (killer && w->x->stopped), w->t->container.runtime->name);

	x->evidence = finding_text(w->f, "exit code %lld%s", (long long)w->x->exit_code,
				   sig ? ": as a runtime writes down a signal, if not the program "
				   "chose it itself" : "");
	x->source = w->x->source;
	if (killer) {
		say_killer(w, x);
	} else if (has_fault(w)) {
		say_fault(w, x);
	} else if (w->x->stopped && !sig && !is_loop(w->x)) {
		x->kind = w->x->exit_code ? x->kind : "stopped";
		x->what = finding_text(w->f, "its engine was asked to stop it, and it ended with "
				       "%lld", (long long)w->x->exit_code);
		x->cure = NULL;
	} else {
		words_command(w->f, x, w->x, w->root, &w->out);
	}
}

/* A file that it could not write, by its own words and by what is known of its mounts. */
static bool say_denied(struct why *w, size_t from, size_t to, bool mild)
{
	struct look_ids as = look_ids(w->root, w->x);

	as.rules = w->rules;
	for (size_t i = to; i-- > from;)
		if ((mild || !words_mild(w->out.lines[i])) &&
		    denied_line(w->f, w->x, &as, w->out.lines[i]))
			return true;
	return false;
}

static bool say_error(struct why *w)
{
	struct look_ids as = look_ids(w->root, w->x);

	if (!words_error(w->f, w->x, &w->out))
		return false;
	as.rules = w->rules;
	denied_path(w->f, w->x, &as, &w->f->items[w->f->count - 1]);
	confirm(w->f, w->x, w->root, &w->f->items[w->f->count - 1]);
	return true;
}

/* Its last words, or the loader's, or those of who should have executed it. */
static bool say_words(struct why *w)
{
	const struct ending *x = w->x;

	if (x->exit_code <= 0 || exits_signal(x->exit_code) || (x->stopped && !is_loop(x)))
		return false;
	/* why it could not be executed a look at it would tell */
	if (words_exec(w->f, x, &w->out)) {
		if (!strcmp(w->f->items[w->f->count - 1].kind, WORDS_EPERM))
			denied_start(w->f, w->root, x);
		return true;
	}
	w->settled = words_loader(w->f, x, &w->out) ||
		say_denied(w, words_first(&w->out), w->out.count, false) ||
		say_error(w);
	return w->settled;
}

/* What was said before the last words did not end it; it may be the reason of them. */
static void say_hint(struct why *w)
{
	struct finding *verdict = &w->f->items[0], *x;

	if (w->x->exit_code <= 0 || strcmp(verdict->kind, "exited") ||
	    !say_denied(w, 0, w->out.count, true))
		return;
	x = &w->f->items[w->f->count - 1];
	x->kind = "hint";
	verdict->what = finding_text(w->f, "%s; what it said before may be why (hint): %s",
				     verdict->what, x->what);
	verdict->cure = finding_text(w->f, "if that is why: %s", x->cure);
	x->what = finding_text(w->f, "before it ended it said so: %s", x->what);
}

static const char *oom_words(struct why *w)
{
	int64_t code = w->x->exit_code;

	if (w->x->runs || code == INT64_MIN || code == 128 + SIGKILL)
		return "it was killed because it used more memory than it may";
	return finding_text(w->f, "a process of it was killed because it used more memory than it "
			    "may, and it then ended with %lld", (long long)code);
}

/* What podman itself finds fault with it writes down nowhere. */
static void say_created(struct why *w)
{
	struct finding *x = finding_add(w->f, "created");

	x->what = "it was made and never started";
	if (!strcmp(w->t->container.runtime->name, "podman"))
		x->cure = "if podman was to start it and said no: a user by name must be in the "
			"image's /etc/passwd (else --user by number, 65532:65532), the working "
			"directory (-w) must be in the image, what is mounted on the node; 'podman "
			"start' says which of them it is";
}

static void say_ended(struct why *w)
{
	const struct ending *x = w->x;

	if (was_oom(w))
		say_oom(w, "oom-killed", oom_words(w));
	else if (look_explains(w))
		copy_cause(w, &w->look);
	else if (x->never_ran && x->error)
		say_not_started(w);
	else if (x->never_ran)
		say_created(w);
	else if (x->exit_code == INT64_MIN)
		exits_unknown(w->f);
	else if (!say_words(w))
		say_code(w);
	say_loop(w);
}

static enum status verdict_of_end(struct why *w)
{
	const struct ending *x = w->x;

	say_ended(w);
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
	if (unhealthy_is(x) && unhealthy_say(w->f, x))
		return ST_OK;
	v = finding_add(w->f, x->restarts != NONE_U64 && x->restarts ? "restarted" : "running");
	v->source = x->source;
	if (!strcmp(v->kind, "running")) {
		v->what = finding_text(w->f, "it is %s, and no end of it is recorded", x->state);
		return ST_FAILED;
	}
	v->what = finding_text(w->f, "it runs; it has been started again %llu times%s%s",
			       (unsigned long long)x->restarts, x->finished ? ", last ended " : "",
			       x->finished ? x->finished : "");
	finding_missing(w->f, "with what its runs before ended is in no file: 'nsdebug trace exit' "
			"tells of the next%s", w->out.count ? "; what they wrote is shown" : "");
	return ST_INCOMPLETE;
}

/* ---- what else is known ---- */

static void say_rest(struct why *w)
{
	const struct ending *x = w->x;
	const char *verdict = w->f->items[0].kind;
	struct finding *s;

	account_state(w->f, x);
	if (strcmp(verdict, "unhealthy"))
		unhealthy_say(w->f, x);
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
	account_restarts(w->f, w->t);
	say_hint(w);
	account_output(w->f, x, &w->out);
}

/* Of the run that has ended: what is never run has said nothing. If of that nothing but when the
 * one that goes on was started is known, of all before. */
static void read_output(struct why *w)
{
	const struct ending *x = w->x;
	bool ended = !x->runs || x->previous;
	int64_t since = nanoseconds(x->started), again = nanoseconds(x->again);
	int64_t end = nanoseconds(x->finished);
	struct output_span span = { since ? since - STARTED_NS : 0, again };

	/* it was written when the run had ended already */
	if (end && end < since && x->exit_code != INT64_MIN)
		span.since = end - STARTED_NS;
	if (!ended)
		span = (struct output_span){ 0, since };
	if (span.before)
		span.before -= STARTED_NS;
	/* on a busy node it may have been started long before that was written down */
	if (x->runs && end > since && end + LAST_NS < span.before)
		span.before = end + LAST_NS;
	if (x->log < 0 || (ended ? !x->runs && x->never_ran : !since || !x->finished))
		return;
	output_read(x->log, x->output_form == OUTPUT_DOCKER, span, w->f->a, &w->out);
}

enum status ended_why(const struct target *t, const struct root *root,
		      const struct access_site *rules,
		      const char *(*call_name)(unsigned int nr, char room[16]),
		      struct findings *f)
{
	struct why w = { .t = t, .x = t->ending, .root = root, .rules = rules, .f = f,
		.look = { .a = f->a, .part = t->container.part }, .call_name = call_name };
	enum status st;

	f->part = t->container.part;
	if (!w.x) {
		finding_add(f, "running")->what = "it runs; of a process alone no end is recorded";
		return ST_FAILED;
	}
	f->no_new_privs = w.x->no_new_privs;
	read_log(&w);
	read_output(&w);
	/* who looks at the container's programs has the host's logs no more */
	ending_close(t->ending);
	if (!w.x->runs && is_early(w.x) && !was_oom(&w))
		look_start(root, w.x, &w.look);
	st = w.x->runs ? verdict_of_run(&w) : verdict_of_end(&w);
	/* what was said by who tried it needs no look */
	for (size_t i = 0; i < w.look.nmissing && !w.settled; i++)
		finding_missing(f, "%s", w.look.missing[i]);
	say_rest(&w);
	findings_name(f, t->name);
	return st;
}
