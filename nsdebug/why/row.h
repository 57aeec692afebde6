/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row - an answer of why as it is shown: of a question, or a finding about an end.
 */
#ifndef NSDEBUG_WHY_ROW_H
#define NSDEBUG_WHY_ROW_H

#include "nsdebug/out/col.h"

struct arena;
struct creds;
struct ending;
struct findings;
struct reason;
struct target;

/* Of a row with a cure (why/cure.h): what it is for those who start containers. */
#define CURE_COLS(s) \
	COL(COL_BYTES, s, kubernetes, COL_WIDE | COL_CLAIMED, "the cure, as a patch of the pod"), \
	COL(COL_BYTES, s, docker, COL_WIDE | COL_CLAIMED, "the cure, as options of docker run"), \
	COL(COL_BYTES, s, podman, COL_WIDE | COL_CLAIMED, "the cure, as options of podman run"), \
	COL(COL_BYTES, s, image, COL_WIDE | COL_CLAIMED, \
	    "what else of it the image needs, as a line of its Dockerfile; not for podman")

/* Of the help of what shows such rows. */
#define CURE_WORDS "In options and patches a word in capitals is for you to fill in: SOURCE (a " \
	"volume, or a directory of the node), FILE (a seccomp profile), PROGRAM (what is run), " \
	"VALUE, CONTAINER (its name in the pod, unless it is one of a pod). Where there is an " \
	"image as well, its line is part of the cure; where that has no shell, as root in a " \
	"stage before, from which COPY --from takes the file."

struct why_row {
	struct bytes subject, reason, cure, path, mount, fstype, kubernetes, docker, podman, image;
	struct bytes mode, word, evidence;
	const char *action, *verdict, *kind, *error, *class, *need, *seccomp, *source;
	uint64_t owner, group, host_owner, host_group, entry, number, limit, guess;
	uint64_t pid, uid, gid, host_uid, host_gid, no_new_privs, user_ns;
	const char *signal;
	int64_t exit_code;
	struct coltime started, finished;
	struct col_list groups, caps, has;
};

extern const struct col why_col[];

/* What is recorded of the end that a row is the verdict on; of one that runs, if that is of a run
 * before. Texts are in f's arena. */
void why_row_end(struct why_row *row, const struct ending *x, struct findings *f);

/* As whom it is asked, and the file that it is about; what is not as it stands is in the arena. */
void why_row_creds(struct why_row *row, const struct creds *c, const struct target *t,
		   struct arena *a);
void why_row_file(struct why_row *row, const struct reason *w, const struct target *t,
		  struct arena *a);

#endif
