#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dockerd with a containerd of its own, data-root and userns-remap, as its daemon.json says.
# serial
# There can be one dockerd only
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq docker

engine_up dockerown
engine_run dockerown base /app/web
every_verb docker "$CT"
look_into docker "$CT" "$CTPID"
listed docker "docker://$CT" docker "$CTPID"
words docker "$CTPID" "docker://$CT" "docker://$CTID" "$CTID" "$(echo "$CTID" | cut -c-12)" "containerd://moby/$CTID" \
	"pid://$CTPID"
BASE=$(awk '$1 == 0 { print $2 }' "/proc/$CTPID/uid_map")
tj 'ids of files in both views'	".items[] | select(.name == \"passwd\") | .uid == 0 and
	.host_uid == $BASE and $BASE > 0"	$NSDEBUG ls -o json "$CT" /etc
tj 'and of processes'	"[.items[] | [.uid, .host_uid]] == [[65532, $BASE + 65532]]"	$NSDEBUG ps -o json "$CT"
# Whose ids are those of its files, though dockerd maps others: it is judged when it has ended.
ids() { # VERDICT [OPTION...]
	_want=$1
	shift
	D=nsd-own-$$-$#
	at_exit "docker -H unix:///run/docker.sock rm -f $D"
	docker -H unix:///run/docker.sock run --name "$D" --network none --user 65532 "$@" nsd.test/base:latest /app/nonesuch >out 2>&1
	ts "as whom it ran, with ${1:-what dockerd maps}" "$_want" '' "$NSDEBUG" why "$D" --path /etc/passwd --for write
	docker -H unix:///run/docker.sock rm "$D" >out 2>&1
}
ids 5
ids 1 --userns host
t 'what docker runs is listed, once'	''	agrees dockerown
at_exit "'$SRC/tests/fixtures/engine' wake dockerown"
"$SRC/tests/fixtures/engine" stall dockerown
look_into 'dockerd hangs' "$CT" "$CTPID"
words 'dockerd hangs' "$CTPID" "docker://$CT"
