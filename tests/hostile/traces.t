#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Traces of a container that does not want to be traced, or wants to harm who does: storms, arguments
# that are not there, names, numbers that come again, ends in the middle.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
. "$SRC/tests/lib/trace.sh"
need runc jq
can_trace

H=$O/tests/hostile
v2=$(awk '$(NF - 2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
own_cgroup() { # sets CG, the box's own directory in the v2 hierarchy
	CG=$(sed -n 's/^0::\(.*\)/\1/p' "/proc/$BOXPID/cgroup")
	[ -n "$v2" ] && [ "${CG:-/}" != / ] && CG=$v2$CG
}
lost() { sed -n 's/.*nsdebug:.* \([0-9]*\) events were lost: the ring.*/\1/p' said | grep . || echo 0; }
seen() { grep -c "$1" rows; }

mknod "$TMP/fuse" c 10 229
chmod 666 "$TMP/fuse"
mkdir "$TMP/w"
chmod 777 "$TMP/w"
hostile_box --caps sys_ptrace,sys_admin,setuid --no-seccomp --devices-all --bind "$TMP/w:/w" \
	--bind "$O/tests/lib:/l:ro" --bind "$TMP/fuse:/dev/fuse" -- '
	mkdir -p /m/read
	[ ! -c /dev/fuse ] || fused /m/read read || exit 1'

# ---- 66: as fast as it can; only of out of memory there is no storm ----

peak() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status"; }	# KiB
storm() { # VERB WORD TIMES: all of them are shown, or said to be lost
	trace_start "$1" "$BOX" $4
	in_box /h/tricks storm "$2" "$3" 8
	done=$(cat exec.out)
	tracer=$(peak "$TRACER") front=$(peak $TRACE)
	trace_stop
	shown=$(seen "$5") lost=$(lost)
	if [ "$done" -ge $(($3 - 8)) ] && [ $((shown + lost)) = "$done" ]; then
		pass "66 trace $1: $shown shown, $lost lost, none else of $done"
	else
		fail "66 trace $1: shown, or said to be lost" "$shown + $lost, not $done: $(cat said)"
	fi
	# the ring is 16 MiB, and mapped twice
	if [ "$tracer" -lt 98304 ] && [ "$front" -lt 32768 ]; then
		pass "66 trace $1: $tracer KiB, and $front KiB in front of it"
	else
		fail "66 trace $1: memory" "$tracer KiB, and $front KiB in front of it"
	fi
	rm -f rows
}
storm syscalls calls 1000000 '-e getppid' '"getppid"'
storm open opens 400000 '' '"/nothing"'
storm exec execs 100000 --failed '"/nothing"'
storm signal signals 400000 '--filter signal=="SIGWINCH"' '"SIGWINCH"'
storm exit exits 4000 --filter=ppid '"ended\|"status":0'

# The clock, and the user, are heard in the midst of it.
runc exec "$BOX" /h/tricks storm calls 1000000000 8 >out 2>&1 </dev/null &
wait_for 'pgrep --ns "$BOXPID" --nslist pid -f "^/h/tricks storm calls" >stormy' 10
trace_start syscalls "$BOX" --for 1s --buffer 4K --filter 'name == "never"'
trace_wait
t '66 --for ends it in the midst of a storm' '5\n' echo "$STATUS"
ts '66 what was lost is said' 0 'events were lost' cat said
trace_start syscalls "$BOX" -T --filter 'name == "never"'
trace_stop
ts '66 so does SIGINT' 0 '^(5|130)$' echo "$STATUS"
xargs kill -KILL <stormy

# ---- 66, identity: who is who, however many there are ----

named() { # all rows of close(1000000 + n) are of "t<n>"
	jq -r 'select(.name == "close") | "\(.args[0]) \(.comm) \(.tid)"' rows |
		awk '$1 < 1000000 { next }
		{ n++ }
		$2 != "t" $1 - 1000000 || !$3 { bad++; if (bad < 9) print }
		END { print n + 0, bad + 0 }'
}
many_named() { # NAME TIMES: what is shown is right, and what is not is said
	named >named
	n=$(tail -n 1 named)
	if [ "${n#* }" = 0 ] && [ $((${n% *} + $(lost))) -ge "$2" ] && [ "${n% *}" -gt $(($2 / 2)) ]; then
		pass "$1: ${n% *} shown"
	else
		fail "$1" "$(cat named said)"
	fi
	rm -f rows
}
trace_start syscalls "$BOX" -e close --buffer 64M
in_box /h/tricks threads 100000
tracer=$(peak "$TRACER")
trace_stop
many_named '100,000 threads: each is who it is' 100000
[ "$tracer" -lt 196608 ] && pass "100,000 threads: $tracer KiB" ||
	fail '100,000 threads: memory' "$tracer KiB"
if own_cgroup; then
	mkdir "$CG/twins" && at_exit "rmdir $CG/twins"
	trace_start syscalls "$BOX" -e close
	sh -c 'echo $$ >"$1/cgroup.procs"; exec "$2" twins 2000' - "$CG/twins" "$H/tricks" >out 2>&1
	twins=$?
	trace_stop
	if [ $twins = 77 ]; then
		skip 'a number that comes again' "$(cat out)"
	else
		jq -r 'select(.name == "close") | "\(.args[0]) \(.comm) \(.host_tid)"' rows >rows.twins
		mv rows.twins rows.seen
		t 'a number that comes again is another each time' '2000 0 1\n' awk '
			$1 < 1000000 { next }
			{ n++; tids[$3] }
			$2 != "t" $1 - 1000000 { bad++ }
			END { for (t in tids) c++; print n, bad + 0, c }' rows.seen
	fi
	trace_start syscalls "$BOX" -e close
	sh -c 'echo $$ >"$1/cgroup.procs"; exec "$2" heir' - "$CG/twins" "$H/tricks" >out 2>&1
	heir=$?
	trace_stop
	if [ $heir = 77 ]; then
		skip 'a number that a thread leaves as it runs another program' "$(cat out)"
	else
		tr_rows 'a number that a thread leaves as it runs another program is its next owner' '
			map(select(.args[0] == "1000001" or .args[0] == "1000002")) |
			map(.comm) == ["t1", "t2"] and .[0].host_tid == .[1].host_tid and
			.[0].host_pid != .[0].host_tid and .[1].host_pid == .[1].host_tid'
	fi
else
	skip 'a number that comes again' 'no cgroup of its own in the v2 hierarchy'
fi
trace_start exec "$BOX" --filter 'file == "/h/tricks" && args == "none"'
in_box /h/tricks spawns 2000
trace_stop
t 'vfork and exec, over and over: each is told' '2000\n' echo $(($(seen none) + $(lost)))

trace_start syscalls "$BOX" -e execveat
in_box /h/tricks at
trace_stop
tr_rows 'an execveat that succeeds is not missed: its program is shown, as of an execve' \
	'any(.args == ["\"/h/tricks\"", "[\"tricks\", \"none\"]"])'

# ---- arguments ----

trace_start exec "$BOX" --failed
in_box /h/tricks args /m
trace_stop
of() { printf '[.[] | select(.file == "%s")] | length == 1 and (.[0] | %s)' "$1" "$2"; }
tr_rows 'argv of NULL' "$(of /nothing/null '.args == [] and .error == "ENOENT"')"
tr_rows 'argv that is nowhere' "$(of /nothing/nowhere '.args == []')"
tr_rows 'a word that is nowhere: those before it are there' "$(of /nothing/edge '.args == ["first"]')"
tr_rows 'a word that runs into what is not there' "$(of /nothing/word '.args == ["first"]')"
tr_rows '10,000 words: the first of them' "$(of /nothing/many '(.args | length) >= 64 and all(.args[]; . == "word")')"
tr_rows 'a file that is nowhere, or runs there' 'map(select(.error == "EFAULT" and .file == "")) | length >= 2'
trace_start syscalls "$BOX" -e write,openat,openat2,execve -s 256
in_box /h/tricks args /m
trace_stop
cp exec.out memory
tr_rows 'what is not there is shown as its address' \
	'any(.name == "openat" and (.args[1] | test("^0x")) and .error == "EFAULT")'
there() { grep -qx "$1" memory; }
if there userfaultfd; then
	tr_rows 'memory whose owner does not give it: its address, and no waiting' \
		'any(.name == "write" and .args[0] == "1000000" and (.args[1] | test("^0x")) and .error == "EBADF")'
else
	skip 'memory whose owner does not give it' 'userfaultfd(2) is refused'
fi
if there fuse; then
	tr_rows 'memory of a file whose server does not answer' \
		'any(.name == "write" and .args[0] == "1000001" and (.args[1] | test("^0x")) and .error == "EBADF")'
else
	skip 'memory of a file whose server does not answer' 'no FUSE here'
fi
tr_rows 'a path of 4 KiB is cut, and marked' 'any(.error == "ENAMETOOLONG" and
	(.args[1] | test("^\"l{1000,1100}\"\\.\\.\\.$")))'
safe() { "$H/pty" check cat "$1" >out 2>&1; }
for verb in syscalls open exec; do
	"$NSDEBUG" trace $verb "$BOX" >table 2>said &
	TRACE=$!
	wait_for _sealed 20
	in_box /h/tricks args /m
	trace_stop
	ts "$verb: what would hurt a terminal" 0 nothing cat table
	ts "$verb: is escaped" 0 '' safe table
done
trace_start open "$BOX"
in_box /h/tricks args /m
trace_stop
tr_rows 'bytes that are no text: as they were' 'any(.path_b64 != null and
	(.path_b64 | @base64d | startswith("/nothing/\u001b[2J")))'

# ---- 75: what is changed meanwhile ----

rm -f w/fifo
trace_start open "$BOX" --filter 'path ~ "/never/*" || path ~ "/w/fifo"'
in_box /h/tricks swap /w
trace_stop
tr_rows '75 a path that is changed while the call sleeps is shown as it is then' \
	'any(.path == "/never/opened" and .error == null)'
for c in open:path syscalls:args exec:args signal:from exit:comm oom:comm; do
	tj "75 trace ${c%:*}: what the target says is marked as claimed" \
		".columns[] | select(.name == \"${c#*:}\") | .claimed" "$NSDEBUG" help --json "trace-${c%:*}"
done
trace_start open "$BOX" --filter 'path ~ "/nothing/*"'
in_box /h/tricks change
trace_stop
tr_rows 'another name, another user: of each call those that it had' 'map([.path, .comm, .uid]) ==
	[["/nothing/first", "tricks", 0], ["/nothing/second", "second\u001b[m", 0],
	 ["/nothing/third", "second\u001b[m", 4242]]'
if runc exec "$BOX" /l/many int80 1 >out 2>&1; then
	trace_start open "$BOX"
	in_box /l/many int80 9
	trace_stop
	ts '32-bit calls are said by a trace that asks for no such number' 0 '9 32-bit system calls' cat said
fi

# ---- cgroups: deeper ones count, and others do not ----

if own_cgroup; then
	deep=$CG
	for _ in $(seq 40); do
		deep=$deep/d
		mkdir "$deep" && at_exit "rmdir $deep"
	done
	trace_start signal "$BOX" --filter 'signal == "SIGURG"'
	sh -c 'echo $$ >"$1/cgroup.procs"; kill -URG $$; echo $$ >"$2/cgroup.procs"; kill -URG $$' \
		- "$deep" "$v2"
	trace_stop
	tr_rows 'a cgroup 40 deep counts for who is sent a signal; not who has left' 'length == 1'
	trace_start open "$BOX" --filter 'path ~ "/nothing/*"'
	sh -c 'echo $$ >"$1/cgroup.procs"; : </nothing/in; echo $$ >"$2/cgroup.procs"; : </nothing/out' \
		- "$deep" "$v2" 2>out
	trace_stop
	tr_rows 'and for who opens' 'map(.path) == ["/nothing/in"]'
else
	skip 'a cgroup 40 deep counts' 'no cgroup of its own in the v2 hierarchy'
fi

# ---- 73: a neighbour of the same image ----

ONE=$BOX
box_run debug --uid 0 --rw --bind "$H:/h:ro" --ready -- /busybox/busybox sh -c 'echo ready
	while :; do /h/tricks storm opens 1000 1; /h/tricks spawns 10; done >/dev/null'
NEIGHBOUR=$BOX
BOX=$ONE
for verb in syscalls open exec exit signal; do
	trace_start $verb "$BOX" --for 500ms
	trace_wait
	tr_rows "73 trace $verb: nothing of a neighbour" 'length == 0'
done

# ---- 71, 72 are of uprobes, of which nsdebug has none: no option takes an address or a symbol ----

for verb in $("$NSDEBUG" help --verbs | grep ^trace); do
	tj "71 $verb takes no address and no symbol" \
		'[.options[].long | select(test("addr|symbol|probe|func"))] == []' "$NSDEBUG" help --json "$verb"
done

# ---- 74: the program, and the container, go meanwhile ----

cp "$H/tricks" w/replaced
chmod 755 w/replaced
trace_start syscalls "$BOX" -e openat
runc exec "$BOX" /w/replaced storm opens 3000000 1 >out 2>&1 </dev/null &
RUN=$!
wait_for 'grep -q "\"comm\":\"replaced\"" rows' 10	# its runtime opens files before it is that
cp "$H/odd" w/new
mv w/new w/replaced
rm w/replaced
trace_stop
ts '74 a program that is replaced and unlinked: a clean end' 0 '^(130|5)$' echo "$STATUS"
tr_rows '74 and its calls' 'any(.comm == "replaced")'
kill $RUN 2>/dev/null
for verb in syscalls exec; do
	BOX=$NEIGHBOUR
	trace_start $verb "$BOX"
	wait_for '[ -s rows ]' 10
	[ $verb = exec ] && runc delete -f "$BOX" || kill -KILL "$(runc state "$BOX" | jq .pid)"
	trace_wait
	ts "74 $verb: the container is removed meanwhile: a clean end" 0 '^(0|5)$' echo "$STATUS"
	ts '74 which is said' 0 'the target has ended' cat said
	[ $verb = exec ] || box_run debug --uid 0 --rw --bind "$H:/h:ro" --ready -- /busybox/busybox sh -c \
		'echo ready; while :; do /busybox/busybox true; done'
	NEIGHBOUR=$BOX
done
