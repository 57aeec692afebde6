#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Descriptors that are called like something else, and sockets whose names are lines of a table:
# fds says what they are.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc python3 jq strace
has_verb fds || skip_all 'this binary has no fds'

D=$TMP/data
mkdir "$D"
chmod 777 "$D"
cat >"$D/hold.py" <<-'E'
	import ctypes, os, socket, time
	libc = ctypes.CDLL(None)
	os.chdir('/data')
	def say(what, fd):
	    print(what, fd if isinstance(fd, int) else fd.fileno(), flush=True)
	    return fd
	def put(name):
	    fd = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
	    os.write(fd, b'text')
	    return fd
	say('called-deleted', put('x (deleted)'))
	say('deleted-called-deleted', put('y (deleted)'))
	os.unlink('y (deleted)')
	say('other-name', put('one'))
	os.link('one', 'two')
	os.unlink('one')
	names = 'socket:[1]', 'pipe:[1]', 'anon_inode:[eventfd]', 'memfd:x', 'a -> b', 'new\nline', '\x1b[2J'
	for i, name in enumerate(names):
	    say('called-%d' % i, put(name))
	os.mkdir('memfd:')
	say('in-memfd', put('memfd:/libc.so.6'))
	os.unlink('memfd:/libc.so.6')
	say('memfd-library', os.memfd_create('/usr/lib/x86_64-linux-gnu/libc.so.6'))
	say('memfd-deleted', os.memfd_create('x (deleted)'))
	# a tmpfs that is nowhere any more, with a deleted file that is called like a memfd
	os.mkdir('gone')
	if libc.mount(b'none', b'/data/gone', b'tmpfs', 0, None):
	    print('no mount')
	fd = put('gone/memfd:forged')
	say('forged-memfd', fd)
	os.unlink('gone/memfd:forged')
	libc.umount2(b'/data/gone', 2)
	keep = []
	line = '\n0000000000000000: 00000002 00000000 00010000 0001 01 666666 /run/evil.sock'
	for name in '\0x' + line, '\0y':
	    s = socket.socket(socket.AF_UNIX)
	    s.bind(name)
	    s.listen(1)
	    say('forger' if line in name else 'honest', s)
	    keep.append(s)
	os.symlink('socket:[2]', 'link')
	say('link', os.open('link', os.O_PATH | os.O_NOFOLLOW))
	# a socket of a network namespace that no process is in
	a, b = socket.socketpair()
	if os.fork() == 0:
	    libc.unshare(0x40000000)
	    l = socket.socket()
	    l.bind(('127.0.0.1', 9099))
	    l.listen(1)
	    u = socket.socket(socket.AF_UNIX)
	    u.bind('\0elsewhere')
	    socket.send_fds(a, [b'x'], [l.fileno(), u.fileno()])
	    os._exit(0)
	msg, fds, _, _ = socket.recv_fds(b, 1, 2)
	os.wait()
	say('stranger-tcp', fds[0])
	say('stranger-unix', fds[1])
	# and one that lives on in a namespace of its own
	if os.fork() == 0:
	    libc.unshare(0x40000000)
	    l = socket.socket()
	    l.bind(('127.0.0.1', 9098))
	    l.listen(1)
	    socket.send_fds(a, [b'x'], [l.fileno()])
	    time.sleep(3600)
	say('other-tcp', socket.recv_fds(b, 1, 1)[1][0])
	print('ready', flush=True)
	time.sleep(3600)
	E
box_run python3 --uid 0 --rw --no-seccomp --caps sys_admin,dac_override --bind "$D:/data" --ready -- \
	/usr/bin/python3 /data/hold.py
LOG=$FX/boxes/$BOX/log
fd() { awk -v w="$1" '$1 == w { print $2 }' "$LOG"; }
"$NSDEBUG" fds -p 1 -o json "$BOX" >all.json
all() { cat all.json; }
is() { tj "$1" ".items[] | select(.fd == $(fd "$2")) | $3" all; }

# ---- 52: what it is is not what it is called ----

is '52 a file called "x (deleted)"'	called-deleted \
	'.type == "file" and .deleted == false and .path == "/data/x (deleted)" and (.odd | test("ends in"))'
is '52 a deleted one that was called so'	deleted-called-deleted \
	'.deleted and .path == "/data/y (deleted)"'
is '52 one that has another name left'	other-name \
	'.deleted == false and .nlink == 1 and (.odd | test("names is gone"))'
n=0
for name in 'socket:[1]' 'pipe:[1]' 'anon_inode:[eventfd]' memfd:x 'a -> b' 'new\nline' '\u001b[2J'; do
	tj "52 a file called $n" ".items[] | select(.fd == $(fd called-$n)) |
		.type == \"file\" and .deleted == false and .path == \"/data/$name\"" all
	n=$((n + 1))
done
is '52 in a directory called memfd:'	in-memfd '.type == "file" and .deleted'
is '52 a memfd called like a library'	memfd-library \
	'.type == "memfd" and .deleted == false and .path == "/memfd:/usr/lib/x86_64-linux-gnu/libc.so.6"'
is '52 a memfd called deleted'		memfd-deleted '.type == "memfd" and .path == "/memfd:x (deleted)"'
is '52 a deleted file that looks just like a memfd'	forged-memfd \
	'.path == "/memfd:forged" and .type == "file" and .deleted'
t '52 trap: its link and its file system are those of a memfd' '/memfd:forged (deleted)\ntmpfs\n' sh -c \
	'readlink "$1"; stat -Lfc %T "$1"' - "/proc/$BOXPID/fd/$(fd forged-memfd)"
is '52 a link to socket:[2]'		link '.type == "link"'
t '52 --deleted: the three that are'	'3\n' sh -c '"$@" | jq ".items | length"' - \
	"$NSDEBUG" fds -p 1 --deleted --files -o json "$BOX"
rows() { "$NSDEBUG" fds -p 1 --no-headers "$BOX" | wc -l; }
t '52 a line each, whatever is in a name'	"$(jq '.items | length' all.json)\n" rows
clean_text() { for o in '' '-o wide' '-o json' '-o name'; do
	# shellcheck disable=SC2086
	"$NSDEBUG" fds -a $o "$BOX"; done | grep -aP '[\x00-\x08\x0b-\x1f\x7f]'; }
t '49 no control character in any form'	'?1\n' clean_text

# ---- 51: a name that is a line ----

t '51 trap: /proc/net/unix shows a socket that is none'	'1\n' \
	grep -c '666666 /run/evil.sock$' "/proc/$BOXPID/net/unix"
is '51 the forger is one socket'	forger '.type == "socket" and .state == "LISTEN" and (.local | startswith("@x\n0000"))'
is '51 and the honest one another'	honest '.local == "@y" and .state == "LISTEN"'
tj '51 none has the forged number'	'[.items[] | select(.inode == 666666 or .path == "/run/evil.sock")] == []'	all
ts '51 in a table its newline is text'	0 '@x\\x0a0000000000000000: 00000002' "$NSDEBUG" fds "$BOX"

# ---- sockets of other network namespaces ----

is 'a TCP socket of a namespace that no process is in'	stranger-tcp \
	'.protocol == "TCP" and .local == null and (.odd | test("no process is in"))'
is 'a unix socket of one'		stranger-unix '(.protocol | test("UNIX")) and (.odd | test("no process is in"))'
is 'a socket of another process'\''s namespace'	other-tcp \
	'.local == "127.0.0.1:9098" and .state == "LISTEN" and .odd == "of another network namespace"'
tj 'its namespace is not that of the others'	"[.items[] | select(.fd == $(fd other-tcp) or .fd == $(fd honest)) | .netns] |
	unique | length == 2 and all(. != null)"	all
others() { # inode of each namespace that we say sockets are of
	for p in /proc/[0-9]*; do stat -Lc %i "$p/ns/net" 2>/dev/null; done | sort -u >nets
	jq '.items[] | .netns | select(. != null)' all.json | sort -u | grep -vxFf nets
}
t 'each is one of a process'	'?1\n'	others

# ---- who may send to netlink sockets in there ----

cat >"$D/flood.py" <<-'E'
	import os, socket, struct, sys
	AF_NETLINK_DIAG = 4
	inode = int(sys.argv[1])
	def forged(seq):
	    name = struct.pack('HH', 4 + 8, 0) + b'\0forged\0'
	    body = struct.pack('BBBBIII', 1, 1, 1, 0, inode, 0, 0) + name
	    done = struct.pack('IHHIIi', 20, 3, 2, seq, 0, 0)
	    return struct.pack('IHHII', 16 + len(body), 20, 2, seq, 0) + body + done
	s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, AF_NETLINK_DIAG)
	s.setblocking(False)
	# the control: a socket that is not connected to the kernel takes it
	v = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, AF_NETLINK_DIAG)
	v.bind((0, 0))
	s.sendto(forged(1), (v.getsockname()[0], 0))
	print('taken' if b'forged' in v.recv(4096) else 'refused', flush=True)
	v.close()
	print('ready', flush=True)
	mine = s.getsockname()[0]
	while True:
	    for pid in filter(str.isdigit, os.listdir('/hostproc')):
	        try:
	            if open('/hostproc/%s/comm' % pid).read() != 'nsdebug\n':
	                continue
	            for seq in range(1, 15):
	                s.sendto(forged(seq), (int(pid), 0))
	        except OSError:
	            pass
	E
box_run python3 --uid 0 --no-seccomp --caps net_admin --bind "$D:/data" --bind /proc:/hostproc:ro --ready -- \
	/usr/bin/python3 -c 'import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 9097))
s.listen(1)
print("ready", flush=True)
time.sleep(3600)'
inode=$("$NSDEBUG" fds --type socket -o json "$BOX" | jq '.items[0].inode')
runc exec "$BOX" /usr/bin/python3 /data/flood.py "$inode" >flood.out 2>&1 </dev/null &
at_exit "kill $! 2>/dev/null || :"
wait_for 'grep -q ready flood.out' 20 || fail 'the flood' "$(cat flood.out)"
ts 'trap: a socket that takes from anyone takes what is forged'	0 '^taken' cat flood.out
# every answer waits long enough for a forged one to be there before the next
flooded() {
	strace -f -o /dev/null -e trace=recvfrom -e inject=recvfrom:delay_enter=50000 \
		"$NSDEBUG" fds -p 1 --type socket --no-peers -o json "$BOX" | jq -r '.items[].local'
}
t 'forged answers are not taken'	'127.0.0.1:9097\n'	flooded
