#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# advise of a container that wants a wider profile than it needs, or one that nobody can load, and of
# one that does what is easily told wrongly.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq python3 runc apparmor_parser setcap
can_trace

mkdir py out
chmod 755 py
chmod 777 out
cat >py/work.py <<-'E'
	import ctypes, os, shutil, socket, struct, sys, time
	libc = ctypes.CDLL(None, use_errno=True)
	NEWNS, NEWUSER = 0x20000, 0x10000000
	def child(f):
	    if os.fork() == 0:
	        f()
	        os._exit(0)
	    os.wait()
	def must(ok):
	    if not ok:
	        open('/out/failed', 'w').write(os.strerror(ctypes.get_errno()))
	        os._exit(1)
	def own_user():
	    # root of a user namespace of its own, where it has every capability
	    uid = os.getuid()
	    must(libc.unshare(NEWUSER | NEWNS) == 0)
	    open('/proc/self/uid_map', 'w').write('0 %d 1' % uid)
	    must(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None) == 0)
	def own_top():
	    # another tree of mounts, in which names are what it wants
	    must(libc.unshare(NEWNS) == 0)
	    must(libc.mount(None, b'/', None, 0x44000, None) == 0)
	    os.makedirs('/tmp/top/old')
	    must(libc.mount(b'tmpfs', b'/tmp/top', b'tmpfs', 0, None) == 0)
	    os.mkdir('/tmp/top/old')
	    must(libc.syscall(155, b'/tmp/top', b'/tmp/top/old') == 0)
	    os.makedirs('/etc/forged')
	    open('/etc/forged/file', 'w').close()
	def own_root():
	    os.makedirs('/tmp/jail')
	    os.chroot('/tmp/jail')
	    os.chdir('/')
	    os.mkdir('/in_jail')
	    os.mkdir('/../../in_jail_too')
	def filtered():
	    # getpriority raises SIGSYS, setpriority is said to have been done
	    op = lambda *a: struct.pack('HBBI', *a)
	    code = ctypes.create_string_buffer(op(0x20, 0, 0, 0) + op(0x15, 2, 0, 140) +
	        op(0x15, 2, 0, 141) + op(6, 0, 0, 0x7fff0000) + op(6, 0, 0, 0x30000) + op(6, 0, 0, 0x50000))
	    prog = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 6, ctypes.addressof(code)))
	    libc.signal(31, ctypes.cast(libc.abs, ctypes.c_void_p))
	    z = ctypes.c_ulong(0)
	    must(libc.prctl(38, ctypes.c_ulong(1), z, z, z) == 0)
	    must(libc.prctl(22, ctypes.c_ulong(2), prog, z, z) == 0)
	    libc.syscall(140, 0, 0)
	    libc.syscall(141, 0, 0, 0)
	def ports():
	    for i in range(3):
	        socket.socket(type=socket.SOCK_DGRAM).bind(('', 0))
	    s = socket.socket(type=socket.SOCK_DGRAM)
	    s.bind(('', 45353))
	    t = socket.socket()
	    t.listen()
	    m = socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP) if MPTCP else socket.socket()
	    m.bind(('', 8081))
	    m.listen()
	    return s, t, m
	def code():
	    # a library in /tmp, and pages of a file made to run later
	    shutil.copy('/lib/x86_64-linux-gnu/libutil.so.1', '/tmp/lib.so')
	    ctypes.CDLL('/tmp/lib.so')
	    fd = os.open('/etc/services', os.O_RDONLY)
	    libc.mmap.restype = ctypes.c_void_p
	    at = libc.mmap(None, ctypes.c_size_t(4096), 1, 2, fd, ctypes.c_size_t(0))
	    must(libc.mprotect(ctypes.c_void_p(at), ctypes.c_size_t(4096), 5) == 0)
	def messages():
	    a = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	    there = []
	    for path in '/tmp/log', '/tmp/log2':
	        there.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
	        there[-1].bind('/tmp/bound')
	        os.rename('/tmp/bound', path)
	    a.sendto(b'x', '/tmp/log')
	    a.sendmsg([b'x'], [], 0, '/tmp/log2')
	def given():
	    s = socket.socket(socket.AF_UNIX)
	    s.bind('/out/socket')
	    os.chmod('/out/socket', 0o777)
	    s.listen()
	    say('listening')
	    socket.recv_fds(s.accept()[0], 1, 2)
	def many():
	    os.makedirs('/var/many')
	    for i in range(400):
	        open('/var/many/f%s' % ''.join('abcdefghij'[int(c)] for c in str(i)), 'w').close()
	    os.listdir('/var/many')
	def stars():
	    # names of which the rules, each with many stars, would keep a parser busy for good
	    os.makedirs('/var/stars')
	    for i in range(250):
	        open('/var/stars/' + ''.join('%s111' % 'abcd'[i >> 2 * j & 3] for j in range(12)), 'w').close()
	def flood():
	    for d in range(60):
	        os.makedirs('/var/flood%d' % d)
	        for i in range(200):
	            open('/var/flood%d/%s%d' % (d, '\n*' * 50, i), 'w').close()
	def quoted():
	    # a name whose end is a backslash, which might take the end of the quotes for its own
	    os.makedirs('/var/quoted/end\\')
	    open('/var/quoted/end\\/"\\', 'w').close()
	def lots():
	    # a file that is only read, one that is mapped to run, and one in /proc beside
	    for d in os.scandir('/py/lots'):
	        for f in os.scandir(d.path):
	            open(f.path).close()
	    ctypes.CDLL('/py/lots/d05/lib.so')
	def say(what):
	    open('/out/' + what, 'w').close()
	def wait():
	    while not os.path.exists('/py/go'):
	        time.sleep(0.01)
	try:
	    socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
	    MPTCP = 262
	except OSError:
	    MPTCP = 0
	say('ready')
	wait()
	exec(sys.argv[1])
	say('done')
	time.sleep(1000)
	E

# watched CODE OPTION...: its document is in ./out.json
watched() {
	_code=$1
	shift
	rm -f py/go out/* said.txt
	box_run python3 --rw --overlay --no-seccomp --bind "$TMP/py:/py:ro" --bind "$TMP/out:/out" "$@" -- \
		/usr/bin/python3 /py/work.py "$_code"
	wait_for '[ -e out/ready ]' 20 || fail 'the workload is ready'
	# shellcheck disable=SC2086 # words
	"$NSDEBUG" advise "$BOX" -o json ${WRITE:-} >out.json 2>said.txt &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for _sealed 20 || fail 'advise is attached' "$(cat said.txt)"
	: >py/go
	${WHILE:-:}
	wait_for '[ -e out/done ] || [ -e out/failed ]' 60 || fail "$_code is done" "$(cat said.txt)"
	trace_stop
	[ ! -e out/failed ] || fail "$_code" "$(cat out/failed)"
	jq -r .summary.apparmor out.json >profile
}
all() { # NAME FILTER: of the document
	if jq -es "length == 1 and (.[0] | $2)" out.json >jq.out 2>&1; then
		pass "$1"
	else
		fail "$1" "$(echo "not true: $2"; cat jq.out said.txt out/failed 2>/dev/null; jq -c '.items[] |
			select(.kind != "syscall") | [.[] | values]' out.json | head -n 100; jq -r .summary.docker out.json)"
	fi
}
of() { echo "[.items[] | select(.kind == \"$1\")]"; }
rule() { ts "$1" 0 '' grep -Fqx "  $2," profile; }

# ---- rights that nobody gave it ----

watched 'child(own_user)'
all 'a capability in a user namespace of its own is none' '.summary.capabilities == []'
all 'nor one that it holds' "$(of capability)"' == []'
all 'nor another user' "$(of user)"' | length == 1 and .[0].uid == 65532'
all 'who makes namespaces has to' '.summary.seccomp | fromjson | [.syscalls[] | select(any(.names[]; . == "clone")) | .args] ==
	[null]'
watched 'x = 1'
all 'who makes none may not' '.summary.seccomp | fromjson | [.syscalls[] | select(.names == ["clone"]) | .args[0]] ==
	[{index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ"}]'
all 'nor by the call of which a filter sees nothing' '.summary.seccomp | fromjson |
	[.syscalls[] | select(.errnoRet == 38) | .names[]] | index("clone3") != null'
watched 'child(filtered)'
all 'a call that a filter answers is not allowed' "$(of syscall)"' | map(select(.name | IN("getpriority", "setpriority"))) |
	length == 2 and all(.needed == false and (.why | test("answered by a filter")))'

# ---- names ----

watched 'child(own_top)' --uid 0 --caps sys_admin
all 'a file of another tree is none of the image' "$(of file)"' | map(select(.name | startswith("/etc/forged"))) |
	length > 0 and all(.on == null and (.why | test("mount namespace")))'
all 'nor a place to write to' "$(of writable)"' | any(.name | startswith("/etc")) | not'
ts 'which is said' 0 'mount namespaces of its own' cat said.txt
watched 'child(own_root)' --uid 0 --caps sys_chroot --tmpfs /tmp:mode=1777
all 'a name below another root' "$(of file)"' | map(.name) | contains(["/tmp/jail/in_jail", "/tmp/jail/in_jail_too"]) and
	(any(. == "/in_jail" or . == "/in_jail_too") | not)'
watched 'open("/at_top", "w").close(); os.makedirs("/var/x")' --uid 0
all 'who writes to / is told so' "$(of writable)"' | any(.name == "/" and .on == "image")'
all 'and has no root that is only read' '(.summary.kubernetes | contains("readOnlyRootFilesystem: false")) and
	(.summary.docker | contains("--read-only") | not)'
watched 'many()' --uid 0
rule 'a directory with many files can be listed' '"/var/many/" rw'
rule 'and they be made' '"/var/many/*{,/}" rwkl'
all 'none of them is of the image' "$(of writable)"' | any(.name == "/var/many" and .hidden == 0)'
watched 'stars()' --uid 0
ts 'no names keep a parser from its end' 0 '' timeout 60 apparmor_parser -QTK profile
watched 'quoted()' --uid 0
rule 'a backslash at the end of a name' '"/var/quoted/end\134/\042\134" w'
ts 'which is not the end of the rule' 0 '' apparmor_parser -QTK profile
WRITE='--exact --write flood' watched 'flood()' --uid 0
ts 'a profile that is too long for a row is said' 0 'apparmor is too long .*--write' cat said.txt
all 'and leaves the others' '.summary.seccomp | fromjson | .syscalls | length > 1'
ts 'which has a rule of each file, as it was told' 1 '' grep 'widened' flood/apparmor
ts 'and says what that means to a parser' 0 '^  # [0-9]{4,} rules of files: a parser takes long' \
	cat flood/apparmor
t 'it is a file' '102\n' grep -c '^  "/var/flood59/[^*]' flood/apparmor

# ---- more files than a parser can take ----

for d in $(seq -w 0 39); do
	mkdir -p "py/lots/d$d"
	n=$((40 + ${d#0}))
	[ "$d" != 00 ] || n=20
	for f in $(seq -w $n); do
		: >"py/lots/d$d/name$f"
	done
done
cp /lib/x86_64-linux-gnu/libutil.so.1 py/lots/d05/lib.so
WRITE='--write lots' watched 'lots()'
of_all() { grep -A 1 '# widened: ' profile; }
t 'rules of directories are no more than it takes: those of the most files' "$(for d in $(seq 34 39); do
	printf '  "/py/lots/d%s/*" r,\n' $d; done)\n" sh -c 'grep "^  \"/py/lots/d[0-9]*/[*]\" r,$" profile | sort'
ts 'how many files that were is in a comment' 0 '# widened: 79 of these were used' of_all
t 'the others have their own' '20\n' grep -c '^  "/py/lots/d00/name[0-9]*" r,$' profile
rule 'also what is used otherwise' '"/py/lots/d05/lib.so" mr'
t 'as many as a parser takes' '1\n' sh -c '[ "$(grep -c "^  \"" profile)" -le 2003 ] && echo 1'
ts 'it ends' 0 '' timeout 120 apparmor_parser -QTK profile
all 'it is said' '.summary.widened == 6'
ts 'to people' 0 '6 rules are of all files of a directory.*--exact' cat said.txt
ts 'in the report' 0 '^widened: 6 rules' cat lots/report.txt
rm -r py/lots

# ---- what is easily told wrongly ----

watched 'x = ports()'
all 'no port that the kernel chose is to be published' '.summary.kubernetes | [scan("containerPort: ([0-9]+)")[0]] | sort == ["45353", "8081"]'
all 'one that is listened at is shown' "$(of port)"' | length == 3 and ([.[] | select(.why | test("kernel chose"))] | length == 1)'
watched 'code()' --tmpfs /tmp:mode=1777
all 'a tmpfs from which code runs lets it' '.summary.docker | contains("--tmpfs /tmp:mode=1777,exec")'
all 'pages that are made to run' "$(of file)"' | any(.name == "/etc/services" and .access == "mr")'
watched 'messages()'
all 'sockets that messages go to' "$(of file)"' | map(select(.name | IN("/tmp/log", "/tmp/log2"))) | length == 2 and all(.access == "rw")'
give() {
	wait_for '[ -e out/listening ]' 20
	python3 - "/proc/$BOXPID/root/etc/debian_version" /etc/hostname <<-'E'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect('out/socket')
		socket.send_fds(s, [b'x'], [os.open(f, os.O_RDONLY) for f in sys.argv[1:]])
		E
}
WHILE=give watched 'given()'
all 'a descriptor that it was given' "$(of file)"' | any(.name == "/etc/debian_version" and .access == "r")'
ts 'and one of a file of the host' 0 'descriptors of files that are mounted elsewhere' cat said.txt

# ---- a program whose file has a capability ----

cp "$O/tests/lib/many" many
setcap cap_net_raw+ep many
box_run debug --no-seccomp --caps net_raw --bind "$TMP/many:/many:ro" -- /many getppid 1
ID=$BOX
BUNDLE=$FX/boxes/$ID
config() { # FILTER ARG...: of jq
	jq "$@" "$BUNDLE/config.json" >config.new
	cat config.new >"$BUNDLE/config.json"
}
run() {
	wait_for 'runc delete --force "$ID" 2>/dev/null || ! runc state "$ID" >/dev/null 2>&1' 20
	runc run --bundle "$BUNDLE" "$ID" >run.out 2>&1 </dev/null
}
config '.process |= (.noNewPrivileges = false | .capabilities |= (.ambient = [] | .inheritable = []))'
wait_for 'runc delete --force "$ID" 2>/dev/null || ! runc state "$ID" >/dev/null 2>&1' 20
"$NSDEBUG" advise --next "$ID" -o json >out.json 2>said.txt &
TRACE=$!
wait_for 'grep -q "waiting for a cgroup" said.txt' 20 || fail 'advise waits' "$(cat said.txt)"
run
wait "$TRACE"
all 'what its file has a program needs to start' '.summary.capabilities == ["CAP_NET_RAW"] and ('"$(of capability)"' |
	any(.name == "CAP_NET_RAW" and .needed and (.why | test("file has it"))))'
all 'which nobody may forbid it to gain' '(.summary.kubernetes | contains("allowPrivilegeEscalation: true")) and
	(.summary.docker | contains("no-new-privileges") | not)'
config --slurpfile a out.json '.process.capabilities |= map_values(if . == [] then . else $a[0].summary.capabilities end)'
run
ts 'it starts with that' 0 . cat run.out
config '.process.capabilities |= map_values([])'
run
ts 'and not without' 0 'operation not permitted' cat run.out
