#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# static.sh O - the binary is one file, and stays one: it needs nothing, cannot load anything,
# has no writable code, and is small.
set -u
f=$1/nsdebug
bad=0

refuse() {
	echo "$f: $1: $2"
	bad=1
}

head=$(readelf -lW "$f") || exit 1
case $head in
*INTERP*) refuse 'has an interpreter' 'link with -static; which library brought a shared one in?' ;;
esac
readelf -dW "$f" | grep -q NEEDED &&
	refuse "needs $(readelf -dW "$f" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | tr '\n' ' ')" \
		'link with -static'
echo "$head" | grep -q 'GNU_STACK.* RW  *0x' ||
	refuse 'its stack is executable' 'an object lacks .note.GNU-stack: keep -z noexecstack'
echo "$head" | grep -q 'LOAD.* RWE ' &&
	refuse 'has a segment that is writable and executable' 'find the section: readelf -SW'
echo "$head" | grep -q GNU_RELRO || refuse 'has no RELRO' 'keep -z relro and -z now'
[ "$(wc -c <"$f")" -le 3145728 ] ||
	refuse "has $(wc -c <"$f") bytes" '3,145,728 (3 MiB) is the most: nm -S --size-sort build/nsdebug.full'
# With all doors wrapped (nsdebug/base/nodl.c) no one is left who asks for the loader.
loader=$(nm "$1/nsdebug.full" | awk '$NF ~ /^(_?_?_?dlopen|_dl_open|dl_open_worker|__libc_dlopen_mode)$/ { print $NF }')
[ -z "$loader" ] ||
	refuse "can load libraries ($(echo "$loader" | tr '\n' ' '))" \
		'wrap what calls it: see doors in the Makefile'
readelf -SW "$f" | grep -q gnu_debuglink || refuse 'does not name its symbols' 'keep --add-gnu-debuglink'
[ -f "$1/nsdebug.debug" ] || refuse 'nsdebug.debug is missing' 'make clean all'
exit $bad
