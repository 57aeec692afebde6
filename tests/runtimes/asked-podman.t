#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --cap, --port, --syscall, --denied-calls of a container of podman that has ended: the same
# answers as while it ran, as far as podman writes them down.
# timeout 900
. tests/lib.sh
. "$SRC/tests/lib/asked.sh"
. "$SRC/tests/lib/gone.sh"
need jq podman

podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }

engine_up podman
engine_run podman debug
B=nsd.test/debug:latest

same() { # NAME MIN OPTION...
	_name=$1
	_min=$2
	shift 2
	D=nsd-asked-$$
	at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
	podman_ rm -f -i -t 0 "$D" >out 2>&1
	podman_ run -d --name "$D" --entrypoint /busybox/busybox "$@" "$B" sleep 100000 >out 2>&1 ||
		fail 'podman run' "$(cat out)"
	asked >runs
	podman_ kill "$D" >out 2>&1
	podman_ wait --condition stopped "$D" >out 2>&1
	asked >ended
	asked_same "$_name" "$_min"
}
same 'as nobody' 60 --network none --user 65532
same 'as root' 60 --network none --user 0 --cap-drop NET_BIND_SERVICE --cap-add SYS_ADMIN
same 'of its own sysctl' 60 --network none --user 65532 --sysctl net.ipv4.ip_unprivileged_port_start=81
same 'without a profile' 20 --network none --user 65532 --security-opt seccomp=unconfined
gone "$D" "podman://$D"
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}\n' >profile
podman_ rm -f -i -t 0 "$D" >out 2>&1
podman_ run --name "$D" --network none --user 0 --security-opt "seccomp=$TMP/profile" --entrypoint /busybox/busybox "$B" \
	mkdir /root/x >out 2>&1
ts 'a profile that refuses a directory' 0 'not permitted' cat out
tj 'is asked when it has ended' '.items[0] | .verdict == "denied" and .kind == "seccomp" and .error == "EPERM"' \
	why "$D" --path /root/x --for mkdir
tj 'and lets others through' '.items[0] | .verdict == "allowed" and .seccomp == "filter"' why "$D" --path /root/x --for create
