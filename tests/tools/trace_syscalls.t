#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace syscalls: the same as strace on the same calls; sets, counts, threads; what is lost is
# counted to the last one.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc strace python3
can_trace

H=$O/tests/lib
mkdir "$TMP/w"
chmod 777 "$TMP/w"
mine() { box_run debug --bind "$H:/h:ro" --bind "$TMP/w:/w" "$@"; }
many() { # OPTION... -- WHAT TIMES [THREADS]: traced, from the first to the last
	_o=
	while [ "$1" != -- ]; do _o="$_o $1"; shift; done
	rm -f w/go
	mine $NOSECCOMP -- /h/many "$2" "$3" /w/go "${4:-1}"
	# shellcheck disable=SC2086
	trace_start syscalls "$BOX" $_o
	: >w/go
	trace_wait
}
NOSECCOMP=

# ---- beside strace, on the same run of the same program ----

mine -- /h/calls /w
strace -f -p "$BOXPID" -o strace.out 2>strace.err &
S=$!
wait_for 'grep -q "^TracerPid:.[1-9]" "/proc/$BOXPID/status"' 10
trace_start syscalls "$BOX"
: >w/go
trace_wait
wait $S
python3 "$SRC/tests/lib/calls.py" strace.out rows >beside
t 'calls, arguments and results are those of strace' '209 system calls are the same\n' cat beside
tr_rows 'the end: exit_group has no result' \
	'.[-1] | .name == "exit_group" and .args == ["0"] and .result == null and .value == "?"'
tr_rows 'results are numbers' 'map(select(.name == "pipe2"))[0] | .result == 0 and .error == null and
	(.args[0] | test("^\\[[0-9]+, [0-9]+\\]$"))'
tr_rows 'errors have names' 'any(.name == "chdir" and .result == -1 and .error == "ENOENT")'
tr_rows 'threads and processes' '([.[].tid] | unique | length) == 3 and all(.host_tid > .tid)'
tr_rows 'no time without -T' 'all(.took_s == null)'

# ---- which ----

rm -f w/*
mine -- /h/calls /w
trace_start syscalls "$BOX" -e openat,%network
: >w/go
trace_wait
tr_rows '-e: names and classes' '[.[].name] | unique | contains(["openat", "bind"]) and
	(index("read") == null) and (index("openat2") == null)'
rm -f w/*
mine -- /h/calls /w
trace_start syscalls "$BOX" -e '!%file,clock_nanosleep,access' --failed -T -s 5
: >w/go
trace_wait
tr_rows '-e: all but these; --failed' \
	'length > 50 and all(.error != null) and ([.[].name] | index("chdir") == null and index("close") != null)'
tr_rows '-T; what seccomp answers never begins' \
	'all(.took_s > 0 and .took_s < 60 or (.took_s == null and .error == "EPERM"))'
tr_rows '-s' 'map(select(.name == "setdomainname")) | .[0].args[0] == "\"do\\nma\"..."'
ts '-e: a word that is none' 2 "'opennat' is no system call" "$NSDEBUG" trace syscalls "$BOX" -e opennat
ts '-s: more than there is' 2 '256 bytes' "$NSDEBUG" trace syscalls "$BOX" -s 1M
ts '--buffer' 2 'power of two' "$NSDEBUG" trace syscalls "$BOX" --buffer 5000

box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do /busybox/busybox usleep 20000; /busybox/busybox echo; done'
trace_start syscalls "$BOX" --slower 10ms -e clock_nanosleep,close,getuid --max-events 6
trace_wait
# who is preempted in another call is slow, too
tr_rows '--slower' 'length == 6 and all(.took_s >= 0.01) and (map(select(.name == "clock_nanosleep")) |
	length >= 3 and all(.took_s >= 0.02))'
trace_start syscalls "$BOX" --filter 'took_s > 10ms' -e clock_nanosleep,close --max-events 3
trace_wait
tr_rows 'a filter by what is only known with -T' 'length == 3 and all(.took_s >= 0.01)'
ts '-c is not read, so not counted' 2 '--max-events with -c' "$NSDEBUG" trace syscalls "$BOX" -c --max-events 1
ts '-o name: of a program its file' 0 '^/busybox/busybox$' \
	"$NSDEBUG" trace exec "$BOX" -o name --max-events 2 --for 20s
ts 'stacks of what is not there yet' 2 '--stack with --next: where code is' \
	"$NSDEBUG" trace exec --next "$BOX-new" --stack
ts 'more of a stack than is copied' 2 'stack-bytes: at most 65536' \
	"$NSDEBUG" trace exec "$BOX" --stack-bytes 128K
trace_start syscalls "$BOX" -e execve --max-events 2
trace_wait
tr_rows 'an execve that succeeds: its file, its words' '[.[].args] | sort ==
	[["\"/busybox/busybox\"", "[\"/busybox/busybox\", \"echo\"]"],
	 ["\"/busybox/busybox\"", "[\"/busybox/busybox\", \"usleep\", \"20000\"]"]]'
ts 'the table: escapes of C are not escaped again' 0 ' write\(1, "\\n", 1\) = 1$' \
	"$NSDEBUG" trace syscalls "$BOX" -e write --max-events 1

# ---- how many, and how many are lost ----

many -e getppid -- getppid 100000
lost() { sed -n 's/.* \([0-9]*\) events were lost.*/\1/p' said; }
tr_rows 'none lost: none missing' 'length == 100000 and all(.name == "getppid" and .args == [])'
t 'status 0' '0\n' echo "$STATUS"
many -e getppid --buffer 4K -- getppid 100000
tr_rows 'a small buffer: what is shown and what is said to be lost are all' \
	"length < 100000 and length + $(lost) == 100000"
t 'status 5' '5\n' echo "$STATUS"
many -e getppid --buffer 256M -- getppid 20000
tr_rows 'a large one: the reader has room beside it' 'length == 20000'
many -e getppid -c -- getppid 100000 4
tr_rows '-c: all of four threads' 'map([.name, .calls, .errors]) == [["getppid", 400000, 0]]'
many -e read,openat,close -c -T -- files 1000
tr_rows '-c -T: each slot' 'length == 3 and all(.total_s > 0 and .mean_s <= .longest_s and
	.longest_s <= .total_s and ([.slots[] | tonumber] | add) == .calls)'
many -c -- getppid 10
tr_rows '-c of all: sorted by calls' '[.[].calls] | . == (sort | reverse)'

# ---- what cannot be shown ----

NOSECCOMP=--no-seccomp
many -- int80 20
if grep -q '32-bit' said; then
	tr_rows '32-bit calls: by number, not decoded' \
		'map(select(.compat)) | length == 20 and all(.name == "i386_64" and .number == 64)'
	ts 'which is said' 0 '20 32-bit system calls' cat said
else
	skip '32-bit calls' 'this kernel has none'
fi
python3 - >w/small <<-'E'
	import struct, sys
	code = bytes.fromhex('b80100000031dbcd80')	# exit(0)
	sys.stdout.buffer.write(b'\x7fELF\1\1\1' + bytes(9) + struct.pack('<HHIIIIIHHHHHH8I',
		2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0,
		1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096) + code)
	E
chmod 755 w/small
if w/small 2>err; then
	rm -f w/go
	mine $NOSECCOMP -- /busybox/busybox sh -c 'until [ -e /w/go ]; do :; done; exec /w/small word'
	trace_start syscalls "$BOX" -e execve
	: >w/go
	trace_wait
	tr_rows 'an execve of a 32-bit program' \
		'map(.args) == [["\"/w/small\"", "[\"/w/small\", \"word\"]"]]'
else
	skip 'an execve of a 32-bit program' "$(cat err)"
fi
many -e openat -- uring 7
if runc exec "$BOX" true 2>/dev/null || [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null)" = 0 ]; then
	ts 'io_uring is said' 0 'io_uring: 7 requests' cat said
else
	skip 'io_uring is said' 'switched off here'
fi

# ---- whose ----

box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do /busybox/busybox true; done'
box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
trace_start syscalls "$BOX" --for 1s
"$NSDEBUG" ls "$BOX" / >/dev/null
"$NSDEBUG" cat "$BOX" /etc/passwd >/dev/null
trace_wait
tr_rows 'no neighbour, and not nsdebug itself in its mounts' 'length == 0'
ts 'which is said' 0 'no such event in' cat said
trace_start syscalls "$BOX" -c --for 100ms
trace_wait
ts 'and with -c' 0 'no such event in' cat said
