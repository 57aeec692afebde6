#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace denied: refusals for which a wrong reason is near at hand.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

of() { echo "map(select(.comm == \"$1\")) | $2"; }

# ---- without a filter of the container's ----

box_run static --bind "$O/tests/lib:/h:ro" --no-seccomp
trace_start denied "$BOX"
in_box /h/hard stack /h/hard
in_box /h/hard errnos
in_box /h/hard numbers
in_box /h/hard trapped
in_box /h/hard supervised
trace_stop
tr_rows 'a stack that grows asks for no capability' "$(of stack 'length == 1 and .[0].refused == "" and
	.[0].reason == "rule"')"
tr_rows 'a filter may answer with any error' "$(of errnos 'map([.name, .error, .reason, .guess]) ==
	[["getpgrp", "ENOSR", "seccomp", false], ["getpriority", "EINVAL", "seccomp", false],
	 ["getppid", "EDQUOT", "seccomp", false]]')"
tr_rows 'of any number' "$(of numbers 'map([.name, .error, .reason]) ==
	[["syscall_1000", "EPERM", "seccomp"], ["x32_39", "EPERM", "seccomp"],
	 ["syscall_1001", "SIGSYS", "seccomp"]]')"
tr_rows 'a thread that ends after it was trapped' "$(of trapped 'map([.name, .error]) ==
	[["getpgrp", "SIGSYS"], ["getpriority", "SIGSYS"]]')"
tr_rows 'another process may answer for a filter' "$(of supervised 'length == 1 and .[0].guess and
	(.[0].why | test("or who supervises it"))')"

# ---- with it ----

box_run static --bind "$O/tests/lib:/h:ro"
trace_start denied "$BOX"
in_box /h/hard audit
trace_stop
tr_rows 'an EINVAL of the container'\''s' "$(of audit 'map([.name, .error, .reason]) ==
	[["socket", "EINVAL", "seccomp"]]')"
