#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# shellcheck shell=sh
# Stacks where there are no unwind tables: musl, and programs built without.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
need jq musl-gcc setpriv

on_host() { # OPTION...
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" "$@"
}

build() { # NAME FLAG...
	_n=$1
	shift
	musl-gcc -O2 -o "$TMP/$_n" "$SRC/tests/lib/kinds.c" "$@"
}

# What is above end() is what the C library begins a thread or the program with.
chain='def names: [.frames[].function];
	def calls: .comm[1:] | tonumber;
	def wants: [range(calls + 1) | if (. % 2) == 0 then "even" else "odd" end] | reverse;
	def outer: if .tid == .pid then "main" else "run" end;
	def from_end: names as $n | ($n | index("end")) as $i | if $i then $n[$i:] else [] end;
	def right: from_end[: calls + 3] == ["end"] + wants + [outer];
	def beyond: from_end[calls + 3:];
	def whole: .note == null;'
no_tables='-fno-asynchronous-unwind-tables -fno-unwind-tables'

waiting() { # PROGRAM: 60 threads and the first one, each of which waits
	start "$1" 60
	wait_for '[ "$(cat "/proc/$PID/task"/*/syscall | grep -vc running)" = 61 ]' 20
}

# Six ways to wait, ten depths, and the first thread.
build static -static
waiting "$TMP/static"
tj 'musl, static: every frame of every thread is right, and nobody is stopped' "$chain
	(.items | length) == 61 and all(.items[]; right and whole and .how != \"stopped\")" \
	on_host -o json
tj 'to where the C library begins' "$chain all(.items[]; beyond ==
	if .tid == .pid then [\"libc_start_main_stage2\", \"_start\"] else [\"start\", \"__clone\"] end)" \
	on_host -o json
tj 'nothing of it is a guess' 'all(.items[].frames[]; .guess | not)' on_host -o json
tj 'the ways to wait are named' "$chain [.items[] | names | map(select(test(\"^(nanosleep|poll|read|sigwait|pthread_.*)$\"))) | .[0]] |
	group_by(.) | map(length) | sort == [10, 10, 10, 10, 10, 11]" on_host -o json
tj 'each frame says how it is known' "$chain all(.items[]; .frames[0].method == \"pc\" and
	(.frames | map(.method) | unique) == [\"cfi\", \"pc\", \"sim\"])" on_host -o json
strip -s -o "$TMP/stripped" "$TMP/static"
names() { jq -c '[.items | sort_by(.host_tid)[] | [.frames[].pc]] | sort' "$1"; }
on_host -o json >whole.js 2>/dev/null
waiting "$TMP/stripped"
on_host -o json >stripped.js 2>/dev/null
t 'stripped: the same addresses' "$(names whole.js)\n" names stripped.js

build dynamic
waiting "$TMP/dynamic"
tj 'musl, dynamic' "$chain (.items | length) == 61 and
	all(.items[]; right and whole and (beyond | length) == 2)" on_host -o json
# its library has no symbols but those that it exports, a few of which have no size, and no tables
tj 'and no code has the name of another function' "$chain all(.items[];
	all(beyond[]; . == null or test(\"^(libc_start_main_stage2|_start|start|__clone)$\")))" \
	on_host -o json
tj 'nothing of it is a guess either' 'all(.items[].frames[]; .guess | not)' on_host -o json

# no table in the program either, nor a frame pointer where it can do without
# shellcheck disable=SC2086 # words
build bare -static $no_tables
waiting "$TMP/bare"
tj 'no unwind table at all: every frame is right' "$chain (.items | length) == 61 and
	all(.items[]; right and whole)" on_host -o json
tj 'by their code alone' 'all(.items[].frames[1:][]; .method == "sim" and (.guess | not))' \
	on_host -o json

# What only the stack shows is marked. Without BPF and without a stop, no register is known.
blind() {
	without -bpf "$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --no-stop "$@"
}
# From what was found on, everything rests on it.
tj 'what was found by a search is a guess, and what follows' "$chain
	def first_guess: [.frames[].guess] | index(true);
	any(.items[]; first_guess) and
	all(.items[]; first_guess as \$g | \$g == null or
		(.frames[\$g].method == \"scan\" and all(.frames[\$g:][]; .guess))) and
	all(.items[]; all(.frames[] | select(.guess | not); .method != \"scan\"))" blind -o json
tj 'and it says why' 'all(.items[]; if any(.frames[]; .guess) then
	(.note | test("^(no CFI for|bare).*; what follows is a guess")) else .note == null end)' \
	blind -o json
tj 'which is right nonetheless' "$chain all(.items[]; right)" blind -o json
ts 'in text, too' 0 '^  #[0-9]+ +0x[^?]* -- no CFI for bare.*; what follows is a guess$' blind
ts 'and has a mark in text' 0 '^  #[0-9]+ +\? 0x[0-9a-f]+ even\+0x[0-9a-f]+ \(bare\)$' blind

# Signal handlers return to code that nobody has called; who runs is stopped.
named() { # COMM: the functions of its thread
	on_host -o json | jq -c --arg c "$1" '.items[] | select(.comm == $c) |
		if .note then .note else [.frames[] | "\(.function)\(if .guess then "?" else "" end)"] end'
}
musl-gcc -O2 -static -o "$TMP/stacks" "$SRC/tests/lib/stacks.c"
start "$TMP/stacks"
wait_for 'named signal | grep -q on_signal' 10
tj 'musl: what a signal has interrupted' '.items[] | select(.comm == "signal") | .note == null and
	(.frames | map(.function) as $n | ($n | index("on_signal")) as $i |
	.[$i + 2].method == "signal" and
	$n[-5:] == ["pthread_kill", "interrupted", "run", "start", "__clone"] and
	all(.[]; .guess | not))' on_host -o json
d='"descend"'
t 'musl: one that runs' "[\"spin\",$d,$d,$d,$d,$d,$d,\"run\",\"start\",\"__clone\"]\n" \
	sh -c "echo '$(named spin)' | sed 's/\\[$d,$d,/[\"spin\",$d,$d,/; s/$d,$d,$d,$d,$d,$d,$d/$d,$d,$d,$d,$d,$d/'"

kill "$PID"

# What stands behind a call, or in a frame, and misleads.
# shellcheck disable=SC2086 # words
musl-gcc -O2 -fno-omit-frame-pointer -static -o "$TMP/behind" "$SRC/tests/lib/behind.c" $no_tables
behind() { # HOW
	start "$TMP/behind" "$1"
	paused "$PID"
}
behind never
tj 'behind a call of what never returns there is another function' '.items[0] |
	(.frames | map(.function)[:3] == ["fatal", "f", "main"] and all(.[:3][]; .guess | not))' \
	on_host -o json
behind root
tj 'who exits behind a call is not where a thread begins' '.items[0] |
	(.frames | map(.function)[:4] == ["tell", "die", "work", "main"] and all(.[:4][]; .guess | not))' \
	on_host -o json
behind made
tj 'made at run time: what may be of an earlier call is no caller' ".items[0].frames |
	.[1].pc == \"$(head -n1 ready)\" and .[1].guess and .[2].function == \"main\"" on_host -o json
kill -9 "$PID"

# Chains that change all the time, of which each is known in kind. What is no guess is right.
musl-gcc -O2 -static -o "$TMP/storm" "$SRC/tests/lib/storm.c"
start "$TMP/storm" 16
sleeps='((((__errno_location )?__syscall_ret|(__syscall_cp(_c)? )?clock_nanosleep) )?nanosleep )?'
fact="^(${sleeps}rest |work )?((left|right) )*(root )?run start __clone\$"
storm 40 '.how != "not taken"' "$fact" on_host &&
	pass 'musl: threads that run and wait in turn' ||
	fail 'musl: threads that run and wait in turn' "$SEEN"
t 'each of their stacks is whole and right' '' cat bad
kill "$PID"
start "$TMP/storm" 1 20
stepped 120 "$fact" && pass 'musl: at every instruction' ||
	fail 'musl: at every instruction' "$SEEN; $(cat steps.err)"
t 'the stack is whole and right' '' cat bad
t 'behind the system call, too' '__syscall_ret nanosleep rest\n' \
	sh -c 'grep -o "__syscall_ret nanosleep rest" chains | head -n1'
kill -9 "$PID"

# Of events, the registers are known.
. "$SRC/tests/lib/trace.sh"
can_trace
mkdir m
musl-gcc -O2 -static -o m/chain "$SRC/tests/lib/chain.c"
box_run base --bind "$PWD/m:/t:ro" -- /t/chain
trace_start syscalls "$BOX" -e write --stack --max-events 12
trace_wait
tr_rows 'musl: a trace, too' 'def names: [.frames[].function | select(. != "__syscall_cp_c")];
	length == 12 and all(.[]; .frames_end == null and all(.frames[]; .guess | not)) and
	all(.[] | select(.comm == "chain"); names == ["write", "c", "b", "a", "main",
		"libc_start_main_stage2", "_start"]) and
	all(.[] | select(.comm == "other"); names == ["write", "c", "x", "other", "start",
		"__clone"])'
