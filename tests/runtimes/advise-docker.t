#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 400
# advise of what docker runs: the options that it prints are given to docker run as they stand, and
# the same is served under them; another program is refused calls of its own.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq docker busybox nsenter
can_trace

docker_() { docker -H unix:///run/docker.sock "$@"; }
cp "$(command -v busybox)" busybox
chmod 755 busybox

created() { # NAME OPTION... IMAGE: with docker's own seccomp profile unless told otherwise
	at_exit "'$SRC/tests/fixtures/engine' rm docker $1"
	docker_ create --network=none --volume="$TMP/busybox:/busybox-s:ro" --name "$@" >id 2>errors ||
		fail "docker create $*" "$(cat errors)"
}
ask() { nsenter -t "$PID" -n busybox wget -q -O - http://127.0.0.1:8080/; }
# Starts it and asks it: what it answered is in ./answers, its status at the end in ./ended.
serve() { # NAME
	docker_ start "$1" >out 2>&1 || fail "docker start $1" "$(cat out)"
	PID=$(docker_ inspect -f '{{.State.Pid}}' "$1")
	nsenter -t "$PID" -n busybox ip link set lo up
	wait_for 'ask >/dev/null 2>&1' 60 || docker_ logs "$1" >&2
	: >answers
	for _i in 1 2 3; do
		ask >>answers 2>&1
	done
}
finish() { # NAME
	docker_ stop -t 20 "$1" >out
	docker_ inspect -f '{{.State.ExitCode}}' "$1" >ended
}

one() { # ROOT
	engine_run docker "$1"	# with that, its image is there
	image=nsd.test/$1:latest
	name=$CT-new
	created "$name" "$image"
	"$NSDEBUG" advise --next "$name" --write "$1" -o json >out.json 2>said.txt &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for 'grep -q "waiting for a cgroup" said.txt' 20 || fail "$1: advise waits" "$(cat said.txt)"
	serve "$name"
	cp answers before
	ts "$1: it answers" 0 . cat before
	finish "$name"
	cp ended ended.before
	wait "$TRACE"
	tj "$1: all was seen" '.summary | .complete and .from_start' cat out.json
	for options in "$(cat "$1/docker")" '--security-opt seccomp=seccomp.json'; do
		case $options in
		--sec*) what='its seccomp profile alone' ;;
		*)	what='its options' ;;
		esac
		# shellcheck disable=SC2086 # options
		cd "$1" && created "$name-under" $options "$image"
		cd ..
		serve "$name-under"
		t "$1: the same under $what" '' diff before answers
		trace_start denied "$name-under"
		docker_ exec "$name-under" /busybox-s ionice -p 1 >exec.out 2>&1
		trace_stop
		tr_rows "$1: another program is refused its calls under $what" 'map(select(.reason == "seccomp")) |
			length > 0 and all(.comm == "busybox-s" and .error == "EPERM")'
		finish "$name-under"
		t "$1: to the same end under $what" '' diff ended.before ended
		docker_ rm -f "$name-under" >out
	done
}
engine_up docker
for i in nginx python3 go-static; do
	one $i
done
