#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Code that is made to be followed for long: each thread has its row, and what was left is said.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
need jq

look_at() { # COUNT [WAITING]
	start "$O/tests/hostile/maze" "$1"
	paused "$PID" "${2:-$(($1 + 1))}"
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --no-stop -o json >json 2>err
	STATUS=$?
}

look_at far 1
tj 'what costs a read of the file for each instruction is left' '.items[0].note |
	test("^the code of 0x[0-9a-f]+ is too much work to follow$")' cat json
t 'and that is in the status' '5\n' echo "$STATUS"
look_at 2
tj 'there is no way out, which is said' '(.items | length) == 3 and
	([.items[] | .note | strings] | length) == 2 and
	all(.items[]; .note == null or (.note | test("its code does not show who called it")))' cat json
t 'and that is all' '0\n' echo "$STATUS"
look_at 300
tj 'many: a row of each' '(.items | length) == 301 and all(.items[]; .frames[0].pc)' cat json
tj 'those that were left say it' 'any(.items[]; .note // "" |
	test("^the code of 0x[0-9a-f]+ is too much work to follow$")) and .truncated' cat json
t 'and it is in the status' '5\n' echo "$STATUS"
