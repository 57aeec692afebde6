#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tasks of containerd that ctr started, in a namespace of their own.
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq ctr

engine_up containerd
engine_run containerd base /app/web
every_verb ctr "$CT"
look_into ctr "$CT" "$CTPID"
listed ctr "containerd://nsd/$CT" containerd "$CTPID"
words ctr "$CTPID" "containerd://nsd/$CT" "containerd://$CT" "pid://$CTPID"
ts 'in its namespace'		0 '^web$'	$NSDEBUG --namespace nsd ls "$CT" /app
ts 'not in another'		3 ''		$NSDEBUG --namespace moby ls "$CT" /app
t 'what containerd runs is listed, once'	''	agrees containerd

# ---- the same id in another namespace is another container

OTHER=nsd-other-$$
at_exit "ctr namespace rm $OTHER"
at_exit "ctr -n $OTHER images ls -q | xargs ctr -n $OTHER images rm --sync"
tar -C "$FX/images/base" -c . | ctr -n "$OTHER" images import - >out 2>&1
at_exit "ctr -n $OTHER container rm $CT"
at_exit "ctr -n $OTHER task rm -f $CT"
ctr -n "$OTHER" run -d --null-io --read-only --mount type=tmpfs,src=t,dst=/tmp \
	nsd.test/base:latest "$CT"
OTHERPID=$(ctr -n "$OTHER" task ls | awk -v c="$CT" '$1 == c { print $2 }')
ts 'two of an id: ambiguous'	2 'ambiguous'	$NSDEBUG ls "$CT"
ts 'two of an id: both are named'	2 "containerd://$OTHER/$CT"	$NSDEBUG ls "$CT"
words 'two of an id' "$CTPID" "containerd://nsd/$CT"
words 'two of an id' "$OTHERPID" "containerd://$OTHER/$CT"
tj 'two of an id: by namespace'	"[.items[].host_pid] == [$OTHERPID]"	\
	$NSDEBUG --namespace "$OTHER" ps -o json "$CT"

# ---- its life

ctr -n nsd task pause "$CT"
tj 'paused'	".items[] | select(.host_pid == $CTPID) | .state == \"paused\""	$NSDEBUG list -o json
ctr -n nsd task resume "$CT"
kill -KILL "$CTPID"
wait_for '[ "$(ctr -n nsd task ls | awk -v c="$CT" '\''$1 == c { print $3 }'\'')" = STOPPED ]' 20
ts 'exited: said'	3 'exited|gone'	$NSDEBUG ls "containerd://nsd/$CT" /app
ts 'exited: not listed'	0 'exited, not shown'	$NSDEBUG list
