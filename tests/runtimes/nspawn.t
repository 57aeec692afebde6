#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two machines of systemd-nspawn, which has both in the same cgroup, "payload".
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq systemd-nspawn

engine_up nspawn
engine_run nspawn base /app/web
A=$CT ONE=$CTPID
engine_run nspawn static
B=$CT TWO=$CTPID
t 'the same cgroup'	''	cmp "/proc/$ONE/cgroup" "/proc/$TWO/cgroup"
two() { # WORD PID
	tj "$1: ps: its own"	"[.items[].host_pid] == [$2]"	$NSDEBUG ps -o json "$1"
	tj "$1: ps -p 1: its own"	"[.items[].host_pid] == [$2]"	$NSDEBUG ps -o json "$1" -p 1
	look_into "$1" "$1" "$2"
	every_verb "$1" "$1"
}
two "machine://$A" "$ONE"
two "machine://$B" "$TWO"
