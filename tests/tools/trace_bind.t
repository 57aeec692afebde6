#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace bind: what is bound and listened on, as it then is, and what is refused.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc nsenter
can_trace

cat >"$TMP/bind.py" <<-'E'
	import os, signal, socket, sys
	def bind(family, kind, host, port, *options):
	    s = socket.socket(family, kind)
	    for level, name in options:
	        s.setsockopt(level, name, 1)
	    try:
	        s.bind((host, port))
	    except OSError as e:
	        print(e)
	    return s
	V4, V6, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
	REUSE, PORT = (socket.SOL_SOCKET, socket.SO_REUSEADDR), (socket.SOL_SOCKET, socket.SO_REUSEPORT)
	base = int(sys.argv[1])
	a = bind(V4, TCP, '127.0.0.1', base, REUSE)
	a.listen(7)
	b = bind(V4, TCP, '127.0.0.1', base)
	c = bind(V4, UDP, '0.0.0.0', base + 1, PORT)
	d = bind(V6, TCP, '::', base + 2, (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
	d.listen(1000000)
	e = bind(V4, TCP, '0.0.0.0', 80)
	f = bind(V4, TCP, '192.0.2.77', base + 3)
	g = bind(V4, TCP, '127.0.0.1', 0)
	print('port', g.getsockname()[1])
	h = socket.socket()
	h.listen()	# without bind(2)
	i = socket.socket(socket.AF_UNIX)
	i.bind('\0nothing of IP')
	if 'stay' in sys.argv:
	    signal.pause()
	E
quiet='import time; time.sleep(100000)'
chmod 644 "$TMP/bind.py"
box_run python3 --bind "$TMP/bind.py:/bind.py:ro" -- /usr/bin/python3 -c "$quiet"
MAIN=$BOX NET=/proc/$BOXPID/ns/net
box_run python3 --netns "$NET" --bind "$TMP/bind.py:/bind.py:ro" -- /usr/bin/python3 -c "$quiet"
NEIGHBOUR=$BOX BOX=$MAIN

trace_start bind "$MAIN"
BOX=$NEIGHBOUR in_box /usr/bin/python3 /bind.py 7100
in_box /usr/bin/python3 /bind.py 7000
cp exec.out main.out
trace_stop
t 'it ends as it is asked to' '130\n' echo "$STATUS"
t 'it has nothing to complain' '' cat said
tr_rows 'all of it, and nothing of a neighbour in the same network namespace' 'map(.event) | length == 10 and
	map(select(. == "listen")) == ["listen", "listen", "listen"]'
tr_rows 'an address, who, and the flags' '.[0] | .event == "bind" and .protocol == "tcp" and .local == "127.0.0.1:7000" and
	.local_addr == "127.0.0.1" and .local_port == 7000 and .error == null and .flags == "reuseaddr" and
	.reuseaddr == true and .reuseport == false and .comm == "python3" and .pid > 1 and .tid == .pid and
	.uid == 65532 and .fd > 2 and .privileged == false and .backlog == null'
tr_rows 'its listen' '.[1] | .event == "listen" and .local == "127.0.0.1:7000" and .backlog == 7 and
	.backlog_limit == 7 and .note == null'
tr_rows 'an address that is taken' '.[2] | .error == "EADDRINUSE" and .local == "127.0.0.1:7000" and
	.note == "another socket has it" and .flags == null'
tr_rows 'UDP' '.[3] | .protocol == "udp" and .local == "*:7001" and .flags == "reuseport" and .error == null'
tr_rows 'IPv6' '.[4] | .protocol == "tcp6" and .local == "*:7002" and .local_addr == "::" and .flags == "v6only"'
tr_rows 'a backlog that is too long' ".[5] | .backlog == 1000000 and .backlog_limit == $(nsenter --net="$NET" \
	cat /proc/sys/net/core/somaxconn) and (.note | test(\"net.core.somaxconn\"))"
tr_rows 'a privileged port' '.[6] | .error == "EACCES" and .local == "*:80" and .privileged == true and
	(.note | test("CAP_NET_BIND_SERVICE"))'
tr_rows 'an address that is not there' '.[7] | .error == "EADDRNOTAVAIL" and .local == "192.0.2.77:7003" and
	(.note | test("network namespace"))'
tr_rows 'a port that the kernel chose' ".[8] | .error == null and .local_port == $(sed -n 's/^port //p' main.out) and
	.note == \"port 0: the kernel chose\""
tr_rows 'without bind(2), too' '.[9] | .event == "listen" and .local_port > 1024 and .error == null'

nsenter --net="$NET" sh -c 'echo 79 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
trace_start bind "$MAIN" --filter 'local_port == 80'
in_box /usr/bin/python3 /bind.py 7000
trace_stop
tr_rows 'the same port, where it is not privileged' 'length == 1 and (.[0] | .error == null and .privileged == false)'
trace_start bind "$MAIN" --failed --stack --timeout 30s
# it is there until its code has been looked at
runc exec --pid-file "$TMP/pid" "$MAIN" /usr/bin/python3 /bind.py 7000 stay </dev/null >/dev/null 2>&1 &
wait_for '[ "$(wc -l <rows)" = 2 ]' 30
kill -KILL "$(cat "$TMP/pid")"
trace_stop
tr_rows '--failed, with stacks' 'length == 2 and all(.error != null and (.frames | length > 3) and
	(.frames[0].function | test("bind")))'
box_run python3 --netns host --caps NET_BIND_SERVICE --bind "$TMP/bind.py:/bind.py:ro" -- /usr/bin/python3 -c "$quiet"
port=$((20000 + $$ % 1000 * 10))
trace_start bind "$BOX"
in_box /usr/bin/python3 /bind.py $port
trace_stop
tr_rows "the host's network: its own" "length >= 9 and .[0].local_port == $port and
	any(.local_port == 80 and .privileged == true)"
ts 'no event is said' 0 'no such event in' "$NSDEBUG" trace bind "$MAIN" --for 0.1s
ts 'without the right to' 77 'CAP_BPF' without -bpf "$NSDEBUG" trace bind "$MAIN" --for 1s
