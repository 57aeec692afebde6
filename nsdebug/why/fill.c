/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/fill.h"

#include <errno.h>

#include "nsdebug/base/err.h"
#include "nsdebug/enter/root.h"

static enum dir_fill look(struct root_dir *d)
{
	struct root_name name;
	struct err e;
	int n = root_dir_next(d, &name, &e);

	root_dir_close(d);
	return n < 0 ? DIR_UNKNOWN : n ? DIR_FILLED : DIR_EMPTY;
}

enum dir_fill fill_look(const struct root *root, const char *dir)
{
	struct root_dir d;
	struct err e;

	if (root_dir_open(&d, root, dir, &e) < 0)
		return e.sys == ENOENT ? DIR_EMPTY : DIR_UNKNOWN;
	return look(&d);
}

enum dir_fill fill_look_fd(const struct root *root, int fd)
{
	struct root_dir d;
	struct err e;

	return root_dir_open_fd(&d, root, fd, "", &e) < 0 ? DIR_UNKNOWN : look(&d);
}
