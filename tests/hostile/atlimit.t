#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container at its limit of processes, or of memory: what runs a program inside fails, hangs or
# has something killed there; nsdebug runs none, so it answers, and nothing in there changes.
. tests/lib.sh
need jq python3 runc

where() { # CONTROLLER PID
	p=$(sed -n "s/^[0-9]*:$1:\(.*\)/\1/p" "/proc/$2/cgroup")
	if [ -n "$p" ]; then
		echo "/sys/fs/cgroup/$1$p"
	else
		echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$2/cgroup")"
	fi
}
# What a new process, or memory that is wanted in there, would change. Not the peak: a page of the
# container that we read is mapped for it, as if it had read it, where there is room.
state() { # PID
	_pids=$(where pids "$1") _memory=$(where memory "$1")
	sort -n "$_pids/cgroup.procs"
	sort -n "$_memory/cgroup.procs"
	cat "$_pids/pids.events" "$_pids/pids.current"
	for _f in memory.oom_control memory.failcnt memory.events; do
		[ ! -e "$_memory/$_f" ] || { echo "$_f"; cat "$_memory/$_f"; }
	done
}
untouched() { # NAME REGEX COMMAND...: it answers, and the state is as it was
	_case=$1 _want=$2
	shift 2
	state "$AT" >before.txt
	ts "$_case" 0 "$_want" "$@"
	state "$AT" >after.txt
	t "$_case: nothing changed in there" '' diff before.txt after.txt
}
every_verb() { # WHAT WORD PID: of the container whose first process is python3
	AT=$3
	untouched "$1: limits" "$4" "$NSDEBUG" limits "$2"
	untouched "$1: limits -q" "$4" "$NSDEBUG" limits -q "$2"
	untouched "$1: mem" '^= usage ' "$NSDEBUG" mem "$2"
	untouched "$1: ps" "^ *1 +$3 " "$NSDEBUG" ps "$2"
	untouched "$1: ls" '^python3' "$NSDEBUG" ls "$2" /usr/bin
	untouched "$1: ls -lR" ' os-release' "$NSDEBUG" ls -lR "$2" /etc
	untouched "$1: cat" '^PRETTY_NAME=' "$NSDEBUG" cat "$2" /etc/os-release
	untouched "$1: maps -x" '\[stack\]' "$NSDEBUG" maps -x "$2"
	untouched "$1: stack" '^pid 1 ' "$NSDEBUG" stack --no-stop "$2"
	untouched "$1: list" "$3" "$NSDEBUG" list
}
# A program in there, as others do it.
inside() { # COMMAND...
	timeout -k 1 30 "$@" </dev/null >inside.out 2>&1
}
refused() { # NAME COMMAND...
	_case=$1
	shift
	if inside "$@"; then
		fail "$_case" "it succeeded: $(cat inside.out)"
	else
		pass "$_case"
	fi
}
# One that starts another, as a shell does with every command.
FORK='import os; os.waitpid(os.fork() or os._exit(0), 0)'

# ---- processes ----

BOMB='
import os, socket, time
while True:
    try:
        if os.fork() == 0:
            time.sleep(3600)
    except OSError:
        break
up = socket.create_server(("", 8080))
print("ready", flush=True)
time.sleep(3600)'
box_run python3 --ready -- /usr/bin/python3 -c 'print("ready", flush=True); import time; time.sleep(3600)'
t 'without a limit runc exec does'	''	inside runc exec "$BOX" /usr/bin/python3 -S -c "$FORK"
box_run python3 --ready --pids 30 -- /usr/bin/python3 -c "$BOMB"
t 'there are as many as may be'	'30\n'	cat "$(where pids "$BOXPID")/pids.current"
every_verb pids "$BOX" "$BOXPID" '^pids +30 +- +30 100% full +container +fork refused'
refused 'pids: runc exec does not'	runc exec "$BOX" /usr/bin/python3 -S -c "$FORK"
every_verb 'pids, after runc exec' "$BOX" "$BOXPID" '^pids +30 +- +30 100% full '

# ---- memory: up to the last page that is charged at once ----

FULL='
import mmap, os, socket, time
files = ("/sys/fs/cgroup/memory/memory.%s_in_bytes", "/sys/fs/cgroup/memory.%s")
v1 = os.path.exists(files[0] % "usage")
use = files[0] % "usage" if v1 else files[1] % "current"
most = int(open(files[0] % "limit" if v1 else files[1] % "max").read())
m = mmap.mmap(-1, most, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
at = 0
while int(open(use).read()) + (384 << 10) < most:
    m[at] = 1
    at += 4096
up = socket.create_server(("", 8080))
print("ready", flush=True)
time.sleep(3600)'
box_run python3 --ready --memory 41943040 -- /usr/bin/python3 -c "$FULL"
# Less than was charged: processors give back what they had taken ahead.
tj 'there is as much as may be'	'.summary | .usage > 41943040 * 0.95 and .oom_kills == 0' \
	$NSDEBUG mem -o json "$BOX"
every_verb memory "$BOX" "$BOXPID" '^memory +[34][0-9.]+M +- +40M +[0-9]+% (full|tight) +container '
adds_up='.summary | ([.anon, .file, .shmem, .kernel, .sock, .hugetlb, .other | select(. != null)] | add) as $sum
	| ($sum - .usage | if . < 0 then -. else . end) <= .usage / 50'
tj 'memory: the table adds up'	"$adds_up"	$NSDEBUG mem -o json "$BOX"
oom_kills() { $NSDEBUG mem -c -o json "$BOX" 2>/dev/null | jq .summary.oom_kills; }
# What joins needs memory in there: it fails, or something is killed for it.
if ! inside runc exec "$BOX" /usr/bin/python3 -S -c "$FORK"; then
	pass 'memory: runc exec does not'
elif [ "$(oom_kills)" != 0 ]; then
	pass 'memory: runc exec has something killed'
else
	fail 'memory: runc exec does not, or has something killed' "$(cat inside.out)"
fi

# ---- the same where dockerd started it ----

engine_up docker
docker_() { docker -H unix:///run/docker.sock "$@"; }
engine_run docker python3
t 'without a limit docker exec does'	''	inside docker -H unix:///run/docker.sock exec "$CT" /usr/bin/python3 -S -c "$FORK"
engine_run docker --pids-limit=30 python3 /usr/bin/python3 -c "$BOMB"
t 'docker: there are as many as may be'	'30\n'	cat "$(where pids "$CTPID")/pids.current"
every_verb 'docker, pids' "$CT" "$CTPID" '^pids +30 +- +30 100% full +container '
refused 'docker, pids: docker exec does not'	docker -H unix:///run/docker.sock exec "$CT" /usr/bin/python3 -S -c "$FORK"
engine_run docker --memory=40m --memory-swap=40m python3 /usr/bin/python3 -c "$FULL"
every_verb 'docker, memory' "$CT" "$CTPID" '^memory +[34][0-9.]+M +- +40M +[0-9]+% (full|tight) +container '
BOX=$CT
if ! inside docker -H unix:///run/docker.sock exec "$CT" /usr/bin/python3 -S -c "$FORK"; then
	pass 'docker, memory: docker exec does not'
elif [ "$(oom_kills)" != 0 ]; then
	pass 'docker, memory: docker exec has something killed'
else
	fail 'docker, memory: docker exec does not, or has something killed' "$(cat inside.out)"
fi
