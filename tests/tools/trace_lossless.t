#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace syscalls --lossless: no call is lost, and whatever becomes of nsdebug, the container runs on
# afterwards; but for what somebody else has stopped. EVENTS=10000000 COUNT=1000 is the full run.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

EVENTS=${EVENTS:-400000}
COUNT=${COUNT:-60}
mkdir "$TMP/w"
chmod 777 "$TMP/w"
mine() { rm -f w/go; box_run debug --bind "$O/tests/lib:/h:ro" --bind "$TMP/w:/w" "$@"; }
state() { sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null; }
runs() { _s=$(state "$1") && [ -n "$_s" ] && [ "$_s" != T ]; }
# The calls are told by a filter and a count: to show 10^7 of them takes long.
all() { # NAME THREADS OPTION...
	_test=$1 _threads=$2
	shift 2
	mine -- /h/many getppid $((EVENTS / _threads)) /w/go "$_threads"
	"$NSDEBUG" trace syscalls "$BOX" -e getppid --lossless --no-headers --fields name "$@" \
		2>said >rows &
	TRACE=$!
	wait_for _sealed 20 || fail "$_test is attached" "$(cat said)"
	: >w/go
	trace_wait
	t "$_test" "$EVENTS getppid\n" sh -c 'tr -s " " <rows | sort | uniq -c | sed "s/^ *//"'
	t "$_test: none is said to be lost" '0 nsdebug: the target has ended\n' \
		echo "$STATUS $(cat said)"
}
all 'four threads, the usual ring: all' 4
all 'four threads, 1M: all' 4 --buffer 1M
all 'four threads, 64K: all' 4 --buffer 64K
all 'one thread: all' 1 --buffer 64K

# four processes, which are stopped one by one, and are not the first of the container
mine -- /busybox/busybox sh -c "for i in 1 2 3 4; do
	/h/many getppid $((EVENTS / 4)) /w/go & done; wait"
"$NSDEBUG" trace syscalls "$BOX" -e getppid --lossless --no-headers --fields name,tid \
	--filter 'pid != 1' --buffer 256K >rows 2>said &
TRACE=$!
wait_for _sealed 20 || fail 'four processes are attached' "$(cat said)"
: >w/go
trace_wait
t 'four processes: all' "$((EVENTS / 4))\n$((EVENTS / 4))\n$((EVENTS / 4))\n$((EVENTS / 4))\n" \
	sh -c 'tr -s " " <rows | sort | uniq -c | sed "s/^ *\([0-9]*\).*/\1/"'
t 'four processes: none is said to be lost' '0\n' echo "$STATUS"

# ---- the guardian ----

mine -- /h/many getppid 100000000000 /w/go 2
: >w/go
under_pressure() { # sets TRACE, GUARDIAN, TRACER; returns when processes are stopped
	"$NSDEBUG" trace syscalls "$BOX" -e getppid --lossless --buffer 64K >/dev/null 2>said &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for _sealed 20 || fail 'it is attached' "$(cat said)"
	for _c in $(cat "/proc/$TRACE/task/$TRACE/children"); do
		[ "$(cat "/proc/$_c/comm")" != nsd-guardian ] || GUARDIAN=$_c
	done
	wait_for '[ "$(state "$BOXPID")" = T ]' 20 || fail 'the container is held back' "$(cat said)"
}
gone() { ! kill -0 "$1" 2>/dev/null || [ "$(state "$1")" = Z ]; }
under_pressure
of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$GUARDIAN/status"; }
t 'the guardian may signal, and nothing else' '0000000000000020\n0000000000000020\n' \
	eval 'of CapEff; of CapPrm'
t 'its system calls are few' '2\n1\n' eval 'of Seccomp; of NoNewPrivs'
t 'it takes no signal that can be refused' 'fffffffe7ffbfeff\n' of SigBlk
t 'it has a session of its own' "$GUARDIAN\n" sh -c 'ps -o sid= -p "$1" | tr -d " "' - "$GUARDIAN"
t 'it has a cgroup of its own' '0::/nsdebug.guardian\n' grep '^0::' "/proc/$GUARDIAN/cgroup"
kill -TERM "$GUARDIAN"
kill -HUP "$GUARDIAN"
# in the middle of a write nsdebug ends by the signal itself
stop_it() { kill -TERM "$TRACE"; trace_wait; wait_for 'gone "$GUARDIAN"' 10; }
stop_it
ts 'SIGTERM: it ends' 0 '^(130|143)$' echo "$STATUS"
ts 'and the container runs on' 0 '' runs "$BOXPID"
"$NSDEBUG" trace syscalls "$BOX" -e none --lossless --for 10ms 2>said
t 'no cgroup is left by one that ends by itself' '' sh -c 'find "$1" -maxdepth 1 -name nsdebug.guardian' - \
	"$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -n 1)"

bad=
for who in front tracer both guardian all-but-the-guardian; do
	for _ in 1 2 3 4 5; do
		under_pressure
		case $who in
		front) kill -KILL "$TRACE" ;;
		tracer) kill -KILL "$TRACER" ;;
		guardian) kill -KILL "$GUARDIAN" ;;
		*) kill -KILL "$TRACE" "$TRACER" ;;
		esac
		wait "$TRACE" 2>/dev/null
		wait_for 'gone "$GUARDIAN" && gone "$TRACER"' 10 || bad="$bad $who:left"
		runs "$BOXPID" || { bad="$bad $who:$(state "$BOXPID")"; kill -CONT "$BOXPID"; }
	done
done
t 'SIGKILL under pressure: the container runs on' '\n' echo "$bad"
under_pressure
kill -KILL "$GUARDIAN"
trace_wait
ts 'a guardian that is killed is said' 0 'guardian child was killed by signal 9' cat said
t 'and the status' '126\n' echo "$STATUS"
slay() { "$O/tests/hostile/slayer" "$BOXPID" "$COUNT" 200000 "$NSDEBUG" trace syscalls "$BOX" \
	-e getppid --lossless --buffer 64K --for 1s; }
ts "SIGKILL at $COUNT random moments: nothing left, nothing stopped" 0 'left 0 stopped 0 traced 0 dead 0' slay

# ---- what somebody else has stopped ----

mine -- /busybox/busybox sh -c '/busybox/busybox sleep 100000 &
	/h/many getppid 100000000000 /w/go 2 & wait'
: >w/go
child() { for _p in $(cat "/proc/$BOXPID/task/$BOXPID/children"); do
	! grep -q "^Name:.$1\$" "/proc/$_p/status" || echo "$_p"; done; }
wait_for '[ -n "$(child busybox)" ] && [ -n "$(child many)" ]' 10
before=$(child busybox)
MANY=$(child many)
BOXPID=$MANY
kill -STOP "$before"
wait_for '[ "$(state "$before")" = T ]' 10
under_pressure
stop_it
t 'stopped before: stays so' 'T\n' state "$before"
ts 'and the other runs' 0 '' runs "$MANY"
under_pressure
kill -STOP "$MANY"
stop_it
t 'stopped while it was held back: stays so' 'T\n' state "$MANY"
kill -CONT "$MANY"
ts 'until he continues it' 0 '' wait_for 'runs "$MANY"' 10
under_pressure
kill -STOP "$MANY"
kill -KILL "$TRACE" "$TRACER"
wait "$TRACE" 2>/dev/null
wait_for 'gone "$GUARDIAN"' 10
t 'the same with SIGKILL' 'T\n' state "$MANY"
kill -CONT "$MANY"
under_pressure
kill -STOP "$MANY"
kill -CONT "$MANY"
wait_for '[ "$(state "$MANY")" = T ]' 20 && wait_for 'runs "$MANY"' 20
t 'stopped and continued: held back and continued as before' '0\n' echo $?
stop_it
ts 'and runs on afterwards' 0 '' runs "$MANY"

# ---- what makes no sense ----

ts '-c' 2 'counted in the kernel' "$NSDEBUG" trace syscalls "$BOX" --lossless -c
ts 'a buffer that is too small' 2 '64K' "$NSDEBUG" trace syscalls "$BOX" --lossless --buffer 4K
if command -v setpriv >/dev/null; then
	ts 'without CAP_KILL' 77 'CAP_KILL' setpriv --bounding-set -kill --inh-caps -kill \
		"$NSDEBUG" trace syscalls "$BOX" --lossless
else
	skip 'without CAP_KILL' 'needs setpriv'
fi

# ---- nor at its beginning or its end ----

box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	exec /busybox/busybox dd if=/dev/zero of=/dev/null bs=1 2>/dev/null'
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	"$NSDEBUG" trace syscalls "$BOX" --lossless --buffer 64K --for 5ms >out 2>said || cat said
done >short
t 'one process, and 20 short traces: none loses a call' '' cat short
