#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every verb on every image, under runc: one fact of each that only the right container has.
# timeout 300
. tests/lib.sh
need jq

# Verbs that look into a container and need no operand but it, or /.
verbs=$($NSDEBUG help --verbs)
knows() { echo "$verbs" | grep -qx "$1"; }

look_into() { # IMAGE ARGV0 FILE COMM
	args=$(cat "$FX/roots/$1.args")
	tj "$1: ls: $3" '[.items[].path] | contains(["'"$3"'"])'	\
		$NSDEBUG ls -o json "$BOX" "${3%/*}"
	ts "$1: ls -la: its passwd"	0 'root +root .* passwd$'	$NSDEBUG ls -la "$BOX" /etc
	ts "$1: cat: what it is"	0 '^PRETTY_NAME="Distroless"$'	$NSDEBUG cat "$BOX" /etc/os-release
	t "$1: cat: the program, byte for byte"	''	\
		sh -c '"$NSDEBUG" cat "$1" "$2" | cmp - "$3$2"' - "$BOX" "$3" "$FX/roots/$1"
	tj "$1: ps: pid 1 and its arguments"	'.items[0] | .pid == 1 and .host_pid == '"$BOXPID"' and
		.comm == "'"$4"'" and .user == "nonroot" and '"$2"	$NSDEBUG ps -o json "$BOX"
	ts "$1: list"	0 "^$BOX +- +runc +running +$BOXPID "	$NSDEBUG list
	tj "$1: its argv is the image's"	'[.items[].args | select(. != null) | .[0]] |
		any(.[]; . == ('"$args"' | .[0]) or startswith("nginx"))'	$NSDEBUG ps -o json "$BOX"
	knows stack || return 0
	tj "$1: stack: pid 1 has frames, and is named"	'[.items[] | select(.pid == 1)] | length >= 1 and
		all(.[]; (.frames | length) >= 1 and (.comm | length) > 0)'	$NSDEBUG stack -o json "$BOX"
}
up_and_look() {
	box_up "$1"
	look_into "$@"
}
up_and_look static	'.args == ["/app/server"]'		/app/server		server
up_and_look base	'.args == ["/app/server"]'		/app/server		server
up_and_look cc		'.args == ["/app/server"]'		/app/server		server
up_and_look python3	'.args == ["/usr/bin/python3.11", "/app/app.py"]'	/app/app.py	python3.11
up_and_look go-static	'.args == ["/app/server"]'		/app/server		server
up_and_look nginx	'(.args[0] | startswith("nginx: master"))'	/usr/sbin/nginx	nginx
up_and_look java	'(.args[-1] == "App")'			/app/App.class		java
up_and_look nodejs	'.args == ["/usr/bin/node", "/app/app.js"]'	/usr/bin/node	node

# What an image need not have.
mkdir -p "$TMP/bare/app" "$TMP/bare/proc" "$TMP/bare/dev" "$TMP/bare/sys" "$TMP/bare/tmp"
chmod 1777 "$TMP/bare/tmp"
cp "$FX/roots/static/app/server" "$TMP/bare/app"
box_run static --ready --rootfs "$TMP/bare"
ts 'no /etc: ls -l has numbers'	0 '^-.* 1 0 +0 .* server$'	$NSDEBUG ls -l "$BOX" /app
ts 'no /etc: ps has numbers'	0 '^ *1 +'"$BOXPID"' +65532 '	$NSDEBUG ps "$BOX"
ts 'no /etc: cat says what is missing'	1 '/etc/passwd: No such file'	$NSDEBUG cat "$BOX" /etc/passwd
