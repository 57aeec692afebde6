#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace denied: refusals for which a wrong reason is near at hand.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

of() { echo "map(select(.comm == \"$1\")) | $2"; }

# ---- without a filter of the container's ----

box_run static --bind "$O/tests/lib:/h:ro" --no-seccomp
trace_start denied "$BOX"
in_box /h/hard maps
in_box /h/hard mlock
in_box /h/hard stack /h/hard
in_box /h/hard errnos
in_box /h/hard numbers
in_box /h/hard trapped
in_box /h/hard supervised
in_box /h/hard faults
in_box /h/hard twice || skip twice 'no user namespaces'
trace_stop
tr_rows 'a stack that grows asks for no capability' "$(of stack 'length == 1 and .[0].refused == "" and
	.[0].reason == "rule"')"
tr_rows 'a filter may answer with any error' "$(of errnos 'map([.name, .error, .reason, .guess]) ==
	[["getpgrp", "ENOSR", "seccomp", false], ["getpriority", "EINVAL", "seccomp", false],
	 ["getppid", "EDQUOT", "seccomp", false]]')"
tr_rows 'of any number' "$(of numbers 'map([.name, .error, .reason]) ==
	[["syscall_1000", "EPERM", "seccomp"], ["x32_39", "EPERM", "seccomp"],
	 ["syscall_1001", "SIGSYS", "seccomp"]]')"
tr_rows 'a thread that ends after it was trapped' "$(of trapped 'map([.name, .error]) ==
	[["getpgrp", "SIGSYS"], ["getpriority", "SIGSYS"]]')"
tr_rows 'another process may answer for a filter' "$(of supervised 'length == 1 and .[0].guess and
	(.[0].why | test("or who supervises it"))')"

if [ "$(cat /proc/sys/vm/unprivileged_userfaultfd)" = 0 ]; then
	tr_rows 'userfaultfd is about no other process' "$(of faults 'map([.reason, .helpful]) == [["capability", "CAP_SYS_PTRACE"]] and
		(.[0].cure | test("UFFD_USER_MODE_ONLY.*vm.unprivileged_userfaultfd=1"))')"
else
	tr_rows 'userfaultfd is for all' "$(of faults '. == []')"
fi
tr_rows 'ids that are not mapped make no user namespace' "$(of twice 'map(.name) == ["unshare", "acct"] and
	(.[0].why | test("user or group is not mapped")) and (.[1].cure | test("container.s or its own"))')"
tr_rows 'too many mappings are no limit of memory' "$(of maps 'length >= 1 and .[-1].error == "ENOMEM" and
	.[-1].reason == "rule" and (.[-1].why | test("vm.max_map_count"))')"
tr_rows 'what is not there is not locked' "$(of mlock 'map([.reason, .limit]) == [["rlimit", 8192]]')"

# Each of these takes the judge longer than the kernel: of a flood of them the trace still ends in
# time, and says what it has left out.
runc exec -d "$BOX" /h/hard links /tmp/links /tmp/go
trace_start denied "$BOX" --for 2s
began=$(date +%s)
: >"/proc/$BOXPID/root/tmp/go"
trace_wait
took=$(($(date +%s) - began))
tr_rows 'a walk has an end' "$(of links '(.[0] | .reason == "unknown" and .guess and
	(.why | test("too many links"))) and .[1].reason == "mode"')"
ts 'and the trace, too' 5 'records were not looked at' sh -c 'cat said; exit "$1"' sh "$STATUS"
t 'in time' '' test "$took" -lt 20
runc kill "$BOX" KILL

# ---- with another root, or other mounts ----

mkdir -p d/in/d
chmod 755 d d/in d/in/d
: >d/file
: >d/in/d/file
chmod 644 d/file
chmod 600 d/in/d/file
ln -s /d/file d/in/away
ln -s loop d/in/loop
ln -s ../file d/in/up
ln -s d/file d/in/below
box_run static --bind "$O/tests/lib:/h:ro" --bind "$TMP/d:/d" --no-seccomp \
	--uid 0 --caps sys_admin,sys_chroot,setuid
trace_start denied "$BOX"
runc exec --user 65532 --cap CAP_SYS_CHROOT "$BOX" /h/hard chroot /d/in /d/file
runc exec --user 65532 "$BOX" /h/hard inroot /d/in /d/file
for f in ../file away up /etc below; do
	runc exec "$BOX" /h/hard beneath /d/in "$f"
done
runc exec "$BOX" /h/hard beneath /proc/1 cwd
runc exec "$BOX" /h/hard inroot /proc/1 cwd
for f in 'tmp' 'd/file' 'd/../tmp/x' 'etc'; do
	runc exec "$BOX" /h/hard noxdev / "$f"
done
runc exec "$BOX" /h/hard noxdev /tmp ../etc
runc exec "$BOX" /h/hard noxdev /d/in away
runc exec "$BOX" /h/hard noxdev /proc/1 cwd/etc
runc exec "$BOX" /h/hard nolinks /d/in away
runc exec "$BOX" /h/hard nolinks / proc/self/status
runc exec "$BOX" /h/hard nolinks / d/in/away/x
runc exec "$BOX" /h/hard nomagic /proc/1 cwd/etc
runc exec "$BOX" /h/hard nomagic /proc/1 fd/0
runc exec "$BOX" /h/hard loops /d/in away loop
runc exec --user 65532 "$BOX" /h/hard unshared /d/in/d /d /d/file || skip unshared 'no user namespaces'
runc exec "$BOX" /h/hard mounted /d/in/d /d /d/file
trace_stop
elsewhere() { of "$1" "length == 1 and (.[0] | .path == null and .reason == \"unknown\" and
	.guess and (.why | test(\"$2\")))"; }
tr_rows 'another root' "$(elsewhere chroot 'another root than')"
tr_rows 'a root for one call' "$(of inroot 'length == 2 and (.[0] | .path == "/d/in/d/file" and
	.reason == "mode" and .guess == false) and (.[1] | .reason == "resolve-flag" and (.why | test("link of /proc")))')"
tr_rows 'the flag of a call that refuses it' "$(of beneath 'all(.reason == "resolve-flag" and .error == "EXDEV" and .guess == false) and
	(map([.path, .why]) | length == 5 and (.[0] | .[0] == "/d/in" and (.[1] | test("BENEATH: .*above"))) and
	(.[1] | .[0] == "/d/in/away" and (.[1] | test("BENEATH: .*absolute link"))) and (.[2] | .[0] == "/d/in") and
	(.[3][1] | test("the path is absolute")) and (.[4][1] | test("link of /proc")))')"
tr_rows 'and that of mounts' "$(of noxdev 'all(.reason == "resolve-flag" and .error == "EXDEV" and (.why | test("NO_XDEV"))) and
	map(.path) == ["/tmp", "/d", "/d", "/", "/", "/proc/1/cwd"] and
	(.[5].why | test("link of /proc"))')"
tr_rows 'and that of links' "$(of nolinks 'all(.reason == "resolve-flag" and .error == "ELOOP" and .guess == false and
	(.why | test("NO_SYMLINKS: it is a symbolic link"))) and map(.path) == ["/d/in/away", "/proc/self", "/d/in/away"]')"
tr_rows 'and that of links of /proc' "$(of nomagic 'all(.reason == "resolve-flag" and .error == "ELOOP" and .guess == false and
	(.why | test("NO_MAGICLINKS: it is a link of /proc"))) and map(.path) == ["/proc/1/cwd", "/proc/1/fd/0"]')"
tr_rows 'too many links are none' 'all(.comm != "loops")'
tr_rows 'other mounts' "$(elsewhere unshared 'other mounts than')"
tr_rows 'mounts that came later are looked at again' "$(of mounted 'length == 1 and (.[0] |
	.path == "/d/file" and .reason == "mode" and .guess == false)')"

# The tracer asks for a judge, and has ended when the front comes to start it.
trace_start denied "$BOX"
runc exec "$BOX" /h/hard beneath /d /etc
wait_for 'grep -q beneath rows' 20 || fail 'there is a judge' "$(cat said)"
kill -STOP "$TRACE"
runc exec "$BOX" /h/hard mounted /d /d /d/file
wait_for 'grep -Eq "^(7|271) 0x[0-9a-f]+ 0x2 " "/proc/$TRACER/syscall"' 20 || fail 'the tracer waits for a judge'
kill -KILL "$TRACER"
kill -CONT "$TRACE"
trace_wait
ts 'how the tracer ended is not lost' 126 'killed by signal 9' sh -c 'cat said; exit "$1"' sh "$STATUS"

box_run static --bind "$O/tests/lib:/h:ro" --no-seccomp --uid 0 --caps setuid
trace_start denied "$BOX"
in_box /h/hard paths
trace_stop
tr_rows 'calls with ways of their own to take a path' "$(of paths 'map([.name, .error, .reason, .path, .guess]) ==
	([["sendto", "log"], ["sendmsg", "log"], ["sendmmsg", "log"], ["listxattr", "shut"], ["llistxattr", "shut"],
	  ["name_to_handle_at", "shut"], ["open_tree", "shut"], ["fgetxattr", "theirs"], ["utimensat", "theirs"]] |
	 map([.[0], "EACCES", "mode", "/tmp/\(.[1])", false])) + [["mq_open", "EACCES", "unknown", null, true]]')"
tr_rows 'a mode is no capability that is missing' "$(of paths '.[-1] | .cure == null and .helpful == null and
	(.why | test("the mode or an ACL"))')"

box_run static --userns 300000 --bind "$O/tests/lib:/h:ro" --bind "$TMP/d:/d" --no-seccomp
trace_start denied "$BOX"
in_box /h/hard nested /d/file || skip nested 'no user namespaces'
trace_stop
tr_rows 'a user namespace of its own' "$(of nested 'map(select(.reason == "unmapped-id")) | length == 2 and
	all((.why | test("the process'\''s own user namespace")) and (.cure | test("chown") | not))')"

# ---- a judge that does not answer ----

box_run static --bind "$O/tests/lib:/h:ro" --bind "$TMP/d:/d"
trace_start denied "$BOX" --timeout 100s
judge() { pgrep -P "$TRACE" | grep -vx "$TRACER"; }
wait_for 'judge >judge' 20 || fail 'there is a judge'
kill -STOP "$(cat judge)"
in_box /h/hard inroot /d/in /d/file
kill -INT "$TRACE"
wait_for '! grep -qs "^State:.[^Z]" "/proc/$TRACER/status"' 20 || fail 'an end that is asked for does not wait for it'
kill -CONT "$(cat judge)"
trace_wait
t 'the end is the user'\''s' '130\n' echo "$STATUS"
tr_rows 'and that nobody has answered is said' "$(of inroot 'length == 1 and .[0].reason == "unknown" and
	(.[0].why | test("could not be looked at"))')"

# ... and without an end asked for: the trace goes on, and the front does not take it for hung.
trace_start denied "$BOX"
wait_for 'judge >judge' 20 || fail 'there is a judge'
kill -STOP "$(cat judge)"
in_box /h/hard inroot /d/in /d/file
wait_for 'grep -q could.not.be.looked.at rows' 20 || fail 'its silence is said' "$(cat said)"
in_box /h/hard noxdev / tmp
wait_for 'grep -q noxdev rows' 20 || fail 'the next one is told, too' "$(cat said)"
trace_stop
t 'nor do we wait for it at the end' '130\n' echo "$STATUS"
tr_rows 'what it did not answer is not known' 'length >= 2 and (.[0] | .comm == "inroot" and
	.reason == "unknown" and (.why | test("could not be looked at")))'

# ---- in the network of others ----

box_run static --userns 300000 --uid 0 --caps net_bind_service --netns host \
	--bind "$O/tests/lib:/h:ro" --no-seccomp
trace_start denied "$BOX"
in_box /h/hard port
trace_stop
tr_rows 'a port of the host: its capability does not count' "$(of port 'length == 1 and
	.[0].reason == "port" and (.[0].why | test("CAP_NET_BIND_SERVICE$") | not)')"

# ---- with it ----

box_run static --bind "$O/tests/lib:/h:ro"
trace_start denied "$BOX"
in_box /h/hard audit
trace_stop
tr_rows 'an EINVAL of the container'\''s' "$(of audit 'map([.name, .error, .reason]) ==
	[["socket", "EINVAL", "seccomp"]]')"
