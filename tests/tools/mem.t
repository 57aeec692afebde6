#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mem, beside /proc and the cgroup's files; a table that adds up; limits wherever they are set.
. tests/lib.sh
need jq python3 runc unshare

D=$TMP/data
mkdir -m 777 "$D"
cat >"$D/eater.py" <<-'E'
	import mmap, os, time
	M = 1 << 20
	heap = b'x' * (20 * M)
	shm = mmap.mmap(-1, 8 * M)
	shm.write(b'y' * (8 * M))
	with open('/tmp/file', 'wb') as f:
	    f.write(b'z' * (4 * M))
	if os.fork() == 0:
	    time.sleep(3600)
	os.waitid(os.P_PID, os.fork() or os._exit(0), os.WEXITED | os.WNOWAIT)
	print('ready', flush=True)
	time.sleep(3600)
	E
box_run python3 --ready --memory 209715200 --bind "$D:/data" -- /usr/bin/python3 /data/eater.py
T=$BOX PID=$BOXPID
json() { $NSDEBUG mem -o json "$@" "$T"; }
# Where the host sees its memory cgroup.
memory_of() { # PID
	p=$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p' "/proc/$1/cgroup")
	if [ -n "$p" ]; then
		echo "/sys/fs/cgroup/memory$p"
	else
		echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"
	fi
}
CG=$(memory_of "$PID")
[ -e "$CG/memory.stat" ] || skip_all 'no cgroup accounts memory here'
number() { cat "$CG/$1"; }
either() { if [ -e "$CG/$1" ]; then echo "$CG/$1"; else echo "$CG/$2"; fi; }

# ---- processes ----

# Whoever maps the same files, or gives them up, changes what is shared: a document is taken between
# two looks of which the second shows what the first did.
of_kernel() { # PID: what /proc has of it
	cat "/proc/$1/smaps_rollup" "/proc/$1/status" | grep '^[A-Z][A-Za-z_]*:.* kB$'
}
meanwhile() { # OPTION...: ./doc, and ./before.PID of each process in it
	for _ in $(seq 100); do
		for _p in $members; do of_kernel "$_p" >"before.$_p"; done
		json "$@" >doc
		for _p in $members; do of_kernel "$_p" | cmp -s - "before.$_p" || continue 2; done
		return
	done
}
members=$(json | jq '.items[].host_pid')
beside() { # FIELD KEYS OPTION...: it is the sum of what has such a key
	field=$1 keys=$2
	shift 2
	meanwhile "$@"
	jq -r ".items[] | \"\(.host_pid) \(.$field)\"" doc >got.txt
	while read -r pid n; do
		want=$(awk -v k="^($keys):\$" '$1 ~ k { n += $2 } END { print n * 1024 }' "before.$pid")
		[ "$n" = "$want" ] || echo "$pid: $n, not $want"
	done <got.txt
	[ "$(wc -l <got.txt)" = 2 ] || cat got.txt
}
for f in Rss:rss Pss:pss Swap:swap SwapPss:swap_pss Pss_Anon:pss_anon Pss_File:pss_file \
	Pss_Shmem:pss_shmem Locked:locked; do
	t "smaps_rollup: ${f%:*}"	''	beside "${f#*:}" "${f%:*}"
done
t 'smaps_rollup: what is private'	''	beside uss 'Private_(Clean|Dirty|Hugetlb)'
for f in RssAnon:anon RssFile:file RssShmem:shmem VmSize:size; do
	t "status: ${f%:*}"	''	beside "${f#*:}" "${f%:*}"
done
t '--no-pss: rss of status'	''	beside rss VmRSS --no-pss
tj '--no-pss: no pss'	'all(.items[]; .pss == null and .uss == null and .rss > 0)'	json --no-pss
tj 'no zombie, and largest first'	'.items | length == 2 and .[0].rss >= .[1].rss and .[0].pid == 1'	json
tj '--sort'	'.items | .[0].uss <= .[1].uss'	json --sort=uss
ts '--sort by no field'	2 "'wibble' is not a field"	$NSDEBUG mem --sort wibble "$T"
tj 'sums'	'(.items | map(.pss) | add) == .summary.pss and (.items | map(.uss) | add) == .summary.uss
	and .summary.processes == 2'	json

# ---- the cgroup: what it says, and that it adds up ----

stat_of() { # v1-KEY v2-KEY
	if [ -e "$CG/memory.usage_in_bytes" ]; then set -- "$1"; else set -- "$2"; fi
	awk -v k="$1" '$1 == k { print $2 }' "$CG/memory.stat"
}
near() { # NAME FIELD WANT: within 2 % of usage, for the container is not quite still
	tj "$1" ".summary | (.$2 - $3) as \$d | (if \$d < 0 then -\$d else \$d end) <= .usage / 50" json
}
near 'usage'	usage	"$(cat "$(either memory.usage_in_bytes memory.current)")"
near 'anon'	anon	"$(stat_of total_rss anon)"
near 'shmem'	shmem	"$(stat_of total_shmem shmem)"
near 'file'	file	"$(($(stat_of total_cache file) - $(stat_of total_shmem shmem)))"
[ ! -e "$CG/memory.kmem.usage_in_bytes" ] || near 'kernel' kernel "$(number memory.kmem.usage_in_bytes)"
near 'working set'	working_set	\
	"$(($(cat "$(either memory.usage_in_bytes memory.current)") - $(stat_of total_inactive_file inactive_file)))"
parts='[.anon, .file, .shmem, .kernel, .sock, .hugetlb, .other | select(. != null)]'
adds_up=".summary | ($parts | add) as \$sum | all(${parts}[]; . >= 0) and
	(\$sum - .usage | if . < 0 then -. else . end) <= .usage / 50"
tj 'the parts add up to usage'	"$adds_up"	json
tj 'what the process wrote is there'	'.summary | .anon > 20000000 and .shmem >= 12 * 1048576'	json
tj 'its own'	'.summary | .own == true and (.cgroup | endswith("/'"$T"'"))'	json
tj 'no trouble so far'	'.summary | .oom_kills == 0 and .max_events == 0'	json
tj 'limit, and what is left'	'.summary | .limit == 209715200 and
	(.limit_cgroup | endswith("/'"$T"'")) and .headroom + .usage - .limit < 4194304'	json
tj '-c: no processes'	'.items == [] and .summary.usage > 20000000'	json -c
ts '-c with --sort'	2 'goes with no other option'	$NSDEBUG mem -c --sort rss "$T"

# A limit above counts too, and is named; the least that is left is not the smallest limit's.
parent=nsd-mem-$$
at_exit "find /sys/fs/cgroup -depth -type d -name $parent -exec rmdir {} +"
box_run static --ready --cgroup "/$parent/inner" --memory 104857600
inner=$(memory_of "$BOXPID")
case $inner in
*/$parent/inner) ;;
*) fail 'a cgroup below another' "$inner" ;;
esac
limit=memory.limit_in_bytes
[ -e "$inner/$limit" ] || limit=memory.max
cap() { echo "$1" >"${inner%/inner}/$limit"; }
cap 52428800
tj 'a smaller limit above'	'.summary | .limit == 52428800 and (.limit_cgroup | endswith("/'"$parent"'"))' \
	$NSDEBUG mem -o json "$BOX"
ts 'it is named'	0 "^limit +50M .*: .*/$parent\$"	$NSDEBUG mem "$BOX"
cap 157286400
tj 'a larger limit above'	'.summary | .limit == 104857600 and (.limit_cgroup | endswith("/inner"))' \
	$NSDEBUG mem -o json "$BOX"
"$SRC/tests/fixtures/box" run "nsd-$parent-b" python3 --ready --cgroup "/$parent/other" -- /usr/bin/python3 -c '
x = b"x" * (120 << 20)
print("ready", flush=True)
import time; time.sleep(3600)' >"$TMP/other" 2>&1 || fail 'a container beside it' "$(cat "$TMP/other")"
at_exit "'$SRC/tests/fixtures/box' down 'nsd-$parent-b'"
tj 'least is left of the larger one'	'.summary | .limit == 104857600 and .headroom < 38000000 and
	(.headroom_cgroup | endswith("/'"$parent"'"))'	$NSDEBUG mem -o json "$BOX"

# ---- how it looks ----

ts 'a table'	0 '^PID HOSTPID +RSS +PSS +USS +ANON +FILE SHMEM SWAP NAME$'	$NSDEBUG mem "$T"
ts 'the parts, one a line'	0 '^anon +2[0-9]M  of no file'	$NSDEBUG mem "$T"
ts 'the sum below them'	0 '^= usage +[0-9]+M '	$NSDEBUG mem "$T"
ts '-o wide: more of them'	0 '^inactive file +'	$NSDEBUG mem -o wide "$T"
t '-o FIELDS: only these'	'1 server\n'	$NSDEBUG mem -o pid,comm --no-headers "$BOX"
tj 'the document'	'.schema == "nsdebug.mem/1" and .errors == [] and .truncated == false'	json
tj 'several: a summary of each, that says whose'	'[.summaries[].target] | index("runc://'"$T"'")' \
	$NSDEBUG mem --selector "bundle=$FX/boxes/$T" -c -o json
ts 'and in a table'	0 "^runc://$T:\$"	$NSDEBUG mem --selector "bundle=$FX/boxes/$T" -c
keys() {
	json | jq -c '.items[0] | keys' >got.txt
	$NSDEBUG help --json mem | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys

# ---- containers that are hard to look at ----

box_up paused
tj 'a frozen container'	"(.items | length) == 1 and .items[0].pss > 0 and ($adds_up)" $NSDEBUG mem -o json "$BOX"
box_up pod
tj 'a shared pid namespace: its own processes'	"[.items[].host_pid] == [$BOX2PID] and .summary.own" \
	$NSDEBUG mem -o json "$BOX2"
tj '--pod: those of the others too'	"[.items[].host_pid] | contains([$BOXPID, $BOX2PID])" \
	$NSDEBUG mem --pod -o json "$BOX2"
box_up userns
tj 'a user namespace'	".items[0].pid == 1 and .items[0].pss > 0 and ($adds_up)" $NSDEBUG mem -o json "$BOX"
RUNTIME=crun
export RUNTIME
box_up static
tj 'crun'	".summary.own and ($adds_up)"	$NSDEBUG mem -o json "$BOX"
unset RUNTIME

# A process in a root and a pid namespace of its own, and in our cgroups.
unshare --mount --pid --fork --kill-child --root "$FX/roots/static" /app/server 8097 >out 2>&1 &
at_exit "kill -9 $! 2>/dev/null || :"	# it ignores others
wait_for 'grep -q ready out' 10
SHARED=$(cat "/proc/$!/task/$!/children")
SHARED=${SHARED% }
tj 'no cgroup of its own: no number of the host is shown as its' '(.items | length) == 1 and
	.items[0].rss > 0 and (.summary | .own == false and .usage == null and .anon == null)' \
	$NSDEBUG mem -o json "pid://$SHARED"
ts 'and it is said'	0 'has no memory cgroup of its own'	$NSDEBUG mem "pid://$SHARED"
