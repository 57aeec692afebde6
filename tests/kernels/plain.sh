#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2016
#
# plain.sh DIR HELPERS WORK CGROUP COMMAND - a container put together by hand, of which no runtime
# knows: its root is made at DIR, with two other directories as /h and /w in it, its cgroup is CGROUP,
# its user 65532. The shell there runs COMMAND as its first process; this waits for its end.
set -e
mkdir -p "$1" "$4"
exec unshare -m -p -u -i -n --fork --kill-child sh -ec '
	echo 0 >"$4/cgroup.procs"
	mount -t tmpfs -o mode=755 tmpfs "$1"
	cd "$1"
	mkdir busybox dev etc h old proc w
	mknod -m 666 dev/null c 1 3
	cp "$FX/roots/debug/busybox/busybox" busybox/
	cp "$FX/roots/debug/etc/passwd" "$FX/roots/debug/etc/group" etc/
	mount --bind "$2" h
	mount --bind "$3" w
	mount -t proc proc proc
	pivot_root . old
	exec /busybox/busybox sh -c "
		cd /
		/busybox/busybox umount -l /old
		exec /busybox/busybox start-stop-daemon -S -c nonroot -p /none -a /busybox/busybox \
			-- sh -c \"\$1\"" - "$5"' - "$@"
