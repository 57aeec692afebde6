#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# advise of what docker runs: the options that it prints are given to docker run as they stand, and
# the same is served under them; another program is refused calls of its own.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq docker busybox nsenter
can_trace

docker_() { docker -H unix:///run/docker.sock "$@"; }
cp "$(command -v busybox)" busybox
chmod 755 busybox

PORT=8080
created() { # NAME OPTION... IMAGE: with docker's own seccomp profile unless told otherwise
	at_exit "'$SRC/tests/fixtures/engine' rm docker $1"
	docker_ create --network=none --volume="$TMP/busybox:/busybox-s:ro" --name "$@" >id 2>errors ||
		fail "docker create $*" "$(cat errors)"
}
ask() { nsenter -t "$PID" -n busybox wget -q -O - "http://127.0.0.1:$PORT/"; }
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
	rm -f said.txt	# what one before has said
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
# A server in Python as root, with a volume and a tmpfs of which it changes the owner; watched until
# its work is seen and no longer: it still runs then.
rooted() {
	at_exit "docker -H unix:///run/docker.sock volume rm -f $CT-data >/dev/null"
	cat >server.py <<-'E'
		import http.server, os, signal
		signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
		import json, email.mime.text, xml.dom.minidom
		os.chown('/var/lib/app', 65532, 65532)
		open('/data/kept', 'w').close()
		s = http.server.HTTPServer(('', 80), http.server.SimpleHTTPRequestHandler)
		os.setgid(65532)
		os.setuid(65532)
		open('/var/lib/app/made', 'w').close()
		os.unlink('/var/lib/app/made')
		os.chdir('/var/lib/app')
		s.serve_forever()
	E
	set -- --user 0 --volume "$TMP/server.py:/server.py:ro" --volume "$CT-data:/data" --entrypoint /usr/bin/python3
	created "$CT-root" "$@" --tmpfs /var/lib/app nsd.test/python3:latest /server.py
	rm -f said.txt	# what one before has said
	"$NSDEBUG" advise --next "$CT-root" --write rooted -o json >out.json 2>said.txt &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for 'grep -q "waiting for a cgroup" said.txt' 20 || fail 'rooted: advise waits' "$(cat said.txt)"
	serve "$CT-root"
	cp answers before
	trace_stop
	ts 'rooted: it answers' 0 'Directory listing' cat before
	docker_ rm -f "$CT-root" >out
	tj 'rooted: where it writes is what is mounted' '[.items[] | select(.kind == "writable") | .name + " " + .on] | sort ==
		["/data volume", "/var/lib/app tmpfs"]' cat out.json
	t 'rooted: what Python keeps there hides no library' '--read-only --env PYTHONDONTWRITEBYTECODE=1 --tmpfs /var/lib/app:mode=1777\n' \
		grep -o -e '--read-only.*' rooted/docker
	ts 'rooted: which is said' 0 'PYTHONDONTWRITEBYTECODE=1' cat said.txt
	ts 'rooted: that volumes are to be kept' 0 'keep those that it has' cat said.txt
	t 'rooted: nor in a pod' '  mountPath: "/var/lib/app"\n' grep mountPath: rooted/securitycontext.yaml
	# shellcheck disable=SC2046 # options
	cd rooted && created "$CT-root-under" $(cat docker) "$@" nsd.test/python3:latest /server.py
	cd ..
	serve "$CT-root-under"
	t 'rooted: the same under its options' '' diff before answers
	finish "$CT-root-under"
	t 'rooted: to its end, which was not seen' '0\n' cat ended
	docker_ rm -f "$CT-root-under" >out
}
# What the image has below a tmpfs decides its mode, whatever is asked for: it needs an owner.
owned() {
	set -- --entrypoint /usr/bin/python3 nsd.test/python3:latest -c 'open("/run/app.pid", "w").close()'
	created "$CT-own" --read-only --tmpfs /run:uid=65532 --user 65532:65532 "$@"
	rm -f said.txt
	"$NSDEBUG" advise --next "$CT-own" --write own -o json >out.json 2>said.txt &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for 'grep -q "waiting for a cgroup" said.txt' 20 || fail 'owned: advise waits' "$(cat said.txt)"
	t 'owned: it writes to its tmpfs' '' docker_ start -a "$CT-own"
	trace_stop
	ts 'owned: which is told with its owner' 0 '--tmpfs /run:mode=1777,uid=65532,gid=65532$' cat own/docker
	# shellcheck disable=SC2046 # options
	cd own && created "$CT-own-under" $(cat docker) "$@"
	cd ..
	t 'owned: under its options it writes there, too' '' docker_ start -a "$CT-own-under"
}
engine_up docker
for i in nginx python3 go-static; do
	one $i
done
PORT=80
rooted
owned
