#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace --next by the name of a container that podman has created: its id names the cgroup.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq podman
can_trace

podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }

engine_up podman
engine_run podman base /app/web
name=$CT-next
at_exit "'$SRC/tests/fixtures/engine' rm podman $name"
podman_ create --name "$name" --network=none --read-only --cgroupns=private nsd.test/base:latest \
	/app/web >out 2>&1 || fail 'podman create' "$(cat out)"
for word in "$name" "podman://$name"; do
	trace_start exit --next "$word"
	wait_for 'grep -q "waiting for a cgroup" said' 20 || fail "$word: it waits" "$(cat said)"
	podman_ start "$name" >out 2>&1
	podman_ kill "$name" >out 2>&1
	trace_wait
	tr_rows "$word: created, then started; and started again" \
		'length == 1 and (.[0] | .pid == 1 and .signal == "SIGKILL")'
done
trace_start exec --next "$CT" --max-events 1
wait_for 'grep -q "waiting for a cgroup" said' 20 || fail 'it waits' "$(cat said)"
podman_ restart -t 0 "$CT" >out 2>&1
trace_wait
tr_rows 'one that runs, restarted' '.[0].args == ["/app/web"]'
ts 'one that is not there' 2 'podman makes up the id' \
	"$NSDEBUG" trace exec --next "podman://$name-not"
