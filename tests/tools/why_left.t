#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --path of a container that has ended: what it says of one that runs it says of the same one
# afterwards, by its configuration and its files.
. tests/lib.sh
need jq runc setfacl

mkdir -p data/open data/shut/deep data/group data/acl data/sub ro inner empty
for d in open shut group acl sub shut/deep; do echo x >data/$d/file; done
cp "$O/tests/lib/dies" data/open/program
cp "$O/tests/lib/dies" ro/program
printf '#!/nowhere\n' >data/open/script
printf '#!/busybox/sh\n' >data/open/shell
chmod 755 data/open/program ro/program data/open/script data/open/shell
echo x >ro/file
echo x >inner/file
ln -s /data/shut/file data/open/link
ln -s ../../../../../../../../../../../..$TMP/canary data/open/up
echo secret >"$TMP/canary"
ln -s loop data/open/loop
chmod 777 data data/open
chmod 700 data/shut
chown 0:4242 data/group data/group/file
chmod 750 data/group
chmod 1777 data/sub
chmod 640 data/acl/file
cp data/acl/file data/acl/none
chmod 640 data/acl/none
setfacl -m u:65532:rw,m::r data/acl/file 2>out || skip_all "$(cat out)"
setfacl -m u:65532:- data/acl/none
chmod 755 data/acl ro inner empty
paths='/ /etc/passwd /busybox/none /data/open /data/open/file /data/open/none /data/open/script
	/data/open/shell /data/open/link /data/open/loop /data/shut/deep/file /data/group/none
	/data/acl/file /data/acl/none /data/sub/file /data/in/file /ro/none /ro/program /one
	data/open/../open/file /data/open/'
LONG=$(printf '%0256d' 0)
paths="$paths/$LONG /$LONG"
whats='read write create exec delete chmod rmdir'
answers=$(($(echo $paths | wc -w) * $(echo $whats | wc -w)))

# Each answer in a line, without what only a process has.
all() {
	: >err
	for _p in $paths; do
		for _w in $whats; do
			"$NSDEBUG" why "$BOX" --path "$_p" --for "$_w" -o json 2>>err | jq -c --arg p "$_p" --arg w "$_w" \
				'[$p, $w] + (.items[0] | [.verdict, .kind, .error, .path, .mode, .owner, .class, .reason, .caps, .has])'
		done
	done
}
same() { # NAME OPTION...
	NAME=$1
	shift
	box_run debug --rw --overlay --bind "$TMP/data:/data" --bind "$TMP/ro:/ro:ro" --bind "$TMP/inner:/data/in" \
		--bind "$TMP/ro/file:/one:ro" "$@" -- /busybox/busybox sleep 100000
	all >runs
	t "$NAME: each is answered while it runs" "" cat err
	runc kill "$BOX" KILL
	wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
	all >ended
	t "$NAME: and when it has ended" "" cat err
	# what mounts are of, and on which device, the configuration does not tell
	for f in runs ended; do sed 's/ (ext4)//; s/ext4/bind/g' $f >$f.said; done
	[ "$(wc -l <runs)" = "$answers" ] || fail "$NAME: all is answered" "$(head runs)"
	if cmp -s runs.said ended.said; then
		pass "$NAME: $(wc -l <runs) answers are the same as while it ran"
	else
		fail "$NAME: the answers are the same as while it ran" "$(diff runs.said ended.said)"
	fi
}
mkdir -p data/in
same 'as nobody'
DEAD=$BOX
grep -c '"acl"' ended >count
ts 'ACLs among them' 0 '^[1-9]' cat count
t 'nothing of the node' '' sh -c 'grep -h canary ended || :'
same 'as root with some capabilities' --uid 0 --caps chown,fowner
ts 'not to the node' 5 'unknown .*mounted at /tmp, a tmpfs, which was empty when it began' "$NSDEBUG" why "$DEAD" --path /data/open/up
box_run debug --uid 0 --caps '' -- /busybox/busybox true
wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
tj 'root without any' '.items[0].has == [] and .items[0].verdict == "denied"' \
	"$NSDEBUG" why "$BOX" --path /etc/passwd --for write -o json
tj 'what its root is on is as the node has it' '.items[0] | .kind == "read-only-mount" and (.fstype | length) > 0 and
	(.reason | test("overlay") | not)' "$NSDEBUG" why "$BOX" --path /etc/passwd --for write -o json
ts 'of a process that is no more nothing is asked' 3 'has ended: without --pid it is judged' "$NSDEBUG" why "$BOX" --path / -p 1
ts 'the verdict is the exit status' 1 'denied .*mode' "$NSDEBUG" why "$DEAD" --path /data/shut/file
ts 'and a cure is there' 1 'fsGroup: 65532' "$NSDEBUG" why "$DEAD" --path /data/shut/file --no-headers -o wide
