/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/rlimits.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/libs.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/output.h"

#define LEVEL_WITHIN 80		/* bytes of a line, in which it says how bad it is */

#define LL(n) ((long long)(n))

/* ---- the last words ---- */

/* Below an exception's line: where it was, what it holds, what was it run by. */
static bool is_below(const struct output *o, size_t i)
{
	static const char *const all[] = { " ", "\t", "}", "]", "at ", "Node.js v", "goroutine ",
		"created by ", "note: ", "runtime stack:", "fatal error: newosproc",
		"runtime: may need to increase", "exit status ", "npm ERR!", "npm error",
		"Caused by: " };
	const char *line = o->lines[i];
	size_t len = strlen(line);

	for (size_t k = 0; k < ARRAY_SIZE(all); k++)
		if (str_prefix(line, all[k]))
			return true;
	/* Go: "main.main()", and below it where that is */
	return len && line[len - 1] == ')' && i + 1 < o->count && o->lines[i + 1][0] == '\t';
}

size_t words_first(const struct output *o)
{
	size_t i = o->count;

	while (i-- > 0)
		if (!is_below(o, i))
			return i;
	return o->count ? 0 : o->count;
}

/* As a word of its own, which is no part of a path. */
static const char *find_level(const char *line, const char *word)
{
	const char *at = line;

	while ((at = strcasestr(at, word)) && at - line < LEVEL_WITHIN) {
		const char *end = at + strlen(word);

		if ((at == line || (!isalnum((unsigned char)at[-1]) && !strchr("/._-", at[-1]))) &&
		    !isalnum((unsigned char)*end) && !(*end && strchr("/._-", *end)))
			return at;
		at++;
	}
	return NULL;
}

bool words_mild(const char *line)
{
	static const char *const mild[] = { "warning", "warn", "info", "notice", "debug" };
	static const char *const bad[] = { "error", "fatal", "panic", "critical", "emerg" };
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(mild); i++) {
		const char *at = find_level(line, mild[i]);

		first = at && (!first || at < first) ? at : first;
	}
	for (size_t i = 0; first && i < ARRAY_SIZE(bad); i++) {
		const char *at = find_level(line, bad[i]);

		if (at && at < first)
			return false;
	}
	return first;
}

struct finding *words_say(struct findings *f, const struct ending *x, const char *kind,
			  const char *line)
{
	struct finding *s = finding_add(f, kind);

	s->evidence = finding_text(f, "exit code %lld, and the last words: %s", LL(x->exit_code),
				   line);
	s->source = x->output;
	return s;
}

/* ---- who should have executed it ---- */

static bool is_same_program(const struct ending *x, const char *path, size_t len)
{
	const char *own = x->args.count ? x->args.items[0] : NULL;
	const char *slash = memrchr(path, '/', len);
	const char *own_slash = own ? strrchr(own, '/') : NULL;

	if (!own || !slash)
		return false;
	slash++;
	own = own_slash ? own_slash + 1 : own;
	return strlen(own) == len - (size_t)(slash - path) &&
		!memcmp(own, slash, strlen(own));
}

/* "exec /x/y: WHAT", runc's since 1.1; "... exec user process caused: WHAT" before. */
static const char *exec_words(const struct ending *x, const char *line, const char **path,
			      int *len)
{
	static const char old[] = "exec user process caused: ";
	const char *at = strstr(line, old), *end;

	*path = x->args.count ? x->args.items[0] : "it";
	*len = (int)strlen(*path);
	if (str_prefix(line, "standard_init_linux.go:") && at)
		return at + strlen(old);
	if (!str_prefix(line, "exec /"))
		return NULL;
	for (end = line + 5; (end = strstr(end, ": ")); end++)
		if (is_same_program(x, line + 5, (size_t)(end - line - 5))) {
			*path = line + 5;
			*len = (int)(end - line - 5);
			return end + 2;
		}
	return NULL;
}

bool words_exec(struct findings *f, const struct ending *x, const struct output *o)
{
	const char *line = o->count ? o->lines[o->count - 1] : "", *path, *what;
	struct finding *s;
	int len;

	if (x->exit_code != 1 && x->exit_code != 255 && x->exit_code != 126 &&
	    x->exit_code != 127)
		return false;
	what = exec_words(x, line, &path, &len);
	if (!what)
		return false;
	s = words_say(f, x, "not-started", line);
	s->what = finding_text(f, "it was not started: %.*s could not be executed: %s", len, path,
			       what);
	if (!strcmp(what, "no such file or directory")) {
		s->kind = "missing-interpreter";
		s->what = finding_text(f, "%.*s was not started: it is there, and what it needs "
				       "to run is not: the interpreter in its first line, or "
				       "its loader", len, path);
		s->cure = "look at its first line (a script: an interpreter that the image has, "
			"and no line ends of Windows), or link the program statically";
	} else if (!strcmp(what, "exec format error")) {
		s->kind = "bad-format";
		s->what = finding_text(f, "%.*s was not started: it is for another architecture, "
				       "or a script without #! in its first line, or empty", len,
				       path);
		s->cure = "'file' shows what it is: build or pull it for this node's architecture, "
			"or let a script begin with #! and its interpreter";
	} else if (!strcmp(what, "permission denied")) {
		s->kind = "not-executable";
		s->what = finding_text(f, "%.*s was not started: the container's user %s may not "
				       "execute it, or its interpreter", len, path,
				       x->user ? x->user : "0:0");
		s->cure = "make it executable (chmod 755, in a volume too), on a mount without "
			"noexec, below directories that this user may enter";
	} else if (!strcmp(what, "operation not permitted")) {
		s->kind = WORDS_EPERM;
		s->what = finding_text(f, "%.*s was not started: as a rule its file has "
				       "capabilities (setcap) of which one is not among those "
				       "that the container may have", len, path);
		s->cure = "'getcap' shows them: give the container exactly these (docker run "
			"--cap-add), or take them off the file where the image is built (setcap "
			"-r)";
	}
	return true;
}

/* ---- the command of a shell ---- */

/* "1: ", "line 1: ", "exec: ": what shells put before the command. */
static size_t place_len(const char *at)
{
	size_t n = str_prefix(at, "line ") ? strlen("line ") : 0;
	size_t digits = strspn(at + n, "0123456789");

	n = digits ? n + digits : str_prefix(at, "exec: ") ? strlen("exec") : 0;
	return n && str_prefix(at + n, ": ") ? n + 2 : 0;
}

/* "sh: 1: COMMAND: not found" (dash), "/run.sh: line 1: COMMAND: command not found" (bash), "sh:
 * COMMAND: not found" (busybox): not what another program says of something else. */
static const char *lost_command(struct findings *f, const char *line)
{
	static const char *const ends[] = { ": command not found", ": not found",
		": cannot execute: required file not found" };
	const char *at = strstr(line, ": "), *end;
	size_t n;

	if (!at)
		return NULL;
	at += 2;
	if (!place_len(at) && !look_is_shell(finding_text(f, "%.*s", (int)(at - 2 - line), line)))
		return NULL;
	while ((n = place_len(at)))
		at += n;
	end = strstr(at, ": ");
	for (size_t i = 0; end && end > at && i < ARRAY_SIZE(ends); i++)
		if (!strcmp(end, ends[i]))
			return finding_text(f, "%.*s", (int)(end - at), at);
	return NULL;
}

/* A shell says the same of one that is there, but whose interpreter or loader is not. */
static void say_lost(struct findings *f, struct finding *s, const struct ending *x,
		     const struct root *root, const char *name)
{
	struct findings *look = arena_alloc(f->a, sizeof(*look));
	struct ending *as = arena_alloc(f->a, sizeof(*as));
	const struct finding *found = look->items;

	*look = (struct findings){ .a = f->a };
	*as = *x;
	as->args = (struct words_list){ .items = &name, .count = 1 };
	look_start(root, as, look);
	s->what = finding_text(f, "it ended with 127: a shell did not find the command %s", name);
	s->cure = "name a program that is in the image, by its path if it is in no directory of "
		"PATH, or copy it there (COPY --chmod=755)";
	if (!look->count) {
		s->what = finding_text(f, "%s, or its interpreter or loader is not there", s->what);
	} else if (strcmp(found->kind, "missing-entrypoint") != 0) {
		s->kind = found->kind;
		s->what = finding_text(f, "it ended with 127: a shell could not start %s: %s",
				       name, found->what);
		s->cure = found->cure;
	}
}

void words_command(struct findings *f, struct finding *s, const struct ending *x,
		   const struct root *root, const struct output *o)
{
	bool lost = x->exit_code == 127;
	const char *name = lost && o->count ? lost_command(f, o->lines[o->count - 1]) : NULL;
	char command[LOOK_COMMAND];

	if (!lost && x->exit_code != 126)
		return;
	if (name)
		say_lost(f, s, x, root, name);
	look_command(x, command);
	if (*command)
		s->what = finding_text(f, "%s; it was started as: %s", s->what, command);
}

/* ---- its loader ---- */

/* What is between two marks. */
static const char *between(struct findings *f, const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from), *end;

	if (!at)
		return NULL;
	at += strlen(from);
	end = *to ? strstr(at, to) : at + strlen(at);
	return end && end > at ? finding_text(f, "%.*s", (int)(end - at), at) : NULL;
}

static bool say_library(struct findings *f, const struct ending *x, const char *line)
{
	const char *lib = between(f, line, "error while loading shared libraries: ", ": ");
	bool absent = strstr(line, "No such file or directory");
	struct finding *s;

	if (!lib)	/* musl */
		lib = between(f, line, "Error loading shared library ", ": ");
	if (!lib)
		return false;
	s = words_say(f, x, "missing-library", line);
	s->what = absent ? finding_text(f, "it needs the library %s, which its loader did not find",
					lib) :
		finding_text(f, "its loader could not load the library %s", lib);
	s->cure = absent ? libs_cure(f, lib) :
		"look at that file: is it whole, for this architecture, and readable for the "
		"container's user?";
	return true;
}

static bool say_version(struct findings *f, const struct ending *x, const char *line)
{
	const char *version = between(f, line, ": version `", "' not found");
	const char *symbol = between(f, line, "undefined symbol: ", "");
	struct finding *s;

	if (!symbol && str_prefix(line, "Error relocating "))
		symbol = between(f, line, ": ", ": symbol not found");
	if (symbol && !strstr(line, "symbol lookup error") && !strstr(line, "symbol not found"))
		symbol = NULL;
	if (!version && !symbol)
		return false;
	s = words_say(f, x, "old-library", line);
	if (version)
		s->what = finding_text(f, "the image's libraries are older than what it was built "
				       "with: %s is not among them", version);
	else
		s->what = finding_text(f, "the image's libraries are others than what it was built "
				       "with: none has %s", symbol);
	s->cure = "build it on the distribution and release of the image that it runs in, take a "
		"newer base image, or link it statically (Go: CGO_ENABLED=0)";
	return true;
}

bool words_loader(struct findings *f, const struct ending *x, const struct output *o)
{
	if (x->exit_code != 127 && x->exit_code != 1)
		return false;
	for (size_t i = o->count; i-- > words_first(o);)
		if (say_library(f, x, o->lines[i]) || say_version(f, x, o->lines[i]))
			return true;
	return false;
}

/* ---- the runtime ---- */

bool words_of_exec(const char *error)
{
	static const char *const all[] = { "exec: ", "exec /", "exec container process",
		"executable file", "exec user process", "exec format" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strstr(error, all[i]))
			return true;
	return false;
}

static const struct refused {
	const char *words, *also;	/* both are in it */
	const char *kind, *what, *cure;
} refusals[] = {
	{ "passwd file", NULL, "unknown-user",
	  "its runtime could not start it: its user is not in the image's /etc/passwd",
	  "name the user by number (USER 65532:65532, runAsUser), or add it where the image is "
	  "built" },
	{ "unable to find group", NULL, "unknown-user",
	  "its runtime could not start it: its group is not in the image's /etc/group",
	  "name the group by number, or add it where the image is built" },
	{ "mount", "not a directory", "bad-mount",
	  "its runtime could not start it: a file is to be mounted on a directory, or a directory "
	  "on a file",
	  "make both a file or both a directory; a file that was not there on the host became a "
	  "directory when it was mounted the first time" },
	{ "mount", "no such file or directory", "bad-mount",
	  "its runtime could not start it: what is to be mounted, or the place for it, is not "
	  "there", "make it on the host, or correct its path; a read-only root cannot be given "
	  "new directories" },
	{ "mount", "read-only file system", "bad-mount",
	  "its runtime could not start it: the place for a mount is not there and cannot be made",
	  "make the directory in the image" },
	{ "chdir", NULL, "bad-workdir",
	  "its runtime could not start it: it may not enter its working directory, or that is not "
	  "there", "correct WORKDIR, or let the container's user enter it (chmod 755)" },
	{ "rlimit", NULL, "rlimit",
	  "its runtime could not start it: it may not set a limit of it so high",
	  "ask for no more than the runtime has itself (--ulimit)" },
	{ "already in use", NULL, "address-in-use",
	  "its runtime could not start it: a port on the node is another's already",
	  "map it to another port, or stop who has it (ss -ltnp on the node shows that)" },
	{ "port is already allocated", NULL, "address-in-use",
	  "its runtime could not start it: a port on the node is another container's already",
	  "map it to another port, or stop the container that has it" },
	{ "exec format error", NULL, "bad-format",
	  "its runtime could not start it: its program is for another architecture, or a script "
	  "without #!", "build or pull it for this node's architecture, or let a script begin with "
	  "#! and its interpreter" },
	{ "exec", "permission denied", "not-executable",
	  "its runtime could not start it: the container's user may not execute its entrypoint",
	  "make it executable (chmod 755, in a volume too), on a mount without noexec, below "
	  "directories that this user may enter" },
	{ "exec", "not found in", "missing-entrypoint",
	  "its runtime could not start it: its entrypoint is not in PATH",
	  "name a program that is in the image by its whole path" },
	{ "exec", "no such file or directory", "missing-entrypoint",
	  "its runtime could not start it: its entrypoint, or the interpreter that it needs, is "
	  "not there", "name a program that is in the image by its whole path; a script needs the "
	  "interpreter in its first line" },
};

bool words_runtime(struct findings *f, const char *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refused *r = &refusals[i];
		struct finding *s;

		if (!strcasestr(error, r->words) || (r->also && !strcasestr(error, r->also)) ||
		    str_prefix(r->words, "exec") != words_of_exec(error))
			continue;
		s = finding_add(f, r->kind);
		s->what = r->what;
		s->cure = r->cure;
		return true;
	}
	return false;
}

/* A pipe or a socket that broke is that to the process which did not live. */
bool words_of_errno(const char *error)
{
	const char *at = strrchr(error, ':');

	for (int e = 1; at && e < EHWPOISON; e++)
		if (e != EPIPE && e != ECONNRESET && !strcasecmp(at + 1 + strspn(at + 1, " "),
								 errno_name(e)))
			return true;
	return false;
}

/* "setrlimit `RLIMIT_NOFILE`" of crun, "error setting rlimit type 7" of runc. */
static bool is_named(const char *error, const char *type)
{
	const char *number = strstr(error, "rlimit type ");
	unsigned int which = 0;

	if (strstr(error, type))
		return true;
	while (which < RL_COUNT && strcasecmp(type + strlen("RLIMIT_"), rlimit_kinds[which].name))
		which++;
	return number && strtoul(number + strlen("rlimit type "), NULL, 10) == which;
}

/* We may have a limit that the runtime has not: then half of what was asked for is a guess, too. */
static uint64_t most_of(const struct ending_limit *l)
{
	return l->most < l->hard ? l->most : l->soft < l->hard ? l->soft : l->hard / 2;
}

static const char *number(struct findings *f, uint64_t n)
{
	return n > INT64_MAX ? "-1" : finding_text(f, "%llu", (unsigned long long)n);
}

/* "nofile" of "RLIMIT_NOFILE": only of what can be no option of a shell's. */
static bool limit_name(const struct ending_limit *l, char *ret, size_t room)
{
	size_t n = 0;

	if (!l->type || !str_prefix(l->type, "RLIMIT_"))
		return false;
	for (const char *p = l->type + strlen("RLIMIT_"); *p && n + 1 < room; p++) {
		if (!isalpha((unsigned char)*p))
			return false;
		ret[n++] = (char)tolower((unsigned char)*p);
	}
	ret[n] = '\0';
	return n != 0;
}

/* A runtime tells of the first that is refused: others would be the next ones. An engine that is
 * given one has its defaults for the others, which may be as high. */
void words_limit(struct findings *f, struct finding *s, const struct ending *x)
{
	const char *options = "", *others = "";
	bool found = false;
	char name[16];

	for (size_t i = 0; i < x->nlimits; i++) {
		const struct ending_limit *l = &x->limits[i];
		bool known = limit_name(l, name, sizeof(name));
		bool is_it = known && is_named(x->error, l->type);
		uint64_t most = most_of(l);

		if (!known || (!is_it && l->hard <= l->most))
			continue;
		options = finding_text(f, "%s%s--ulimit %s=%s:%s", options, *options ? " " : "",
				       name, number(f, l->soft < most ? l->soft : most),
				       number(f, most));
		if (is_it)
			s->cure = finding_text(f, "ask for no more than the runtime has itself: "
					       "%s=%s:%s was asked for, by --ulimit or as the "
					       "engine's default; with %s it would be had here",
					       name, number(f, l->soft), number(f, l->hard),
					       number(f, most));
		else
			others = finding_text(f, "%s; %s=%s:%s is more than is had here, too, with "
					      "%s it is had", others, name, number(f, l->soft),
					      number(f, l->hard), number(f, most));
		found |= is_it;
	}
	if (found) {
		s->docker = options;
		s->cure = finding_text(f, "%s%s", s->cure, others);
	}
}
