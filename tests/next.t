#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace --next: a container that is not there yet, from before its first program to its end.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc crun
can_trace

v2=$(awk '$(NF - 2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
[ -n "$v2" ] || skip_all 'no v2 hierarchy'
# A bundle to run again and again: that of a container that has been.
bundle() { # [OPTION...] -- ARGV...: sets ID and BUNDLE
	box_run debug "$@"
	ID=$BOX
	BUNDLE=$FX/boxes/$ID
	wait_for 'runc delete --force "$ID" 2>/dev/null' 20
}
run() { runc run --bundle "$BUNDLE" "$ID" >run.out 2>&1 </dev/null; }
arm() { # WORD [OPTION...]: trace_start and that it waits
	trace_start "$@"
	wait_for 'grep -q "waiting for a cgroup" said' 20 || fail "trace $* waits" "$(cat said)"
}

# ---- a crash loop ----

bundle -- /busybox/busybox sh -c '/busybox/busybox cat /no/config; exit 3'
arm exec --next "$ID"
for i in 1 2 3; do
	run
done
trace_wait
t 'the container ends and so does the trace' '0\n' echo "$STATUS"
ts 'which is said' 0 'the target has ended' cat said
ts 'and who made it' 0 'its cgroup was made by runc' cat said
tr_rows 'the first program and what it started; of the first of three runs only' \
	'map(.args[-1]) | .[0] != null and (.[0] | endswith("exit 3")) and .[1:] == ["/no/config"]'
tr_rows 'pids of the container, ids of the container' \
	'.[0].pid == 1 and all(.uid == 65532 and .gid == 65532 and .host_uid == 65532 and .pid > 0)'

arm exit --next "$ID"
run
trace_wait
tr_rows 'its end' '.[-1] | .pid == 1 and .status == 3'

arm syscalls --next "$ID" -e execve,openat,exit_group
run
trace_wait
tr_rows 'from before its first program, which is the one that its runtime starts' \
	'map(select(.name == "execve"))[0] | .pid == 1 and .result == 0 and
	(.call // "" | length) == 0 and .args[0] == "\"/busybox/busybox\""'
tr_rows 'the call that fails' 'any(.name == "openat" and .error == "ENOENT" and .args[1] == "\"/no/config\"")'
tr_rows 'the last of all' '.[-1] | .name == "exit_group" and .args == ["3"] and .pid == 1'

arm syscalls --next "$ID" --failed --life
for i in 1 2 3; do
	run
done
trace_wait
tr_rows 'in one: the first program' '.[0] | .name == "execve" and .result == 0 and .pid == 1 and
	(.args[1] | test("\"sh\", \"-c\""))'
tr_rows 'the call that failed, and who ended of it' \
	'(map(.args[1]) | index("\"/no/config\"")) as $n | .[$n].error == "ENOENT" and .[$n].pid > 1 and
	.[$n + 1].status == 1 and .[$n + 1].pid == .[$n].pid and .[$n + 1].name == null'
tr_rows 'the end of all, which is the last row' '.[-1] | .status == 3 and .signal == null and .pid == 1'
tr_rows 'nothing else that succeeded, and nothing of its runtime' \
	'all(.error or .name == "execve" or .status != null) and all(.comm | startswith("runc") | not)'
: >said	# which the trace before has written
"$NSDEBUG" trace syscalls --next "$ID" --failed --life -o table >rows 2>said &
TRACE=$!
wait_for 'grep -q "waiting for a cgroup" said' 20 || fail 'it waits'
run
trace_wait
ts 'as a table' 0 ' 1 +busybox +\+\+\+ exited with 3 \+\+\+$' cat rows
arm syscalls --next "$ID" --early -e unshare,execve
run
trace_wait
tr_rows '--early: what its runtime does in there' \
	'.[0].comm != "busybox" and any(.name == "unshare") and any(.args[0] == "\"/busybox/busybox\"")'

bundle -- /busybox/busybox sh -c '/busybox/busybox sh -c "kill -KILL \$\$"; exit 0'
arm syscalls --next "$ID" --life -e none
run
trace_wait
tr_rows 'a signal' 'any(.signal == "SIGKILL" and .status == null) and .[-1].status == 0'
printf '#!/no/interpreter\n' >"$TMP/script"
chmod 755 "$TMP" "$TMP/script"
bundle --bind "$TMP/script:/script:ro" -- /script
arm exec --next "$ID"
run
trace_wait
tr_rows 'a first program that cannot be started' 'length == 1 and (.[0] | .file == "/script" and .error == "ENOENT")'
jq '.process.args = ["/no/such/program"]' "$BUNDLE/config.json" >config && cp config "$BUNDLE/config.json"
arm exec --next "$ID"
run
trace_wait
ts 'one that its runtime does not even try' 0 'ended before its runtime started a program: --early' cat said
bundle -- /busybox/busybox sh -c '/busybox/busybox cat /no/config; exit 3'

# ---- whose ----

arm exec --next "$ID"
box_run debug --ready -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox true'
OTHER=$BOX
mkdir "$v2/$ID-not" && rmdir "$v2/$ID-not"
[ ! -d /sys/fs/cgroup/freezer ] ||
	{ mkdir "/sys/fs/cgroup/freezer/$ID" && rmdir "/sys/fs/cgroup/freezer/$ID"; }
run
trace_wait
tr_rows 'no other container, and no hierarchy that counts no processes' \
	'length == 2 and (.[0].args[-1] | endswith("exit 3"))'

# Who is not the host's root may make cgroups, too, and call them as he likes.
mkdir "$v2/theirs-$$"
at_exit "rmdir '$v2/theirs-$$' 2>/dev/null || :"
chown 4242 "$v2/theirs-$$"
nested() { unshare --pid --fork "$@"; }
another() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
arm exec --next "$ID"
for who in nested another; do
	t "one that a ${who} maker made is there" '' $who mkdir "$v2/theirs-$$/$ID"
	sh -c 'echo $$ >"$1/cgroup.procs"; exec unshare -m /bin/true theirs' - "$v2/theirs-$$/$ID"
	wait_for 'rmdir "$v2/theirs-$$/$ID" 2>/dev/null' 20
done
run
trace_wait
tr_rows 'what is made in another pid namespace or by another user is passed over' \
	'length == 2 and (.[0].args[-1] | endswith("exit 3"))'
ts 'for what the runtime makes' 0 'was made by runc.* in ' cat said
arm exec --next "$ID"
nested mkdir "$v2/theirs-$$/$ID"
rmdir "$v2/theirs-$$/$ID"
trace_stop
ts 'which is said if no other comes' 0 '1 of this name were passed over' cat said
rmdir "$v2/theirs-$$"

mkdir "$v2/$ID"
rmdir "$v2/$ID"
arm exec --next "$ID"
mkdir "$v2/$ID"
sh -c 'echo $$ >"$1/cgroup.procs"; exec unshare -m /bin/true by-hand' - "$v2/$ID"
wait_for '! [ -s "$v2/$ID/cgroup.procs" ]' 20
rmdir "$v2/$ID"
trace_wait
tr_rows 'a cgroup that somebody else makes' 'map(.args) == [["/bin/true", "by-hand"]]'
ts 'who is told, and where' 0 'was made by mkdir \(pid [0-9]+\) in /$' cat said
arm exec --next "$ID"
mkdir "$v2/$ID"
rmdir "$v2/$ID"
trace_wait
t 'one that is gone before anything runs there: the end' '0\n' echo "$STATUS"
ts 'which is said, too' 0 'the target has ended' cat said

arm exec --next "$ID"
mkdir "$v2/$ID" && mkdir "$v2/$ID/below" && mkdir "$v2/$ID/below/that"
sh -c 'echo $$ >"$1/cgroup.procs"; exec unshare -m /bin/true below' - "$v2/$ID/below/that"
rmdir "$v2/$ID/below/that" "$v2/$ID/below" "$v2/$ID"
trace_wait
tr_rows 'cgroups below it' 'map(.args) == [["/bin/true", "below"]]'

# Another name of the runtimes'; a pod, and what comes into one that is there.
by_hand() { # PATH: a process in there
	sh -c 'echo $$ >"$1/cgroup.procs"; exec unshare -m /bin/true "$2"' - "$v2/$1" "$1"
}
hex=$(printf '%064d' $$)
arm exec --next "$hex"
mkdir "$v2/cri-containerd-$hex.scope"
by_hand "cri-containerd-$hex.scope"
rmdir "$v2/cri-containerd-$hex.scope"
trace_wait
tr_rows 'as systemd has it named' 'length == 1'
pod=pod$(cat /proc/sys/kernel/random/uuid)
arm exec --next "$pod"
mkdir "$v2/$pod" && mkdir "$v2/$pod/one" && mkdir "$v2/$pod/two"
by_hand "$pod/one"
trace_wait
tr_rows 'a pod with all in it' "map(.args[1]) == [\"$pod/one\"]"
arm exec --next "$pod"
mkdir "$v2/$pod/three"
by_hand "$pod/one"
by_hand "$pod/three"
trace_wait
tr_rows 'the next that comes into a pod, alone' "map(.args[1]) == [\"$pod/three\"]"
ts 'which is told' 0 'and is called three$' cat said
rmdir "$v2/$pod/one" "$v2/$pod/two" "$v2/$pod/three" "$v2/$pod"

# ---- other ids, other runtimes ----

bundle --userns 100000 -- /busybox/busybox sh -c 'exit 4'
arm exec --next "$ID"
run
trace_wait
tr_rows 'a user namespace: ids in the container and of the host' \
	'.[-1] | .uid == 65532 and .gid == 65532 and .host_uid == 165532'
mkdir own
: >own/secret
chown 0:4000 own/secret
chmod 640 own/secret
chmod 711 own
seen() { # WHY [OPTION...]: what a refusal says of /own/secret
	_why=$1
	shift
	rm -f own/seen
	bundle --bind "$TMP/own:/own" "$@" -- /busybox/busybox sh -c 'until [ -e /own/seen ]; do
		/busybox/busybox cat /own/secret; /busybox/busybox usleep 20000; done'
	arm denied --next "$ID"
	run &
	wait_for 'grep -q "\"path\":\"/own/secret\"" rows' 20
	: >own/seen
	trace_wait
	wait
	tr_rows "owners as ${*:-the host} has them" "map(select(.path == \"/own/secret\")) | length >= 1 and
		all(.why | contains(\"/own/secret $_why\"))"
}
seen 'is 0640 0:4000'
bundle --no-seccomp -- /busybox/busybox mount -t tmpfs none /tmp
arm denied --next "$ID"
run
trace_wait
tr_rows 'what is as good as root has its warning' 'any(.name == "mount" and .error == "EPERM" and
	(.cure | test("CAP_SYS_ADMIN is as good as root")))'
seen 'belongs to id 0 of the host' --userns 100000
bundle --pidns host -- /busybox/busybox sh -c 'exit 5'
arm exit --next "$ID"
run
trace_wait
tr_rows "the host's pid namespace" '.[-1] | .status == 5 and .pid == .host_pid and .pid > 1'
bundle -- /busybox/busybox sleep 1000
arm exec --next "runc://$ID"
runc run -d --bundle "$BUNDLE" "$ID" >run.out 2>&1 </dev/null
at_exit "runc delete --force '$ID'"
wait_for 'grep -q 1000 rows' 20
BOX=$ID
in_box /busybox/busybox true joined
trace_stop
t 'one that lasts: the user ends it' '130\n' echo "$STATUS"
tr_rows 'what joins it is of it' '.[0].args[1:] == ["sleep", "1000"] and any(.args[1:] == ["true", "joined"])'
ts 'a container that runs and does not start again' 3 \
	'it ran already and was not started again' \
	"$NSDEBUG" trace exec --next "$ID" --for 50ms
"$NSDEBUG" advise --next "$ID" --for 50ms >rows 2>said
t 'which advise cannot watch, either' '3\n' echo $?
ts 'and of which it says that alone' 0 'it ran already' cat said
ts 'nothing of its end' 1 '' grep -E 'its end|still runs|id that names' said
arm exec --next "$ID" --max-events 1
ts 'one that runs: said at once' 0 'it runs already, so its next start is waited for' cat said
runc kill "$ID" KILL
wait_for 'runc delete "$ID" 2>/dev/null' 20
run &
trace_wait
tr_rows 'one that runs: the next time that it starts' 'map(.args[1:]) == [["sleep", "1000"]]'
runc kill "$ID" KILL
wait

name=nsd-crun-next-$$
at_exit "RUNTIME=crun '$SRC/tests/fixtures/box' down $name"
arm exec --next "crun://$name"
RUNTIME=crun "$SRC/tests/fixtures/box" run "$name" debug -- /busybox/busybox sh -c 'exit 6' >out 2>&1
trace_wait
tr_rows 'crun, where it makes no cgroup in the v2 hierarchy' '.[-1].args[-1] == "exit 6"'

# ---- what cannot be waited for, and what never comes ----

no() { "$NSDEBUG" trace exec "$@"; }
ts 'it never comes' 3 'no cgroup called nsd-never was made' no --next nsd-never --for 50ms
arm exec --next nsd-never
trace_stop
t 'it has not come when the user has had enough' '130\n' echo "$STATUS"
ts 'which is said' 0 'no cgroup called nsd-never' cat said
for engine in docker podman; do
	ts "a name that $engine makes up an id for: why, and what to do" 2 \
		"$engine makes up the id.*$engine create --name" no --next "$engine://no-such-name"
done
ts 'a pod that is not there' 2 "pod and the pod's uid" no --next pod/no-such-pod
ts 'a process' 2 'no name to wait for' no --next pid://1
ts '--early without it' 2 'takes --next' no "$OTHER" --early
ts '--life with -c' 2 'cannot be counted' "$NSDEBUG" trace syscalls --next nsd-x --life -c
ts 'no name' 2 'is not a target' no --next ''
ts 'a name that is too long' 2 'more than [0-9]+ bytes' no --next "$(printf 'n%.0s' $(seq 110))"
ts 'a target as well' 2 'one of them' no "$OTHER" --next nsd-x
ts 'and --all' 2 'not --all' no --all --next nsd-x
tj 'a document' '.target == "nsd-never" and .items == [] and .errors[0].status == 3' \
	no --next nsd-never --for 50ms -o json
