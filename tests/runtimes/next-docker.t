#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace --next by the name or the id of a container that docker has created, or restarts.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq docker
can_trace

docker_() { docker -H unix:///run/docker.sock "$@"; }
waits() { # WORD
	wait_for 'grep -q "waiting for a cgroup" said' 20 || fail "$1: it waits" "$(cat said)"
}
created() { # NAME [OPTION...] IMAGE ARGV...: sets ID
	at_exit "'$SRC/tests/fixtures/engine' rm docker $1"
	ID=$(docker_ create --network=none --read-only --name "$@") || fail "docker create $1"
}

engine_up docker
engine_run docker debug
name=$CT-next
created "$name" nsd.test/debug:latest /busybox/busybox sh -c '/busybox/busybox cat /no/config; exit 3'
for word in "$name" "docker://$name" "$ID" "docker://$(echo "$ID" | cut -c-12)"; do
	trace_start syscalls --next "$word" --failed --life
	waits "$word"
	docker_ start "$name" >out 2>&1 || fail "docker start $name" "$(cat out)"
	trace_wait
	tr_rows "$word: created, then started; and started again" \
		'.[0].args[0] == "\"/busybox/busybox\"" and .[-1].status == 3 and .[-1].pid == 1 and
		any(.error == "ENOENT" and .args[1] == "\"/no/config\"")'
done
ts 'who made it' 0 'its cgroup was made by runc' cat said

trace_start exec --next "$CT" --max-events 1
waits "$CT"
docker_ restart -t 0 "$CT" >out 2>&1
trace_wait
tr_rows 'one that runs, restarted' '.[0].args == ["/app/server"] and .[0].pid == 1'

created "$name-denied" --user 65532 nsd.test/debug:latest /busybox/busybox sh -c 'i=0
	while [ $i -lt 20 ]; do /busybox/busybox cat /proc/1/mem; echo x >/new; i=$((i + 1)); done'
for word in "$name-denied" "docker://$name-denied"; do
	trace_start denied --next "$word"
	waits "$word"
	docker_ start "$name-denied" >out 2>&1 || fail "docker start $name-denied" "$(cat out)"
	trace_wait
	tr_rows "$word: paths are looked at" 'map(select(.error == "EROFS" and .reason == "read-only-mount" and .mount == "/" and
		.guess == false)) | length >= 1'
done

# The cure is for who is named, so the owner must be the one that the container sees.
mkdir -m 711 own
: >own/secret
chown 0:4000 own/secret
chmod 640 own/secret
created "$name-owner" --user 65532 --volume "$PWD/own:/own" nsd.test/debug:latest /busybox/busybox sh -c 'until
	[ -e /own/seen ]; do /busybox/busybox cat /own/secret; /busybox/busybox usleep 20000; done'
trace_start denied --next "$name-owner"
waits "$name-owner"
docker_ start "$name-owner" >out 2>&1 || fail "docker start $name-owner" "$(cat out)"
wait_for 'grep -q "\"path\":\"/own/secret\"" rows' 20
: >own/seen
trace_wait
tr_rows 'without a user namespace ids are those of the host' 'map(select(.path == "/own/secret")) |
	length >= 1 and all(.owner_uid == 0 and .owner_gid == 4000 and (.why | test("0640 0:4000"))) and
	(map(.why + (.cure // "")) | any(test("65534|on the host: ")) | not) and any(.docker != null)'

# Docker waits twice as long each time, from a tenth of a second.
created "$name-loop" --restart=always nsd.test/debug:latest /busybox/busybox sh -c 'exit 5'
t 'it begins to crash'	"$name-loop\n"	docker_ start "$name-loop"
for word in "$name-loop" "docker://$ID"; do
	trace_start exit --next "$word" --for 60s
	trace_wait
	tr_rows "$word: a crash loop: one round of it" 'length == 1 and (.[0] | .status == 5 and .pid == 1)'
done
ts 'one that is not there' 2 'docker makes up the id' \
	"$NSDEBUG" trace exec --next "docker://$name-not"
