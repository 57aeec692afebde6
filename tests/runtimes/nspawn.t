#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two machines of systemd-nspawn, which has both in the same cgroup, "payload".
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq systemd-nspawn

engine_up nspawn
engine_run nspawn base /app/web
ONE=$CTPID
engine_run nspawn static
TWO=$CTPID
t 'the same cgroup'	''	cmp "/proc/$ONE/cgroup" "/proc/$TWO/cgroup"
for pid in "$ONE" "$TWO"; do
	tj 'ps: each its own'	"[.items[].host_pid] == [$pid]"	$NSDEBUG ps -o json "pid://$pid"
	tj 'ps -p 1: each its own'	"[.items[].host_pid] == [$pid]"	$NSDEBUG ps -o json "pid://$pid" -p 1
	look_into 'each its own' "pid://$pid" "$pid"
	every_verb 'each its own' "pid://$pid"
done
