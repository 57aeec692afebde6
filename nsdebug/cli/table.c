/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/str.h"
#include "nsdebug/cli/cli.h"

/* tools.inc is made by the Makefile: TOOL(x) for every tools/x.c, sorted. */
#define TOOL(x) extern const struct tool tool_##x;
#include "tools.inc"
#undef TOOL

const struct tool *const tool_table[] = {
#define TOOL(x) &tool_##x,
#include "tools.inc"
#undef TOOL
	NULL
};

static bool is_name(const char *name, const char *word)
{
	for (; *name && (*name == *word || (*name == ' ' && *word == '-')); name++)
		word++;
	return *name == *word;
}

const struct tool *tool_find(const char *name)
{
	for (const struct tool *const *t = tool_table; *t; t++)
		if (is_name((*t)->name, name))
			return *t;
	return NULL;
}

const struct tool *tool_of_words(int argc, char **argv, int *ret_words)
{
	char name[VERB_MAX];
	const struct tool *t = NULL;

	if (argc > 1 && (size_t)snprintf(name, sizeof(name), "%s %s", argv[0], argv[1]) <
	    sizeof(name))
		t = tool_find(name);
	*ret_words = t ? 2 : 1;
	return t ? t : argc ? tool_find(argv[0]) : NULL;
}

const char *tool_word(const struct tool *t, char room[VERB_MAX])
{
	snprintf(room, VERB_MAX, "%s", t->name);
	for (char *p = room; *p; p++)
		if (*p == ' ')
			*p = '-';
	return room;
}

bool is_family(const char *word)
{
	for (const struct tool *const *t = tool_table; *t; t++)
		if (str_prefix((*t)->name, word) && (*t)->name[strlen(word)] == ' ')
			return true;
	return false;
}

bool nearest_verb(const char *family, const char *word, char room[VERB_MAX])
{
	struct str_near near = { .word = word };
	size_t skip = family ? strlen(family) + 1 : 0;
	char name[VERB_MAX];

	for (const struct tool *const *t = tool_table; *t; t++) {
		const char *own = (*t)->name;

		if (family && (!str_prefix(own, family) || own[skip - 1] != ' '))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(own + skip, " "), own + skip);
		if (str_nearer(&near, name))
			snprintf(room, VERB_MAX, "%s", family ? own : name);
	}
	for (const struct builtin *v = builtins; !family && v->name; v++)
		if (str_nearer(&near, v->name))
			snprintf(room, VERB_MAX, "%s", v->name);
	return near.edits;
}
