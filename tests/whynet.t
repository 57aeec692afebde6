#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, trace denied: sockets and ports: what it says, and that the kernel does so.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc /usr/bin/python3 nsenter setpriv
can_trace

why() { "$NSDEBUG" why "$BOX" -o json "$@"; }
says() { # NAME FILTER OPTION...: of the only row
	name=$1 filter=$2
	shift 2
	tj "$name" ".items | length == 1 and (.[0] | $filter)" why "$@"
}
# In the network of $BOX, with the host's rights.
there() { nsenter -t "$(runc state "$BOX" | jq .pid)" -n "$@"; }
binds() { # PORT [REUSE]: what the kernel answers
	there /usr/bin/python3 -c 'import socket, sys
s = socket.socket()
if len(sys.argv) > 2: s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try: s.bind(("0.0.0.0", int(sys.argv[1]))); print("bound")
except OSError as e: print(e.errno)' "$@"
}

# ---- ports ----

if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 80 ]; then
	box_run debug --netns host
	says 'of the network of the node no container has a sysctl' '.kind == "port" and (.docker | test("sysctl") | not) and
		(.podman == "--cap-drop ALL --cap-add NET_BIND_SERVICE") and (.kubernetes | test("sysctl") | not)' --port 79
else
	skip 'of the network of the node no container has a sysctl' 'the node lets everybody have low ports'
fi
box_run debug
# by itself, so that the number is that of the program
nsenter -t "$(runc state "$BOX" | jq .pid)" -n /usr/bin/python3 -c 'import socket, sys, time
l = socket.socket(); l.bind(("127.0.0.1", 7001)); l.listen(9)
c = socket.create_connection(("127.0.0.1", 7001)); a = l.accept()
full = socket.socket(); full.bind(("127.0.0.1", 7002)); full.listen(0)
wait = [socket.create_connection(("127.0.0.1", 7002))]
ended = socket.create_connection(("127.0.0.1", 7001)); port = ended.getsockname()[1]
peer = l.accept()[0]; ended.close(); peer.close()
print(c.getsockname()[1], port, flush=True); time.sleep(3600)' >ports &
at_exit "kill $!"
wait_for '[ -s ports ]' 20 || fail 'there are sockets'
read -r client ended <ports
says 'a port that nobody has' '.verdict == "allowed"' --port 7003
says 'one at which somebody listens' '.kind == "in-use" and .error == "EADDRINUSE" and .guess == false and
	(.reason | test("queue") | not) and (.reason | test("in use by python3.* \\(pid [0-9]+")) and
	(.cure | test("stop that one, or listen on another port, such as 7000, and map 7001 to it"))' --port 7001
says 'whose queue is full' '.kind == "in-use" and (.reason | test("queue is full: 1 wait to be accepted, and 0 may"))' \
	--port 7002
says 'the own port of a connection' ".kind == \"in-use\" and .error == \"EADDRINUSE\" and .guess and
	(.reason | test(\"a connection to 127.0.0.1:7001, as its own port\")) and (.cure | test(\"^close that connection\"))" --port "$client"
t 'which bind minds'			'98\n'	binds "$client"
t 'with SO_REUSEADDR, too'		'98\n'	binds "$client" reuse
says 'of one that has ended' '.verdict == "unknown" and (.reason | test("1 connection that ended still has it"))' --port "$ended"
t 'which bind minds as well'		'98\n'	binds "$ended"
says 'of UDP it is another' '.verdict == "allowed"' --port 7001 --udp

# ---- sockets ----

pings() { there sh -c 'echo "$0" >/proc/sys/net/ipv4/ping_group_range' "$1"; }
made() { # ARGS: what the kernel answers to a user without rights there
	there setpriv --reuid 65532 --regid 65532 --clear-groups --inh-caps=-all --bounding-set=-all \
		/usr/bin/python3 -c "import socket
try: socket.socket($1); print('made')
except OSError as e: print(e.errno)"
}
box_run python3
pings '1 0'
says 'ping, for nobody' '.kind == "ping-group" and .error == "EACCES" and .verdict == "denied" and
	(.docker | test("ping_group_range=65532 65532")) and (.kubernetes | test("65532 65532"))' --syscall 'socket(2,2,1)'
t 'so does the kernel'			'13\n'	made '2, 2, 1'
says 'of IPv6' '.kind == "ping-group"' --syscall 'socket(10,0x80002,58)'
t 'it, too'				'13\n'	made '10, 2, 58'
says 'a socket of its own needs the capability' '.kind == "capability" and .error == "EPERM" and .caps == ["CAP_NET_RAW"]' \
	--syscall 'socket(2,3,1)'
says 'and who only pings does without' '(.cure | test("--sysctl .net.ipv4.ping_group_range=65532 65532.")) and
	(.podman | test("--cap-add NET_RAW"))' --syscall 'socket(2,3,1)'
says 'which is of no use to others' '.cure | test("ping") | not' --syscall 'socket(2,3,2)'
t 'the kernel asks for it'		'1\n'	made '2, 3, 1'
says 'one of packets' '.kind == "capability" and .caps == ["CAP_NET_RAW"]' --syscall 'socket(17,_,_)'
says 'any other' '.verdict == "allowed"' --syscall 'socket(2,1,0)'
says 'what is not given is not judged' '.verdict == "allowed"' --syscall 'socket(2)'
trace_start denied "$BOX"
in_box /usr/bin/python3 -c "import socket; socket.socket(2, 2, 1)"
trace_stop
tr_rows 'trace denied: ping' 'any(.name == "socket" and .error == "EACCES" and .reason == "ping-group" and
	(.why | test("ping_group_range")) and (.docker | test("65532 65532")))'
pings '65532 65532'
says 'ping, for its group' '.verdict == "allowed"' --syscall 'socket(2,2,1)'
t 'so does the kernel'			'made\n'	made '2, 2, 1'

says 'and what holds already is not offered' '.kind == "capability" and (.cure | test("as things are") and (test("sysctl") | not))' \
	--syscall 'socket(2,3,1)'
trace_start denied "$BOX"
in_box /usr/bin/python3 -c "import socket
try: socket.socket(2, 3, 1)
except OSError: pass"
trace_stop
tr_rows 'nor by the trace' 'any(.name == "socket" and .reason == "capability" and
	(.cure | test("as things are") and (test("sysctl") | not)))'

# ---- handles of files ----

handle() { # fd to take a handle of: what the kernel answers without a capability
	setpriv --reuid 65532 --regid 65532 --clear-groups --inh-caps=-all --bounding-set=-all /usr/bin/python3 -c "
import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
fd = $1
h = ctypes.create_string_buffer(136); h[0:4] = (128).to_bytes(4, 'little'); m = ctypes.c_int()
assert c.name_to_handle_at(fd, b'', h, ctypes.byref(m), 0x1000) == 0
r = c.open_by_handle_at(fd, h, os.O_RDONLY)
print('opened' if r >= 0 else ctypes.get_errno())"
}
since() { [ "$(printf '%s\n%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]; }
box_run debug --no-seccomp
says 'a handle of a file' '.kind == "capability" and .error == "EPERM" and (.caps == ["CAP_DAC_READ_SEARCH"])' \
	--syscall open_by_handle_at
t 'so does the kernel'	'1\n'	handle "os.open('/', os.O_RDONLY)"
if since 6.14; then
	says 'who has no right may have those of processes' '.reason | test("pidfs, Linux 6.14\\) take none")' \
		--syscall open_by_handle_at
	t 'it has'	'opened\n'	handle 'os.pidfd_open(os.getpid())'
	box_run debug --ready --no-seccomp -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox unshare -r /busybox/busybox sleep 3600'
	wait_for 'why --cap net_raw | jq -e ".items[0] | .uid == 0 and (.has | length > 30)"' 20
	says 'in a user namespace of its own: it depends' '.verdict == "unknown" and (.reason | test("O_DIRECTORY"))' \
		--syscall open_by_handle_at
	says 'of a file it does not' '.verdict == "denied"' --syscall 'open_by_handle_at(_,_,0)'
else
	skip 'who has no right may have those of processes' 'before Linux 6.14'
fi
