/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/row.h"

#include <stddef.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/exits.h"
#include "nsdebug/why/finding.h"

#define C(t, f, fl, h, ...) COL(t, struct why_row, f, fl, h, ##__VA_ARGS__)

const struct col why_col[] = {
	C(COL_BYTES, subject, COL_NAME, "what was asked about", .head = "WHAT"),
	{ .name = "for", .type = COL_STR, .offset = offsetof(struct why_row, action),
	  .help = "what is to be done with it" },
	C(COL_STR, verdict, 0, "allowed, denied or unknown"),
	C(COL_STR, kind, 0, "of the reason: a word that stays the same"),
	C(COL_STR, error, COL_WIDE, "what the call would fail with"),
	C(COL_BYTES, path, COL_WIDE | COL_CLAIMED, "the component that decides"),
	C(COL_BYTES, mode, COL_WIDE, "its permissions, octal"),
	C(COL_U64, owner, COL_WIDE, "its owner, as the container numbers it"),
	C(COL_U64, group, COL_WIDE, "its group"),
	C(COL_U64, host_owner, COL_HIDE, "its owner on the host"),
	C(COL_U64, host_group, COL_HIDE, "its group on the host"),
	C(COL_STR, class, COL_WIDE, "whose rights count: owner, group, other, acl-user ..."),
	C(COL_STR, need, COL_WIDE, "the permissions needed"),
	C(COL_U64, entry, COL_HIDE, "id on the host that an entry of the ACL is for, or that is "
	  "not mapped"),
	C(COL_BYTES, mount, COL_WIDE | COL_CLAIMED, "mount point that it is on"),
	C(COL_BYTES, fstype, COL_WIDE, "type of the file system"),
	C(COL_BYTES, word, COL_HIDE | COL_CLAIMED, "interpreter, machine, call ... of the reason"),
	C(COL_U64, number, COL_HIDE, "port, or how much is used"),
	C(COL_U64, limit, COL_HIDE, "that it is held to; of memory: in bytes"),
	C(COL_BOOL, guess, COL_HIDE, "by elimination: nothing proves it"),
	C(COL_LIST, caps, COL_WIDE, "capabilities of which any one would help; of seccomp: "
	  "taken besides"),
	C(COL_U64, pid, COL_WIDE, "as which process: its number in the container"),
	C(COL_U64, uid, COL_WIDE, "its user id for files, as the container numbers it"),
	C(COL_U64, gid, COL_WIDE, "its group id for files"),
	C(COL_U64, host_uid, COL_HIDE, "its user id for files on the host"),
	C(COL_U64, host_gid, COL_HIDE, "its group id for files on the host"),
	C(COL_LIST, groups, COL_WIDE | COL_NUMBERS,
	  "its supplementary groups, as the container numbers them"),
	C(COL_LIST, has, COL_WIDE, "its effective capabilities"),
	C(COL_BOOL, no_new_privs, COL_HIDE, "programs give it no more rights"),
	C(COL_STR, seccomp, COL_HIDE, "none, strict or filter"),
	C(COL_U64, user_ns, COL_HIDE, "its user namespace"),
	C(COL_I64, exit_code, COL_HIDE, "of an end: what it exited with"),
	C(COL_STR, signal, COL_HIDE, "of an end: the signal that exit_code stands for"),
	C(COL_TIME, started, COL_HIDE, "of an end: when that run was started"),
	C(COL_TIME, finished, COL_HIDE, "of an end: when that was"),
	CURE_COLS(struct why_row),
	C(COL_BYTES, reason, COL_CLAIMED | COL_WHOLE, "in words"),
	C(COL_BYTES, evidence, COL_HIDE | COL_CLAIMED, "of an end: what shows it"),
	C(COL_STR, source, COL_HIDE, "of an end: the file that says so"),
	C(COL_BYTES, cure, COL_CLAIMED | COL_WHOLE,
	  "what to change, with the container still nonroot"),
	COL_END
};

static struct coltime time_of(const char *text)
{
	struct coltime t;

	return text && time_parse(text, &t.sec, &t.nsec) ? t : (struct coltime){ NONE_I64, 0 };
}

void why_row_end(struct why_row *row, const struct ending *x, struct findings *f)
{
	unsigned int sig = exits_signal(x->exit_code);

	if (x->never_ran || (x->runs && !x->previous))
		return;
	row->exit_code = x->exit_code;
	row->signal = sig ? exits_signal_name(f, sig) : NULL;
	row->started = time_of(x->started);
	row->finished = time_of(x->finished);
}
