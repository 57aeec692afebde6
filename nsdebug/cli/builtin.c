/* SPDX-License-Identifier: Apache-2.0 */
/*
 * builtin - the verbs about nsdebug itself: help version man completion, and the question that
 * shells ask.
 */
#include <errno.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/cli/licenses.h"
#include "nsdebug/out/out.h"
#include "version.h"

const struct builtin builtins[] = {
	{ "completion", "the completion glue for bash, zsh or fish" },
	{ "help", "this text, or that of a verb; --json for programs" },
	{ "man", "the manual page of a verb, for man -l -" },
	{ "version", "version; --licenses for the notices of what is inside" },
	{ NULL, NULL }
};

enum status print(struct buf *b)
{
	int n = fd_write_all(1, b->bytes, b->len);
	struct err e;

	if (n < 0 && errno == EPIPE)
		return ST_OK;
	if (n < 0) {
		err_sys(&e, "write to stdout");
		out_say(e.msg, strlen(e.msg));
	}
	return n < 0 ? ST_INTERNAL : ST_OK;
}

static enum status usage(const char *verb, const char *word, const char *cure)
{
	struct err e;

	if (word)
		err_set(&e, ST_USAGE, "%s: '%s' is not known here: %s", verb, word, cure);
	else
		err_set(&e, ST_USAGE, "%s: a word is missing: %s", verb, cure);
	out_say(e.msg, strlen(e.msg));
	return ST_USAGE;
}

static bool is_builtin(const char *word)
{
	for (const struct builtin *v = builtins; v->name; v++)
		if (!strcmp(v->name, word))
			return true;
	return !strcmp(word, "nsdebug");
}

static enum status do_help(int argc, char **argv)
{
	auto_buf struct buf b = { 0 };
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	char word[VERB_MAX];
	const struct tool *t;
	int words;

	if (argc > 1 && !strcmp(argv[1], "--verbs")) {
		for (const struct tool *const *v = tool_table; *v; v++)
			buf_addf(&b, "%s\n", tool_word(*v, word));
		return print(&b);
	}
	argc -= 1 + json;
	argv += 1 + json;
	if (argc <= 0 || is_builtin(argv[0])) {
		help_overview(&b);
		return print(&b);
	}
	t = tool_of_words(argc, argv, &words);
	if (!t && !json && argc == 1 && is_family(argv[0]))
		help_family(&b, argv[0]);
	else if (!t)
		return err_verb(argc, argv);
	else
		(json ? schema_tool : help_tool)(&b, t);
	return print(&b);
}

static enum status do_version(int argc, char **argv)
{
	auto_buf struct buf b = { 0 };

	if (argc > 1 && !strcmp(argv[1], "--licenses"))
		licenses_add(&b);
	else if (argc > 1)
		return usage("version", argv[1], "--licenses is its only option");
	else
		buf_str(&b, "nsdebug " VERSION "\n");
	return print(&b);
}

static enum status do_man(int argc, char **argv)
{
	auto_buf struct buf b = { 0 };
	int words;
	const struct tool *t = tool_of_words(argc - 1, argv + 1, &words);

	if (argc > 1 && !t && !is_builtin(argv[1]))
		return err_verb(argc - 1, argv + 1);
	man_tool(&b, t);
	return print(&b);
}

/* Each shell hands us the words up to the cursor and takes a candidate a line. bash cuts words at
 * ':' and '=' too and replaces only what is behind the last of them. zsh reads a file of its fpath
 * when the function is first called, which it then is; what we say it takes as it is (-U). */
static const char glue_bash[] =
	"_nsdebug() {\n"
	"	local -a words\n"
	"	read -a words <<<\"${COMP_LINE:0:COMP_POINT}\"\n"
	"	[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=('')\n"
	"	local IFS=$'\\n' word=${words[-1]}\n"
	"	COMPREPLY=($(nsdebug __complete \"${words[@]:1}\" 2>/dev/null))\n"
	"	COMPREPLY=(\"${COMPREPLY[@]#\"${word%\"${word##*[:=]}\"}\"}\")\n"
	"	[[ ${COMPREPLY[0]-} == */ || ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
	"}\n"
	"complete -o nosort -F _nsdebug nsdebug\n";

static const char glue_zsh[] =
	"#compdef nsdebug\n"
	"_nsdebug() {\n"
	"	local -a c\n"
	"	c=(${(f)\"$(nsdebug __complete \"${(@Q)words[2,CURRENT-1]}\" \"${(Q)PREFIX}\" "
	"2>/dev/null)\"})\n"
	"	compadd -U -Q -S '' -- ${(M)c:#*[/=]}\n"
	"	compadd -U -Q -- ${c:#*[/=]}\n"
	"}\n"
	"if [[ $funcstack[1] = _nsdebug ]]; then\n"
	"	_nsdebug \"$@\"\n"
	"else\n"
	"	(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n"
	"	compdef _nsdebug nsdebug\n"
	"fi\n";

static const char glue_fish[] =
	"function __nsdebug\n"
	"	set -l words (commandline -opc)[2..] (commandline -ct)\n"
	"	nsdebug __complete $words 2>/dev/null\n"
	"end\n"
	"complete -c nsdebug -f -a '(__nsdebug)'\n";

static enum status do_completion(int argc, char **argv)
{
	static const struct { const char *shell, *glue; } kinds[] = {
		{ "bash", glue_bash }, { "zsh", glue_zsh }, { "fish", glue_fish },
	};
	auto_buf struct buf b = { 0 };

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[1], kinds[i].shell)) {
			buf_str(&b, kinds[i].glue);
			return print(&b);
		}
	return usage("completion", argc > 1 ? argv[1] : NULL, "name bash, zsh or fish");
}

static enum status do_complete(int argc, char **argv)
{
	auto_buf struct buf b = { 0 };

	complete_words(&b, argc - 1, argv + 1);
	return print(&b);
}

#define COMPLETE 4	/* takes its words as they are, --help too */

bool builtin_run(const char *name, int argc, char **argv, enum status *ret)
{
	static const struct {
		const char *name;
		enum status (*run)(int argc, char **argv);
	} all[] = {
		{ "help", do_help }, { "version", do_version }, { "man", do_man },
		{ "completion", do_completion }, { "__complete", do_complete },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name, all[i].name)) {
			bool help = i < COMPLETE && argc > 1 && (!strcmp(argv[1], "--help") ||
								 !strcmp(argv[1], "-h"));

			*ret = help ? do_help(1, argv) : all[i].run(argc, argv);
			return true;
		}
	return false;
}
