/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/fill.h"

#include <errno.h>

#include "nsdebug/base/err.h"
#include "nsdebug/enter/root.h"

enum dir_fill fill_look(const struct root *root, const char *dir)
{
	struct root_name name;
	struct root_dir d;
	struct err e;
	int n;

	if (root_dir_open(&d, root, dir, &e) < 0)
		return e.sys == ENOENT ? DIR_EMPTY : DIR_UNKNOWN;
	n = root_dir_next(&d, &name, &e);
	root_dir_close(&d);
	return n < 0 ? DIR_UNKNOWN : n ? DIR_FILLED : DIR_EMPTY;
}
