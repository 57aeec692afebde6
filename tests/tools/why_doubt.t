#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why of a container that has ended, where the file of its program or its capabilities decide: no
# answer is another one than of the same container while it ran; at most it is not known.
. tests/lib.sh
need jq runc setcap setfattr

mkdir -p bin data/shut
BOX_BIN=$FX/roots/debug/busybox/busybox
chmod 755 bin data
chmod 700 data/shut
echo x >data/shut/file
echo x >data/open
chmod 600 data/open
echo x >data/group
chown 0:4242 data/group
chmod 640 data/group
file() { # NAME MODE OWNER [CAPABILITIES]
	cp "$BOX_BIN" "bin/$1"
	chown "$3" "bin/$1"
	chmod "$2" "bin/$1"
	[ $# = 3 ] || setcap "$4" "bin/$1"
}
script() { # NAME INTERPRETER
	printf '#!%s sleep\n' "$2" >"bin/$1"
	chmod 755 "bin/$1"
}
file plain 755 0:0
file reads 755 0:0 cap_dac_read_search+ep
file binds 755 0:0 cap_net_bind_service+ep
file root 4755 0:0
file nobody 4755 65532:0
file group 2755 0:4242
mkdir many
mount -t tmpfs none many
at_exit "umount $TMP/many"
chmod 755 many
cp -a bin/reads many/hidden
for i in $(seq 60); do setfattr -n "user.$(printf '%0200d' "$i")" -v x many/hidden 2>out || break; done
script script /bin2/reads
script script2 /bin2/script
script plainly /bin2/plain
script nowhere /nonesuch

asks() {
	for _p in /data/shut/file /data/open /data/group /etc/passwd; do
		for _w in read write chown; do ask --path $_p --for $_w; done
	done
	for _c in NET_BIND_SERVICE DAC_READ_SEARCH CHOWN NET_RAW SYS_ADMIN; do ask --cap $_c; done
	for _c in chroot getpid; do ask --syscall $_c; done
	ask --port 80
	ask --port 8080
}
ask() {
	"$NSDEBUG" why "$D" "$@" -o json 2>err | jq -r --arg w "$*" '"\($w): \(.items[0].verdict)"'
}

# What was not known of it when it had ended, of those that are known while it runs.
doubts() { # NAME MIN MAX FILTER PROGRAM
	WHAT=$1
	_min=$2
	_max=$3
	box_run debug --bind "$TMP/bin:/bin2" --bind "$TMP/many:/many" --bind "$TMP/data:/data" -- /busybox/busybox true
	D=nsd-doubt-$$
	rm -rf bundle
	mkdir bundle
	jq '.linux.cgroupsPath = "/'"$D"'" | .process.noNewPrivileges = false | del(.linux.seccomp) |
		.process.capabilities.bounding = ["CAP_NET_RAW", "CAP_NET_BIND_SERVICE", "CAP_DAC_READ_SEARCH",
		"CAP_DAC_OVERRIDE", "CAP_CHOWN"] | .process.args = ["'"$5"'", "sleep", "100000"] |
		'"$4" "$FX/boxes/$BOX/config.json" >bundle/config.json
	runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail "$WHAT: runc run" "$(cat out)"
	pid=$(runc state "$D" | jq .pid)
	begun "$pid"
	asks >runs
	runc kill "$D" KILL
	wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
	asks >ended
	"$NSDEBUG" why "$D" --cap NET_RAW -o json 2>err | jq -r '.items[0].reason' >reason
	runc delete -f "$D" >out 2>&1
	t "$WHAT: each is answered" 21 sh -c 'grep -c ": \(allowed\|denied\|unknown\)$" ended | tr -d "\n"'
	t "$WHAT: none is another one" '' sh -c 'diff runs ended | grep "^> .*: [ad]" || :'
	t "$WHAT: what is not known" yes sh -c '_n=$(grep -c unknown ended)
		if [ "$_n" -ge "$1" ] && [ "$_n" -le "$2" ]; then printf yes; else echo "$_n"; cat ended; fi' - "$_min" "$_max"
}
at_exit "runc delete -f nsd-doubt-$$"
ROOT='.process.user = {uid: 0, gid: 0} | .process.capabilities.permitted = .process.capabilities.bounding |
	.process.capabilities.effective = .process.capabilities.bounding'
doubts 'a program that gives none' 0 0 . /bin2/plain
doubts 'one with a capability of its own' 5 20 . /bin2/reads
grep -q 'SYS_ADMIN: denied' ended || fail 'what the bounding set has not is refused' "$(cat ended)"
t 'what others may read is read' 1 sh -c 'grep -c "passwd --for read: allowed" ended | tr -d "\n"'
doubts 'with one for a port' 1 20 . /bin2/binds
if [ "$i" = 60 ] && [ ! -s out ]; then
	doubts 'whose attributes are many' 5 20 . /many/hidden
else
	skip 'whose attributes are many' "$(cat out)"
fi
doubts 'setuid to root' 10 21 . /bin2/root
doubts 'setuid to itself' 0 0 . /bin2/nobody
doubts 'setgid' 10 21 . /bin2/group
doubts 'a script of one with a capability' 5 20 . /bin2/script
doubts 'and of that' 5 20 . /bin2/script2
doubts 'a script of one that gives none' 0 0 . /bin2/plainly
doubts 'no_new_privs: setuid' 0 0 '.process.noNewPrivileges = true' /bin2/root
doubts 'no_new_privs: setgid' 0 0 '.process.noNewPrivileges = true' /bin2/group
doubts 'no_new_privs: capabilities' 0 0 '.process.noNewPrivileges = true' /bin2/reads
doubts 'no_new_privs: capabilities that were permitted' 5 20 '.process.noNewPrivileges = true |
	.process.capabilities.permitted = ["CAP_DAC_READ_SEARCH"]' /bin2/reads
doubts 'root: one of root' 0 0 "$ROOT" /bin2/root
doubts 'root: one with a capability' 0 0 "$ROOT" /bin2/reads
doubts 'root: setuid to nobody' 10 21 "$ROOT" /bin2/nobody
doubts 'root: setgid' 10 21 "$ROOT" /bin2/group
doubts 'root: no_new_privs' 0 0 "$ROOT"' | .process.noNewPrivileges = true | .process.capabilities.permitted = ["CAP_CHOWN"] |
	.process.capabilities.effective = ["CAP_CHOWN"]' /bin2/plain
doubts 'ambient' 0 0 '.process.capabilities |= (.permitted = ["CAP_CHOWN"] | .inheritable = ["CAP_CHOWN"] | .ambient = ["CAP_CHOWN"])' /bin2/plain
grep -q 'CHOWN: allowed' ended || fail 'it has it' "$(cat ended)"
doubts 'ambient, not inheritable' 0 0 '.process.capabilities |= (.permitted = ["CAP_CHOWN"] | .ambient = ["CAP_CHOWN"])' /bin2/plain
doubts 'ambient, not permitted' 0 0 '.process.capabilities |= (.inheritable = ["CAP_CHOWN"] | .ambient = ["CAP_CHOWN"])' /bin2/plain
doubts 'ambient, which a file takes' 5 21 '.process.capabilities |= (.permitted = ["CAP_CHOWN"] | .inheritable = ["CAP_CHOWN"] |
	.ambient = ["CAP_CHOWN"])' /bin2/binds

# ---- what runs it is not here

box_run debug --bind "$TMP/bin:/bin2" -- /bin2/plain true
wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
CONFIG=$FX/boxes/$BOX/config.json
cp "$CONFIG" asis
with() { jq '.process.noNewPrivileges = false | .process.capabilities.bounding = ["CAP_CHOWN"] | '"$1" asis >"$CONFIG"; }
is() { # NAME FILTER
	tj "$1" ".items[0] | ($2)" "$NSDEBUG" why "$BOX" --cap CHOWN -o json
}
with .
is 'its program is here: nothing is guessed' '.verdict == "denied" and (.guess | not)'
with '.process.args[0] = "/bin2/nowhere"'
is 'a script whose interpreter is not' '.verdict == "unknown" and (.reason | test("script"))'
with '.process.args[0] = "/nonesuch"'
is 'its program is not' '.verdict == "denied" and .guess'

# ---- in which groups

box_run debug --bind "$TMP/data:/data" -- /busybox/busybox true
wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
CONFIG=$FX/boxes/$BOX/config.json
cp "$CONFIG" asis
with .
tj 'a group that it is not in' '.items[0].verdict == "denied"' "$NSDEBUG" why "$BOX" --path /data/group -o json
with '.annotations = {"run.oci.keep_original_groups": "1"}'
tj 'but if it has those of who started it' '.items[0].verdict == "unknown"' "$NSDEBUG" why "$BOX" --path /data/group -o json
