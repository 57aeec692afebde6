#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace udp: flows, their sums, what fails and what is dropped.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc nsenter
can_trace

mkdir "$TMP/w"
chmod 777 "$TMP/w"
cat >"$TMP/w/udp.py" <<-'E'
	import ctypes, os, select, socket, sys
	base = int(sys.argv[1])
	def sock(family=socket.AF_INET, at=None):
	    s = socket.socket(family, socket.SOCK_DGRAM)
	    if at:
	        s.bind(at)
	    return s
	server = sock(at=('127.0.0.1', base))
	server6 = sock(socket.AF_INET6, ('::', base + 1))
	# connected: 3 there, 2 back, by write(2) and read(2) too
	c = sock(at=('127.0.0.1', base + 10))
	c.connect(('127.0.0.1', base))
	c.send(b'x' * 100)
	os.write(c.fileno(), b'x' * 20)
	c.sendmsg([b'abc', b'defg'])
	for i in range(3):
	    data, who = server.recvfrom(2000)
	server.sendto(b'y' * 50, who)
	server.sendmsg([b'z' * 5], [], 0, who)
	assert len(os.read(c.fileno(), 2000)) == 50
	c.recv(2000, socket.MSG_PEEK)
	assert len(c.recv(2000)) == 5
	c.close()
	# one socket, two others; IPv4 in IPv6; many by one call
	d = sock(at=('127.0.0.1', base + 11))
	d.sendto(b'1', ('127.0.0.1', base))
	d.sendto(b'', ('127.0.0.1', base + 1))
	assert server6.recvfrom(10)[1][0] == '::ffff:127.0.0.1'
	class iovec(ctypes.Structure):
	    _fields_ = [('base', ctypes.c_char_p), ('len', ctypes.c_size_t)]
	class mmsghdr(ctypes.Structure):
	    _fields_ = [('name', ctypes.c_char_p), ('namelen', ctypes.c_uint), ('iov', ctypes.POINTER(iovec)),
	                ('iovlen', ctypes.c_size_t), ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t),
	                ('flags', ctypes.c_int), ('hole', ctypes.c_int), ('len', ctypes.c_uint)]
	e = sock(at=('127.0.0.1', base + 12))
	e.connect(('127.0.0.1', base + 1))
	v = iovec(b'q' * 30, 30)
	m = (mmsghdr * 9)(*[mmsghdr(None, 0, ctypes.pointer(v), 1, None, 0, 0, 0, 0) for i in range(9)])
	libc = ctypes.CDLL(None, use_errno=True)
	assert libc.sendmmsg(e.fileno(), m, 9, 0) == 9
	# nothing listens there: told with the next call
	f = sock(at=('127.0.0.1', base + 13))
	f.connect(('127.0.0.1', base + 9))
	told = select.poll()
	told.register(f, 0)
	f.send(b'anybody')
	told.poll()
	try:
	    f.send(b'anybody')
	except ConnectionRefusedError:
	    f.send(b'anybody')
	g = sock(at=('127.0.0.1', base + 14))
	try:
	    g.sendto(b'x' * 65600, ('127.0.0.1', base))
	except OSError as x:
	    print(x)
	# no room: nobody takes them
	small = sock(at=('127.0.0.1', base + 2))
	small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
	for i in range(20):
	    d.sendto(b'd' * 1000, ('127.0.0.1', base + 2))
	d.close()
	small.setblocking(False)
	print('taken', len(small.recv(2000)))
	n = 1
	try:
	    while True:
	        small.recv(2000)
	        n += 1
	except BlockingIOError:
	    pass
	print('dropped', 20 - n)
	# a copy is closed, the socket is not
	k = sock(at=('127.0.0.1', base + 15))
	k.sendto(b'x', ('127.0.0.1', base))
	k.dup().close()
	k2 = k.dup()
	k.close()
	k2.sendto(b'x', ('127.0.0.1', base))
	k2.close()
	# nobody ever takes these
	full = sock(at=('127.0.0.1', base + 3))
	full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
	l = sock()
	for i in range(20):
	    l.sendto(b'd' * 1000, ('127.0.0.1', base + 3))
	open('/w/done', 'w')
	import signal
	signal.pause()
	E
quiet='import time; time.sleep(100000)'
box_run python3 --bind "$TMP/w:/w" -- /usr/bin/python3 -c "$quiet"
MAIN=$BOX NET=/proc/$BOXPID/ns/net
mkdir "$TMP/n"
chmod 777 "$TMP/n"
cp "$TMP/w/udp.py" "$TMP/n"
box_run python3 --netns "$NET" --bind "$TMP/n:/w" -- /usr/bin/python3 -c "$quiet"
NEIGHBOUR=$BOX BOX=$MAIN

work() { # CONTAINER DIRECTORY PORT: runs until it has done all, and waits for a signal
	rm -f "$2/done" "$2/pid"
	runc exec --pid-file "$2/pid" "$1" /usr/bin/python3 -u /w/udp.py "$3" </dev/null >"$2/out" 2>&1 &
	at_exit "kill -KILL $! 2>/dev/null || :"
	wait_for "[ -e $2/done ]" 30 || fail 'the workload is done' "$(cat "$2/out")"
}
end() { # all that it had is closed then
	kill -KILL "$(cat "$1/pid")"
	wait_for "[ ! -e /proc/$(cat "$1/pid") ]" 20
}

trace_start udp "$MAIN"
work "$NEIGHBOUR" "$TMP/n" 7100
work "$MAIN" "$TMP/w" 7000
end w
wait_for "grep -q 'its process has ended' rows" 10
trace_stop
t 'it ends as it is asked to' '130\n' echo "$STATUS"
t 'it has nothing to complain' '' cat said
tr_rows 'nothing of a neighbour in the same network namespace' 'length > 10 and all(
	[.local_port, .remote_port] | all(. < 7100 or . > 7199))'
tr_rows 'each flow begins once and ends once' '. as $rows | [.[] | select(.event == "end" and .sent != null) | [.local, .remote]] as $ends |
	[.[] | select(.event == "send" or .event == "receive") | [.local, .remote]] as $begins |
	($ends | sort) == ($begins | sort) and ($ends | unique | length) == ($ends | length)'
first() { echo "map(select(.event == \"$1\" and $2)) | length == 1 and (.[0] | $3)"; }
tr_rows 'a first packet: who, both ends' "$(first send '.local_port == 7010' '.remote == "127.0.0.1:7000" and
	.remote_addr == "127.0.0.1" and .comm == "python3" and .pid > 1 and .tid == .pid and .uid == 65532 and
	.error == null and .sent == null')"
tr_rows 'its sums, however they were sent and taken' "$(first end '.local_port == 7010' '.sent_packets == 3 and .sent == 127 and
	.received_packets == 2 and .received == 55 and .errors == 0 and .note == "closed" and .lasted_s > 0')"
tr_rows 'the other end' "$(first receive '.local_port == 7000 and .remote_port == 7010' '.remote_addr == "127.0.0.1"')"
tr_rows 'and its sums' "$(first end '.local_port == 7000 and .remote_port == 7010' '.sent_packets == 2 and .sent == 55 and
	.received_packets == 3 and .received == 127 and .note == "its process has ended"')"
tr_rows 'one socket, several flows; none of a packet without bytes is missed' 'map(select(.event == "end" and .local_port == 7011)) |
	length == 3 and (map(select(.remote_port == 7001))[0] | .sent_packets == 1 and .sent == 0)'
tr_rows 'IPv4 to a socket of IPv6' "$(first receive '.local_port == 7001' '.remote == "127.0.0.1:7011"')"
tr_rows 'several by one call' "$(first end '.local_port == 7012' '.sent_packets == 9 and .sent == 270')"
tr_rows 'nobody there' "$(first error '.local_port == 7013' '.error == "ECONNREFUSED" and (.note | test("ICMP"))')"
tr_rows 'its sums' "$(first end '.local_port == 7013' '.sent_packets == 2 and .errors == 1 and .error == "ECONNREFUSED"')"
tr_rows 'too large, at once' "$(first send '.local_port == 7014' '.error == "EMSGSIZE" and .note != null')"
tr_rows 'a packet without room' "$(first drop '.local_port == 7002' '.local_port == 7002 and .error == "ENOMEM" and
	(.note | test("receive buffer")) and .pid == null')"
dropped=$(sed -n 's/^dropped //p' w/out)
tr_rows "all $dropped without room are counted" "$dropped > 0 and ($(first end '.local_port == 7002' ".received_packets == 20 - $dropped and
	.drops == $dropped"))"
tr_rows 'a socket ends when nobody has it any more' "$(first end '.local_port == 7015' '.sent_packets == 2 and .note == "closed"')"
tr_rows 'a socket that nothing is taken from has its drops, too' "$(first end '.local_port == 7003' ".drops > 0 and
	.received_packets == null and (.note | test(\"nothing was taken\"))")"
end n

trace_start udp "$MAIN" --failed --stack --timeout 30s
work "$MAIN" "$TMP/w" 7000
trace_stop
end w
tr_rows '--failed' 'length >= 4 and all(.error != null or .errors > 0 or .drops > 0)'
tr_rows '--stack: where it was sent' 'map(select(.event == "send" and .error == "EMSGSIZE"))[0].frames |
	length > 3 and (.[0].function | test("send"))'
tr_rows 'the end of the trace ends flows' 'any(.event == "end" and .note == "the trace ends" and .errors == 1)'

trace_start udp "$MAIN" --idle 0.2s
work "$MAIN" "$TMP/w" 7000
wait_for "grep -q '\"note\":\"idle\"' rows" 20
trace_stop
tr_rows '--idle' 'any(.note == "idle" and .local_port == 7000)'
end w
ts 'no event is said' 0 'no such event in' "$NSDEBUG" trace udp "$MAIN" --for 0.1s
trace_start udp "$MAIN" --max-events 3
work "$MAIN" "$TMP/w" 7000
trace_wait
end w
tr_rows '--max-events' 'length == 3'
ts 'without the right to' 77 'CAP_BPF' without -bpf "$NSDEBUG" trace udp "$MAIN" --for 1s
