#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# init - the first process of a kernel under test. Runs the test files that the kernel's command
# line names as nsd.run=FILE,FILE and switches the machine off. Standard output is the second serial
# line; nsd.cgroup=v1 has cgroups as they were before systemd unified them.
export PATH=/bin

# A container's root cannot be pivoted to from the one that the kernel unpacked.
if [ ! -e /moved ]; then
	busybox mount -t tmpfs -o size=90%,mode=755 tmpfs /mnt
	for d in /*; do
		case $d in
		/dev | /proc | /sys | /mnt) busybox mkdir -p "/mnt$d" ;;
		*) busybox cp -a "$d" /mnt/ ;;
		esac
	done
	busybox mkdir -p /mnt/mnt
	: >/mnt/moved
	exec busybox switch_root /mnt /bin/bash /init
fi

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
ip link set lo up
hostname node

option() { tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"; }

if [ "$(option nsd.cgroup)" = v1 ]; then
	mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
	for c in memory cpu,cpuacct pids devices freezer; do
		mkdir "/sys/fs/cgroup/$c"
		mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c"
	done
else
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

export SRC=/nsd O=/nsd/build FX=/nsd/build/fixtures NSDEBUG=/nsd/build/nsdebug HOME=/root
cd /nsd || poweroff -f
exec >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 raw
option nsd.run | tr ',' '\n' | while read -r f; do
	echo "# file $f"
	sh "$f" </dev/null
	echo "# status $?"
done
sync
reboot -f
