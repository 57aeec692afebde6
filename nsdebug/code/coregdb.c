/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/coregdb.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/str.h"

static bool is_plain(const char *name)
{
	return name[0] && name[0] != '-' &&
		!name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789/._+-@%,:")];
}

static bool read_link(int dir, const char *name, char *ret, size_t room)
{
	ssize_t n = readlinkat(dir, name, ret, room - 1);

	if (n <= 0 || (size_t)n == room - 1)
		return false;
	ret[n] = '\0';
	return true;
}

bool coregdb_command(struct buf *b, int dir, pid_t pid, bool host, const char *core)
{
	char exe[PATH_MAX], root[PATH_MAX];
	size_t skip;

	if (!read_link(dir, "exe", exe, sizeof(exe)) ||
	    !read_link(dir, "root", root, sizeof(root)) || !is_plain(exe) || !is_plain(core))
		return false;
	if (host) {
		buf_addf(b, "gdb --core %s %s", core, exe);
		return true;
	}
	/* of a process that changed its root, both are as the mount namespace has them */
	skip = strcmp(root, "/") ? strlen(root) : 0;
	if (skip && (!str_prefix(exe, root) || exe[skip] != '/'))
		return false;
	buf_addf(b, "gdb --core %s /proc/%d/root%s -ex 'set sysroot /proc/%d/root'", core,
		 (int)pid, exe + skip, (int)pid);
	return true;
}
