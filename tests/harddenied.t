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

# Each of these takes the judge longer than the kernel: of a flood of them the trace still ends in
# time, and says what it has left out.
trace_start denied "$BOX" --for 2s
began=$(date +%s)
runc exec -d "$BOX" /h/hard links /tmp/links
trace_wait
took=$(($(date +%s) - began))
tr_rows 'a walk has an end' "$(of links '(.[0] | .reason == "unknown" and .guess and
	(.why | test("too many links"))) and .[1].reason == "mode"')"
ts 'and the trace, too' 5 'records were not looked at' sh -c 'cat said; exit "$1"' sh "$STATUS"
t 'in time' '' test "$took" -lt 20
runc kill "$BOX" KILL

# ---- with it ----

box_run static --bind "$O/tests/lib:/h:ro"
trace_start denied "$BOX"
in_box /h/hard audit
trace_stop
tr_rows 'an EINVAL of the container'\''s' "$(of audit 'map([.name, .error, .reason]) ==
	[["socket", "EINVAL", "seccomp"]]')"
