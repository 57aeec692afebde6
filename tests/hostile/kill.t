#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nsdebug and its children, killed at any moment: the target runs on and nothing is left behind.
# COUNT=1000 is the full run.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc

COUNT=${COUNT:-200}
slayer=$O/tests/hostile/slayer

# How long the command takes, in microseconds, when nothing else delays it: the victim falls anywhere
# in it, and a bit after.
span() {
	_best=1000000
	for _ in 1 2 3 4 5 6 7; do
		_from=$(date +%s%N)
		"$@" >/dev/null 2>&1
		_took=$((($(date +%s%N) - _from) / 900))
		[ $_took -ge $_best ] || _best=$_took
	done
	echo $((_best > 1000 ? _best : 1000))
}

killed() { # NAME PID COMMAND...
	_name=$1 _pid=$2
	shift 2
	_span=$(span "$@")
	if "$slayer" "$_pid" "$COUNT" "$_span" "$@" >"$TMP/killed" 2>&1; then
		pass "$_name: $(cat "$TMP/killed")"
	else
		fail "$_name" "$(cat "$TMP/killed")"
	fi
	read -r _ _fronts _ _children _ _early _ <"$TMP/killed"
	if [ "$_fronts" -ge $((COUNT / 10)) ] && [ "$_children" -ge $((COUNT / 20)) ]; then
		pass "$_name: at moments that matter, within $_span us"
	else
		fail "$_name: at moments that matter, within $_span us" "$(cat "$TMP/killed")"
	fi
}

box_run debug --uid 0 --rw --ready -- /busybox/busybox sh -c '
	/busybox/busybox dd if=/dev/zero of=/big bs=1M count=64 2>/dev/null
	echo ready; exec /busybox/busybox sleep 100000'
killed '31 cat of a large file' "$BOXPID" "$NSDEBUG" cat "$BOX" /big
killed '31 ls -lR' "$BOXPID" "$NSDEBUG" ls -lR "$BOX" /usr /etc
! has_verb ps || killed '31 ps' "$BOXPID" "$NSDEBUG" ps "$BOX"
t '31 the target answers as before' 'yes\n' runc exec "$BOX" /busybox/busybox echo yes

# threads that run have to be stopped to see where they are, where nothing else shows them
stops() { setpriv --bounding-set -bpf,-perfmon --inh-caps -bpf,-perfmon "$NSDEBUG" stack "$BOX"; }
box_run base --bind "$O/tests/hostile:/h:ro" --ready -- /h/spin 3
before=$(find "/proc/$BOXPID/task" -mindepth 1 -maxdepth 1 | wc -l)
if has_verb stack; then
	killed '31 stack' "$BOXPID" "$NSDEBUG" stack "$BOX"
	t '31 it has as many threads as before' "$before\n" sh -c \
		'find "$1" -mindepth 1 -maxdepth 1 | wc -l' - "/proc/$BOXPID/task"
	# a busy machine may not let them stop in time: the answer then is 5, and says so
	wait_for 'stops >"$TMP/again" 2>&1' 30
	ts '31 and its threads can be stopped as before' 0 'stopped [1-9]' cat "$TMP/again"
else
	skip '31 stack' 'this binary has no stack'
fi

# ---- the control: a tool that stops its target by signal does leave it stopped ----

cat >"$TMP/rude" <<'EOF'
#!/bin/sh
kill -STOP "$1"
head -c 20000000 /dev/zero >/dev/null
kill -CONT "$1"
EOF
chmod +x "$TMP/rude"
ts 'trap: a rude tool leaves its target stopped' 1 'stopped [1-9]' \
	"$slayer" "$BOXPID" 50 20000 "$TMP/rude" "$BOXPID"
kill -CONT "$BOXPID"
