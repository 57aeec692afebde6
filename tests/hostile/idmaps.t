#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 120
# Mounts with mapped ids by the thousands, each with maps as long as the kernel takes them: what is
# read of them has an end, in memory and in time.
. tests/lib.sh
need runc python3

box_run static --ready --userns 400000 --uid 0 --caps CAP_SYS_ADMIN,CAP_SETUID,CAP_SETGID \
	--no-seccomp --tmpfs /tmp --bind "$O/tests/hostile:/h:ro" -- /h/idmaps 10000
small() { # STATUS COMMAND...: which takes less than 48 MB, it and its children
	python3 -c 'import resource, subprocess, sys
none = subprocess.DEVNULL
ret = subprocess.run(sys.argv[2:], stdout=none, stderr=none).returncode
took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if ret != int(sys.argv[1]) or took > 49152:
    print("status %d, %d KiB" % (ret, took))' "$@"
}
t 'ls'			'' small 0 "$NSDEBUG" ls "$BOX" /
t 'why'			'' small 0 "$NSDEBUG" why "$BOX" --path /tmp --for read
t 'trace denied'	'' small 0 "$NSDEBUG" trace denied "$BOX" --for 100ms
