#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# guest.sh - what is tested on each kernel, booted by init.sh: every BPF program is loaded, attached,
# comes to run, tells what the workload did, and is gone; and the verbs that look into a container.
#
# A test's name begins with what it is of, for the table of kernels.t; `#row WHAT|RESULT` is another
# row of it, and lines `#FILE BASE64` are a file that is looked at where there is more to do so.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc strace

H=$O/tests/lib
PATIENT='--timeout 60s'	# an emulated processor is a slow one
wait_for() {
	_end=$(($(date +%s) + $2 * 6))
	until eval "$1"; do
		[ "$(date +%s)" -lt "$_end" ] || return 1
		sleep 0.05
	done
}
echo 1 >/proc/sys/kernel/bpf_stats_enabled

# What runs now that did not before: ID NAME WHERE RUNS
ours() { "$H/progs" | awk 'FILENAME == "before" { old[$1]; next } !($1 in old)' before -; }

# ---- a container whose first process does what it is told ----

mkdir w w/calls
mkfifo w/in w/out
chmod 777 w w/*
# shellcheck disable=SC2016 # the container's shell is to read it
box_run debug --ready --no-seccomp --memory 41943040 --bind "$TMP/w:/w" --bind "$H:/h:ro" -- \
	/busybox/busybox sh -c 'echo ready
	while :; do read -r c </w/in && eval "$c" >/w/said 2>&1; echo "$?" >/w/out; done'
tell() { # COMMAND of its shell: done when this returns, with its status
	echo "$1" >w/in
	read -r _told <w/out
	return "$_told"
}

# ---- and others that no runtime knows of ----

CG=/sys/fs/cgroup
[ -e $CG/cgroup.procs ] || CG=$CG/pids
plain() { # NAME COMMAND: sets PLAIN, its first process
	sh "$SRC/tests/kernels/plain.sh" "$TMP/$1" "$H" "$TMP/w" "$CG/$1" "$2" &
	at_exit "kill -KILL $! 2>/dev/null || :"
	wait_for "PLAIN=\$(first_of '$CG/$1')" 20
}
first_of() { # CGROUP: its process of user 65532 that is the first of a pid namespace
	while read -r _p; do
		awk -v p="$_p" '/^NSpid:/ && $NF == 1 { first = 1 } /^Uid:/ && $2 == 65532 { user = 1 }
			END { if (first && user) print p; exit !(first && user) }' \
			"/proc/$_p/status" 2>/dev/null && return
	done <"$1/cgroup.procs"
	return 1
} 2>/dev/null
# shellcheck disable=SC2016
plain noisy 'while :; do
	/busybox/busybox true
	/nothing 2>/dev/null
	kill -CONT $$
	/busybox/busybox usleep 100000
done'
NOISY=$PLAIN

# ---- the verbs that look into it ----

fields() { "$NSDEBUG" "$@" 2>/dev/null; }
find "$FX/roots/debug/etc" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort >etc.want
fields ls -A "$BOX" /etc -o json | jq -r '.items[].name' | sort >etc.got
t 'ls: names are those of the root' '' diff etc.want etc.got
tj 'ls: a mode, an owner, a size' '.items[0] | .path == "/etc/passwd" and .perm == "0644" and .uid == 0 and
	.size == '"$(stat -c %s "$FX/roots/debug/etc/passwd")" fields ls -l "$BOX" /etc/passwd -o json
t 'cat: the bytes' '' sh -c '"$1" cat "$2" /etc/passwd 2>/dev/null | cmp - "$3"' - \
	"$NSDEBUG" "$BOX" "$FX/roots/debug/etc/passwd"
t 'cat: of a container that no runtime knows' '' sh -c '"$1" cat "$2" /etc/passwd 2>/dev/null | cmp - "$3"' - \
	"$NSDEBUG" "pid://$NOISY" "$FX/roots/debug/etc/passwd"
tj 'ps: both pids, and the user' '[.items[] | [.pid, .host_pid, .host_uid, .comm]] ==
	[[1, '"$BOXPID"', 65532, "busybox"]]' fields ps "$BOX" -o json
tj 'list: both containers' '[.items[].runtime] | sort == ["plain", "runc"]' fields list -o json
tj 'ps: a container that no runtime knows' '.items[0] | .pid == 1 and .host_pid == '"$NOISY"' and
	.host_uid == 65532' fields ps "pid://$NOISY" -o json
tell '/h/stacks &'
wait_for 'grep -q ready w/said' 20
stack() { fields stack $PATIENT "$BOX" -o json; }
of() { echo ".items[] | select(.comm == \"$1\")"; }
# The iterator takes Linux 5.18: bpf_task_pt_regs, bpf_loop, bpf_find_vma, bpf_copy_from_user_task.
case $(uname -r) in
5.*)	HOW=stopped ;;
*)	HOW=iterated ;;
esac
tj 'stack: a frame that only CFI finds' "$(of frame) | .how == \"$HOW\" and
	([.frames[].function] | contains([\"wait_in_frame\", \"run\", \"clone3\"]))" stack
tj 'stack: through a signal handler' "$(of signal) |
	[.frames[].function] | contains([\"on_signal\", \"interrupted\", \"run\"])" stack
# A thread is held for 50 ms at most, which may be too little here: it is asked for again.
all_taken() { stack >taken && jq -e '.summary.taken == 6' taken; }
wait_for 'all_taken >jq.out 2>&1' 20
tj 'stack: one that runs' "$(of spin) | [.frames[].function | select(. == \"descend\")] |
	length == 6" cat taken
# Debian's kernels let only CAP_SYS_ADMIN sample while kernel.perf_event_paranoid is 3, their default.
case $(uname -r) in
5.*)	ts 'prof: takes a later kernel, which is said' 4 'Linux 5\.15' "$NSDEBUG" prof "$BOX" --for 10ms ;;
*)	echo "# kernel.perf_event_paranoid is $(cat /proc/sys/kernel/perf_event_paranoid)"
	# shellcheck disable=SC2086
	ts 'prof: who runs' 0 '^spin;.*;descend;descend.* [1-9][0-9]*$' \
		"$NSDEBUG" prof "$BOX" $PATIENT --for 2s --format folded ;;
esac
iterated() { fields stack $PATIENT --no-stop "$BOX" -o json | jq -r "$(of frame) | .how, .note"; }
"$H/progs" >before
iterated >got
if [ $HOW = iterated ]; then
	wait_for 'iterated >got; grep -qx iterated got' 20
	t 'stack: with --no-stop, too' 'iterated\nnull\n' cat got
else
	ts 'stack: with --no-stop it says what is missing' 0 'needs register rbp' cat got
fi
if grep -qx iterated got; then
	echo '#row snap/on_task (iter.s/task)|yes'
else
	echo '#row snap/on_task (iter.s/task)|no: Linux 5.18; threads are stopped instead'
fi
wait_for '[ -z "$(ours)" ]' 10
t 'stack: no program is left' '' ours
tell '/busybox/busybox killall -KILL stacks; wait'
tj 'doctor: this kernel, and nothing that ls needs is missing' '.errors == [] and
	([.items[] | select(.check == "kernel")][0].detail | contains("'"$(uname -r)"'"))' \
	"$NSDEBUG" doctor -o json
tj 'doctor: each line has a state, what is missing a cure' 'all(.items[]; .state == "ok" or .cure != null)' \
	"$NSDEBUG" doctor -o json
not_ok() { "$NSDEBUG" doctor -o json 2>/dev/null |
	jq -r '.items[] | select((.check | startswith("BPF")) and .state != "ok").check'; }
if [ $HOW = iterated ]; then
	t 'doctor: all programs' '' not_ok
else
	t 'doctor: all programs but these' \
		'BPF: registers\nBPF: clock of a processor\nBPF: sched_switch\nBPF: task iterator\n' not_ok
fi
copies() { "$NSDEBUG" doctor -o json 2>/dev/null | jq -r '.items[] | select(.check == "mount_setattr").state'; }
if [ "$(copies)" = ok ]; then
	ts 'ls: reads from a copy of the mounts' 0 '^/etc/passwd$' "$NSDEBUG" ls "$BOX" /etc/passwd
else
	ts 'ls: reads in place where mounts cannot be copied, which is said' 0 'read in place' \
		"$NSDEBUG" ls "$BOX" /etc/passwd
fi

# ---- programs ----

tracing() { # WORD OPTION...: attached, when this returns
	"$H/progs" >before
	_word=$1
	shift
	# shellcheck disable=SC2086
	trace_start "$_word" "${OF:-$BOX}" $PATIENT "$@"
}
# The trace is over: each program was attached and ran, and none is left. For the table a row each.
judge() { # TRACE OBJECT
	wait_for '[ -z "$(ours)" ]' 10
	ours | cut -d ' ' -f 1 >left
	while read -r id name where runs; do
		r=yes
		[ "$runs" != 0 ] || r='not run'
		[ "$where" != - ] || r='not attached'
		! grep -qx "$id" left || r='left behind'
		echo "#row $2/$name ($where)|$r"
	done <held
	t "$1: its programs are there, and none is left" '' sh -c '[ -s held ] && cat left'
	case $CG in
	*/pids) [ "$1" = 'trace --next' ] || ts "$1: it says that there is no v2 cgroup" 0 \
		'told by its mount namespace' cat said ;;
	esac
	grep -v -e 'told by its mount namespace' -e 'guardian has no cgroup' said >else
}
finished() { # TRACE OBJECT: the workload is
	ours >held
	trace_stop
	t "$1: it ends as it is asked to" '130\n' echo "$STATUS"
	judge "$@"
}
quiet() { t "$1: it has nothing else to say" '' cat else; }

tracing exec
tell 'cd /etc/ssl; /busybox/busybox id -u; cd /; /nothing/here a "" b; /busybox/busybox sh -c :'
finished 'trace exec' life
quiet 'trace exec'
tr_rows 'trace exec: a program, its arguments, directory, user and pids' 'any(.file == "/busybox/busybox" and
	.args[1:] == ["id", "-u"] and .cwd == "/etc/ssl" and .uid == 65532 and .pid > 1 and .ppid == 1 and
	.host_pid > .pid and .host_ppid == '"$BOXPID"' and .error == null)'
tr_rows 'trace exec: a failed one' 'any(.file == "/nothing/here" and .error == "ENOENT" and
	.args == ["/nothing/here", "a", "", "b"])'
tr_rows 'trace exec: a shell' 'map(select(.shell)) | length == 1 and .[0].args[1] == "sh"'
tr_rows 'trace exec: nothing else, nothing of a neighbour' 'length == 3'

tracing exit
tell '/busybox/busybox sh -c "exit 7"; /busybox/busybox sh -c "kill -KILL \$\$"; /busybox/busybox true'
finished 'trace exit' life
quiet 'trace exit'
tr_rows 'trace exit: statuses and signals of all, in order' \
	'map([.status, .signal]) == [[7, null], [null, "SIGKILL"], [0, null]]'
tr_rows 'trace exit: who, whose, how long' 'all(.pid > 1 and .ppid == 1 and .uid == 65532 and
	.lifetime_s > 0 and .lifetime_s < 60)'

tracing signal
kill -TERM "$BOXPID"
tell '/busybox/busybox sleep 100 & kill -USR1 $!; wait'
finished 'trace signal' life
quiet 'trace signal'
one() { echo "map(select(.signal == \"$1\")) | length == 1 and (.[0] | $2)"; }
tr_rows 'trace signal: from outside, ignored by pid 1' "$(one SIGTERM '.from_pid == 0 and .pid == 1 and
	.from_host_pid == '$$' and .result == "ignored" and .action == "default" and
	.code == "SI_USER" and (.note | test("pid 1 has no handler"))')"
tr_rows 'trace signal: from inside' "$(one SIGUSR1 '.from_pid == 1 and .pid > 1 and
	.result == "delivered" and .action == "default" and .note == null')"
tr_rows "trace signal: a child's end" "$(one SIGCHLD '.code == "CLD_KILLED" and .pid == 1')"

tracing oom
tell '/busybox/busybox dd if=/dev/zero of=/dev/null bs=64M count=1'
finished 'trace oom' life
quiet 'trace oom'
tr_rows 'trace oom: the victim, what it had, the limit' 'length == 1 and (.[0] | .comm == "busybox" and
	.pid > 1 and .uid == 65532 and .limit == 41943040 and .usage > 35000000 and
	.usage <= .limit and .anon > 20000000 and .rss == .anon + .file + .shmem)'
tr_rows 'trace oom: who asked' '.[0] | .trigger_host_pid == .host_pid and .note == null'

tracing caps
tell '/busybox/busybox chown 0 /w; /busybox/busybox mknod /w/dev c 1 3'
finished 'trace caps' life
quiet 'trace caps'
one() { echo "map(select(.capability == \"CAP_$1\")) | length == 1 and (.[0] | .pid > 1 and
	.uid == 65532 and .userns == \"host\" and .result == \"refused\" and $2)"; }
tr_rows 'trace caps: one, and its call' "$(one CHOWN '.call == "chown"')"
tr_rows 'trace caps: another' "$(one MKNOD '(.call | test("^mknod(at)?$"))')"
tr_rows 'trace caps: nothing that the kernel only asks' 'all(.asked == 0 and .note == null)'
tracing tcp
tell '/h/nets tcp'
finished 'trace tcp' net
case $CG in
*/pids) ts 'trace tcp: what is missing for it is said' 0 'only those connections are known' cat else ;;
*)	quiet 'trace tcp' ;;
esac
tr_rows 'trace tcp: opened, accepted, closed, refused, each once' 'map(.event) == ["connect", "accept", "close", "close", "connect"] and
	all(.pid > 1 and .comm == "nets" and .uid == 65532)'
tr_rows 'trace tcp: both ends, bytes, who was first' 'map(select(.event == "close")) | sort_by(.local_port) |
	map([.local, .sent, .received, .first, .end, .lasted_s > 0]) | .[0] == ["127.0.0.1:7000", 1000, 5, "local", "closed", true] and
	.[1][1:] == [5, 1000, "remote", "closed", true]'
tr_rows 'trace tcp: why not' '.[-1] | .error == "ECONNREFUSED" and .remote == "127.0.0.1:7009" and
	(.note | test("^reset by the other end")) and .local_port > 0'

tracing bind
tell '/h/nets bind'
finished 'trace bind' net
quiet 'trace bind'
tr_rows 'trace bind: addresses, backlog, flags, what is refused' 'map([.event, .local, .error, .backlog, .flags, .privileged]) == [
	["bind", "127.0.0.1:7000", null, null, "reuseaddr", false],
	["listen", "127.0.0.1:7000", null, 3, "reuseaddr", false], ["bind", "127.0.0.1:80", "EACCES", null, null, true]]'

tracing udp
tell '/h/nets udp'
finished 'trace udp' net
quiet 'trace udp'
tr_rows 'trace udp: flows and their sums' 'map(select(.event == "end")) | sort_by(-.local_port) |
	map([.local, .remote, .sent_packets, .sent, .received_packets, .received, .note]) == [
	["127.0.0.1:7010", "127.0.0.1:7000", 3, 30, 1, 20, "closed"],
	["127.0.0.1:7000", "127.0.0.1:7010", 1, 20, 3, 30, "closed"]]'

tracing dns --port 5353
tell '/h/nets dns'
finished 'trace dns' net
quiet 'trace dns'
tr_rows 'trace dns: a question and its answer' 'map([.name, .type, .rcode, .answers, .remote, .took_s > 0]) ==
	[["www.test", "A", "NOERROR", ["192.0.2.1"], "127.0.0.1:5353", true]]'

tracing denied
tell 'true >/etc/new; /busybox/busybox mknod /w/dev c 1 3; true >/w/new'
finished 'trace denied' sys
case $(copies) in	# before Linux 5.12 it judges paths in place, and says so
ok)	quiet 'trace denied' ;;
*)	t 'trace denied: it has nothing else to say' '' sed '/read in place/d' else ;;
esac
tr_rows 'trace denied: a root that is read-only' 'map(select(.error == "EROFS")) | length == 1 and
	(.[0] | .pid == 1 and .uid == 65532 and (.reason | test("^read-only-")))'
tr_rows 'trace denied: a capability' 'map(select(.call | test("^mknod"))) | length == 1 and
	(.[0] | .error == "EPERM" and .reason == "capability" and .helpful == "CAP_MKNOD")'
tr_rows 'trace denied: nothing of what is not' 'length == 2'

tracing open -T
tell 'true </etc/passwd; true </nothing/here; true >/etc/new; true >/w/new'
finished 'trace open' sys
quiet 'trace open'
one() { echo "map(select(.path == \"$1\")) | length == 1 and (.[0] | .pid == 1 and
	.host_pid == $BOXPID and .uid == 65532 and .took_s > 0 and $2)"; }
tr_rows 'trace open: a file' "$(one /etc/passwd '.fd > 2 and .error == null and
	(.flags | test("^O_RDONLY")) and .mode == null')"
tr_rows 'trace open: one that is not there' "$(one /nothing/here '.fd == null and .error == "ENOENT"')"
tr_rows 'trace open: one that cannot be written' "$(one /etc/new '.error == "EROFS"')"
tr_rows 'trace open: a new one' "$(one /w/new '.error == null and .mode == "0666" and
	(.flags | test("O_WRONLY.O_CREAT.O_TRUNC"))')"

tracing fs
tell 'cd /w; /busybox/busybox mkdir -m 750 made; /busybox/busybox mv made moved; /busybox/busybox rmdir moved'
tell '/busybox/busybox truncate -s 99 new; cd /; /busybox/busybox rm -f /etc/passwd'
finished 'trace fs' sys
quiet 'trace fs'
one() { echo "map(select(.op == \"$1\" and $2)) | length == 1 and (.[0] | .pid > 1 and .uid == 65532 and $3)"; }
tr_rows 'trace fs: a directory' "$(one mkdir '.path == "made"' '.error == null and (.mode | test("rwx"))')"
tr_rows 'trace fs: a new name' "$(one rename '.path == "made"' '.to == "moved" and .error == null')"
tr_rows 'trace fs: a descriptor has its path' "$(one truncate '.fd != null' '.file == "/w/new" and .size == 99')"
tr_rows 'trace fs: one that may not be removed' "$(one unlink '.path == "/etc/passwd"' '.error == "EROFS"')"

tracing mount
tell '/busybox/busybox umount /w; /busybox/busybox chroot /w /none'
finished 'trace mount' sys
quiet 'trace mount'
tr_rows 'trace mount: umount, refused' 'any(.op == "umount" and .path == "/w" and .error == "EPERM" and .uid == 65532)'
tr_rows 'trace mount: chroot' 'any(.op == "chroot" and .path == "/w" and .error == "EPERM" and .what == "\"/w\"")'

# Under the eyes of strace, too: kernels.t compares.
plain calls 'exec /h/calls /w/calls'
strace -f -p "$PLAIN" -o strace.out 2>strace.err &
STRACE=$!
wait_for 'grep -q "^TracerPid:.[1-9]" "/proc/$PLAIN/status"' 20
OF=pid://$PLAIN
tracing syscalls -T
ours >held
: >w/calls/go
wait $STRACE
trace_wait
judge 'trace syscalls' sys
send() { sed -n '/getpriority/,$p' | gzip | base64 -w 200 | sed "s/^/#$1 /"; }	# from the mark on
send calls.strace <strace.out
jq -c '{name, args, value, host_tid}' rows | send calls.rows
tr_rows 'trace syscalls: how long each took' 'all(.took_s == null or (.took_s > 0 and .took_s < 60)) and
	(map(select(.took_s != null)) | length > 200)'
tr_rows 'trace syscalls: the end is shown' 'map(select(.host_tid == '"$PLAIN"'))[-1] |
	.name == "exit_group" and .value == "?"'
OF=
tracing syscalls
tell '/h/many int80 20; /h/many uring 7'
finished 'trace syscalls' sys
tr_rows 'trace syscalls: calls of 32 bits, by number' 'map(select(.compat)) | length == 20 and
	all(.name == "i386_64")'
ts 'trace syscalls: which are said' 0 '20 32-bit system calls' cat else
ts 'trace syscalls: what goes by io_uring is said' 0 'io_uring: 7 requests' cat else

"$H/progs" >before
# shellcheck disable=SC2086
trace_start exec --next nsd-next $PATIENT
wait_for 'grep -q "waiting for a cgroup" said' 20
plain nsd-next '/busybox/busybox cat /no/config; exec /busybox/busybox sleep 100000'
wait_for 'grep -q sleep rows' 20
mkdir "$CG/another" && rmdir "$CG/another"
finished 'trace --next' life
tr_rows 'trace --next: from its first program on' 'map(.args[-1])[-2:] == ["/no/config", "100000"] and
	length > 2 and all(.[-2:][]; .uid == 65532)'

tracing syscalls -e getppid --lossless --buffer 64K
tell '/h/many getppid 10000 /w 2'
wait_for '[ "$(wc -l <rows)" = 20000 ]' 20
finished 'trace --lossless' sys
case $CG in
*/pids) ts 'trace --lossless: it says that the guardian has no cgroup of its own' 0 'who kills all' cat said ;;
esac
quiet 'trace --lossless'
t 'trace --lossless: all are there' '20000\n' grep -c getppid rows

tracing syscalls -e getppid --last 60s
tell '/h/many getppid 100'
kill -USR1 "$TRACE"
wait_for '[ "$(wc -l <rows)" = 100 ]' 20
tell '/h/many getppid 10'
finished 'trace --last' sys
tr_rows 'trace --last: what it is asked for, and the rest at the end' \
	'length == 110 and all(.name == "getppid" and .comm == "many")'

case $(uname -r) in
5.*)	ts 'trace --stack: takes a later kernel, which is said' 4 'Linux 5\.15' \
		"$NSDEBUG" trace syscalls "$BOX" --stack --for 10ms ;;
*)	tell '/h/chain >/dev/null 2>&1 &'
	tracing syscalls -e write --stack
	wait_for '[ "$(grep -c main rows)" -ge 2 ]' 20
	finished 'trace --stack' sys
	tell '/busybox/busybox killall -KILL chain; wait'
	tr_rows 'trace --stack: who called' '[.[].frames | map(.function)] | length >= 2 and
		all(.[]; .[:2] == ["write", "c"]) and any(.[]; .[2:5] == ["b", "a", "main"])'
	tracing signal --stack --filter 'signal == SIGABRT'
	tell '/h/chain abort; /h/chain abort; true'
	finished 'trace signal --stack' life
	tr_rows 'trace signal --stack: who ended itself' 'length == 2 and all(.[]; .frames |
		map(.function) | .[index("abort"):][:6] == ["abort", "c", "b", "a", "do_it", "main"])'
	tracing exec --stack
	tell '/h/chain exec >/dev/null 2>&1 &'
	wait_for '[ "$(grep -c ENOENT rows)" -ge 2 ]' 20
	finished 'trace exec --stack' life
	tell '/busybox/busybox killall -KILL chain; wait'
	tr_rows 'trace exec --stack: who wanted what is not there' 'map(select(.error)) |
		length >= 2 and
		all(.[]; (.frames | map(.function))[1:6] == ["c", "b", "a", "do_it", "main"])'
	tracing oom --stack
	tell '/busybox/busybox dd if=/dev/zero of=/dev/null bs=64M count=1'
	finished 'trace oom --stack' life
	tr_rows 'trace oom --stack: from where' 'length == 1 and (.[0].frames | length) > 0'
	tracing exit --stack
	tell '/h/chain exit; true'
	finished 'trace exit --stack' life
	tr_rows 'trace exit --stack: from where, or that it cannot be known' 'any(.comm == "chain" and
		(.frames_end == "its process has given its memory up already" or
		(.frames | map(.function))[1:6] == ["c", "b", "a", "do_it", "main"]))' ;;
esac

tracing syscalls -e getppid -c
tell '/h/many getppid 20000'
finished 'trace syscalls -c' sys
quiet 'trace syscalls -c'
tr_rows 'trace syscalls -c: all are counted' 'map([.name, .calls, .errors]) == [["getppid", 20000, 0]]'

tracing syscalls -e getppid,execve,open --failed
tell '/h/many getppid 10; /nothing/here'
finished 'trace syscalls --failed' sys
quiet 'trace syscalls --failed'
tr_rows 'trace syscalls --failed: only what failed' 'map([.name, .error]) == [["execve", "ENOENT"]]'

# ---- by mount namespace, by pid alone, without types ----

# shellcheck disable=SC2016,SC2086
no_cgroup() { unshare -m sh -c 'umount -R -l /sys/fs/cgroup; exec "$@"' - "$NSDEBUG" trace "$@" $PATIENT; }
# shellcheck disable=SC2016,SC2086
no_btf() { unshare -m sh -c 'mount -t tmpfs tmpfs /sys/kernel/btf
	mkdir -p /run/nsdebug; mount -t tmpfs tmpfs /run/nsdebug; exec "$@"' - \
	"$NSDEBUG" trace exec "$BOX" --for 10ms $PATIENT "$@"; }
# shellcheck disable=SC2086
noisy() { "$NSDEBUG" trace exec "pid://$NOISY" --max-events 8 $PATIENT -o json; }
tj 'trace exec: of a container that no runtime knows' '.items | length == 8 and
	all(.[]; .file == "/busybox/busybox" or (.file == "/nothing" and .error == "ENOENT"))' noisy
tj 'trace exec: told by the mount namespace' '.items | length == 6 and
	all(.[]; .file == "/busybox/busybox" or .file == "/nothing")' \
	no_cgroup exec "pid://$NOISY" --max-events 6 -o json
ts 'no BTF: a clear word, status 4' 4 'CONFIG_DEBUG_INFO_BTF.*--btf FILE' no_btf
cp /sys/kernel/btf/vmlinux types
ts '--btf FILE: works instead' 0 '' no_btf --btf "$TMP/types"
few() { # CAPS...: no other capability
	setpriv --bounding-set "-all,+sys_ptrace,+dac_read_search,+setpcap,$1" --inh-caps -all \
		sh -c 'ulimit -l 64; exec "$@"' - \
		"$NSDEBUG" trace exec "$BOX" --for 10ms $PATIENT
}
if few +bpf,+perfmon >/dev/null 2>&1; then
	pass 'CAP_BPF and CAP_PERFMON suffice'
else
	ts 'CAP_BPF and CAP_PERFMON do not suffice, and what else is said' 6 \
		'before Linux 5.11 RLIMIT_MEMLOCK' few +bpf,+perfmon
	ts 'with CAP_SYS_RESOURCE they do' 0 '' few +bpf,+perfmon,+sys_resource
fi
