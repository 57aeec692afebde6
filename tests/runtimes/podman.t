#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers of root's podman, which has no daemon: over runc and over crun, and in pods.
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq podman crun

podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }

engine_up podman
engine_run podman base /app/web
A=$CT APID=$CTPID AID=$CTID
every_verb podman "$A"
look_into podman "$A" "$APID"
listed podman "podman://$A" podman "$APID"
words podman "$APID" "podman://$A" "podman://$AID" "$AID" "$(echo "$AID" | cut -c-12)" "runc://$AID" \
	"pid://$APID"

podman_ pause "$A" >out
tj 'paused'		".items[] | select(.name == \"$A\") | .state == \"paused\""	$NSDEBUG list -o json
podman_ unpause "$A" >out
podman_ rename "$A" "$A-renamed"
ts 'renamed: found'	0 '^web$'	$NSDEBUG ls "$A-renamed" /app
ts 'renamed: its old name is gone'	3 ''	$NSDEBUG ls "podman://$A" /app
podman_ rename "$A-renamed" "$A"
podman_ restart -t 0 "$A" >out
NEW=$(podman_ inspect -f '{{.State.Pid}}' "$A")
tj 'restarted: it is the new process'	"[.items[].host_pid] == [$NEW]"	$NSDEBUG ps -o json "$A"
podman_ kill "$A" >out
podman_ wait "$A" >out
ts 'killed: said'	3 'exited|gone|not'	$NSDEBUG ls "$A" /app
tj 'killed: in list --all'	".items[] | select(.name == \"$A\") | .state == \"exited\" and
	.host_pid == null"	$NSDEBUG list --all -o json

RUNTIME=crun engine_run podman base /app/web
every_verb 'over crun' "$CT"
look_into 'over crun' "$CT" "$CTPID"
listed 'over crun' "podman://$CT" podman "$CTPID"
words 'over crun' "$CTPID" "crun://$CTID" "$CTID"

at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman volume rm nsd-podman-$$"
mkdir "$TMP/conf"
engine_run podman --volume="nsd-podman-$$:/data" --volume="$TMP/conf:/conf:ro" base
t 'mounts: what podman inspect says'	''	same_mounts "$CT" podman_ inspect "$CT"

engine_run podman --uidmap=0:300000:65536 --gidmap=0:300000:65536 base
look_into 'user namespace' "$CT" "$CTPID"
tj 'user namespace: both ids'	'.items[] | select(.name == "passwd") | .uid == 0 and .host_uid == 300000' \
	$NSDEBUG ls -o json "$CT" /etc
engine_run podman --pid=host base
look_into 'host pid' "$CT" "$CTPID"

engine_pod podman --pid=pod web=base,/app/web side=static,/app/server,8081
look_into pod "$CT" "$CTPID"
look_into 'pod, its other' "$CT2" "$CT2PID"
tj 'ns: with whom it shares'	".items | map({(.type): .containers}) | add |
	(.net | length) == 2 and (.net | contains([\"podman://$CT2\"])) and .pid == .net and .mnt == []" \
	$NSDEBUG ns -o json "$CT"
listed pod "podman://$CT" podman "$CTPID"
tj 'pod: each its own processes'	"[.items[].host_pid] == [$CTPID]"	$NSDEBUG ps -o json "$CT"
tj 'pod: --pod, all of them'	"[.items[].host_pid] | contains([$CTPID, $CT2PID])" \
	$NSDEBUG ps --pod -o json "$CT"
t 'what podman runs is listed, once'	''	agrees podman
