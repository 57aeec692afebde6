/* SPDX-License-Identifier: Apache-2.0 */
/* cli/opt: words to options and operands. */
#include <stdarg.h>

#include "nsdebug/cli/cli.h"
#include "tests/unit/check.h"

struct opts {
	bool flag, other;
	unsigned int count;
	uint64_t number, size, time;
	const char *text, *choice;
};

static const struct opt opts_table[] = {
	OPT('f', "flag", OPT_FLAG, struct opts, flag, NULL, "x"),
	OPT('g', NULL, OPT_FLAG, struct opts, other, NULL, "x"),
	OPT('v', "verbose", OPT_COUNT, struct opts, count, NULL, "x"),
	OPT('n', "number", OPT_U64, struct opts, number, "N", "x"),
	OPT(0, "size", OPT_SIZE, struct opts, size, "SIZE", "x"),
	OPT(0, "time", OPT_DURATION, struct opts, time, "TIME", "x"),
	OPT('t', "text", OPT_STR, struct opts, text, "TEXT", "x"),
	OPT(0, "choice", OPT_CHOICE, struct opts, choice, "red|green", "x", .fallback = "green"),
	OPT_END
};

static const struct arg arg = { "PATH", "x", ARG_PATH, 0, 2 };

static const struct tool tool = {
	.name = "try", .needs = NEED_ROOT, .arg = &arg, .opts = opts_table,
	.opts_size = sizeof(struct opts),
};

static struct opts o;
static struct command c;
static struct err e;
static char *words[16];

/* Parses "try" and the words; their array must outlive it. */
static int parse(const char *first, ...)
{
	int n = 0;
	va_list ap;

	o = (struct opts){ 0 };
	c = (struct command){ .tool = &tool, .opts = &o };
	e = (struct err){ 0 };
	words[n++] = (char *)"try";
	va_start(ap, first);
	for (const char *w = first; w; w = va_arg(ap, const char *))
		words[n++] = (char *)w;
	va_end(ap);
	return opt_parse(&c, n, words, &e);
}

static void good(void)
{
	ok(parse("box", NULL) == 0 && !strcmp(c.target, "box") && c.nargs == 0, "a target");
	ok(parse("box", "/a", "/b", NULL) == 0 && c.nargs == 2 && !strcmp(c.args[1], "/b"),
	   "operands after it");
	ok(parse("-f", "box", "-g", "/a", "-v", NULL) == 0 && o.flag && o.other && o.count == 1 &&
	   c.nargs == 1, "options anywhere");
	ok(parse("-fgvv", "box", NULL) == 0 && o.flag && o.other && o.count == 2, "in one word");
	ok(parse("-n5", "box", NULL) == 0 && o.number == 5, "a value in the word");
	ok(parse("-fn", "5", "box", NULL) == 0 && o.flag && o.number == 5, "a value behind it");
	ok(parse("--number=5", "box", NULL) == 0 && o.number == 5, "a long one");
	ok(parse("--number", "5", "box", NULL) == 0 && o.number == 5, "a long one, apart");
	ok(parse("--size=4K", "--time=1.5s", "box", NULL) == 0 && o.size == 4096 &&
	   o.time == 1500000000, "size and time");
	ok(parse("--text=", "box", NULL) == 0 && o.text && !*o.text, "an empty text");
	ok(parse("-t", "-f", "box", NULL) == 0 && !strcmp(o.text, "-f") && !o.flag,
	   "a value that looks like an option");
	ok(parse("--choice=red", "box", NULL) == 0 && !strcmp(o.choice, "red"), "a choice");
	ok(parse("--choice", "box", NULL) == 0 && !strcmp(o.choice, "green") &&
	   !strcmp(c.target, "box"), "one that was left out");
	ok(parse("--", "-f", "-g", NULL) == 0 && !strcmp(c.target, "-f") && c.nargs == 1,
	   "behind -- there are no options");
	ok(parse("-", NULL) == 0 && !strcmp(c.target, "-"), "- is an operand");
	ok(parse("box", "-o", "json", "--raw", NULL) == 0 && !strcmp(c.g.output, "json") &&
	   c.g.raw, "global ones after the verb");
	ok(parse("-h", NULL) == 0 && c.g.help, "help asks for no target");
	ok(parse("--all", "/a", "/b", NULL) == 0 && !c.target && c.nargs == 2,
	   "with --all all operands are the verb's");
}

static void bad(void)
{
	ok(parse(NULL) < 0 && e.status == ST_USAGE && strstr(e.msg, "TARGET"), "no target");
	ok(parse("box", "a", "b", "c", NULL) < 0 && strstr(e.msg, "'c'"), "an operand too many");
	ok(parse("-x", "box", NULL) < 0 && strstr(e.msg, "-x"), "no such letter");
	ok(parse("-fx", "box", NULL) < 0 && strstr(e.msg, "-x"), "no such letter among others");
	ok(parse("--flags", "box", NULL) < 0 && strstr(e.msg, "--flags"), "no such word");
	ok(parse("--fla", "box", NULL) < 0, "nor the beginning of one");
	ok(parse("--flag=1", "box", NULL) < 0 && strstr(e.msg, "no value"), "a flag with a value");
	ok(parse("box", "-n", NULL) < 0 && strstr(e.msg, "missing"), "a value is missing");
	ok(parse("-nx", "box", NULL) < 0 && strstr(e.msg, "'x' is not a number"), "no number");
	ok(parse("--number=", "box", NULL) < 0, "an empty number");
	ok(parse("--size=x", "box", NULL) < 0 && parse("--time=x", "box", NULL) < 0,
	   "no size or time");
	ok(parse("--choice=blue", "box", NULL) < 0 && strstr(e.msg, "red|green"), "no such choice");
	ok(parse("--choice=re", "box", NULL) < 0 && parse("--choice=", "box", NULL) < 0,
	   "nor a part of one");
	ok(parse("box", "-l", "a=b", NULL) < 0, "-l is global only before the verb");
	ok(parse("---", "box", NULL) < 0 && parse("--=", "box", NULL) < 0, "nonsense");
}

static void globals(void)
{
	char *argv[] = { (char *)"nsdebug", (char *)"-l", (char *)"a=b", (char *)"--raw",
		(char *)"ls", (char *)"-l", NULL };
	char *wrong[] = { (char *)"nsdebug", (char *)"-R", (char *)"ls", NULL };
	struct globals g = { 0 };

	ok(opt_parse_globals(&g, 6, argv, &e) == 4 && !strcmp(g.selector, "a=b") && g.raw,
	   "globals before the verb");
	ok(opt_parse_globals(&g, 3, wrong, &e) == -1 && strstr(e.msg, "-R"), "not the verb's");
	ok(opt_parse_globals(&g, 1, argv, &e) == 1, "nothing at all");
}

int main(void)
{
	good();
	bad();
	globals();
	return done();
}
