# SPDX-License-Identifier: Apache-2.0
# serial
# shellcheck shell=sh
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
. "$SRC/tests/lib/go.sh"
need eu-stack jq strace setpriv

# Of a process on the host: it needs --host, and the host's processes are not all of interest.
on_host() { # PID OPTION...
	_p=$1
	shift
	"$NSDEBUG" --host stack "pid://$_p" --host-pid "$_p" "$@"
}

# What is done where the kernel loads no program for us: root without the right to it.
on_host_proc() {
	_p=$1
	shift
	# who runs needs a processor to stop: where all are busy, its deadline may pass before
	for _ in 1 2 3 4 5; do
		without -bpf,-perfmon "$NSDEBUG" --host stack "pid://$_p" --host-pid "$_p" "$@" \
			>held 2>held.err
		_s=$?
		grep -q 'did not stop within' held || break
	done
	cat held
	cat held.err >&2
	return $_s
}

state() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status"; }

# ---- a stripped program without frame pointers: what eu-stack says, and nobody stopped ----

box_run base --ready -- /app/threads 8 16
paused "$BOXPID"
ts 'all threads of a container' 0 '^stopped 0 of 9 threads$' "$NSDEBUG" stack "$BOX"
ts 'frames have names' 0 '#0 .* poll\+0x[0-9a-f]+ \(libc\.so\.6\)$' "$NSDEBUG" stack "$BOX"
ts 'exported functions are named in a stripped program' 0 \
	'#[0-9]+ .* descend\+0x[0-9a-f]+ \(threads\)$' "$NSDEBUG" stack "$BOX"
tj 'JSON' '.schema == "nsdebug.stack/1" and (.items | length) == 9 and .errors == [] and
	.summary == {"threads": 9, "taken": 9, "stopped": 0, "longest_s": null, "goroutines": null} and
	all(.items[]; .pid == 1 and (.how | IN("blocked", "iterated")) and .note == null and .state == "S" and
		.frames[0].method == "pc" and all(.frames[1:][]; .method == "cfi")) and
	([.items[].frames[] | select(.function == "descend")] | length) == 128 and
	.truncated == false' "$NSDEBUG" stack -o json "$BOX"
tj 'container and host ids' ".items[0].host_pid == $BOXPID and .items[0].tid == 1" \
	"$NSDEBUG" stack -o json "$BOX"
T0=$("$NSDEBUG" stack -o json "$BOX" | jq '.items[] | select(.comm == "t0").tid')
tj '-p is a pid of the container' '[.items[].pid] | unique == [1]' \
	"$NSDEBUG" stack -o json -p 1 "$BOX"
tj '--host-pid is one of the host' '.items | length == 9' \
	"$NSDEBUG" stack -o json --host-pid "$BOXPID" "$BOX"
tj '--tid' '.items | length == 1 and .[0].tid == 1 and .[0].comm == "threads"' \
	"$NSDEBUG" stack -o json --tid 1 "$BOX"
ts 'a pid that is not there' 1 'no process 4711 in runc://[^ ]* .*ps' "$NSDEBUG" stack -p 4711 "$BOX"
ts 'a pid of the host is not the container'"'"'s' 1 'no process' \
	"$NSDEBUG" stack --host-pid $$ "$BOX"
ts 'a tid that is not there' 1 'no thread 4711' "$NSDEBUG" stack --tid 4711 "$BOX"
ts '-p and --host-pid together' 2 'give one' "$NSDEBUG" stack -p 1 --host-pid 1 "$BOX"
ts 'two threads at once' 2 '^nsdebug: stack: --tid is given twice: ' \
	"$NSDEBUG" stack --tid 1 --tid "$T0" "$BOX"
ts '--max-frames cuts and says so' 5 'descend.* -- 4 frames are shown \(--max-frames\)' \
	"$NSDEBUG" stack --tid "$T0" --max-frames 4 "$BOX"
ts '--stack-bytes cuts and says so' 5 'bytes of the stack were copied \(--stack-bytes\)' \
	"$NSDEBUG" stack --tid "$T0" --stack-bytes 256 "$BOX"
ts 'a function that calls itself is shown once, with how often' 0 \
	'^  #[0-9]+ +0x[0-9a-f]+ descend\+0x[0-9a-f]+ \(threads\) x 1[45]$' \
	"$NSDEBUG" stack --tid "$T0" "$BOX"
t 'with --no-fold each time' '16\n' sh -c '"$@" | grep -c "descend+"' - \
	"$NSDEBUG" stack --tid "$T0" --no-fold "$BOX"
tj 'in JSON too, which is as it was' '(.items[0].frames | length) as $n |
	([.items[0].frames[].n] == [range($n)]) and all(.items[0].frames[]; has("run") | not)' \
	"$NSDEBUG" stack --tid "$T0" -o json "$BOX"
ts 'of a thread that is not shown it is not said' 0 '^stopped 0 of 9 threads$' \
	"$NSDEBUG" stack --max-frames 12 --filter 'comm == "threads"' "$BOX"
ts 'but of one that is' 5 'stacks cut short, see --max-frames and --stack-bytes: 1$' \
	"$NSDEBUG" stack --max-frames 12 --filter 'comm == "t0"' "$BOX"

start "$FX/roots/base/app/threads" 8 16
paused "$PID"
frames "$PID" >ours
eu_frames -p "$PID" >theirs
t 'every frame of every thread is as eu-stack has it' '' diff theirs ours
start "$FX/roots/static/app/threads" 8 16
paused "$PID"
frames "$PID" >ours
eu_frames -p "$PID" >theirs
t 'the same of a static program, which has no search table' '' diff theirs ours
[ "$(wc -w <ours)" -gt 150 ] && pass 'and there are such frames' || fail 'and there are frames'
# What is above such a stack is another one, or a heap: little is copied at first.
far() { # THREADS [shared]: "deep", and where all of them wait
	start "$O/tests/lib/deep" 100 "$@"
	paused "$PID" $(($1 + 1))
}
whole() { # THREADS: so many, with all of their frames, and none of them was stopped
	echo "([.items[] | select(.note == null and (.frames | length > 100))] | length == $1) and
		.summary.stopped == 0"
}
for i in 2 20; do
	far $i
	frames "$PID" >ours
	eu_frames -p "$PID" >theirs
	t "$i deep stacks in one mapping: all of them, as eu-stack has it" '' diff theirs ours
	tj 'and nobody is stopped' "$(whole $i)" on_host "$PID" -o json
	tj 'nor with --no-stop' "$(whole $i)" on_host "$PID" --no-stop -o json
	tj 'nor without BPF' "$(whole $i)" on_host_proc "$PID" -o json
	tj 'nor where more is asked for than BPF copies' "$(whole $i)" \
		on_host "$PID" --stack-bytes 700K -o json
	tj 'nor one of them' "$(whole 1)" on_host "$PID" --tid "$(ls "/proc/$PID/task" | tail -n 1)" \
		-o json
	ts 'they are cut at --stack-bytes' 5 "see --max-frames and --stack-bytes: $i\$" \
		on_host "$PID" --stack-bytes 64K
	ts 'or below what is copied first' 5 "see --max-frames and --stack-bytes: $i\$" \
		on_host "$PID" --stack-bytes 4K
	t 'or at --max-frames, for which nobody is stopped either' "5 0\n" sh -c '
		"$@" -o json >json 2>/dev/null; printf "%s " $?; jq .summary.stopped json' - \
		"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --max-frames 3
done
far 20 shared
tj 'in memory that is shared, too' "$(whole 20)" on_host "$PID" -o json
tj 'and without BPF' "$(whole 20)" on_host_proc "$PID" -o json

# ---- threads that do the same are shown as one ----

named() { # THREADS [NAME]
	start "$O/tests/lib/named" "$@"
	paused "$PID" $(($1 + 1))
}
named 30
ts 'threads of the same state and frames are folded' 0 '^30 x pid [0-9]+: S, ' on_host "$PID"
ts 'and are listed, but not all' 0 \
	'^  tids [0-9]+ \(w0\), ([0-9]+ \(w[1-6]\), ){6}[0-9]+ \(w7\) and 22 more$' on_host "$PID"
t 'their frames are shown once' '2\n' sh -c '"$@" | grep -c "#2 .* exported+"' - \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID"
ts 'another one is shown by itself' 0 '^pid [0-9]+ \(named\): S, ' on_host "$PID"
ts 'the last line counts all' 0 '^stopped 0 of 31 threads$' on_host "$PID"
tj 'JSON has each' '.items | length == 31 and all(.[]; .frames[2].function == "exported")' \
	on_host "$PID" -o json
t '--no-fold shows each' '30\n' sh -c '"$@" | grep -c "^pid [0-9]* tid [0-9]* (w[0-9]*): S"' - \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --no-fold
ts '--filter says which are folded' 0 '^2 x pid [0-9]+: S' \
	on_host "$PID" --filter 'comm == "w3" || comm == "w4"'
t '-o FIELD,... is one line a thread' '31\n' sh -c '"$@" | grep -Ec "^ *[0-9]+ (named|w[0-9]+) +S +[a-z_.]+$"' - \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" -o tid,comm,state,wchan
ts 'so is -o wide' 0 "^ *PID +TID COMM +STATE WCHAN +HOW\$" on_host "$PID" -o wide
t '-o name are their ids' '31\n' sh -c '"$@" | grep -Ec "^[0-9]+$"' - \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" -o name
ts 'what is no field' 2 "'nope' is not a field of stack" on_host "$PID" -o nope
tj '--filter asks for a function of any frame' '.items | length == 31' \
	on_host "$PID" --filter 'frames.function == "exported"' -o json
ts 'or that none is it' 0 '^stopped 0 of 31 threads$' \
	on_host "$PID" --filter 'frames.function == "no such"'
tj 'for a glob, and for where it is' '[.items[].comm] == ["named"]' \
	on_host "$PID" --filter 'frames.function ~ "_star[t]" && frames.n >= 3' -o json
named 2 'w), 1 (init'
ts 'a name in the list does not end itself' 0 \
	'^  tids [0-9]+ \(w\\x29\\x2c 1 \\x28init\), [0-9]+ \(w\\x29\\x2c 1 \\x28init\)$' on_host "$PID"
tj 'and is as it is in JSON' '[.items[] | select(.comm == "w), 1 (init")] | length == 2' \
	on_host "$PID" -o json
named 2
OTHER=$PID
named 2
# beside all else that has no cgroup of its own, which may end meanwhile, or not stop
of_all() { "$NSDEBUG" --host stack "pid://$OTHER" || [ $? = 5 ]; }
ts 'never those of two processes' 0 "^2 x pid $OTHER: S" of_all
ts 'which both are shown' 0 "^2 x pid $PID: S" of_all

# ---- threads that have to be stopped, where /proc is all there is ----

start "$O/tests/lib/stacks"
ts 'a running thread is stopped for its copy' 0 '\(spin\): R; stopped for [0-9]+ us' \
	on_host_proc "$PID"
ts 'and shown down to where it runs' 0 '#[01] .* spin\+0x' on_host_proc "$PID"
ts 'a frame by register is stopped for' 0 '\(frame\): S, .*; stopped for [0-9]+ us' \
	on_host_proc "$PID"
ts 'who else waits is not' 0 '^stopped 2 of 5 threads, longest [0-9]+ us$' on_host_proc "$PID"
ts 'a signal handler, and what it interrupted' 0 'interrupted\+0x|<interrupted by a signal>' \
	on_host_proc "$PID"
ts '--no-stop leaves the running out' 5 '\(spin\): R; not taken: running' \
	on_host_proc "$PID" --no-stop
ts '--no-stop ends where a register is missing' 5 \
	'wait_in_frame.*needs register rbp, which only a stop or BPF shows' \
	on_host_proc "$PID" --no-stop
ts '--no-stop stops nobody' 5 '^stopped 0 of 5 threads; 1 not taken$' on_host_proc "$PID" --no-stop
tj 'JSON of these' '([.items[] | select(.how == "stopped") | .comm] | sort) == ["frame", "spin"]
	and all(.items[] | select(.how == "stopped"); .held_s > 0 and .held_s < 0.05) and
	any(.items[].frames[]; .method == "signal")' on_host_proc "$PID" -o json

# ---- the same threads by BPF ----

# Where the kernel does not load it, all that follows holds but who is stopped.
on_host "$PID" --no-stop -o json >out 2>err.out
if jq -e 'any(.items[]; .how == "iterated")' out >/dev/null; then
	BPF=yes
	tj 'a frame by register needs no stop' '.items[] | select(.comm == "frame") |
		.how == "iterated" and .note == null and .held_s == null and
		any(.frames[]; .function == "wait_in_frame") and
		.frames[-1].function == "clone3"' on_host "$PID" -o json
	tj 'nor with --no-stop, which then ends nowhere' '.summary.stopped == 0 and
		all(.items[] | select(.comm != "spin"); .note == null)' \
		on_host "$PID" --no-stop -o json
	ts 'who waits is copied by /proc still' 0 '"comm":"signal".*"how":"blocked"' \
		on_host "$PID" -o jsonl
else
	BPF=
	skip 'threads by BPF' 'this kernel loads no program here'
fi
tj 'every thread ends at its outermost frame' 'all(.items[]; .note == null)' \
	on_host "$PID" -o json
on_host "$PID" | grep -q "$(printf '\033')" && fail 'a hostile name' || pass 'a hostile name'
ts 'it is escaped' 0 '\\x1b\[2J\\x29 R 1' on_host "$PID"
t 'they are let go' 'S\n' state "$PID"
ZOMBIE=$(awk '{ print $1 }' "/proc/$PID/task/$PID/children")
ts 'a zombie has no stack' 0 'Z; not taken: zombie' \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$ZOMBIE"

strace -f -qq -o /dev/null -p "$PID" &
STRACE=$!
at_exit "kill $STRACE 2>/dev/null || :"
traced "$PID" 5
ts 'a traced process: who waits is shown' 5 '\(signal\): S' on_host_proc "$PID"
ts 'who runs says who traces it' 5 'not taken: running, and traced by process [0-9]+' on_host_proc "$PID"
kill $STRACE
wait $STRACE 2>/dev/null

kill -STOP "$PID"
wait_for "! grep -L '^State:.T' /proc/$PID/task/*/status | grep -q ." 20
ts 'stopped by SIGSTOP' 0 '\(spin\): T' on_host "$PID"
t 'and stays so' 'T\n' state "$PID"
kill -CONT "$PID"
wait_for "[ \"\$(state $PID)\" = S ]" 20 && pass 'and goes on' || fail 'and goes on'

# Whatever becomes of the tool, the target goes on.
i=0
while [ $i -lt 100 ]; do
	on_host "$PID" >/dev/null 2>&1 &
	k=$!
	sleep "0.00$((i % 10))"
	kill -9 $k 2>/dev/null
	wait $k 2>/dev/null
	i=$((i + 1))
done
wait_for "! grep -l '^State:.[Tt]' /proc/$PID/task/*/status >stopped" 20 &&
	pass '100 times killed midway: no thread stays stopped' ||
	fail '100 times killed midway: no thread stays stopped' "$(cat stopped)"
wait_for "! grep -l '^TracerPid:.[1-9]' /proc/$PID/task/*/status >stopped" 20 && pass 'nor traced' ||
	fail 'nor traced' "$(cat stopped)"

# One that runs may be in what nanosleep(3) calls, in the PLT's way to it, or between calls of root.
sleeps='((__pthread_(en|dis)able_asynccancel )?(__)?(clock_)?nanosleep )*'
chain="^((dice |${sleeps}|\\? )rest |(dice )?work |dice )?((left|right) )*(root )?run start_thread clone3\$"
start "$O/tests/lib/storm" 1 20
stepped 120 "$chain" && pass 'at every instruction of a chain of calls' ||
	fail 'at every instruction of a chain of calls' "$SEEN; $(cat steps.err)"
t 'the stack is whole and right' '' cat bad
kill -9 "$PID"
if [ -n "$BPF" ]; then
	start "$O/tests/lib/storm" 24
	storm 20 '.how == "iterated"' "$chain" on_host "$PID" &&
		pass 'threads that run and wait in turn: some are found waiting' ||
		fail 'threads that run and wait in turn: some are found waiting' "$SEEN"
	t 'and each of their stacks is whole and right' '' cat bad
	kill "$PID"
fi
start "$O/tests/lib/stacks"
on_host_sampled() { # a kernel that lends perf events and no BPF
	_p=$1
	shift
	for _ in 1 2 3 4 5; do	# who runs needs a processor to be seen on it
		without -bpf "$NSDEBUG" --host stack "pid://$_p" --host-pid "$_p" "$@" \
			>held 2>held.err
		_s=$?
		grep -q 'not taken: running\|"note":"running"' held || break
	done
	cat held
	cat held.err >&2
	return $_s
}
sampled() { on_host_sampled "$PID" --no-stop -o json 2>/dev/null | grep -q '"how":"sampled"'; }
if sampled || sampled || sampled; then	# it takes a turn on a processor
	# without one it is stopped, as where others want the processors, too
	wait_for 'on_host_sampled "$PID" -o json >seen 2>/dev/null; grep -q "\"how\":\"sampled\"" seen' 30
	tj 'one that runs is copied while it does' '.summary.stopped == 1 and
		(.items[] | select(.comm == "spin") | .how == "sampled" and .note == null and
			.held_s == null and .frames[-1].function == "clone3" and
			([.frames[].function] | contains(["descend", "descend", "run"])))' \
		cat seen
	ts 'with --no-stop, too' 0 '"comm":"spin".*"how":"sampled".*"note":null' \
		on_host_sampled "$PID" --no-stop --filter 'comm == "spin"' -o jsonl
	kill "$PID"
	start "$O/tests/lib/deep" 100
	deep='.items[] | select(.tid != .pid) |'
	tj 'of whom a sample shows too little, a stop shows all' \
		"$deep .how == \"stopped\" and .note == null and (.frames | length) > 100" \
		on_host_sampled "$PID" -o json
	tj 'but not with --no-stop, which is said' "$deep .how == \"sampled\" and
		(.frames | length) > 50 and (.note | test(\"a stop shows more\"))" \
		on_host_sampled "$PID" -o json --no-stop
	ts 'and is in the status' 5 'stacks cut short' on_host_sampled "$PID" --no-stop
	kill "$PID"
	start "$O/tests/lib/storm" 24
	storm 20 '.how == "sampled"' "$chain" on_host_sampled "$PID" &&
		pass 'threads that run and wait in turn: some are sampled' ||
		fail 'threads that run and wait in turn: some are sampled' "$SEEN"
	t 'and each of their stacks is whole and right, too' '' cat bad
	kill "$PID"
else
	skip 'samples of threads that run' 'this kernel makes none here'
	kill "$PID"
fi
if [ -n "$BPF" ]; then
	start "$FX/roots/base/app/threads" 620 12
	paused "$PID"
	frames "$PID" >ours
	eu_frames -p "$PID" >theirs
	t 'many threads: every frame is as eu-stack has it' '' diff theirs ours
	tj 'and all came by BPF' '(.items | length) == 621 and .summary.stopped == 0 and
		all(.items[]; .how == "iterated" and .note == null and .state == "S" and
			.wchan != null and .tid == .host_tid) and
		([.items[].comm] | unique | length) > 600' on_host "$PID" -o json
	on_host "$PID" -o json >by-bpf
	on_host_proc "$PID" -o json >by-proc
	t 'the same as by /proc, but for how it was taken' '' sh -c '
		jq -S "del(.items[].how)" by-bpf >a && jq -S "del(.items[].how)" by-proc | diff a -'
	ts '--stack-bytes cuts here too' 5 'bytes of the stack were copied \(--stack-bytes\)' \
		on_host "$PID" --stack-bytes 256
	tj 'stacks longer than BPF copies are copied by /proc' \
		'all(.items[]; .note == null) and .summary.stopped == 0' \
		on_host "$PID" --stack-bytes 1M -o json
	i=0
	while [ $i -lt 20 ]; do
		on_host "$PID" >/dev/null 2>&1 &
		k=$!
		sleep "0.0$((i % 10))"
		kill -9 $k 2>/dev/null
		wait $k 2>/dev/null
		i=$((i + 1))
	done
	bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
	wait_for '! "$bpftool" prog list | grep -q "name on_task"' 10 &&
		pass '20 times killed midway: no program stays' || fail 'a program stays' \
		"$("$bpftool" prog list)"
	wait_for '! "$bpftool" link list | grep -q "target_name task"' 10 &&
		pass 'and no link' || fail 'and no link' "$("$bpftool" link list)"
	kill "$PID"
	box_up nodejs
	# its helpers may still have something to do
	wait_for '! grep -L "^State:.S" "/proc/$BOXPID/task"/*/status | grep -q .' 60
	ts 'node: nobody is stopped' 0 '^stopped 0 of [0-9]+ threads$' "$NSDEBUG" stack "$BOX"
fi

box_up go-static
wait_for 'resting "$BOXPID"' 20
ts 'Go by its own table' 0 '^  #[0-9]+ +0x[0-9a-f]+ runtime\.mstart\+0x[0-9a-f]+ \(server\)$' \
	"$NSDEBUG" stack "$BOX"

# ---- all threads of a process at once ----

start "$O/tests/lib/stacks"
tj '--consistent: all are stopped, once and together' '.summary.stopped == 5 and
	.summary.taken == 5 and ([.items[].held_s] | unique | length) == 1 and
	all(.items[]; .how == "stopped" and .note == null and .frames != []) and
	(.items[] | select(.comm == "frame") | .state == "S" and .wchan != null)' \
	on_host "$PID" --consistent --max-pause 2s -o json
ts 'the last line says so' 0 \
	'^stopped 5 of 5 threads, those of a process at once, longest [0-9]+ us$' \
	on_host "$PID" --consistent --max-pause 2s
# One microsecond is over before anybody can be held; who sleeps and who runs is taken all the same,
# if that gets a processor.
alone() {
	on_host "$PID" --consistent --max-pause 1us -o json >json.alone 2>err
	[ $? = 5 ] && jq -e '.summary.taken == 5' json.alone >jq.out
}
wait_for alone 20
tj 'in too short a time they are taken alone, and marked' '(.items | length) == 5 and
	all(.items[]; .frames != [] and (.note | test("^not held with the others: .*--max-pause")) and
	(.how | IN("blocked", "sampled"))) and any(.errors[]; .message | test("not of one moment"))' \
	cat json.alone
ts 'and what gives more time is said' 5 'not of one moment \(more time: --max-pause\): 1$' \
	on_host "$PID" --consistent --max-pause 1us
t 'they run on' '0\n?1\n' grep -c '^State:.[tT]' "/proc/$PID/status"
ts '--consistent with --no-stop' 2 'stops all threads' on_host "$PID" --consistent --no-stop
ts '--max-pause is of --consistent' 2 'is of --consistent' on_host "$PID" --max-pause 1ms
kill "$PID"
start "$O/tests/lib/storm" 24
tj 'a storm: each stack is whole' '.summary.taken == 25 and all(.items[]; .note == null and
	(.frames[-1].function | test("clone3|_start")))' on_host "$PID" --consistent --max-pause 2s -o json
kill "$PID"

# ---- what there is no way through ----

start "$O/tests/lib/nocfi"
paused "$PID"
ts 'what has no unwind table ends with a mark' 0 \
	'#0 .* -- no CFI for nocfi\+0x[0-9a-f]+, and its code does not show who called it$' \
	on_host "$PID"
tj 'and the frame that is known' 'all(.items[]; (.frames | length) == 1 and
	(.note | startswith("no CFI for ")))' on_host "$PID" -o json --no-stop
box_up paused
ts 'a paused container' 0 '^stopped 0 of [0-9]+ thread' "$NSDEBUG" stack "$BOX"
box_up userns
ts 'what has no symbol has its build id' 0 \
	'server\+0x[0-9a-f]+ \(build-id [0-9a-f]{16}\)$' "$NSDEBUG" stack "$BOX"
ts 'a user namespace' 0 '_start\+0x|__libc_start_main\+0x' "$NSDEBUG" stack "$BOX"
box_up java
wait_for '"$NSDEBUG" stack "$BOX" | grep -q ObjectMonitor::wait' 20
# a thread that compiles may end meanwhile, which is said
of_java() { "$NSDEBUG" stack "$BOX" || [ $? = 5 ]; }
ts 'Java: libjvm by name, on both sides of what is interpreted' 0 \
	'#[0-9]+ +0x[0-9a-f]+ JavaCalls::call_helper\(' of_java
ts 'C++ names are as they were written' 0 'ObjectMonitor::wait\(long, bool, JavaThread\*\)' of_java

# ---- privileges, and processes that go away ----

start "$FX/roots/base/app/threads" 2 4
paused "$PID"
ts 'without the capability for files: what is missing is named' 77 \
	'CAP_CHECKPOINT_RESTORE' without -checkpoint_restore,-sys_admin \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID"
i=0
while [ $i -lt 20 ]; do
	sleep "0.00$((i % 5))" &
	on_host $! >out 2>&1
	case $? in
	0 | 3 | 5) ;;
	*) break ;;
	esac
	i=$((i + 1))
done
[ $i = 20 ] && pass 'a process that ends midway' || fail 'a process that ends midway' "$(cat out)"
