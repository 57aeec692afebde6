#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# What container root can see of nsdebug, and do to it: nothing where it has a pid namespace of its
# own; where it shares the host's, it sees a process that it may not touch.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc

COUNT=${COUNT:-100}

# Every verb, COUNT times in all.
busy() {
	_i=0
	while [ $_i -lt "$COUNT" ]; do
		"$NSDEBUG" cat "$BOX" /etc/passwd
		"$NSDEBUG" ls -l@ "$BOX" / /etc
		"$NSDEBUG" limits "$BOX"
		! has_ps || "$NSDEBUG" ps "$BOX"
		! has_stack || "$NSDEBUG" stack "$BOX"
		! has_fds || { "$NSDEBUG" fds -a "$BOX"; "$NSDEBUG" env "$BOX"; }
		_i=$((_i + 1))
	done >/dev/null 2>&1
}
has_ps() { false; }
has_stack() { false; }
has_fds() { false; }
! has_verb ps || has_ps() { true; }
! has_verb stack || has_stack() { true; }
! has_verb fds || has_fds() { true; }

# Starts the spy as a process of the container, and ends it: its findings are in $TMP/spied.
spy() { # NAME
	: >"$TMP/spied"
	: >"$TMP/spy.says"
	runc exec "$BOX" /h/spy "$1" /spied >"$TMP/spy.says" 2>&1 </dev/null &
	SPY=$!
	wait_for 'grep -q ready "$TMP/spy.says"' 10 || fail 'the spy is at work' "$(cat "$TMP/spy.says")"
}
spy_end() {
	inside 'kill -TERM $(pidof spy)'
	wait "$SPY"
	cp "$ROOT/spied" "$TMP/spied"
}
spied() { awk -v w="$1" '$2 == w { print $1 }' "$TMP/spied"; }

# NAME OPTION...: 41, in a pid namespace of its own
alone() {
	_case=$1
	shift
	hostile_box "$@" -- ''
	ts "41 $_case: benign" 0 root "$NSDEBUG" cat "$BOX" /etc/passwd
	spy nsdebug
	busy
	spy_end
	if [ "$(spied seen)" = 0 ] && [ "$(spied new)" -le 3 ]; then
		pass "41 $_case: never seen in $(spied scans) scans while every verb ran $COUNT times"
	else	# a new one or two are the `runc exec` that ends the spy
		fail "41 $_case: never seen" "$(cat "$TMP/spied")"
	fi
}

alone 'default capabilities' --caps $DEFAULT_CAPS
alone 'and SYS_PTRACE' --caps $DEFAULT_CAPS,sys_ptrace
alone 'all that matter' --caps $DEFAULT_CAPS,sys_ptrace,sys_admin,dac_read_search,bpf,perfmon
alone 'user namespace' --userns 100000 --caps $DEFAULT_CAPS
alone 'user namespace, all' --userns 100000 --caps $DEFAULT_CAPS,sys_ptrace,sys_admin

# The control, in the last one: a process of that name that is in there is seen and taken over.
spy nsdebug
inside 'cp /bb/sleep /nsdebug; /nsdebug 2' >/dev/null 2>&1 ||
	inside 'cp /busybox/busybox /nsdebug; (exec -a sleep /nsdebug 2) 2>/dev/null; true'
spy_end
[ "$(spied fd)" -gt 0 ] && [ "$(spied mem)" -gt 0 ] && [ "$(spied ptrace)" -gt 0 ] &&
	pass "41 trap: what runs inside is seen $(spied seen) times and can be taken over" ||
	fail '41 trap: what runs inside is seen and can be taken over' "$(cat "$TMP/spied")"

# ---- 42: the host's pid namespace ----

# It has a name of its own: other tests run theirs without capabilities, and those can be taken over.
NAME=nsd-$$
cp "$NSDEBUG" "$TMP/$NAME"
NSDEBUG=$TMP/$NAME
hostile_box --pidns host --caps $DEFAULT_CAPS -- ''
ts '42 hostPID: benign' 0 root "$NSDEBUG" cat "$BOX" /etc/passwd
spy "$NAME"
busy
spy_end
if [ "$(spied seen)" -gt 10 ]; then
	pass "42 hostPID: it is seen, $(spied seen) times"
else
	fail '42 hostPID: it is seen, or this shows nothing' "$(cat "$TMP/spied")"
fi
for w in exe fd mem environ maps root cwd map_files ptrace getfd readv; do
	[ "$(spied $w)" = 0 ] && pass "42 hostPID: $w refused" ||
		fail "42 hostPID: $w refused" "$(cat "$TMP/spied")"
done
# a host process of root that gave its capabilities away stays dumpable: it can be taken over
cp /bin/busybox "$TMP/sleep"
spy sleep
setpriv --bounding-set=-all --inh-caps=-all "$TMP/sleep" 2
spy_end
[ "$(spied fd)" -gt 0 ] && [ "$(spied mem)" -gt 0 ] && [ "$(spied ptrace)" -gt 0 ] &&
	pass '42 trap: a host process without capabilities can be taken over' ||
	fail '42 trap: a host process without capabilities can be taken over' "$(cat "$TMP/spied")"
