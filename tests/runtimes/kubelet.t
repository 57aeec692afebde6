#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods of a real kubelet, beside what its API says of them; crashes, with restarts and back-off.
# serial
# A kubelet removes pods that are not its own
# timeout 900
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
. "$SRC/tests/lib/trace.sh"
need jq curl ctr

ENGINE=$SRC/tests/fixtures/engine
pods() { curl -s http://127.0.0.1:10255/pods; }
# The API's word for a container: NAMESPACE/POD/CONTAINER CONTAINERID, of those that run.
running() {
	pods | jq -r '.items[] | .metadata as $m | .status.containerStatuses[]? |
		select(.state.running) | "\($m.namespace)/\($m.name)/\(.name) \(.containerID)"' | sort
}
api_says() { # FILTER of the container web of $POD
	pods | jq -e --arg pod "$POD" '.items[] | select("\(.metadata.namespace)/\(.metadata.name)" == $pod) |
		.status.containerStatuses[]? | select(.name == "web") | '"$1" >api
}

engine_up kubelet
engine_pod kubelet web=base,/app/web side=static,/app/server,8081
NAME=${POD#*/} SIDE=$CT2 SIDEPID=$CT2PID
every_verb kubelet "$CT"
look_into web "$CT" "$CTPID"
look_into side "$CT2" "$CT2PID"
wait_for 'running | grep -q "^$CT " && running | grep -q "^$CT2 "' 60
listed web "$CT" containerd "$CTPID"
words web "$CTPID" "$CT" "pod/$NAME/web" "$(running | awk -v c="$CT" '$1 == c { print $2 }')"
words side "$CT2PID" "$CT2" "pod/$NAME/side" "$(running | awk -v c="$CT2" '$1 == c { print $2 }')"
uid=$(pods | jq -r --arg pod "$POD" '.items[].metadata | select("\(.namespace)/\(.name)" == $pod) | .uid')
tj 'mounts: what the kubelet put in'	'[.items[] | select(.pod == "'"$uid"'") | [.path, .kind, .name]] | sort ==
	[["/dev/termination-log", "injected", "termination-log"], ["/etc/hosts", "injected", "hosts"],
	["/tmp", "emptydir", "tmp-web"]]'	$NSDEBUG mounts -o json "$CT"
tj 'ns: with whom it shares'	".items | map({(.type): .containers}) | add |
	(.net | length) == 2 and (.net | contains([\"$CT2\"])) and .ipc == .net and .pid == [] and .mnt == []" \
	$NSDEBUG ns -o json "$CT"
ts 'a pod of two: which?'	2 "$CT2"	$NSDEBUG ls "$POD"
tj '--namespace, --container'	"[.items[].host_pid] == [$CTPID]"	\
	$NSDEBUG --namespace "${POD%/*}" --container web ps -o json "pod/$NAME"
as_the_api_says() {
	running | grep "^$POD/" >want
	$NSDEBUG list -o jsonl 2>errors | jq -r 'select(.pod and .container) |
		"\(.namespace)/\(.pod)/\(.container) containerd://\(.id)"' | sort | grep "^$POD/" | diff want -
}
t 'list is what its API says runs'	''	as_the_api_says

# ---- it dies: started again, then left alone for a while

kill -KILL "$CTPID"
wait_for 'api_says ".restartCount == 1 and .state.running"' 60
NEW=$("$ENGINE" list kubelet | awk -v c="$CT" '$1 == c { print $2 }')
words restarted "$NEW" "$CT" "pod/$NAME/web"
tj 'restarted: said'	".items[] | select(.host_pid == $NEW) | .restarts == 1"	$NSDEBUG list -o json
ts 'its first attempt is gone'	3 ''	$NSDEBUG ls "containerd://$CTID" /app
kill -KILL "$NEW"
wait_for 'api_says ".restartCount == 1 and .state.terminated.exitCode == 137"' 60
t 'in back-off, by its API'	'true\n'	cat api
at_exit "'$ENGINE' wake kubelet"
"$ENGINE" stall kubelet		# the back-off is of 10 seconds, and ends while a busy machine tests
ts 'in back-off'	3 'exited'	$NSDEBUG ls "$CT" /app
tj 'in back-off: in list --all'	".items[] | select(.pod == \"$NAME\" and .container == \"web\") |
	.state == \"exited\" and .exit_code == 137 and .host_pid == null"	$NSDEBUG list --all -o json
ts 'its neighbour runs on'	0 '^server$'	$NSDEBUG ls "$CT2" /app
next='in back-off: trace --next sees the first program of the next attempt'
if [ -e /sys/kernel/btf/vmlinux ]; then
	trace_start exec --next "pod/$NAME/web" --max-events 1 --for 100s
	"$ENGINE" wake kubelet
	trace_wait
	tr_rows "$next" 'map(.args) == [["/app/web"]] and .[0].pid == 1'
else
	skip "$next" 'this kernel does not tell its types (BTF)'
	"$ENGINE" wake kubelet
fi

# ---- one that cannot even start

POD=${POD%/*}/never-$$-nsd
jq --arg n "never-$$" '.metadata.name = $n | .spec.containers |= map(select(.name == "web") |
	.args = ["/nonexistent"])' /run/nsd-engines/manifests/*_"$NAME.json" >never.json
at_exit "'$ENGINE' rm kubelet '$POD'"
cp never.json "/run/nsd-engines/manifests/$(echo "$POD" | tr / _).json"
wait_for 'api_says ".state.terminated or .lastState.terminated"' 60
ts 'never started'	3 ''	$NSDEBUG ls "$POD/web" /
tj 'never started: its sandbox is there'	"[.items[] | select(.pod == \"${POD#*/}\") | .kind] == [\"sandbox\"]"	\
	$NSDEBUG list -o json

# ---- what they share, and who hangs

engine_pod kubelet --pid=pod web=base,/app/web side=static,/app/server,8081
look_into 'shared pid' "$CT" "$CTPID"
tj 'shared pid: each its own processes'	"[.items[].host_pid] == [$CTPID]"	$NSDEBUG ps -o json "$CT"
tj 'shared pid: --pod, all of them'	"[.items[].host_pid] | contains([$CTPID, $CT2PID, $BOXPID])" \
	$NSDEBUG ps --pod -o json "$CT"
"$ENGINE" stall kubelet
ts 'kubelet hangs indeed'	28 ''	curl -s -m 2 http://127.0.0.1:10255/pods
every_verb 'kubelet and containerd hang' "$SIDE"
look_into 'kubelet and containerd hang' "$SIDE" "$SIDEPID"
"$ENGINE" wake kubelet	# by which its pods go, too
