#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# stack of Go programs: what nsdebug says of each thread is what the Go runtime says.
. tests/lib.sh
. "$SRC/tests/lib/go.sh"
need jq go gcc runc

# Names as the runtime says them.
plain() { sed 's/\[go\.shape[^ ]* *[^ ]*_0\]/[...]/g; s/\.abi0//g'; }

# From the function on that asked the runtime. It leaves out what the compiler made, and the type
# of a generic function, which a symbol names.
chains() {
	jq -r '.items[] | [.frames[].function] as $f | ($f | index("main.block")) as $at |
		select($at) | "\(.tid) \($f[$at:] - ["main.(*square).walk"] | join(" "))"' |
		plain | sort
}

# As the runtime writes them when it is ended by SIGQUIT: without (...), which is inlined code.
dumped() {
	awk '/^goroutine / { line = "" }
		/^[a-z].*\(.*\)$/ && !/^goroutine / && !/\(\.\.\.\)$/ && !/^created by / {
			sub(/\([^()]*\)$/, ""); line = line " " $0 }
		/^$/ { if (line ~ /main\.block/) print line; line = "" }
		END { if (line ~ /main\.block/) print line }' | sort
}
ours() {
	jq -r '.items[] | [.frames[].function] as $f | ($f | index("syscall.Syscall")) as $at |
		select($at) | " \($f[$at:] | join(" "))"' | sort
}

check() { # NAME KIND
	: >"$TMP/said.$1"
	chmod 666 "$TMP/said.$1"
	GOTRACEBACK=system "$TMP/$1" >"$TMP/said.$1" 2>"$TMP/dump.$1" &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for '[ "$(readers $PID)" = 24 ] && resting $PID' 20 || fail "$2: all threads wait"
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" -o json >"json.$1" 2>"err.$1"
	sort "said.$1" >want
	chains <"json.$1" >got
	t "$2: 24 chains, function for function as runtime.Callers has them" '' diff want got
	[ "$(wc -l <got)" = 24 ] && [ "$(wc -w <got)" -gt 600 ] &&
		pass "$2: and there are such chains" || fail "$2: and there are such chains"
	kill -QUIT "$PID"
	wait "$PID" 2>/dev/null
	dumped <"dump.$1" >want
	ours <"json.$1" | plain | sort >got
	t "$2: all of them as in the dump of SIGQUIT" '' diff want got
}

go_build lib/gochains plain 0
check plain 'static'
tj 'no thread was stopped, each is whole and by the table' '.summary.stopped == 0 and
	(.items | length) > 25 and all(.items[]; .note == null and
		.frames[0].method == "pc" and all(.frames[1:][]; .method == "pcsp")) and
	all(.items[].frames[-1].function; test("^runtime\\.(goexit|mstart|mcall)(\\.abi0)?$"))' \
	cat json.plain
go_build lib/gochains stripped 0 -ldflags '-s -w'
check stripped 'static, stripped'
tj 'threads of the runtime: from a system call to where the thread began' '
	any(.items[].frames; map(.function)[-4:] == ["runtime.sysmon", "runtime.mstart1",
		"runtime.mstart0", "runtime.mstart"]) and
	all(.items[]; .note == null) and
	all(.items[].frames[]; .function != null and .source == "pclntab")' cat json.stripped
go_build lib/gochains pie 0 -ldflags '-s -w' -buildmode=pie
check pie 'anywhere in memory, stripped'

go_build lib/gochains cgo 1 -ldflags '-s -w'
check cgo 'with C, stripped'
go_build lib/gochains cgopie 1 -ldflags '-s -w' -buildmode=pie
check cgopie 'with C, anywhere in memory, stripped'
for i in cgo cgopie; do
	tj "$i: a thread in C, by CFI up to where its stack was exchanged" '[.items[] |
		select(.note != null)] | length == 1 and (.[0] |
		(.note | test("came from another stack, .*runtime.asmcgocall$")) and
		.frames[0].function == "pause" and .frames[-1].function == "runtime.asmcgocall" and
		(.frames | length) == 4 and all(.frames[1:][]; .method == "cfi"))' cat "json.$i"
done

# What a linker puts in no section of its own is found by its first bytes.
objcopy --rename-section .gopclntab=.rodata2 stripped renamed
check renamed 'in a section of another name'

# Nor does it take section headers: where they are, and how many, is 0.
cp stripped bare
for i in '40 8' '60 4'; do
	dd if=/dev/zero of=bare bs=1 seek="${i% *}" count="${i#* }" conv=notrunc 2>dd.err
done
check bare 'without section headers'

# In a container, where ids are its own.
box_run base --bind "$TMP:/t:ro" -- /t/pie
wait_for '[ "$(readers $BOXPID)" = 24 ] && resting "$BOXPID"' 20 || fail 'all threads wait'
tj 'in a container: every thread has its names and its end' '(.items | length) > 25 and
	all(.items[]; .note == null and all(.frames[]; .function != null)) and
	([.items[] | select(any(.frames[]; .function == "main.block"))] | length) == 24' \
	"$NSDEBUG" stack -o json "$BOX"
ts 'and they are shown' 0 '#[0-9]+ +0x[0-9a-f]+ main\.generic\[\.\.\.\]\+0x[0-9a-f]+ \(pie\)$' \
	"$NSDEBUG" stack "$BOX"
box_up go-static
wait_for '[ "$(ls /proc/$BOXPID/task | wc -l)" -gt 3 ] && resting "$BOXPID"' 20
tj 'the server of the image' '(.items | length) > 3 and all(.items[]; .note == null and
	all(.frames[]; .function != null) and
	(.frames[-1].function | test("^runtime\\.(goexit|mstart|mcall)$"))) and
	any(.items[].frames[]; .function == "runtime.sysmon")' "$NSDEBUG" stack -o json "$BOX"

# What a trace has of an event is walked in the same way.
if [ -e /sys/kernel/btf/vmlinux ]; then
	box_run base --bind "$TMP:/t:ro" -- /t/pie tick
	# the runtime wakes who polls, at most once a turn, by a write of its own
	tj 'the stack of a system call, in a trace' '[.items[] |
		select(all(.frames[]; .function != "runtime.netpollBreak"))] | length >= 4 and all(.[];
		.frames_end == null and ([.frames[].function] |
		index("main.(*circle).walk") > 4 and .[-2:] == ["runtime.main", "runtime.goexit"]))' \
		"$NSDEBUG" trace syscalls "$BOX" -e write --stack --max-events 8 -o json
fi
