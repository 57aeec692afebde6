#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# Threads in states that debuggers hang on, or leave other than they were: each is shown, or said
# to be not taken and why, within a bounded time; the target does not notice.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
. "$SRC/tests/hostile/hostile.sh"
need eu-stack jq strace setpriv

on_host() { # PID OPTION...
	_p=$1
	shift
	timeout -k 1 30 "$NSDEBUG" --host stack "pid://$_p" --host-pid "$_p" "$@"
}
on_host_proc() { # the same where the kernel lends nothing but /proc and ptrace
	_p=$1
	shift
	without -bpf,-perfmon timeout -k 1 30 "$NSDEBUG" --host stack "pid://$_p" --host-pid "$_p" "$@"
}

# Of each thread: its state, and who traces it.
states() { # PID
	for _t in "/proc/$1/task"/*; do
		sed -n "s|^State:\t\(.\).*|${_t##*/} \1|p; s/^TracerPid:\t/traced by /p" "$_t/status" 2>/dev/null
	done
}

# same NAME SECONDS STATUS COMMAND...: ends in time, and threads are as they were before; in $TMP/out
same() {
	_name=$1 _secs=$2 _want=$3
	shift 3
	states "$PID" >before
	_from=$(ms)
	"$@" >out 2>err
	_st=$?
	_took=$(($(ms) - _from))
	states "$PID" >after
	if [ $_st != "$_want" ]; then
		fail "$_name" "status $_st, want $_want: $(cat err out)"
	elif [ $_took -gt $((_secs * 1000)) ]; then
		fail "$_name" "took $_took ms"
	else
		t "$_name ($_took ms): threads are as they were" '' diff before after
	fi
}

bpf() { on_host "$1" --no-stop -o json 2>/dev/null | jq -e 'any(.items[]; .how == "iterated")' >/dev/null; }

# ---- who reads what was taken ----

start "$O/tests/lib/stacks"
strace -ff -v -e trace=seccomp,sched_setscheduler,prlimit64 -o calls setpriv --bounding-set -bpf,-perfmon \
	--inh-caps -bpf,-perfmon "$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" >/dev/null 2>&1
# an older strace does not know the flag by name
grep -lE '\(0, (SCHED_FIFO|0x40000001).* = 0$' calls.* >ahead
of_ahead() { # shellcheck disable=SC2046 # words
	grep -lE "$1" $(cat ahead) | wc -l
}
if [ -s ahead ]; then	# the stopper and the reader
	t 'the parser gives the priority back that the capture had' '1\n' \
		of_ahead '\(0, (SCHED_OTHER\|SCHED_RESET_ON_FORK|0x40000000 .*), \[0\]\) *= 0$'
	t 'and may take no other' '1\n' of_ahead 'JEQ, 0x40000000, '
else
	skip 'the parser has no priority' 'this machine gives none to the capture'
fi
# All others go before it: it may be long at it, and who runs may not be seen, or not stop in time.
as_idle() { # OPTION...
	chrt -i 0 setpriv --bounding-set -sys_nice --inh-caps -sys_nice "$NSDEBUG" --timeout 60s \
		--host stack "pid://$PID" --host-pid "$PID" "$@" >idle 2>&1
	_st=$?
	cat idle
	[ $_st = 5 ] && grep -q 'not taken: running\|did not stop within' idle || return $_st
}
for how in '' --no-stop; do	# nobody without CAP_SYS_NICE leaves that
	ts "started with SCHED_IDLE $how" 0 '^pid [0-9]+ ' as_idle $how
done
# the signal of the soft limit says why one was ended, that of the hard one does not
time_limits() { sed -n 's/.*RLIMIT_\(CPU\|RTTIME\), {rlim_cur=\([0-9]*\), rlim_max=\([0-9]*\)}.*/\2 \3/p' calls.*; }
time_limits | awk '{ n++; less += $1 < $2 } END { exit !(n && less == n) }' &&
	pass 'who uses up its processor time is ended by SIGXCPU' ||
	fail 'who uses up its processor time is ended by SIGXCPU' "$(time_limits)"
kill -9 "$PID"

# ---- frozen ----

frozen() { # NAME: the threads of $PID
	same "$1: by all means" 5 0 on_host "$PID" -o json
	tj "$1: every thread is taken" '(.items | length) == 5 and .summary.stopped == 0 and
		all(.items[]; .how != "not taken" and .note == null) and
		any(.items[] | select(.comm == "spin"); any(.frames[]; .function == "spin"))' cat out
	same "$1: --no-stop" 5 0 on_host "$PID" --no-stop -o json
	same "$1: by /proc alone" 5 0 on_host_proc "$PID" -o json
	tj "$1: every thread is taken, too" '.summary.taken == 5' cat out
}

start "$O/tests/lib/stacks"
sampled() {
	without -bpf "$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --no-stop -o json 2>/dev/null | grep -q '"how":"sampled"'
}
perf=
if sampled || sampled || sampled; then	# it takes a turn on a processor
	perf=yes
fi
if bpf "$PID"; then
	v1=/sys/fs/cgroup/freezer v2=/sys/fs/cgroup/unified
	[ -f /sys/fs/cgroup/cgroup.procs ] && v2=/sys/fs/cgroup
	[ -e $v2/cgroup.procs ] || v2=
else
	v1='' v2=''
	skip 'frozen' 'this kernel loads no program here'
fi
if [ -d "${v1:-/nothing}" ]; then
	dir=$v1/nsd-test-$$
	mkdir "$dir"
	at_exit "rmdir '$dir' 2>/dev/null || :"
	at_exit "echo THAWED >'$dir/freezer.state' 2>/dev/null; kill -9 $PID; wait_for '! grep -q . $dir/cgroup.procs' 20"
	echo "$PID" >"$dir/cgroup.procs"
	echo FROZEN >"$dir/freezer.state"
	wait_for "grep -qx FROZEN '$dir/freezer.state'" 20
	frozen 'frozen, cgroup v1'
	tj 'nobody is stopped for a register, which could not end' '.summary.stopped == 0 and
		any(.items[] | select(.comm == "frame"); .note | test("^not stopped: .*frozen"))' cat out
	echo THAWED >"$dir/freezer.state"
	wait_for "states $PID | grep -q ' R'" 20 && pass 'it goes on' || fail 'it goes on'
	echo "$PID" >"$v1/cgroup.procs"
elif [ -n "$v1" ]; then
	skip 'frozen, cgroup v1' 'no v1 freezer on this machine'
fi
if [ -n "${v2:-}" ] && mkdir "$v2/nsd-test-$$" 2>/dev/null; then
	dir=$v2/nsd-test-$$
	at_exit "rmdir '$dir' 2>/dev/null || :"
	at_exit "kill -9 $PID; echo 0 >'$dir/cgroup.freeze'; wait_for '! grep -q . $dir/cgroup.procs' 20"
	echo "$PID" >"$dir/cgroup.procs"
	echo 1 >"$dir/cgroup.freeze"
	wait_for "grep -qx 'frozen 1' '$dir/cgroup.events'" 20
	frozen 'frozen, cgroup v2'
	t 'it is frozen still' 'frozen 1\n' grep frozen "$dir/cgroup.events"
	echo 0 >"$dir/cgroup.freeze"
	wait_for "states $PID | grep -q ' R'" 20 && pass 'it goes on' || fail 'it goes on'
	echo "$PID" >"$v2/cgroup.procs"
elif [ -n "$v1" ]; then
	skip 'frozen, cgroup v2' 'no cgroup v2 on this machine'
fi

# ---- traced, and stopped by a signal ----

strace -f -qq -o /dev/null -p "$PID" &
STRACE=$!
at_exit "kill $STRACE 2>/dev/null || :"
traced "$PID" 5
# who runs needs a processor to be seen on it
taken() {
	on_host "$PID" -o json >out 2>err
	jq -e '.summary.taken == 5' out >jq.out
}
if [ -n "$perf" ]; then
	wait_for taken 20
else
	on_host "$PID" -o json >out 2>err
fi
tj 'traced: all that wait are taken, nobody is stopped' '.summary.stopped == 0 and
	all(.items[] | select(.comm != "spin"); .how != "not taken" and .frames != [])' cat out
[ -z "$perf" ] || tj 'traced: who runs is taken, too' '.summary.taken == 5' cat out
tj 'traced: who runs is taken, or who traces it is named' 'any(.items[] | select(.comm == "spin");
	.how != "not taken" or (.note | test("^running, and traced by process [0-9]+$")))' cat out
states "$PID" >out
t 'traced: by whom it was' "5\n" grep -c "traced by $STRACE$" out
kill $STRACE
wait $STRACE 2>/dev/null
wait_for "states $PID | grep -q ' R'" 20

kill -STOP "$PID"
wait_for "[ \"\$(states $PID | grep -c ' T')\" = 5 ]" 20
same 'stopped by SIGSTOP' 5 0 on_host "$PID"
same 'stopped by SIGSTOP: registers by a stop' 5 0 on_host_proc "$PID" -o json
tj 'each is taken to its outermost frame' '.summary.taken == 5 and all(.items[]; .note == null)' cat out
kill -CONT "$PID"
wait_for "states $PID | grep -q ' R'" 20 && pass 'it goes on' || fail 'it goes on'
kill -9 "$PID"

# ---- waiting where no signal ends it ----

start "$O/tests/hostile/spin" vfork
wait_for "states $PID | grep -q ' D'" 20
same 'waiting for its vfork child' 5 0 on_host "$PID" -o json
tj 'is taken, and not stopped' '.summary.taken == 1 and .summary.stopped == 0 and
	(.items[0].frames | .[0].function == "vfork" and any(.function == "main"))' cat out
same 'the same by /proc alone' 5 0 on_host_proc "$PID" -o json
tj 'is not stopped either' '.summary.taken == 1 and .summary.stopped == 0' cat out
child=$(cat "/proc/$PID/task/$PID/children")
kill -9 "$PID"
ended() { [ -n "$child" ] && ! grep -qs "^State:.[^ZX]" "/proc/${child% }/status"; }
t 'its child ends with it' '' wait_for ended 10

if [ -c /dev/fuse ]; then
	mkdir "$TMP/m" "$TMP/m/read"
	# its server never answers a read: the first waits for that, the second one for the first
	unshare -m sh -c '"$0" "$1" read "$0" &&
		{ until [ -s "$1.pid" ]; do sleep 0.02; done; } && kill -USR1 "$(cat "$1.pid")" &&
		{ "$2" touch "$1/file" & "$2" touch "$1/file" & echo $! >touching; wait; }' \
		"$O/tests/hostile/fused" "$TMP/m/read" "$O/tests/hostile/spin" >/dev/null 2>&1 &
	at_exit "kill -9 \$(cat '$TMP/m/read.pid') 2>/dev/null || :"
	wait_for '[ -s touching ]' 10
	# one of them waits for the answer, the other one for a lock, or for the answer, too
	second=$(cat touching)
	waits() {
		for PID in "$second" $((second - 1)); do
			states "$PID" | grep -q ' D' && return
		done
		return 1
	}
	if wait_for waits 10; then
		same 'in an uninterruptible sleep' 5 0 on_host "$PID" -o json
		tj 'is taken' '.summary.taken == 1 and .summary.stopped == 0 and
			([.items[0].frames[].function] | contains(["main"]))' cat out
		same 'the same by /proc alone' 5 0 on_host_proc "$PID" -o json
	else
		fail 'in an uninterruptible sleep' "$(states "$PID")"
	fi
	kill -9 "$(cat "$TMP/m/read.pid")"
else
	skip 'in an uninterruptible sleep' 'this kernel has no FUSE'
fi

# ---- one that does not stop, which is not foreseen ----

start "$O/tests/hostile/spin" deaf
wait_for "[ \"\$(cat /proc/$PID/task/*/comm | sort | xargs)\" = 'deaf spin spin' ]" 20
# it may have stopped between two calls, and others may have had no turn on a processor
deaf() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		on_host_proc "$PID" -o json >out 2>err
		jq -e '[.items[] | select(.how == "not taken") | .comm] == ["deaf"]' out >/dev/null && break
	done
}
deaf
tj 'who does not stop in time is left alone, which is said' 'any(.items[] | select(.comm == "deaf");
	.how == "not taken" and (.note | test("^running, and did not stop within [0-9]+ ms, and is let go when it does$")))' cat out
tj 'and counted, for it will stop' '.summary.stopped > ([.items[] | select(.how == "stopped")] | length)' \
	cat out
tj 'others are stopped nonetheless' '[.items[] | select(.comm == "spin")] | length == 2 and
	all(.[]; .how != "not taken" and .note == null) and any(.[]; .how == "stopped")' cat out
if [ -n "$perf" ]; then	# who has no turn is not seen
	seen() {
		on_host "$PID" --no-stop -o json >out 2>err
		jq -e 'any(.items[]; .comm == "deaf" and .how == "sampled")' out >jq.out
	}
	wait_for seen 20
	tj 'but a sample shows it, in its call' '.summary.stopped == 0 and any(.items[] |
		select(.comm == "deaf"); .frames[0].function == "preadv" and
			.frames[1].function == "be_deaf")' cat out
fi
wait_for "! states $PID | grep -q ' [tT]\|by [1-9]'" 20 && pass 'and it is not held later on' ||
	fail 'and it is not held later on' "$(states "$PID")"
kill -9 "$PID"

# ---- who changes while it is looked at ----

start "$O/tests/lib/churn" 16
: >bad
taken=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	on_host "$PID" -o json >out 2>err
	case $? in
	0 | 5) ;;
	*) cat err >>bad ;;
	esac
	taken=$((taken + $(jq .summary.taken out)))
	# what is whole ends where every thread begins
	jq -r '.items[] | select(.note == null and .how != "not taken") |
		[.frames[].function] | last' out >>ends
done
t 'threads that live for 0.3 ms: each time there is a result' '' cat bad
[ $taken -gt 160 ] && pass "threads were taken" || fail 'threads were taken' $taken
t 'none of their stacks is another one' '?1\n' grep -vx '_*clone3*\|_start' ends
states "$PID" >out
t 'the process runs on' '0\n?1\n' grep -c ' [tT]$\|by [1-9]' out
kill -9 "$PID"

start "$O/tests/lib/execs" "$O/tests/lib/execs2"
: >rows
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	on_host "$PID" -o json 2>/dev/null >out
	on_host_proc "$PID" -o json 2>/dev/null >>out
	jq -r '.items[] | "\(.how); \(.note); \([.frames[].function] | join(" "))"' out >>rows
done
ours='\(one\|two\|three\) ' theirs='\(uno\|due\|tre\) '
t 'a program that becomes another all the time: no frames of both' '?1\n' \
	sh -c 'grep "$1" rows | grep "$2"' - "$ours" "$theirs"
t 'nor stacks that are broken' '?1\n' grep 'broken\|is not code\|in no memory\|null; .*\(three\|tre\)$' rows
[ "$(grep -c "null; .*\(three two one\|tre due uno\) main" rows)" -ge 5 ] && pass 'it is shown' ||
	fail 'it is shown' "$(cat rows)"
[ "$(wc -l <rows)" = 40 ] && pass 'each time there is a row' || fail 'each time there is a row' "$(cat rows)"
kill -9 "$PID"

# ---- system calls that a stop would interrupt ----

mkfifo ask
"$O/tests/lib/eintr" <ask >counts 2>&1 &
PID=$!
at_exit "kill -9 $PID 2>/dev/null || :"
exec 7>ask
wait_for 'grep -q ready counts' 10
interrupted() { # COMMAND...: which calls came back with EINTR
	_n=$(wc -l <counts)
	"$@" >out 2>&1
	echo >&7
	wait_for "[ \"\$(wc -l <counts)\" -gt $_n ]" 10
	tail -n 1 counts
}
t 'fourteen blocking calls: none is interrupted' 'none\n' interrupted on_host "$PID"
ts 'all are shown' 0 '^stopped 0 of 15 threads$' cat out
t 'nor with --no-stop' 'none\n' interrupted on_host "$PID" --no-stop
t 'nor where there is /proc alone' 'none\n' interrupted on_host_proc "$PID" --no-stop
ts 'a stop interrupts some of them: the test would see it' 0 'epoll_wait 1 .*semop 1' \
	interrupted eu-stack -p "$PID"
kill -9 "$PID"
exec 7>&-

# one that waits some thousand times a second is seen running, and waits when its turn has come: which
# comes at once, whoever else wants the processors
nice -n -20 "$O/tests/lib/flap" <ask >counts 2>&1 &
PID=$!
at_exit "kill -9 $PID 2>/dev/null || :"
exec 7>ask
wait_for 'grep -q ready counts' 10
many() { # COMMAND...
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		"$@" "$PID" -o json 2>/dev/null
	done
}
if [ -n "$perf" ]; then
	twice() { many on_host && many on_host; }
	t 'a server that wakes and waits all the time: never interrupted' '0 interrupted\n' \
		interrupted twice
fi
many on_host_proc >out
tj 'where there is /proc alone, it is hardly ever stopped' \
	'(map(.summary.stopped) | add) < 8 and (map(.summary.taken) | add) > 40' jq -s . out
kill -9 "$PID"
exec 7>&-
