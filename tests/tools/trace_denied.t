#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace denied: what is refused, by which rule, and nothing of what is not.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/lib/denied.sh"
need jq runc
can_trace

of() { echo "map(select(.comm == \"$1\")) | length >= 1 and (.[-1] | $2)"; }

refuse filtered
trace_start denied "$BOX"
made
check_each
t 'it has nothing to complain' '' cat said
tr_rows 'who asked' "$(of secret '.uid == 65532 and .gid == 65532 and .host_uid == 65532 and
	.no_new_privs and .seccomp == "filter" and .capabilities == "" and .pid > 1 and
	.host_pid > .pid and .groups == []')"
tr_rows 'what was asked for' "$(of secret '.name == "openat" and .error == "EACCES" and
	.call == "openat(AT_FDCWD, \"/w/secret\", O_RDONLY)"')"
tr_rows 'a file'\''s mode' "$(of secret '.path == "/w/secret" and .mode == "0600" and .owner_uid == 0 and
	.class == "other" and (.helpful | test("CAP_DAC_OVERRIDE")) and .guess == false')"
tr_rows 'which component' "$(of deep '.path == "/w/deep" and .mode == "0700"')"
tr_rows 'a relative path begins at the working directory' "$(of relative '.path == "/w/secret" and
	(.call | test("\"secret\""))')"
tr_rows 'or at a descriptor' "$(of dirfd '.path == "/w/deep" and (.call | test("\"deep/file\""))')"
tr_rows 'a descriptor alone' "$(of fchmod '.path == "/w/theirs"')"
tr_rows 'the mount' "$(of noexec '.mount == "/dev/shm"')"
tr_rows 'a port and the first free one' "$(of port '.limit == 1024 and .helpful == "CAP_NET_BIND_SERVICE"')"
tr_rows 'a limit' "$(of nofile '.limit == 3 and .error == "EMFILE"')"
tr_rows 'the capability that was asked for' "$(of raw '.helpful == "CAP_NET_RAW"')"
tr_rows 'the end by seccomp' "$(of filter_kill '.error == "SIGSYS" and .name == "sched_getscheduler"')"
tr_rows 'of one thread' "$(of filter_thread '.error == "SIGSYS"')"
tr_rows 'each has a reason in words' 'all(.why != null and .why != "")'
tr_rows 'no cure is root, or all' 'all((.cure // "") + (.kubernetes // "") + (.docker // "") |
	test("privileged: true|--privileged|runAsUser: 0|--user 0|CAP_ALL") | not)'
tr_rows 'what can be cured is, as text' 'map(select(.reason == "port" or .reason == "read-only-mount" or
	.reason == "missing-interpreter" or .reason == "noexec")) | length >= 4 and all(.cure != null)'
tr_rows 'and for the engines' "$(of port '.kubernetes != null and .docker != null and .podman != null')"

refuse free --no-seccomp --pids 24 --pidns host
trace_start denied "$BOX"
made
check_each
tr_rows 'a full cgroup' "$(of pids '.error == "EAGAIN" and .limit == 24 and .mount != null')"
tr_rows 'without a filter' 'any(.seccomp == "none")'

# ---- options ----

again='while [ ! -e /w/on ]; do /busybox/busybox usleep 10000; done; for i in 1 2 3; do
	/busybox/busybox cat /w/secret; done; /busybox/busybox cat /w/deep/file; echo "done" >&2; sleep 999'
rm filtered/go
busy() {
	rm -f filtered/on
	box_run debug --bind "$TMP/filtered:/w" -- /busybox/busybox sh -c "$again"
}
made_again() {
	: >filtered/on
	wait_for 'log | grep -q "^done"' 20 || fail 'all is made again' "$(log)"
	trace_stop
}
busy
trace_start denied "$BOX" --once
made_again
tr_rows '--once: each sort once, and how often' 'length == 3 and
	(map(select(.path == "/w/secret")) | length == 1) and
	(map(.times) | sort == [null, null, 3])'
tr_rows '--once: the count is no second row of the same' 'map(select(.times == 3)) == [.[-1]] and (.[-1] |
	.why == null and .cure == null and .docker == null and .reason == "mode") and
	.[-1].sort == (map(select(.path == "/w/secret")) | .[0].sort) and all(.sort > 0)'
busy
trace_start denied "$BOX" --once --filter 'path = /w/secret'
made_again
tr_rows '--once --filter: what is counted is what was shown' 'map([.path, .times]) == [["/w/secret", null], [null, 3]]'
busy
trace_start denied "$BOX" --once --filter 'times > 2'
made_again
tr_rows '--once --filter: and what is counted often' 'map(.times) == [3]'
busy
"$NSDEBUG" trace denied "$BOX" --once >table 2>said &
TRACE=$!
at_exit "kill -KILL $TRACE 2>/dev/null || :"
wait_for _sealed 20 || fail 'a table is attached' "$(cat said)"
made_again
ts '--once: a table' 0 'busybox +1 +3 +EACCES +mode +openat.AT_FDCWD, "/w/secret", O_RDONLY.$' tail -n 1 table
t 'of each what and cure, once, below it' 'why\ncure\nwhy\ncure\n' sed -n 's/^  \([a-z]*\): ..*/\1/p' table
# names that a program makes up: of one sort, and which is most often first
rm -f filtered/on
box_run debug --bind "$TMP/filtered:/w" -- /busybox/busybox sh -c 'while [ ! -e /w/on ]; do /busybox/busybox usleep 10000; done
	for i in 1 2; do /busybox/busybox cat /w/secret; done; for i in 1 2 3 4 5; do echo x >/busybox/made-$i; done; echo "done" >&2; sleep 999'
trace_start denied "$BOX" --once
made_again
tr_rows '--once: names that are made up are one' 'map(select(.times != null) | [.times, .reason, .pid != null]) ==
	[[5, "read-only-mount", true], [2, "mode", true]] and length == 4'
tr_rows 'a directory that is not empty is not hidden' 'map(select(.path == "/busybox")) | length >= 1 and all(.docker == null and .kubernetes == null and
	(.cure | test("not empty")))'
py_once() { # MODULES CODE
	rm -f go
	box_run python3 --ready --bind "$TMP:/w:ro" -- /usr/bin/python3 -c "import os, time, $1
print('ready', flush=True)
while not os.path.exists('/w/go'):
    time.sleep(0.01)
$2"
	trace_start denied "$BOX" --once
	: >go
	trace_wait
	rm go
}
# different causes of the same call are kept apart
py_once socket '
def tried(f):
    try:
        f()
    except OSError:
        pass
for i in range(2):
    tried(lambda: socket.socket().bind(("127.0.0.1", 80)))
    tried(lambda: socket.socket(type=socket.SOCK_DGRAM).bind(("127.0.0.1", 53)))
    tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))'
tr_rows '--once: ports and kinds of sockets are kept apart' 'map(select(.times == 2) |
	select(.syscall == "bind" or .syscall == "socket" or .name == "bind" or .name == "socket")) |
	length == 4 and map(.sort) == [1, 2, 3, 4] and
	(map(.call) | map(select(test("htons\\(80\\)"))) | length == 1) and
	(map(.call) | map(select(test("htons\\(53\\)"))) | length == 1)'
tr_rows 'a raw socket that pings has another cure than one of packets' 'map(select(.times == null and .name == "socket") |
	[(.call | test("ICMP")), (.cure | test("ping_group_range=65532 65532"))]) == [[true, true], [false, false]]'
# Ids that the container has for what the host has, and what Python does without.
echo 'x = 1' >mod.py
cat >pycache.py <<-'E'
	import fcntl, os, sys, time
	print('ready', flush=True)
	while not os.path.exists('/w/go'):
	    time.sleep(0.01)
	sys.path.insert(0, '/w')
	import mod
	for f in (lambda: open('/w/secret'),
	          lambda: fcntl.fcntl(open('/w/mod.py'), fcntl.F_SETLEASE, fcntl.F_RDLCK)):
	    try:
	        f()
	    except OSError:
	        pass
	E
: >secret
chmod 600 secret
chown 100000:100000 secret
rm -f go
box_run python3 --ready --userns 100000 --bind "$TMP:/w:ro" -- /usr/bin/python3 /w/pycache.py
trace_start denied "$BOX"
: >go
trace_wait
rm go
tr_rows 'ids are the container'\''s, and the host'\''s' 'map(select(.path == "/w/secret")) | length == 1 and
	(.[0].why | test("is 0600 0:0 \\(100000:100000 on the host\\);"))'
tr_rows 'a lease on a file of another user' 'map(select(.name == "fcntl")) | length == 1 and (.[0] |
	.error == "EACCES" and .reason == "capability" and .helpful == "CAP_LEASE")'
tr_rows 'Python goes on without what it compiled' 'map(select(.call | test("__pycache__"))) | length >= 1 and
	all(.docker == "--env PYTHONDONTWRITEBYTECODE=1" and (.cure | test("^none is needed")))'
# calls that have no name here: each keeps its own number
py_once ctypes '
for nr in (390, 390, 391):
    ctypes.CDLL(None).syscall(nr, 0, 0, 0, 0, 0, 0)'
tr_rows '--once: which call of no name' 'map(select(.name // "" | startswith("syscall_")) | [.name, .times]) ==
	[["syscall_390", null], ["syscall_391", null], ["syscall_390", 2]]'
busy
trace_start denied "$BOX"
made_again
tr_rows 'without it, each' 'map(select(.path == "/w/secret")) | length == 3'
busy
trace_start denied "$BOX" --filter 'path = /w/deep'
made_again
tr_rows '--filter' 'length == 1 and .[0].call == "openat(AT_FDCWD, \"/w/deep/file\", O_RDONLY)"'
busy
"$NSDEBUG" trace denied "$BOX" --max-events 1 -o wide >table 2>said &
TRACE=$!
at_exit "kill -KILL $TRACE 2>/dev/null || :"
wait_for _sealed 20 || fail 'it is attached' "$(cat said)"
: >filtered/on
trace_wait
ts 'a table, and --max-events' 0 ' mode .*/w/secret.*/w/secret is 0600 0:0; other has ---' cat table
ts 'its heading' 0 '^TIME +PID +TID .*COMM +ERROR +REASON +CALL +WHY +CURE' head -n 1 table
# A thread that was in a call already: its end without a begin is not seccomp's answer.
box_run static --bind "$O/tests/lib:/h:ro" --bind "$TMP:/w:ro" -- /h/shutin /w/go
wait_for 'log | grep -q inside' 20 || fail 'a thread is inside' "$(log)"
trace_start denied "$BOX" --stack
: >go
wait_for 'log | grep -q refused' 20 || fail 'and is refused' "$(log)"
trace_stop
tr_rows 'who was inside when it began' "$(of inside 'length > 0 and .name == "connect" and
	.error == "EACCES" and .reason == "mode" and .path == "/tmp/shut" and .class == "owner"')"
tr_rows '--stack: from where' "$(of inside 'any(.frames[]; .function == "wait_inside")')"

# One that is not there yet is looked at when it is.
rm -f filtered/go
"$NSDEBUG" trace denied --next nsd-denied-next-$$ -o jsonl >rows 2>said &
TRACE=$!
at_exit "kill -KILL $TRACE 2>/dev/null || :; '$SRC/tests/fixtures/box' down nsd-denied-next-$$"
wait_for _sealed 20 || fail '--next is attached' "$(cat said)"
: >filtered/go
"$SRC/tests/fixtures/box" run "nsd-denied-next-$$" static --bind "$O/tests/lib:/h:ro" \
	--bind "$TMP/filtered:/w" -- /h/refused run /w filtered port secret filter_eperm >/dev/null
wait_for '[ "$(jq -r .comm rows | sort -u | grep -cx "port\|secret\|filter_eperm")" = 3 ]' 20
trace_stop
tr_rows '--next: what needs no path' "$(of port '.reason == "port" and .uid == 65532')"
tr_rows '--next: seccomp' "$(of filter_eperm '.reason == "seccomp"')"
tr_rows '--next: a path' "$(of secret '.reason == "mode" and .path == "/w/secret" and .mode == "0600" and
	.class == "other" and .guess == false')"

ts 'without capabilities: said' 77 'CAP_BPF' without -bpf,-perfmon "$NSDEBUG" trace denied "$BOX" --for 1s
ts 'an option that is none' 2 'unknown option --onc' "$NSDEBUG" trace denied "$BOX" --onc
ts 'no such container' 3 . "$NSDEBUG" trace denied nsd-nothing-here --for 1s
