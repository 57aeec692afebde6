#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace syscalls --last: the flight recorder shows the last calls, exact to the last one, when it is
# asked and at the end; what it had to forget is said.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc script
can_trace

mkdir "$TMP/w"
chmod 777 "$TMP/w"
mine() { rm -f w/*; box_run debug --bind "$O/tests/lib:/h:ro" --bind "$TMP/w:/w" "$@"; }

# ---- the end of the target ----

mine -- /h/many getppid 1000 /w/go 4
trace_start syscalls "$BOX" --last 30s -e getppid,exit_group
: >w/go
trace_wait
tr_rows 'the target ends: all of its last calls' \
	'length == 4001 and ([.[] | select(.name == "getppid")] | length) == 4000'
tr_rows 'to the last one' '.[-1].name == "exit_group"'
tr_rows 'of all threads' '([.[].tid] | unique | length) == 5 and all(.tid > 0 and .comm == "many")'
tr_rows 'in the order of time' '[.[].time] | . == sort'
t 'status' '0\n' echo "$STATUS"
ts 'what it waits for is said' 0 'recording: Enter, or SIGUSR1 to nsdebug, shows the last 30 s' cat said

# a shell that does something that can be counted, and waits to be killed
mine -- /busybox/busybox sh -c 'until [ -e /w/go ]; do /busybox/busybox usleep 1000; done
	i=0; while [ $i -lt 50 ]; do i=$((i + 1)); : </w/go; done; cd /w; echo done >done
	while :; do :; done'
trace_start syscalls "$BOX" --last 30s -e open,openat,chdir --filter 'pid == 1'
: >w/go
wait_for '[ -s w/done ]' 20
runc kill "$BOX" KILL
trace_wait
tr_rows 'SIGKILL: exact to the last one' 'map(select(.error == null)) | length >= 52 and
	(.[-52:-2] | all(.args[1] == "\"/w/go\"")) and .[-2].name == "chdir" and
	.[-1].args[1] == "\"done\""'

# ---- on demand ----

mine -- /busybox/busybox sh -c 'for n in 1 2 3; do
	until [ -e /w/go$n ]; do /busybox/busybox usleep 1000; done
	/h/many getppid $((n * 100)) /w/go1; echo >/w/done$n; done; exec /busybox/busybox sleep 100000'
trace_start syscalls "$BOX" --last 60s -e getppid
nth() { [ "$(wc -l <rows)" = "$1" ]; }
: >w/go1
wait_for '[ -s w/done1 ]' 20
t 'nothing is shown before it is asked for' '0\n' sh -c 'wc -l <rows'
kill -USR1 "$TRACE"
ts 'SIGUSR1: what there is' 0 '' wait_for 'nth 100' 10
: >w/go2
wait_for '[ -s w/done2 ]' 20
kill -USR1 "$TRACE"
ts 'SIGUSR1 again: what came since then' 0 '' wait_for 'nth 300' 10
kill -USR1 "$TRACE"
: >w/go3
wait_for '[ -s w/done3 ]' 20
kill -TERM "$TRACE"
trace_wait
tr_rows 'the end: each once, in order' 'length == 600 and ([.[].time] | . == sort)'
t 'the status of one that is interrupted' '130\n' echo "$STATUS"

rm -f w/go* w/done*
mine -- /h/many getppid 100 /w/go1
rm -f typed
mkfifo typed
on_terminal() { # OPTION...: "recording" is said before it does
	rm -f traced
	script -qec "echo \$\$ >traced; exec '$NSDEBUG' trace syscalls $BOX --last 30s -e getppid $* -o jsonl" \
		/dev/null <typed >screen 2>&1 &
	S=$!
	[ -e /dev/fd/7 ] || exec 7>typed
	wait_for '[ -s traced ] && grep -q recording screen' 20
	TRACE=$(cat traced)
	wait_for _sealed 20 || fail 'it is attached' "$(cat screen)"
}
on_terminal --for 60s
: >w/go1
wait_for 'grep -q "target has ended" screen' 20
wait $S
t 'on a terminal' '100\n' grep -c '"getppid"' screen
mine -- /busybox/busybox sh -c 'until [ -e /w/go1 ]; do /busybox/busybox usleep 1000; done
	/h/many getppid 100 /w/go1; echo >/w/done1; exec /busybox/busybox sleep 100000'
on_terminal
: >w/go1
wait_for '[ -s w/done1 ]' 20
echo >&7
ts 'Enter: what there is' 0 '' wait_for '[ "$(grep -c getppid screen)" = 100 ]' 10
printf '\003' >&7
wait $S
exec 7>&-
t 'each once' '100\n' grep -c '"getppid"' screen

# ---- what is forgotten ----

mine -- /h/many getppid 200000 /w/go 4
trace_start syscalls "$BOX" --last 60s -e getppid --buffer 256K
: >w/go
trace_wait
tr_rows 'a small buffer: the last of all' 'length > 500 and length < 100000'
tr_rows 'none torn, none twice' 'all(.name == "getppid" and .tid > 0 and .comm == "many" and
	.result == 0) and ([.[].time] | . == sort)'
ts 'which is said' 0 'calls of more than .* s ago are overwritten: --buffer' cat said
t 'and the status' '5\n' echo "$STATUS"

# an age: what is older than that is not shown, and was not lost
mine -- /busybox/busybox sh -c 'until [ -e /w/go1 ]; do /busybox/busybox usleep 1000; done
	/h/many getppid 10 /w/go1; /busybox/busybox sleep 3; /h/many files 10 /w/go1'
trace_start syscalls "$BOX" --last 2s -e getppid,close --filter 'comm == "many"'
: >w/go1
trace_wait
tr_rows '--last: nothing older' 'length >= 10 and all(.name == "close")'
t 'which is no loss' '0\n' echo "$STATUS"

# read while it is written as fast as can be, with bytes and without
mine -- /h/many bytes 100000000 /w/go 3
trace_start syscalls "$BOX" --last 10s -e read,write --buffer 1M
: >w/go
for n in 1 2 3 4 5 6 7 8; do
	before=$(wc -c <rows)
	kill -USR1 "$TRACE"
	wait_for '[ "$(wc -c <rows)" -gt "$before" ]' 20
done
runc kill "$BOX" KILL
trace_wait
tr_rows 'read while it is written: none torn' 'length > 1000 and all(.tid > 0 and .comm == "many" and
	(.name == "read" and .args[1:] == ["\"\\0\"", "1"] or
	 .name == "write" and .args[1:] == ["\"\\0\"", "1"]))'
tr_rows 'and of each thread in order' 'group_by(.tid) | all([.[].time] | . == sort)'
tr_rows 'none twice' 'group_by(.tid) | all([.[] | [.time, .name]] | length == (unique | length))'

# ---- beside other options ----

mine -- /h/many files 100 /w/go
trace_start syscalls "$BOX" --last 30s -T --slower 1ns -e openat,close --filter 'took_s > 0'
: >w/go
trace_wait
tr_rows '-T, --slower, -e, --filter' 'length >= 200 and all(.took_s > 0)'
for o in -c --lossless --stack '--max-events 3' '--buffer 256M'; do
	# shellcheck disable=SC2086
	ts "$o makes no sense" 2 '[-][-]last' "$NSDEBUG" trace syscalls "$BOX" --last 1s $o
done
