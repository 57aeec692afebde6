#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace --next of a pod: the next of its containers, of which no id is known, when one has crashed.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq ctr protoc curl
can_trace

ENGINE=$SRC/tests/fixtures/engine
die() { # PID ID: and its runtime has taken it away, as a kubelet waits for it
	kill -KILL "$1"
	wait_for "! ctr -n k8s.io task ls | grep -q '^$2 '" 20 || fail "$2 is gone"
}
comes_again() { # WORD CONTAINER PROGRAM: from its first program to its end
	trace_start syscalls --next "$1" --life -e execve
	wait_for 'grep -q "waiting for a cgroup" said' 20 || fail "$1: it waits" "$(cat said)"
	"$ENGINE" again cri "$2" >again || fail "$2 comes again"
	read -r _ pid id <again
	wait_for 'grep -q "\"name\":\"execve\"" rows' 20 || fail "$1: it begins" "$(cat said)"
	die "$pid" "$id"
	trace_wait
	tr_rows "$1: the next attempt, from its first program to its end" \
		"(.[0] | .name == \"execve\" and .pid == 1 and .args[0] == \"\\\"$3\\\"\") and
		(.[-1] | .pid == 1 and .signal == \"SIGKILL\")"
	ts "$1: which it was" 0 "and is called $id" cat said
}
no() { "$NSDEBUG" trace exec "$@"; }

engine_up cri
engine_pod cri web=base,/app/web side=static,/app/server,8081
NAME=${POD#*/}
ts 'a pod of two that run: any of them' 3 'called pod.*the next one below it, whichever container' \
	no --next "pod/$NAME" --for 50ms
ts 'by the id of one of them' 3 "no cgroup called pod" no --next "containerd://$CTID" --for 50ms
die "$CTPID" "$CTID"
comes_again "pod/$NAME" "$CT" /app/web
die "$CT2PID" "$CT2ID"		# only the sandbox is left, as in a back-off
comes_again "pod/$NAME/side" "$CT2" /app/server
ts 'by its namespace and name' 3 'no cgroup called pod' no --next "$POD" --for 50ms
ts 'in another namespace' 2 "pod and the pod's uid" no --next "pod/$NAME" --namespace "${POD%/*}-x"
at_exit "'$ENGINE' rm cri '${POD%/*}-too/$NAME'"
"$ENGINE" pod cri "${POD%/*}-too/$NAME" web=base,/app/web >too || fail 'another of that name'
ts 'two namespaces have one of that name: which?' 2 "ambiguous: $POD, ${POD%/*}-too/$NAME" \
	no --next "pod/$NAME" --for 50ms
ts 'which is said with it' 3 'no cgroup called pod' no --next "$POD" --for 50ms
