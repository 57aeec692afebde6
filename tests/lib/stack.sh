# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# stack.sh - for the tests of stacks; read after tests/lib.sh.
#
#   start FILE ARG...   a program on the host that says "ready", into ./ready; sets PID
#   frames PID          "TID pc pc ..." a line, of each of its threads, as stack has it
#   eu_frames ARG...    the same by eu-stack, whose arguments say of what
#   storm COUNT WHICH CHAIN COMMAND...   runs COMMAND, a stack of tests/lib/storm, until it has seen
#                       so many threads for which jq's WHICH is true; sets SEEN. Those that are not
#                       whole, or whose functions are not such a CHAIN (grep -E), are in ./bad

start() {
	rm -f ready
	"$@" >ready 2>/dev/null &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for 'grep -qs ready ready' 60
}

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

# A stack that was copied while its thread ran would break the chain of calls, or its end.
storm() {
	_count=$1 _which=$2 _chain=$3 _runs=0
	shift 3
	SEEN=0
	: >bad
	while [ "$SEEN" -lt "$_count" ] && [ $_runs -lt 60 ]; do
		"$@" -o json 2>/dev/null >out
		jq -r ".items[] | select(.host_tid != .host_pid and $_which) |"'
			"\(.note) \([.frames[].function // "?"] | join(" "))"' out >chains
		SEEN=$((SEEN + $(wc -l <chains)))
		sed -n 's/^null //p' chains | grep -Ev "$_chain" >>bad
		grep -Ev '^null ' chains >>bad
		grep -E 'left left|right right|rest right|work left' chains >>bad
		_runs=$((_runs + 1))
	done
	[ "$SEEN" -ge "$_count" ]
}
