#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# Stacks of one program, built in many ways, beside those of eu-stack: every frame of every thread.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
need eu-stack jq gcc strip

# check NAME FLAG...: without symbols, 61 threads
check() {
	_name=$1
	shift
	rm -f kinds
	gcc -g0 -s "$@" -o kinds "$SRC/tests/lib/kinds.c" -lpthread
	start ./kinds 60
	wait_for '[ "$(cat /proc/$PID/task/*/syscall | grep -vc running)" = 61 ]' 10
	frames "$PID" >ours
	eu_frames -p "$PID" >theirs
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
