/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/elfhead.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/why/filecaps.h"
#include "nsdebug/why/program.h"
#include "nsdebug/why/stand.h"
#include "nsdebug/why/walk.h"

#define NESTED_MAX 5	/* exec_binprm(): scripts of scripts */

/* Its mode is not all: who changes that is refused for what it is. */
static void look_besides(struct walk *w)
{
	static struct program p;
	auto_close int fd = -1;
	struct err e;

	fd = w->site->misc_formats ? -1 : root_read(w->root, w->end.fd, "", &e);
	if (fd < 0)
		return;
	program_read(fd, &p);
	if (p.kind == PROGRAM_NONE)
		w->why->hint |= HINT_NO_PROGRAM;
}

/* do_open_execat(); the mount first, as since Linux 5.8 */
static int may_run(struct walk *w, const char *path)
{
	const struct step *s = &w->end;

	if (walk_to(w, path, WALK_FOLLOW) < 0)
		return -1;
	if (w->slash && !S_ISDIR(s->st.stx_mode))
		return stand_refuse(w, s, WHY_NOT_DIR, ENOTDIR);
	if (S_ISDIR(s->st.stx_mode))
		return stand_refuse(w, s, WHY_IS_DIR, EACCES);
	if (!S_ISREG(s->st.stx_mode)) {
		stand_refuse(w, s, WHY_FORMAT, EACCES);
		snprintf(w->why->word, sizeof(w->why->word), "%s",
			 root_type_name(s->st.stx_mode));
		return -1;
	}
	if (stand_noexec(s))
		return stand_refuse(w, s, WHY_NOEXEC, EACCES);
	if (stand_permission(w, s, NEED_X) == 0)
		return 0;
	look_besides(w);
	return -1;
}

static int look_into(struct walk *w, struct program *p)
{
	auto_close int fd = -1;
	struct err e;

	fd = root_read(w->root, w->end.fd, "", &e);
	if (fd < 0)
		p->kind = PROGRAM_UNREAD;
	else
		program_read(fd, p);
	switch (p->kind) {
	case PROGRAM_NONE:
		stand_refuse(w, &w->end, WHY_FORMAT, ENOEXEC);
		break;
	case PROGRAM_FOREIGN:
		stand_refuse(w, &w->end, WHY_ARCH, ENOEXEC);
		if (elfhead_machine(p->machine))
			snprintf(w->why->word, sizeof(w->why->word), "%s",
				 elfhead_machine(p->machine));
		else
			snprintf(w->why->word, sizeof(w->why->word), "ELF machine %u",
				 p->machine);
		break;
	case PROGRAM_UNREAD:
		stand_refuse(w, &w->end, WHY_UNKNOWN, 0);
		strcpy(w->why->word, "its first bytes cannot be read");
		break;
	default:
		return 0;
	}
	w->why->guess = p->kind != PROGRAM_UNREAD && w->site->misc_formats;
	return -1;
}

/* The program is what the user knows of; the interpreter may be of another image. */
static int refuse_interpreter(struct walk *w, const struct reason *program, const char *name)
{
	struct reason *r = w->why;

	if (r->kind != WHY_ABSENT && r->kind != WHY_NOT_DIR)
		return -1;
	*r = *program;
	r->kind = WHY_INTERPRETER;
	r->err = ENOENT;
	snprintf(r->word, sizeof(r->word), "%s", name);
	return -1;
}

/* bprm_fill_uid(): of the program itself, not of its loader, for which the walk begins anew. */
static const char *note;

static const char *idle_bit(const struct walk *w)
{
	if (!(w->end.st.stx_mode & (S_ISUID | S_ISGID)))
		return NULL;
	if (w->ask->creds.no_new_privs)
		return "but its setuid or setgid bit has no effect: no_new_privs";
	return stand_mount_says(&w->end, "nosuid") ?
		"but its setuid or setgid bit has no effect: the mount is nosuid" : NULL;
}

/* get_file_caps(): of what runs in the end, and asked when its loader is found. Of one that gives
 * them by what is inheritable, which is not known here, it is a guess. */
static struct reason no_caps;

static void look_at_caps(const struct walk *w)
{
	const struct creds *c = &w->ask->creds;
	struct reason kept = *w->why;
	auto_buf struct buf names = { 0 };
	struct filecaps f;
	uint64_t missing;

	if (w->end.made || stand_mount_says(&w->end, "nosuid") ||
	    !filecaps_read(w->root, w->end.fd, &f))
		return;
	missing = filecaps_missing(&f, c->cap_bnd);
	if (!missing || (f.rootid && idmap_inside(w->site->uids, f.rootid)))
		return;
	stand_refuse(w, &w->end, WHY_FILE_CAPS, EPERM);
	w->why->caps = missing;
	cap_list(&names, missing, ", ");
	snprintf(w->why->word, sizeof(w->why->word), "%s", names.bytes);
	w->why->guess = !(missing & ~f.inheritable);
	no_caps = *w->why;
	*w->why = kept;
}

static int run_file(struct walk *w, const char *path, unsigned int nested)
{
	static struct program p;
	struct reason program;
	char name[PATH_MAX];

	if (nested > NESTED_MAX)
		return stand_refuse(w, &w->end, WHY_LOOP, ELOOP);
	if (may_run(w, path) < 0 || look_into(w, &p) < 0)
		return -1;
	if (p.kind != PROGRAM_SCRIPT)
		note = idle_bit(w);
	if (p.kind != PROGRAM_SCRIPT)
		look_at_caps(w);
	if (!p.interpreter[0])
		return 0;
	stand_refuse(w, &w->end, WHY_GRANTED, 0);
	program = *w->why;
	memcpy(name, p.interpreter, sizeof(name));
	walk_free(w);
	walk_init(w, w->root, w->site, w->ask, w->why);
	if (p.kind == PROGRAM_SCRIPT ? run_file(w, name, nested + 1) < 0 :
	    may_run(w, name) < 0 || look_into(w, &p) < 0)
		return refuse_interpreter(w, &program, name);
	return 0;
}

int run_judge(struct walk *w)
{
	int n;

	note = NULL;
	no_caps.kind = WHY_GRANTED;
	n = run_file(w, w->ask->path, 0);
	if (n == 0 && no_caps.kind != WHY_GRANTED) {
		*w->why = no_caps;
		return -1;
	}
	w->note = note;
	return n;
}
