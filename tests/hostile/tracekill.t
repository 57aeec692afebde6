#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 70: traces that end and traces that are killed, at any moment: no program, map or link is left,
# nothing is pinned, and the target runs on. COUNT=1000 is the full run.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
. "$SRC/tests/lib/trace.sh"
need runc jq bpftool
can_trace

COUNT=${COUNT:-100}
slayer=$O/tests/hostile/slayer

# Each a trace with all that it loads; @ is the target.
cat >modes <<'EOF'
exec @
signal @
oom @
syscalls @
syscalls @ -T
syscalls @ -c -T
syscalls @ --lossless --buffer 64K
syscalls --next nobody
open @ --failed
EOF
words_of() { echo "$1" | sed "s/@/$BOX/"; }
count=$(((COUNT + $(wc -l <modes) - 1) / $(wc -l <modes)))

# ---- what the kernel has of BPF, and who holds it; runtimes have programs of their own ----

ids() { # prog|map|link
	bpftool -j "$1" list | jq -r '.[] | select(.type | test("^cgroup|^sk_|^xdp") | not) | .id' | sort
}
held() { # by a process that lives: others may trace, too
	grep -Ehs '^(prog|map|link)_id:' /proc/[0-9]*/fdinfo/* | tr -d ' \t' | sort -u
}
maps_of() { # programs on standard input
	while read -r id; do
		bpftool -j prog show id "$id" 2>/dev/null | jq -r '.map_ids[]?'
	done
}
for what in prog map link; do
	ids $what >$what.before
done
left() { # those made since, held by nobody
	for what in prog map link; do
		ids $what | comm -13 $what.before - >$what.new
	done
	held >held.now
	sed -n 's/^prog_id://p' held.now | maps_of | sed 's/^/map_id:/' | sort -u - held.now >all.held
	for what in prog map link; do
		sed "s/^/${what}_id:/" $what.new
	done | sort | comm -23 - all.held
}
# What others load and give up between the two looks comes and goes; what is left stays, by its number.
stays() {
	left | comm -12 still - >still.now
	mv still.now still
	[ -s still ]
}
nothing_left() { # NAME
	left >still
	wait_for '! stays' 60 && pass "$1: no program, map or link is left" ||
		fail "$1: no program, map or link is left" "$(cat still)"
}

# ---- the target: it runs, and gives each of the traces something to see ----

box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do
		/busybox/busybox sh -c "kill -CONT \$\$; : </nothing" 2>/dev/null
		/busybox/busybox dd if=/dev/zero of=/dev/null bs=1 count=5000 2>/dev/null
	done'
TARGET=$BOXPID
pinned() { find /sys/fs/bpf -mindepth 1 2>/dev/null | sort; }
pinned >pinned.before

trace_start syscalls "$BOX" -T
nothing_left 'trap: what is held does not count'
[ "$(wc -l <prog.new)" -ge 3 ] && [ -s map.new ] && [ -s link.new ] &&
	pass 'trap: a trace has programs, maps and links' ||
	fail 'trap: a trace has programs, maps and links' "$(wc -l prog.new map.new link.new)"
trace_stop
nothing_left 'interrupted'

ended=0
: >failed
while read -r mode; do
	i=0 words=$(words_of "$mode")
	while [ $i -lt $count ]; do
		# shellcheck disable=SC2086 # a verb and its options
		"$NSDEBUG" trace $words --for 5ms >out 2>said
		case $?,$mode,$(cat said) in
		0,* | 3,*--next*) ;;	# nobody came
		5,*' events were lost: the ring '*) ;;	# it had no processor for a while
		*) echo "trace $mode: $(cat said)" >>failed ;;
		esac
		i=$((i + 1)) ended=$((ended + 1))
	done
done <modes
t "70 $ended traces that ended: each as it should" '' cat failed
nothing_left "70 $ended traces that ended"

span() { # COMMAND...: how long it takes when nothing else delays it, in us
	_best=1000000
	for _ in 1 2 3 4 5; do
		_from=$(date +%s%N)
		"$@" >out 2>&1
		_took=$((($(date +%s%N) - _from) / 900))
		[ $_took -ge $_best ] || _best=$_took
	done
	echo $_best
}
while read -r mode; do
	words=$(words_of "$mode")
	# shellcheck disable=SC2086 # a verb and its options
	set -- "$NSDEBUG" trace $words --for 20ms
	us=$(span "$@")
	if "$slayer" "$TARGET" $count "$us" "$@" >killed 2>&1 </dev/null; then
		pass "70 trace $mode, killed within $us us: $(cat killed)"
	else
		fail "70 trace $mode, killed within $us us" "$(cat killed)"
	fi
	cat killed >>all.killed
done <modes
nothing_left '70 killed'
awk '{ fronts += $2; children += $4 } END { exit !(fronts >= 10 && children >= 10) }' all.killed &&
	pass '70 fronts and tracers, at moments that matter' ||
	fail '70 fronts and tracers, at moments that matter' "$(cat all.killed)"
t '70 nothing is pinned' '' sh -c 'find /sys/fs/bpf -mindepth 1 2>/dev/null | sort | diff pinned.before -'
stopped() { "$NSDEBUG" ps -o json "$BOX" 2>said | jq -c '.items[] | select(.state == ("T", "t"))'; }
t '70 nothing of the target is stopped' '' wait_for '[ -z "$(stopped)" ]' 5
trace_start exec "$BOX" --max-events 3
trace_wait
tr_rows '70 and runs on' 'length == 3'
