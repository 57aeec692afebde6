#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace oom: the victim, what it had, the limit, who asked for memory.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

mkdir "$TMP/py"
chmod 755 "$TMP/py"
cat >"$TMP/py/eat.py" <<-'E'
	import os, time
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	open('/proc/self/oom_score_adj', 'w').write('321')
	kept = []
	while True:
	    kept.append(bytearray(b'x' * (1 << 20)))
	E
eater() { box_run python3 --memory 50331648 --bind "$TMP/py:/py:ro" -- /usr/bin/python3 -c '
import os, signal
while True:
    if os.fork() == 0: os.execv("/usr/bin/python3", ["python3", "/py/eat.py"])
    os.wait()
    signal.pause()'; }
eater
NEIGHBOUR=$BOX
eater
limit=$(cat "/sys/fs/cgroup/memory$(sed -n "s/^[0-9]*:memory://p" "/proc/$BOXPID/cgroup")/memory.limit_in_bytes" \
	"/sys/fs/cgroup$(sed -n "s/^0:://p" "/proc/$BOXPID/cgroup")/memory.max" 2>/dev/null)
[ "$limit" = 50331648 ] || skip_all 'no memory limit can be set here'

trace_start oom "$BOX" --max-events 1
: >"$TMP/py/go"
trace_wait
tr_rows 'the victim' '.[0] | .pid > 1 and .comm == "python3" and .uid == 65532 and .score_adj == 321'
tr_rows 'its limit, and what was used' '.[0] | .limit == 50331648 and .usage > 45000000 and .usage <= .limit'
tr_rows 'what it had' '.[0] | .anon > 25000000 and .anon <= 50331648 and .rss == .anon + .file + .shmem'
tr_rows 'who asked' '.[0] | .trigger_pid >= 1 and .trigger_host_pid > 0 and (.trigger | length > 0) and .note == null'
t 'it ends' '0\n' echo "$STATUS"
t 'and has nothing to complain' '' cat said
rm "$TMP/py/go"
eater
trace_start oom "$BOX" --stack --max-events 1
: >"$TMP/py/go"
trace_wait
tr_rows '--stack: from where it asked' '.[0] | .frames_end == null and (.frames | length) > 3 and
	any(.frames[]; .function == "main" or .function == "_start" or .function == "Py_RunMain" or .function == "Py_BytesMain")'
trace_start oom "$BOX" --for 500ms
trace_wait
tr_rows 'nothing more' 'length == 0'
ts 'which is said' 0 'no such event in (0\.[5-9]|[1-9])' cat said

# ---- a cgroup so deep that its limit is not found: which is not to say that there is none ----

memory=/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' "/proc/$BOXPID/cgroup")
v2=$(awk '$(NF - 2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
cgroup=$v2$(sed -n 's/^0:://p' "/proc/$BOXPID/cgroup")
if [ -e "$memory/memory.limit_in_bytes" ] && [ -n "$v2" ] && [ "$cgroup" != "$v2/" ]; then
	deep=$memory
	for _ in $(seq 40); do
		deep=$deep/d
		mkdir "$deep" && at_exit "rmdir $deep"
	done
	trace_start oom "$BOX" --max-events 1
	sh -c 'echo $$ >"$1/cgroup.procs"; echo $$ >"$2/cgroup.procs"
		exec dd if=/dev/zero of=/dev/null bs=256M count=1' - "$cgroup" "$deep" >out 2>&1
	trace_wait
	tr_rows 'a limit 40 cgroups above: it may be missing, which is said' \
		'.[0] | .comm == "dd" and .limit == null and (.note | test("so deep"))'
else
	skip 'a limit 40 cgroups above' 'memory is no hierarchy of its own'
fi
