#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --path of a container that has ended, where how something was mounted decides: no answer is
# another one than of the same container while it ran; where its runtime decides it is not known.
. tests/lib.sh
need jq runc crun

crun_() { # which refuses the hybrid cgroup layout
	unshare -m --propagation private sh -c '! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified
		exec crun "$@"' - "$@"
}
runc_() { runc "$@"; }

fill() { # DIR
	mkdir -p "$1/sub"
	echo x >"$1/file"
	cp "$O/tests/lib/dies" "$1/program"
	ln -s file "$1/link"
	mknod "$1/null" c 1 3
	chmod 777 "$1" "$1/sub"
	chmod 666 "$1/file" "$1/null"
	chmod 755 "$1/program"
}
fill plain
mkdir node
mount -t tmpfs none node
at_exit "umount $TMP/node"
fill node
mount -o remount,bind,ro,noexec,nodev node || skip_all 'no mount has flags here'
box_run debug -- /busybox/busybox true

all() { # DIR...
	for _d in "$@"; do
		for _q in 'file write' 'sub/new create' 'program exec' 'null read' 'link read'; do
			"$NSDEBUG" why "$D" --path "$_d/${_q% *}" --for "${_q#* }" -o json 2>>err |
				jq -r --arg q "$_d $_q" '.items[0] | "\($q): \(.verdict) \(.error // "")"'
		done
	done
}
judged() { # NAME RUNTIME UNKNOWN JQ DIR...; jq knows $tmp and b(PLACE; SOURCE; OPTIONS)
	_title="$2, $1" _rt=$2 _unknown=$3 _jq=$4
	shift 4
	D=nsd-mounts-$$-$_rt
	at_exit "$_rt delete -f $D || rm -rf /run/$_rt/$D"
	[ -d bundle/root ] || {
		mkdir -p bundle/root/proc bundle/root/dev bundle/root/sys
		fill bundle/root/in
		cp -a "$FX/roots/debug/busybox" bundle/root
		chmod -R a+rX bundle/root/busybox
		chmod 755 bundle bundle/root bundle/root/* 2>out
		chmod 777 bundle/root/in
	}
	jq --arg tmp "$TMP" 'def b($at; $from; $options): {destination: $at, type: "bind", source: "\($tmp)/\($from)",
		options: (["rbind"] + $options)}; .linux.cgroupsPath = "/'"$D"'" | .root = {path: "root"} |
		.process.args = ["/busybox/busybox", "sleep", "100000"] | '"$_jq" "$FX/boxes/$BOX/config.json" >bundle/config.json
	: >err
	"${_rt}_" run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail "$_title: starts" "$(cat out)"
	begun "$("${_rt}_" state "$D" | jq .pid)"
	all "$@" >runs
	[ -z "$LIVE" ] || tj "$_title: its cure" "$LIVE" "$NSDEBUG" why "$D" --path "$1/sub/new" --for create -o json
	"${_rt}_" kill "$D" KILL
	wait_for '[ "$("${_rt}_" state "$D" | jq -r .status)" = stopped ]' 20
	all "$@" >ended
	"${_rt}_" delete -f "$D" >out 2>&1
	t "$_title: each is answered" '' cat err
	t "$_title: while it runs each is known" '' sh -c 'grep unknown runs || :'
	t "$_title: no answer is another one" '' sh -c 'diff runs ended | grep "^> .*: [ad]" || :'
	t "$_title: what is not known" "$_unknown" sh -c 'grep -c unknown ended || :'
}

LIVE=
options='.mounts += [b("/rro"; "plain"; ["rro"]), b("/nodev"; "plain"; ["nodev"]), b("/nosym"; "plain"; ["nosymfollow"]),
	b("/rw"; "plain"; ["ro", "rw"]), b("/exec"; "plain"; ["noexec", "exec"]), b("/rexec"; "plain"; ["noexec", "rexec"]),
	{options: ["rbind", "ro"], source: "\($tmp)/plain", type: "bind", destination: "any"}]'
judged options runc '1\n' "$options" /rro /nodev /nosym /rw /exec /rexec /any
judged options crun '5\n' "$options" /rro /nodev /nosym /rw /exec /rexec /any
bound='.mounts += [b("/as"; "node"; []), b("/ro"; "node"; ["ro"]), b("/nosuid"; "node"; ["nosuid", "private"])]'
judged 'flags of the node' runc '6\n' "$bound" /as /ro /nosuid
judged 'flags of the node' crun '10\n' "$bound" /as /ro /nosuid
# runc 1.1 does without
judged 'ids of a mount' runc '10\n' '.mounts += [b("/option"; "plain"; ["idmap"]),
	(b("/map"; "plain"; []) | .uidMappings = [{containerID: 0, hostID: 1000, size: 10}])]' /option /map
masked='.linux.maskedPaths = ["/in/sub", "/in/file"] | .linux.readonlyPaths = ["/in/null"]'
LIVE='.items[0] | .kind == "masked" and .error == "EROFS" and .docker == null and (.cure | test("maskedPaths"))'
judged 'masked' runc '4\n' "$masked" /in
judged 'masked' crun '4\n' "$masked" /in
LIVE=
mount --bind bundle/root bundle/root
at_exit "umount $TMP/bundle/root"
mount -o remount,bind,ro,nodev bundle/root
judged 'a root of the node' runc '0\n' . /in
judged 'a root of the node' crun '3\n' . /in
judged 'a root that is read-only' runc '1\n' '.root.readonly = true' /in
