#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace tcp: who connects, accepts and closes, what was sent, and why there is no connection.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc nsenter
can_trace

mkdir "$TMP/w"
chmod 777 "$TMP/w"
cat >"$TMP/w/tcp.py" <<-'E'
	import errno, os, resource, select, socket, struct, sys, threading, time
	def wait(name):
	    while not os.path.exists('/w/' + name):
	        time.sleep(0.005)
	def listener(family, host, port, backlog=8):
	    s = socket.socket(family)
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    s.bind((host, port))
	    s.listen(backlog)
	    return s
	def read_all(s):
	    n = 0
	    while True:
	        d = s.recv(65536)
	        if not d:
	            return n
	        n += len(d)
	base = int(sys.argv[1])
	l4, l6 = listener(socket.AF_INET, '127.0.0.1', base), listener(socket.AF_INET6, '::', base + 1)
	old = socket.create_connection(('127.0.0.1', base))
	oldpeer, _ = l4.accept()
	old.sendall(b'before')
	oldpeer.recv(100)
	open('/w/ready', 'w')
	wait('go')
	old.sendall(b'since')
	oldpeer.recv(100)
	old.close()
	read_all(oldpeer)
	oldpeer.close()
	def serve():
	    c, _ = l4.accept()
	    c.recv(65536)
	    c.sendall(b'x' * 200000)
	    c.close()
	t = threading.Thread(target=serve)
	t.start()
	c = socket.create_connection(('127.0.0.1', base))
	c.sendall(b'hello')
	assert read_all(c) == 200000
	c.close()
	t.join()
	# IPv4 to a socket of IPv6; reset by SO_LINGER
	c = socket.create_connection(('127.0.0.1', base + 1))
	a, _ = l6.accept()
	a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
	a.close()
	try:
	    c.recv(1)
	except ConnectionResetError:
	    pass
	c.close()
	c = socket.create_connection(('::1', base + 1))
	a, _ = l6.accept()
	c.close(); a.close()
	# what fails: refused, at once and later; no route; no answer; given up; no descriptor
	def fails(want, host, port, before=lambda s: None, blocking=True):
	    s = socket.socket()
	    before(s)
	    if not blocking:
	        s.setblocking(False)
	        got = s.connect_ex((host, port))
	        select.select([], [s], [])
	        if got == errno.EINPROGRESS:
	            got = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
	    else:
	        got = s.connect_ex((host, port))
	    assert got == want, (host, port, os.strerror(got))
	    s.close()
	fails(errno.ECONNREFUSED, '127.0.0.1', base + 9)
	fails(errno.ECONNREFUSED, '127.0.0.1', base + 8, blocking=False)
	if 'unreachable' in sys.argv:
	    fails(errno.EHOSTUNREACH, '203.0.113.1', 80)
	if 'rejected' in sys.argv:	# by a firewall, and whoever connects has not the patience to be told
	    s = socket.socket()
	    s.settimeout(0.2)
	    try:
	        s.connect(('127.0.0.1', base + 7))
	    except OSError:
	        s.close()
	full = listener(socket.AF_INET, '127.0.0.1', base + 2, 0)
	fill = socket.create_connection(('127.0.0.1', base + 2))
	fails(errno.ETIMEDOUT, '127.0.0.1', base + 2,
	      lambda s: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1))
	s = socket.socket()
	s.setblocking(False)
	s.connect_ex(('127.0.0.1', base + 2))
	s.close()
	full.close()	# never accepted: reset
	fill.close()
	c = socket.create_connection(('127.0.0.1', base))
	fds = []
	try:
	    while True:
	        fds.append(os.open('/', os.O_RDONLY))
	except OSError:
	    pass
	try:
	    l4.accept()
	except OSError as e:
	    assert e.errno == errno.EMFILE
	for fd in fds:
	    os.close(fd)
	a, _ = l4.accept()
	if os.fork() == 0:
	    a.sendall(b'from the child')
	    os._exit(0)
	os.wait()
	a.close()
	assert c.recv(100) == b'from the child'
	c.close()
	open('/w/done', 'w')
	E
quiet='import time; time.sleep(100000)'
box_run python3 --bind "$TMP/w:/w" -- /usr/bin/python3 -c "$quiet"
# a neighbour in the same network namespace, which does the same
NET=/proc/$BOXPID/ns/net
MAIN=$BOX
mkdir "$TMP/n"
chmod 777 "$TMP/n"
cp "$TMP/w/tcp.py" "$TMP/n"
box_run python3 --netns "$NET" --bind "$TMP/n:/w" -- /usr/bin/python3 -c "$quiet"
NEIGHBOUR=$BOX BOX=$MAIN
nsenter --net="$NET" ip route add unreachable 203.0.113.0/24

work() { # CONTAINER DIRECTORY ARGUMENT...
	_in=$1 _dir=$2
	shift 2
	rm -f "$_dir/ready" "$_dir/go" "$_dir/done"
	runc exec "$_in" /usr/bin/python3 /w/tcp.py "$@" </dev/null >"$_dir/out" 2>&1 &
	wait_for "[ -e $_dir/ready ]" 20 || fail "the workload begins" "$(cat "$_dir/out")"
}
goes() { # DIRECTORY
	: >"$1/go"
	wait_for "[ -e $1/done ]" 30 || fail 'the workload ends' "$(cat "$1/out")"
}

rejected=
command -v iptables >iptables.path && nsenter --net="$NET" iptables -A OUTPUT -p tcp --dport 7007 -j REJECT \
	--reject-with icmp-admin-prohibited 2>iptables.said && rejected=rejected
work "$MAIN" "$TMP/w" 7000 unreachable $rejected
work "$NEIGHBOUR" "$TMP/n" 7100 unreachable
trace_start tcp "$MAIN"
goes "$TMP/n"
goes "$TMP/w"
trace_stop
t 'it ends as it is asked to' '130\n' echo "$STATUS"
t 'it has nothing to complain' '' cat said
tr_rows 'nothing of a neighbour in the same network namespace' 'length > 20 and all(
	[.local_port, .remote_port] | all(. < 7100 or . > 7199))'
tr_rows 'each that was opened and accepted is closed too' '. as $rows |
	map(select(.event == "connect" and .error == null and .note == null)) | length == 5 and
	all(. as $o | any($rows[]; .event == "close" and .local == $o.local and .remote == $o.remote))'
ends() { echo "map(select(.event == \"close\" and $1)) | .[0] | $2"; }
tr_rows 'bytes, both ways, how long, who was first' \
	"$(ends '.local_port == 7000 and .received == 5' '.sent == 200000 and .first == "local" and .end == "closed" and
	.lasted_s > 0 and .lasted_s < 20 and .note == null and .comm == "python3" and .pid > 1 and .tid > .pid')"
tr_rows 'the same from the other end' "$(ends '.remote_port == 7000 and .received == 200000' '.sent == 5 and
	.first == "remote" and .end == "closed" and .tid == .pid')"
tr_rows 'a connect: thread, both ends, how long' 'map(select(.event == "connect"))[0] | .remote == "127.0.0.1:7000" and
	.remote_addr == "127.0.0.1" and .local_port > 1024 and .took_s > 0 and .took_s < 5 and .error == null and
	.tid == .pid and .uid == 65532 and .retransmits == 0'
tr_rows 'an accept: the thread that did it' 'map(select(.event == "accept"))[0] | .local == "127.0.0.1:7000" and
	.remote_port > 1024 and .tid > .pid and .took_s >= 0'
tr_rows 'one that is older than the trace, with all its bytes' "$(ends '.note == "older than this trace" and
	.received == 0' '.sent == 11 and .first == "local" and .lasted_s == null and .comm == "python3"')"
tr_rows 'IPv4 in a socket of IPv6 is shown as IPv4' 'any(.event == "accept" and .local == "127.0.0.1:7001" and
	.remote_addr == "127.0.0.1")'
tr_rows 'IPv6' 'any(.event == "connect" and .remote == "[::1]:7001" and .local_addr == "::1")'
tr_rows 'a reset from here' "$(ends '.local == "127.0.0.1:7001"' '.end == "reset" and .first == "local" and
	(.note | test("SO_LINGER"))')"
tr_rows 'a reset by the other end' "$(ends '.remote == "127.0.0.1:7001"' '.end == "reset" and .first == "remote" and
	.error == "ECONNRESET"')"
fails() { echo "map(select(.event == \"connect\" and $1)) | length == 1 and (.[0] | $2)"; }
tr_rows 'refused, told once' "$(fails '.remote_port == 7009' '.error == "ECONNREFUSED" and
	(.note | test("^reset by the other end: nothing listens")) and .local_port > 1024')"
tr_rows 'refused, of one who did not wait' "$(fails '.remote_port == 7008' '.error == "ECONNREFUSED"')"
tr_rows 'no route' "$(fails '.remote_addr == "203.0.113.1"' '.error == "EHOSTUNREACH" and .note == "no route from here"')"
if [ "$rejected" ]; then
	tr_rows 'refused by ICMP, of one who did not wait' "$(fails '.remote_port == 7007' '.error == "EHOSTUNREACH" and
		(.note | test("^given up; ICMP"))')"
else
	skip 'refused by ICMP, of one who did not wait' "no iptables here: $(cat iptables.said)"
fi
tr_rows 'no answer' 'map(select(.error == "ETIMEDOUT")) | length == 1 and (.[0] | .remote_port == 7002 and
	.note == "no answer to \(.retransmits + 1) SYNs" and .retransmits > 0 and .took_s > 1)'
tr_rows 'given up' 'map(select(.event == "connect" and .note == "given up before there was an answer")) |
	length == 1 and .[0].error == null and .[0].remote_port == 7002'
tr_rows 'never accepted' "$(ends '.local_port == 7002' '.note == "never accepted"')"
tr_rows 'no descriptor to accept with' 'map(select(.event == "accept" and .error != null)) | length == 1 and
	(.[0] | .error == "EMFILE" and .local_port == 7000 and (.note | test("RLIMIT_NOFILE")))'
tr_rows 'a child has sent: closed once, by the last who had it' 'map(select(.event == "close" and .sent == 14)) |
	length == 1 and .[0].tid == .[0].pid'

# ---- only failures, stacks, in a container of the host's network, of the next one ----

work "$MAIN" "$TMP/w" 7000 unreachable
trace_start tcp "$MAIN" --failed --stack --timeout 30s
goes "$TMP/w"
trace_stop
tr_rows '--failed' 'length >= 8 and all(.error != null or .end == "reset" or .end == "timeout" or .note != null)'
tr_rows '--stack: where it connected' 'map(select(.error == "ECONNREFUSED" and .remote_port == 7009)) |
	.[0].frames | length > 3 and (.[0].function | test("connect"))'
tr_rows '--stack: also of who had gone on' 'map(select(.error == "ECONNREFUSED" and .remote_port == 7008)) |
	.[0].frames[0].function | test("connect")'
tr_rows '--stack: a reset from elsewhere has none, which is said' 'map(select(.first == "remote" and
	.error == "ECONNRESET")) | length > 0 and all(.frames == [] and (.frames_end | test("kernel did it")))'

box_run python3 --netns host --bind "$TMP/n:/w" -- /usr/bin/python3 -c "$quiet"
port=$((20000 + $$ % 1000 * 10))
work "$BOX" "$TMP/n" $port
trace_start tcp "$BOX" --filter 'event == close'
goes "$TMP/n"
trace_stop
tr_rows "the host's network: only its own, with --filter" "length >= 9 and all(.event == \"close\" and
	([.local_port, .remote_port] | any(. >= $port and . < $port + 10)))"

work "$MAIN" "$TMP/w" 7000 unreachable
# shellcheck disable=SC2016
unshare -m sh -c 'umount -l /sys/fs/cgroup && exec "$@"' - "$NSDEBUG" trace tcp "$MAIN" -o jsonl >rows 2>said &
TRACE=$!
wait_for _sealed 20 || fail 'it is attached' "$(cat said)"
goes "$TMP/w"
trace_stop
tr_rows 'told by the mount namespace' 'any(.event == "connect" and .remote_port == 7000 and .error == null) and
	any(.event == "close" and .received == 200000 and .lasted_s != null) and
	all(.note != "older than this trace")'
ts 'which is said, and what is missing for it' 0 'without a cgroup of its own only those' cat said

cat >"$TMP/w/many.py" <<-'E'
	import os, resource, socket
	resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))
	def some(i, done, go):
	    l = socket.socket()
	    l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    l.bind(('127.0.0.1', 7200 + i))
	    l.listen(8)
	    all = []
	    for k in range(450):
	        all += [socket.create_connection(('127.0.0.1', 7200 + i)), l.accept()]
	    os.write(done, b'x')
	    os.read(go, 1)
	    os._exit(0)
	done, go = os.pipe(), os.pipe()
	for i in range(20):
	    if os.fork() == 0:
	        os.close(go[1])
	        some(i, done[1], go[0])
	os.close(done[1])
	for i in range(20):
	    os.read(done[0], 1)
	os.close(go[1])
	for i in range(20):
	    os.wait()
	E
BOX=$MAIN
trace_start tcp "$MAIN" --filter 'event == close and note != null' --timeout 60s
in_box /usr/bin/python3 /w/many.py
trace_stop
t 'they were many' '' cat exec.out
tr_rows 'of 18000 ends at once each is known' 'length == 0'

ID=nsd-trace-tcp-next-$$
at_exit "'$SRC/tests/fixtures/box' down $ID"
trace_start tcp --next "$ID"
mkdir "$TMP/x"
chmod 777 "$TMP/x"
"$SRC/tests/fixtures/box" run "$ID" python3 --bind "$TMP/x:/w" -- /usr/bin/python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 7000)); s.listen(5)
c = socket.create_connection(("127.0.0.1", 7000)); a, _ = s.accept(); c.close(); a.close()' >/dev/null 2>&1
trace_wait
tr_rows '--next: from its first connection to the end' 'map(.event) == ["connect", "accept", "close", "close"] and
	.[0].pid == 1 and .[2].first == "local"'
"$NSDEBUG" trace tcp "$MAIN" --max-events 1 >rows 2>said &
TRACE=$!
wait_for _sealed 20
BOX=$MAIN in_box /usr/bin/python3 -c 'import socket; socket.socket().connect_ex(("127.0.0.1", 9))'
trace_wait
ts 'a table' 0 '^TIME .* EVENT .* LOCAL .* REMOTE .* ERROR .* NOTE$' cat rows
ts 'its row' 0 ' connect .* python3 .* 127.0.0.1:9 +ECONNREFUSED .* 0 - +reset by' cat rows
ts 'no event is said' 0 'no such event in' "$NSDEBUG" trace tcp "$MAIN" --for 0.1s
ts 'without the right to' 77 'CAP_BPF' without -bpf "$NSDEBUG" trace tcp "$MAIN" --for 1s
