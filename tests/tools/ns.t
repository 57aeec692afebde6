#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# ns, beside lsns and the links of /proc; who shares what; maps of ids; what unprivileged or nested
# namespaces look like.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need jq lsns unshare nsenter setpriv strace runc crun

N="$NSDEBUG ns"
json() { $N -o json "$@"; }
row() { # TYPE FILTER
	echo "([.items[] | select(.type == \"$1\")] | length == 1 and (.[0] | $2))"
}

# ---- the same as lsns, and as the links ----

of_lsns() { # of what is not the host's, as the host's processes come and go
	lsns -J -p "$1" -o NS,TYPE,NPROCS,PID | jq -r --argjson host "$(lsns -J -p $$ -o NS | jq '[.namespaces[].ns]')" \
		'.namespaces[] | select(.ns as $n | $host | index($n) | not) | "\(.type) \(.ns) \(.nprocs) \(.pid)"' | sort
}
of_us() {
	quiet json --host "pid://$1" | jq -r '.items[] | select(.whose != "host") |
		"\(.type) \(.id) \(.processes) \(.first_pid)"' | sort
}
# lsns leaves out what comes behind a process that ends as it is read, and all if one has a newline in
# its name, as those of other tests have: so this one runs alone.
beside() {
	of_us "$1" >got.txt
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		of_lsns "$1" >want.txt 2>lsns.err	# it may find nothing, and is asked again
		cmp -s want.txt got.txt && break
	done
	[ "$(wc -l <want.txt)" -ge 4 ] && diff want.txt got.txt
}
of_links() {
	for n in cgroup ipc mnt net pid time user uts; do readlink "/proc/$1/ns/$n"; done
}
links() {
	of_links "$1" >want.txt
	quiet $N -o name "$2" | diff want.txt -
}
for s in base hostpid userns; do
	box_up $s
	t "$s: as lsns has it"	''	beside "$BOXPID"
	t "$s: as the links say"	''	links "$BOXPID" "$BOX"
done
tj 'whose they are'	"$(row mnt '.whose == "own" and .members == 1 and .containers == [] and .others == 0') and
	$(row time '.whose == "host" and .id == .host_id and .containers == null and .others == null')"	json "$BOX"
ts 'a table'	0 '^TYPE +ID WHOSE +PROCS NOTES$'	$N "$BOX"
ts 'wide'	0 '^TYPE +ID WHOSE +PROCS +OWNER OWNERUID HOSTPID COMM +NOTES$'	$N -o wide "$BOX"
joined() {
	straced "$TMP/strace" -e trace=setns "$NSDEBUG" ns "$1" >/dev/null 2>&1
	grep -c 'setns(' "$TMP/strace"
}
t 'none is joined'	'0\n?1\n'	joined "$BOX"

# ---- ids ----

tj 'a user namespace: its map'	"$(row user '.whose == "own" and
	.uid_map == [{"inside": 0, "outside": 100000, "count": 65536}] and .gid_map == .uid_map and .setgroups == "allow"')"	json "$BOX"
ts 'a user namespace: in words'	0 ' 0-65535 in here = 100000-165535 on the host$'	$N "$BOX"
user=$(readlink "/proc/$BOXPID/ns/user" | tr -dc 0-9)
tj 'it owns the others'	'[.items[] | select(.whose == "own" and .type != "user") | .owner == '"$user"' and .owner_uid == 0] |
	length >= 5 and all'	json "$BOX"
tj 'and is owned by the one above'	"$(row user '.owner == .host_id and .parent == .host_id')"	json "$BOX"
tj 'the host'\''s map is the whole range'	"$(row user '.whose == "host" and (.uid_map | length) == 1 and .uid_map[0].count == 4294967295')" \
	json --host "pid://$$"

# Processes with the host's files: pid://, with --host.
hold() { # COMMAND...: a process of it that stays: HELD
	"$@" >held.out 2>&1 &
	HELD=$!
	at_exit "kill $HELD 2>/dev/null || :"
}
other() { [ "$(readlink "/proc/$HELD/ns/$1")" != "$(readlink "/proc/self/ns/$1")" ]; }
hold setpriv --reuid 4242 --regid 4242 --clear-groups unshare -U sleep 1000
wait_for 'other user' 10
printf '0 100000 10\n10 4242 1\n20 200000 5\n' >"/proc/$HELD/uid_map"
echo deny >"/proc/$HELD/setgroups"
printf '0 300000 1\n' >"/proc/$HELD/gid_map"
of_map() {
	jq -Rnc '[inputs | [scan("[0-9]+") | tonumber] | {inside: .[0], outside: .[1], count: .[2]}]' "/proc/$HELD/$1"
}
tj 'several ranges, as the kernel has them'	"$(row user '.uid_map == '"$(of_map uid_map)"' and .gid_map == '"$(of_map gid_map)")" \
	json --host "pid://$HELD"
tj 'who made it'	"$(row user '.owner_uid == 4242 and .setgroups == "deny"')"	json --host "pid://$HELD"
ts 'several ranges: in words'	0 'users 0-9 in here = 100000-100009 on the host, 10 = 4242, 20-24 = 200000-200004; groups 0 in here = 300000 on the host; setgroups is denied' \
	$N --host "pid://$HELD"
hold unshare -U sleep 1000
wait_for 'other user' 10
ts 'no map yet'	0 'no id is mapped'	$N --host "pid://$HELD"
outer=$HELD
echo '0 0 10' >"/proc/$outer/uid_map"
echo '0 0 10' >"/proc/$outer/gid_map"
hold nsenter -t "$outer" -U --preserve-credentials unshare -U sleep 1000
wait_for 'other user && [ "$(readlink /proc/$HELD/ns/user)" != "$(readlink /proc/$outer/ns/user)" ]' 10
tj 'one in another: its parent'	"$(row user '.parent == '"$(readlink "/proc/$outer/ns/user" | tr -dc 0-9)"' and .parent == .owner')" \
	json --host "pid://$HELD"

# ---- time, and what is for children only ----

if [ -e /proc/self/ns/time ]; then
	hold unshare -T --monotonic=100 --boottime=-5 -f sleep 1000
	wait_for '[ -n "$(cat /proc/$HELD/task/$HELD/children 2>/dev/null)" ]' 10
	child=$(tr -d ' ' <"/proc/$HELD/task/$HELD/children")
	at_exit "kill -9 $child 2>/dev/null || :"	# who waits for it ends with it only
	tj 'time: its offsets'	"$(row time '.whose != "host" and .monotonic_offset_s == 100 and .boottime_offset_s == -5')" \
		json --host "pid://$child"
	ts 'time: in words'	0 '^time .* monotonic \+100 s; boottime -5 s(;|$)'	$N --host "pid://$child"
	tj 'time_for_children: of the parent'	"$(row time_for_children '.id == '"$(readlink "/proc/$child/ns/time" | tr -dc 0-9)")" \
		json --host "pid://$HELD"
	tj 'time: the parent'\''s own'	"$(row time '.whose == "host" and .monotonic_offset_s == null')"	json --host "pid://$HELD"
else
	skip 'time' 'this kernel has no time namespaces'
fi
hold unshare -p sh -c 'sleep 1000 & wait'
wait_for '[ -n "$(cat /proc/$HELD/task/$HELD/children 2>/dev/null)" ]' 10
at_exit "kill -9 $(cat "/proc/$HELD/task/$HELD/children") 2>/dev/null || :"
tj 'pid_for_children: of who has unshared'	"$(row pid_for_children '.whose != "host" and .processes == 1 and .owner == '"$(readlink /proc/self/ns/user | tr -dc 0-9)")" \
	json --host "pid://$HELD"
tj 'pid_for_children: not of others'	'all(.items[]; .type | endswith("for_children") | not)'	json "$BOX"

# ---- with whom ----

box_up pod
one=$BOX two=$BOX2
for n in pid net ipc; do
	tj "pod: $n is shared, with the other container"	"$(row $n '.whose == "shared" and .containers == ["runc://'"$two"'"] and
		.others == 0 and .processes == 2 and .members == 1')"	json "$one"
	tj "pod: and the other way round"	"$(row $n '.containers == ["runc://'"$one"'"]')"	json "$two"
done
tj 'pod: mnt is not'	"$(row mnt '.whose == "own" and .containers == []')"	json "$one"
ts 'pod: in words'	0 "^net +[0-9]+ shared +2 with runc://$two\$"	$N "$one"
tj 'pids in each level'	"$(row pid '[.levels[].pid] == '"$(sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$BOX2PID/status" | jq -sc .)"' and
	[.levels[].id] == [.parent, .id] and [.levels[].level] == [0, 1]')"	json "$two"
tj '-p: a process by its number in there'	"$(row pid '.process == '"$BOXPID")"	json -p 1 "$one"
ts '-p of none'	1 'no process 4999 in'	$N -p 4999 "$one"
# Of another runtime, and a process of no container.
RUNTIME=crun box_run base --ready --netns "/proc/$BOXPID/ns/net" -- /app/server 8099
tj 'a container of another runtime'	"$(row net '.containers == ["crun://'"$BOX"'", "runc://'"$two"'"]')"	json "$one"
hold nsenter -t "$(runc state "$one" | jq .pid)" -n -u sleep 1000
# it is in there before it is "sleep"
wait_for 'other net && [ "$(cat "/proc/$HELD/comm")" = sleep ]' 10
tj 'a process of no container is named itself'	"$(row net '.others == 1 and .strangers == [{"host_pid": '"$HELD"', "comm": "sleep"}] and
	.processes == 4')"	json "$one"
tj 'and makes what was own a shared one'	"$(row uts '.whose == "shared" and .others == 1 and .containers == []')"	json "$one"
ts 'in words'	0 "^uts .* shared +2 with $HELD \\(sleep\\)\$"	$N "$one"
# Someone who enters it: the same container, whatever namespaces it lacks.
hold runc exec --cwd / "$two" /app/server 8070
wait_for '[ -n "$(runc ps -f json "'"$two"'" | jq "select(length > 1)")" ]' 10
tj 'what is executed in it is its own'	"$(row mnt '.whose == "own" and .members == 2')"	json "$two"

# ---- processes of the container elsewhere; names that are meant to deceive ----

hostile_box --caps sys_admin --no-seccomp -- '
	unshare -u sh -c "printf \"evil\\033[2J\" >/proc/self/comm; echo >/renamed; sleep 100000; :" &
	until [ -e /renamed ]; do :; done'
tj 'a process of it in a namespace of its own'	"$(row uts '.whose == "own" and (.elsewhere | length) == 1 and
	.elsewhere[0].processes >= 1 and .elsewhere[0].id != .id and (.elsewhere[0].comm | startswith("evil"))')"	json "$BOX"
ts 'in words, escaped'	0 '^uts .* of its processes in [0-9]+: [0-9]+ \(evil\\x1b\[2J\)'	$N "$BOX"
away=$(quiet json "$BOX" | jq '.items[] | select(.type == "uts") | .elsewhere[0].pid')
tj '-p: seen from there'	"$(row uts '.elsewhere | length == 1')"	json -p "$away" "$BOX"
clean_out() { for o in '' '-o wide' '-o name'; do
	# shellcheck disable=SC2086
	quiet $N $o "$BOX"; done | grep -aP '[\x00-\x09\x0b-\x1f\x7f]'; }
t 'no control character in a table'	'?1\n'	clean_out

# ---- what keeps one, and cgroups ----

: >"$TMP/netns"
mount --bind "/proc/$BOXPID/ns/net" "$TMP/netns"
at_exit "umount -l '$TMP/netns'"
tj 'kept by a bind mount'	"$(row net '.kept_by == ["'"$TMP/netns"'"]') and $(row uts '.kept_by == []')"	json "$BOX"
ts 'kept by: in words'	0 "^net .*kept by $TMP/netns\$"	$N "$BOX"
tj 'what is / of its cgroups'	"$(row cgroup '.whose == "own" and (.cgroup_root | endswith("/'"$BOX"'")) and (.cgroup | endswith("/'"$BOX"'"))')"	json "$BOX"

# ---- the rest ----

box_up paused
tj 'a paused container'	"$(row pid '.whose == "own" and .processes == 1')"	json "$BOX"
ts '-o FIELDS: how many rows a field has'	0 '^user +1$'	$N --host -o type,uid_map "pid://$$"
ts 'no such field'	2 "'wibble' is not a field"	$N -o wibble "$BOX"
ts 'an operand'	2 'one operand too many'	$N "$BOX" x
ts '-p of no number'	2 ''	$N -p x "$BOX"
ts 'no such container'	3 'no container'	$N nsd-no-such-thing
cp "$NSDEBUG" "$TMP/nsdebug"
chmod 755 "$TMP/nsdebug"
ts 'nobody: a privilege is missing'	77 'as root'	\
	setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/nsdebug" ns "pid://$BOXPID"
keys() {
	quiet json "$BOX" | jq -c '.items[0] | keys' >got.txt
	$NSDEBUG help --json ns | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys
