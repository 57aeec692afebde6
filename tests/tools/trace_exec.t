#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace exec, and what all traces share: whose events count, how they end, what is missing.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc setpriv bpftool strace prlimit
can_trace

bb() { in_box /busybox/busybox "$@"; }
# Of this trace alone: others may run.
hold() { sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$TRACER/fdinfo"/* | sort -u >held; }
left() {
	while read -r id; do
		bpftool prog show id "$id" 2>/dev/null | grep "^$id:" || :
	done <held | wc -l
}

box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
LOUD=$BOX
box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do /busybox/busybox true; /nothing 2>/dev/null; done'
NEIGHBOUR=$BOX
box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"

# ---- what it tells ----

trace_start exec "$BOX"
bb sh -c 'cd /etc/ssl && /busybox/busybox id -u >/dev/null; /nothing/here a b 2>/dev/null; /etc/passwd
	exec 2>/dev/null; "/busybox/busybox" echo "two words" "" "$(printf "\033[31m\nline")"'
runc exec --user 7:8 --cwd /tmp "$BOX" /busybox/busybox true
trace_stop
t 'it ends as it is asked to' '130\n' echo "$STATUS"
t 'and has nothing to complain' '' cat said
file() { echo ".file == \"/busybox/busybox\" and .args[1:] == $1"; }
tr_rows 'a program and its arguments' "any($(file '["id", "-u"]'))"
tr_rows 'arguments with blanks, empty ones, control characters' \
	"any($(file '["echo", "two words", "", "\u001b[31m\nline"]'))"
tr_rows 'working directory' "map(select($(file '["id", "-u"]')))[0].cwd == \"/etc/ssl\""
tr_rows 'user' 'map(select(.cwd == "/tmp"))[0] | .uid == 7 and .gid == 8 and .args[1] == "true"'
tr_rows 'pids of the container and of the host' \
	'all(.pid > 1 and .host_pid > .pid) and (map(select(.args[1] == "id"))[0].ppid > 1)'
tr_rows 'a failed one: its file, why, its arguments' \
	'any(.file == "/nothing/here" and .error == "ENOENT" and .args == ["/nothing/here", "a", "b"])'
tr_rows 'what may not be executed' 'any(.file == "/etc/passwd" and .error == "EACCES")'
tr_rows 'a shell is marked, nothing else is' \
	'map(select(.shell)) | length == 1 and .[0].args[1] == "sh" and .[0].note == "a shell"'
tr_rows 'times' 'all(.time | test("^20[0-9-]+T[0-9:.]+Z$"))'

mkdir "$TMP/scripts"
chmod 755 "$TMP/scripts"
printf '#!/busybox/sh\n' >"$TMP/scripts/run"
chmod 755 "$TMP/scripts/run"
box_run debug --bind "$TMP/scripts:/s:ro" -- /busybox/busybox sleep 100000
asleep "$BOXPID"
trace_start exec "$BOX" --max-events 2 --filter 'file ~ "/s/*" || error'
in_box /busybox/busybox env /s/run
in_box /busybox/busybox env /nothing
trace_wait
t '--max-events ends it' '0\n' echo "$STATUS"
tr_rows 'a script: what runs it is a shell' '.[0] | .file == "/s/run" and .shell and .error == null'
tr_rows '--filter leaves out the rest, which does not count' 'length == 2'
trace_start exec "$BOX" --failed --max-events 1
in_box /busybox/busybox true
in_box /busybox/busybox env /nothing
trace_wait
tr_rows '--failed' 'length == 1 and .[0].error == "ENOENT"'
rm -f rows
ts '--filter: a mistake is status 2 and has a column' 2 'column 10: .* is no field' \
	"$NSDEBUG" trace exec "$BOX" --filter 'error && eror'

# ---- whose events ----

trace_start exec "$BOX" --for 1s
trace_wait
tr_rows 'a busy neighbour gives no event' 'length == 0'
t '--for ends it, with status 0' '0\n' echo "$STATUS"
trace_start exec "$NEIGHBOUR" --max-events 1000
trace_wait
tr_rows 'the neighbour itself does: both kinds, only its own' \
	'length == 1000 and all(.args == ["/busybox/busybox", "true"] or (.file == "/nothing" and .error == "ENOENT"))'

cgroup=$(sed -n 's/^0::\(.*\)/\1/p' "/proc/$BOXPID/cgroup")
v2=$(awk '$(NF - 2) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
if [ -n "$v2" ] && [ "${cgroup:-/}" != / ]; then
	mkdir "$v2$cgroup/below" && at_exit "rmdir $v2$cgroup/below"
	trace_start exec "$BOX" --max-events 1
	sh -c 'echo $$ >"$1/cgroup.procs"; exec true below' - "$v2$cgroup/below"
	trace_wait
	tr_rows 'a cgroup below it counts; who is only in the cgroup has no number in the container' \
		'.[0] | .args == ["true", "below"] and .pid == 0'
else
	skip 'a cgroup below it counts' 'no cgroup of its own in the v2 hierarchy'
fi

box_up pod
trace_start exec "$BOX"
for port in 8080 8081; do
	[ $port = 8080 ] && where=$BOX || where=$BOX2
	runc exec -d --pid-file "$TMP/pid" "$where" /app/server $port >/dev/null 2>&1
	begun "$(cat "$TMP/pid")"
	kill -KILL "$(cat "$TMP/pid")" 2>/dev/null
done
trace_stop
tr_rows 'containers of a pod that share pids: only its own' 'map(.args[1]) == ["8080"]'

no_cgroup() { unshare -m sh -c 'umount -l /sys/fs/cgroup && exec "$@"' - "$NSDEBUG" trace "$@"; }
ts 'without a cgroup by mount namespace, which is said' 0 'by its mount namespace' \
	no_cgroup exec "$BOX" --for 10ms

# ---- how it ends ----

trace_start exec "$LOUD"
hold
t 'its programs are held by one process' '2\n' left
trace_stop
t 'it ends: no program is left' '' wait_for '[ "$(left)" = 0 ]' 10
trace_start exec "$LOUD"
hold
kill -KILL "$TRACE"
trace_wait
t 'killed: no program is left either' '' wait_for '[ "$(left)" = 0 ]' 10
box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
trace_start exec "$BOX"
kill -KILL "$BOXPID"
trace_wait
t 'with the container it ends' '0\n' echo "$STATUS"
ts 'which is said' 0 'the target has ended' cat said
BOX=$LOUD
"$NSDEBUG" trace exec "$BOX" -o json >rows 2>said &
TRACE=$!
wait_for _sealed 20 || fail 'the trace is attached' "$(cat said)"
kill -TERM "$TRACE"
trace_wait
tj 'SIGTERM: a whole document' '.items == [] and .truncated == false' cat rows

# ---- what is missing ----

caps() { setpriv --bounding-set "-sys_admin,$1" --inh-caps "-sys_admin,$1" \
	"$NSDEBUG" trace exec "$BOX" --for 10ms; }
ts 'without CAP_BPF: it is named' 77 'CAP_BPF is missing' caps -bpf
ts 'without CAP_PERFMON' 77 'CAP_PERFMON is missing' caps -perfmon
ts 'without both' 77 'CAP_BPF and CAP_PERFMON are missing' caps -bpf,-perfmon
few() { setpriv --bounding-set -all,+bpf,+perfmon,+sys_ptrace,+dac_read_search,+setpcap \
	--inh-caps -all "$NSDEBUG" trace exec "$BOX" --for 10ms; }
ts 'with those two and what finding a container takes it works' 0 '' few
of_tracer() { # the capabilities of whoever calls bpf(2), as it gave up the others
	straced caps -e trace=capset,bpf "$NSDEBUG" trace exec "$BOX" --for 10ms 2>/dev/null
	pid=$(sed -n 's/^\([0-9]*\) *bpf(.*/\1/p' caps | head -n 1)
	grep "^$pid " caps | sed '/ bpf(/,$d' | grep -o 'effective=[^,]*' | tail -n 1
}
t 'the tracer keeps no other' 'effective=1<<CAP_PERFMON|1<<CAP_BPF\n' of_tracer
ts 'no memory may be locked: no obstacle' 0 '' \
	prlimit --memlock=0:0 "$NSDEBUG" trace exec "$BOX" --for 10ms
no_tracefs() { unshare -m sh -c 'while umount /sys/kernel/tracing 2>/dev/null ||
		umount /sys/kernel/debug/tracing 2>/dev/null || umount /sys/kernel/debug 2>/dev/null; do
		:
	done
	grep -q tracefs /proc/self/mounts && exit 98
	exec "$@"' - "$NSDEBUG" trace "$@" "$BOX" --for 10ms; }
for word in exec exit signal oom open syscalls; do
	ts "trace $word: no tracefs, no obstacle" 0 '' no_tracefs $word
done
refused() { "$O/tests/lib/nocall" 321 "$1" "$NSDEBUG" trace exec "$BOX" --for 10ms; }
ts 'bpf(2) refused: nothing attached, and why' 6 'refused by the kernel' refused 1
ts 'no bpf(2): nothing attached, and why' 6 'not implemented' refused 38
: >"$TMP/empty"
no_btf() { unshare -m sh -c 'mount --bind "$TMP/empty" /sys/kernel/btf/vmlinux || exit 98
	mkdir -p /run/nsdebug && mount -t tmpfs none /run/nsdebug && exec "$@"' - \
	"$NSDEBUG" trace exec "$BOX" --for 10ms "$@"; }
ts 'no BTF: a clear word' 4 'CONFIG_DEBUG_INFO_BTF.*--btf FILE' no_btf
cp /sys/kernel/btf/vmlinux "$TMP/types"
ts '--btf: a file instead' 0 '' no_btf --btf "$TMP/types"
ts '--btf: that is not there' 2 '/nothing: No such file' no_btf --btf /nothing
echo junk >"$TMP/junk"
ts '--btf: a device' 2 'not a regular file' no_btf --btf /dev/null
ts '--btf: that is none' 6 '' no_btf --btf "$TMP/junk"
ts 'one container at a time' 2 'not --all' "$NSDEBUG" trace exec --all
ts 'host processes cannot be told apart' 4 "cannot be told from the host's" \
	"$NSDEBUG" --host trace exec pid://$$
