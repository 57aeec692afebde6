/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/remarks.h"

#include "nsdebug/advise/files.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/enter/emit.h"

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

static bool say_when(struct emit *emit, const struct advice *a)
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
	return a->whole;
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

/* Where it cannot be followed, or is somebody else's to allow. */
static bool say_elsewhere(struct emit *emit, const struct used *u)
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
	if (*u->leaves)
		emit_cut(emit, "it went to another mount namespace: what is done in there is not "
			 "seen, for it has no cgroup of its own (v2)");
	return !*u->leaves;
}

static bool say_calls(struct emit *emit, const struct used *u, bool unnamed)
{
	if (*u->compat)
		emit_cut(emit, "it makes 32-bit system calls: they have other numbers, and the "
			 "profile allows none of them");
	if (*u->strange)
		emit_cut(emit, "it makes system calls by numbers that x86-64 does not have: they "
			 "are in no profile");
	if (unnamed)
		emit_cut(emit, "it makes system calls that are newer than this program: they have "
			 "no name here, and are in no profile");
	if (*u->uring)
		emit_cut(emit, "it uses io_uring: what it asks for that way, files and addresses, "
			 "is not seen");
	return !*u->compat && !*u->strange && !*u->uring && !unnamed;
}

static bool say_bounds(struct emit *emit, const struct advice *a)
{
	const struct used *u = a->u;
	bool files = u->cut || *u->too_long;
	bool others = u->creds_cut || u->ports_cut || a->places_cut || a->users_cut;

	if (files)
		emit_cut(emit, "it uses more files than are noted, or some by longer paths: some "
			 "are not told");
	if (others)
		emit_cut(emit, "it has more users, ports or places to write to than are noted");
	return !files && !others;
}

static bool say_caps(struct emit *emit, const struct advice *a)
{
	if (!a->caps_known)
		emit_cut(emit, "this kernel does not tell which capabilities are used (Linux 6.14, "
			 "or programs at the end of functions): those that are held are taken");
	else if (!a->u->capable.asked)
		emit_note(emit, "/proc/kallsyms tells no addresses (who opens it must be root): "
			  "capabilities that the kernel only asks about may be among those that "
			  "are needed");
	return a->caps_known;
}

void remarks_report(struct buf *b, const struct advice *a)
{
	if (!a->whole)
		buf_str(b, "incomplete: it ran before it was watched: what its start took may be "
			"missing (--next has it)\n");
	if (!a->u->tracer.gone)
		buf_str(b, "end: not seen, nor the end of processes: what these commonly take is "
			"allowed\n");
	if (a->bytecode)
		buf_str(b, "left out: __pycache__ on its own layer: Python does without "
			"(PYTHONDONTWRITEBYTECODE=1)\n");
}

bool remarks_say(struct emit *emit, const struct advice *a, const struct files_unused *f,
		 bool families, bool unnamed)
{
	bool all = emit->status != ST_INCOMPLETE;

	all &= say_calls(emit, a->u, unnamed);
	all &= say_elsewhere(emit, a->u);
	all &= say_bounds(emit, a);
	all &= say_caps(emit, a);
	if (!families)
		emit_cut(emit, "it makes sockets of a family that has no name in an AppArmor "
			 "profile here: they are not in it");
	if (*a->u->left_out)
		emit_note(emit, "what a runtime did when it entered was left out");
	say_unlooked(emit, a, f);
	say_places(emit, a);
	all &= say_when(emit, a);
	return all && families;
}
