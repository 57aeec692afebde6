#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What no state file tells of: LXC, systemd-nspawn, and processes with a root of their own that no
# runtime known here started.
# timeout 900
# serial
# It says what a machine's manager would of one of these
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq nsenter strace unshare

row() { echo ".items[] | select(.name == \"$1\") | $2"; }

# ---- LXC

engine_up lxc
engine_run lxc base /app/web
every_verb lxc "$CT"
look_into lxc "$CT" "$CTPID"
listed lxc "lxc://$CT" lxc "$CTPID"
words lxc "$CTPID" "$CT" "lxc://$CT" "pid://$CTPID"
t 'lxc: all are listed, once'	''	agrees lxc
tj 'lxc: it is the word of root'	"$(row "$CT" '.owner == 0 and (.claimed | not) and .kind == "app"')"	\
	$NSDEBUG list -o json
t 'lxc: so nothing need be said'	''	sh -c '"$NSDEBUG" ls "$1" / 2>&1 >/dev/null' - "$CT"
ts 'lxc: another name'	3 'no container'	$NSDEBUG ls "lxc://$CT-2" /

engine_run lxc debug
nsenter -t "$CTPID" -m -p /busybox/busybox unshare -m /busybox/busybox sleep 100000 &
wait_for "[ \$(stat -Lc %i /proc/[0-9]*/ns/pid 2>/dev/null | grep -c \$(stat -Lc %i /proc/$CTPID/ns/pid)) -gt 1 ]" 10 ||
	fail 'lxc: another process'
t 'lxc: a service with its own mounts is no container'	'1\n' sh -c '"$NSDEBUG" list -o jsonl 2>/dev/null |
	jq -r "select(.runtime == \"plain\") | .host_pid" | while read -r p; do
		[ "$(stat -Lc %i "/proc/$p/ns/pid")" != "$(stat -Lc %i "/proc/$1/ns/pid")" ] || echo "$p"
	done; echo 1' - "$CTPID"

lxc_userns() {
	dir=/var/lib/lxc/$1
	mkdir -p "$dir/root"
	mount --bind "$FX/roots/base" "$dir/root"
	at_exit "lxc-stop -k -n '$1'; umount '$dir/root'; rm -rf '$dir'"
	cat >"$dir/config" <<-X
		lxc.rootfs.path = dir:$dir/root
		lxc.rootfs.options = ro
		lxc.idmap = u 0 400000 65536
		lxc.idmap = g 0 400000 65536
		lxc.init.cmd = /app/server
		lxc.mount.auto = proc:mixed
		lxc.mount.entry = tmpfs tmp tmpfs nosuid,nodev,mode=1777 0 0
		lxc.net.0.type = empty
		lxc.console.path = none
		lxc.tty.max = 0
		lxc.pty.max = 0
	X
	# without newuidmap it maps by itself: root need not have sub-ids
	PATH=/nowhere "$(command -v lxc-start)" -n "$1" -o "$TMP/log"
}
if lxc_userns "nsd-userns-$$" 2>why; then
	pid=$(lxc-info -n "nsd-userns-$$" -pH)
	wait_for '[ "$(cat "/proc/$pid/comm")" = server ]' 10 || fail 'lxc: user namespace: it is begun'
	listed 'lxc: user namespace' "lxc://nsd-userns-$$" lxc "$pid"
	tj 'lxc: user namespace: both ids'	'.items[0].host_uid >= 400000 and .items[0].uid < 65536'	\
		$NSDEBUG ps -o json "nsd-userns-$$"
else
	skip 'lxc: user namespace' "$(cat why; tail -n 3 log)"
fi

# ---- systemd-nspawn

engine_up nspawn
engine_run nspawn base /app/web
every_verb nspawn "$CT"
look_into nspawn "$CT" "$CTPID"
listed nspawn "machine://$CT" nspawn "$CTPID"
words nspawn "$CTPID" "$CT" "machine://$CT" "pid://$CTPID"
t 'nspawn: all are listed, once'	''	agrees nspawn
tj 'nspawn: it is the word of root'	"$(row "$CT" '.owner == 0 and (.claimed | not)')"	$NSDEBUG list -o json

machine() { # NAME LEADER CLASS SINCE: what systemd-machined writes down
	mkdir -p /run/systemd/machines
	at_exit "rm -f '/run/systemd/machines/$1'"
	cat >"/run/systemd/machines/$1" <<-X
		# This is private data. Do not parse.
		NAME=$1
		SCOPE=machine-$1.scope
		SERVICE=systemd-nspawn
		ROOT=/srv/$1
		LEADER=$2
		CLASS=$3
		REALTIME=${4}000000
		MONOTONIC=1
	X
}
machine "reg-$$" "$CTPID" container "$(date +%s)"
listed 'registered' "machine://reg-$$" nspawn "$CTPID"
words 'registered' "$CTPID" "reg-$$" "machine://reg-$$"
ts 'registered: under no other name'	3 'no container'	$NSDEBUG ls "$CT" /
t 'registered: found without a search'	"$(processes ps "pid://$CTPID")\n"	processes ps "reg-$$"
machine "reg-$$" "$CTPID" vm "$(date +%s)"
ts 'a virtual machine is none'	3 'no container'	$NSDEBUG ls "reg-$$" /
machine "reg-$$" "$CTPID" container 1000000000
ts 'its number is another process now'	3 'another process'	$NSDEBUG ls "reg-$$" /
chmod 666 "/run/systemd/machines/reg-$$"
ts 'that others may write: not believed'	4 'only root can write'	$NSDEBUG ls "machine://reg-$$" /
rm "/run/systemd/machines/reg-$$"

at_a_path() { # ARGUMENTS: how a machine without a name of its own is called
	systemd-nspawn --register=no --keep-unit -q --read-only --tmpfs=/tmp --timezone=off \
		--resolv-conf=off "$@" /app/server -M other 8099 >log 2>&1 &
	spawned=$!
	at_exit "kill $spawned; wait $spawned"
	# its first child only prepares what the second one starts, and is gone soon
	wait_for "pgrep -P $spawned -x server >pid" 10 || fail 'nspawn starts' "$(cat log)"
}
mkdir "$TMP/named-$$"
mount --bind "$FX/roots/base" "$TMP/named-$$"
at_exit "umount '$TMP/named-$$'"
at_a_path --private-network --setenv WORD=-Mother -D "$TMP/named-$$"
listed 'by its directory' "machine://named-$$" nspawn "$(cat pid)"
kill "$spawned"
wait "$spawned"
at_a_path -qD "$TMP/named-$$" --machine "other-$$"
listed 'by --machine NAME' "machine://other-$$" nspawn "$(cat pid)"
kill "$spawned"
wait "$spawned"

# ---- plain

box_run base --ready
mkdir bundle state
jq '.process.args = ["/app/server", "8098"]' "$FX/boxes/$BOX/config.json" >bundle/config.json
plain=elsewhere-$$
runc --root "$TMP/state" run -d -b bundle "$plain" >log 2>&1 </dev/null || fail 'runc with another root' "$(cat log)"
at_exit "runc --root '$TMP/state' delete -f $plain"
PID=$(runc --root "$TMP/state" state "$plain" | jq .pid)
every_verb plain "$plain"
look_into plain "$plain" "$PID"
listed plain "pid://$PID" plain "$PID"
words plain "$PID" "$plain" "pid://$PID"
ts 'plain: not by the beginning of it'	3 'no container'	$NSDEBUG ls "${plain%?}" /app
tj 'plain: named by its cgroup'	"$(row "$plain" '.kind == "plain" and .claimed and .id == .name')"	\
	$NSDEBUG list -o json
ts 'plain: that is said'	0 "pid://$PID: '$plain' is the word of "	$NSDEBUG ls "$plain" /app
ts 'one of the same root is another'	0 "^$BOX +- +runc "	$NSDEBUG list
tj 'plain: --all has it'	"[.items[].host_pid] | index($PID) != null"	\
	sh -c '"$NSDEBUG" ps -o jsonl --all 2>/dev/null | jq -s "{items: .}"'

hex=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
runc --root "$TMP/state" run -d -b bundle "$hex" >log 2>&1 </dev/null || fail 'runc with a long id' "$(cat log)"
at_exit "runc --root '$TMP/state' delete -f $hex"
PID=$(runc --root "$TMP/state" state "$hex" | jq .pid)
wait_for '[ "$(cat "/proc/$PID/comm")" = server ]' 10 || fail 'a long id: it is begun'
tj 'an id in its cgroup'	".items[] | select(.id == \"$hex\") | .name == \"server\" and .host_pid == $PID" \
	$NSDEBUG list -o json
words 'an id in its cgroup' "$PID" "$hex" "$(echo "$hex" | cut -c-12)"

up() { # NAME COMMAND...: sets PID
	name=$1
	shift
	"$@" &
	PID=$!
	at_exit "kill -9 $PID"
	wait_for '[ "$(cat /proc/$PID/comm)" = "$name" ]' 10 || fail "$name starts"
}
up busybox unshare -m --root "$FX/roots/debug" /busybox/busybox sleep 100000
listed 'unshare --root' "pid://$PID" plain "$PID"
tj 'unshare --root: it shares its cgroup, so it has its own name'	\
	".items[] | select(.host_pid == $PID) | .name == \"busybox\" and .id == null"	$NSDEBUG list -o json
ts 'unshare --root: which is no word for it'	3 'no container'	$NSDEBUG ls busybox /
up busybox unshare -m "$FX/roots/debug/busybox/busybox" sleep 100000
none() { ! "$NSDEBUG" list -o jsonl 2>errors | grep "\"host_pid\":$1,"; }
t 'unshare -m with the host root: none'	''	none "$PID"
