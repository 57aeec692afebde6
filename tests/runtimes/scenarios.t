#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every verb on every scenario, and the fact that makes each of them one; runc, and crun where it
# can, both found by the same words.
# timeout 900
. tests/lib.sh
need jq crun

verbs=$($NSDEBUG help --verbs)
knows() { echo "$verbs" | grep -qx "$1"; }

# What holds in any of them. A thread's name is written through /proc, where there is one.
threads='in-cond-wait", "in-poll", "in-nanosleep'
look_into() { # SCENARIO RUNTIME
	ts "$1: ls"	0 '^server$'	$NSDEBUG ls "$BOX" /app
	ts "$1: ls -lR of a part"	0 '^/etc/ssl:$'	$NSDEBUG ls -lR "$BOX" /etc
	ts "$1: cat"	0 '^PRETTY_NAME="Distroless"$'	$NSDEBUG cat "$BOX" /etc/os-release
	ts "$1: cat of what is deleted"	0 '^deleted but open$'	\
		$NSDEBUG cat "$BOX" "fd:$($NSDEBUG ps -o pid --no-headers "$BOX" | tr -d ' ')/5"
	tj "$1: ps"	'(.items | length) == 1 and (.items[0] | .host_pid == '"$BOXPID"' and
		.args[0] == "/app/server" and .uid == 65532 and .user == "nonroot")' \
		$NSDEBUG ps -o json "$BOX"
	ts "$1: ps -L"	0 "${threads##*\"}"	$NSDEBUG ps -L "$BOX"
	ts "$1: list"	0 "^$BOX +- +$2 +(running|paused) +$BOXPID "	$NSDEBUG list
	ts "$1: by its runtime"	0 '^server$'	$NSDEBUG ls "$2://$BOX" /app
	ts "$1: by pid"	0 '^server$'	$NSDEBUG ls "pid://$BOXPID" /app
	knows stack || return 0
	tj "$1: stack"	'[.items[].comm] | contains(["server", "'"$threads"'"])' \
		$NSDEBUG stack -o json "$BOX"
}
up() {
	box_up "$1"
	look_into "$1" runc
}

up userns
tj 'userns: ids of files in both views'	'.items[] | select(.name == "passwd") |
	.uid == 0 and .user == "root" and .host_uid == 100000'	$NSDEBUG ls -o json "$BOX" /etc
tj 'userns: and of processes'	'.items[0].host_uid == 165532'	$NSDEBUG ps -o json "$BOX"
ts 'userns: wide has both'	0 'root +root +100000 +100000 .*passwd$'	$NSDEBUG ls -o wide "$BOX" /etc
ts 'userns: -n is the inside view'	0 ' 0 +0 .*passwd$'	$NSDEBUG ls -n "$BOX" /etc
ts 'userns: a home that is closed to others'	0 '^\.$'	$NSDEBUG ls -a "$BOX" /home/nonroot

up idmap
tj 'idmap: ids of files in both views'	'.items[] | select(.name == "passwd") |
	.uid == 0 and .user == "root" and .host_uid == 200000'	$NSDEBUG ls -o json "$BOX" /etc
tj 'idmap: and of processes'	'.items[0].host_uid == 265532'	$NSDEBUG ps -o json "$BOX"

up overlay
upper=$FX/boxes/$BOX/upper
printf 'written at run time\n' >"$upper/late.txt"
mkdir "$upper/late"
ts 'overlay: what was written since'	0 '^written at run time$'	$NSDEBUG cat "$BOX" /late.txt
ts 'overlay: a directory since'	0 '^late$'	$NSDEBUG ls "$BOX" /
untouched() {
	find "$upper" -printf '%P %T@ %C@\n' | sort >before
	$NSDEBUG ls -lR "$BOX" /etc >out 2>&1
	$NSDEBUG cat "$BOX" /app/server >out 2>&1
	find "$upper" -printf '%P %T@ %C@\n' | sort | diff before -
}
t 'overlay: nothing is written into it'	''	untouched

up volumes
ts 'volumes: a file of the host'	0 '^hello$'	$NSDEBUG cat "$BOX" /data/hello.txt
ts 'volumes: one that is read-only'	0 '^port = 8080$'	$NSDEBUG cat "$BOX" /config/app.conf
ts 'volumes: a tmpfs'	0 '^\.$'	$NSDEBUG ls -a "$BOX" /scratch

box_up pod
look_into pod runc
one=$BOXPID two=$BOX2PID
BOX=$BOX2 BOXPID=$BOX2PID
ts 'pod: its other container has its own root'	1 '/lib64/ld-linux.*No such file|No such file' \
	$NSDEBUG ls "$BOX" /lib64/ld-linux-x86-64.so.2
tj 'pod: ps of the other: its own'	'[.items[].host_pid] == ['"$two"']'	$NSDEBUG ps -o json "$BOX"
tj 'pod: --pod: both'	'[.items[].host_pid] | contains(['"$one, $two"'])'	$NSDEBUG ps --pod -o json "$BOX"

up hostpid
tj 'hostpid: pid is the host'\''s'	'.items[0].pid == '"$BOXPID"	$NSDEBUG ps -o json "$BOX"

up hidepid
up paused
ts 'paused: said'	0 "^$BOX +- +runc +paused "	$NSDEBUG list

export RUNTIME=crun
box_up base
look_into crun crun
box_up noproc
threads=server
look_into noproc crun
ts 'noproc: /proc is an empty directory'	0 '^\.$'	$NSDEBUG ls -a "$BOX" /proc
