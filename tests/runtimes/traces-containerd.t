#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# Every trace on every kind of image that ctr started under containerd.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/runtimes/traced.sh"
need jq ctr nsenter
can_trace

inside() { ctr -n nsd task exec --exec-id again "$CT" "$@"; }
engine_up containerd
for image in base go-static python3 nginx java nodejs; do
	engine_run containerd $image
	neighbour "$CTPID"
	engine_run containerd $image
	number "$CTPID"
	traced "containerd $image" $image "containerd://nsd/$CT" "$CTPID"
done
