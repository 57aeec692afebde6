#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# env, beside /proc/PID/environ; what is masked and what is not; environments that are large, odd,
# overwritten, or of processes that are frozen or dead.
. tests/lib.sh
need jq python3 runc crun setpriv

D=$TMP/data
mkdir "$D"
chmod 755 "$D"
cat >"$D/family.py" <<-'E'
	import ctypes, os, signal, sys, time
	libc = ctypes.CDLL(None, use_errno=True)
	def name(n):
	    libc.prctl(15, n, 0, 0, 0)
	def child(f):
	    if os.fork() == 0:
	        f()
	        time.sleep(3600)
	        os._exit(1)
	def run(title, env):
	    argv = (ctypes.c_char_p * 5)(b'python3', b'-c', b'''
	import ctypes, os, sys, time
	libc = ctypes.CDLL(None)
	if sys.argv[1].startswith("over"):
	    f = open("/proc/self/stat").read().rpartition(")")[2].split()
	    start, end = int(f[47]), int(f[48])
	    if sys.argv[1] == "overall":
	        ctypes.memset(start, 0, end - start)
	    else:
	        ctypes.memmove(start, b"a title" + bytes(20), 27)
	if sys.argv[1] == "torn":
	    f = open("/proc/self/stat").read().rpartition(")")[2].split()
	    ctypes.memset(int(f[48]) - 3, 120, 3)
	libc.prctl(15, sys.argv[1].encode(), 0, 0, 0)
	time.sleep(3600)''', title, None)
	    envp = (ctypes.c_char_p * (len(env) + 1))(*env, None)
	    libc.execve(b'/usr/bin/python3', argv, envp)
	child(lambda: run(b'odd', [b'A=first', b'A=second', b'no equals', b'=nameless', b'EMPTY=',
	    b'EVIL=\x1b[2J\nFORGED=1', b'\xff=\xfe', b'EQ=a=b=c', b'SPACE=a b']))
	child(lambda: run(b'big', [b'V%d=' % i + b'x' * 100000 for i in range(18)]))
	child(lambda: run(b'none', []))
	child(lambda: run(b'overall', [b'A=1', b'B=2']))
	child(lambda: run(b'overstart', [b'A=1', b'B=123456789012345678901234567890', b'C=3']))
	child(lambda: run(b'torn', [b'A=1', b'B=abcdef']))
	child(lambda: run(b'secrets', [b'DB_PASSWORD=hunter2', b'URL=postgres://u:pa55@db/x', b'PLAIN=word',
	    b'JWT=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', b'ID=AKIAIOSFODNN7EXAMPLE',
	    b'ALLOW_EMPTY_PASSWORD=yes', b'OPTS=-Dx.password=geheim -ea', b'PWD=/app',
	    b'CERT=-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----',
	    b'SUM=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']))
	def zombie():
	    name(b'keeper')
	    if os.fork() == 0:
	        name(b'undead')
	        os._exit(0)
	child(zombie)
	# all of them bear their names, which they take when they are done
	want = {'odd', 'big', 'none', 'overall', 'overstart', 'torn', 'secrets', 'undead'}
	while want - {open('/proc/%s/comm' % p).read().strip() for p in os.listdir('/proc') if p.isdigit()}:
	    time.sleep(0.02)
	print('ready', flush=True)
	time.sleep(3600)
	E
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/family.py
T=$BOX PID=$BOXPID
$NSDEBUG ps -o json "$T" >ps.json
pid() { jq ".items[] | select(.comm == \"$1\") | .pid" ps.json; }
hostpid() { jq ".items[] | select(.comm == \"$1\") | .host_pid" ps.json; }
of() { # WHO OPTION...
	_who=$(pid "$1")
	shift
	$NSDEBUG env -p "$_who" "$T" "$@"
}
quietly() { of "$@" 2>/dev/null; }
json() { of "$1" -o json 2>/dev/null; }

# ---- beside /proc ----

bytes() { # WHO: as they are
	of "$1" -0 --show-secrets >got.bin 2>/dev/null
	cmp got.bin "/proc/$(hostpid "$1")/environ"
}
t 'every byte of it'		''	bytes secrets
t 'of an odd one'		''	bytes odd
t 'of 1.8 MB'			''	bytes big
first() {
	$NSDEBUG env -0 --show-secrets "$T" >got.bin
	cmp got.bin "/proc/$PID/environ"
}
t 'without -p: the first process'	''	first
t 'a line each'			"$(tr '\0' '\n' <"/proc/$PID/environ")\n"	$NSDEBUG env "$T"

# ---- secrets ----

t 'masked' 'DB_PASSWORD=<7 bytes masked>
URL=postgres://u:<4 bytes masked>@db/x
PLAIN=word
JWT=<41 bytes masked>
ID=<20 bytes masked>
ALLOW_EMPTY_PASSWORD=yes
OPTS=-Dx.password=<6 bytes masked> -ea
PWD=/app
CERT=<58 bytes masked>
SUM=<64 bytes masked>
' of secrets
leaks() { # every way to look at them
	for o in '' -0 '-o json' '-o jsonl' '-o wide' '-o value' '-o name,value,why,odd,length'; do
		# shellcheck disable=SC2086
		of secrets $o
	done 2>&1 | grep -acE 'hunter2|pa55|eyJ|AKIA|geheim|MIIC|9f86d0'
}
t 'in every format'		'0\n?1\n'	leaks
in_front() { # not even the front has it: what children send it is in its reads
	straced reads -e trace=read,readv,splice -s 4000 "$NSDEBUG" env -p "$(pid secrets)" "$T" >got.txt 2>&1
	front=$(sed 's/ .*//;q' reads)
	grep "^$front " reads | grep -c 'hunter2\|pa55'
	grep -c 'hunter2' reads
}
if command -v strace >/dev/null; then
	t 'not even the front has them; the child does'	'0\n1\n'	in_front
else
	skip 'not even the front has them; the child does' 'no strace'
fi
t '--show-secrets'		'DB_PASSWORD=hunter2\n'	of secrets --show-secrets DB_PASSWORD
tj 'json: masked, why, how long' '[.items[] | select(.masked) | [.name, .why, .length]] == [["DB_PASSWORD", "name", 7],
	["URL", "url", 22], ["JWT", "jwt", 41], ["ID", "aws-key-id", 20], ["OPTS", "parameter", 23], ["CERT", "pem", 58], ["SUM", "random", 64]]' \
	json secrets
tj 'json: what is not'		'.items[] | select(.name == "PLAIN") | .value == "word" and .masked == false and .why == null'	json secrets
tj 'json: whose it is'		".items | all(.pid == $(pid secrets) and .host_pid == $(hostpid secrets))"	json secrets

# ---- odd ones ----

ts 'an odd one: control characters are text'	0 '^EVIL=\\x1b\[2J\\x0aFORGED=1$'	of odd
ts 'bytes that are no text'	0 '^\\xff=\\xfe$'	of odd
ts 'several ='			0 '^EQ=a=b=c$'		of odd
ts 'empty'			0 '^EMPTY=$'		of odd
tj 'one without ='		'.items[] | select(.name == "no equals") | .value == null and (.odd | test("no ="))'	json odd
tj 'one without a name'		'.items[] | select(.name == "") | .value == "nameless" and .odd == "no name"'	json odd
tj 'one that is there twice'	'[.items[] | select(.name == "A") | [.value, (.odd // "" | test("again"))]] == [["first", false], ["second", true]]'	json odd
tj 'bytes that are not UTF-8'	'[.items[] | select(.name_b64 == "/w==" and .value_b64 == "/g==")] | length == 1'	json odd
ts 'both said'			0 'more than once: 1'	of odd
ts 'strings without = are said'	0 'strings without =: 1'	of odd
t 'a forged line is no line'	'0\n?1\n'	sh -c '"$@" 2>&1 | grep -c ^FORGED' - "$NSDEBUG" env -p "$(pid odd)" "$T"
ts 'one that is all overwritten'	0 'wrote over its environment, as setproctitle.*: of 8 bytes 8 are empty'	of overall
ts 'one whose beginning is'	0 'wrote over its environment'	of overstart
ts 'and what is left'		0 '^C=3$'		of overstart
tj 'one that does not end'	'.items[-1] | .name == "B" and (.odd | test("end is missing"))'	json torn
ts 'one that has none'		0 'has no environment'	of none

# ---- names ----

t 'one variable'		'PLAIN=word\n'		of secrets PLAIN
t 'several, in its own order'	'PLAIN=word\nPWD=/app\n'	of secrets PWD PLAIN
t 'its value alone'		'word\n'		of secrets -o value PLAIN
t '-o name'			'A\nA\nEMPTY\n'		quietly odd -o name A EMPTY
t '-0 of one'			'PLAIN=word\0'		of secrets -0 PLAIN
ts 'one that is not there'	1 'no variable NOPE in the environment of process 1'	$NSDEBUG env "$T" NOPE
ts 'one of two'			1 '^PLAIN=word$'	of secrets PLAIN NOPE
ts 'names are whole'		1 'no variable PLAI '	of secrets PLAI
ts 'nothing is set'		2 "'A=1' is not a name"	$NSDEBUG env "$T" A=1
ts '-0 and -o'			2 'does not go with -o'	$NSDEBUG env -0 -o json "$T"

# ---- processes ----

ts '-p of none'			1 'no process 4999 in'	$NSDEBUG env -p 4999 "$T"
ts 'a zombie'			1 "process $(pid undead) is a zombie"	of undead
ts 'without privilege'		77 'CAP_|root' setpriv --bounding-set=-all --inh-caps=-all --reuid 65534 --regid 65534 \
	--clear-groups "$NSDEBUG" env "$T"
ts 'the kernel refuses'		77 'CAP_SYS_PTRACE' setpriv --bounding-set=-sys_ptrace --inh-caps=-all \
	"$NSDEBUG" env "$T"
tj 'the document'	'.schema == "nsdebug.env/1" and .errors == [] and .truncated == false'	json secrets
keys() {
	json secrets | jq -c '.items[0] | keys' >got.txt
	$NSDEBUG help --json env | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys
box_up paused
ts 'a frozen process'		0 '^PATH='	$NSDEBUG env "$BOX"
box_up nginx
ts 'nginx overwrites its own'	0 'process 1 wrote over its environment'	$NSDEBUG env "$BOX"
box_up userns
ts 'a user namespace'		0 '^PATH='	$NSDEBUG env "$BOX"
box_up pod
second=$($NSDEBUG ps -o json "$BOX2" | jq '.items[0].pid')
ts 'a shared pid namespace: the first of this container'	0 '^PATH='	$NSDEBUG env "$BOX2"
tj 'and its number'	".items[0].pid == $second and .items[0].host_pid == $BOX2PID"	$NSDEBUG env -o json "$BOX2"
ts 'a process of another container is none of this one'	1 'no process 1 in'	$NSDEBUG env -p 1 "$BOX2"
RUNTIME=crun
export RUNTIME
box_up noproc
ts 'no /proc in the container'	0 '^PATH='	$NSDEBUG env "$BOX"
