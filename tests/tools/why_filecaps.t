#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program whose file has capabilities that its container may not have: execve(2) refuses it, and
# why, while it runs and when it has ended, and trace denied say so; with their cure it is executed.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc setfattr

mkdir mnt nosuid bundle
box_run debug --rw --bind "$TMP/mnt:/t" -- /busybox/busybox true
cp "$(jq -r .root.path "$FX/boxes/$BOX/config.json")/busybox/busybox" mnt/busybox.capped
for i in plain passive loose; do cp mnt/busybox.capped mnt/busybox.$i; done
printf '#!/t/busybox.capped sh\n' >mnt/script
chmod 755 mnt/*
setcap cap_net_bind_service,cap_net_raw=ep mnt/busybox.capped 2>out || skip_all "$(cat out)"
setcap cap_net_raw=p mnt/busybox.passive
cp mnt/busybox.plain mnt/busybox.full
setfattr -n security.capability -v 0x01000002ffffffff00000000ffffffff00000000 mnt/busybox.full
setcap cap_net_raw=eip mnt/busybox.loose
cp mnt/busybox.plain mnt/busybox.clock
setcap cap_sys_time,cap_chown=ep mnt/busybox.clock
D=nsd-filecaps-$$
at_exit "runc delete -f $D"
# CAPABILITIES NO_NEW_PRIVS USER
run() {
	jq --argjson c "$1" --argjson n "$2" --argjson u "$3" '.linux.cgroupsPath = "/'"$D"'" | .process.user.uid = $u |
		.mounts += [{destination: "/n", type: "bind", source: "'"$TMP"'/mnt", options: ["bind", "nosuid"]}] |
		.process.capabilities = {bounding: $c} | .process.noNewPrivileges = $n |
		.process.args = ["/busybox/busybox", "sh", "-c", "for i in /t/busybox.plain /t/busybox.capped /t/busybox.passive /t/busybox.loose /t/script /n/busybox.capped; do
			$i true </dev/null 2>&1 && echo $i works; done; echo end; while :; do /t/busybox.capped true; /busybox/busybox sleep .1; done"]' \
		"$FX/boxes/$BOX/config.json" >bundle/config.json
	runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail run "$(cat out)"
	wait_for 'grep -q ^end out' 20 || fail 'it has tried' "$(cat out)"
}
end() {
	runc kill "$D" KILL
	wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
}
answer() { "$NSDEBUG" why "runc://$D" --path "$1" --for exec -o json | jq -j '.items[0] | [.verdict, .kind, .error] | map(. // "-") | join(" ")'; }
answers() { # WHEN
	t "$1: none" 'allowed granted -' answer /t/busybox.plain
	t "$1: those that it may not have" 'denied file-capabilities EPERM' answer /t/busybox.capped
	t "$1: not to be effective at once" 'allowed granted -' answer /t/busybox.passive
	t "$1: of which some could be inherited" 'denied file-capabilities EPERM' answer /t/busybox.loose
	t "$1: of an interpreter" 'denied file-capabilities EPERM' answer /t/script
	t "$1: nosuid, where they do not count" 'allowed granted -' answer /n/busybox.capped
}
for both in true.0 false.65532; do
	nnp=${both%.*} user=${both#*.}
	run '["CAP_NET_RAW"]' $nnp $user
	# /t/busybox.loose gives one that it may have
	t "no_new_privs $nnp, user $user: what the kernel lets run" '/n/busybox.capped /t/busybox.loose /t/busybox.passive /t/busybox.plain \n' \
		sh -c 'grep works out | sort | cut -d" " -f1 | tr "\n" " "; echo'
	runc delete -f "$D"
	run '[]' $nnp $user
	t "no_new_privs $nnp, user $user: and without any" '/n/busybox.capped /t/busybox.passive /t/busybox.plain \n' \
		sh -c 'grep works out | sort | cut -d" " -f1 | tr "\n" " "; echo'
	answers "no_new_privs $nnp, user $user"
	end
	answers "ended, no_new_privs $nnp, user $user"
	[ "$both" = false.65532 ] || runc delete -f "$D"
done
tj 'which, and the cure' '.items[0] | .caps == ["CAP_NET_BIND_SERVICE", "CAP_NET_RAW"] and .path == "/t/busybox.capped" and
	.docker == "--cap-add NET_BIND_SERVICE --cap-add NET_RAW" and .podman == .docker and
	(.kubernetes | test("capabilities: .add: \\[NET_BIND_SERVICE, NET_RAW\\]")) and (.cure | test("setcap -r"))' \
	"$NSDEBUG" why "runc://$D" --path /t/busybox.capped --for exec -o json
tj 'what is the node'\''s is said of it' '.items[0] | .docker == "--cap-add CHOWN --cap-add SYS_TIME" and
	(.cure | test("^the clock is the node.s: leave it to the node; or give the container exactly these: CAP_CHOWN, CAP_SYS_TIME; or take"))' \
	"$NSDEBUG" why "runc://$D" --path /t/busybox.clock --for exec -o json
tj 'bits of none are none' '.items[0] | .kind == "file-capabilities" and (.caps | length == 41 and all(test("^CAP_[A-Z]")))' \
	"$NSDEBUG" why "runc://$D" --path /t/busybox.full --for exec -o json
runc delete -f "$D"
run '[]' true 65532
if [ -e /sys/kernel/btf/vmlinux ]; then
	tj 'a trace tells the same' '.items[0] | .reason == "file-capabilities" and .error == "EPERM" and
		.path == "/t/busybox.capped" and .docker == "--cap-add NET_BIND_SERVICE --cap-add NET_RAW" and (.guess | not)' \
		"$NSDEBUG" trace denied "runc://$D" --max-events 1 -o json
else
	skip 'a trace tells the same' 'this kernel does not tell its types (BTF)'
fi
runc delete -f "$D"
run '["CAP_NET_RAW", "CAP_NET_BIND_SERVICE"]' false 65532
t 'with them it is executed' '1\n' grep -c '^/t/busybox.capped works' out
t 'and nothing refuses it' 'allowed granted -' answer /t/busybox.capped
runc delete -f "$D"
