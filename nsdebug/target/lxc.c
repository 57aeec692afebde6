/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LXC - leaves no state on disk; the monitor of each container calls itself
 * "[lxc monitor] LXCPATH NAME" (LXC 5.0, src/lxc/lxccontainer.c: lxcapi_start). LXD and Incus
 * start theirs by the same library. An unprivileged user's monitor is that user's.
 */
#include <string.h>

#include "nsdebug/target/scan.h"

#define TITLE "[lxc monitor] "

static bool is_lxc(const char *comm)
{
	return str_prefix(comm, "lx") || str_prefix(comm, "incus") || str_prefix(comm, "[lxc");
}

/* One string; the name comes last and has no blank. */
static bool read_title(struct bytes args, struct words *ret)
{
	struct bytes title;
	const char *blank;

	if (!words_next(&args, &title) || title.len < strlen(TITLE) ||
	    memcmp(title.p, TITLE, strlen(TITLE)) != 0)
		return false;
	blank = memrchr(title.p + strlen(TITLE), ' ', title.len - strlen(TITLE));
	if (!blank)
		return false;
	ret->name.p = blank + 1;
	ret->name.len = title.len - (size_t)(ret->name.p - title.p);
	return ret->name.len;
}

const struct monitor monitor_lxc = { is_lxc, read_title };

static int each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		struct err *e)
{
	return scan_each(r, &monitor_lxc, ask, found, ctx, e);
}

extern const struct runtime runtime_lxc;
const struct runtime runtime_lxc = {
	.name = "lxc", .where = SCAN_WHERE, .named = true, .scanned = true, .each = each,
	.load = scan_load, .detail = scan_detail,
};
