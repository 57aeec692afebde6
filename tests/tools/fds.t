#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fds, beside what /proc of the node and ss say of the same processes: every kind of descriptor,
# other ends in and outside of the container, files without names.
. tests/lib.sh
need jq python3 runc crun nsenter ss ip pgrep setpriv

D=$TMP/data
mkdir "$D"
chmod 777 "$D"
cat >"$D/all.py" <<-'E'
	import ctypes, fcntl, os, select, signal, socket, struct, sys, time
	libc = ctypes.CDLL(None, use_errno=True)
	def name(n):
	    libc.prctl(15, n, 0, 0, 0)
	keep = {}
	def say(what, fd):
	    keep[what] = fd
	    n = fd if isinstance(fd, int) else fd.fileno()
	    print(what, n, flush=True)
	    return fd
	def put(path, text):
	    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
	    os.write(fd, text)
	    return fd
	os.chdir('/data')
	f = say('file', put('/data/file', b'0123456789'))
	os.lseek(f, 4, 0)
	fcntl.flock(f, fcntl.LOCK_EX)
	fcntl.lockf(f, fcntl.LOCK_SH, 3, 2)
	say('append', os.open('/data/file', os.O_WRONLY | os.O_APPEND | os.O_SYNC))
	say('path', os.open('/data/file', os.O_PATH))
	say('dir', os.open('/data', os.O_RDONLY | os.O_DIRECTORY))
	say('null', os.open('/dev/null', os.O_RDONLY))
	os.mkfifo('/data/fifo')
	say('fifo', os.open('/data/fifo', os.O_RDWR))
	os.symlink('nowhere', '/data/symlink')
	say('symlink', os.open('/data/symlink', os.O_PATH | os.O_NOFOLLOW))
	d = say('deleted', put('/data/gone', b'x' * 10000))
	os.unlink('/data/gone')
	say('tmpfile', os.open('/data', os.O_TMPFILE | os.O_RDWR))
	os.mkdir('/data/gonedir')
	say('deleteddir', os.open('/data/gonedir', os.O_RDONLY))
	os.rmdir('/data/gonedir')
	say('memfd', os.memfd_create('secret'))
	os.write(keep['memfd'], b'12345')
	r, w = os.pipe()
	say('reader', r)
	say('writer', w)
	os.set_blocking(r, False)
	a, b = socket.socketpair()
	say('pair', a)
	b.sendall(b'wait')
	say('named', socket.socket(socket.AF_UNIX)).bind('/data/sock')
	keep['named'].listen(7)
	u = say('caller', socket.socket(socket.AF_UNIX))
	u.connect('/data/sock')
	say('called', keep['named'].accept()[0])
	say('abstract', socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind('\0abs\0tract')
	say('sockfile', os.open('/data/sock', os.O_PATH))
	l = say('listener', socket.socket())
	l.bind(('127.0.0.1', 7001))
	l.listen(9)
	c = say('client', socket.socket())
	c.connect(('127.0.0.1', 7001))
	s = say('served', l.accept()[0])
	s.sendall(b'unread')
	u = say('udp', socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
	u.bind(('127.0.0.1', 7002))
	l6 = say('six', socket.socket(socket.AF_INET6))
	l6.bind(('::', 7003))
	l6.listen(3)
	m = say('mapped', socket.socket(socket.AF_INET6))
	m.connect(('::ffff:127.0.0.1', 7001))
	say('mappedserved', l.accept()[0])
	say('unbound', socket.socket())
	for family in socket.AF_INET, socket.AF_INET6:
	    try:
	        l = say('mptcp%d' % family, socket.socket(family, socket.SOCK_STREAM, 262))
	        l.bind(('::1' if family == socket.AF_INET6 else '127.0.0.1', 7004))
	        l.listen(2)
	        c = say('mptcpclient%d' % family, socket.socket(family, socket.SOCK_STREAM, 262))
	        c.connect(l.getsockname()[:2])
	        say('mptcpserved%d' % family, l.accept()[0])
	    except OSError as e:
	        print(e)
	say('netlink', socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)).bind((0, 0))
	e = say('eventfd', libc.eventfd(77, 1))
	ep = say('epoll', select.epoll())
	ep.register(r, select.EPOLLIN | select.EPOLLET)
	ep.register(e, select.EPOLLOUT)
	i = say('inotify', libc.inotify_init1(0))
	libc.inotify_add_watch(i, b'/data', 0x100 | 0x200)
	libc.inotify_add_watch(i, b'/tmp', 0x2)
	t = say('timerfd', libc.timerfd_create(1, 0))
	libc.timerfd_settime(t, 0, struct.pack('qqqq', 2, 500000000, 5000, 0), None)
	say('idletimer', libc.timerfd_create(0, 0))
	say('signalfd', libc.signalfd(-1, struct.pack('Q', 1 << 14 | 1 << 9), 0))
	told, tells = os.pipe()
	child = os.fork()
	if child == 0:
	    os.close(told)
	    name(b'the child')
	    for k in ('writer', 'pair'):
	        os.close(keep[k] if isinstance(keep[k], int) else keep[k].fileno())
	    os.close(tells)
	    time.sleep(3600)
	os.close(tells)
	os.read(told, 1)
	os.close(told)
	say('pidfd', os.pidfd_open(child))
	undead = os.fork()
	if undead == 0:
	    name(b'undead')
	    os._exit(0)
	os.waitid(os.P_PID, undead, os.WEXITED | os.WNOWAIT)
	say('netns', os.open('/proc/self/ns/net', os.O_RDONLY))
	print('child', child)
	print('ready', flush=True)
	time.sleep(3600)
	E
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/all.py
T=$BOX PID=$BOXPID
LOG=$FX/boxes/$BOX/log
fd() { sed -n "s/^$1 //p" "$LOG"; }
json() { $NSDEBUG fds -o json "$@" "$T"; }
json -a >all.json
all() { cat all.json; }
row() { # WHAT FILTER: of the descriptor that the program calls so
	echo ".items[] | select(.pid == 1 and .fd == $(fd "$1")) | $2"
}
is() { tj "$1" "$(row "$2" "$3")" all; }

# ---- beside /proc ----

hosts() { # HOSTPID: number and link of each descriptor
	for f in /proc/"$1"/fd/*; do
		printf '%s %s\n' "${f##*/}" "$(readlink "$f")"
	done | sort
}
ours() { # PID: the same from us
	jq -r ".items[] | select(.host_pid == $1 and .fd != null) | \"\\(.fd) \\(.path)\\(if .nlink == 0 then \" (deleted)\" else \"\" end)\"" all.json | sort
}
same() {
	hosts "$1" >want.txt
	ours "$1" >got.txt
	diff want.txt got.txt
}
t 'all descriptors, and where they lead'	''	same "$PID"
childpid=$(jq '[.items[] | select(.comm == "the child") | .host_pid][0]' all.json)
t 'of the child too'			''	same "$childpid"
infos() { # of each descriptor: position and flags as fdinfo has them
	for f in /proc/"$PID"/fdinfo/*; do
		echo "${f##*/} $(sed -n 's/^pos:[[:space:]]*//p' "$f") $(sed -n 's/^ino:[[:space:]]*//p' "$f")"
	done | sort >want.txt
	jq -r ".items[] | select(.host_pid == $PID and .fd != null) | \"\\(.fd) \\(.pos // 0) \\(.inode)\"" all.json |
		sort | diff want.txt -
}
t 'positions and inodes'	''	infos
sizes() {
	jq -r '.items[] | select(.pid == 1 and .fd != null and (.type == "file" or .type == "memfd")) | "\(.fd) \(.size) \(.nlink) \(.allocated)"' all.json |
		while read -r n rest; do
			[ "$(stat -Lc '%s %h %b' "/proc/$PID/fd/$n" | awk '{ print $1, $2, $3 * 512 }')" = "$rest" ] || echo "$n $rest"
		done
}
t 'sizes and links'		''	sizes

# ---- each kind ----

is 'a file: type, mode, position'	file '.type == "file" and .mode == "u" and .pos == 4 and .size == 10'
is 'its mount'			file '.mount == "/data" and .path == "/data/file" and .deleted == false'
is 'its locks'			file '[.locks[] | split(" ")[0:2] | join(" ")] | sort == ["FLOCK WRITE", "POSIX READ"]'
is 'flags'			append '.mode == "w" and (.flags | sort) == ["APPEND", "CLOEXEC", "SYNC"]'
is 'O_PATH'			path '.mode == "-" and (.flags | index("PATH")) != null'
is 'a directory'		dir '.type == "dir" and .mode == "r"'
is 'a device: which'		null '.type == "chr" and .rdev == "1:3" and .path == "/dev/null"'
is 'a named FIFO'		fifo '.type == "fifo" and .path == "/data/fifo"'
is 'a symbolic link'		symlink '.type == "link" and .path == "/data/symlink"'
is 'a deleted file'		deleted '.type == "file" and .deleted and .state == "deleted" and .size == 10000 and .nlink == 0 and .path == "/data/gone"'
is 'one that never had a name'	tmpfile '.type == "file" and .deleted'
is 'a deleted directory'	deleteddir '.type == "dir" and .deleted and .path == "/data/gonedir"'
is 'a memfd is no deleted file'	memfd '.type == "memfd" and .deleted == false and .size == 5 and .path == "/memfd:secret"'
is 'a pipe: the other end in the same process' reader '.type == "pipe" and .mode == "r" and (.flags | index("NONBLOCK")) != null
	and ([.peers[] | select(.pid == 1)] == [{"pid": 1, "host_pid": '"$PID"', "fd": '"$(fd writer)"', "container": null, "comm": "python3"}])'
is 'and only who writes'	reader '.peers | length == 1'
is 'the readers of a pipe'	writer '[.peers[].comm] | sort == ["python3", "the child"]'
is 'eventfd: its value'		eventfd '.type == "eventfd" and .count == 77'
is 'epoll: what it watches'	epoll '.type == "epoll" and .watch_count == 2 and ([.watches[] | select(.fd == '"$(fd reader)"') | .events] == ["IN ET"])'
is 'inotify'			inotify '.type == "inotify" and .watch_count == 2 and ([.watches[].events] | sort == ["CREATE DELETE", "MODIFY"])'
is 'what it watches, by inode'	inotify "[.watches[].inode] | contains([$(stat -c %i "$D")])"
is 'timerfd'			timerfd '.type == "timerfd" and .clock == "monotonic" and .interval_s == 2.5 and .left_s > 4000 and .left_s <= 5000'
is 'one that is not armed'	idletimer '.clock == "realtime" and .left_s == 0'
is 'signalfd'			signalfd '.type == "signalfd" and .signals == ["USR1", "TERM"]'
is 'pidfd: both numbers'	pidfd '.type == "pidfd" and .of_pid == '"$(fd child)"' and .of_host_pid == '"$childpid"
is 'a namespace'		netns '.type == "ns" and (.path | startswith("net:["))'

# ---- sockets ----

is 'TCP that listens'		listener '.type == "socket" and .family == "inet" and .protocol == "tcp" and .state == "LISTEN" and
	.local == "127.0.0.1:7001" and .local_port == 7001 and .remote == null and .wqueue == 9'
is 'TCP that is connected'	client '.state == "ESTABLISHED" and .remote == "127.0.0.1:7001" and .rqueue == 6'
is 'its other end'		client '[.peers[] | select(.pid == 1) | .fd] == ['"$(fd served)"']'
is 'and back'			served '([.peers[] | select(.pid == 1) | .fd] == ['"$(fd client)"']) and .remote_port != 7001'
is 'UDP'			udp '.protocol == "udp" and .local == "127.0.0.1:7002" and .state == "UNCONNECTED"'
is 'IPv6'			six '.family == "inet6" and .local == "*:7003" and .state == "LISTEN"'
is 'IPv4 in IPv6: its other end'	mapped '.family == "inet6" and .remote == "[::ffff:127.0.0.1]:7001" and ([.peers[] | select(.pid == 1) | .fd] == ['"$(fd mappedserved)"'])'
is 'and back'			mappedserved '.family == "inet" and ([.peers[] | select(.pid == 1) | .fd] == ['"$(fd mapped)"'])'
is 'one that was never bound'	unbound '.protocol == "TCP" and .state == null and (.odd | test("not bound"))'
is 'unix: a pair'		pair '.family == "unix" and .sock_type == "stream" and .state == "ESTABLISHED" and .rqueue == 4'
is 'its peer'			pair '.peer_inode as $p | .peers | map(.comm) | sort == ["python3", "the child"]'
is 'unix that listens, by a path'	named '.state == "LISTEN" and .local == "/data/sock" and .wqueue == 7'
is 'the inode of that path'	named ".bound_inode == $(stat -c %i "$D/sock")"
is 'who is connected'		caller '[.peers[] | select(.pid == 1) | .fd] == ['"$(fd called)"']'
is 'an abstract name, with a NUL'	abstract '.local == "@abs\u0000tract" and .sock_type == "dgram"'
is 'a socket'\''s name opened by O_PATH is none'	sockfile '.type == "sockfile" and .local == null and .path == "/data/sock"'
if [ -n "$(fd mptcpserved2)" ]; then
	is 'MPTCP'		mptcp2 '.protocol == "mptcp" and .state == "LISTEN" and .local == "127.0.0.1:7004"'
	is 'its other end'	mptcpclient2 '[.peers[] | select(.pid == 1) | .fd] == ['"$(fd mptcpserved2)"']'
else
	skip 'MPTCP' 'not in this kernel'
fi
if [ -n "$(fd mptcpserved10)" ]; then
	is 'MPTCP over IPv6'	mptcpclient10 '.protocol == "mptcp" and .state == "ESTABLISHED" and .remote == "[::1]:7004"'
else
	skip 'MPTCP over IPv6' 'not in this kernel, or no IPv6 here'
fi
is 'netlink'			netlink '.family == "netlink" and .protocol == "route" and .local != null'
of_ss() { # all TCP and UDP sockets that ss sees there: inode, addresses, queues
	nsenter -n -t "$PID" ss -Htuane | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^ino:/) ino = substr($i, 5);
		if (ino) print ino, $3, $4; ino = "" }' | sort -u
}
beside_ss() {
	# the parts of MPTCP are TCP to it
	jq -r '.items[] | select(.protocol == "mptcp") | "^\(.inode) "' all.json >parts
	of_ss | grep -vf parts >want.txt
	jq -r '.items[] | select((.protocol == "tcp" or .protocol == "udp") and .pid == 1) | "\(.inode) \(.rqueue) \(.wqueue)"' all.json |
		sort -u | diff want.txt -
}
t 'all sockets of ss, with their queues'	''	beside_ss

# ---- cwd, root, exe, mapped ----

use() { echo ".items[] | select(.pid == 1 and .assoc == \"$1\") | $2"; }
tj '-a: working directory'	"$(use cwd '.type == "dir" and .path == "/data" and .fd == null')"	all
tj '-a: root'			"$(use root '.type == "dir" and .path == "/"')"	all
tj '-a: executable'		"$(use exe '.type == "file" and (.path | startswith("/usr/bin/python3"))')"	all
tj 'not without -a'		'[.items[] | select(.fd == null)] == []'	json
tj '--deleted: files and directories without a name' \
	'[.items[] | select(.pid == 1) | .path] | sort | length == 3 and contains(["/data/gone", "/data/gonedir"])'	json --deleted
held() { # blocks of 512 bytes
	for f in deleted tmpfile deleteddir; do
		stat -Lc %b "/proc/$PID/fd/$(fd $f)"
	done | awk '{ n += $1 } END { print n }'
}
tj '--deleted: how much they hold, each once' \
	".summary.files == 3 and .summary.bytes == $(held) * 512"	json --deleted
ts '--deleted: how to read one'	0 "^3 deleted files hold [0-9]+ bytes; to read one: nsdebug cat runc://$T fd:PID/FD\$" \
	$NSDEBUG fds --deleted "$T"
first_deleted() { $NSDEBUG cat "$T" "$($NSDEBUG fds --deleted --type file -p 1 -o name "$T" | head -n 1)" | wc -c; }
t '--deleted -o name is what cat takes'	'10000\n'	first_deleted

# ---- options ----

kinds() { json "$@" | jq -r '[.items[].type] | unique | join(" ")'; }
t '--sockets'		'socket\n'		kinds --sockets
t '--type'		'epoll eventfd\n'	kinds --type epoll,eventfd
t '--files'		'chr dir fifo file link memfd sockfile\n'	kinds --files
t '--files and a type'	'chr dir epoll fifo file link memfd sockfile\n'	kinds --files --type epoll
ts '--type of none'	2 "'wibble' is no type"	$NSDEBUG fds --type wibble "$T"
tj '-p: only that one'	"([.items[].host_pid] | unique) == [$childpid]"	json -p "$(fd child)"
tj '-p: its other ends are of the others'	"[.items[] | select(.type == \"pipe\" and .mode == \"r\") | .peers[].host_pid] | contains([$PID])"	json -p "$(fd child)"
ts '-p of none'		1 'no process 4999 in'	$NSDEBUG fds -p 4999 "$T"
ts '-p of no list'	2 'not a list of pids'	$NSDEBUG fds -p 1,x "$T"
zombie=$($NSDEBUG ps -o json "$T" | jq '.items[] | select(.comm == "undead") | .pid')
ts '-p of a zombie'	0 "process $zombie is a zombie: it has no descriptors"	$NSDEBUG fds -p "$zombie" "$T"
tj '--no-peers: those among the shown only'	"$(row reader '.peers | length == 1')"	json --no-peers
ts 'a table'		0 '^PID COMMAND +FD +TYPE +MODE STATE +SIZE PEER +NAME$'	$NSDEBUG fds "$T"
ts 'a socket in the table'	0 "^ +1 python3 +$(fd client) +socket +u +ESTABLISHED +- 1/python3.* tcp 127.0.0.1:[0-9]+ -> 127.0.0.1:7001\$"	$NSDEBUG fds "$T"
ts 'an epoll in the table'	0 " epoll +u +- +- - +watches ($(fd reader)|$(fd eventfd)) ($(fd reader)|$(fd eventfd))\$"	$NSDEBUG fds "$T"
ts 'a deleted file in the table'	0 " file +u +deleted +9.8K - +/data/gone\$"	$NSDEBUG fds "$T"
ts '-o wide'		0 'FLAGS.*POS +INODE +DEVICE +MOUNT.*RECVQ +SENDQ'	$NSDEBUG fds -o wide "$T"
inorder() { $NSDEBUG fds -a -o pid,fd --no-headers "$T" | sort -n -c -k 1,1 -k 2,2; }
t 'in order of pid and number'	''	inorder
tj 'the document'	'.schema == "nsdebug.fds/1" and .errors == [] and .truncated == false'	all
keys() {
	jq -c '.items[0] | keys' all.json >got.txt
	$NSDEBUG help --json fds | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys
ts 'without privilege'	77 'CAP_|root' setpriv --bounding-set=-all --inh-caps=-all --reuid 65534 --regid 65534 --clear-groups \
	"$NSDEBUG" fds "$T"
ts 'without SYS_ADMIN: descriptors, but no addresses'	77 'network namespace' \
	setpriv --bounding-set=-sys_admin --inh-caps=-all sh -c 'exec "$0" fds --type socket,pipe "$1"' "$NSDEBUG" "$T"

# ---- other ends outside of the container ----

# detached: else runc puts pipes of its own between
sleep 1000 | runc exec -d "$T" /usr/bin/python3 -c 'import ctypes, time
ctypes.CDLL(None).prctl(15, b"from outside", 0, 0, 0)
time.sleep(1000)' >/dev/null 2>&1 &
at_exit "kill \$(pgrep -P $$ -x sleep) 2>/dev/null || :"
outside() { # and who writes has become its program
	json | jq -e '.items[] | select(.comm == "from outside" and .fd == 0 and any(.peers[]; .comm == "sleep"))' >out
}
wait_for outside 10
writer=$(pgrep -P $$ -x sleep)
t 'a pipe from the node: who writes'	"[{\"pid\":null,\"host_pid\":$writer,\"fd\":1,\"container\":null,\"comm\":\"sleep\"}]\n" \
	sh -c 'jq -c "[.peers[] | select(.comm == \"sleep\")]" out'
ts 'in the table it is the host'\''s'	0 " pipe +r .* host:$writer/sleep" $NSDEBUG fds "$T"
tj '--no-peers does not look there'	'[.items[] | select(.comm == "from outside" and .fd == 0) | .peers[] | select(.pid == null)] == []' \
	json --no-peers

box_run python3 --ready -- /usr/bin/python3 -c 'import socket, time
l = socket.create_server(("0.0.0.0", 7100))
print("ready", flush=True)
c = l.accept()[0]
time.sleep(3600)'
SERVER=$BOX SERVERPID=$BOXPID
box_run python3 --ready -- /usr/bin/python3 -c 'import socket, time
print("ready", flush=True)
while True:
    try:
        c = socket.create_connection(("192.0.2.1", 7100))
        break
    except OSError:
        time.sleep(0.05)
time.sleep(3600)'
veth() {
	ip link add "nsdv$$" type veth peer name "nsdw$$" &&
		ip link set "nsdv$$" netns "$SERVERPID" name eth9 && ip link set "nsdw$$" netns "$BOXPID" name eth9 &&
		nsenter -n -t "$SERVERPID" ip addr add 192.0.2.1/24 dev eth9 && nsenter -n -t "$SERVERPID" ip link set eth9 up &&
		nsenter -n -t "$BOXPID" ip addr add 192.0.2.2/24 dev eth9 && nsenter -n -t "$BOXPID" ip link set eth9 up
}
word() { $NSDEBUG list -o json | jq -r --arg name "$1" '.items[] | select(.name == $name or .id == $name) | .target'; }
# In a container's cgroup others may be, too, as where a user's podman may make none: what a container
# made is in its pid namespace.
guest() { # SECONDS CGROUP COMMAND...: one in there writes to a process of $T
	_s=$1 _in=$2
	shift 2
	"$@" sleep "$_s" | runc exec -d "$T" /usr/bin/python3 -c "import ctypes, time
ctypes.CDLL(None).prctl(15, b'guest $_s', 0, 0, 0)
time.sleep(1000)" >/dev/null 2>&1 &
	wait_for 'pgrep -x -f "sleep $_s" >guest' 20 || fail "sleep $_s writes"
	at_exit "kill $(cat guest) 2>/dev/null || :"
	find /sys/fs/cgroup -type d -name "$_in" | while read -r _c; do
		cat guest >"$_c/cgroup.procs"
	done
	wait_for 'json | jq -e ".items[] | select(.comm == \"guest $_s\" and .fd == 0)" >guests' 20
}
whose() { jq -r '.peers[] | select(.comm == "sleep") | .container' guests; }
guest "1$$" "$SERVER" unshare -m
t 'who is only in the cgroup of a container is not named after it' 'null\n' whose
guest "2$$" "$SERVER" nsenter -t "$SERVERPID" -p unshare -m
t 'what a container made is, whatever it has mounted' "$(word "$SERVER")\n" whose
if veth 2>out; then
	connected() { $NSDEBUG fds --type socket -o json "$BOX" | jq -e '.items[] | select(.state == "ESTABLISHED")' >out; }
	# a connection is there before accept() has made a descriptor of it
	asleep "$SERVERPID"
	wait_for connected 20
	t 'TCP between two containers: the process in the other one' \
		"[null,$SERVERPID,\"$(word "$SERVER")\",\"python3\"]\n"	jq -c '.peers[0] | [.pid, .host_pid, .container, .comm]' out
	ts 'in the table it has that one'\''s name'	0 " ESTABLISHED .* $(word "$SERVER"):$SERVERPID/python3" $NSDEBUG fds "$BOX"
	t 'and back'	"[null,$BOXPID,\"$(word "$BOX")\",\"python3\"]\n"	sh -c '"$@" | jq -c ".items[] | select(.state == \"ESTABLISHED\") |
		.peers[0] | [.pid, .host_pid, .container, .comm]"' - $NSDEBUG fds --type socket -o json "$SERVER"
	tj '--no-peers: not looked for'	'.items[] | select(.state == "ESTABLISHED") | .peers == [] and .remote == "192.0.2.1:7100"' \
		$NSDEBUG fds --type socket --no-peers -o json "$BOX"
else
	skip 'TCP between two containers' "no veth: $(cat out)"
fi

box_run static --pidns host --ready -- /app/server 7103
guest "3$$" "$BOX" unshare -m
t 'in the pid namespace of the host its cgroup tells, which has its name' "$(word "$BOX")\n" whose
box_run static --pidns host --cgroup "/nsd-shared-$$" --ready -- /app/server 7104
guest "4$$" "nsd-shared-$$" unshare -m
t 'and none that others may have made' 'null\n' whose

# 127.0.0.1 is another one in each network namespace; of the second one the other end is gone.
cat >"$D/loopback.py" <<-'E'
	import socket, sys, time
	l = socket.socket()
	l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	l.bind(("127.0.0.1", 7102))
	l.listen()
	c = socket.socket()
	c.bind(("127.0.0.1", 7101))
	c.connect(("127.0.0.1", 7102))
	s = l.accept()[0]
	l.close()
	if sys.argv[1] == "gone":
	    s.close()
	print("ready", flush=True)
	time.sleep(3600)
	E
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/loopback.py both
tj 'TCP with itself'	'[.items[] | select(.type == "socket" and .state == "ESTABLISHED") | .peer_count] == [1, 1]' \
	$NSDEBUG fds -o json "$BOX"
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/loopback.py gone
tj 'the same loopback addresses elsewhere are no other end'	\
	'[.items[] | select(.type == "socket" and .state == "CLOSE_WAIT") | [.remote_port, .peers]] == [[7102, []]]' \
	$NSDEBUG fds -o json "$BOX"

# ---- what needs rights, and limits ----

cat >"$D/rare.py" <<-'E'
	import ctypes, os, resource, select, struct, time
	libc = ctypes.CDLL(None, use_errno=True)
	def say(what, fd):
	    print(what, fd, flush=True)
	    return fd
	say('io_uring', libc.syscall(425, 8, (ctypes.c_char * 120)()))
	say('userfaultfd', libc.syscall(323, 0))
	say('fanotify', libc.fanotify_init(0, 0))
	# a map: array, key 4, value 8, 1 entry
	attr = ctypes.create_string_buffer(struct.pack('IIII', 2, 4, 8, 1), 120)
	say('bpfmap', libc.syscall(321, 0, attr, 120))
	attr = ctypes.create_string_buffer(struct.pack('IIQ', 1, 120, 0), 120)
	say('perf', libc.syscall(298, attr, 0, -1, -1, 0))
	import socket
	raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 200)
	say('raw', raw.fileno())
	packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300)
	say('packet', packet.fileno())
	r, w = os.pipe()
	say('shared', r)
	for i in range(70):
	    if os.fork() == 0:
	        time.sleep(3600)
	say('tunnel', os.open('/data/tun', os.O_RDWR) if os.path.exists('/data/tun') else -1)
	# two names in two pieces: a file that is mapped and then deleted
	import mmap
	fd = os.open('/data/mapped', os.O_RDWR | os.O_CREAT, 0o644)
	os.ftruncate(fd, 8192)
	m = mmap.mmap(fd, 8192, prot=mmap.PROT_READ)
	os.close(fd)
	os.unlink('/data/mapped')
	e = select.epoll()
	say('big', e.fileno())
	p = os.pipe()
	e.register(p[0], select.EPOLLIN)
	n = 0
	try:
	    while n < 5000:
	        e.register(os.dup(p[0]), select.EPOLLIN)
	        n += 1
	except OSError:
	    pass
	print('watched', n + 1, flush=True)
	print('ready', flush=True)
	time.sleep(3600)
	E
box_run python3 --uid 0 --no-seccomp --caps sys_admin,bpf,perfmon,net_raw --bind "$D:/data" --ready -- /usr/bin/python3 /data/rare.py
T=$BOX PID=$BOXPID
LOG=$FX/boxes/$BOX/log
json -p 1 >all.json 2>said
for what in io_uring userfaultfd fanotify perf bpfmap; do
	case $what in bpfmap) type=bpf-map ;; *) type=$what ;; esac
	if [ "$(fd $what)" -ge 0 ]; then
		is "$what" $what ".type == \"$type\""
	else
		skip "$what" 'not to be had here'
	fi
done
[ "$(fd bpfmap)" -lt 0 ] || is 'a BPF map: its type and id' bpfmap '.bpf_type == 2 and .bpf_id > 0'
is 'a raw socket: told, or said that this kernel does not'	raw \
	'(.protocol == "raw" or .protocol == "RAW") and (.family == "inet" or (.odd | test("does not list")))'
is 'a packet socket'	packet '.family == "packet" and .sock_type == "raw"'
is 'more than 64 at the other end: the number, and 64 of them'	shared '.peer_count == 71 and (.peers | length) == 64'
tj 'and that some are not named'	'.truncated == true and ([.errors[].message | select(test("not named"))] | length == 1)'	json --type pipe
is 'epoll: how many'	big ".watch_count == $(fd watched)"
tj '--deleted: a file that is only mapped'	"[.items[] | select(.pid == 1 and .assoc == \"mem\") | [.path, .size, .deleted]] == [[\"/data/mapped\", 8192, true]]" \
	json --deleted

# ---- containers of other kinds ----

server() { # HOSTPID [FILTER]: what the server of the fixtures has, in any container
	jq -e "[.items[] | select(.host_pid == $1)] | (map(select(.protocol == \"tcp\")) | length == 1 and
		all(.state == \"LISTEN\")) and (map(select(.local // \"\" | startswith(\"@server-\"))) | length == 1)
		and (map(select(.deleted)) | length == 1) and (map(select(.type == \"pipe\" and .peer_count == 1)) | length == 2)" got.json
}
whole() { # NAME
	$NSDEBUG fds -o json "$BOX" >got.json
	t "$1" 'true\n' server "$BOXPID"
}
box_up paused
whole 'a frozen container'
box_up userns
whole 'a user namespace'
box_up hidepid
whole 'hidepid'
box_up hostpid
whole 'the host'\''s pid namespace'
tj 'its pids are those of the host'	'.items | all(.pid == .host_pid)'	cat got.json
box_up pod
$NSDEBUG fds -o json "$BOX2" >got.json
t 'a shared pid namespace'	'true\n'	server "$BOX2PID"
tj 'its own processes only'	"[.items[].host_pid] | unique == [$BOX2PID]"	cat got.json
box_up overlay
whole 'an overlay'
RUNTIME=crun
export RUNTIME
box_up noproc
whole 'no /proc in the container'
