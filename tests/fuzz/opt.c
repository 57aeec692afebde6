/* SPDX-License-Identifier: Apache-2.0 */
/* Any words for any verb: an error of usage that says why, or operands that are among the words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/str.h"
#include "nsdebug/cli/cli.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int split(char *text, size_t len, char **words)
{
	int n = 0;

	words[n++] = (char *)"verb";
	for (size_t at = 0; at < len && n < WORDS_MAX; at += strlen(text + at) + 1)
		words[n++] = text + at;
	return n;
}

static void parse(const struct tool *t, int n, char **words)
{
	struct command c = { .tool = t, .opts = calloc(1, t->opts_size + 1) };
	struct err e = { 0 };

	if (opt_parse(&c, n, words, &e) < 0) {
		if (e.status != ST_USAGE || !e.msg[0])
			abort();
	} else if (c.nargs < 0 || c.nargs >= n || (!c.g.help && tool_wants_target(t) &&
						   !c.target && !c.g.all && !c.g.selector)) {
		abort();
	}
	free(c.opts);
}

static void numbers(const char *word)
{
	uint64_t n, m;

	if (str_u64(word, &n) && (!str_size(word, &m) || m != n))
		abort();
	if (str_size(word, &n) && !*word)
		abort();
	str_duration(word, &n);
	if (str_distance(word, word, 3) != 0 && strlen(word) <= 64)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t tools = 0;
	char *text, *words[WORDS_MAX];
	struct globals g = { 0 };
	struct err e = { 0 };
	int n, verb;

	if (!len)
		return 0;
	text = malloc(len);
	memcpy(text, bytes + 1, len - 1);
	text[len - 1] = '\0';
	n = split(text, len - 1, words);
	for (int i = 1; i < n; i++)
		numbers(words[i]);
	verb = opt_parse_globals(&g, n, words, &e);
	if (verb > n || (verb < 0 && (e.status != ST_USAGE || !e.msg[0])))
		abort();
	while (tool_table[tools])
		tools++;
	parse(tool_table[bytes[0] % tools], n, words);
	free(text);
	return 0;
}
