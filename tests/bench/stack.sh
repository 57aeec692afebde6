# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2046,SC2091 # nsd prints words
#
# stack.sh - for run.sh: the groups stack, goroutines and states.
#
# stack: threads that wait, with one among them that wakes every 20 us before all others and notes
# the longest time that it did not: what a tool takes in all, and what the program pays for it. In
# turn in one run, beside "sleep 0.03", which is what the machine does by itself. All of them go
# before others on the processors (SCHED_FIFO), which takes the machine's other load out of the
# figures. goroutines: those of a stripped program, all of which wait. states: what
# becomes of threads that cannot be stopped, or that a stop changes; and how often a system call of
# the program came back with EINTR.

nsd() { echo "$NSDEBUG" --host stack "pid://$1" --host-pid "$1"; }

stack_head() {
	echo
	echo '| stacks of | by | wall, ms | ours / theirs | goal | met | pause, ms (least, most) | ours / theirs | failed |'
	echo '|---|---|--:|--:|---|---|--:|--:|--:|'
}

# the lines of pause measure, in the order of the names
stack_rows() { # WHAT RUNS NAME...
	_what=$1 _runs=$2
	shift 2
	awk -v what="$_what" -v runs="$_runs" -v names="$*" 'BEGIN { split(names, name, " ") }
	{
		wall[NR] = $1; pause[NR] = $2
		ratio = goal = met = held = ""
		if (NR > 2) {
			ratio = sprintf("%.3f", wall[2] / wall[NR])
			held = sprintf("%.3f", pause[2] / pause[NR])
		}
		if (name[NR] == "eu-stack" && what ~ /^200 /) {
			goal = "<= 0.150"
			met = wall[2] / wall[NR] <= 0.15 ? "yes" : "no"
		}
		printf "| %s | %s | %.1f | %s | %s | %s | %.2f (%.2f, %.2f) | %s | %s |\n", what,
			name[NR], $1 / 1000, ratio, goal, met, $2 / 1000, $3 / 1000, $4 / 1000,
			held, $5 ? $5 " of " runs : "0"
	}'
}

# The runtime's own way, SIGQUIT, ends the program: from the signal to the end.
go_dump() { # PROGRAM
	begin "$1" 1000
	_from=$(date +%s%N)
	kill -QUIT "$THREADS"
	wait "$THREADS" 2>/dev/null || :
	echo $((($(date +%s%N) - _from) / 1000))
	THREADS=
}

go_took() { # COMMAND...: its wall, us
	_from=$(date +%s%N)
	# which fails where a name is missing
	chrt -f 10 "$@" >/dev/null 2>&1 || [ "$1" = eu-stack ]
	echo $((($(date +%s%N) - _from) / 1000))
}

go_median() { sort -n "$DATA/go.$1" | sed -n 5p; }

go_row() { # NAME FILE [GOAL]
	awk -v name="$1" -v ours="$(go_median nsdebug)" -v theirs="$(go_median "$2")" -v goal="${3:-}" '
		BEGIN {
			printf "| %s | %.1f | %s | %s |\n", name, theirs / 1000,
				goal ? "" : sprintf("%.3f", ours / theirs),
				goal ? sprintf("<= %d: %s", goal, ours <= goal * 1000 ? "yes" : "no") : ""
		}'
}

bench_goroutines() {
	(cd "$SRC/tests/lib/gowait" && CGO_ENABLED=0 GOPROXY=off GOFLAGS='' \
		GOCACHE="$FX/go/cache" GOPATH="$FX/go" \
		go build -trimpath -ldflags '-s -w' -o "$DATA/gowait" .)
	begin "$DATA/gowait" 1000
	for _ in $(seq 9); do
		go_took $(nsd "$THREADS") --goroutines >>"$DATA/go.nsdebug"
		go_took eu-stack -p "$THREADS" >>"$DATA/go.eu"
		go_took gdb -p "$THREADS" -batch -ex 'thread apply all bt' >>"$DATA/go.gdb"
	done
	$(nsd "$THREADS") --goroutines 2>/dev/null | sed -n '$s/^/nsdebug: /p' >"$DATA/last"
	finish
	for _ in $(seq 9); do
		go_dump "$DATA/gowait" >>"$DATA/go.dump"
	done
	echo
	echo '| 1,000 goroutines of a stripped program, by | wall, ms | ours / theirs | goal |'
	echo '|---|--:|--:|---|'
	go_row 'nsdebug --goroutines' nsdebug 15
	go_row "SIGQUIT's dump, which ends it" dump
	go_row 'eu-stack: threads only' eu
	go_row 'gdb: threads only' gdb
	echo
	cat "$DATA/last"
}

bench_stack() {
	${CC:-cc} -O2 -D_GNU_SOURCE -pthread -o "$DATA/pause" "$SRC/tests/lib/pause.c"
	stack_head
	for n in 8 200 1000; do
		mkfifo "$DATA/ready.$n"
		"$DATA/pause" target $n 40 "$DATA/gap" >"$DATA/ready.$n" &
		THREADS=$!
		read -r _ <"$DATA/ready.$n"
		runs=$([ $n = 1000 ] && echo 3 || echo 7)
		chrt -f 10 "$DATA/pause" measure "$runs" "$DATA/gap" sleep 0.03 -- \
			$(nsd $THREADS) -- $(nsd $THREADS) --no-stop -- eu-stack -p "$THREADS" -- \
			gdb -p "$THREADS" -batch -ex 'thread apply all bt' -- \
			"$O/tests/lib/upt" "$THREADS" |
			stack_rows "$n threads x 40" "$runs" nobody nsdebug nsdebug,--no-stop eu-stack gdb libunwind-ptrace
		$(nsd $THREADS) 2>/dev/null | sed -n '$s/^/nsdebug: /p' >>"$DATA/last"
		kill "$THREADS"
		wait "$THREADS" 2>/dev/null || :
		THREADS=
	done
	echo
	cat "$DATA/last"
}

# ---- states ----

# One row: what each says of the process, in what time, and in which states it leaves the threads.
state_cell() { # PID COMMAND...: "3 of 5, 12 ms"
	_p=$1
	shift
	_all=$(find "/proc/$_p/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
	_from=$(date +%s%N)
	_st=0
	timeout -k 1 10 "$@" >"$DATA/said" 2>/dev/null || _st=$?
	_ms=$((($(date +%s%N) - _from) / 1000000))
	case $1 in
	"$NSDEBUG") _n=$(sed -n 's/^{.*"taken":\([0-9]*\).*/\1/p; s/.*"summary":{.*"taken":\([0-9]*\).*/\1/p' \
		"$DATA/said" | tail -n 1) ;;
	# threads with at least one frame
	*) _n=$(awk '/^(TID|Thread) /{ t = 1 } /^#0/{ n += t; t = 0 } END { print n + 0 }' "$DATA/said") ;;
	esac
	case $_st in
	124 | 137) printf '%s' "hangs: ${_n:-0} of $_all, killed after 10 s" ;;
	*) printf '%s' "${_n:-0} of $_all, status $_st, $_ms ms" ;;
	esac
	_t=$(cat "/proc/$_p"/task/*/status 2>/dev/null | sed -n 's/^State:.\(.\).*/\1/p' |
		grep -c '[Tt]' || :)
	[ "$_t" = "${STOPPED_BEFORE:-0}" ] || printf '%s' "; leaves $_t stopped"
}

state_row() { # WHAT PID
	ours=$(state_cell "$2" $(nsd "$2") -o json)
	eu=$(state_cell "$2" eu-stack -p "$2")
	gdb=$(state_cell "$2" gdb -p "$2" -batch -ex 'thread apply all bt')
	echo "| $1 | $ours | $eu | $gdb |"
}

begin() { # COMMAND...: until it says that it is ready; sets THREADS
	rm -f "$DATA/begun"
	"$@" >"$DATA/begun" 2>&1 &
	THREADS=$!
	until grep -q ready "$DATA/begun"; do sleep 0.02; done
}
finish() {
	kill -CONT "$THREADS" 2>/dev/null || :
	kill -9 "$THREADS" 2>/dev/null || :
	wait "$THREADS" 2>/dev/null || :
	THREADS=
}

state_frozen() {
	v1=/sys/fs/cgroup/freezer
	[ -d $v1 ] || return 0
	mkdir $v1/nsd-bench
	begin "$O/tests/lib/stacks"
	echo "$THREADS" >$v1/nsd-bench/cgroup.procs
	echo FROZEN >$v1/nsd-bench/freezer.state
	until grep -qx FROZEN $v1/nsd-bench/freezer.state; do sleep 0.02; done
	state_row 'frozen (cgroup v1)' "$THREADS"
	echo THAWED >$v1/nsd-bench/freezer.state
	finish
	until rmdir $v1/nsd-bench 2>/dev/null; do sleep 0.02; done
}

state_fourteen() { # NAME COMMAND...
	_name=$1
	shift
	_had=$(wc -l <"$DATA/counts")
	timeout -k 1 10 "$@" >/dev/null 2>&1 || :
	echo >&7
	until [ "$(wc -l <"$DATA/counts")" -gt "$_had" ]; do sleep 0.02; done
	echo "| $_name | $(tail -n 1 "$DATA/counts") |"
}

bench_eintr() {
	mkfifo "$DATA/ask"
	"$O/tests/lib/eintr" <"$DATA/ask" >"$DATA/counts" 2>&1 &
	THREADS=$!
	exec 7>"$DATA/ask"
	until grep -q ready "$DATA/counts"; do sleep 0.02; done
	echo
	echo '| stacks of 14 threads in blocking calls, by | calls that came back with EINTR |'
	echo '|---|---|'
	state_fourteen nsdebug $(nsd $THREADS)
	state_fourteen 'nsdebug --no-stop' $(nsd $THREADS) --no-stop
	state_fourteen eu-stack eu-stack -p "$THREADS"
	state_fourteen gdb gdb -p "$THREADS" -batch -ex 'thread apply all bt'
	exec 7>&-
	finish
}

bench_states() {
	echo
	echo '| threads taken of a process that is | nsdebug | eu-stack | gdb |'
	echo '|---|---|---|---|'
	state_frozen
	begin "$O/tests/hostile/spin" vfork
	until grep -q '^State:.D' "/proc/$THREADS/status"; do sleep 0.02; done
	state_row 'waiting for its vfork child (D)' "$THREADS"
	finish
	begin "$O/tests/lib/stacks"
	strace -f -qq -o /dev/null -p "$THREADS" &
	TRACER=$!
	until grep -q 'TracerPid:.[1-9]' "/proc/$THREADS/status"; do sleep 0.02; done
	state_row 'traced (strace -f)' "$THREADS"
	kill $TRACER
	wait $TRACER 2>/dev/null || :
	kill -STOP "$THREADS"
	until grep -q '^State:.T' "/proc/$THREADS/status"; do sleep 0.02; done
	STOPPED_BEFORE=5
	state_row 'stopped by SIGSTOP' "$THREADS"
	STOPPED_BEFORE=0
	finish
	begin "$O/tests/lib/churn" 16
	state_row 'of threads that live for 0.3 ms' "$THREADS"
	finish
	begin "$O/tests/lib/execs" "$O/tests/lib/execs2"
	state_row 'executing another program all the time' "$THREADS"
	finish
	bench_eintr
}
