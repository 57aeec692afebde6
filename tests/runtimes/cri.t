#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods of containerd's CRI plugin, as a kubelet asks for them.
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq ctr protoc curl

pids() { # of ps's rows, as jq says it: sorted
	echo "[$*]" | tr ' ' , | jq -c sort
}

engine_up cri
engine_pod cri web=base,/app/web side=static,/app/server,8081
NAME=${POD#*/} SPACE=${POD%/*}
every_verb cri "$CT"
look_into web "$CT" "$CTPID"
look_into side "$CT2" "$CT2PID"
listed web "$CT" containerd "$CTPID"
listed side "$CT2" containerd "$CT2PID"
listed sandbox "containerd://$BOXID" containerd "$BOXPID"
words web "$CTPID" "$CT" "pod/$NAME/web" "$CTID" "$(echo "$CTID" | cut -c-12)" "containerd://$CTID" \
	"containerd://k8s.io/$CTID" "pid://$CTPID"
words side "$CT2PID" "$CT2" "pod/$NAME/side" "containerd://$CT2ID"
words sandbox "$BOXPID" "$BOXID" "containerd://$BOXID"
tj 'names in their fields'	".items[] | select(.host_pid == $CTPID) | .namespace == \"$SPACE\" and
	.pod == \"$NAME\" and .container == \"web\" and .kind == \"app\" and .restarts == 0 and
	.image == \"nsd.test/base:latest\""	$NSDEBUG list -o json
tj 'a sandbox is told apart'	".items[] | select(.host_pid == $BOXPID) | .kind == \"sandbox\""	\
	$NSDEBUG list -o json
ts 'a pod of two: which?'	2 "$CT2"	$NSDEBUG ls "pod/$NAME"
ts 'a pod of two: namespace and name'	2 "$CT2"	$NSDEBUG ls "$POD"
tj '--container says which'	"[.items[].host_pid] == [$CT2PID]"	\
	$NSDEBUG ps -o json "pod/$NAME" --container side
tj '--namespace, and a name'	"[.items[].host_pid] == [$CTPID]"	\
	$NSDEBUG --namespace "$SPACE" ps -o json web
ts 'not in another namespace'	3 ''	$NSDEBUG --namespace "$SPACE-x" ps "pod/$NAME/web"
ts 'no such container'		3 ''	$NSDEBUG ls "$POD/no-such"
ts 'no such pod'		3 ''	$NSDEBUG ls "pod/$NAME-x"
t 'what containerd runs is listed, once'	''	agrees cri
ts 'its own network, its own root'	0 'app'	$NSDEBUG ls "$CT2" /

# ---- it dies, and is started again as a kubelet does

kill -KILL "$CTPID"
exited() { ! ctr -n k8s.io task ls | grep -q "^$CTID .*RUNNING"; }
wait_for exited 20
ts 'exited: not there'	3 ''	$NSDEBUG ls "$CT" /app
ts 'exited: nor by its id'	3 ''	$NSDEBUG ls "containerd://$CTID" /app
finished() { ! grep -q '"FinishedAt":0,' "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/$CTID/status"; }
wait_for finished 20
tj 'exited: --all shows it, and how it ended'	".items[] | select(.id == \"$CTID\") |
	.state == \"exited\" and .exit_code == 137 and .host_pid == null
	and .target == \"containerd://k8s.io/$CTID\""	$NSDEBUG list --all -o json
# The kubelet's link, which names it.
logs=$(ls -d /var/log/pods/"${SPACE}_${NAME}_"*)
mkdir -p /var/log/containers
ln -s "$logs/web/0.log" "/var/log/containers/${NAME}_${SPACE}_web-$CTID.log"
at_exit "rm -f '/var/log/containers/${NAME}_${SPACE}_web-$CTID.log'"
tj 'exited: named by the link of its log'	".items[] | select(.id == \"$CTID\") |
	.namespace == \"$SPACE\" and .pod == \"$NAME\" and .container == \"web\"
	and .restarts == 0 and .target == \"containerd://$CTID\""	$NSDEBUG list --all -o json
ts 'exited: said of its name'	3 'has exited'	$NSDEBUG ls "$CT" /app
"$SRC/tests/fixtures/engine" again cri "$CT" >again
read -r _ AGAINPID AGAINID <again
words 'second attempt' "$AGAINPID" "$CT" "pod/$NAME/web" "containerd://$AGAINID"
ts 'the first is still one'	3 ''	$NSDEBUG ls "containerd://$CTID" /app
tj 'its restarts'	".items[] | select(.host_pid == $AGAINPID) | .restarts == 1"	$NSDEBUG list -o json

# ---- what pods share

engine_pod cri --pid=pod web=base,/app/web side=static,/app/server,8081
look_into 'shared pid' "$CT" "$CTPID"
look_into 'shared pid, its other' "$CT2" "$CT2PID"
tj 'shared pid: each its own processes'	"[.items[].host_pid] == [$CTPID]"	$NSDEBUG ps -o json "$CT"
tj 'shared pid: --pod, all of them'	"[.items[].host_pid] | sort == $(pids "$BOXPID" "$CTPID" "$CT2PID")" \
	$NSDEBUG ps --pod -o json "$CT"
engine_pod cri --pid=node web=base,/app/web
look_into 'host pid' "$CT" "$CTPID"
words 'a pod of one needs no container' "$CTPID" "$POD" "pod/${POD#*/}"
