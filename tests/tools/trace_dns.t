#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace dns: questions, answers, who answers, what is asked in vain; against a server of our own.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc nsenter
can_trace

H=$O/tests/lib
quiet='import time; time.sleep(100000)'
printf '%s\n' 'nameserver 127.0.0.53' 'search one.example two.example' 'options timeout:30 attempts:2' >resolv.conf
chmod 644 resolv.conf
cat >"$TMP/ask.py" <<-'E'
	import socket, sys
	for word in sys.argv[1:]:
	    name, _, family = word.partition('/')
	    try:
	        socket.getaddrinfo(name, 1, {'': socket.AF_INET, '6': socket.AF_INET6, 'any': 0}[family], socket.SOCK_STREAM)
	    except OSError as e:
	        print(word, e)
	E
cat >"$TMP/raw.py" <<-'E'
	import os, socket, struct, sys, threading
	def question(id, name, type=1):
	    return (struct.pack('>6H', id, 0x100, 1, 0, 0, 0) +
	            b''.join(bytes([len(l)]) + l for l in name.split(b'.')) + struct.pack('>BHH', 0, type, 1))
	server = ('127.0.0.53', 53)
	# not connected, as musl does it; sendmsg and readv; a name with odd bytes
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	q = question(77, b'addr.test')
	s.sendto(q, server)
	s.recvfrom(512)
	s.sendmsg([q[:5], q[5:20], q[20:]], [], 0, server)
	bufs = [bytearray(7), bytearray(500)]
	os.readv(s.fileno(), bufs)
	s.sendto(question(78, b'od\x1bd.\xff\x00.te st'), server)
	s.recv(512)
	s.sendto(b'this is no question', server)
	# by write(2) and read(2), from a thread
	def thread():
	    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    c.connect(server)
	    os.write(c.fileno(), question(79, b'addr.test', 28))
	    os.read(c.fileno(), 512)
	t = threading.Thread(target=thread)
	t.start()
	t.join()
	# IPv6 socket, IPv4 server
	c = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	c.sendto(question(80, b'alias.test'), ('::ffff:127.0.0.53', 53))
	c.recv(512)
	# nobody there; no way there
	c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	c.connect(('127.0.0.99', 53))
	c.send(question(81, b'gone.test'))
	try:
	    c.recv(512)
	except ConnectionRefusedError as e:
	    print(e)
	c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	try:
	    c.connect(('203.0.113.1', 53))
	except OSError as e:
	    print(e)
	try:
	    c.sendto(question(82, b'far.test'), ('203.0.113.2', 53))
	except OSError as e:
	    print(e)
	# TCP, byte by byte
	c = socket.create_connection(server)
	q = question(83, b'big.test')
	for b in struct.pack('>H', len(q)) + q:
	    c.send(bytes([b]))
	while c.recv(9):
	    pass
	# somebody else's port
	c.close()
	c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	c.sendto(question(84, b'other.test'), ('127.0.0.53', 5353))
	if len(sys.argv) > 1:
	    print('asked', flush=True)
	    sys.stdin.read()
	E
# asks what is not answered, and again when it is told to
cat >"$TMP/silent.py" <<-'E'
	import socket, struct, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	while True:
	    s.sendto(struct.pack('>6H', 90, 0x100, 1, 0, 0, 0) + b'\6silent\4test\0\0\1\0\1', ('127.0.0.53', 53))
	    if not sys.stdin.readline():
	        break
	E
cat >"$TMP/odd.py" <<-'E'
	import socket, struct
	def question(id, name):
	    return (struct.pack('>6H', id, 0x100, 1, 0, 0, 0) +
	            b''.join(bytes([len(l)]) + l for l in name.split(b'.')) + struct.pack('>BHH', 0, 1, 1))
	def answer(q, code=0):
	    got = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + b'\6\6\6\6'
	    return q[:2] + struct.pack('>HHH', 0x8180 | code, 1, not code) + q[8:] + (b'' if code else got)
	def sock(*at):
	    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    if at:
	        s.bind(at)
	    return s
	one, two, evil = sock('127.0.0.1', 7053), sock('127.0.0.2', 7053), sock('127.0.0.9', 4444)
	def ask(s, q, *servers):
	    for to in servers:
	        s.sendto(q, to.getsockname())
	    return [to.recvfrom(512)[1] for to in servers][0]
	# as musl does: two servers are asked from one socket, and the second answers
	s, q = sock(), question(1, b'two.test')
	two.sendto(answer(q), ask(s, q, one, two))
	s.recvfrom(512)
	# who did not ask for the sender cannot say which of them it was
	s, q = sock(), question(2, b'which.test')
	two.sendto(answer(q), ask(s, q, one, two))
	s.recv(512)
	# the first cannot, the other can
	s, q = sock(), question(3, b'fails.test')
	who = ask(s, q, one, two)
	one.sendto(answer(q, 2), who)
	s.recvfrom(512)
	two.sendto(answer(q), who)
	s.recvfrom(512)
	# somebody else is faster than the server
	s, q = sock(), question(4, b'forged.test')
	who = ask(s, q, one)
	evil.sendto(answer(q), who)
	s.recvfrom(512)
	one.sendto(answer(q), who)
	s.recvfrom(512)
	# to this host, which answers by another address
	s, q = sock(), question(5, b'here.test')
	s.sendto(q, ('0.0.0.0', 7053))
	one.sendto(answer(q), one.recvfrom(512)[1])
	s.recvfrom(512)
	# two names that only begin alike
	for name, code in (b'www.a.com', 3), (b'www.b.org', 0):
	    s, q = sock(), question(6, name)
	    one.sendto(answer(q, code), ask(s, q, one))
	    s.recv(512)
	    s.close()
	# no answer, twice; a copy of its descriptor is closed before
	s, q = sock(), question(7, b'gone.test')
	ask(s, q, one)
	copy = s.dup()
	s.close()
	ask(copy, q, one)
	copy.close()
	# what the sockets and their addresses in the kernel are used for later
	for i in range(200):
	    with sock() as s:
	        ask(s, question(8, b'once.test'), one)
	for i in range(200):
	    with sock('127.0.0.1', 9999) as s, sock() as t:
	        t.sendto(b'hello world, no dns at all', s.getsockname())
	        s.recv(512)
	s = sock()
	ask(s, question(9, b'later.test'), one)
	s.connect(evil.getsockname())
	evil.sendto(b'hello world, no dns at all', s.getsockname())
	s.recv(512)
	E
chmod 644 ask.py raw.py silent.py odd.py
box_run python3 --bind "$TMP/resolv.conf:/etc/resolv.conf:ro" --bind "$TMP/ask.py:/ask.py:ro" --bind "$TMP/raw.py:/raw.py:ro" \
	--bind "$TMP/odd.py:/odd.py:ro" --bind "$TMP/silent.py:/silent.py:ro" -- \
	/usr/bin/python3 -c "$quiet"
MAIN=$BOX NET=/proc/$BOXPID/ns/net
# the server is a neighbour in the same network namespace: what it takes and answers is not ours
box_run static --ready --netns "$NET" --caps NET_BIND_SERVICE --bind "$H:/h:ro" -- /h/dnsd 127.0.0.53
box_run python3 --netns "$NET" --bind "$TMP/resolv.conf:/etc/resolv.conf:ro" --bind "$TMP/ask.py:/ask.py:ro" -- \
	/usr/bin/python3 -c "$quiet"
NEIGHBOUR=$BOX BOX=$MAIN
ask() { in_box /usr/bin/python3 /ask.py "$@"; }

trace_start dns "$MAIN" --wait 60s
ask addr.test addr.test/6 alias.test/any fail.test db nowhere big.test loop.test
BOX=$NEIGHBOUR in_box /usr/bin/python3 /ask.py neighbour.test
trace_stop
t 'it ends as it is asked to' '130\n' echo "$STATUS"
t 'it has nothing to complain' '' cat said
one() { echo "map(select(.name == \"$1\" and $2)) | length == ${4:-1} and (.[0] | $3)"; }
tr_rows 'a question and its answer, who asked whom' "$(one addr.test '.type == "A"' '.rcode == "NOERROR" and
	.answers == ["192.0.2.1", "192.0.2.2"] and .took_s > 0 and .took_s < 10 and .remote == "127.0.0.53:53" and
	.remote_addr == "127.0.0.53" and .protocol == "udp" and .comm == "python3" and .pid > 1 and .tid == .pid and
	.uid == 65532 and .error == null and .tries == 1 and .note == null')"
tr_rows 'IPv6' "$(one addr.test '.type == "AAAA"' '.answers == ["2001:db8::1"]')"
tr_rows 'both by one call, with a CNAME' "$(one alias.test '.type == "A"' '.answers == ["CNAME addr.test", "192.0.2.1", "192.0.2.2"]')"
tr_rows 'and the other half' "$(one alias.test '.type == "AAAA"' '.answers == ["CNAME addr.test", "2001:db8::1"]')"
tr_rows 'SERVFAIL' "$(one fail.test true '.rcode == "SERVFAIL" and .answers == []' 2)"
tr_rows 'a step through a search list' "$(one db.one.example true '.rcode == "NXDOMAIN" and .search == true and
	.note == "search list"')"
tr_rows 'the answer it led to' "$(one db.two.example true '.rcode == "NOERROR" and .answers == ["192.0.2.9"] and
	.searched == 1 and .note == "after 1 in vain" and .search == false')"
tr_rows 'a name that is nowhere: the last one is no step' 'map(select(.name // "" | startswith("nowhere"))) |
	sort_by(.time) | map([.name, .search]) == [["nowhere.one.example", true], ["nowhere.two.example", true],
	["nowhere", false]] and all(.rcode == "NXDOMAIN")'
tr_rows 'which says after how many' "$(one nowhere '.type == "A"' '.searched == 2 and .note == "after 2 in vain"')"
tr_rows 'truncated by UDP' "$(one big.test '.protocol == "udp"' '.note == "truncated" and .answers == []')"
tr_rows 'and then by TCP, in pieces' "$(one big.test '.protocol == "tcp"' '.rcode == "NOERROR" and (.answers | length) == 16 and
	.answers[15] == "198.51.100.15" and .note == "16 of 20"')"
tr_rows 'names that lead in a circle' "$(one loop.test true '.answers == [] and .note == "0 of 1 readable"')"
tr_rows 'nothing of the server, nor of a neighbour' 'all(.name | test("neighbour") | not) and all(.comm == "python3")'

# whoever asks waits until it was shown that there is no answer, and then asks again
trace_start dns "$MAIN" --wait 0.5s
shown() { [ "$(grep -c silent.test rows)" = "$1" ]; }
runc exec "$BOX" /usr/bin/python3 /ask.py silent.test. </dev/null >asked 2>&1 &
at_exit "kill $! 2>/dev/null || :"
wait_for 'shown 1' 20 || fail 'no answer is told' "$(cat asked said)"
kill $!
wait $!
mkfifo again
runc exec "$BOX" /usr/bin/python3 /silent.py <again >asked 2>&1 &
at_exit "kill $! 2>/dev/null || :"
exec 3>again
wait_for 'shown 2' 20 || fail 'nor to another' "$(cat asked said)"
echo >&3
wait_for 'shown 3' 20 || fail 'nor when it asks again' "$(cat asked said)"
trace_stop
exec 3>&-
wait $!
tr_rows 'no answer' "$(one silent.test true '.error == "timeout" and .rcode == null and .took_s == null and .answers == null and
	.tries == 1' 3)"

nsenter --net="$NET" ip route add unreachable 203.0.113.0/24
trace_start dns "$MAIN" --wait 60s
in_box /usr/bin/python3 /raw.py
trace_stop
tr_rows 'not connected; in pieces; into pieces' 'map(select(.id == 77)) | length == 2 and
	all(.name == "addr.test" and .answers == ["192.0.2.1", "192.0.2.2"])'
tr_rows 'bytes that are no text' "$(one 'od\\\\027d.\\\\255\\\\000.te\\\\032st' true '.rcode == "NXDOMAIN" and .search == false')"
tr_rows 'a thread, by write and read' 'map(select(.id == 79)) | length == 1 and (.[0] | .tid > .pid and
	.answers == ["2001:db8::1"])'
tr_rows 'by IPv6 to IPv4' 'map(select(.id == 80)) | .[0] | .remote == "127.0.0.53:53" and (.answers | length) == 3'
tr_rows 'nobody there' "$(one gone.test true '.error == "ECONNREFUSED" and .note == "server not there" and .remote == "127.0.0.99:53"')"
tr_rows 'no way there' 'map(select(.remote == "203.0.113.1:53")) | length == 1 and (.[0] | .name == null and
	.error == "EHOSTUNREACH" and .note == "no way to server")'
tr_rows 'not sent' "$(one far.test true '.error == "EHOSTUNREACH" and .note == "not sent" and .type == "A"')"
tr_rows 'TCP, byte by byte' 'map(select(.id == 83)) | length == 1 and (.[0] | .protocol == "tcp" and .took_s > 0 and
	.rcode == "NOERROR" and (.answers | length) == 16)'
ts 'what is no message is counted' 0 '^nsdebug: .*1 messages .* no queries' cat said
tr_rows 'not the port that others have' 'all(.id != 84)'

trace_start dns "$MAIN" --port 5353 --wait 60s
mkfifo stay
runc exec "$BOX" /usr/bin/python3 /raw.py stay <stay >asked 2>&1 &
at_exit "kill -KILL $! 2>/dev/null || :"
exec 3>stay
wait_for 'grep -q asked asked' 20
trace_stop
exec 3>&-
tr_rows '--port; the trace ends before there is an answer' 'map(select(.error == null)) | length == 1 and
	(.[0] | .name == "other.test" and .rcode == null and .note == "the trace ends")'
trace_start dns "$MAIN" --port 7053 --wait 60s
in_box /usr/bin/python3 /odd.py
trace_stop
t 'the odd ones ran to their end' '' cat exec.out
t 'sockets that are used for something else are not looked at' '' cat said
tr_rows 'two servers are asked, and the second answers' "$(one two.test true '.remote == "127.0.0.2:7053" and .tries == 1 and
	.servers == 2 and .note == "one of 2 servers asked" and .took_s > 0')"
tr_rows 'or one of them, not known which' "$(one which.test true '.remote == null and .servers == 2 and .rcode == "NOERROR"')"
tr_rows 'one cannot, the other can' 'map(select(.name == "fails.test") | [.remote, .rcode]) ==
	[["127.0.0.1:7053", "SERVFAIL"], ["127.0.0.2:7053", "NOERROR"]]'
tr_rows 'an answer from elsewhere is none' 'map(select(.name == "forged.test") | [.remote, .note, .took_s != null]) ==
	[["127.0.0.9:4444", "not from whom was asked", false], ["127.0.0.1:7053", null, true]]'
tr_rows 'from another address of this host it is one' "$(one here.test true '.rcode == "NOERROR" and .note == null')"
# the first waits for what may come of it, for a while
tr_rows 'two names that begin alike are no search' 'map(select(.id == 6) | [.name, .search, .searched, .note]) | sort ==
	[["www.a.com", false, 0, null], ["www.b.org", false, 0, null]]'
tr_rows 'given up before the trace does' "$(one gone.test true '.error == "no answer" and .tries == 2 and
	.note == "gave up after 2 tries"')"
tr_rows 'by each socket' 'map(select(.name == "once.test")) | length == 200 and all(.note == "gave up after 1 try")'
trace_start dns "$MAIN" --failed --stack --timeout 30s
# the last one waits, so that its code is looked at before it ends
runc exec "$BOX" /usr/bin/python3 /ask.py addr.test fail.test silent.test. </dev/null >asked 2>&1 &
at_exit "kill $! 2>/dev/null || :"
wait_for 'grep -q fail.test rows' 20 || fail 'what fails is told' "$(cat asked said)"
kill $!
wait $!
trace_stop
tr_rows '--failed, with the stack that asked' 'length > 0 and all(.rcode != "NOERROR" and
	(.frames | length > 5) and any(.frames[]; .function // "" | test("send")))'
ts '--port out of range' 2 'at most 65535' "$NSDEBUG" trace dns "$MAIN" --port 65536
ts 'no event is said' 0 'no such event in' "$NSDEBUG" trace dns "$MAIN" --for 0.1s
ts 'without the right to' 77 'CAP_BPF' without -bpf "$NSDEBUG" trace dns "$MAIN" --for 1s
