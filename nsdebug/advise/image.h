/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image - the files of a container, asked of a reader beside the tracer when that has seen enough.
 *
 * image_serve() runs in a ROLE_READER child: it follows the links of names, and goes once through
 * what is on the same mount as the root, which is the container's own layer with its image. Bounded
 * by files, depth and time; what was not looked at is said. Who asks waits for so long for an
 * answer and no longer, and then does without.
 */
#ifndef NSDEBUG_ADVISE_IMAGE_H
#define NSDEBUG_ADVISE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

struct emit;
struct inside;

#define IMAGE_PATH 4096
#define IMAGE_WAIT_NS (5ull * 1000000000)	/* for one answer */

/* What is asked, and what is answered. One message each; it crosses a socket. */
enum image_what {
	IMAGE_USED,	/* this path is used: no answer */
	IMAGE_NAME,	/* follow it: IMAGE_LINK each, then IMAGE_PATH_IS, "" if it leads nowhere */
	IMAGE_LAST,	/* the same, but what the last name is does not matter */
	IMAGE_WALK,	/* IMAGE_UNUSED each, then IMAGE_DONE */
	IMAGE_LINK, IMAGE_PATH_IS, IMAGE_UNUSED, IMAGE_DONE,
};

struct image_message {
	uint32_t what;
	uint32_t len;		/* of the path */
	/* IMAGE_UNUSED: not used, in there. IMAGE_DONE: of those looked at. IMAGE_PATH_IS: st_mode
	 * in .files, 0 if there is nothing; in .bytes, where something is mounted, the magic of its
	 * file system (statfs(2)), 0: nothing is, or a server would have to be asked */
	uint64_t files, bytes;
	/* IMAGE_UNUSED: nothing below this directory is used, else it is only what is in it.
	 * IMAGE_PATH_IS: on the root's own mount. */
	uint32_t whole;
	uint32_t cut;		/* IMAGE_DONE: there is more that was not looked at */
	char path[IMAGE_PATH];
};

/* As a struct tool's .look; arg: its struct mounts. */
void image_serve(struct inside *in, void *arg);

/* Who asks. */
struct image {
	int *peer;		/* -1: there is no reader */
	struct emit *emit;	/* told that we are alive while we wait */
	struct image_message m;
};

bool image_used(struct image *i, struct bytes path);
/* Asks; answers are then taken one by one until image_next() is false or the last has come. */
bool image_ask(struct image *i, enum image_what what, struct bytes path);
bool image_next(struct image *i);

#endif
