#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# Memory that a program of the target's has to bring, and never does: stacks are shown all the same,
# nobody waits for it, and what is not there is not made up.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
. "$SRC/tests/hostile/hostile.sh"
need jq runc

# ---- userfaultfd(2) ----

look() { "$NSDEBUG" --host --timeout 8s stack "pid://$PID" --host-pid "$PID" -o json "$@"; }

start "$O/tests/hostile/awaited" below
chain='["pause", "rest", "below", "work", "start_thread", "clone3"]'
tj 'a page is missing within a frame: the others are there' ".items | length == 2 and any(.[];
	([.frames[].function] | .[-6:]) == $chain and .note == null)" look
tj 'and all of one moment' '.items | length == 2 and any(.[]; .frames | length == 6)' \
	look --consistent

start "$O/tests/hostile/awaited" code
chain='["pause", "rest", "in_code", "work", "start_thread", "clone3"]'
tj 'code to which words lead is missing' ".items | length == 2 and any(.[];
	([.frames[].function] | .[-6:]) == $chain and .note == null)" look

start "$O/tests/hostile/awaited" here
tj 'the whole stack is missing: said, and the other thread is shown' '.items | length == 2 and
	any(.[]; .frames == [] and (.note // "" | test("not in memory"))) and
	any(.[]; any(.frames[]; .function == "main"))' look

# Linux 5.13. What is only in the file the kernel would ask for, of whoever reads it there.
start "$O/tests/hostile/awaited" minor
within 20 "$NSDEBUG" --host --timeout 15s core "pid://$PID" -w "$TMP/minor" --files
is 'a core of pages that nobody maps: the others are there' test "$STATUS" = 0
is 'what was mapped is in it' grep -q "^w" "$TMP/minor" # a page begins with it

# ---- file systems whose server falls silent, and which are in no table of the container's ----

[ -c /dev/fuse ] || skip_all 'this kernel has no FUSE'
mknod "$TMP/fuse" c 10 229
chmod 666 "$TMP/fuse"
hostile_box --caps sys_admin --devices-all --bind "$TMP/fuse:/dev/fuse" -- '
	mkdir /m /m/gone /m/own /memfd:d
	fused /m/gone read /h/spin && fused /memfd:d read /h/spin
	/m/gone/file 2 & awaited /memfd:d/file &
	unshare -m sh -c "mount --make-rprivate /; fused /m/own read /h/spin; /m/own/file 2" &'
find_args() { # the process with these arguments
	for _p in $(cat "/proc/$BOXPID/task/$BOXPID/children"); do
		for _c in "$_p" $(cat "/proc/$_p/task/$_p/children"); do
			[ "$(tr '\0' ' ' <"/proc/$_c/cmdline")" = "$1 " ] && echo "$_c"
		done
	done
}
# A page that a thread has not read when the server falls silent is never there: not the way to its
# call either. Those that run sleep for a moment each, seldom all of them in the same one.
slept() { # PID THREADS: each has been seen in its call, pause(2) or clock_nanosleep(2)
	for _t in "/proc/$1/task"/*; do
		! grep -Eqs '^(34|230) ' "$_t/syscall" || : >"$TMP/slept-$1-${_t##*/}"
	done
	[ "$(find "$TMP" -name "slept-$1-*" | wc -l)" = "$2" ]
}
both() { # each has started, and is where it stays
	GONE=$(find_args '/m/gone/file 2') OWN=$(find_args '/m/own/file 2')
	MADE=$(find_args 'awaited /memfd:d/file')
	[ -n "$GONE" ] && [ -n "$OWN" ] && [ -n "$MADE" ] &&
		slept "$GONE" 3 && slept "$OWN" 3 && slept "$MADE" 2
}
wait_for both 20 || fail 'the programs run' "$(ps -ef | grep /m/)"
inside 'kill -USR1 $(cat /m/gone.pid) $(cat /m/own.pid) $(cat /memfd:d.pid); umount -l /m/gone'

children() { # of this program: who waits for a server outlives its parent
	for _p in $(pgrep -x nsdebug); do
		[ "$(readlink "/proc/$_p/exe")" = "$(realpath "$NSDEBUG")" ] && echo "$_p"
	done
	return 0
}
for p in "unmounted $GONE" "of a mount namespace of its own $OWN" "called as memory $MADE"; do
	within 10 "$NSDEBUG" --timeout 8s stack --host-pid "${p##* }" "$BOX"
	case $STATUS,$GOT in
	[05],*pause*threads*) pass "a stack through a file of a silent server, ${p% *}" ;;
	*)	fail "a stack through a file of a silent server, ${p% *}" "status $STATUS: $GOT" ;;
	esac
done
within 10 "$NSDEBUG" --timeout 8s stack "$BOX"
case $STATUS,$GOT in
[05],*awaited*threads*) pass 'and the others of the container' ;;
*)	fail 'and the others of the container' "status $STATUS: $GOT" ;;
esac
for p in $GONE $OWN; do
	within 20 "$NSDEBUG" --timeout 15s core --files --host-pid "$p" -w "$TMP/core" -f "$BOX"
	case $STATUS,$GOT in
	[05],*'served files'*'may ask a server'*) pass 'a core leaves them out and says so' ;;
	*)	fail 'a core leaves them out and says so' "status $STATUS: $GOT" ;;
	esac
done
wait_for '[ -z "$(children)" ]' 10 && pass 'no child waits for a server' ||
	fail 'no child waits for a server' "$(children)"
