#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace caps: which capability, in which call, granted or not; what the kernel only asks, and what
# it asks of others, is no need; the lines of a manifest.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

mkdir "$TMP/py"
chmod 755 "$TMP/py"
cat >"$TMP/py/caps.py" <<-'E'
	import ctypes, mmap, os, socket, sys, threading, time
	libc = ctypes.CDLL(None, use_errno=True)
	def attempt(f, *args):
	    try:
	        return f(*args)
	    except OSError:
	        return None
	def memory():
	    for i in range(20):
	        mmap.mmap(-1, 1 << 20).close()
	def work():
	    attempt(socket.socket().bind, ('127.0.0.1', 80))
	    attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
	    attempt(os.chown, '/tmp', 5, 5)
	    t = threading.Thread(target=lambda: attempt(os.mknod, '/tmp/dev', 0o20600, 0x103))
	    t.start()
	    t.join()
	    memory()
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	for part in sys.argv[1:]:
	    exec(part)
	E
start() {	# trace's options -- box_run's -- what is done
	_words=
	while [ "$1" != -- ]; do
		_words="$_words $1"
		shift
	done
	shift
	rm -f py/go
	box_run python3 --bind "$TMP/py:/py:ro" "$@"
	asleep "$BOXPID"
	# shellcheck disable=SC2086	# words
	trace_start caps "$BOX" $_words
	: >py/go
	trace_wait
}
run() { # OPTION... : all of it, with two capabilities
	start "$@" -- --uid 0 --caps net_bind_service,mknod -- /usr/bin/python3 /py/caps.py 'work()'
}
one() { echo "map(select(.capability == \"CAP_$1\")) | length == 1 and (.[0] | $2)"; }

run
t 'it has nothing to complain' 'nsdebug: the target has ended\n' cat said
tr_rows 'one that it has' "$(one NET_BIND_SERVICE '.result == "granted" and .call == "bind" and .number == 49')"
tr_rows 'one that it has not' "$(one NET_RAW '.result == "refused" and .call == "socket"')"
tr_rows 'another' "$(one CHOWN '.result == "refused" and .call == "chown"')"
tr_rows 'in another thread' "$(one MKNOD '.result == "granted" and (.call == "mknod" or .call == "mknodat") and .tid > 1 and .host_tid != .host_pid')"
tr_rows 'what the kernel only asks is not among them' 'length == 4 and all(.asked == 0 and .borrowed == 0 and .note == null)'
tr_rows 'who' 'all(.comm == "python3" and .pid == 1 and .host_pid == '"$BOXPID"' and .uid == 0)'
tr_rows 'in which namespace' 'all(.userns == "host" and .userns_id == '"$(readlink /proc/self/ns/user | tr -dc 0-9)"')'

run --all
tr_rows '--all: what is asked at each mmap' '[.[] | select(.capability == "CAP_SYS_ADMIN" and .call == "mmap" and
	.asked == 1 and .note == "only asked" and .result == "refused")] | length >= 20'
tr_rows 'and what is meant' '[.[] | select(.asked == 0) | .capability] | sort ==
	["CAP_CHOWN", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW"]'
run --failed
tr_rows '--failed' '[.[].capability] | sort == ["CAP_CHOWN", "CAP_NET_RAW"]'
run --filter 'call==bind'
tr_rows '--filter' 'length == 1 and .[0].capability == "CAP_NET_BIND_SERVICE"'
run --max-events 1
tr_rows '--max-events' 'length == 1'
run --stack --filter 'call==bind'
tr_rows '--stack' '.[0].frames[0].function == "bind"'

# ---- -c ----

run -c
tr_rows '-c: granted' "$(one NET_BIND_SERVICE '.used == 1 and .refused == 0 and .used_by == ["bind:1"]')"
tr_rows '-c: refused' "$(one NET_RAW '.used == 0 and .refused == 1 and .refused_by == ["socket:1"]')"
tr_rows '-c: only asked' "$(one SYS_ADMIN '.used == 0 and .refused == 0 and .asked >= 20 and
	(.asked_by | any(test("^mmap:[0-9]+$")))')"
tr_rows '-c: no events' 'all(.time == null and .call == null)'
# its sum, which is of the whole document
sum() { # CAPS ARGV...: counts what is done, into out.json
	rm -f py/go
	box_run python3 --bind "$TMP/py:/py:ro" --uid 0 ${1:+--caps "$1"} -- /usr/bin/python3 /py/caps.py "$2"
	asleep "$BOXPID"
	"$NSDEBUG" trace caps "$BOX" -c -o json >out.json 2>said &
	TRACE=$!
	wait_for _sealed 20 || fail 'it is attached' "$(cat said)"
	: >py/go
	trace_wait
}
sum net_bind_service,mknod 'work()'
tj 'what was used and refused' '.summary.used == ["CAP_NET_BIND_SERVICE", "CAP_MKNOD"] and
	.summary.refused == ["CAP_CHOWN", "CAP_NET_RAW"]' cat out.json
tj 'Kubernetes' '.summary.kubernetes ==
	"capabilities: {drop: [\"ALL\"], add: [\"NET_BIND_SERVICE\", \"MKNOD\"]}"' cat out.json
tj 'docker, podman' '.summary.docker ==
	"--cap-drop all --cap-add NET_BIND_SERVICE --cap-add MKNOD"' cat out.json
# with just these the same is done, and none of them is too many
sum net_bind_service,mknod 'work()'
tj 'what is used is enough' '.summary.used == ["CAP_NET_BIND_SERVICE", "CAP_MKNOD"]' cat out.json
sum '' 'memory()'
tj 'of nothing that was seen nothing is proposed' '.summary.used == [] and
	all(.summary.kubernetes, .summary.docker; test("^# no capability was asked for meanwhile"))' \
	cat out.json

# ---- whose, and where ----

start -- -- /usr/bin/python3 /py/caps.py 'work()'
tr_rows 'nonroot, without any' 'length == 4 and all(.result == "refused" and .uid == 65532)'
start -- --userns 300000 --uid 0 --caps chown,net_raw -- /usr/bin/python3 /py/caps.py 'work()'
tr_rows 'in a user namespace of its own' "$(one NET_RAW '.userns == "own" and .result == "granted" and .uid == 0')"
tr_rows 'what only the host can give' "$(one MKNOD '.userns == "host" and .result == "refused"')"
if [ "$(cat /proc/sys/kernel/unprivileged_userns_clone 2>/dev/null || echo 1)" = 1 ]; then
	start -c -- --no-seccomp -- /usr/bin/python3 /py/caps.py 'libc.unshare(0x50000000)'
	tr_rows 'one that it makes' 'any(.capability == "CAP_SYS_ADMIN" and .userns == "inner" and .used > 0)'
else
	skip 'one that it makes' 'kernel.unprivileged_userns_clone is 0'
fi
start --all -- --overlay --uid 0 -- /usr/bin/python3 /py/caps.py '[[f for f in files] for d, dirs, files in os.walk("/usr")]'
tr_rows 'an overlay is read as who mounted it' 'any(.call != null and .borrowed == 1 and
	.result == "granted" and .note == "other credentials")'
tr_rows 'which is no need' 'all(.borrowed + .asked == 1)'

# ---- what is told of whom, and from when ----

box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
NEIGHBOUR=$BOX
box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
trace_start caps "$BOX" --all
runc exec "$NEIGHBOUR" /busybox/busybox chown 5 /tmp >/dev/null 2>&1
in_box /busybox/busybox chown 6 /tmp
trace_stop
tr_rows 'no neighbour' 'map(select(.comm == "busybox" and .call == "chown")) | length == 1 and
	.[0].capability == "CAP_CHOWN" and .[0].result == "refused"'
tr_rows 'what its runtime does on the way in is no need' 'map(select(.comm != "busybox")) |
	length > 0 and all(.asked + .borrowed + .runtime == 1)'
trace_start caps "$BOX"
in_box /busybox/busybox chown 6 /tmp
trace_stop
tr_rows 'and not shown' 'all(.comm == "busybox") and any(.call == "chown")'
ts 'which is said' 0 '^nsdebug: [0-9]+ checks are not shown, .*: a runtime that enters' cat said
ts 'the table' 0 '^kubernetes +# no capability was asked for meanwhile' \
	sh -c '"$1" trace caps "$2" -c --for 0.1s' - "$NSDEBUG" "$BOX"

ts '-c and --stack' 2 'stacks are not counted' "$NSDEBUG" trace caps -c --stack "$BOX"
ts '-c and --max-events' 2 'only counted is not read' "$NSDEBUG" trace caps -c --max-events 1 "$BOX"
ts '-c and --failed' 2 'refused is counted apart' "$NSDEBUG" trace caps -c --failed "$BOX"
ts 'without the right to' 77 'CAP_PERFMON is missing' without -perfmon "$NSDEBUG" trace caps "$BOX" --for 0.1s
ts 'no addresses of the kernel' 0 'kallsyms tells no addresses' \
	without -syslog "$NSDEBUG" trace caps "$BOX" --for 0.1s
