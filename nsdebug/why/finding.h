/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding - one thing that was found out about a container's end, what shows it and what helps.
 *
 * Its kind is a stable word: JSON has it. Texts may hold a target's own bytes: whoever shows them
 * escapes them (out/ does).
 */
#ifndef NSDEBUG_WHY_FINDING_H
#define NSDEBUG_WHY_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cure;
struct reason;

#define FINDINGS_MAX 32

struct finding {
	const char *kind;
	const char *what, *evidence, *source;	/* NULL: there is none */
	const char *cure, *kubernetes, *docker;
	const char *podman;	/* NULL: as docker */
	const char *image;	/* NULL: it needs nothing else */
	uint64_t limit;		/* that was reached; 0: none, or not known */
	bool cause;	/* it alone keeps a program from starting, or ended it */
};

struct findings {
	struct finding items[FINDINGS_MAX];
	size_t count;
	struct arena *a;	/* of texts */
	const char *part;	/* the container's name in its pod, for patches; or NULL */
	bool no_new_privs;	/* of the container: for its cures */
	/* What could not be looked at, and why; each said once. */
	const char *missing[FINDINGS_MAX];
	size_t nmissing;
};

/* The new one, with this kind; what is over FINDINGS_MAX overwrites the last. */
struct finding *finding_add(struct findings *f, const char *kind);
const char *finding_text(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void finding_missing(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The cure of what refused it, for these ids in the container; UINT32_MAX: not known. The finding
 * has its words: what is put into them is said. */
struct cure *finding_cure(struct findings *f, struct finding *x, const struct reason *r,
			  uint32_t uid, uint32_t gid);
/* In commands of ours that cures tell of ('nsdebug ... NAME'), the word for this container; nothing
 * is said of one that means something to a shell. */
void findings_name(struct findings *f, const char *word);
/* The first that is a cause, or NULL. */
struct finding *finding_cause(struct findings *f);

#endif
