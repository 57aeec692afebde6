/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootless podman - each container has a conmon of its user, whose arguments name it (conmon 2.1,
 * src/cli.c; podman 4.3, libpod/oci_conmon_common.go: "-c ID ... -b BUNDLE ... -n NAME").
 *
 * A conmon of root is one of podman's or CRI-O's that their files tell of, if they can be read.
 * One that serves an exec has --exec, and its child is no container.
 */
#include <string.h>

#include "nsdebug/target/scan.h"

static bool is_conmon(const char *comm)
{
	return !strcmp(comm, "conmon");
}

static bool read_args(struct bytes args, struct words *ret)
{
	struct bytes arg, value;

	words_next(&args, &arg);
	while (words_next(&args, &arg)) {
		if (bytes_is(arg, "-e") || bytes_is(arg, "--exec"))
			return false;
		if (words_option(arg, &args, "-c", "--cid", &value))
			ret->id = value;
		else if (words_option(arg, &args, "-n", "--name", &value))
			ret->name = value;
		else if (words_option(arg, &args, "-b", "--bundle", &value))
			ret->bundle = value;
		/* words for others: the runtime, and podman when the container ends */
		else
			words_option(arg, &args, "--runtime-arg", "--exit-command-arg", &value);
	}
	return ret->id.len;
}

const struct monitor monitor_conmon = { is_conmon, read_args };

static int each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		struct err *e)
{
	return scan_each(r, &monitor_conmon, ask, found, ctx, e);
}

extern const struct runtime runtime_rootless;
const struct runtime runtime_rootless = {
	.name = "podman", .where = SCAN_WHERE, .named = true, .scanned = true, .each = each,
	.load = scan_load, .detail = scan_detail,
};
