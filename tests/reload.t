#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Code that comes and goes at one address: a stack never has a frame of one file below a caller of
# the other's. What cannot be known is left out, and said.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
need jq

# Stacks of it, until so many were in the one or in the other: SEEN, and those that cannot be, WRONG.
reloads() { # COUNT OPTION...
	_count=$1
	shift
	SEEN=0 WRONG=0
	for _ in $(seq 200); do
		"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" --no-fold -o json "$@" \
			>out 2>/dev/null
		jq -r '.items[] | [.frames[] | select(.guess | not) | .function // ""] | join(" ")' \
			out >chains
		SEEN=$((SEEN + $(grep -c 'in_alpha\|in_beta' chains)))
		WRONG=$((WRONG + $(grep -c 'in_alpha call_beta\|in_beta call_alpha' chains)))
		[ "$SEEN" -lt "$_count" ] || return 0
	done
	return 1
}

cp "$O/tests/lib/reload" a
cp "$O/tests/lib/reload" b
start "$O/tests/lib/reload" a b
for how in '' --no-stop --consistent; do
	# shellcheck disable=SC2086 # none, or one
	reloads 25 $how || fail "stacks of code that comes and goes ${how:-}" "only $SEEN were seen"
	t "each is of one moment ${how:-}" '0\n' echo $WRONG
done
