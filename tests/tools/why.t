#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why: what it says, and what helps; whether that is so, tests/whytrees.t asks the kernel.
. tests/lib.sh
. "$SRC/tests/lib/whytree.sh"
need jq runc setfacl chattr

# ---- cures of what hands over more than a file ----

mkdir "$TMP/kept" "$TMP/given"
chmod 755 "$TMP/kept" "$TMP/given"
echo x >"$TMP/kept/f"
chown 5:5 "$TMP/kept/f"
chmod 600 "$TMP/kept/f"
MAP=300000
map_ids "$TMP/kept"
MAP=
box_run static --userns 300000 --bind "$TMP/kept.map:/data"
first() { $NSDEBUG why "$BOX" -o json "$@" | jq -r ".items[0].cure"; }
of_ls() { $NSDEBUG ls -o json "$BOX" /data | jq -r '.items[] | select(.path | endswith("f")) |
	"is 0600 \(.uid):\(.gid) (\(.host_uid):\(.host_gid) on the host);"'; }
of_why() { $NSDEBUG why "$BOX" -o json --path /data/f | jq -r '.items[0].reason'; }
ts 'ids in words are the container'\''s, and the host'\''s: those of ls' 0 'is 0600 5:5 .300005:300005 on the host.;' of_ls
ts 'and of why' 0 'is 0600 5:5 .300005:300005 on the host.;' of_why
told=$(first --path /data/f | sed -n 's/.*chown on the host to \([0-9]*\),.*/\1/p')
if [ "$told" ]; then
	chown "$told:$told" "$TMP/kept/f"
	ts 'what a volume with mapped ids takes on the host' 0 'allowed' $NSDEBUG why "$BOX" --path /data/f
else
	ts 'that a volume maps ids which are not told' 0 'to user 65532: .*the mount, which maps ids' first --path /data/f
fi
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TMP/given/docker.sock"
mknod "$TMP/given/disk" b 7 200
: >"$TMP/given/own"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TMP/given/fpm.sock"
chown 0:998 "$TMP/given/docker.sock" "$TMP/given/fpm.sock"
chown 0:6 "$TMP/given/disk"
chown 0:65532 "$TMP/given/own"
chmod 660 "$TMP/given/docker.sock" "$TMP/given/fpm.sock" "$TMP/given/disk"
chmod 600 "$TMP/given/own"
box_run static --bind "$TMP/given:/given" --bind "$TMP/given/docker.sock:/named"
ts 'a socket that is root on the node' 0 'and group 998: .*root on the node' first --path /given/docker.sock --for connect
ts 'by another name, too' 0 '^true$' eval '$NSDEBUG why "$BOX" --path /named --for connect -o json |
	jq ".items[0] | (.cure | test(\"root on the node\")) and .docker == null and .kubernetes == null"'
ts 'a socket of a group' 0 '^--group-add 998$' eval '$NSDEBUG why "$BOX" --path /given/fpm.sock --for connect -o json |
	jq -r ".items[0].docker"'
ts 'a disk of the node' 0 'as good as root on the node: leave it' first --path /given/disk
ts 'a group that it is in already' 0 '^its group is one of the process' first --path /given/own
box_run debug --tmpfs /memory:mode=1777 -- /busybox/busybox sleep 100000
runc exec -u 0:0 "$BOX" /busybox/busybox mkdir -m 700 /memory/made >out 2>&1 || fail 'mkdir in the container' "$(cat out)"
ts 'what the container has in memory is not the host'\''s' 0 '^true$' eval '$NSDEBUG why "$BOX" --path /memory/made/x --for create -o json |
	jq ".items[0] | .path == \"/memory/made\" and (.cure | test(\"in memory.*let who makes this\")) and (.podman | test(\"^--tmpfs /memory:.*,U$\")) and
	(.docker | test(\"^--tmpfs /memory:.*,uid=65532,gid=65532$\")) and (.kubernetes | test(\"fsGroup: 65532}.*emptyDir\"))"'
for cap in sys_module sys_rawio dac_read_search; do
	ts "$cap is the node's" 0 '^true$' eval '$NSDEBUG why "$BOX" --cap $cap -o json | jq ".items[0] |
		(.cure | test(\"^leave it to the node\")) and .docker == null and .podman == null and .kubernetes == null"'
done
ts 'what is as good as root has a warning' 0 '^leave it to the node: CAP_SYS_ADMIN is as good as root' first --cap sys_admin

# ---- what is said ----

BASE=0 TOP=755 FILES='400 020 006 660 644 004 000' DIRS='700 755 777'
tree said
beside said
put handed 644 0
deep=/t$(printf '/d%.0s' $(seq 210))
mkdir -p "$TMP/tree-said/${deep#/t/}"
mkdir "$W.ro/shut"
: >"$W.ro/shut/f"
ln -s '/d700-0/$(id);\033[31m' "$T/hostile"
box_run debug --ready --bind "$T:/t" --bind "$W.noexec:/noexec" --bind "$W.ro:/ro:ro" -- /busybox/busybox sh -c 'cd /t
	exec 7</t/handed; /busybox/busybox sleep 3600 & echo ready; exec /busybox/busybox sleep 3600'
why() { $NSDEBUG why "$BOX" "$@"; }
rows() { why -o json "$@"; }
one() { echo ".items | length == 1 and (.[0] | $1)"; }
plain='test("privileged|unconfined|cap-add ALL|user 0") | not'
has_cure() { one "(.cure | length) > 9 and (.cure + .docker + .podman + .kubernetes | $plain) and ($1)"; }

ts 'allowed: status 0'	0 '^/t/f644 +read allowed granted +nothing refuses it'	why --path /t/f644
ts 'denied: status 1'	1 '^/t/f000 +read denied +mode +/t/f000 is 0000 0:0; other has --- there, needs r--; would pass with CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH$' \
	why --path /t/f000
ts 'its cure below it'	1 '^  cure: ..*chmod'	why --path /t/f000
ts 'in a column of its own, named or wide' 1 '^REASON +CURE$'	why --path /t/f000 -o reason,cure
ts 'nothing below what is allowed' 0 '^2$' sh -c '"$0" why "$1" --path /t/f644 | wc -l' "$NSDEBUG" "$BOX"
tj 'the row: as whom, and by what'	"$(one '.uid == 65532 and .host_uid == 65532 and .has == [] and .no_new_privs and .pid == 1 and
	.error == "EACCES" and .path == "/t/f000" and .mode == "0000" and .owner == 0 and .class == "other" and .need == "r" and
	.mount == "/t" and .caps == ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"] and (.guess | not)')"	rows --path /t/f000
tj 'a component on the way'	"$(one '.kind == "mode" and .path == "/t/d700-0" and .need == "x" and .error == "EACCES"')"	rows --path /t/into
tj 'a group would do'	"$(has_cure '.docker == "--group-add 9" and .kubernetes == "spec: {securityContext: {supplementalGroups: [9]}}"')" \
	rows --path /t/x660
tj 'a volume: fsGroup'	"$(has_cure '.kubernetes == "spec: {securityContext: {fsGroup: 65532}}" and .podman == "--volume '"$T"':/t:U" and
	(.cure | test("takes all that is there")) and (.cure | endswith("; on the host it is '"$T"'/f600 (look first that the container made no link of it)"))')" \
	rows --path /t/f600
tj 'a read-only root'	"$(has_cure '.kind == "read-only-mount" and .mount == "/" and .docker == "--tmpfs /home/nonroot:uid=65532,gid=65532" and (.kubernetes | test("emptyDir: {}"))')" \
	rows --path /home/nonroot/x --for create
tj 'a read-only volume'	"$(has_cure '.kind == "read-only-mount" and .mount == "/ro" and .docker == "--volume '"$W.ro"':/ro:rw"')"	rows --path /ro/f --for write
tj 'a file, and its mount besides'	"$(has_cure '.kind == "mode" and (.reason | test("and /ro is mounted read-only besides")) and
	.podman == "--volume '"$W.ro"':/ro:U" and .docker == null and (.cure | test("without ro.*chown")) and
	.kubernetes == "spec: {securityContext: {fsGroup: 65532}, containers: [{name: CONTAINER, volumeMounts: [{mountPath: /ro, readOnly: false}]}]}"')" \
	rows --path /ro/shut/f --for write
tj 'a mount, and the directory besides'	"$(has_cure '.kind == "read-only-mount" and (.reason | test("it is 0755 0:0, which refuses it besides")) and
	.docker == null and (.cure | test("without ro.*chown"))')"	rows --path /ro/shut/new --for create
tj 'or only the mount'	"$(has_cure '.kind == "read-only-mount" and .docker == "--volume '"$W.ro"':/ro:rw" and (.reason | test("besides") | not)')" \
	rows --path /ro/new --for create
tj 'a sysctl'	"$(has_cure '.kind == "sysctl" and .caps == ["CAP_NET_ADMIN"] and .docker == "--sysctl net.ipv4.ip_forward=VALUE"')" \
	rows --path /proc/sys/net/ipv4/ip_forward --for write
tj 'a masked path'	"$(one '.kind == "masked" and .error == "ENOENT"')"	rows --path /proc/acpi/x
tj 'an ACL'	"$(one '.kind == "acl" and .class == "acl-user" and .entry == 65532')"	rows --path /t/acl-u_U_r-- --for write
tj 'a sticky directory'	"$(one '.kind == "sticky" and .error == "EPERM" and .caps == ["CAP_FOWNER"]')"	rows --path /t/sticky-0/f8 --for delete
tj 'immutable'	"$(has_cure '.kind == "immutable"')"	rows --path /t/fixed --for write
tj 'append-only'	"$(has_cure '.kind == "append-only"')"	rows --path /t/more --for write
tj 'two mounts'	"$(has_cure '.kind == "cross-device" and .error == "EXDEV" and .mount == "/tmp"')"	rows --path /t/d777-0/mv --for rename --to /tmp/x
tj 'noexec: nothing over the program'	"$(has_cure '.kind == "noexec" and .mount == "/noexec" and (.cure | test("remount,exec")) and .docker == null and .podman == null')"	rows --path /noexec/prog --for exec
tj 'an interpreter that is not there'	"$(has_cure '.kind == "missing-interpreter" and .word == "/nothing/sh" and .error == "ENOENT" and .path == "/t/lost"')" \
	rows --path /t/lost --for exec
tj 'a loader that is not there'	"$(has_cure '.kind == "missing-interpreter" and .word == "/nothing/ld.so"')"	rows --path /t/dynamic --for exec
ts 'a script of Windows'	1 'needs /t/prog\\x0d to run, '	why --path /t/windows --for exec
ts 'and its cure'	1 '^  cure: .*dos2unix'	why --path /t/windows --for exec
tj 'another machine'	"$(has_cure '.kind == "architecture" and .word == "aarch64" and .error == "ENOEXEC"')"	rows --path /t/foreign --for exec
tj 'chown'	"$(has_cure '.kind == "chown" and .caps == ["CAP_CHOWN"]')"	rows --path /t/o644 --for chown
tj 'a device'	"$(has_cure '.kind == "capability" and .caps == ["CAP_MKNOD"]')"	rows --path /t/d777-0/dev --for mknod
tj 'stdout'	"$(one '.path == "/proc/1/fd/1" and .verdict == "allowed" and .mode == "0600" and (.word | test("^pipe:"))')"	rows --path /dev/stdout --for append
chmod 600 "$T/handed"
tj 'what it has open, and may not open any more'	"$(has_cure '.path == "/proc/1/fd/7" and .kind == "mode" and .owner == 0 and .word == "/t/handed"')"	rows --path /dev/fd/7
tj 'where a link of /proc leads'	"$(one '.kind == "mode" and .path == "/t/f000"')"	rows --path /proc/self/cwd/f000
tj 'from its working directory'	"$(one '.path == "/t/f000" and .subject == "f000"')"	rows --path f000
tj 'up from there'	"$(one '.verdict == "allowed" and .path == "/etc/passwd"')"	rows --path ../etc/passwd
tj 'as another process'	"$(one '.pid == 2 or .pid > 2')"	rows --path f644 -p "$($NSDEBUG ps -o pid --no-headers "$BOX" | tail -n 1 | tr -d ' ')"
tj 'a directory that has something in it'	"$(has_cure '.path == "/busybox" and .docker == null and .kubernetes == null and
	.podman == "--volume busybox:/busybox:U" and (.cure | test("not empty"))')"	rows --path /busybox/new --for create
tj 'a directory that is not there'	"$(has_cure '.kind == "absent" and .path == "/data" and (.docker | test("^--tmpfs /data:"))')" \
	rows --path /data/x --for create
tj 'what is the kernel'\''s'	"$(one '.docker == null and .podman == null and .kubernetes == null and (.cure | test("kernel"))')"	rows --path /sys/x --for create
tj 'and the runtime'\''s'	"$(one '.docker == null and .podman == null and .kubernetes == null and (.cure | test("runtime"))')"	rows --path /dev/x --for create
tj 'a program without x'	"$(has_cure '.kubernetes == null and (.cure | test("chmod a.x"))')"	rows --path /t/prog644 --for exec
tj 'nor that of what is no program'	"$(has_cure '.kind == "mode" and (.reason | test("no program")) and (.cure | test("^to let it be executed is not enough, it is no program"))')" \
	rows --path /t/f644 --for exec
tj 'a file that is not there'	"$(has_cure '.kind == "absent" and .path == "/t/nothing" and (.cure | test("O_CREAT.*--for create"))')" \
	rows --path /t/nothing --for write
tj 'to read it'	"$(has_cure '.kind == "absent" and (.cure | test("into the image")) and (.cure | test("create") | not)')"	rows --path /t/nothing
tj 'an owner is no group'	"$(has_cure '.kind == "owner" and .kubernetes == null and (.cure | test("chown"))')"	rows --path /t/f644 --for chmod
tj 'nor does one help against an entry of an ACL'	"$(has_cure '.kubernetes == null and (.cure | test("setfacl -m u:65532:r"))')" \
	rows --path /t/acl-u_U_--- --for read
cp "$T/prog" "$T/suid"
own suid 4755 0
tj 'a setuid bit that has no effect'	"$(one '.verdict == "allowed" and (.reason | test("setuid.*no effect: no_new_privs"))')"	rows --path /t/suid --for exec
own socket 660 0
tj 'a socket of root'\''s'	"$(one '.verdict == "denied" and .docker == null and .kubernetes == null and (.cure | test("only root"))')" \
	rows --path /t/socket --for connect
tj 'a call, and what it takes besides'	"$(has_cure '.kind == "seccomp" and (.reason | test("CAP_SYS_ADMIN")) and
	.podman == "--security-opt seccomp=FILE --cap-drop ALL --cap-add SYS_ADMIN" and
	.docker == .podman + " --security-opt no-new-privileges=false" and
	(.image | startswith("RUN setcap CAP_SYS_ADMIN+ep "))')"	rows --syscall swapon
tj 'where a profile comes from'	"$(has_cure '.cure | test("; FILE: .*_ALLOW .* no .*_ERRNO .*advise --next .*--write DIR., or, not in Kub.*seccomp.json.$")')"	rows --syscall swapon
tj 'a name that is set from outside'	"$(has_cure '.kind == "seccomp" and .docker == "--hostname VALUE" and .podman == .docker and
	.kubernetes == "spec: {hostname: VALUE}" and .image == null')"	rows --syscall sethostname
tj 'a domain'\''s'	"$(has_cure '.docker == "--domainname VALUE" and .podman == null and .kubernetes == null')"	rows --syscall setdomainname
ts 'no such process'	1 'no process 4242'	why --path /x -p 4242
ts 'hostile names are escaped'	1 'd700-0/\$\(id\);\\\\033\[31m is not there|d700-0 is not there'	why --path /t/hostile
tj 'and are in no option'	"$(one '.docker == null and .podman == null and .kubernetes == null')"	rows --path '/t/d700-0;id/x' --for create
tj 'a component of 256 bytes'	"$(one '.verdict == "denied" and .error == "ENAMETOOLONG" and (.reason | test("at most 255 bytes"))')"	rows --path "/$(printf '%0256d' 0)"
tj 'too deep'	"$(one '.verdict == "unknown" and (.word | test("deep"))')"	rows --path "$deep" --for stat
ts 'nothing asked: of its end'	1 '^running '	why
ts '--to without a second path'	2 '--for rename needs --to'	why --path /x --for rename
ts '--for alone'	2 'go with --path'	why --for read
ts 'no such action'	2 'juggle'	why --path /x --for juggle

runc exec -d --user 7:65532 "$BOX" /busybox/busybox sleep 3600 </dev/null >/dev/null 2>&1
wait_for '[ "$($NSDEBUG ps -o uid,comm --no-headers "$BOX" | grep -c "^ *7 *busybox$")" = 1 ]' 20
peeked=$($NSDEBUG ps -o uid,pid --no-headers "$BOX" | awk '$1 == 7 { print $2 }')
tj 'the variables of another'\''s process'	"$(has_cure '.kind == "mode" and .owner == 7')"	rows --path "/proc/$peeked/environ"
tj 'and its root'	"$(has_cure '.kind == "ptrace" and .error == "EACCES" and .caps == ["CAP_SYS_PTRACE"] and (.reason | test("user and group"))')" \
	rows --path "/proc/$peeked/root/etc/passwd"

mkdir "$TMP/it's \$(a) volume" "$TMP/a:b"
chmod 755 "$TMP/it's \$(a) volume" "$TMP/a:b"
box_run static --ready --bind "$TMP/it's \$(a) volume:/odd"
option=$(rows --path /odd/x --for create | jq -r '.items[0].podman')
eval "set -- $option"
t 'a directory of the host with an odd name is one word of a shell' "$TMP/it's \$(a) volume:/odd:U"	printf '%s' "$2"
box_run debug --ready --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'

# What it says would help is done, and then the same is tried in there.
options=$(rows --path /home/nonroot/x --for create | jq -r '.items[0].docker')
# shellcheck disable=SC2086	# they are words
box_run debug --ready $options -- /busybox/busybox sh -c 'echo >/home/nonroot/x && echo ready; exec /busybox/busybox sleep 3600'
ts 'cured: allowed, and done'	0 'allowed'	why --path /home/nonroot/y --for create
box_run debug --ready --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'
t 'not cured yet'	'denied\n'	sh -c '"$@" -o json --path /t/f600 --for write | jq -r ".items[0].verdict"' - "$NSDEBUG" why "$BOX"
chown 65532 "$T/f600"
t 'cured while it runs'	'allowed\n'	sh -c '"$@" -o json --path /t/f600 --for write | jq -r ".items[0].verdict"' - "$NSDEBUG" why "$BOX"

# In a user namespace: the host's ids are not the container's.
chown 100000:100000 "$T/f600"
box_run debug --ready --userns 100000 --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'
tj 'a host'\''s id, for the host'	"$(one '.kind == "mode" and .host_uid == 165532 and (.cure | test("on the host to 165532"))')"	rows --path /t/f600
tj 'an owner from outside'	"$(one '.kind == "unmapped-id" and .entry == 0 and .path == "/t/d755-0" and (.cure | test("on the host to 165532"))')" \
	rows --path /t/d755-0/new --for create
ts 'over what it has a capability'	1 'CAP_SYS_TIME'	why --cap sys_time

# Mapped ids of a volume: those that it has not are shown as 65534, as is that user's own.
MAP='0 70000'
chown 65532:65532 "$T/f600"
put lost 666 80000
map_ids "$T"
box_run debug --ready --bind "$T.map:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'
tj 'an owner that may be one or none'	"$(one '.verdict == "unknown" and .error == null')"	rows --path /t/lost --for write
tj 'and why'	"$(one '.reason | test("mapped ids of the mount on /t")')"	rows --path /t/lost --for write
tj 'what it is does not matter'	"$(one '.verdict == "allowed"')"	rows --path /t/lost
tj 'one that it has'	"$(one '.verdict == "allowed"')"	rows --path /t/f600 --for write

# One that has made a user namespace for itself has all there, and nothing over what was there before.
box_run debug --ready --no-seccomp -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox unshare -r /busybox/busybox sleep 3600'
wait_for 'rows --cap net_raw | jq -e ".items[0] | .uid == 0 and (.has | length > 30)"' 20
tj 'a port, with a capability over another user namespace'	"$(one '.verdict == "denied" and .kind == "port" and .uid == 0')"	rows --port 80
tj 'a capability over the network'	"$(one '.verdict == "denied" and (.reason | test("its network namespace belongs to"))')"	rows --cap net_raw
tj 'one that counts on the host'	"$(one '.verdict == "denied" and (.reason | test("only in the host"))')"	rows --cap sys_time
tj 'one of its own'	"$(one '.verdict == "allowed" and (.reason | test("its own user namespace [0-9]+ only"))')"	rows --cap chown
tj 'a mount'	"$(one '.kind == "capability" and (.reason | test("its mount namespace belongs to"))')"	rows --syscall mount

setpriv --reuid 65532 --regid 65532 --groups 4,5 sleep 3600 &
at_exit "kill $!"
wait_for '[ "$(cat /proc/$!/comm)" = sleep ]' 10
tj 'groups are numbers'	"$(one '.groups == [4, 5] and .uid == 65532')"	$NSDEBUG why --host "pid://$!" -o json --cap chown

# Links that exchange what a name means while it is walked: whatever it says, it says something.
box_run debug --ready --rw --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; cd /t/d777-0; while :; do
	/busybox/busybox ln -sfn /t/d700-0 turn; /busybox/busybox ln -sfn /etc turn; /busybox/busybox rm -f turn; /busybox/busybox mkdir turn; /busybox/busybox rmdir turn; done'
turning() {
	for _ in $(seq 30); do
		why --path /t/d777-0/turn/passwd -o jsonl >>turns 2>&1
		case $? in 0 | 1 | 5) ;; *) return 1 ;; esac
	done
	jq -r .kind turns | sort -u | grep -vxE 'granted|absent|mode|changed|not-a-directory|unknown' || :
}
t 'names that change while they are walked'	''	turning
