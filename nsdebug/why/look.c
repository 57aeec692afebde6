/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/elfhead.h"
#include "nsdebug/sys/mode.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/curing.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/libs.h"
#include "nsdebug/why/needs.h"
#include "nsdebug/why/program.h"
#include "nsdebug/why/reason.h"

#define SCRIPTS_MAX 4		/* BINPRM_MAX_RECURSION is 5 */
#define FIRST_LINE 256		/* BINPRM_BUF_SIZE: what of a script's first line counts */
#define SHOWN 60		/* of one argument */
#define NO_ID UINT32_MAX

/* What runtimes take where the image sets none (runc 1.1, libcontainer; moby's default). */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct look {
	struct place_of p;
	const struct ending *x;
	struct findings *f;
	struct look_ids as;
	char command[LOOK_COMMAND];
};

/* ---- words ---- */

void look_command(const struct ending *x, char command[LOOK_COMMAND])
{
	auto_buf struct buf b = { 0 };

	for (size_t i = 0; i < x->args.count && b.len < LOOK_COMMAND; i++)
		buf_addf(&b, "%s%.*s%s", i ? " " : "", SHOWN, x->args.items[i],
			 strlen(x->args.items[i]) > SHOWN ? "..." : "");
	snprintf(command, LOOK_COMMAND, "%s", b.bytes ? b.bytes : "");
}

bool look_is_shell(const char *path)
{
	static const char *const shells[] = {
		"sh", "bash", "ash", "dash", "ksh", "zsh", "busybox",
	};
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (!strcmp(slash ? slash + 1 : path, shells[i]))
			return true;
	return false;
}

/* One that is there after all; NULL: the image has none. */
static const char *any_shell(const struct look *l)
{
	static const char *const shells[] = {
		"/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash", "/bin/dash", "/bin/ash",
		"/bin/busybox", "/busybox/sh", "/busybox/busybox", "/usr/local/bin/bash",
	};
	struct file_at f;

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		enum found got = find_file(&l->p, shells[i], &f);

		if (got == FOUND_ABSENT)
			continue;
		own_close(&f.fd);
		return shells[i];
	}
	return NULL;
}

/* Why what is the node's is not here; "": that is no question. */
static const char *why_unseen(const struct ending_mount *m)
{
	if (!m->bind)
		return "";
	if (m->bind->there)
		return ", which is empty now";
	return m->bind->err == ELOOP ? ", to which a symbolic link leads" :
		m->bind->err == ENOENT ? ", which is gone" : "";
}

static void say_hidden(struct look *l, const char *path)
{
	const char *at = find_mount(&l->p, path);
	const struct ending_mount *m = at ? ending_mount_of(l->x, at) : NULL;
	bool of_node = m && m->source && *m->source == '/';

	finding_missing(l->f, "%s was not looked at: it is in what was mounted at %s%s%s%s, not in "
			"the image", path, at ? at : "a place above it",
			of_node ? " from the node's " : "", of_node ? m->source : "",
			of_node ? why_unseen(m) : "");
}

/* Where a file is on the node that was mounted from there; NULL: it is the image's. */
static const char *on_node(struct look *l, const char *path)
{
	const struct ending_mount *m = ending_mount_of(l->x, path);

	return m && m->source ?
		finding_text(l->f, "%s%s", m->source, path + strlen(m->at)) : NULL;
}

/* A file's mode is changed where it comes from. Who writes to a volume may put a link there, which
 * chmod(1) follows: no command is printed. */
static const char *cure_mode(struct look *l, const char *path, const char *in_image)
{
	const char *node = on_node(l, path);

	return !node ? in_image :
		finding_text(l->f, "on the node, give %s mode 0755 (look first that no part of it "
			     "is a link that the container made; of a ConfigMap or a Secret: "
			     "defaultMode: 0755 of its volume)", node);
}

/* ---- rights ---- */

static bool is_in_group(const struct look_ids *as, uint32_t gid)
{
	for (uint32_t i = 0; i < as->ngroups; i++)
		if (as->groups[i] == gid)
			return true;
	return as->gid == gid;
}

/* As far as its ids are those of the files: not through a user namespace. Whose groups are not
 * known may be in the file's. */
static bool may_execute(const struct look *l, const struct file_at *f)
{
	if (l->x->other_ids || l->as.uid == NO_ID || !l->as.uid)
		return f->mode & 0111;
	if (l->as.uid == f->uid)
		return f->mode & 0100;
	if (is_in_group(&l->as, f->gid))
		return f->mode & 0010;
	return f->mode & (l->as.gid == NO_ID || l->as.groups_cut ? 0011 : 0001);
}

/* Root of a container may have the capability to, or not: of it nothing is said. */
static bool may_enter(const struct look *l, const struct file_at *f)
{
	return l->x->other_ids || l->as.uid == NO_ID || !l->as.uid || may_execute(l, f);
}

/* ---- the program ---- */

static enum found find_program(struct look *l, const char *word, struct file_at *f);

/* What a shell was to start by "-c", if it is in the image. */
static const char *shells_program(struct look *l)
{
	const struct ending *x = l->x;
	const char *line = x->args.count > 2 && !strcmp(x->args.items[1], "-c") ?
		x->args.items[2] : "";
	struct file_at f;
	char *word;

	line += str_prefix(line, "exec ") ? strlen("exec ") : 0;
	word = arena_dup(l->f->a, line, strcspn(line, " \t\n;&|<>"));
	if (word[0] != '/' || !curing_plain(word) || find_program(l, word, &f) != FOUND_THERE)
		return "PROGRAM";
	own_close(&f.fd);
	return S_ISREG(f.mode) && f.mode & 0111 ? word : "PROGRAM";
}

static void say_no_shell(struct look *l, const char *what, const char *needs)
{
	struct finding *x = finding_add(l->f, "no-shell");
	const char *program = shells_program(l);

	x->cause = true;
	x->what = finding_text(l->f, "the image has no shell: %s needs %s", what, needs);
	x->evidence = finding_text(l->f, "command: %s; neither %s nor another shell is in the "
				   "image", l->command, needs);
	x->source = l->x->spec;
	x->cure = finding_text(l->f, "name the program itself, in exec form: ENTRYPOINT [\"%s\"] "
			       "with CMD [] in the Dockerfile, so that no shell is asked for; "
			       "what a script prepares belongs into the program, or into an init "
			       "container", program);
	x->kubernetes = finding_text(l->f, "command: [\"%s\"]", program);
	x->docker = finding_text(l->f, "--entrypoint %s", program);
}

static void say_absent(struct look *l, const char *path)
{
	struct finding *x;
	const struct ending_mount *m;
	const char *shell = look_is_shell(path) ? any_shell(l) : NULL;

	if (look_is_shell(path) && !shell) {
		auto_buf struct buf needs = { 0 };

		buf_addf(&needs, "%s%s", strchr(path, '/') ? "" : "/bin/", path);
		say_no_shell(l, finding_text(l->f, "its entrypoint `%s`", l->command),
			     finding_text(l->f, "%s", needs.bytes));
		return;
	}
	x = finding_add(l->f, "missing-entrypoint");
	x->cause = true;
	m = ending_mount_of(l->x, path);
	x->what = m ? finding_text(l->f, "its entrypoint %s is not in what is mounted at %s from "
				   "the node's %s", path, m->at, m->source) :
		finding_text(l->f, "its entrypoint %s is not in the image", path);
	x->evidence = strchr(path, '/') ? finding_text(l->f, "command: %s", l->command) :
		finding_text(l->f, "command: %s; not in PATH=%s", l->command,
			     find_env(l->x, "PATH") ? find_env(l->x, "PATH") : DEFAULT_PATH);
	x->source = l->x->spec;
	x->cure = shell ? finding_text(l->f, "name the shell where it is: %s", shell) :
		"name a program that is in the image by its whole path, or copy it there (COPY "
		"--chmod=755)";
}

#define NO_PROGRAM "is neither an ELF program nor a script that begins with #!"

static bool is_no_program(struct look *l, const struct file_at *f)
{
	struct program *p = arena_alloc(l->f->a, sizeof(*p));
	auto_close int fd = find_open(&l->p, f);

	p->kind = PROGRAM_UNREAD;
	if (fd >= 0)
		program_read(fd, p);
	return p->kind == PROGRAM_NONE;
}

static void say_not_executable(struct look *l, const struct file_at *f)
{
	struct finding *x = finding_add(l->f, S_ISDIR(f->mode) ? "is-directory" :
					"not-executable");
	char mode[MODE_TEXT];

	mode_text(f->mode, mode);
	x->cause = true;
	x->source = l->x->spec;
	if (S_ISDIR(f->mode)) {
		x->what = finding_text(l->f, "its entrypoint %s is a directory", f->path);
		x->evidence = finding_text(l->f, "%s is %s; command: %s", f->path, mode,
					   l->command);
		x->cure = "name the program in it";
		return;
	}
	x->what = finding_text(l->f, "%s may not be executed by the container's user %s", f->path,
			       l->x->user ? l->x->user : "0:0");
	x->evidence = finding_text(l->f, "%s is %s %u:%u", f->path, mode, f->uid, f->gid);
	x->cure = cure_mode(l, f->path, "make it executable for all where the image is built: COPY "
			    "--chmod=755 (or chmod 755 before it is copied)");
	if (is_no_program(l, f))
		x->cure = finding_text(l->f, "name the right file: %s " NO_PROGRAM "; or let it be "
				       "one, and %s", f->path, x->cure);
}

/* The outermost directory of a path that the container's user may not enter; false: there is none,
 * or that is not known. */
static bool find_shut(struct look *l, const char *path, struct file_at *ret)
{
	char dir[FIND_PATH];

	if (!find_join(dir, "/", path))
		return false;
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		enum found got;

		*slash = '\0';
		got = find_file(&l->p, dir, ret);
		if (got != FOUND_THERE)
			return false;
		own_close(&ret->fd);
		if (S_ISDIR(ret->mode) && !may_enter(l, ret))
			return true;
		*slash = '/';
	}
	return false;
}

static void say_shut(struct look *l, const struct file_at *f, const struct file_at *dir)
{
	struct finding *x = finding_add(l->f, "not-executable");
	char mode[MODE_TEXT];

	mode_text(dir->mode, mode);
	x->cause = true;
	x->source = l->x->spec;
	x->what = finding_text(l->f, "%s may not be executed by the container's user %s: a "
			       "directory above it is shut", f->path,
			       l->x->user ? l->x->user : "0:0");
	x->evidence = finding_text(l->f, "%s is %s %u:%u", dir->path, mode, dir->uid, dir->gid);
	x->cure = cure_mode(l, dir->path,
			    finding_text(l->f, "let all enter %s where the image is built (chmod "
					 "755), or the user own it (COPY --chown)", dir->path));
}

static void say_noexec(struct look *l, const struct file_at *f, const struct ending_mount *m)
{
	struct finding *x = finding_add(l->f, "noexec");
	struct reason *r = arena_alloc(l->f->a, sizeof(*r));

	*r = (struct reason){ .kind = WHY_NOEXEC };
	reason_path(r, f->path);
	snprintf(r->mount, sizeof(r->mount), "%s", m->at);
	finding_cure(l->f, x, r, l->as.uid, l->as.gid);
	x->cause = true;
	x->source = l->x->spec;
	x->what = finding_text(l->f, "%s may not be executed: what is mounted at %s from the "
			       "node's %s is noexec", f->path, m->at, m->source);
}

/* Files that are not what the kernel can start. */
static struct finding *say_format(struct look *l, const char *kind, const char *path,
				  const char *what)
{
	struct finding *x = finding_add(l->f, kind);

	x->cause = true;
	x->what = finding_text(l->f, "%s %s", path, what);
	x->evidence = finding_text(l->f, "command: %s", l->command);
	x->source = l->x->spec;
	return x;
}

static void look_file(struct look *l, const struct file_at *f, unsigned int deep);

static void say_interpreter(struct look *l, const struct file_at *script, const char *interp)
{
	struct finding *x;
	size_t len = strlen(interp);

	if (look_is_shell(interp) && !any_shell(l)) {
		say_no_shell(l, finding_text(l->f, "the script %s", script->path), interp);
		return;
	}
	x = say_format(l, "missing-interpreter", script->path, "");
	if (len && interp[len - 1] == '\r') {
		x->what = finding_text(l->f, "the script %s asks for the interpreter %.*s followed "
				       "by a carriage return", script->path, (int)len - 1, interp);
		x->cure = "save the script with line ends of Unix (dos2unix, git: eol=lf)";
		return;
	}
	x->what = finding_text(l->f, "the script %s needs %s, which is not in the image",
			       script->path, interp);
	x->cure = "take a base image that has this interpreter, name it where it is in the "
		"script's first line, or make the entrypoint a program that needs none";
}

/* "#!/usr/bin/env NAME": env is there, and looks for NAME by PATH. */
static const char *env_word(char *line)
{
	char *word = strpbrk(line, " \t");

	if (!word)
		return NULL;
	*word++ = '\0';
	word += strspn(word, " \t");
	if (str_prefix(word, "-S"))
		word += 2 + strspn(word + 2, " \t");
	word[strcspn(word, " \t")] = '\0';
	return *word && *word != '-' && !strchr(word, '=') ? word : NULL;
}

static void look_script(struct look *l, const struct file_at *f, char *line, unsigned int deep)
{
	const char *slash, *word;
	struct file_at next;
	enum found got;

	line += 2 + strspn(line + 2, " \t");
	line[strcspn(line, "\n")] = '\0';
	word = env_word(line);
	got = *line ? find_program(l, line, &next) : FOUND_ABSENT;
	slash = strrchr(line, '/');
	if (got == FOUND_THERE && word && slash && !strcmp(slash, "/env")) {
		own_close(&next.fd);
		line = (char *)word;
		got = find_program(l, word, &next);
	}
	if (got == FOUND_HIDDEN)
		say_hidden(l, line);
	else if (got == FOUND_ABSENT)
		say_interpreter(l, f, line);
	else if (deep < SCRIPTS_MAX)
		look_file(l, &next, deep + 1);
	if (got == FOUND_THERE)
		own_close(&next.fd);
}

static void say_machine(struct look *l, const struct file_at *f, const struct needs *n)
{
	char room[32], own[32];
	const char *is = elfhead_platform(n->machine, room, sizeof(room));
	const char *want = elfhead_platform(elfhead_own(), own, sizeof(own));
	struct finding *x = say_format(l, "wrong-architecture", f->path, "");

	x->what = finding_text(l->f, "%s is a program for %s, and this node is %s", f->path, is,
			       want);
	x->evidence = finding_text(l->f, "its ELF header: machine %u, %u bits, %s-endian",
				   n->machine, n->bits, n->big_endian ? "big" : "little");
	x->cure = finding_text(l->f, "build or pull the image for linux/%s: docker build "
			       "--platform linux/%s", want, want);
	x->kubernetes = finding_text(l->f, "spec: {nodeSelector: {kubernetes.io/arch: %s}}",
				      is);
	x->docker = finding_text(l->f, "--platform linux/%s", want);
}

static void look_libraries(struct look *l, const struct file_at *f, const struct needs *n)
{
	struct libs_missing m;
	struct finding *x;

	libs_look(&l->p, f, n, l->f->a, &m);
	if (m.unsure)
		finding_missing(l->f, "not all libraries of %s could be looked for: %s", f->path,
				m.unsure);
	if (!m.name)
		return;
	x = say_format(l, "missing-library", f->path, "");
	x->what = finding_text(l->f, "%s needs the library %s, which is nowhere in the image",
			       f->path, m.name);
	x->evidence = finding_text(l->f, "needed by %s; not in RPATH, LD_LIBRARY_PATH, RUNPATH, "
				   "ld.so.cache or the loader's own directories, nor in their "
				   "glibc-hwcaps for this processor", m.by);
	x->cure = libs_cure(l->f, m.name);
}

static void look_elf(struct look *l, const struct file_at *f, const struct needs *n)
{
	struct file_at loader;
	struct finding *x;
	bool musl;

	if (!n->interp)
		return;
	switch (find_file(&l->p, n->interp, &loader)) {
	case FOUND_HIDDEN:
		say_hidden(l, n->interp);
		return;
	case FOUND_THERE:
		own_close(&loader.fd);
		look_libraries(l, f, n);
		return;
	default:
		break;
	}
	musl = strstr(n->interp, "ld-musl");
	x = say_format(l, "missing-loader", f->path, "");
	x->what = finding_text(l->f, "%s needs the loader %s, which is not in the image", f->path,
			       n->interp);
	x->evidence = finding_text(l->f, "its PT_INTERP; the kernel then says \"no such file or "
				   "directory\" of %s, which is there", f->path);
	x->cure = musl ? "it was built for musl (Alpine) and the image is another: link it "
		"statically, or take a base image with musl" :
		"it was built for glibc and the image has another C library or none: link it "
		"statically (Go: CGO_ENABLED=0), or take a base image with glibc (distroless "
		"base)";
}

static void look_file(struct look *l, const struct file_at *f, unsigned int deep)
{
	const struct ending_mount *m = ending_mount_of(l->x, f->path);
	auto_close int fd = -1;
	struct file_at *shut = arena_alloc(l->f->a, sizeof(*shut));
	char line[FIRST_LINE + 1];
	struct needs *n;
	ssize_t len;

	if (!S_ISREG(f->mode) || !may_execute(l, f)) {
		say_not_executable(l, f);
		return;
	}
	if (m && m->flags.set & MOUNT_NOEXEC) {
		say_noexec(l, f, m);
		return;
	}
	if (find_shut(l, f->path, shut)) {
		say_shut(l, f, shut);
		return;
	}
	fd = find_open(&l->p, f);
	len = fd < 0 ? -1 : pread(fd, line, FIRST_LINE, 0);
	if (len < 0) {
		finding_missing(l->f, "%s cannot be read", f->path);
		return;
	}
	line[len] = '\0';
	if (len > 2 && line[0] == '#' && line[1] == '!') {
		look_script(l, f, line, deep);
		return;
	}
	n = arena_alloc(l->f->a, sizeof(*n));
	needs_read(fd, n, l->f->a);
	if (n->kind == NEEDS_ELF)
		look_elf(l, f, n);
	else if (n->kind == NEEDS_OTHER_MACHINE)
		say_machine(l, f, n);
	else if (n->kind == NEEDS_BROKEN)
		say_format(l, "bad-format", f->path, "begins as an ELF file and is no program: cut "
			   "off, or not linked")->cure = "copy it whole into the image";
	else
		say_format(l, "bad-format", f->path, len ? NO_PROGRAM : "is an empty file")->cure =
			"let its first line name the interpreter (#!/usr/bin/python3), or copy "
			"the right file into the image";
}

/* ---- where it is ---- */

static enum found find_in_path(struct look *l, const char *word, struct file_at *f)
{
	const char *path = find_env(l->x, "PATH");
	enum found worst = FOUND_ABSENT;
	char name[FIND_PATH], dir[FIND_PATH];

	for (path = path ? path : DEFAULT_PATH; *path;) {
		size_t n = strcspn(path, ":");
		enum found got = FOUND_ABSENT;

		if (n && n < sizeof(dir)) {
			memcpy(dir, path, n);
			dir[n] = '\0';
			if (find_join(name, dir, word))
				got = find_file(&l->p, name, f);
		}
		/* what may not be executed is passed over (Go's exec.LookPath) */
		if (got == FOUND_THERE && S_ISREG(f->mode) && f->mode & 0111)
			return FOUND_THERE;
		if (got == FOUND_THERE)
			own_close(&f->fd);
		worst = got == FOUND_HIDDEN ? got : worst;
		path += n + (path[n] != '\0');
	}
	return worst;
}

static enum found find_program(struct look *l, const char *word, struct file_at *f)
{
	char path[FIND_PATH];

	f->fd = -1;
	if (!strchr(word, '/'))
		return find_in_path(l, word, f);
	if (!find_join(path, l->x->cwd ? l->x->cwd : "/", word))
		return FOUND_ABSENT;
	return find_file(&l->p, path, f);
}

bool look_program(const struct place_of *p, struct file_at *ret)
{
	struct look l = { .p = *p, .x = p->ending };

	return l.x->args.count && l.x->image.count &&
		find_program(&l, l.x->args.items[0], ret) == FOUND_THERE;
}

void look_start(const struct root *root, const struct ending *x, struct findings *f)
{
	struct look l = { .p = { root, x }, .x = x, .f = f, .as = look_ids(root, x) };
	struct file_at program;

	if (!x->args.count) {
		finding_missing(f, "what was to be started is not recorded in files");
		return;
	}
	if (!x->image.count) {
		finding_missing(f, "its files were not looked at: %s", x->no_files);
		return;
	}
	look_command(x, l.command);
	switch (find_program(&l, x->args.items[0], &program)) {
	case FOUND_ABSENT:
		say_absent(&l, x->args.items[0]);
		break;
	case FOUND_HIDDEN:
		say_hidden(&l, x->args.items[0]);
		break;
	default:
		look_file(&l, &program, 0);
		own_close(&program.fd);
	}
}
