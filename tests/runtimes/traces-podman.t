#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# Every trace on every kind of image under podman, and in a pod whose containers share their pids.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/runtimes/traced.sh"
need jq podman nsenter
can_trace

inside() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman exec "$CT" "$@"; }
engine_up podman
for image in base go-static python3 nginx java nodejs; do
	engine_run podman $image
	neighbour "$CTPID"
	engine_run podman $image
	number "$CTPID"
	traced "podman $image" $image "podman://$CT" "$CTPID"
done

# The other one sees its processes, so it has a number there, but not its events.
engine_pod podman --pid=pod web=base,/app/web other=base,/app/server,8081
neighbour "$CT2PID" 8081
number "$CTPID"
ts 'pod: its first process is not pid 1' 0 '^([2-9]|[1-9][0-9]+)$' cat nspid
traced 'podman pod' base "podman://$CT" "$CTPID"
