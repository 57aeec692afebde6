#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 120
# Memory that a program of the target's has to bring, and never does: stacks are shown all the same,
# nobody waits for it, and what is not there is not made up.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
. "$SRC/tests/hostile/hostile.sh"
need jq

# ---- userfaultfd(2) ----

look() { "$NSDEBUG" --host --timeout 8s stack "pid://$PID" --host-pid "$PID" -o json "$@"; }

start "$O/tests/hostile/awaited" below
chain='["pause", "rest", "below", "work", "start_thread", "clone3"]'
tj 'a page is missing within a frame: the others are there' ".items | length == 2 and any(.[];
	([.frames[].function] | .[-6:]) == $chain and .frames_end == null)" look
tj 'and all of one moment' '.items | length == 2 and any(.[]; .frames | length == 6)' \
	look --consistent

start "$O/tests/hostile/awaited" code
chain='["pause", "rest", "in_code", "work", "start_thread", "clone3"]'
tj 'code to which words lead is missing' ".items | length == 2 and any(.[];
	([.frames[].function] | .[-6:]) == $chain and .frames_end == null)" look

start "$O/tests/hostile/awaited" here
tj 'the whole stack is missing: said, and the other thread is shown' '.items | length == 2 and
	any(.[]; .frames == [] and (.note // "" | test("not in memory"))) and
	any(.[]; any(.frames[]; .function == "main"))' look
