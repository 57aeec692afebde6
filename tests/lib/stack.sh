# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# stack.sh - for the tests of stacks; read after tests/lib.sh.
#
#   start FILE ARG...   a program on the host that says "ready", into ./ready; sets PID
#   traced PID COUNT    waits until all of so many threads are traced, and are no longer stopped for it
#   frames PID          "TID pc pc ..." a line, of each of its threads, as stack has it
#   eu_frames ARG...    the same by eu-stack, whose arguments say of what
#   storm COUNT WHICH CHAIN COMMAND...   runs COMMAND, a stack of tests/lib/storm, until it has seen
#                       so many threads for which jq's WHICH is true; sets SEEN. Those that are not
#                       whole, or whose functions are not such a CHAIN (grep -E), are in ./bad
#   stepped LEAST CHAIN   the same at each instruction that the one thread of the storm PID comes to,
#                       which are LEAST or more; all chains are in ./chains

start() {
	rm -f ready
	"$@" >ready 2>/dev/null &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for 'grep -qs ready ready' 60
}

# Once a thread is traced it is stopped for a moment: what is so twice was not before that.
_traced() {
	for _ in 1 2; do
		[ "$(grep -l '^TracerPid:.[1-9]' "/proc/$1/task"/*/status | wc -l)" = "$2" ] || return
		! grep -q '^State:.[tT]' "/proc/$1/task"/*/status || return
	done
}
traced() { wait_for "_traced $1 $2" 20; }

frames() {
	"$NSDEBUG" --host stack "pid://$1" --host-pid "$1" -o json |
		jq -r '.items | sort_by(.host_tid)[] | "\(.host_tid) \([.frames[].pc] | join(" "))"'
}

# It prints 16 digits.
eu_frames() {
	eu-stack -r -n 600 "$@" 2>/dev/null | awk '
		/^TID/ { if (line) print line; line = substr($2, 1, length($2) - 1); next }
		/^#/ { sub(/^0x0*/, "0x", $2); line = line " " $2 }
		END { print line }' | sort -n
}

# Out of ./out: ./chains of the threads for which jq's WHICH is true; what is wrong to ./bad.
_chains() { # WHICH CHAIN
	jq -r ".items[] | select(.host_tid != .host_pid and $1) |"'
		"\(.note) \([.frames[].function // "?"] | join(" "))"' out >chains
	sed -n 's/^null //p' chains | grep -Ev "$2" >>bad
	grep -Ev '^null ' chains >>bad
	grep -E 'left left|right right|rest right|work left' chains >>bad
	SEEN=$((SEEN + $(wc -l <chains)))
}

# A stack that was copied while its thread ran would break the chain of calls, or its end.
storm() {
	_count=$1 _which=$2 _chain=$3 _runs=0
	shift 3
	SEEN=0
	: >bad
	while [ "$SEEN" -lt "$_count" ] && [ $_runs -lt 60 ]; do
		"$@" -o json 2>/dev/null >out
		_chains "$_which" "$_chain"
		_runs=$((_runs + 1))
	done
	[ "$SEEN" -ge "$_count" ]
}

stepped() {
	SEEN=0
	: >bad
	kill -STOP "$PID"
	"$O/tests/lib/steps" "$(find "/proc/$PID/task" -mindepth 1 \
		-maxdepth 1 ! -name "$PID" -printf %f)" 20000 "$NSDEBUG" --host stack "pid://$PID" \
		--host-pid "$PID" -o json >out 2>steps.err || return
	_chains true "$2"
	[ "$SEEN" -ge "$1" ]
}
