#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, of a pod's container that has ended, as a kubelet leaves it, and of the attempt after it.
. tests/lib.sh
need jq ctr

engine_up cri
engine_pod cri web=base,/app/web
from=$($NSDEBUG mounts -o json "$CT" | jq -r '.items[] | select(.path == "/tmp") | .host_path')
: >"$from/kept"
chmod 600 "$from/kept"
tj 'no group of the pod is given to a directory of the node' '.items[0] | .kind == "mode" and .kubernetes == null and
	(.cure | test("fsGroup leaves a hostPath as it is"))' $NSDEBUG why "$CT" --path /tmp/kept -o json
tj 'a patch names the container' '.items[0].kubernetes | test("[{]name: web, ")' $NSDEBUG why "$CT" --cap net_raw -o json
kill -KILL "$CTPID"
finished() { ! grep -q '"FinishedAt":0,' "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/$CTID/status"; }
wait_for finished 20 || fail 'it has ended'
# The kubelet's link, which names it.
SPACE=${CT%%/*} NAME=${CT#*/}
NAME=${NAME%/*}
logs=$(ls -d "/var/log/pods/${SPACE}_${NAME}_"*)
mkdir -p /var/log/containers
ln -s "$logs/web/0.log" "/var/log/containers/${NAME}_${SPACE}_web-$CTID.log"
at_exit "rm -f '/var/log/containers/${NAME}_${SPACE}_web-$CTID.log'"

tj 'one that was killed' '.items[0] | .kind == "killed" and (.evidence | test("exit code 137")) and
	(.source | test("containers/'"$CTID"'/status$"))'	$NSDEBUG why -o json "$CT"
tj 'and its last words' 'any(.items[]; .kind == "last-output" and .reason == "ready" and
	(.source | test("/web/0.log$")))'	$NSDEBUG why -o json "$CT"
ts 'which is an answer: 0'	0 ''	$NSDEBUG why "$CT"
"$SRC/tests/fixtures/engine" again cri "$CT" >again
tj 'the attempt after it: why the one before ended' '.items[0] | .kind == "killed" and
	(.reason | test("^it runs; of its run before: .*SIGKILL"))'	$NSDEBUG why -o json "$CT"
tj 'with the number of attempts' 'any(.items[]; .kind == "restarts" and (.reason | test("^1 attempt before")))' \
	$NSDEBUG why -o json "$CT"
sed -i 's/"ExitCode":137,"Reason":""/"ExitCode":137,"Reason":"OOMKilled"/' \
	"/var/lib/containerd/io.containerd.grpc.v1.cri/containers/$CTID/status"
tj 'what the CRI calls out of memory' '.items[0].kind == "oom-killed"'	$NSDEBUG why -o json "$CT"
