#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# nginx as a user that is not root, told to listen on port 80: what is said of it, and that it serves
# once it is done. docker lets low ports be for all, unless it is told not to.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq docker podman curl nsenter
can_trace

docker_() { docker -H unix:///run/docker.sock "$@"; }
podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }
SYSCTL=net.ipv4.ip_unprivileged_port_start
sed 's/listen 8080;/listen 80;/' "$SRC/tests/fixtures/apps/nginx.conf" >low.conf
sed 's/listen 80;/listen 8080;/' low.conf >high.conf

# One that is made and not started yet: sets ID and WEB, its name.
made() { # NAME CONF [OPTION...]
	WEB=nsd-nginx80-$$-$ENGINE-$1 conf=$TMP/$2
	shift 2
	at_exit "'$SRC/tests/fixtures/engine' rm $ENGINE $WEB"
	"${ENGINE}_" create --name "$WEB" --network=none --read-only --tmpfs=/tmp \
		--volume="$conf:/etc/nginx/nginx.conf:ro" --sysctl=$SYSCTL=1024 "$@" \
		nsd.test/nginx:latest >out 2>&1 || fail "$ENGINE: create $*" "$(cat out)"
}
pid() { "${ENGINE}_" inspect -f '{{.State.Pid}}' "$WEB"; }
serves() { # PORT
	wait_for 'nsenter -n -t "$(pid)" curl -sf -m 5 "http://127.0.0.1:'"$1"'/" >got 2>&1' 20
	cat got
}

for ENGINE in docker podman; do
	engine_up $ENGINE
	engine_run $ENGINE nginx
	made refused low.conf
	trace_start denied --next "$WEB"
	wait_for 'grep -q "waiting for a cgroup" said' 20 || fail "$ENGINE: it waits" "$(cat said)"
	"${ENGINE}_" start "$WEB" >out 2>&1
	trace_wait
	"${ENGINE}_" wait "$WEB" >out 2>&1
	tr_rows "$ENGINE: the line" 'map(select(.reason == "port")) | length == 1 and (.[0] |
		.comm == "nginx" and .uid == 65532 and .error == "EACCES" and .limit == 1024 and
		(.call | test("^bind\\(.*80")) and (.cure | test("such as 8080")))'
	cure=$(jq -rs --arg e $ENGINE 'map(select(.reason == "port"))[0][$e]' rows)
	t "$ENGINE: its cure" "--sysctl $SYSCTL=80\n" echo "$cure"
	tj "$ENGINE: why, once it has ended" '.items[0] | .kind == "port" and
		(.reason | test("port 80")) and .'$ENGINE' == "'"$cure"'"' "$NSDEBUG" why "$WEB" -o json

	# shellcheck disable=SC2086 # options
	made low low.conf $cure
	"${ENGINE}_" start "$WEB" >out 2>&1
	t "$ENGINE: with these options it serves" 'ok\n' serves 80
	tj "$ENGINE: why --port: it has it" '.items[0].kind == "in-use"' \
		"$NSDEBUG" why "$WEB" --port 80 -o json
	made high high.conf
	"${ENGINE}_" start "$WEB" >out 2>&1
	t "$ENGINE: on the other port it serves" 'ok\n' serves 8080
	tj "$ENGINE: why --port: and may not have the first" '.items[0] | .kind == "port" and
		.'$ENGINE' == "'"$cure"'"' "$NSDEBUG" why "$WEB" --port 80 -o json
done
