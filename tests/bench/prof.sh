# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# prof.sh - what it costs to know where a program spends its time; read by run.sh, after trace.sh.
#
# One process in a container does nothing but work, thirty functions deep, and each profiler looks
# at the same turns of it. What a profiler takes is the processor time of a cgroup in which it is
# started, all its processes and, of perf, the making of stacks from the file included; the turn says
# what the work itself has lost. perf copies 8 KB of each stack, bpftrace follows frame pointers,
# which the work does not have: its stacks are of one frame.

PROF_TURNS=${PROF_TURNS:-3000000}
PROF_ROUNDS=${PROF_ROUNDS:-3}

prof_cgroup() {
	for PROFCG in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ -e "$PROFCG/cgroup.controllers" ] && break
	done
	PROFCG=$PROFCG/nsd-bench-prof
	mkdir -p "$PROFCG"
}
taken() { sed -n 's/^usage_usec //p' "$PROFCG/cpu.stat"; }
# shellcheck disable=SC2016
inside() ( exec sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$PROFCG" "$@" )
is_sampling() { [ "$(find "/proc/$TRACER/fd" -lname '*perf_event*' 2>/dev/null | wc -l)" -ge 1 ]; }

prof_begin() { # TOOL HZ: a word that is true when it has begun is in READY
	case $1 in
	nsdebug)
		set -- "$NSDEBUG" prof nsd-bench --hz "$2" --format folded
		READY=is_sealed ;;
	perf)
		set -- perf record -e cpu-clock -F "$2" --call-graph dwarf,8192 -p "$WORKER" \
			-o "$DATA/perf.data"
		READY=is_sampling ;;
	bpftrace)
		set -- bpftrace -e "profile:hz:$2 /pid == $WORKER/ { @[ustack, kstack] = count(); }"
		READY=is_sampling ;;
	esac
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$PROFCG" "$@" >"$DATA/rows" 2>"$DATA/said" &
	TRACER=$!
	until_true $READY
}

prof_samples() { # TOOL
	case $1 in
	nsdebug) sed 's/.* //' "$DATA/rows" | awk '{ n += $1 } END { print n + 0 }' ;;
	perf) inside perf script -i "$DATA/perf.data" -F comm 2>/dev/null | grep -c . ;;
	bpftrace) sed -n 's/^.*]: \([0-9]*\)$/\1/p' "$DATA/rows" | awk '{ n += $1 } END { print n + 0 }' ;;
	esac
}

prof_turn() { # TOOL HZ
	before=$(taken) samples=0
	[ "$1" = none ] || prof_begin "$1" "$2" || return 0
	turn spin "$PROF_TURNS"
	if [ "$1" != none ]; then
		kill -INT "$TRACER" 2>/dev/null || :
		wait "$TRACER" || :
		[ "$1" != perf ] || inside perf script -i "$DATA/perf.data" >/dev/null 2>&1 || :
		after=$(taken)
		samples=$(prof_samples "$1")
		TRACER=
	else
		after=$before
	fi
	echo "$1 $2 $NS $CPU $((after - before)) $samples" >>"$DATA/prof"
}

bench_prof() {
	trace_workers
	prof_cgroup
	tools=nsdebug
	for p in perf bpftrace; do
		command -v $p >/dev/null && tools="$tools $p" || echo "# no $p"
	done
	for _ in $(seq "$PROF_ROUNDS"); do
		prof_turn none 0
		for hz in 99 997; do
			for t in $tools; do prof_turn "$t" $hz; done
		done
	done
	echo
	awk -v turns="$PROF_TURNS" -f "$SRC/tests/bench/prof.awk" "$DATA/prof"
	kill "$OTHER"
	"$BOX" down bench >/dev/null
}
