#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace exit: status, signal, core, how long it lived; threads; the container's own end.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do /busybox/busybox true; done'
box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
bb() { in_box /busybox/busybox "$@"; }

trace_start exit "$BOX"
bb sh -c 'exit 7'
bb true
bb sh -c 'kill -TERM $$'
bb sh -c 'ulimit -c unlimited; cd /tmp; kill -SEGV $$'
bb sh -c '/busybox/busybox usleep 300000; exit 3'
trace_stop
t 'it has nothing to complain' '' cat said
tr_rows 'statuses' '[.[] | select(.comm != "busybox" or .status != 0) | .status] | contains([7, null, 3])'
tr_rows 'a status of 0' 'any(.comm == "busybox" and .status == 0 and .signal == null and .core == false)'
tr_rows 'a signal' 'any(.signal == "SIGTERM" and .status == null and .core == false)'
case $(cat /proc/sys/kernel/core_pattern) in
'' | '|'*) skip 'a dumped core' 'core_pattern takes none here' ;;
*) tr_rows 'a dumped core' 'any(.signal == "SIGSEGV" and .core)' ;;
esac
tr_rows 'how long it lived' 'map(select(.status == 3))[0].lifetime_s | . >= 0.3 and . < 60'
tr_rows 'one row a process' '[.[].host_pid] | length == (unique | length)'
tr_rows 'pids, parents, users' \
	'all(.pid > 1 and .uid == 65532 and .host_uid == 65532) and any(.status == 0 and .ppid > 1)'
tr_rows 'no neighbour' 'length < 20'

trace_start exit "$BOX" --failed --max-events 1
bb true
bb sh -c 'exit 9'
trace_wait
tr_rows '--failed' 'length == 1 and .[0].status == 9'
ts 'the table' 0 ' 65532 .* SIGKILL +busybox' sh -c '"$1" trace exit "$2" --filter signal --max-events 1 & t=$!
	c=; until c=$(cat /proc/$t/task/$t/children) && [ "$c" ] &&
		grep -q "^Seccomp_filters:.[2-9]" "/proc/${c% }/status"; do :; done 2>/dev/null
	runc exec "$2" /busybox/busybox timeout -s KILL 0.1 /busybox/busybox sleep 9 >/dev/null 2>&1
	wait $t' - "$NSDEBUG" "$BOX"

# ---- threads: one end, however many threads there were ----

mkdir "$TMP/py"
chmod 755 "$TMP/py"
cat >"$TMP/py/threads.py" <<-'E'
	import os, sys, threading, time
	print('ready', flush=True)
	def work():
	    gate.wait()
	for n in range(8):
	    pid = os.fork()
	    if pid == 0:
	        gate = threading.Barrier(8)
	        for i in range(8):
	            threading.Thread(target=work).start()
	        for t in threading.enumerate():
	            if t is not threading.current_thread():
	                t.join()
	        os._exit(40 + n)
	    os.waitpid(pid, 0)
	sys.exit(5)
	E
box_run python3 --bind "$TMP/py:/py:ro" -- /usr/bin/python3 -c '
import os, time
while not os.path.exists("/py/go"): time.sleep(0.01)
os.execv("/usr/bin/python3", ["python3", "/py/threads.py"])'
trace_start exit "$BOX"
: >"$TMP/py/go"
trace_wait
tr_rows 'processes of many threads: one row each' '[.[].status] == [40, 41, 42, 43, 44, 45, 46, 47, 5]'
tr_rows "the container's own end is the last" '.[-1] | .pid == 1 and .ppid == 0'
t 'with which it ends' '0\n' echo "$STATUS"
