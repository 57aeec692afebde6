/* SPDX-License-Identifier: Apache-2.0 */
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

const struct tool *tool_find(const char *name)
{
	for (const struct tool *const *t = tool_table; *t; t++)
		if (!strcmp((*t)->name, name))
			return *t;
	return NULL;
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
