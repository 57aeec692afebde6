/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look - would what a container is to start be started: its entrypoint, looked for and looked at
 * in its files as the runtime, the kernel and the loader will, without running anything of it.
 *
 * Runs in a ROLE_READER child. The program is looked for by PATH, its mode is asked, a script's
 * interpreter is looked for, an ELF file's machine, loader and libraries (ld.so(8): RPATH,
 * LD_LIBRARY_PATH, RUNPATH, what ld.so.cache names, the default directories). What was mounted
 * from the node is looked at as it is now. Where one of these ways leads below a mount whose files
 * are not here, nothing is said to be missing: it is counted as not looked at. Bounded: what
 * libs.h says, scripts four deep.
 */
#ifndef NSDEBUG_WHY_LOOK_H
#define NSDEBUG_WHY_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/target/ending.h"

struct access_site;
struct file_at;
struct findings;
struct place_of;
struct root;

/* As whom it is started, as the container numbers them; UINT32_MAX: not known. */
struct look_ids {
	uint32_t uid, gid;
	uint32_t groups[ENDING_GROUPS_MAX], ngroups;
	bool groups_cut;			/* it may be in more */
	const struct root *root;	/* whose files say so; or NULL */
	const struct access_site *rules;	/* the node's: judge_rules(); only for deadpath.h */
};

struct look_ids look_ids(const struct root *root, const struct ending *x);
/* Is it a shell, by its name? */
bool look_is_shell(const char *path);
#define LOOK_COMMAND 400
/* What is started, as words for people; cut. */
void look_command(const struct ending *x, char command[LOOK_COMMAND]);
/* What is to be started, if it is found; the caller closes ret->fd. */
bool look_program(const struct place_of *p, struct file_at *ret);
/* Adds what it finds; a finding that alone keeps it from starting has .cause. */
void look_start(const struct root *root, const struct ending *x, struct findings *f);

#endif
