#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Targets in every state that is hard to look at: each verb answers, in time, about the right
# process or not at all, and the target is afterwards what it was before.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc strace

STACK=
! has_verb stack || STACK='stack'
PS=
! has_verb ps || PS='ps'
h=$O/tests/hostile
n="$NSDEBUG --timeout 1s"

# The pid on the host of the process of this container whose command line matches.
find_pid() { # REGEX
	stat -Lc '%i %n' /proc/[0-9]*/ns/pid 2>/dev/null | grep "^$boxns " | tr / ' ' |
		while read -r _ _ _p _; do
			if tr '\0' ' ' 2>/dev/null <"/proc/$_p/cmdline" | grep -Eq -e "$1"; then
				echo "$_p"
				break
			fi
		done 2>/dev/null
}
# The same, into VAR, once there is one that has become it.
benign='' stopped='' spinning='' vforked='' jailed='' code='' stack=''
found() { # VAR REGEX
	wait_for "$1=\$(find_pid '$2') && [ -n \"\$$1\" ]" 20 || fail "process $2 is there"
}
box_ns() { boxns=$(stat -Lc %i "/proc/$BOXPID/ns/pid"); }
state_of() { sed -n 's/^\(State\|TracerPid\):[[:space:]]*//p' "/proc/$1/status"; }
is_state() { state_of "$1" | grep -q "^$2"; }

# No thread of the container is stopped or traced.
running() {
	stat -Lc '%i %n' /proc/[0-9]*/ns/pid 2>/dev/null | grep "^$boxns " | tr / ' ' |
		while read -r _ _ _p _; do
			grep -l '^State:.[Tt]' "/proc/$_p"/task/*/status 2>/dev/null || :
		done
}

# Every verb on a process answers in time with one of STATUSES, and it is in the same state after.
same_state() { # NAME PID STATUSES
	for _v in ls $PS $STACK; do
		_before=$(state_of "$2")
		within 3 $n $_v "pid://$2" || fail "$1: $_v in time" "$TOOK ms: $GOT"
		case "|$3|" in
		*"|$STATUS|"*) ;;
		*) fail "$1: $_v" "status $STATUS, want $3: $GOT"
			continue ;;
		esac
		case $STATUS,$GOT in
		[!0],'') fail "$1: $_v says why" "status $STATUS" ;;
		esac
		# R and S come and go; stopped, traced, dead do not
		_after=$(state_of "$2")
		[ "$(echo "$_before" | sed 's/^[RS] .*/R/')" = "$(echo "$_after" | sed 's/^[RS] .*/R/')" ] &&
			pass "$1: $_v ($STATUS, $TOOK ms)" ||
			fail "$1: $_v: state as before" "was $_before, is $_after"
	done
}

# ---- 33: states ----

hostile_box --bind "$h:/h:ro" --caps sys_admin -- '
	echo benign >/benign
	sleep 11111 & sleep 22222 & spin 2 & sh -c "spin vfork" &
	sh -c "sleep 0 & exec sleep 33333" &
	'
box_ns
found benign '^sleep 11111'
same_state '33 benign' "$benign" '0|5'
found stopped '^sleep 22222'
kill -STOP "$stopped"
wait_for 'is_state "$stopped" T' 10
same_state '33 stopped already' "$stopped" '0|1|5'
ts '33 it is stopped still' 0 '^T' state_of "$stopped"
kill -CONT "$stopped"
found spinning '^spin 2'
same_state '33 running threads' "$spinning" '0|5'
found vforked '^spin vfork'
# its child, which sleeps, has the same arguments, and is found first where numbers get a digit more
above=$(sed -n 's/^PPid:.//p' "/proc/$vforked/status")
! tr '\0' ' ' <"/proc/$above/cmdline" | grep -q '^spin vfork' || vforked=$above
wait_for 'is_state "$vforked" D' 20 ||
	skip '33 vfork: parent is in D state' "$(state_of "$vforked")"
same_state '33 vfork: a parent that cannot be stopped' "$vforked" '0|1|5'
zombie=
find_zombie() {
	for _s in /proc/[0-9]*/stat; do
		case $(cat "$_s" 2>/dev/null) in
		*"(sleep) Z $(find_pid '^sleep 33333') "*) zombie=${_s#/proc/}; zombie=${zombie%/stat} ;;
		esac
	done
	[ -n "$zombie" ]
}
wait_for find_zombie 10 && same_state '33 zombie' "$zombie" '0|1|3|4|5' || fail '33 a zombie is there'
tracee=$benign
background "$TMP/tracer" strace -p "$tracee"
wait_for 'state_of "$tracee" | grep -qx "$BG"' 10 || fail '33 strace has it' "$(cat "$TMP/tracer")"
# who is taken stops for a moment
wait_for 'grep -q "^State:.S" "/proc/$tracee/status"' 10
same_state '33 traced by somebody else' "$tracee" '0|1|4|5'
t '33 it has the same tracer still' "$BG\n" sh -c 'sed -n "s/^TracerPid:.//p" "/proc/$1/status"' - "$tracee"
kill "$BG"
t '33 the container answers' 'benign\n' $n cat "$BOX" /benign

runc pause "$BOX"
for v in ls $PS $STACK; do
	within 3 $n $v "$BOX"
	case $STATUS in
	0 | 1 | 5) pass "33 frozen (runc pause): $v ($STATUS, $TOOK ms)" ;;
	*)	fail "33 frozen: $v" "status $STATUS after $TOOK ms: $GOT" ;;
	esac
done
t '33 it is frozen still' 'paused\n' sh -c 'runc state "$1" | jq -r .status' - "$BOX"
runc resume "$BOX"
t '33 and thaws' 'yes\n' inside 'echo yes'
t '33 and runs' '' running

unified=$(findmnt -no TARGET -t cgroup2 | head -n 1)
frozen=$spinning
if [ -n "$unified" ] && mkdir "$unified/nsd-test-$$" && echo "$frozen" >"$unified/nsd-test-$$/cgroup.procs"
then
	at_exit "rmdir '$unified/nsd-test-$$'"
	at_exit "echo $BOXPID >/dev/null; wait_for '! grep -q . \"$unified/nsd-test-$$/cgroup.procs\"' 10"
	at_exit "kill -9 $frozen; echo 0 >'$unified/nsd-test-$$/cgroup.freeze'"
	echo 1 >"$unified/nsd-test-$$/cgroup.freeze"
	wait_for 'grep -q "^frozen 1" "$unified/nsd-test-$$/cgroup.events"' 10 ||
		fail '33 frozen by the second version of cgroups'
	same_state '33 frozen, cgroup v2' "$frozen" '0|1|5'
	t '33 v2: frozen still' 'frozen 1\n' grep frozen "$unified/nsd-test-$$/cgroup.events"
	echo 0 >"$unified/nsd-test-$$/cgroup.freeze"
	wait_for 'is_state "$frozen" "[RS]"' 10 && pass '33 v2: and thaws' || fail '33 v2: and thaws'
else
	skip '33 frozen, cgroup v2' 'no cgroup2 is mounted'
fi

down() { "$SRC/tests/fixtures/box" down "$BOX"; }	# it would take its share to the end
down

# ---- 37: a process in a jail of its own ----

hostile_box --no-seccomp -- 'spin jail &'
box_ns
found jailed '^spin jail'
wait_for 'grep -q "^Seccomp:.1" "/proc/$jailed/status"' 10 || fail '37 seccomp is strict'
same_state '37 not dumpable, seccomp strict' "$jailed" '0|5'
wait_for 'is_state "$jailed" R' 10 && pass '37 it runs' || fail '37 it runs' "$(state_of "$jailed")"

down

# ---- 34: nothing stays the same while it is looked at ----

hostile_box --bind "$h:/h:ro" -- 'spin churn 6 >/dev/null & spin churn 2 >/dev/null &'
box_ns
i=0
: >"$TMP/churn"
look() { # VERB TARGET STATUSES
	# shellcheck disable=SC2086 # ls -R
	within 4 $n $1 "$2" || echo "slow $1: $TOOK ms" >>"$TMP/churn"
	case "|$3|" in
	*"|$STATUS|"*) echo "$1 $STATUS" >>"$TMP/churn" ;;
	*) echo "bad $1 $2 $STATUS: $(echo "$GOT" | grep '^nsdebug:')" >>"$TMP/churn" ;;
	esac
}
while [ $i -lt 20 ]; do
	for v in 'ls' $PS $STACK; do
		look "$v" "$BOX" '0|5'
	done
	# and a process that may be gone, or another program, at any step
	pid=$(find_pid 'churn 0')
	for v in ls $PS $STACK; do
		[ -z "$pid" ] || look $v "pid://$pid" '0|1|3|5'
	done
	i=$((i + 1))
done
seen=$(grep -v '^bad\|^slow' "$TMP/churn" | sort | uniq -c | tr -s ' \n' ' ')
if grep -q '^bad\|^slow' "$TMP/churn"; then
	fail '34 processes that fork, execute, start threads and end' "$(grep '^bad\|^slow' "$TMP/churn")"
else
	pass "34 processes that fork, execute, start threads and end:$seen"
fi
t '34 none is left stopped' '' running

down

# ---- 32: whoever holds a thread is itself stopped ----

if [ -n "$STACK" ]; then
	box_run base --bind "$h:/h:ro" --ready -- /h/spin 4
	box_ns
	ts '32 a child stopped at any moment: the target runs on after the deadline' 0 'children [1-9]' \
		env SIGNAL=19 "$h/slayer" "$BOXPID" "${COUNT:-20}" 20000 \
		"$(command -v setpriv)" --bounding-set -bpf,-perfmon --inh-caps -bpf,-perfmon \
		"$NSDEBUG" --timeout 300ms stack "$BOX"
	down
fi

# ---- 26: a file system that died lies below the code, or above the stack ----

if [ -c /dev/fuse ] && [ -n "$STACK" ]; then
	mknod "$TMP/fuse" c 10 229
	chmod 666 "$TMP/fuse"
	hostile_box --caps sys_admin --devices-all --bind "$TMP/fuse:/dev/fuse" -- '
		mkdir /m /m/open /m/read
		fused /m/open open /h/spin; fused /m/read read /h/spin
		/m/open/file 2 & spin stack /m/read/file & spin 1 &'
	box_ns
	found code '^/m/open/file 2'
	found stack '^spin stack'
	wait_for '[ "$(ls "/proc/$stack/task" | wc -l)" = 2 ]' 10
	wait_for '[ "$(ls "/proc/$code/task" | wc -l)" = 3 ]' 10
	for p in "code $code" "stack $stack"; do
		within 4 $n stack --host-pid "${p#* }" "$BOX"
		case $STATUS,$GOT in
		[05],*pause*'threads'* | [05],*'ask a server'*)
			pass "26 while it answers: ${p% *} ($STATUS, $TOOK ms)" ;;
		*)	fail "26 while it answers: ${p% *}" "status $STATUS: $GOT" ;;
		esac
	done
	inside 'kill -USR1 $(cat /m/open.pid) $(cat /m/read.pid)'
	for p in "code $code" "stack $stack"; do
		within 4 $n stack --host-pid "${p#* }" "$BOX" || fail "26 ${p% *} on a dead FUSE: in time" "$TOOK ms"
		case $STATUS in
		0 | 5 | 12[45]) pass "26 ${p% *} on a dead FUSE ($STATUS, $TOOK ms)" ;;
		*)	fail "26 ${p% *} on a dead FUSE" "status $STATUS: $GOT" ;;
		esac
		[ "$STATUS" = 0 ] || case $GOT in
		*turn* | *spin*) pass "26 ${p% *}: what could be seen is shown" ;;
		*)	pass "26 ${p% *}: little could be seen, and why is said: $(echo "$GOT" | head -n 1)" ;;
		esac
		ts "26 ${p% *}: the target runs" 0 '^[RS]' state_of "${p#* }"
		t "26 ${p% *}: no thread is left stopped" '' running
	done
	within 4 $n $PS "$BOX" && [ "$STATUS" = 0 ] && pass "26 ps of the container ($TOOK ms)" ||
		fail '26 ps of the container' "$STATUS after $TOOK ms: $GOT"
	within 5 $n stack "$BOX" || fail '26 stack of the whole container: in time' "$TOOK ms"
	case $STATUS in
	0 | 5 | 12[45]) pass "26 stack of the whole container ($STATUS, $TOOK ms)" ;;
	*)	fail '26 stack of the whole container' "$STATUS: $GOT" ;;
	esac
	t '26 nothing is left stopped' '' running
	inside 'kill -9 $(cat /m/open.pid) $(cat /m/read.pid)'
else
	skip '26 stacks over a dead FUSE' 'no FUSE, or no stack in this binary'
fi

# ---- 35: the number is the same, the process is not ----

mkdir -p "$TMP/a" "$TMP/b"
i=0
while [ $i -lt 50 ]; do
	echo A >"$TMP/a/$i"
	echo B >"$TMP/b/$i"
	set -- "$@" "/$i"
	i=$((i + 1))
done
background "$TMP/reuse" "$h/reuse" "$TMP/a" "$TMP/b"
pid=$(head -n 1 "$TMP/reuse")
i=0
: >"$TMP/mix"
until=$(($(ms) + 15000))
while [ $i -lt 300 ] && { [ $i -lt 40 ] || [ "$(ms)" -lt $until ]; }; do
	"$NSDEBUG" cat "pid://$pid" "$@" >"$TMP/one" 2>"$TMP/why"
	echo "$? $(sort -u "$TMP/one" | tr -d '\n')" >>"$TMP/mix"
	i=$((i + 1))
done
kill -0 "$BG" || fail '35 the number is taken again and again' "$(cat "$TMP/reuse")"
if grep -q 'AB' "$TMP/mix" || grep -Evq '^[0134] [AB]?$' "$TMP/mix"; then
	fail '35 one number, many processes' "$(sort "$TMP/mix" | uniq -c)"
elif grep -q '^[03] A' "$TMP/mix" && grep -q '^[03] B' "$TMP/mix"; then
	pass "35 one number, many processes: never two in one answer: $(sort "$TMP/mix" | uniq -c |
		tr -s ' \n' ' ')"
else
	fail '35 both are seen' "$(sort "$TMP/mix" | uniq -c)"
fi
kill "$BG"

box_run static --ready
old=$BOXPID
kill -9 "$old"
wait_for '! kill -0 "$old" 2>/dev/null' 10
background "$TMP/reused" "$h/reuse" "=$old" "$TMP/a"
if [ "$(cat "$TMP/reused")" = "$old" ]; then
	for v in ls $PS $STACK; do
		ts "35 a container that died, its number is another's: $v" 3 'exited|gone|another process' \
			$n $v "$BOX"
	done
	ts '35 the other one, asked for' 0 '^0' $n ls -1 "pid://$old"
else
	fail '35 the number is another process' "$(cat "$TMP/reused")"
fi
