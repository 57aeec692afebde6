#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limits, beside prlimit(1), /proc and the files of the cgroups: at every level, and in trouble.
. tests/lib.sh
need jq python3 prlimit runc setpriv unshare

D=$TMP/data
mkdir -m 777 "$D"
cat >"$D/user.py" <<-'E'
	import os, resource, threading, time
	resource.setrlimit(resource.RLIMIT_NOFILE, (20, 64))
	resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 2 << 20))
	kept = [os.open('/dev/null', os.O_RDONLY) for n in range(14)]
	for n in range(15):
	    threading.Thread(target=time.sleep, args=(3600,)).start()
	resource.setrlimit(resource.RLIMIT_NPROC, (20, 40))
	if os.fork() == 0:
	    os.execv('/usr/bin/python3', ['other', '-c', 'import time; print("ready", flush=True); time.sleep(3600)'])
	time.sleep(3600)
	E
UID_=64321
# half a processor once it has started, for which it could have to wait
box_run python3 --ready --uid $UID_ --pids 400 --memory 268435456 --cpu 1600000 --bind "$D:/data" -- \
	/usr/bin/python3 /data/user.py
T=$BOX PID=$BOXPID
json() { $NSDEBUG limits -o json "$T"; }
json_of() { $NSDEBUG limits -o json "$T" "$@"; }
row() { # NAME FILTER: of the container or process itself
	echo "[.items[] | select(.name == \"$1\" and .kind != \"rlimit\" and .up == 0)] | length == 1 and (.[0] | $2)"
}
rlimit() { echo "[.items[] | select(.name == \"$1\" and .kind == \"rlimit\")] | length == 1 and (.[0] | $2)"; }
where() { # CONTROLLER: its directory as the host sees it
	p=$(sed -n "s/^[0-9]*:\([^:]*,\)\{0,1\}$1\(,[^:]*\)\{0,1\}:\(.*\)/\3/p" "/proc/${2:-$PID}/cgroup")
	if [ -n "$p" ]; then
		echo "/sys/fs/cgroup/$1$p"
	else
		v2 "${2:-$PID}"
	fi
}
v2() {
	p=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	if [ -d /sys/fs/cgroup/unified ]; then echo "/sys/fs/cgroup/unified$p"; else echo "/sys/fs/cgroup$p"; fi
}
either() { # DIR v2-FILE v1-FILE
	if [ -e "$1/$2" ]; then echo "$1/$2"; else echo "$1/$3"; fi
}

cpu=$(where cpu)
echo 50000 >"$cpu/cpu.cfs_quota_us" 2>/dev/null || echo '50000 100000' >"$cpu/cpu.max"

# ---- resource limits: the same as prlimit, and what is used ----

beside_prlimit() {
	setpriv --reuid $UID_ --regid $UID_ --clear-groups \
		prlimit --pid "$PID" --noheadings --raw --output RESOURCE,SOFT,HARD | tr A-Z a-z |
		sed 's/unlimited/null/g' | sort >want.txt
	json | jq -r '.items[] | select(.kind == "rlimit") | "\(.name) \(.soft) \(.hard)"' | sort >got.txt
	diff -u want.txt got.txt
}
t 'soft and hard of prlimit'	''	beside_prlimit
# One that a thread waits in accept(2) for is taken, but not yet there to be listed: since Linux
# 6.2 the size of the directory says how many are taken.
fds() {
	n=$(stat -c %s "/proc/${1:-$PID}/fd")
	if [ "$n" != 0 ]; then echo "$n"; else find "/proc/${1:-$PID}/fd" -mindepth 1 | wc -l; fi
}
tj 'nofile: how many are open'	"$(rlimit nofile ".use == $(fds) and .soft == 20 and .hard == 64 and
	.headroom == 20 - $(fds) and .state == \"tight\"")"	json
threads() { ps -eLo ruid= | grep -cx " *$UID_"; }
tj 'nproc: threads of its user'	"$(rlimit nproc ".use == $(threads) and .use >= 17 and .soft == 20 and .state == \"tight\"")"	json
status() { awk -v k="$1:" '$1 == k { print $2 * 1024 }' "/proc/$PID/status"; }
tj 'as: address space'	"$(rlimit as ".use == $(status VmSize)")"	json
tj 'data'		"$(rlimit data ".use == $(status VmData)")"	json
tj 'stack'		"$(rlimit stack ".use == $(status VmStk) and .soft == 1048576")"	json
tj 'memlock'		"$(rlimit memlock ".use == $(status VmLck)")"	json
tj 'sigpending'		"$(rlimit sigpending ".use == $(sed -n 's/^SigQ:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PID/status")")" json
tj 'what cannot be known is null'	"$(rlimit msgqueue '.use == null and .used_percent == null and .state == "ok"')" json
other() { $NSDEBUG ps -o jsonl "$T" | jq -r 'select(.args[0] == "other") | .pid'; }
tj '-p: of another process'	"$(rlimit nofile '.use < 10 and .state == "ok" and (.level | startswith("process "))')" \
	json_of -p "$(other)"
ts '-p of none'	1 'no process 4999 in'	$NSDEBUG limits -p 4999 "$T"
tj 'oom_score'	"[.items[] | select(.name == \"oom_score\")][0].use == $(cat "/proc/$PID/oom_score")"	json

# ---- cgroups: what their files say ----

pids=$(where pids)
tj 'pids'	"$(row pids ".use == $(cat "$pids/pids.current") and .hard == 400 and .level == \"container\" and .state == \"ok\"")" json
memory=$(where memory)
tj 'memory'	"$(row memory ".hard == 268435456 and .events == 0 and
	(.use - $(cat "$(either "$memory" memory.current memory.usage_in_bytes)") | if . < 0 then -. else . end) < 2000000")" json
tj 'cpu: half of one'	"$(row cpu '.hard == 500 and .periods > 0 and .state == "ok"')"	json
tj 'cpuset'	"$(row cpuset ".hard == $(nproc --all) and (.note | startswith(\"processors 0\"))")"	json
tj 'a share'	'[.items[] | select(.name == "cpu.shares" or .name == "cpu.weight")] | length == 1 and .[0].use > 0'	json
tj '--sample: processor time now'	"$(row cpu '.use >= 0 and .use < 400 and .used_percent < 80')"	json_of --sample 100ms
ts '--sample of a day'	2 'an hour is the most'	$NSDEBUG limits --sample 86400s "$T"

v2=$(v2 "$PID")
total() { sed -n "s/^$2 .*total=//p" "$v2/$1.pressure"; }
pressure() { # CONTROLLER LINE
	before=$(total "$1" "$2")
	json >doc
	after=$(total "$1" "$2")
	jq -e "$(row "$1.pressure $2" ".stalled_s * 1000000 >= $before - 1 and .stalled_s * 1000000 <= $after + 1 and
		.avg10 <= 100 and .avg60 <= 100 and .avg300 <= 100")" doc
}
if [ "$v2" != "${v2%/"$T"}" ] && [ -e "$v2/cpu.pressure" ]; then
	for c in cpu memory io; do
		t "pressure: $c"	'true\n'	pressure $c some
	done
	t 'pressure of all: memory'	'true\n'	pressure memory full
else
	tj 'no pressure: said why'	'[.items[] | select(.kind == "pressure")] | length == 1 and
		.[0].state == "unknown" and (.[0].note | startswith("not told"))'	json
fi

# What is set is shown: on v1 by its own files, on v2 by others.
blkio=$(where blkio)
disk=$(awk 'NF == 4 && $1 ~ /^[0-9]/ { print $1 ":" $2; exit }' /proc/partitions)
throttle() {
	echo "$disk 1048576" >"$blkio/blkio.throttle.read_bps_device" 2>/dev/null ||
		echo "$disk rbps=1048576" >"$blkio/io.max" 2>/dev/null
}
if [ -n "$disk" ] && throttle; then
	tj 'a limit of a disk'	"$(row "io read $disk" '.hard == 1048576 and .unit == "bytes" and .use == null')"	json
else
	skip 'a limit of a disk' 'no disk, or no controller of it'
fi
huge=$(where hugetlb)
cap=$(either "$huge" hugetlb.2MB.max hugetlb.2MB.limit_in_bytes)
if echo 4194304 >"$cap"; then
	tj 'a limit of huge pages'	"$(row hugetlb.2MB '.hard == 4194304 and .use == 0 and .headroom == 4194304')" json
else
	skip 'a limit of huge pages' 'no hugetlb controller'
fi

# ---- levels above ----

parent=nsd-limits-$$
at_exit "find /sys/fs/cgroup -depth -type d -name $parent -exec rmdir {} +"
box_run static --ready --cgroup "/$parent/inner" --pids 100
up=$(where pids "$BOXPID")
up=${up%/inner}
echo 5 >"$up/pids.max"
above() { echo "[.items[] | select(.name == \"$1\" and .up == 1)] | length == 1 and (.[0] | $2)"; }
tj 'a limit above counts, and is named'	"$(above pids '.hard == 5 and .use == '"$(cat "$up/pids.current")"' and
	.used_percent >= 80 and .state == "tight" and (.level | endswith("/'"$parent"'"))')"	$NSDEBUG limits -o json "$BOX"
tj 'beside its own'	"$(row pids '.hard == 100 and .state == "ok" and .level == "container"')"	$NSDEBUG limits -o json "$BOX"
ts 'and it is the matter'	0 "^in trouble: pids tight \(.*/$parent\)\$"	$NSDEBUG limits -q "$BOX"
quota=$(where cpu "$BOXPID")
quota=${quota%/inner}
echo 20000 >"$quota/cpu.cfs_quota_us" 2>/dev/null || echo '20000 100000' >"$quota/cpu.max"
tj 'a quota above'	"$(above cpu '.hard == 200 and (.level | endswith("/'"$parent"'"))')"	$NSDEBUG limits -o json "$BOX"
tj 'nothing of levels without a limit'	'all(.items[] | select(.up == 1); .hard != null)'	$NSDEBUG limits -o json "$BOX"

# ---- trouble ----

box_run python3 --ready --cpu 5000 -- /usr/bin/python3 -c '
import time
print("ready", flush=True)
while True: pass'
throttled() { $NSDEBUG limits -o json "$BOX" | jq -e "$(row cpu '.periods >= 10')" >out; }
wait_for throttled 20 || fail 'ten periods'
tj 'throttled'	"$(row cpu '.state == "throttled" and .throttled_percent > 40 and .events > 4 and .throttled_s > 0.1 and
	.hard == 50 and (.note | test("^throttled in [0-9]+ % of [0-9]+ periods"))')"	$NSDEBUG limits -o json "$BOX"
# it needs the processor for its quota: other work may have all of them for a moment, or longer
sampled() {
	$NSDEBUG limits --sample 600ms -o json "$BOX" >sample.json
	jq -e 'any(.items[]; .name == "cpu" and .kind != "rlimit" and .up == 0 and .use > 25 and .throttled_percent >= 50)' \
		sample.json
}
wait_for 'sampled >jq.out' 20 || fail 'a sample of who has his quota'
periods() { jq '.items[] | select(.name == "cpu" and .up == 0) | .periods'; }
all=$($NSDEBUG limits -o json "$BOX" | periods)
tj '--sample: all of the quota is used now'	"$(row cpu ".use > 25 and .use < 150 and .state == \"throttled\" and
	.periods > 0 and .periods <= $all - 10")"	cat sample.json
"$SRC/tests/fixtures/box" down "$BOX"

# More file cache than the limit is no shortage of memory.
box_run python3 --ready --memory 31457280 --bind "$D:/data" -- /usr/bin/python3 -c '
import os, time
with open("/data/big", "wb") as f:
    for n in range(60):
        f.write(b"x" * (1 << 20))
        os.fsync(f.fileno())
print("ready", flush=True)
time.sleep(3600)'
tj 'full of file cache'	"$(row memory '.used_percent >= 80 and .state == "cache" and (.note | test("^working set .*; limit hit [0-9]+ times"))')" \
	$NSDEBUG limits -o json "$BOX"
# That it counts as swap's limit too, and more than a soft one, makes it none.
memory=$(where memory "$BOXPID")
echo 31457280 >"$(either "$memory" memory.high memory.memsw.limit_in_bytes)"
[ -e "$memory/memory.high" ] || echo 20971520 >"$memory/memory.soft_limit_in_bytes"
tj 'nor are limits that count the same'	'[.items[] | select(.up == 0 and .kind == "cgroup" and (.name | test("^memory")) and
	.used_percent >= 80)] | length > 1 and all(.[]; .state == "cache" or (.name == "memory soft limit" and .state == "ok"))' \
	$NSDEBUG limits -o json "$BOX"
ts 'it is no trouble'	0 '^nothing is in trouble, of [0-9]+ limits$'	$NSDEBUG limits -q "$BOX"
ts 'but -q shows it'	0 '^memory .* cache +container '	$NSDEBUG limits -q "$BOX"

box_run python3 --ready --memory 31457280 -- /usr/bin/python3 -c '
import os, time
for n in range(2):
    if os.fork() == 0:
        x = bytearray(200 << 20)
        os._exit(0)
    os.wait()
print("ready", flush=True)
time.sleep(3600)'
tj 'oom kills'	"$(row memory '.state == "oom" and .events == 2 and (.note | test("oom kills: 2"))')"	$NSDEBUG limits -o json "$BOX"
tj 'and mem has them'	'.summary.oom_kills == 2'	$NSDEBUG mem -o json "$BOX"
ts '-q: only that'	0 '^memory .* oom +container '	$NSDEBUG limits -q "$BOX"
only() { $NSDEBUG limits -q -o jsonl "$BOX" | jq -r '.state' | grep -cx 'ok\|unknown'; }
t '-q: nothing that is well'	'0\n?1\n'	only

box_up paused
tj 'frozen'	"$(row freezer '.state == "frozen" and .level == "container"')"	$NSDEBUG limits -o json "$BOX"
ts 'frozen: -q'	0 '^in trouble: freezer frozen \(container\)'	$NSDEBUG limits -q "$BOX"

# ---- how it looks; containers that are hard to look at ----

ts 'a table'	0 '^NAME +USE +SOFT +HARD USE% STATE +LEVEL +NOTE$'	$NSDEBUG limits "$T"
ts 'memory as people read it'	0 '^memory +[0-9.]+M +- +256M +[0-9]+% ok +container +working set '	$NSDEBUG limits "$T"
ts 'an operand'	2 'one operand too many'	$NSDEBUG limits "$T" x
tj 'the document'	'.schema == "nsdebug.limits/1" and .errors == [] and .truncated == false and
	.summary.limits == (.items | length)'	json
keys() {
	json | jq -c '.items[0] | keys' >got.txt
	$NSDEBUG help --json limits | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys
box_up pod
tj 'a shared pid namespace'	"$(rlimit nofile ".level != \"process 1\" and .use == $(fds $BOX2PID)")" \
	$NSDEBUG limits -o json "$BOX2"
box_up userns
tj 'a user namespace: threads of its user there' \
	"$(rlimit nproc ".use == $(awk '$1 == "Threads:" { print $2 }' "/proc/$BOXPID/status")")"	$NSDEBUG limits -o json "$BOX"
RUNTIME=crun
export RUNTIME
box_up static
tj 'crun: its own on v1; none of its own on v2, so no pressure' \
	"($(row pids '.level == "container"')) and ([.items[] | select(.kind == \"pressure\")] | length == 1 or .[0].up == 0)" \
	$NSDEBUG limits -o json "$BOX"
unset RUNTIME

unshare --mount --pid --fork --kill-child --root "$FX/roots/static" /app/server 8096 >out 2>&1 &
at_exit "kill -9 $! 2>/dev/null || :"	# it ignores others
wait_for 'grep -q ready out' 10
SHARED=$(cat "/proc/$!/task/$!/children")
SHARED=${SHARED% }
tj 'no cgroup of its own: nothing is shown as the container'\''s' \
	'all(.items[]; .level != "container") and ([.items[] | select(.kind == "rlimit")] | length == 16)' \
	$NSDEBUG limits -o json "pid://$SHARED"
ts 'and it is said'	0 'it has no pids cgroup of its own'	$NSDEBUG limits "pid://$SHARED"

# ---- a container names the cgroups that it makes below its own ----

evil=$(printf 'x\033[31m y')
mkdir "$pids/$evil"
move() { xargs -I{} sh -c 'echo {} >"$1/cgroup.procs" 2>/dev/null || :' - "$1"; }
sort -u "$pids/cgroup.procs" | move "$pids/$evil"
ts 'its name is escaped'	0 'pids +[0-9]+ +- +400 .*' $NSDEBUG limits "$T"
raw() { { $NSDEBUG limits "$T"; $NSDEBUG mem -o wide "$T"; $NSDEBUG limits -o json "$T"; } | grep -c "$(printf '\033')"; }
t 'in any form'	'0\n?1\n'	raw
tj 'the limit above it still counts'	'[.items[] | select(.name == "pids")] | map(.up) == [0, 1] and
	.[1].hard == 400 and (.[1].level | endswith("/'"$T"'"))'	$NSDEBUG limits -o json "$T"
sort -u "$pids/$evil/cgroup.procs" | move "$pids"
rmdir "$pids/$evil"
