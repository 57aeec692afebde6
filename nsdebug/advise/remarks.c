/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/remarks.h"

#include <signal.h>
#include <sys/wait.h>

#include "nsdebug/advise/files.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/trace/words.h"

/* Of one that has ended there is nothing to look at: nothing of it is missing for that. */
static void say_unlooked(struct emit *emit, const struct advice *a, const struct files_unused *f)
{
	static const char why[] = "what of its image is not used is not told, and links of names "
		"are not followed";

	if (!f->known && a->u->tracer.gone)
		emit_note(emit, "it has ended before its files were looked at: %s", why);
	else if (!f->known)
		emit_cut(emit, "its files could not be looked at: %s", why);
	else if (f->cut)
		emit_cut(emit, "its image has more files than are looked at: not all that is "
			 "unused is told");
}

static void say_when(struct emit *emit, const struct advice *a)
{
	if (!a->whole)
		emit_cut(emit, "it ran before it was watched: what it needed to start is known "
			  "only from what is open, mapped and listening still, so it may not start "
			  "under these profiles, and files that it read only then are among those "
			  "not used; to see it, watch a start: nsdebug advise --next NAME");
	if (!a->u->tracer.gone)
		emit_note(emit, "it still runs: its end was not seen, nor how it hears of "
			  "processes that end: what that commonly takes is allowed; to see it, "
			  "stop it while it is watched");
}

static void say_places(struct emit *emit, const struct advice *a)
{
	bool volumes = false;

	for (size_t i = 0; i < a->nplaces; i++)
		volumes |= a->places[i].on == PLACE_VOLUME;
	if (volumes)
		emit_note(emit, "it writes to volumes: they are not among the options and mounts "
			  "here, so keep those that it has");
	if (a->bytecode)
		emit_note(emit, "Python kept what it had compiled (__pycache__) among files of the "
			  "image: it does without, so that is left out "
			  "(PYTHONDONTWRITEBYTECODE=1)");
}

/* ---- how it ended ---- */

/* What ends a program that is asked to stop: the signal itself, or its number by a runtime that
 * handles it (Java: 143). */
static bool is_stop(unsigned int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGQUIT || sig == SIGHUP;
}

static bool is_killed(const volatile struct used_end *x)
{
	return x->over && WIFSIGNALED(x->code) && WTERMSIG(x->code) == SIGKILL && !x->starved;
}

static bool first_failed(const volatile struct used_end *x)
{
	int code = x->code;

	if (!x->over || is_killed(x))
		return false;
	if (!x->first)
		return true;
	return WIFSIGNALED(code) ? !is_stop((unsigned int)WTERMSIG(code)) :
		WEXITSTATUS(code) && !is_stop((unsigned int)WEXITSTATUS(code) - 128);
}

bool remarks_failed(const struct used *u)
{
	return first_failed(u->end) || u->end->crashed;
}

static void put_failure(struct buf *b, const volatile struct used_end *x)
{
	char room[16];
	int sig = 0;

	if (!first_failed(x)) {
		while (!(x->crashed >> sig & 1))
			sig++;
		buf_addf(b, "a process of it was ended by %s", word_signal((uint32_t)sig, room));
	} else if (!x->first) {
		buf_str(b, "its program could not be executed");
	} else if (WIFSIGNALED(x->code)) {
		buf_addf(b, "it was ended by %s%s", word_signal((uint32_t)WTERMSIG(x->code), room),
			 x->starved ? " for want of memory" : "");
	} else {
		buf_addf(b, "it ended with an error (exit code %d)", WEXITSTATUS(x->code));
	}
	buf_str(b, " while it was watched: this is of a run that failed, and lacks what it does "
		"when it does not ('nsdebug why NAME' may say why it did)");
}

/* ---- what was cut off ---- */

static bool has_compat(const struct remarks *r)
{
	return *r->a->u->compat;
}

static bool has_strange(const struct remarks *r)
{
	return *r->a->u->strange;
}

static bool has_unnamed(const struct remarks *r)
{
	return r->unnamed;
}

static bool has_uring(const struct remarks *r)
{
	return *r->a->u->uring;
}

static bool has_left(const struct remarks *r)
{
	return *r->a->u->leaves;
}

static bool has_more_files(const struct remarks *r)
{
	return r->a->u->cut || *r->a->u->too_long;
}

static bool has_more_others(const struct remarks *r)
{
	const struct advice *a = r->a;

	return a->u->creds_cut || a->u->ports_cut || a->places_cut || a->users_cut;
}

static bool has_unknown_caps(const struct remarks *r)
{
	return !r->a->caps_known;
}

static bool has_nameless(const struct remarks *r)
{
	return r->nameless;
}

static const struct limit {
	bool (*holds)(const struct remarks *r);
	const char *text;
} limits[] = {
	{ has_compat, "it makes 32-bit system calls: they have other numbers, and the profile "
	  "allows none of them" },
	{ has_strange, "it makes system calls by numbers that x86-64 does not have: they are in "
	  "no profile" },
	{ has_unnamed, "it makes system calls that are newer than this program: they have no name "
	  "here, and are in no profile" },
	{ has_uring, "it uses io_uring: what it asks for that way, files and addresses, is not "
	  "seen" },
	{ has_left, "it went to another mount namespace: what is done in there is not seen, for "
	  "it has no cgroup of its own (v2)" },
	{ has_more_files, "it uses more files than are noted, or some by longer paths: some are "
	  "not told" },
	{ has_more_others, "it has more users, ports or places to write to than are noted" },
	{ has_unknown_caps, "this kernel does not tell which capabilities are used (Linux 6.14, "
	  "or programs at the end of functions): those that are held are taken" },
	{ has_nameless, "it makes sockets of a family that has no name in an AppArmor profile "
	  "here: they are not in it" },
};

void remarks_put(struct buf *b, const struct remarks *r, const char *before)
{
	if (!r->a->whole)
		buf_addf(b, "%sincomplete: it ran before it was watched: what its start took may "
			 "be missing (--next has it)\n", before);
	if (r->lost)
		buf_addf(b, "%sincomplete: events were lost, and what they told\n", before);
	if (remarks_failed(r->a->u)) {
		buf_addf(b, "%sincomplete: ", before);
		put_failure(b, r->a->u->end);
		buf_char(b, '\n');
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].holds(r))
			buf_addf(b, "%sincomplete: %s\n", before, limits[i].text);
}

/* ---- what else is to be known ---- */

static void say_elsewhere(struct emit *emit, const struct used *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->count; i++)
		n += !u->paths[i]->here;
	if (n)
		emit_note(emit, "it has mount namespaces of its own: %zu paths in there are in the "
			  "AppArmor profile, but are not files of its image", n);
	if (*u->outside)
		emit_note(emit, "it was given descriptors of files that are mounted elsewhere: "
			  "they have no path here, and are not told");
	if (*u->unsure)
		emit_note(emit, "%llu times it made pages run while it changed what is mapped: if "
			  "they were a file's, the AppArmor profile may lack its m",
			  (unsigned long long)*u->unsure);
}

static void say_caps(struct emit *emit, const struct advice *a)
{
	if (a->caps_known && !a->u->capable.asked)
		emit_note(emit, "/proc/kallsyms tells no addresses (who opens it must be root): "
			  "capabilities that the kernel only asks about may be among those that "
			  "are needed");
}

void remarks_report(struct buf *b, const struct remarks *r)
{
	remarks_put(b, r, "");
	if (!r->a->u->tracer.gone)
		buf_str(b, "end: not seen, nor the end of processes: what these commonly take is "
			"allowed\n");
	if (r->a->bytecode)
		buf_str(b, "left out: __pycache__ on its own layer: Python does without "
			"(PYTHONDONTWRITEBYTECODE=1)\n");
	if (r->widened)
		buf_addf(b, "widened: %zu rules of the AppArmor profile are of all files of a "
			 "directory: many there were used (see its comments)\n", r->widened);
}

bool remarks_say(struct emit *emit, const struct remarks *r)
{
	const struct advice *a = r->a;
	bool all = !r->lost && a->whole && !remarks_failed(a->u);
	auto_buf struct buf failure = { 0 };

	if (remarks_failed(a->u)) {
		put_failure(&failure, a->u->end);
		emit_cut(emit, "%s", failure.bytes);
	} else if (is_killed(a->u->end)) {
		emit_note(emit, "it was killed (SIGKILL): what it does when it ends by itself was "
			  "not seen");
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (!limits[i].holds(r))
			continue;
		emit_cut(emit, "%s", limits[i].text);
		all = false;
	}
	say_elsewhere(emit, a->u);
	say_caps(emit, a);
	if (r->widened)
		emit_note(emit, "in the AppArmor profile %zu rules are of all files of a "
			  "directory, for many there were used: it says where; --exact has a rule "
			  "for each that is noted", r->widened);
	if (*a->u->left_out)
		emit_note(emit, "what a runtime did when it entered was left out");
	say_unlooked(emit, a, r->unused);
	say_places(emit, a);
	say_when(emit, a);
	return all;
}
