#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# Every trace on every kind of image under runc, and under crun.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/runtimes/traced.sh"
need jq runc crun nsenter
can_trace

inside() { runc exec "$BOX" "$@"; }
for image in base go-static python3 nginx java nodejs; do
	box_up $image
	neighbour "$BOXPID"
	box_up $image
	number "$BOXPID"
	traced "runc $image" $image "$BOX" "$BOXPID"
done

hybrid() { mountpoint -q /sys/fs/cgroup/unified; }
inside() {
	unshare -m sh -c 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec crun exec "$@"' - \
		--user 65532:65532 "$BOX" "$@"
}
RUNTIME=crun box_up python3
neighbour "$BOXPID"
RUNTIME=crun box_up python3
number "$BOXPID"
traced 'crun python3' python3 "$BOX" "$BOXPID"
if hybrid; then
	ts 'crun python3: by its mount namespace, which is said' 0 'by its mount namespace' cat said
fi
