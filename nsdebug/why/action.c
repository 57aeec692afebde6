/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/action.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/base/own.h"

static const struct action actions[] = {
	{ "read", OP_OPEN, O_RDONLY, 0, false, { SYS_open, SYS_openat } },
	{ "write", OP_OPEN, O_WRONLY, 0, false, { SYS_open, SYS_openat } },
	{ "append", OP_OPEN, O_WRONLY | O_APPEND, 0, false, { SYS_open, SYS_openat } },
	{ "create", OP_OPEN, O_WRONLY | O_CREAT, 0, false,
	  { SYS_open, SYS_openat, SYS_creat } },
	{ "exec", OP_EXEC, 0, 0, false, { SYS_execve, SYS_execveat } },
	{ "list", OP_LIST, 0, 0, false, { SYS_open, SYS_openat } },
	{ "enter", OP_CHDIR, 0, 0, false, { SYS_chdir } },
	{ "stat", OP_STAT, 0, 0, false, { SYS_stat, SYS_lstat, SYS_newfstatat, SYS_statx } },
	{ "truncate", OP_TRUNCATE, 0, 0, false, { SYS_truncate } },
	{ "mkdir", OP_MKDIR, 0, 0, false, { SYS_mkdir, SYS_mkdirat } },
	{ "mknod", OP_MKNOD, 0, S_IFCHR, false, { SYS_mknod, SYS_mknodat } },
	{ "delete", OP_UNLINK, 0, 0, false, { SYS_unlink, SYS_unlinkat } },
	{ "rmdir", OP_RMDIR, 0, 0, false, { SYS_rmdir, SYS_unlinkat } },
	{ "rename", OP_RENAME, 0, 0, false, { SYS_rename, SYS_renameat, SYS_renameat2 } },
	{ "link", OP_LINK, 0, 0, true, { SYS_link, SYS_linkat } },
	{ "chmod", OP_CHMOD, 0, 0, false, { SYS_chmod, SYS_fchmodat } },
	{ "chown", OP_CHOWN, 0, 0, false, { SYS_chown, SYS_lchown, SYS_fchownat } },
	{ "touch", OP_UTIMES, 1, 0, false,
	  { SYS_utime, SYS_utimes, SYS_futimesat, SYS_utimensat } },
	{ "utimes", OP_UTIMES, 0, 0, false,
	  { SYS_utime, SYS_utimes, SYS_futimesat, SYS_utimensat } },
	{ "connect", OP_CONNECT, 0, 0, false, { SYS_connect } },
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
