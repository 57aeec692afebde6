# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# trace.sh - what tracing costs the traced, the others and the memory; read by run.sh.
#
# One process in a container, `many serve`, does the work when it is told to. In each round every
# tracer is started, watches the same turns and ends, so all of them have had the machine as it
# was; what one adds is the median over rounds of the difference to untraced turns of its round.
# A turn of getppid is one call, of bytes a read and a write of one byte (dd bs=1), of files an
# open, a read and a close. Time that is added is more than processor time of the traced where the
# tracer needs the processor too: with two of them both may be busy reading events.

TURNS_FAST='getppid:300000 bytes:150000 files:50000'
TURNS_SLOW='getppid:4000 bytes:2000 files:1500'
ROUNDS=${ROUNDS:-5}

trace_workers() {
	mkdir -p "$DATA/w"
	chmod 777 "$DATA/w"
	mkfifo -m 666 "$DATA/w/in" "$DATA/w/out" "$DATA/in" "$DATA/out"
	"$BOX" run bench static --bind "$O/tests/lib:/h:ro" --bind "$DATA/w:/w" -- \
		/h/many serve /w/in /w/out >/dev/null
	WORKER=$("$BOX" pid nsd-bench)
	"$O/tests/lib/many" serve "$DATA/in" "$DATA/out" &
	OTHER=$!
	exec 3<>"$DATA/w/in" 4<>"$DATA/w/out" 5<>"$DATA/in" 6<>"$DATA/out"
}

turn() { # WHAT TIMES [THREADS [RATE]]: sets NS and CPU
	echo "$1 $2 ${3:-1} ${4:-0}" >&3
	read -r NS CPU <&4
}

turn_beside() {
	echo "$1 $2 1 0" >&5
	read -r NS CPU <&6
}

until_true() {
	left=500
	until eval "$1"; do
		left=$((left - 1))
		[ $left -gt 0 ] || { echo "# not ready: $1"; return 1; }
		sleep 0.02
	done
}

# Sealed twice: its programs are attached, and nothing is left to do but to read the ring.
is_sealed() {
	for c in $(cat "/proc/$TRACER/task/$TRACER/children" 2>/dev/null); do
		grep -qs '^Seccomp_filters:.[2-9]' "/proc/$c/status" && { CHILD=$c; return 0; }
	done
	return 1
}
has_events() { [ "$(find "/proc/$TRACER/fd" -lname '*perf_event*' 2>/dev/null | wc -l)" -ge "$1" ]; }
is_straced() { ! grep -q '^TracerPid:.0$' "/proc/$WORKER/status"; }
can_trace() { "$NSDEBUG" trace syscalls --help | grep -q -e "$1"; }

ours() { # OPTION...
	ours_of syscalls "$@"
}
ours_of() { # TRACE OPTION...
	verb=$1
	shift
	ours_by trace "$verb" nsd-bench "$@"
}
ours_by() { # VERB ...
	"$NSDEBUG" "$@" >"$DATA/rows" 2>"$DATA/said" &
	TRACER=$!
	until_true is_sealed
}

theirs() { # CONDITION COMMAND...
	ready=$1
	shift
	"$@" >"$DATA/said" 2>&1 &
	TRACER=$!
	until_true "$ready"
}

bpftrace_of() { # PROGRAM; it asks for more RLIMIT_MEMLOCK than it may have here, and goes on
	theirs "has_events $(($(nproc) + 1))" bpftrace -o "$DATA/rows" \
		-e "tracepoint:raw_syscalls:sys_exit /pid == $WORKER/ { $1 }"
}

start_tracer() {
	: >"$DATA/said"
	TRACER=
	case $1 in
	none | beside) ;;
	plain | other) ours ;;
	denied | denied-other) ours_of denied ;;
	advise | advise-other) ours_by advise nsd-bench ;;
	-*) ours "$1" ;;
	idle*) theirs 'grep -qs ready "$DATA/said"' "$O/tests/lib/idle" ;;
	strace) theirs is_straced strace -f -p "$WORKER" -o "$DATA/rows" ;;
	strace-c) theirs is_straced strace -f -c -p "$WORKER" -o "$DATA/rows" ;;
	perf-s) theirs 'has_events 1' perf trace -s -p "$WORKER" -o "$DATA/rows" ;;
	perf) theirs 'has_events 1' perf trace -p "$WORKER" -o "$DATA/rows" ;;
	printf) bpftrace_of 'printf("%d %d %d\n", tid, args->id, args->ret);' ;;
	count) bpftrace_of '@[args->id] = count();' ;;
	esac
}

# Of all three: "... N events were lost", "Lost N events", "LOST N events!".
lost_of() { sed -n 's/.*[Ll][Oo][Ss][Tt] \([0-9]*\) events.*/\1/p; s/.* \([0-9]*\) events were lost.*/\1/p' \
	"$DATA/said" "$DATA/rows" 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'; }

stop_tracer() {
	[ -n "$TRACER" ] || return 0
	kill -INT "$TRACER" 2>/dev/null || :
	wait "$TRACER" || :
	case $1 in
	strace*) ;;
	*) echo "$1 $(lost_of)" >>"$DATA/lost" ;;
	esac
}

trace_round() { # ROUND TRACER
	turns=$TURNS_FAST
	case $2 in strace* | perf*) turns=$TURNS_SLOW ;; esac
	start_tracer "$2"
	for w in $turns; do
		case $2 in
		beside | *other) turn_beside "${w%:*}" "${w#*:}" ;;
		*) turn "${w%:*}" "${w#*:}" ;;
		esac
		echo "$1 $2 ${w%:*} $NS $CPU" >>"$DATA/times"
	done
	stop_tracer "$2"
}

trace_costs() {
	tracers='none beside idle idle-other other plain -T -c --failed denied denied-other advise advise-other'
	! can_trace --last || tracers="$tracers --last=10s"
	! can_trace --lossless || tracers="$tracers --lossless"
	for p in strace perf bpftrace; do
		command -v $p >/dev/null || { echo "# no $p"; continue; }
		case $p in
		strace) tracers="$tracers strace strace-c" ;;
		perf) tracers="$tracers perf perf-s" ;;
		bpftrace) tracers="$tracers printf count" ;;
		esac
	done
	for r in $(seq "$ROUNDS"); do
		for t in ${TRACERS:-$tracers}; do trace_round "$r" "$t"; done
	done
	echo
	awk -v lost="$DATA/lost" -f "$SRC/tests/bench/trace.awk" "$DATA/times"
}

# ---- where loss begins ----

lost_row() { # TITLE TIMES RATE OPTION...
	title=$1 n=$2 rate=$3
	shift 3
	ours -e getppid "$@"
	turn getppid "$n" 1 "$rate"
	stop_tracer loss
	shown=$(grep -c getppid "$DATA/rows" || :)
	lost=$(lost_of)
	echo "| $title | $n | $(awk -v ns="$NS" 'BEGIN { printf "%.2f", 1e3 / ns }') | $shown | $lost | $(
		[ $((shown + lost)) = "$n" ] && echo yes || echo no) |"
}

trace_loss() {
	echo
	echo '| events | calls | millions a second | shown | lost | together all |'
	echo '|---|--:|--:|--:|--:|---|'
	for size in 1M 4M 16M 64M; do
		lost_row "ring of $size, as fast as it goes" 2000000 0 --buffer $size
	done
	for rate in 100000 250000 500000 1000000; do
		lost_row "$((rate / 1000)) thousand a second, for two seconds" $((rate * 2)) $rate
	done
	! can_trace --lossless || lost_row 'with --lossless' 10000000 0 --lossless
}

# ---- start, memory, end ----

trace_start() {
	HEADED=
	echo 'getppid 2000000000 1 5000' >&3	# until the container goes
	prog="tracepoint:raw_syscalls:sys_exit /pid == $WORKER/ { printf(\"%d\", args->id); exit(); }"
	row 'first event, nothing kept from before' bpftrace '' 9 \
		sh -c 'rm -rf /run/nsdebug; exec "$@"' - \
		"$NSDEBUG" trace syscalls nsd-bench --max-events 1 -- bpftrace -e "$prog"
	"$NSDEBUG" trace syscalls nsd-bench --max-events 1 >/dev/null
	row 'first event, types of the kernel kept' bpftrace '' 9 \
		"$NSDEBUG" trace syscalls nsd-bench --max-events 1 -- bpftrace -e "$prog"
}

# Resident, in KiB, without the ring: of a process that has read all of it.
rss_of() {
	awk '/^[0-9a-f]+-[0-9a-f]+ / { ring = /bpf[-_]map/ } /^Rss:/ && !ring { n += $2 }
		END { print n }' "/proc/$1/smaps"
}

trace_end() {
	ours
	turn getppid 1000000
	echo
	echo "Resident after a million events, without the ring: front $(rss_of "$TRACER") KiB," \
		"child $(rss_of "$CHILD") KiB."
	stop_tracer memory
	for i in $(seq 9); do
		ours
		turn getppid 10000
		"$O/tests/lib/detach" "$TRACER"
		wait "$TRACER" || :
	done >"$DATA/detach"
	sort -n "$DATA/detach" | awk 'NR == 5 { gone = $1 } END { printf "%s", gone }' >"$DATA/gone"
	echo "From SIGINT, medians of nine: no program is left after $(cat "$DATA/gone") ms, the" \
		"process has ended after $(sort -n -k 2,2 "$DATA/detach" | awk 'NR == 5 { print $2 }') ms."
}

bench_trace() {
	trace_workers
	trace_costs
	trace_loss
	trace_end
	trace_start
	kill "$OTHER"
	"$BOX" down bench >/dev/null
}
