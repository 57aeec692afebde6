#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every image under runc, and what an image may lack.
# timeout 900
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq

for image in static base cc python3 go-static nginx java nodejs; do
	box_up $image
	of_image $image "$BOX" "$BOXPID"
	listed $image "runc://$BOX" runc "$BOXPID"
done

# What an image need not have.
mkdir -p "$TMP/bare/app" "$TMP/bare/proc" "$TMP/bare/dev" "$TMP/bare/sys" "$TMP/bare/tmp"
chmod 1777 "$TMP/bare/tmp"
cp "$FX/roots/static/app/server" "$TMP/bare/app"
box_run static --ready --rootfs "$TMP/bare"
ts 'no /etc: ls -l has numbers'	0 '^-.* 1 0 +0 .* server$'	$NSDEBUG ls -l "$BOX" /app
ts 'no /etc: ps has numbers'	0 '^ *1 +'"$BOXPID"' +65532 '	$NSDEBUG ps "$BOX"
ts 'no /etc: cat says what is missing'	1 '/etc/passwd: No such file'	$NSDEBUG cat "$BOX" /etc/passwd
