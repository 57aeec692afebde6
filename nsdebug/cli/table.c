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

const char *nearest_tool(const char *word)
{
	const char *best = NULL;
	unsigned int distance = 3;

	for (const struct tool *const *t = tool_table; *t; t++) {
		unsigned int d = str_distance(word, (*t)->name, 2);

		if (d < distance) {
			distance = d;
			best = (*t)->name;
		}
	}
	return best;
}
