#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All engines at once: a name that two of them have; and all of it without their daemons, which
# are stopped where they stand, as a daemon is that hangs.
# serial
# timeout 900
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq docker podman ctr

ENGINE=$SRC/tests/fixtures/engine
: >all
add() { # WORD PID
	echo "$1 $2" >>all
}

for e in docker podman rootless lxc nspawn; do
	engine_up $e
done
engine_run docker base
add "docker://$CT" "$CTPID"
SAME=$CT DOCKERPID=$CTPID
engine_run containerd base
add "containerd://nsd/$CT" "$CTPID"
engine_run podman base
add "podman://$CT" "$CTPID"
RUNTIME=crun engine_run podman base
add "podman://$CT" "$CTPID"
engine_run rootless base
add "podman://$(id -u nsd-rootless)/$CT" "$CTPID"
engine_run lxc base
add "lxc://$CT" "$CTPID"
engine_run nspawn base
add "machine://$CT" "$CTPID"
# Where containerd is another's, its CRI is left alone.
at_exit "HOLDER=$$ '$ENGINE' down cri"
if HOLDER=$$ "$ENGINE" up cri 2>why; then
	engine_pod cri web=base
	add "$CT" "$CTPID"
else
	skip 'pods among them' "$(cat why)"
fi
box_up base
add "runc://$BOX" "$BOXPID"
RUNTIME=crun box_up base
add "crun://$BOX" "$BOXPID"

missing() { # what list does not show just once, under just this word
	$NSDEBUG list -o jsonl 2>errors | jq -r '"\(.target) \(.host_pid)"' >seen
	while read -r w; do
		[ "$(grep -cFx "$w" seen)" = 1 ] || echo "$w"
	done <all
	awk '{ print $2 }' seen | sort | uniq -d
}
unreached() {
	while read -r w p; do
		$NSDEBUG ls "$w" /app >out 2>errors && grep -qx server out || { echo "ls $w:"; cat errors; }
		$NSDEBUG ps -o host_pid --no-headers "$w" >out 2>errors && grep -qw "$p" out ||
			{ echo "ps $w:"; cat errors; }
	done <all
}
t 'all are listed, each once'	''	missing
t 'each word is its container'	''	unreached

# ---- one name, two engines

OTHER=$SAME
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -t 0 '$OTHER'"
CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rename "$(awk '/^podman/ { print substr($1, 10); exit }' all)" "$OTHER"
sed -i "0,/^podman:/s,^podman://[^ ]*,podman://$OTHER," all
ts 'a name of two: ambiguous'	2 'ambiguous'		$NSDEBUG ls "$SAME" /app
ts 'a name of two: one is said'	2 "docker://$SAME"	$NSDEBUG ls "$SAME" /app
ts 'a name of two: the other, too'	2 "podman://$SAME"	$NSDEBUG ls "$SAME" /app
words 'a name of two' "$DOCKERPID" "docker://$SAME"
words 'a name of two' "$(awk '/^podman/ { print $2; exit }' all)" "podman://$SAME"

# ---- none of the daemons answers, nor the shims and monitors that hold the containers

at_exit "'$ENGINE' wake docker; '$ENGINE' wake containerd"
if ! "$ENGINE" stall docker 2>why || ! "$ENGINE" stall containerd 2>why; then
	skip 'daemons hang' "$(cat why)"
	exit 0
fi
for p in $(awk '!/^(runc|crun):/ { print $2 }' all); do
	parent=$(awk '/^PPid/ { print $2 }' "/proc/$p/status")
	[ "$parent" -gt 1 ] || continue
	at_exit "kill -CONT $parent"
	kill -STOP "$parent"
done
ts 'docker hangs indeed'	124 ''	timeout 2 docker -H unix:///run/docker.sock ps
ts 'containerd hangs indeed'	124 ''	timeout 2 ctr version
t 'daemons hang: all are listed, each once'	''	missing
t 'daemons hang: each word is its container'	''	unreached
every_verb 'daemons hang' "docker://$SAME"
