#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Go programs that lie about their goroutines: what is shown has limits, comes to an end, and what
# is missing is said to be.
. tests/lib.sh
. "$SRC/tests/lib/go.sh"
need jq go

go_build hostile/golies golies 0 -ldflags '-s -w'

lie() { # KIND: leaves json, err and status
	"$TMP/golies" "$1" >"said.$1" &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for "grep -q ready 'said.$1'" 30 || fail "$1: ready"
	"$NSDEBUG" --max-time 60s --host stack "pid://$PID" --host-pid "$PID" -g -o json >json 2>err
	echo $? >status
	tj "$1: a row of each thread" '([.items[] | select(.kind == "thread")] | length) ==
		.summary.threads and .summary.threads > 1' cat json
	tj "$1: no more goroutines than there may be" '([.items[] | select(.kind == "goroutine")] |
		length) == .summary.goroutines and .summary.goroutines <= 131072' cat json
	[ -d "/proc/$PID" ] && pass "$1: the program lives" || fail "$1: the program lives"
	kill -9 "$PID"
}

lie long
ts 'long: which it cannot be' 0 '^nsdebug: (goroutines of process .* not where|more goroutines than)' cat err
lie same
ts 'same: they are not told apart' 0 'what its list holds does not look as Go has it$' cat err
t 'same: that failed' '1\n' cat status
lie wild
ts 'wild: what is none is not shown' 0 '^nsdebug: goroutines|^nsdebug: more goroutines' cat err
lie none
lie huge
tj 'huge: no stack is that big' 'all(.items[] | select(.kind == "goroutine") | .frames;
	length < 600)' cat json
lie shared
t 'shared: it is incomplete' '5\n' cat status
ts 'shared: which is said' 0 '^nsdebug: more threads, files or stacks than are taken at once' cat err
tj 'shared: each ends' 'all(.items[] | select(.kind == "goroutine"); .note != null and
	(.frames | length) <= 512)' cat json
lie overlap
tj 'overlap: all of them' '[.items[] | select(.kind == "goroutine")] | length == 64' cat json
lie upside

lie awaited
t 'awaited: it is incomplete' '5\n' cat status
ts 'awaited: one is not there, which is said' 0 'goroutines that cannot be read: 1$' cat err
tj 'awaited: no stack is, which is said' '[.items[] | select(.kind == "goroutine")] |
	length == 63 and all(.[]; (.frames | length) == 1 and
		(.note | test("not in the copied stack")))' cat json
