/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/out/out.h"

#define FILES_WANTED 64

/* 0, 1 and 2 must be something, or the next file opened would be taken for one of them. A closed
 * stdout becomes one that cannot be written to: that is an error like any other. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_RDWR) < 0)
			break;
}

static bool safe_zone(const char *tz)
{
	return tz[0] != '/' && tz[0] != ':' && !strstr(tz, "..") && strlen(tz) < 64 &&
		tz[strspn(tz, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			  "/_+-<>,.:")] == '\0';
}

/* The environment may come from somebody who is not root: four of its words are looked at. */
static void read_environment(struct env *env)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *tz = getenv("TZ");
	struct winsize w;
	char *zone = tz && safe_zone(tz) ? mem_strdup(tz) : NULL;
	const char *columns = getenv("COLUMNS");
	uint64_t n;

	env->no_color = (no_color && no_color[0]) || (term && !strcmp(term, "dumb"));
	env->terminal = isatty(1);
	if (env->terminal)
		env->columns = ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
	if (env->terminal && columns && str_u64(columns, &n) && n > 0 && n < 10000)
		env->columns = (unsigned int)n;
	clearenv();
	if (zone)
		setenv("TZ", zone, 1);
	free(zone);
}

/*
 * A thousand descriptors that a caller forgot leave no number below the limit for ours, and are no
 * business of anything that we start. Linux 5.9; before, they stay.
 */
static void close_inherited(void)
{
	syscall(SYS_close_range, 3, ~0u, 0);
}

static int raise_limits(struct err *e)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return err_sys(e, "read RLIMIT_NOFILE");
	if (r.rlim_cur >= FILES_WANTED)
		return 0;
	if (r.rlim_max < FILES_WANTED)
		r.rlim_max = FILES_WANTED;
	r.rlim_cur = FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		return err_set(e, ST_INTERNAL, "RLIMIT_NOFILE is too low: %d descriptors are "
			       "needed (ulimit -n %d)", FILES_WANTED, FILES_WANTED);
	return 0;
}

static int start(struct env *env, struct err *e)
{
	fill_standard_fds();
	if (getauxval(AT_SECURE))
		return err_set(e, ST_REFUSED, "a setuid copy or one with file capabilities would "
			       "let any user read any container: not run; use sudo");
	read_environment(env);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	close_inherited();
	return raise_limits(e);
}

static int fail(const struct err *e)
{
	out_say(e->msg, strlen(e->msg));
	return e->status;
}

static int run_verb(struct command *c, int argc, char **argv, const struct env *env)
{
	auto_free void *opts = mem_alloc(c->tool->opts_size);
	auto_buf struct buf b = { 0 };
	struct err e;

	if (c->tool->defaults)
		memcpy(opts, c->tool->defaults, c->tool->opts_size);
	c->opts = opts;
	if (opt_parse(c, argc, argv, &e) < 0 || (!c->g.help && opt_hand_down(c, &e) < 0))
		return fail(&e);
	if (!c->g.help)
		return front_run(c, env);
	help_tool(&b, c->tool);
	return print(&b);
}

/* "trace: bind caps ...; " */
static void add_family(struct buf *b, const char *family)
{
	buf_addf(b, "%s:", family);
	for (const struct tool *const *t = tool_table; *t; t++)
		if (str_prefix((*t)->name, family) && (*t)->name[strlen(family)] == ' ')
			buf_str(b, (*t)->name + strlen(family));
	buf_str(b, "; ");
}

enum status err_verb(int argc, char **argv)
{
	bool family = is_family(argv[0]), two = family && argc > 1 && argv[1][0] != '-';
	auto_buf struct buf list = { 0 };
	char near[VERB_MAX] = "";
	struct err e;

	if (family)
		add_family(&list, argv[0]);
	buf_add(&list, "", 1);
	if (two || !family)
		nearest_verb(family ? argv[0] : NULL, argv[two], near);
	err_set(&e, ST_USAGE, "%s '%s%s%s'%s%s%s (%s'nsdebug help%s%s' %s)",
		family && !two ? "one more word is missing after" : "unknown verb", argv[0],
		two ? " " : "", two ? argv[1] : "", *near ? "; did you mean '" : "", near,
		*near ? "'?" : "", list.bytes, family ? " " : "", family ? argv[0] : "",
		family ? "says more" : "lists them");
	out_say(e.msg, strlen(e.msg));
	return ST_USAGE;
}

/* "nsdebug trace --help" is a question, too. */
static enum status no_verb(int argc, char **argv)
{
	auto_buf struct buf b = { 0 };

	if (argc < 2 || !is_family(argv[0]) || (strcmp(argv[1], "--help") && strcmp(argv[1], "-h")))
		return err_verb(argc, argv);
	help_family(&b, argv[0]);
	return print(&b);
}

int cli_main(int argc, char **argv)
{
	auto_buf struct buf b = { 0 };
	struct command c = { 0 };
	struct env env = { 0 };
	enum status st;
	struct err e;
	int verb, words;

	if (start(&env, &e) < 0)
		return fail(&e);
	if (argc < 2) {
		help_first(&b);
		return print(&b);
	}
	if (!strcmp(argv[1], "--version") && builtin_run("version", 1, argv, &st))
		return st;
	verb = opt_parse_globals(&c.g, argc, argv, &e);
	if (verb < 0)
		return fail(&e);
	if (c.g.help || verb >= argc) {
		help_overview(&b);
		st = print(&b);
		return c.g.help ? st : ST_USAGE;
	}
	if (builtin_run(argv[verb], argc - verb, argv + verb, &st))
		return st;
	c.tool = tool_of_words(argc - verb, argv + verb, &words);
	if (!c.tool)
		return no_verb(argc - verb, argv + verb);
	verb += words - 1;
	return run_verb(&c, argc - verb, argv + verb, &env);
}
