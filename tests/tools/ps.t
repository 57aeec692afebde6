#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ps, beside procps on the same processes; both views of ids; containers that hide or share them.
. tests/lib.sh
need ps jq python3 setpriv runc crun

D=$TMP/data
mkdir "$D"
chmod 755 "$D"
cat >"$D/family.py" <<-'E'
	import ctypes, os, signal, sys, threading, time
	libc = ctypes.CDLL(None)
	def name(n):
	    libc.prctl(15, n, 0, 0, 0)
	def child(f):
	    if os.fork() == 0:
	        f()
	        time.sleep(3600)
	        os._exit(0)
	def thread(n):
	    name(n)
	    time.sleep(3600)
	def threads():
	    name(b'threaded')
	    for n in b't-one', b't-two':
	        threading.Thread(target=thread, args=(n,), daemon=True).start()
	def forker():
	    name(b'parent')
	    child(lambda: name(b'grandchild'))
	def zombie():
	    name(b'keeper')
	    if os.fork() == 0:
	        name(b'undead')
	        os._exit(0)
	def stopped():
	    name(b'halted')
	    os.kill(os.getpid(), signal.SIGSTOP)
	def spin():
	    name(b'busy')
	    while time.process_time() < 0.6:
	        pass
	def run(*argv):
	    os.execv('/usr/bin/python3', argv)
	SLEEP = 'import time; time.sleep(3600)'
	child(threads)
	child(forker)
	child(zombie)
	child(stopped)
	child(spin)
	child(lambda: run('\x1b[31mred\n', '-c', SLEEP, 'tab\there', b'\xff'))
	child(lambda: run('[kthreadd]', '-c', SLEEP))
	child(lambda: run('several', '-c', SLEEP, 'a b', '', 'c'))
	child(lambda: name(b') R 1 ('))
	child(lambda: name(b'\x1b[2J'))
	print('ready', flush=True)
	while True:
	    time.sleep(3600)
	E
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/family.py
T=$BOX PID=$BOXPID
json() { $NSDEBUG ps -o json "$T"; }
row() { echo ".items[] | select(.comm == \"$1\") | $2"; }
# Each has become what it is to be, and rests.
settled() {
	json | jq -e '(.items | length) == 13 and all(.items[]; .state | IN("S", "T", "Z")) and
		([.items[].comm] | contains(["threaded", "parent", "grandchild", "keeper", "halted", ") R 1 (", "\u001b[2J"])) and
		([.items[] | .args // [] | .[0]] | contains(["several", "[kthreadd]", "\u001b[31mred\n"])) and
		('"$(row undead '.state == "Z"')"') and ('"$(row threaded '.threads == 3')"') and
		('"$(row busy '.state == "S" and .cpu_s >= 0.5')"')' >out &&
		$NSDEBUG ps -L -o json "$T" | jq -e '[.items[].comm] | contains(["t-one", "t-two"])' >out
}
wait_for settled 60 || fail 'all are at rest' "$(json)"

# ---- the same as ps(1) of procps ----

of_procps() { # FIELDS: of all processes of the container, by host pid
	ps -ww --no-headers -o "$1" -p "$(json | jq -r '[.items[].host_pid] | join(",")')" |
		sed 's/  */ /g; s/^ //; s/ $//' | sort
}
of_json() { json | jq -r ".items[] | $1" | sed 's/  */ /g' | sort; }
beside() { # FIELDS FILTER
	of_procps "$1" >want.txt
	of_json "$2" >got.txt
	diff -u want.txt got.txt
}
t 'pid, parent, ids'	''	beside pid,ppid,euid,egid \
	'"\(.host_pid) \(.host_ppid) \(.host_uid) \(.gid)"'
t 'threads, nice'	''	beside pid,nlwp,ni '"\(.host_pid) \(.threads) \(.nice)"'
t 'state'		''	beside pid,s '"\(.host_pid) \(.state)"'
t 'address space'	''	beside pid,vsz '"\(.host_pid) \(.vsize / 1024 | floor)"'
# procps knows the boot to the second only.
started() {
	of_procps pid,lstart | while read -r pid at; do
		echo "$pid $(date -d "$at" +%s)"
	done >want.txt
	of_json '"\(.host_pid) \(.start | sub("\\.[0-9]+"; "") | fromdate)"' |
		join want.txt - | awk '{ d = $2 - $3; if (d < -1 || d > 1) print }'
}
t 'start'		''	started
# Zombies are in no cgroup.procs.
members() {
	cg=$(sed -n 's/^[0-9]*:pids:\(.*\)/\1/p; s/^0::\(..*\)/\1/p' "/proc/$PID/cgroup" | head -n 1)
	for d in /sys/fs/cgroup/pids /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ ! -e "$d$cg/cgroup.procs" ] || { sort "$d$cg/cgroup.procs"; return; }
	done
}
which() {
	members >want.txt
	json | jq '.items[] | select(.state != "Z") | .host_pid' | sort | diff want.txt -
}
t 'which processes'	''	which
tj 'pids of the container'	'.items[0] | .pid == 1 and .ppid == 0 and .host_pid == '"$PID"	json
tj 'a child of it'	"$(row parent '.ppid == 1 and .pid > 1 and .pid < 50')"	json
tj 'a grandchild'	'[.items[] | select(.comm == "parent" or .comm == "grandchild")]
	| (map(select(.comm == "parent"))[0].pid) as $p | map(select(.ppid == $p)) | length == 1'	json
# Rootless podman has no cgroup of its own on v1: then its pid namespace says what is its own.
no_cgroup() { unshare -m sh -c 'umount -l /sys/fs/cgroup && exec "$@"' - "$NSDEBUG" ps -o json "$T"; }
tj 'without a cgroup: the same processes'	"[.items[].pid] == $(json | jq -c '[.items[].pid]')" no_cgroup
tj 'without a cgroup: a zombie too'	"$(row undead '.state == "Z"')"	no_cgroup
tj 'a zombie has no arguments'	"$(row undead '.state == "Z" and .state_name == "zombie" and .args == null')" json
tj 'a stopped one'	"$(row halted '.state == "T" and .state_name == "stopped"')"	json
tj 'one that was busy'	"$(row busy '.cpu_s >= 0.5 and .cpu_s < 5')"	json
tj 'where it sleeps'	"$(row parent '.wchan | length > 2')"	json
tj 'hardening'		"$(row parent '.seccomp == 2 and .no_new_privs == true')"	json
tj 'its user, by its own passwd'	"$(row parent '.user == "nonroot" and .uid == 65532')"	json
tj 'whole arguments'	'[.items[].args | select(. != null)] | contains([["several", "-c", "import time; time.sleep(3600)", "a b", "", "c"]])'	json

# ---- names that are meant to deceive ----

ts 'control characters in arguments'	0 '\\x1b\[31mred\\x0a -c .*tab\\x09here'	$NSDEBUG ps "$T"
ts 'arguments that look like a kernel thread are quoted'	0 ' "\[kthreadd\]" -c '	$NSDEBUG ps "$T"
ts 'a name that looks like more fields'	0 '^\) R 1 \($'	$NSDEBUG ps -o comm --no-headers "$T"
ts 'a name that clears the screen'	0 '^\\x1b\[2J$'	$NSDEBUG ps -o comm --no-headers "$T"
tj 'the name with parentheses moved no field'	"$(row ') R 1 (' '.state == "S" and .ppid == 1')"	json
clean() { for o in '' -f -L -fL --forest '-o wide' '-o json' '-o name'; do
	# shellcheck disable=SC2086
	$NSDEBUG ps $o "$T"; done | grep -aP '[\x00-\x08\x0b-\x1f\x7f]'; }
t 'no control character in any form'	'?1\n'	clean
tj 'arguments that are not UTF-8'	'[.items[] | select(.args_b64)] | length == 1'	json

# ---- options ----

ts 'a table'	0 '^ *PID HOSTPID USER +S %CPU +RSS START +TIME COMMAND$'	$NSDEBUG ps "$T"
ts '-e changes nothing'	0 '^ *1 +'"$PID"' nonroot '	$NSDEBUG ps -e "$T"
ts '-f'		0 '^ *PID PPID HOSTPID USER +HOSTUID S %CPU .* TTY +TIME COMMAND$'	$NSDEBUG ps -f "$T"
ts '-ef'	0 '^ *1 +0 +'"$PID"' nonroot +65532 S '	$NSDEBUG ps -ef "$T"
ts '-n: ids'	0 '^ *1 +'"$PID"' 65532 '	$NSDEBUG ps -n "$T"
ts '-L'		0 't-two'	$NSDEBUG ps -L "$T"
tj '-L in JSON: a row for each thread' \
	'[.items[] | select(.comm | test("^(threaded|t-one|t-two)$"))] | length == 3 and
	([.[].pid] | unique | length) == 1 and ([.[].tid] | unique | length) == 3 and
	([.[].host_tid] | unique | length) == 3' \
	$NSDEBUG ps -L -o json "$T"
tj 'without -L: no tid'	"$(row threaded '.tid == null and .threads == 3')"	json
ts '--forest'	0 '├─ |└─ '	$NSDEBUG ps --forest "$T"
forest() { $NSDEBUG ps --forest -o pid,command "$T" | grep -A1 -e '─ .*family' | grep -c '│  └─ \|   └─ '; }
ts '--forest: a child below its parent'	0 '^[12]$'	forest
order() { $NSDEBUG ps -o jsonl "$1" "$T" | jq -r "$2" | sort "$3" -c; }
t '--sort'		''	order --sort=rss .rss -n
t '--sort, largest first'	''	order --sort=-rss .rss -rn
t '--sort by a name'	''	order --sort=comm .comm -s
t 'by host pid unless told otherwise'	''	order -e .host_pid -n
ts '-p'		0 '^ *1 '	$NSDEBUG ps -p 1 "$T"
lines() { $NSDEBUG ps --no-headers "$@" "$T" | wc -l; }
t '-p: only that one'	'1\n'	lines -p 1
t '-p: several'		'2\n'	lines -p "1,$(json | jq '.items[1].pid')"
ts '-p of none'		1 'no process 4999 in'	$NSDEBUG ps -p 4999 "$T"
ts '-p of no list'	2 'not a list of pids'	$NSDEBUG ps -p 1,x "$T"
ts '--sort by no field'	2 "'wibble' is not a field"	$NSDEBUG ps --sort wibble "$T"
ts '--forest and -L'	2 'does not go with -L'	$NSDEBUG ps --forest -L "$T"
t '-o FIELDS'		'1 python3\n'	$NSDEBUG ps -o pid,comm --no-headers -p 1 "$T"
ts '-o of no field'	2 "'wibble' is not a field"	$NSDEBUG ps -o pid,wibble "$T"
ts '-o wide'		0 'PPID.*HOSTUID.*WCHAN'	$NSDEBUG ps -o wide "$T"
ts 'an operand'		2 'one operand too many'	$NSDEBUG ps "$T" x
tj 'the document'	'.schema == "nsdebug.ps/1" and .target == "runc://'"$T"'" and .errors == []
	and .truncated == false and (.items | length) > 10'	json
keys() {
	json | jq -c '.items[0] | keys' >got.txt
	$NSDEBUG help --json ps | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys

# ---- arguments without end ----

python3 -c 'print("x" * 100000, end="")' >"$TMP/long"
long() {
	box_run static --ready -- /app/server 8099 "$(cat "$TMP/long")"
	$NSDEBUG ps -o json "$BOX"
}
tj 'arguments longer than 64 KiB: cut, and said' \
	'.truncated == true and .errors[0].status == 5 and (.items[0].args[2] | length) > 60000'	long

# ---- containers that hide or share processes ----

box_up hidepid
tj 'hidepid'	'.items[0] | .pid == 1 and .comm == "server"'	$NSDEBUG ps -o json "$BOX"
export RUNTIME=crun
box_up noproc
unset RUNTIME
tj 'no /proc in the container'	'.items[0] | .pid == 1 and .args == ["/app/server"]'	$NSDEBUG ps -o json "$BOX"
box_up hostpid
tj 'the host'\''s pid namespace: its own processes only' \
	'(.items | length) == 1 and .items[0].pid == .items[0].host_pid and .items[0].host_pid == '"$BOXPID" \
	$NSDEBUG ps -o json "$BOX"
box_up pod
tj 'a shared pid namespace: its own processes only' \
	'(.items | length) == 1 and .items[0].host_pid == '"$BOX2PID"' and .items[0].pid > 1' \
	$NSDEBUG ps -o json "$BOX2"
tj '--pod: those of the other containers too' \
	'[.items[].host_pid] | contains(['"$BOXPID, $BOX2PID"']) and length == 2' \
	$NSDEBUG ps --pod -o json "$BOX2"
box_up userns
tj 'a user namespace: ids in both views' \
	'.items[0] | .uid == 65532 and .user == "nonroot" and .host_uid == 165532' $NSDEBUG ps -o json "$BOX"
box_up paused
tj 'a paused container'	'.items[0] | .pid == 1 and (.args | length) == 1'	$NSDEBUG ps -o json "$BOX"
tj 'a process of the host, with --host'	'.items | map(.host_pid) | contains(['$$'])' \
	$NSDEBUG ps --host -o json "pid://$$"
