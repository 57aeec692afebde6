#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers of a user's own podman: named by his processes, found, and said to be his word.
# timeout 900
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq podman runc

engine_up rootless
USER_ID=$(id -u nsd-rootless)
engine_run rootless --annotation=team=a base /app/web
A=$CT APID=$CTPID AID=$CTID
every_verb rootless "$A"
look_into rootless "$A" "$APID"
listed rootless "podman://$USER_ID/$A" podman "$APID"
words rootless "$APID" "$A" "podman://$A" "podman://$USER_ID/$A" "$AID" "podman://$AID" \
	"$(echo "$AID" | cut -c-12)" "pid://$APID"
t 'what it runs is listed, once'	''	agrees rootless

row() { echo ".items[] | select(.name == \"$1\") | $2"; }
tj 'whose it is'	"$(row "$A" ".owner == $USER_ID and .claimed and .kind == \"app\" and
	.id == \"$AID\" and .namespace == null and .host_uid > 65535")"	$NSDEBUG list -o json
tj 'what only his files tell'	"$(row "$A" '(.image | startswith("nsd.test/base")) and
	(.created | test("^20.*Z$")) and (.bundle | endswith("/'"$AID"'/userdata"))')"	$NSDEBUG list -o json
ts 'wide has the user'	0 "^$A .* $USER_ID\$"	$NSDEBUG list -o wide
ts 'by label'		0 "^$A "	$NSDEBUG list -l team=a
ts 'by another label'	0 ''		sh -c '! "$NSDEBUG" list -l team=b 2>/dev/null | grep -q "$1"' - "$A"
said() { "$NSDEBUG" ls "$1" /app 2>&1 >out | sort | uniq -c | sed 's/^ *//'; }
t 'that it is his word is said, once' \
	"1 nsdebug: podman://$USER_ID/$A: '$A' is the word of processes of user $USER_ID (nsd-rootless): no file of root tells of it\n" \
	said "$A"
box_up base
t 'of one of root nothing is'	''	said "$BOX"
t 'of a pid nothing is'		''	said "pid://$APID"
ts 'no such user'	3 'no container'	$NSDEBUG ls "podman://$((USER_ID + 1))/$A" /
as_user() {
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups env -i PATH="$PATH" \
		HOME=/home/nsd-rootless XDG_RUNTIME_DIR="/run/user/$USER_ID" \
		CONTAINERS_CONF=/home/nsd-rootless/containers.conf "$@"
}
as_user sh -c 'cd / && podman exec "$1" /app/server 9999' - "$A" >exec.out 2>&1 &
wait_for "[ \$($NSDEBUG list -o jsonl 2>out | grep -c '\"$A\"') = 1 ]" 10 && pass 'an exec is no other container' ||
	fail 'an exec is no other container' "$($NSDEBUG list)"
ts 'completion'		0 "^$A\$"	$NSDEBUG __complete ls "$A"

# A pod: its infra container is no application.
at_exit "'$SRC/tests/fixtures/engine' rm rootless '$A-pod'"
as_user sh -c 'cd / && podman pod create --network none --name "$1"' - "$A-pod" >pod 2>&1 ||
	fail 'a pod' "$(cat pod)"
engine_run rootless --pod="$A-pod" base /app/web
tj 'its infra container is a sandbox'	'[.items[] | select(.claimed and .kind == "sandbox")] | length == 1' \
	$NSDEBUG list -o json
tj 'and not among --all'	"[.items[].host_pid] | index($CTPID) != null and
	index($(pgrep -n -U "$USER_ID" -f '^/catatonit|^/pause')) == null"	\
	sh -c '"$NSDEBUG" ps -o jsonl --all 2>/dev/null | jq -s "{items: .}"'

# Without a cgroup of its own it is in that of who started it, with all else that is there.
sleep 1000 | runc exec -d "$BOX" /app/server 9998 >/dev/null 2>&1 &
unshare -m sleep 1000 | runc exec -d "$BOX" /app/server 9997 >/dev/null 2>&1 &
writers() {
	"$NSDEBUG" fds --type pipe -o json "$BOX" | jq -c '[.items[] | select(.fd == 0).peers[] | select(.pid == null) | .container, .comm]' >out
	[ "$(grep -o sleep out | wc -l)" = 2 ]
}
at_exit "pkill -P $$ -x sleep || :"
wait_for writers 20
t 'what else is in its cgroup is not its' '[null,"sleep",null,"sleep"]\n' cat out
pkill -P $$ -x sleep

"$SRC/tests/fixtures/engine" rm rootless "$CT"
engine_run rootless --userns=keep-id base
look_into 'keep-id' "$CT" "$CTPID"
engine_run rootless --pid=host base
look_into 'host pid' "$CT" "$CTPID"
OLD=$CT
"$SRC/tests/fixtures/engine" rm rootless "$CT"
ts 'what is removed is gone'	3 "no container '$OLD'"	$NSDEBUG ls "$OLD" /
