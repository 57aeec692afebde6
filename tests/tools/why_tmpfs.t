#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --path of a container that has ended, of what each start makes anew: a tmpfs, and directories
# to mount on. No answer is another one than while it ran.
. tests/lib.sh
. "$SRC/tests/lib/mounted.sh"
need jq runc

mounted_dirs
chmod 700 deep
paths='/x /x/new /x/a/new /x/in/file /x/in/sub/own/new /y/new /z/new /own/new /r/new /there /there/new /full/file /full/new
	/made/way/new /made/way/x/new /dev/new /dev/shm/new /seen/none/new'
runs() { # NAME MAX JQ
	box_run debug --bind "$TMP/seen:/seen" -- /busybox/busybox true
	D=nsd-tmpfs-$$
	rm -rf bundle
	mkdir -p bundle/root/there bundle/root/full bundle/root/proc bundle/root/dev bundle/root/sys bundle/root/seen
	cp -a "$FX/roots/debug/busybox" bundle/root
	echo x >bundle/root/full/file
	chmod 711 bundle/root/there
	chmod -R a+rX bundle/root/full bundle/root/busybox
	chmod 755 bundle bundle/root bundle/root/* 2>out
	chmod 1733 bundle/root/there
	jq '.linux.cgroupsPath = "/'"$D"'" | .process.args = ["/busybox/busybox", "sleep", "100000"] | .root = {path: "root"} |
		def t($at; $options): {destination: $at, type: "tmpfs", source: "tmpfs", options: $options};
		.mounts += [t("/x"; ["nosuid"]), t("/y"; ["mode=700"]), t("/z"; ["mode=755", "uid=5", "size=64k"]),
		t("/own"; ["mode=700", "uid=65532"]), t("/r"; ["ro"]), t("/there"; ["nodev"]), t("/full"; ["tmpcopyup"]),
		t("/made/way/x"; []), {destination: "/x/in", type: "bind", source: "'"$TMP/seen"'", options: ["bind"]}] | '"$3" \
		"$FX/boxes/$BOX/config.json" >bundle/config.json
	: >err
	for state in first again; do
		runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail "$1: runc run" "$(cat out)"
		begun "$(runc state "$D" | jq .pid)"
		# shellcheck disable=SC2086 # words
		mounted $paths >runs
		runc kill "$D" KILL
		wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
		# shellcheck disable=SC2086 # words
		mounted $paths >ended
		[ $state = again ] || runc delete -f "$D" >out 2>&1
		mounted_same "$1: the $state start" ended "$2"
	done
}
at_exit "runc delete -f nsd-tmpfs-$$"
runs 'as nobody' 61 .

# ---- cures

tj 'what is in memory no image has' '.items[0] | .verdict == "unknown" and (.reason | test("a tmpfs, which was empty when it began"))' \
	"$NSDEBUG" why "$D" --path /x/a/new --for create -o json
runc delete -f "$D" >out 2>&1
runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1
begun "$(runc state "$D" | jq .pid)"
tj 'nor what is made in the image' '.items[0] | .kind == "absent" and .docker == "--tmpfs /x/a:uid=65532,gid=65532" and
	(.cure | test("^make the directory in the program, anew with each start, for user 65532, or mount something .* on /x/a$"))' \
	"$NSDEBUG" why "$D" --path /x/a/new --for create -o json
tj 'nor below a volume' '.items[0] | .kind == "absent" and (.cure | test("^make the directory where the volume comes from "))' \
	"$NSDEBUG" why "$D" --path /seen/none/new --for create -o json

# ---- what was put there is there no more, and could not be executed whatever it was

runc delete -f "$D" >out 2>&1
jq '.process.args = ["/busybox/busybox", "sh", "-c", "/busybox/busybox cp /busybox/busybox /no; /no/busybox true; exit 126"] |
	.mounts += [{destination: "/no", type: "tmpfs", source: "tmpfs", options: ["noexec"]}]' bundle/config.json >with
cp with bundle/config.json
runc run --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1
ts 'the kernel refuses it' 0 'Permission denied' cat out
ended_one() {
	runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1
	wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
	"$NSDEBUG" why "$D" --path "$1" --for exec -o json | jq -j '.items[0] | [.verdict, .kind, .error, .mount] | map(. // "-") | join(" ")'
	runc delete -f "$D" >out 2>&1
}
t 'for its mount is noexec' 'denied noexec EACCES /no' ended_one /no/busybox
t 'of another one it is not known' 'unknown unknown - /x' ended_one /x/none
