#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Mounts with mapped ids by the thousands, each with maps as long as the kernel takes them: what is
# read of them has an end, in memory and in time.
. tests/lib.sh
need runc python3

box_run static --ready --userns 400000 --uid 0 --caps CAP_SYS_ADMIN,CAP_SETUID,CAP_SETGID \
	--no-seccomp --tmpfs /tmp --bind "$O/tests/hostile:/h:ro" -- /h/idmaps 10000
most=49152	# KiB; sanitizers shadow each of its pages
[ -z "$SAN" ] || most=$((2 * most))
small() { # STATUS COMMAND...: which takes no more, it and its children
	python3 -c 'import resource, subprocess, sys
none = subprocess.DEVNULL
ret = subprocess.run(sys.argv[3:], stdout=none, stderr=none).returncode
took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if ret != int(sys.argv[2]) or took > int(sys.argv[1]):
    print("status %d, %d KiB" % (ret, took))' "$most" "$@"
}
t 'ls'			'' small 0 "$NSDEBUG" ls "$BOX" /
t 'why'			'' small 0 "$NSDEBUG" why "$BOX" --path /tmp --for read
t 'trace denied'	'' small 0 "$NSDEBUG" trace denied "$BOX" --for 100ms
