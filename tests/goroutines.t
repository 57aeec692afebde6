#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# stack --goroutines: all goroutines of stripped Go programs, as the runtime has them itself.
. tests/lib.sh
. "$SRC/tests/lib/go.sh"
need jq go gcc runc

# start NAME ARG...: sets PID, when it says that all wait
start() {
	rm -f "said.$1"	# what one before has said
	GOTRACEBACK=system "$TMP/$1" "$2" ${3:+"$3"} >"said.$1" 2>"dump.$1" &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for "grep -q ready 'said.$1'" 60 || fail "$1: ready"
}

on_host() { # OPTION...
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" "$@"
}

# A line a goroutine, as godump.awk has them. The names of generic functions have no type there.
ours() {
	jq -r 'def name: gsub("\\[go\\.shape[^ ]* *[^ ]*_0\\]"; "[...]") | sub("\\.abi0$"; "");
		.items[] | select(.kind == "goroutine") |
		"\(.goid) \(.gstate)\(if .locked then ", locked to thread" else "" end):\(
			[.frames[] | " \(.function | name)+\(.offset)"] | join(""))\(
			if .created_by then " by \(.created_by | name)+\(.created_offset)"
			else "" end)"' | sort
}

# The scavenger works when it has something to do.
still() { grep -v ' runtime\.bgscavenge+'; }

# The first one waits, and none of the runtime's is at work, as the scavenger may be.
waiting() { # FILE: what was seen then
	on_host -g -o json >"$1" 2>err && ours <"$1" | grep -q "^1 select (no cases), locked" &&
		jq -e 'all(.items[] | select(.system); .how == "blocked")' "$1" >jq.out
}

check() { # NAME KIND
	start "$1" 1000
	wait_for "waiting 'json.$1'" 30 || fail "$2: the first one waits"
	ours <"json.$1" | still >got
	kill -QUIT "$PID"
	wait "$PID" 2>/dev/null
	awk -f "$SRC/tests/lib/godump.awk" "dump.$1" | sort | still >want
	t "$2: each goroutine, its state, frames and who made it, as in the dump of SIGQUIT" '' \
		diff want got
	[ "$(wc -l <got)" -gt 1000 ] && [ "$(wc -w <got)" -gt 15000 ] &&
		pass "$2: and there are such goroutines" || fail "$2: and there are such goroutines"
	tj "$2: nothing is missing" 'all(.errors[]; .message | test("goroutine") | not) and
		([.items[] | select(.kind == "goroutine")] | length) == .summary.goroutines and
		all(.items[] | select(.kind == "goroutine"); .note == null and
			.how == "blocked" and (.frames[-1].function | test("^runtime.goexit(.abi0)?$"))) and
		([.items[].goid | numbers] | unique | length) == .summary.goroutines' \
		cat "json.$1"
}

go_build lib/goroutines static 0 -ldflags '-s -w'
check static 'static, stripped'
for i in 'chan receive' 'chan send' select 'select (no cases)' 'chan receive (nil chan)' sleep \
	semacquire sync.Cond.Wait 'IO wait' syscall; do
	tj "state: $i" 'any(.items[]; .gstate == "'"$i"'")' cat json.static
done
tj 'a thread has no goroutine of its own in its row' 'all(.items[] | select(.kind == "thread");
	.goid == null and .gstate == null and .system == null and .created_by == null)' \
	cat json.static
tj 'which are the runtime'"'"'s' '[.items[] | select(.system) | .frames[-2].function] |
	contains(["runtime.gcenable.func1", "runtime.forcegchelper", "runtime.runfinq"]) and
	all(.[]; startswith("runtime."))' cat json.static
tj 'one in a system call is on a thread' '[.items[] | select(.gstate == "syscall" and
	(.system | not))] | length == 4 and all(.[]; .host_tid != null) and
	([.[].host_tid] | unique | length) == 4' cat json.static
go_build lib/goroutines symbols 0
check symbols 'with symbols'
go_build lib/goroutines pie 0 -ldflags '-s -w' -buildmode=pie
check pie 'anywhere in memory, stripped'
go_build lib/goroutines cgo 1 -ldflags '-s -w'
check cgo 'with C, stripped'
go_build lib/goroutines cgopie 1 -ldflags '-s -w' -buildmode=pie
check cgopie 'with C, anywhere in memory, stripped'
for i in cgo cgopie; do
	tj "$i: one in C is on the thread that is there" '[.items[] | select(.kind == "goroutine" and
		any(.frames[]; .function == "main._Cfunc_in_c"))] as $g | ($g | length) == 2 and
		all($g[]; .gstate == "syscall" and .frames[0].function == "runtime.cgocall") and
		([.items[] | select(.kind == "thread" and .frames[0].function == "pause") | .host_tid] |
			sort) == ([$g[].host_tid] | sort)' cat "json.$i"
done

# ---- what runs ----

start pie 30 spin
# who runs needs a processor to stop: where all are busy, its deadline may pass before
spins() {
	on_host -g -o json >json.spin 2>err
	jq -e 'any(.items[]; .kind == "goroutine" and .gstate == "running" and
		.frames[0].function == "main.spin") and
		any(.items[]; .goid == 1 and .gstate == "select (no cases)")' json.spin >jq.out
}
wait_for spins 20
tj 'one that runs has the frames of its thread' '[.items[] | select(.gstate == "running" and (.system | not))] |
	length == 1 and (.[0] | [.frames[].function] == ["main.spin", "runtime.goexit"] and
	.how != "not taken" and .host_tid != null and .created_by == "main.main")' cat json.spin
# Incomplete because of a thread that did not stop in time is no matter here.
shows() { on_host "$@" || [ $? = 5 ]; }
ts 'without the option it is said that there is one' 0 \
	'^stopped [0-9]+ of [0-9]+ threads?.*; a Go program: --goroutines shows its goroutines$' \
	shows
tj 'and not shown' 'all(.items[]; .kind == "thread") and .summary.goroutines == null' \
	on_host -o json
ts 'a goroutine' 0 '^pid [0-9]+ goroutine 1: select \(no cases\), locked to thread$' shows -g
ts 'one of some that do the same' 0 \
	'^3 x pid [0-9]+: chan receive; created by main.start\+0x[0-9a-f]+$' \
	shows -g
ts 'who they are' 0 '^  goids [0-9]+, [0-9]+, [0-9]+$' shows -g
ts 'the last line counts them' 0 '^stopped .*; goroutines: [0-9]+$' shows -g
ts 'a limit' 5 'stacks cut short, see --max-frames and --stack-bytes: [0-9]+$' \
	on_host -g --max-frames 3
ts 'another one' 5 'only [0-9]+ bytes of the stack were copied \(--stack-bytes\)$' \
	on_host -g --stack-bytes 200
ts 'no thread is a goroutine' 2 'give one of --tid and --goroutines' on_host -g --tid 1

# One of all threads, and one beside it that C may bring.
start cgo 1 alone
alone() {
	on_host -g -o json >json.alone 2>err
	jq -e 'any(.items[]; .goid == 1 and .gstate == "running" and .frames[0].function == "main.spin")' \
		json.alone >jq.out
}
wait_for alone 20
tj 'with C, the only one that runs is on the first thread' '[.items[] | select(.goid == 1)] |
	length == 1 and (.[0] | .host_tid == .host_pid and .note == null and .locked)' cat json.alone
kill "$PID"

# Goroutines that begin, end and run by turns, on stacks that grow: each is whole, or says why not;
# of one that is just leaving its stack (mcall) the runtime itself says no more.
start static 200 churn
# who has said "ready" is on his way back from there
wait_for 'on_host -g -o json 2>err | ours | grep -q "^1 select (no cases), locked"' 30 ||
	fail 'churn: the first one waits'
churned='[.items[] | select(.kind == "goroutine" and (.frames | length) > 0)] |
	length > 10 and all(.[]; (.gstate == "running" and .note != null) or (.note == null and
	([.frames[].function] | join(" ") |
	test("^((runtime|internal|unique)(/[a-z/]+)?\\.[^ ]+ )*(main\\.grow )*(main\\.churn\\.func1 |main\\.main\\.func1 |main\\.churn (main\\.main\\.func1 )?|main\\.main runtime\\.main )?runtime\\.goexit$|^runtime\\.mcall$"))))'
for i in 1 2 3 4 5 6 7 8; do
	tj "churn, time $i" "($churned) and .summary.goroutines > 200 and ([.items[] | .goid | numbers] |
		length == (unique | length)) and all(.items[] | select(.kind == \"goroutine\" and
		.frames == []); .how == \"not taken\" and .note != null)" on_host -g -o json
done

# ---- in a container, where ids are its own ----

box_run base --ready --bind "$TMP:/t:ro" -- /t/pie 40
wait_for '"$NSDEBUG" stack "$BOX" -g | grep -q "pid 1 goroutine 1: select (no cases)"' 30
tj 'in a container' '[.items[] | select(.gstate == "syscall" and .tid != null)] as $g |
	([.items[] | select(.kind == "thread") | .tid]) as $t | ($g | length) > 3 and
	all($g[]; .pid == 1 and .tid < 100 and (.tid | IN($t[])))' "$NSDEBUG" stack "$BOX" -g -o json
tj 'of a process' '.summary.goroutines > 40' "$NSDEBUG" stack "$BOX" -p 1 -g -o json
box_run base --ready -- /app/threads 3 4
ts 'of what is not Go it is said' 0 \
	"^stopped 0 of 4 threads; goroutines: 0, no process runs Go's code\$" "$NSDEBUG" stack "$BOX" -g
tj 'of what is not Go, there are none' '.summary.goroutines == 0 and (.items | length) == 4 and
	.errors == []' "$NSDEBUG" stack "$BOX" -g -o json
