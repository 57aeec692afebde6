#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An overlay above a file system whose server may not answer: a trace of refusals does not ask it;
# the container's root is asked, whatever it lies on.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/hostile/hostile.sh"
need jq runc
can_trace
[ -c /dev/fuse ] || skip_all 'this kernel has no FUSE'

mknod "$TMP/fuse" c 10 229
chmod 666 "$TMP/fuse"
cp "$O/tests/hostile/odd" "$TMP/odd"
hostile_box --caps sys_admin,dac_override,sys_chroot --no-seccomp --devices-all --bind "$TMP/fuse:/dev/fuse" -- '
	mkdir -p /m/lookup /m/low /m/over /m/beside /m/root
	fused /m/lookup lookup /h/odd || exit 1
	mount -t overlay o -o lowerdir=/m/lookup:/m/low /m/over || exit 1
	mount -t overlay o -o lowerdir=/m/low:/h /m/beside || exit 1'

# What is a directory is not executed.
trace_start denied "$BOX"
inside '/m/over/dir; /m/lookup/dir; /m/root; cd /m/over/dir && exec .' >out 2>&1
# its server is silent from now on: who looked up a name would wait for ever
inside 'cd /m/over/dir; kill -USR1 $(cat /m/lookup.pid); exec chmod 700 .' >out 2>&1
inside '/m/beside' >out 2>&1
trace_stop
ts 'nobody is left behind' 0 '^130$' echo "$STATUS"
of() { echo "map(select(.name == \"execve\" and (.call | contains(\"\\\"$1\\\"\")))) | length >= 1 and all($2)"; }
tr_rows 'an overlay on a server is not asked' "$(of /m/over/dir '.reason == "unknown" and
	(.why | test("an overlay above a file system whose server might not answer"))')"
tr_rows 'nor is the server' "$(of /m/lookup/dir '.reason == "server"')"
tr_rows 'the root is' "$(of /m/root '.reason == "is-a-directory"')"
tr_rows 'nor while it is silent' 'any(.name == "chmod" and .error == "EROFS" and (.why | test("an overlay above")))'
tr_rows 'also afterwards' "$(of /m/beside '.reason == "is-a-directory"')"
ts 'who names a path has it asked' 1 'is a directory' "$NSDEBUG" why "$BOX" --path /m/beside --for exec

# ---- what was mounted in one that has ended, and is on such a file system now ----

mkdir "$TMP/srv" "$TMP/plain"
cp "$O/tests/hostile/odd" "$TMP/plain/odd"
[ -c /dev/fuse ] || mknod /dev/fuse c 10 229
"$O/tests/hostile/fused" "$TMP/srv" lookup || fail 'a FUSE file system of the host'
wait_for '[ -s "$TMP/srv.pid" ]' 10
at_exit "umount -l $TMP/srv; kill -9 $(cat "$TMP/srv.pid")"
box_run debug --bind "$TMP/plain:/v:ro" -- /busybox/busybox false
wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
from() { # SOURCE: what was mounted at /v
	jq --arg s "$1" '.process.args = ["/v/odd"] | .mounts |= map(if .destination == "/v" then .source = $s else . end)' \
		"$FX/boxes/$BOX/config.json" >c && cp c "$FX/boxes/$BOX/config.json"
}
from "$TMP/srv"
ts 'it is not asked' 5 '/v/odd was not looked at' timeout 30 "$NSDEBUG" why "$BOX"
# who asks it now waits
kill -USR1 "$(cat "$TMP/srv.pid")"
mkdir -p "$TMP/vols/_data"
ln -s "$TMP/srv/dir/x" "$TMP/vols/opts.json"
from "$TMP/vols/_data"
ts 'nor by a link beside a volume' 5 '/v/odd was not looked at' timeout 30 "$NSDEBUG" why "$BOX"
from /proc
ts 'what the kernel says to us it did not say to the container' 5 'not among its files|not looked at|not known|unknown' \
	"$NSDEBUG" why "$BOX" --path /v/self/exe
mkdir "$TMP/ro"
mount -t tmpfs -o mode=1777 none "$TMP/ro" && mount -o remount,ro "$TMP/ro"
at_exit "umount '$TMP/ro'"
from "$TMP/ro"
jq '(.mounts[] | select(.destination == "/v") | .options) -= ["ro"]' "$FX/boxes/$BOX/config.json" >c &&
	cp c "$FX/boxes/$BOX/config.json"
ts 'a file system that is read-only on the node was so in the container' 1 'read-only' \
	"$NSDEBUG" why "$BOX" --path /v/new --for create
