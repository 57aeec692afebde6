/* SPDX-License-Identifier: Apache-2.0 */
/*
 * action - what somebody wants to do with a path, in a word.
 */
#ifndef NSDEBUG_WHY_ACTION_H
#define NSDEBUG_WHY_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/why/access.h"

#define ACTION_CALLS 4

struct action {
	const char *word;
	enum access_op op;
	uint32_t flags, mode;	/* struct access_ask */
	bool nofollow;
	uint16_t calls[ACTION_CALLS];	/* that do it; behind the last one 0 */
};

/* NULL: there is none of that name. Of no name: reading. */
const struct action *action_of(const char *word);
/* Its words, one by one; behind the last one NULL. */
const char *action_word(size_t i);
/* Does it take a second path? */
bool action_of_two(const struct action *a);

#endif
