#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers of dockerd: a moby task of containerd and a state of runc, and shown once.
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq docker

docker_() { docker -H unix:///run/docker.sock "$@"; }

engine_up docker
engine_run docker base /app/web
A=$CT APID=$CTPID AID=$CTID
every_verb docker "$A"
look_into docker "$A" "$APID"
listed docker "docker://$A" docker "$APID"
words docker "$APID" "docker://$A" "docker://$AID" "$AID" "$(echo "$AID" | cut -c-12)" \
	"containerd://moby/$AID" "runc://$AID" "pid://$APID"
t 'what docker runs is listed, once'	''	agrees docker

# ---- its life: paused, renamed, restarted, stopped, of the same name as another's

docker_ pause "$A" >out
tj 'paused'		".items[] | select(.name == \"$A\") | .state == \"paused\""	$NSDEBUG list -o json
ts 'ls of a paused one'	0 '^web$'	$NSDEBUG ls "$A" /app
docker_ unpause "$A" >out
docker_ rename "$A" "$A-renamed"
ts 'renamed: found'	0 '^web$'	$NSDEBUG ls "$A-renamed" /app
ts 'renamed: its old name is gone'	3 ''	$NSDEBUG ls "docker://$A" /app
docker_ rename "$A-renamed" "$A"
docker_ restart -t 0 "$A" >out
NEW=$(docker_ inspect -f '{{.State.Pid}}' "$A")
tj 'restarted: it is the new process'	"[.items[].host_pid] == [$NEW]"	$NSDEBUG ps -o json "$A"
docker_ kill "$A" >out
ts 'killed: said'	3 'exited'	$NSDEBUG ls "$A" /app
tj 'killed: in list --all'	".items[] | select(.name == \"$A\") | .state == \"exited\" and
	.exit_code == 137 and .host_pid == null"	$NSDEBUG list --all -o json

# ---- options that change where things are

engine_run docker --label=app=shop --label=tier=front base
B=$CT
tj 'by label'	".target == \"docker://$B\""	$NSDEBUG -l app=shop ls -o jsonl -d /
mkdir -p "$TMP/conf"
echo 'port = 8080' >"$TMP/conf/app.conf"
at_exit "docker -H unix:///run/docker.sock volume rm nsd-docker-$$"
engine_run docker --volume="nsd-docker-$$:/data" --volume="$TMP/conf:/conf:ro" \
	--volume="$TMP/conf/app.conf:/app.conf" base
t 'mounts: what docker inspect says'	''	same_mounts "$CT" docker_ inspect "$CT"
tj 'mounts: what docker puts in'	'[.items[] | select(.kind == "injected") | .name] | sort ==
	["hostname", "hosts", "resolv.conf"]'	$NSDEBUG mounts -o json "$CT"
layers() { # docker mounts them by short links
	docker_ inspect "$CT" | jq -r '.[0].GraphDriver.Data | .LowerDir, .UpperDir' | tr : '\n' >want
	$NSDEBUG mounts -o json "$CT" 2>errors | jq -r '.items[] | select(.path == "/") |
		.layers[], .upper' | xargs realpath | diff want -
}
t 'mounts: its layers'	''	layers
engine_run docker --pid=host base
look_into 'host pid' "$CT" "$CTPID"
engine_run docker --network=host static /app/server 18081
look_into 'host network' "$CT" "$CTPID"
engine_run docker --pid="container:$B" --network="container:$B" --ipc=shareable static /app/server 8081
look_into "another's pid namespace" "$CT" "$CTPID"
tj 'each its own processes'	"[.items[].host_pid] == [$CTPID]"	$NSDEBUG ps -o json "$CT"
tj 'ns: with whom it shares'	".items | map({(.type): .containers}) | add |
	.pid == [\"docker://$B\"] and .net == .pid and .mnt == []"	$NSDEBUG ns -o json "$CT"
