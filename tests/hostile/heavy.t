#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files that are small on disk and much work to go through: every thread has its row nonetheless,
# and what is missing is said to be.
. tests/lib.sh
need jq

sleepers() { cat "/proc/$PID"/task/*/syscall 2>/dev/null | grep -c '^35 '; }
heavy() { # KIND COUNT
	mkdir "$TMP/$1"
	"$O/tests/hostile/heavy" "$1" "$TMP/$1" "$2" 100000 &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for "[ \"\$(sleepers)\" = $2 ]" 20 || fail "$1: all threads sleep"
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --no-stop -o json >json 2>err
	echo $? >status
	tj "$1: a row of each thread" "(.items | length) == $(($2 + 1))" cat json
	tj "$1: names of other files are there" 'any(.items[].frames[]; .function == "pause")' \
		cat json
}
cut='too much work to go through: names and frames are missing'
heavy symtab 40
TABLES=$PID
t 'symtab: output is incomplete' '5\n' cat status
ts 'symtab: which is said' 0 "$cut" cat err
tj 'symtab: in JSON too' '.truncated' cat json
heavy sparse 4
t 'sparse: output is incomplete' '5\n' cat status
ts 'sparse: which is said' 0 "$cut" cat err
tj 'sparse: what was not looked for is not said to be none' '
	(.items | length) == 5 and all(.items[]; .note // "" | test("no CFI") | not)' cat json
tj 'sparse: the code shows callers nonetheless' 'all(.items[];
	.frames[-1].function | IN("clone3", "_start"))' cat json
heavy entry 2
t 'entry: is looked through to its end' '0\n' cat status
t 'entry: nothing to say' '' cat err

# It says that it is alive every 50 ms. Before that a deadline tells work from waiting.
ts 'a deadline that is too early says of whom' 124 'it is at work still: much to go through' \
	"$NSDEBUG" --timeout 30ms --host stack "pid://$TABLES" --host-pid "$TABLES" --no-stop

# In a trace it is the same.
if [ -e /sys/kernel/btf/vmlinux ]; then
	rm -r "$TMP/sparse"
	mkdir -m 777 "$TMP/sparse"
	box_run base --bind "$O/tests/hostile:/h:ro" --bind "$TMP/sparse:/w" -- /h/heavy sparse /w 4 1
	PID=$BOXPID
	wait_for '[ "$(sleepers)" = 4 ]' 20 || fail 'trace: all threads sleep'
	"$NSDEBUG" trace syscalls "$BOX" --stack -e nanosleep --max-events 8 -o json >json 2>err
	t 'trace: output is incomplete' '5\n' echo $?
	ts 'trace: which is said' 0 "$cut" cat err
	tj 'trace: and each event is there' '(.items | length) == 8 and all(.items[];
		.frames_end // "" | test("no CFI") | not)' cat json
fi

# A node with next to no processor time left: the kernel checks the programs for longer than the
# deadline, which is waited for as long as it gets on.
slow=$(awk '{ for (i = 7; $i != "-"; i++) }
	$(i + 1) == "cgroup" && "," $(i + 3) "," ~ /,cpu,/ { print $5; exit }' /proc/self/mountinfo)
slow=${slow:-/sys/fs/cgroup}/nsd-slow-$$
slow_down() { # a fiftieth of a processor
	at_exit "rmdir $slow"
	mkdir "$slow" && { [ ! -e "$slow/cpu.max" ] || echo 1000 50000 >"$slow/cpu.max"; } &&
		{ [ ! -e "$slow/cpu.cfs_quota_us" ] || { echo 50000 >"$slow/cpu.cfs_period_us" &&
			echo 1000 >"$slow/cpu.cfs_quota_us"; }; }
}
if [ -e /sys/kernel/btf/vmlinux ]; then
	box_run static
	slow_down || fail 'a cgroup with little processor time'
	ts 'loading on a busy node is waited for' 0 'no such event' sh -c \
		'echo $$ >"$0/cgroup.procs" && exec "$@"' "$slow" "$NSDEBUG" --timeout 1 \
		--max-time 60 trace denied "$BOX" --for 100ms
fi
