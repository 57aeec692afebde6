#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# timeout 120
# Stacks of one program, built in many ways, beside those of eu-stack: every frame of every thread.
. tests/lib.sh
need eu-stack jq gcc strip

ours() { # "TID pc pc ..." a line
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" -o json |
		jq -r '.items | sort_by(.host_tid)[] | "\(.host_tid) \([.frames[].pc] | join(" "))"'
}

theirs() {
	eu-stack -r -n 600 -p "$PID" 2>/dev/null | awk '
		/^TID/ { if (line) print line; line = substr($2, 1, length($2) - 1); next }
		/^#/ { sub(/^0x0*/, "0x", $2); line = line " " $2 }
		END { print line }' | sort -n
}

# check NAME FLAG...: without symbols, 61 threads
check() {
	_name=$1
	shift
	rm -f kinds ready
	gcc -g0 -s "$@" -o kinds "$SRC/tests/lib/kinds.c" -lpthread
	./kinds 60 >ready &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for 'grep -q ready ready' 10
	wait_for '[ "$(cat /proc/$PID/task/*/syscall | grep -vc running)" = 61 ]' 10
	ours >ours
	theirs >theirs
	t "$_name: every frame is as eu-stack has it" '' diff theirs ours
	t "$_name: of all threads" '61\n' sh -c 'wc -l <ours'
	kill "$PID"
}

check dynamic -O2
check static -O2 -static
check static-pie -O2 -static-pie
check 'not optimized' -O0
check 'not optimized, static' -O0 -static
check 'with frame pointers' -O1 -fno-omit-frame-pointer
check 'anywhere in memory' -O2 -fPIE -pie
check 'for size' -Os -no-pie
