#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --path of a device that lies in the container: what its device cgroup says of it, which the
# kernel is asked as well; and of one that has ended, that this is not known.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc

box_run debug -- /busybox/busybox true
mkdir bundle nodes
mknod nodes/null c 1 3
mknod nodes/pts c 136 7777
# numbers that no driver has: what opens one is told ENXIO, by which nothing happens
mknod nodes/disk b 240 200
mknod nodes/own c 241 201
mknod nodes/mem c 240 201
chmod 666 nodes/*
D=nsd-device-$$
at_exit "runc delete -f $D"
V1=
grep -q '^[0-9]*:[^:]*\bdevices\b' /proc/self/cgroup && V1=yes

start() { # RULES
	jq --arg nodes "$TMP/nodes" '.linux.cgroupsPath = "/'"$D"'" | del(.linux.seccomp) |
		.linux.resources.devices = '"$1"' | .process.args = ["/busybox/busybox", "sleep", "100000"] |
		.mounts += [{destination: "/nodes", type: "bind", source: $nodes, options: ["rbind"]}]' \
		"$FX/boxes/$BOX/config.json" >bundle/config.json
	runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail 'runc run' "$(cat out)"
	pid=$(runc state "$D" | jq .pid)
	begun "$pid"
}
stop() {
	runc kill "$D" KILL
	wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
}
# What the kernel says: refused by the device cgroup, or by nothing that comes before it.
kernel() {
	for _n in null pts disk own mem; do
		for _w in read:'<' write:'>>'; do
			runc exec "$D" /busybox/sh -c ": ${_w#*:}/nodes/$_n" >out 2>&1 || :
			case $(cat out) in *'not permitted'*) _v=denied ;; *) _v=allowed ;; esac
			echo "$_n ${_w%:*}: $_v"
		done
	done
}
asked() {
	for _n in null pts disk own mem; do
		for _w in read append; do
			"$NSDEBUG" why "$D" --path "/nodes/$_n" --for "$_w" -o json 2>err | jq -r --arg w "$_n $_w" \
				'"\($w): \(.items[0].verdict)"' | sed 's/append:/write:/'
		done
	done
}
other() { diff "$1" "$2" | grep "^>" | grep -v "${3:-none}" || :; } # WANT GOT [BUT]
why() { "$NSDEBUG" why "$D" -o json "$@" 2>err; }

start '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 241, minor: 201, access: "r"}]'
kernel >is
asked >live
t 'the kernel refuses some, and not all' 'null read: allowed own read: allowed own write: denied disk read: denied mem write: denied' \
	sh -c 'for l in "null read" "own read" "own write" "disk read" "mem write"; do grep "^$l" is; done | tr "\n" " " | sed "s/ $//"'
if [ "$V1" ]; then
	t 'what the kernel says is said' '' other is live
	tj 'by which rule' '.items[0] | .kind == "device-cgroup" and .error == "EPERM" and (.guess | not) and (.cure | test("--device"))' \
		why --path /nodes/disk
	tj 'to make one is another right' '.items[0].kind == "capability"' why --path /tmp/new --for mknod
else
	t 'another thing is not said' '' other is live unknown
fi
if [ -e /sys/kernel/btf/vmlinux ]; then
	trace_start denied "$D"
	runc exec "$D" /busybox/sh -c ': </nodes/disk' >out 2>&1 || :
	trace_stop
	tr_rows 'trace denied names it' 'any(.path == "/nodes/disk" and .error == "EPERM" and .reason == "device-cgroup" and .guess)'
else
	skip 'trace denied names it' 'this kernel does not tell its types (BTF)'
fi
stop
asked >ended
t 'ended: another thing is not said' '' other is ended unknown
t 'ended: only of what not each container has' 'disk read: unknown disk write: unknown own read: unknown own write: unknown mem read: unknown mem write: unknown' \
	sh -c 'grep unknown ended | tr "\n" " " | sed "s/ $//"'
tj 'ended: why' '.items[0] | .kind == "unknown" and (.reason | test("device cgroup may refuse"))' why --path /nodes/disk
runc delete -f "$D" >out 2>&1

start '[{allow: true, access: "rwm"}]'
kernel >is
asked >live
if [ "$V1" ]; then
	t 'of one that may have all' '' other is live
	t 'all are allowed' 10 sh -c 'grep -c allowed live | tr -d "\n"'
	tj 'which is told as far as it is known' '.items[0] | .guess and (.reason | test("^nothing refuses it; its device cgroup"))' \
		why --path /nodes/disk
else
	t 'of one that may have all another thing is not said' '' other is live unknown
fi
runc delete -f "$D" >out 2>&1
