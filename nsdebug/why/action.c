/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/action.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/own.h"

static const struct action actions[] = {
	{ "read", OP_OPEN, O_RDONLY, 0, false },
	{ "write", OP_OPEN, O_WRONLY, 0, false },
	{ "append", OP_OPEN, O_WRONLY | O_APPEND, 0, false },
	{ "create", OP_OPEN, O_WRONLY | O_CREAT, 0, false },
	{ "exec", OP_EXEC, 0, 0, false },
	{ "list", OP_LIST, 0, 0, false },
	{ "enter", OP_CHDIR, 0, 0, false },
	{ "stat", OP_STAT, 0, 0, false },
	{ "truncate", OP_TRUNCATE, 0, 0, false },
	{ "mkdir", OP_MKDIR, 0, 0, false },
	{ "mknod", OP_MKNOD, 0, S_IFCHR, false },
	{ "delete", OP_UNLINK, 0, 0, false },
	{ "rmdir", OP_RMDIR, 0, 0, false },
	{ "rename", OP_RENAME, 0, 0, false },
	{ "link", OP_LINK, 0, 0, true },
	{ "chmod", OP_CHMOD, 0, 0, false },
	{ "chown", OP_CHOWN, 0, 0, false },
	{ "touch", OP_UTIMES, 1, 0, false },
	{ "utimes", OP_UTIMES, 0, 0, false },
	{ "connect", OP_CONNECT, 0, 0, false },
};

const struct action *action_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!word || !strcmp(actions[i].word, word))
			return &actions[i];
	return NULL;
}

const char *action_word(size_t i)
{
	return i < ARRAY_SIZE(actions) ? actions[i].word : NULL;
}

bool action_of_two(const struct action *a)
{
	return a->op == OP_RENAME || a->op == OP_LINK;
}
