/* SPDX-License-Identifier: Apache-2.0 */
/* target/scan: what the arguments of a monitor say, whole, odd and cut. */
#include "nsdebug/target/scan.h"

#include "tests/unit/check.h"

#define ARGS(text) ((struct bytes){ text, sizeof(text) - 1 })

static bool says(const struct monitor *m, struct bytes args, const char *id, const char *name)
{
	struct words w = { 0 };

	return m->read(args, &w) && bytes_is(w.id, id) && bytes_is(w.name, name);
}

static bool says_nothing(const struct monitor *m, struct bytes args)
{
	struct words w = { 0 };

	return !m->read(args, &w);
}

static void conmon(void)
{
	const struct monitor *m = &monitor_conmon;

	ok(says(m, ARGS("conmon\0-c\0ab\0-u\0ab\0-n\0web\0-b\0/b\0"), "ab", "web"), "conmon");
	ok(says(m, ARGS("conmon\0--cid=ab\0--name=web\0"), "ab", "web"), "conmon, long");
	ok(says(m, ARGS("conmon\0--cid\0ab\0--name\0web"), "ab", "web"), "conmon, its end cut");
	ok(says(m, ARGS("conmon\0-c\0ab\0--exit-command-arg\0-n\0--runtime-arg\0-e\0"), "ab", ""),
	   "conmon: words for others are not its own");
	ok(says_nothing(m, ARGS("conmon\0-c\0ab\0-e\0-n\0web\0")), "conmon of an exec");
	ok(says_nothing(m, ARGS("conmon\0-n\0web\0-c")), "conmon: an option without its value");
	ok(says_nothing(m, ARGS("conmon")) && says_nothing(m, ARGS("\0\0\0")), "conmon: nothing");
}

static void lxc(void)
{
	const struct monitor *m = &monitor_lxc;

	ok(says(m, ARGS("[lxc monitor] /var/lib/lxc web\0"), "", "web"), "lxc");
	ok(says(m, ARGS("[lxc monitor] /a b/c web"), "", "web"), "lxc: a path with a blank");
	ok(says_nothing(m, ARGS("[lxc monitor] web\0")), "lxc: no path");
	ok(says_nothing(m, ARGS("[lxc monitor]\0/var/lib/lxc web\0")), "lxc: not one string");
	ok(says_nothing(m, ARGS("[lxc monitor] /x \0")), "lxc: nothing after the blank");
	ok(says_nothing(m, ARGS("lxc-start\0-n\0web\0")), "lxc: the command itself");
}

static void nspawn(void)
{
	const struct monitor *m = &monitor_nspawn;

	ok(says(m, ARGS("s\0-M\0web\0-D\0/x\0"), "", "web"), "nspawn -M NAME");
	ok(says(m, ARGS("s\0-qMweb\0"), "", "web"), "nspawn -qMNAME");
	ok(says(m, ARGS("s\0--machine=web\0"), "", "web"), "nspawn --machine=NAME");
	ok(says(m, ARGS("s\0--machine\0web\0"), "", "web"), "nspawn --machine NAME");
	ok(says(m, ARGS("s\0-bD\0/srv/web/\0"), "", "web"), "nspawn -D DIR");
	ok(says(m, ARGS("s\0--image=/srv/web.raw\0"), "", "web"), "nspawn --image");
	ok(says(m, ARGS("s\0--bind\0-Mx\0-u\0-Mx\0-D\0/web\0"), "", "web"),
	   "nspawn: values of other options");
	ok(says(m, ARGS("s\0--boot\0-D\0/web\0--\0-Mx\0"), "", "web"), "nspawn: after --");
	ok(says(m, ARGS("s\0-D\0/web\0/bin/x\0-Mx\0"), "", "web"), "nspawn: of its program");
	ok(says_nothing(m, ARGS("s\0-b\0")), "nspawn here");
}

int main(void)
{
	conmon();
	lxc();
	nspawn();
	return done();
}
