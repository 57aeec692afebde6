/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/denied.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/col.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/deadpath.h"
#include "nsdebug/why/filecaps.h"
#include "nsdebug/why/fill.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/port.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/source.h"

#define PATH_SHOWN 1024

/* The words of strerror(3) in C, Go, Java, Python and Node. */
static bool says_read_only(const char *line)
{
	return strcasestr(line, "read-only file system") || strstr(line, "EROFS");
}

/* The next word that begins with a slash, and not with that of a URL's two, up to what no path in
 * such a line goes on with. */
static bool next_path(const char **line, char *ret)
{
	const char *p = *line;

	while ((p = strchr(p, '/'))) {
		size_t n = strcspn(p, " :'\"`(),;");

		if ((p == *line || strchr(" :'\"`(=", p[-1])) && p[1] != '/' && n > 1 &&
		    n < PATH_SHOWN) {
			memcpy(ret, p, n);
			ret[n] = '\0';
			*line = p + n;
			return true;
		}
		p += n ? n : 1;
	}
	return false;
}

/* Of what is on a read-only mount: do its owner and mode refuse it, too? A file's are asked before
 * the mount, unless it is cut short; what was said is the mount. */
static bool refuses_both(const struct ending *x, const struct look_ids *as, const char *path,
			 struct arena *a, struct reason *r)
{
	const char *why_not;

	if (deadpath_judge(x, as, path, EROFS, a, r, &why_not))
		return r->rights;
	if (!r->ro || !(r->need & NEED_W) || (r->kind != WHY_MODE && r->kind != WHY_ACL))
		return false;
	r->kind = WHY_READ_ONLY_MOUNT;
	r->rights = true;
	return true;
}

static void say_both(struct findings *f, struct finding *s, const struct reason *r,
		     const char *path)
{
	auto_buf struct buf b = { 0 };

	reason_text(&b, r);
	s->what = finding_text(f, "it could not write %s: %s", path, b.bytes);
}

/* What is read-only, the mount or without one the root, is not writable for whoever it is. */
static void put_read_only(struct reason *r, const struct ending *x, const struct ending_mount *m,
			  const char *path)
{
	*r = (struct reason){ .kind = WHY_READ_ONLY_MOUNT };
	reason_path(r, path);
	snprintf(r->mount, sizeof(r->mount), "%s", m ? m->at : "/");
	if (!ending_mount_of(x, "/tmp"))
		r->hint |= HINT_TMP_ON_ROOT;
	if (m && !m->volume && m->type && !strcmp(m->type, "tmpfs"))
		r->hint |= HINT_TMPFS;
}

static void say_read_only(struct findings *f, const struct ending *x, const struct ending_mount *m,
			  const struct look_ids *as, const char *path)
{
	struct finding *s = finding_add(f, m ? "read-only-mount" : "read-only-root");
	struct reason *r = arena_alloc(f->a, sizeof(*r));
	bool both = m && refuses_both(x, as, path, f->a, r);
	char dir[REASON_PATH];

	if (!both)
		put_read_only(r, x, m, path);
	if (as->root && !m && reason_dir(r, dir, sizeof(dir)))
		r->filled = (uint8_t)fill_look(as->root, dir);
	source_put_ended(finding_cure(f, s, r, as->uid, as->gid), x, r);
	s->source = x->spec;
	s->what = m ? finding_text(f, "it could not write %s: what is mounted at %s is read-only",
				   path, m->at) :
		finding_text(f, "it could not write %s: its root file system is read-only", path);
	if (both)
		say_both(f, s, r, path);
}

static bool says_no_process(const char *line)
{
	static const char *const all[] = { "resource temporarily unavailable", "EAGAIN",
		"unable to create native thread", "can't start new thread", "create new OS thread",
		"pthread_create failed", "can't fork" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcasestr(line, all[i]))
			return true;
	return false;
}

static void say_pids(struct findings *f, const struct ending *x, const char *line)
{
	struct finding *s = finding_add(f, "pids-limit");
	struct reason r = { .kind = WHY_PIDS, .limit = x->pids_limit };

	s->limit = x->pids_limit;
	s->what = finding_text(f, "it could not make a process or thread: its cgroup may have %llu",
			       (unsigned long long)x->pids_limit);
	s->evidence = finding_text(f, "exit code %lld, and its own words: %s",
				   (long long)x->exit_code, line);
	s->source = x->spec;
	finding_cure(f, s, &r, UINT32_MAX, UINT32_MAX);
}

/* ---- a port ---- */

static bool says_no_right(const char *line)
{
	return (strcasestr(line, "permission denied") || strstr(line, "EACCES")) &&
		(strstr(line, "bind") || strstr(line, "listen"));
}

/* The number behind the last colon of an address: "0.0.0.0:80", ":80", "[::]:80". */
static unsigned int port_of(const char *line)
{
	unsigned int port = 0;

	for (const char *p = strchr(line, ':'); p; p = strchr(p + 1, ':')) {
		size_t n = strspn(p + 1, "0123456789");

		if (n && n < 6 && (!p[n + 1] || strchr(" :,)'\"", p[n + 1])))
			port = (unsigned int)strtoul(p + 1, NULL, 10);
	}
	return port;
}

/* As nginx, Go and Node say it. For ports a user namespace is as good as none. */
static bool say_port(struct findings *f, const struct ending *x, const struct look_ids *as,
		     const char *line)
{
	unsigned int port = says_no_right(line) ? port_of(line) : 0;
	struct ending same = *x;
	auto_buf struct buf b = { 0 };
	const struct creds *c;
	const char *why_not;
	struct finding *s;
	struct reason r;

	same.other_ids = false;
	c = port && port <= UINT16_MAX ? deadpath_who(&same, as, f->a, &why_not) : NULL;
	if (!c)
		return false;
	port_left(x, c, (uint16_t)port, &r);
	if (r.kind != WHY_PORT || deadpath_doubt(x, as, c, &r))
		return false;
	s = finding_add(f, "port");
	reason_text(&b, &r);
	s->what = finding_text(f, "it could not listen: %s", b.bytes);
	s->evidence = finding_text(f, "exit code %lld, and its own words: %s",
				   (long long)x->exit_code, line);
	s->source = x->spec;
	finding_cure(f, s, &r, as->uid, as->gid);
	return true;
}

/* The last path of a line that is read-only: a shell's own stands before it. */
static bool find_denied(const struct ending *x, const char *line, char *ret)
{
	char path[PATH_SHOWN];
	bool found = false;

	while (next_path(&line, path)) {
		const struct ending_mount *m = ending_mount_of(x, path);

		if (strstr(path, "/..") || (m ? !((m->flags.set | m->flags.unsure) &
							   MOUNT_RO) : !x->read_only_root))
			continue;
		memcpy(ret, path, sizeof(path));
		found = true;
	}
	return found;
}

bool denied_line(struct findings *f, const struct ending *x, const struct look_ids *as,
		 const char *line)
{
	char path[PATH_SHOWN];

	if (says_no_process(line) && x->pids_limit != NONE_U64) {
		say_pids(f, x, line);
		return true;
	}
	if (say_port(f, x, as, line))
		return true;
	if (!says_read_only(line) || !find_denied(x, line, path))
		return false;
	say_read_only(f, x, ending_mount_of(x, path), as, path);
	f->items[f->count - 1].evidence = finding_text(f, "exit code %lld, and its own words: %s",
						       (long long)x->exit_code, line);
	return true;
}

/* ---- rights ---- */

static void say_refused(struct findings *f, const struct ending *x, const struct look_ids *as,
			struct finding *s, struct reason *r)
{
	auto_buf struct buf b = { 0 };
	char dir[REASON_PATH];

	if (reason_dir(r, dir, sizeof(dir)))
		r->filled = (uint8_t)fill_look(as->root, dir);
	reason_text(&b, r);
	s->what = finding_text(f, "it ended by itself, with %lld: %s", (long long)x->exit_code,
			       b.bytes);
	source_put_ended(finding_cure(f, s, r, as->uid, as->gid), x, r);
}

/* 0: its words tell of neither, or of both. */
static int error_of(const char *line)
{
	bool acces = strcasestr(line, "permission denied") || strstr(line, "EACCES");
	bool perm = strcasestr(line, "operation not permitted") || strstr(line, "EPERM");

	return acces == perm ? 0 : acces ? EACCES : EPERM;
}

/* Nothing that was asked of the path says so. */
static void say_not_permitted(struct findings *f, const struct ending *x, struct finding *s)
{
	s->what = finding_text(f, "it ended by itself, with %lld: a call was not permitted to it, "
			       "which one is not known: chown, chmod or utimes of what is not its "
			       "own, one that takes a capability, or one that its seccomp profile "
			       "refuses, say so; the mode of a file does not",
			       (long long)x->exit_code);
}

/* What is at a path that its words name: mode, 0 unless it is there. */
static enum found look_at(const struct ending *x, const struct root *root, const char *path,
			  uint32_t *mode)
{
	struct place_of p = { root, x };
	struct file_at at = { .fd = -1 };
	enum found got = strstr(path, "/..") ? FOUND_HIDDEN : find_file(&p, path, &at);

	*mode = got == FOUND_THERE ? at.mode : 0;
	own_close(&at.fd);
	return got;
}

/* The last path of the line that is in neither its image nor what was mounted in it. */
static void say_absent(struct findings *f, const struct ending *x, const struct root *root,
		       struct finding *s)
{
	const char *line = s->evidence;
	char path[PATH_SHOWN];
	uint32_t mode;

	while (next_path(&line, path))
		if (look_at(x, root, path, &mode) == FOUND_ABSENT)
			s->what = finding_text(f, "it ended by itself, with %lld: %s is not there",
					       (long long)x->exit_code, path);
}

/* A socket in the file system, which no trace of addresses shows. */
static void say_socket(struct findings *f, const struct ending *x, const struct root *root,
		       struct finding *s)
{
	bool taken = !strcmp(s->kind, "address-in-use");
	const char *line = s->evidence;
	char path[PATH_SHOWN];
	uint32_t mode;

	while (next_path(&line, path)) {
		look_at(x, root, path, &mode);
		if (!S_ISSOCK(mode))
			continue;
		s->what = finding_text(f, "it ended by itself, with %lld: %s %s",
				       (long long)x->exit_code, taken ? "there is a socket" :
				       "nobody listened at the socket", path);
		s->cure = taken ? "a socket stays when its process has ended: unless another one "
			"listens there, let the program remove it first, or give its directory a "
			"tmpfs or emptyDir, which is empty with each start" :
			"a socket stays when its process has ended: start again who is to listen "
			"there, and let the program wait for that";
	}
}

static void say_rights(struct findings *f, const struct ending *x, const struct look_ids *as,
		       struct finding *s)
{
	struct reason *r = arena_alloc(f->a, sizeof(*r)), *last = NULL;
	const char *line = s->evidence, *why_not = NULL;
	int err = error_of(line);
	char path[PATH_SHOWN];

	if (err == EPERM)
		say_not_permitted(f, x, s);

	while (next_path(&line, path)) {
		if (strstr(path, "/.."))
			continue;
		if (deadpath_judge(x, as, path, err, f->a, r, &why_not)) {
			last = r;
			r = arena_alloc(f->a, sizeof(*r));
		} else if (why_not && err != EPERM) {
			s->what = finding_text(f, "it ended by itself, with %lld: something was "
					       "refused to it; %s was not judged: %s",
					       (long long)x->exit_code, path, why_not);
		}
	}
	if (last)
		say_refused(f, x, as, s, last);
}

void denied_path(struct findings *f, const struct ending *x, const struct look_ids *as,
		 struct finding *s)
{
	if (!strcmp(s->kind, "permission-denied"))
		say_rights(f, x, as, s);
	else if (!strcmp(s->kind, "missing-file") && as->root)
		say_absent(f, x, as->root, s);
	else if (as->root && (!strcmp(s->kind, "address-in-use") ||
			      !strcmp(s->kind, "connection-refused")))
		say_socket(f, x, as->root, s);
}

void denied_start(struct findings *f, const struct root *root, const struct ending *x)
{
	struct finding *s = &f->items[f->count - 1];
	struct reason r = { .kind = WHY_FILE_CAPS, .hint = x->host_net ? HINT_HOST_NET : 0 };
	struct place_of p = { root, x };
	struct file_at program;
	struct filecaps caps;

	if (!look_program(&p, &program))
		return;
	/* who says so may have been started, and have given them to its file */
	if (program.changed) {
		own_close(&program.fd);
		return;
	}
	if (find_caps(&program) > 0)
		s->what = finding_text(f, "%s was not started: its file has capabilities (setcap), "
				       "of which one is not among those that the container may "
				       "have", program.path);
	r.caps = x->caps_told && filecaps_read(root, program.fd, &caps) ?
		filecaps_missing(&caps, deadpath_bounding(x)) : 0;
	if (r.caps)
		finding_cure(f, s, &r, UINT32_MAX, UINT32_MAX);
	own_close(&program.fd);
}
