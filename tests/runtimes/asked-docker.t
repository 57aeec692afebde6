#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --cap, --port, --syscall, --denied-calls of a container of docker that has ended: the same
# answers as while it ran, as far as docker writes them down.
# timeout 900
. tests/lib.sh
. "$SRC/tests/lib/ended.sh"
. "$SRC/tests/lib/asked.sh"
. "$SRC/tests/lib/gone.sh"
need jq docker

engine_up docker
engine_run docker debug
B=nsd.test/debug:latest

same() { # NAME MIN OPTION...
	_name=$1
	_min=$2
	shift 2
	D=nsd-asked-$$
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ rm -f -v "$D" >out 2>&1
	docker_ run -d --name "$D" --network none --entrypoint /busybox/busybox "$@" "$B" sleep 100000 >out 2>&1 ||
		fail 'docker run' "$(cat out)"
	asked >runs
	docker_ kill "$D" >out 2>&1
	wait_for '[ "$(docker_ inspect -f "{{.State.Status}}" "$D")" = exited ]' 20
	asked >ended
	asked_same "$_name" "$_min"
}
same 'as nobody' 20 --user 65532 --security-opt seccomp=unconfined
same 'as root' 20 --user 0 --security-opt seccomp=unconfined --cap-drop NET_BIND_SERVICE --cap-add SYS_ADMIN
same 'of its own sysctl' 20 --user 65532 --security-opt seccomp=unconfined \
	--sysctl net.ipv4.ip_unprivileged_port_start=81
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"}]}\n' >profile
same 'the last profile counts' 20 --user 65532 --security-opt "seccomp=$TMP/profile" --security-opt seccomp=unconfined
same 'and of these' 20 --user 65532 --security-opt seccomp=unconfined --security-opt no-new-privileges:true \
	--security-opt no-new-privileges:0
t 'which is none' 'false\n' sh -c '"$NSDEBUG" why "$1" --cap CHOWN -o json 2>err | jq ".items[0].no_new_privs"' - "$D"
own='.items[0] | .verdict == "unknown" and (.reason | test("own form"))'
for opts in '--security-opt seccomp=unconfined' '--privileged'; do
	docker_ rm -f -v "$D" >out 2>&1
	# shellcheck disable=SC2086 # options
	docker_ create --name "$D" --network none --user 65532 $opts --security-opt "seccomp=$TMP/profile" \
		--entrypoint /busybox/busybox "$B" true >out 2>&1
	tj "$opts, and a profile" "$own" why "$D" --syscall getpriority
done
docker_ rm -f -v "$D" >out 2>&1
docker_ create --name "$D" --network none --privileged --entrypoint /busybox/busybox "$B" true >out 2>&1
tj 'one that is privileged has none' '.items[0].verdict == "allowed"' why "$D" --syscall getpriority
docker_ rm -f -v "$D" >out 2>&1
docker_ run --name "$D" --network none --user 65532 --entrypoint /busybox/busybox "$B" true >out 2>&1
tj 'its own profile is in no file' '.items[0] | .verdict == "unknown" and (.reason | test("docker.s own"))' \
	why "$D" --syscall getpid
tj 'but lets through what is done with files' '.items[0] | .verdict == "allowed" and .seccomp == null' \
	why "$D" --path /etc/passwd
tj 'and ports' '.items[0].verdict == "allowed"' why "$D" --port 8080
tj 'what takes a capability is refused all the same' '.items[0] | .verdict == "denied" and .kind == "capability"' \
	why "$D" --syscall mount
ts 'of all calls it says so' 5 'docker.s own.*only what takes a capability' "$NSDEBUG" why "$D" --denied-calls
docker_ rm -f -v "$D" >out 2>&1
docker_ run --name "$D" --network host --user 65532 --entrypoint /busybox/busybox "$B" true >out 2>&1
tj 'the network of the node' '.items[0] | .kind == "port" and .limit > 80' why "$D" --port 80
docker_ rm -f -v "$D" >out 2>&1
docker_ run --name "$D" --network "container:$CT" --security-opt "seccomp=$TMP/profile" --user 65532 \
	--entrypoint /busybox/busybox "$B" true >out 2>&1
tj "another container's" '.items[0] | .verdict == "unknown" and (.reason | test("another.s"))' why "$D" --port 80
tj 'a profile in its own form' "$own" why "$D" --syscall getpid
tj 'of a file as well' "$own" why "$D" --path /etc/passwd
gone "$D" "docker://$D"

# ---- what is not as it was

docker_ rm -f -v "$D" >out 2>&1
docker_ run -d --name "$D" --network none --user nonroot --init --entrypoint /busybox/busybox "$B" sleep 100000 >out 2>&1
docker_ exec -u 0 "$D" /busybox/busybox touch -d 2037-01-01 /etc/hostname
docker_ kill "$D" >out 2>&1
wait_for '[ "$(docker_ inspect -f "{{.State.Status}}" "$D")" = exited ]' 20
tj 'by the name that it had' '.items[0].verdict == "denied"' why "$D" --cap CHOWN
tj 'its init is no file of its own' '.items[0].verdict == "unknown"' why "$D" --path /sbin/docker-init --for exec
docker_ cp "$D:/etc/passwd" passwd >out 2>&1
sed -i 's/^nonroot:x:[0-9]*:[0-9]*:/nonroot:x:0:0:/' passwd
docker_ cp passwd "$D:/etc/passwd" >out 2>&1
ts 'names that were changed since it was started are not believed, whatever time it gives to files of its engine' 5 'the number of its user is not known' \
	"$NSDEBUG" why "$D" --cap CHOWN
docker_ rm -f -v "$D" >out 2>&1
docker_ run -d --name "$D" --network none --user 65532 --entrypoint /busybox/busybox "$B" sleep 100000 >out 2>&1
docker_ exec -u 0 "$D" /busybox/sh -c 'mkdir -m 070 /g && chgrp 65532 /g'
tj 'its group may' '.items[0].verdict == "allowed"' why "$D" --path /g --for read
docker_ kill "$D" >out 2>&1
wait_for '[ "$(docker_ inspect -f "{{.State.Status}}" "$D")" = exited ]' 20
tj 'when it has ended, too' '.items[0].verdict == "allowed"' why "$D" --path /g --for read
docker_ start "$D" >out 2>&1
docker_ exec -u 0 "$D" /busybox/busybox rm /etc/passwd
docker_ kill "$D" >out 2>&1
wait_for '[ "$(docker_ inspect -f "{{.State.Status}}" "$D")" = exited ]' 20
tj 'of one that removed its names nobody knows the group' '.items[0].verdict == "unknown"' \
	why "$D" --path /g --for read
