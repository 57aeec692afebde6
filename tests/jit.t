#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# shellcheck shell=sh
# Stacks through code that is made at run time: beside eu-stack, which follows frame pointers.
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
need eu-stack jq java javac mkfifo

on_host() { # OPTION...
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID" "$@"
}

# "COMM TID pc pc ..." a line, of what is no guess
ours() {
	on_host -o json | jq -r '.items | sort_by(.host_tid)[] | "\(.comm | gsub(" "; "-")) " +
		"\(.host_tid) \([.frames[] | select(.guess | not) | .pc] | join(" "))"'
}

# Both looked at the same: eu-stack sees behind what it saw before.
both() { # ./them, ./us
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		eu_frames -p "$PID" >them
		ours >us
		eu_frames -p "$PID" | cmp -s them - && return
	done
}

# Of these threads: "same" of each whose frames are eu-stack's, "less" where there are fewer, that
# are its first; else both.
compared() { # COMM...
	both
	for _c; do
		while read -r comm tid pcs; do
			[ "$comm" = "$_c" ] || continue
			them=$(sed -n "s/^$tid //p" them)
			case $them in
			"$pcs") echo same ;;
			"$pcs "*) echo less ;;
			*) printf '%s\n  ours   %s\n  theirs %s\n' "$comm" "$pcs" "$them" ;;
			esac
		done <us
	done
}

# These are so many, and wait: twice in the same place.
at_rest() { # COUNT COMM...
	_n=$1
	shift
	[ "$(on_host -o json | jq --arg w "$*" '[.items[] | select((.comm | gsub(" "; "-")) as $c | $w | split(" ") |
		index($c))] | if all(.[]; .state == "S") then length else 0 end')" = "$_n" ] &&
		ours >first && ours >second && for _c; do
			grep "^$_c " first >was
			grep "^$_c " second | cmp -s was - || return 1
		done
}

javac -d . "$SRC/tests/lib/Waits.java"
waits='java deep0 deep1 deep2 park Reference-Handl'
# The first thread of a JVM is not that which runs main(); both are called java.
start java -Xint -cp . Waits
wait_for 'at_rest 7 $waits' 60
# shellcheck disable=SC2086 # words
t 'Java, interpreted: the frames of eu-stack' 'same\nsame\nsame\nsame\nsame\nsame\nsame\n' \
	compared $waits
tj 'to the bottom, with nothing guessed' 'all(.items[] | select(.comm | test("^(deep|park)"));
	.note == null and .frames[-1].function == "clone3" and
	all(.frames[]; .guess | not) and ([.frames[] | select(.method == "fp")] | length) > 2 and
	any(.frames[]; .function // "" | test("^JavaCalls::call_helper")))' on_host -o json
tj 'as deep as it is' '[.items[] | select(.comm == "deep1") | .frames | length][0] + 1 ==
	[.items[] | select(.comm == "deep2") | .frames | length][0]' on_host -o json
kill "$PID"
# Compiled methods keep no frame pointer. eu-stack takes what the register has for one and may be
# misled: it is not asked.
start java -Xcomp -cp . Waits
wait_for 'at_rest 4 deep0 deep1 deep2 park' 60
tj 'Java, compiled: what is a guess is marked, and the reason said' '
	any(.items[] | select(.comm | test("^(deep|park)")); any(.frames[]; .module == null)) and
	all(.items[]; [.frames[].guess] | . == sort) and
	all(.items[]; any(.frames[]; .guess) == (.note // "" | test("made at run time.*what follows is a guess")))' \
	on_host -o json
tj 'and comes to where the thread began' 'all(.items[] | select(.comm | test("^(deep|park)"));
	.frames[-1].function == "clone3")' on_host -o json
kill "$PID"

# Node from the fixtures, with its own libraries, under paths that eu-stack finds. Of what it has
# below /usr/share only it shall see that.
root=$FX/roots/nodejs
if [ -x "$root/usr/bin/node" ]; then
	mkfifo fifo
	node() { # ARG...
		# shellcheck disable=SC2016 # is expanded there
		start unshare -m sh -c 'r=$1; shift; mount --bind "$r/usr/share" /usr/share && exec \
			"$r/lib64/ld-linux-x86-64.so.2" --library-path \
			"$r/lib/x86_64-linux-gnu:$r/usr/lib/x86_64-linux-gnu" \
			"$r/usr/bin/node" "$@"' sh "$root" "$@"
	}
	node "$SRC/tests/lib/waits.js" "$PWD/fifo"
	# its helpers too have done what they had to
	wait_for 'grep -q pipe_read "/proc/$PID/wchan" && ! grep -L "^State:.S" "/proc/$PID/task"/*/status | grep -q .' 60
	both
	t 'node: all frames of all threads are those of eu-stack' '' \
		sh -c "cut -d' ' -f2- us | sort -n | diff - them"
	tj 'to the bottom, with nothing guessed' 'all(.items[]; .note == null and
		all(.frames[]; .guess | not))' on_host -o json
	tj 'through functions made at run time, C++ and back' '.items[0].frames |
		any(.[]; .module == null and .method != "pc") and
		any(.[]; .function // "" | test("^v8::internal::Builtin_HandleApiCall")) and
		([.[] | select(.method == "fp" or .method == "sim")] | length) > 10' on_host -o json
	kill "$PID"
	# A frame that is not written to all over has words of earlier calls in it, return addresses
	# too.
	node --no-sparkplug "$SRC/tests/lib/inner.js"
	made_takes() { # of twelve, those that meet the compiled function, as an array
		for _i in 1 2 3 4 5 6 7 8 9 10 11 12; do
			on_host --tid "$PID" -o json
		done | jq -s '[.[].items[] | select(.how != "not taken" and .frames[0].module == null)]'
	}
	tj 'node: no frame is lost to words that an earlier call has left' 'length > 2 and
		all(.[]; .note == null and .frames[-1].function == "_start" and
			([.frames[] | select(.method == "fp" or .method == "sim")] | length) > 5 and
			all(.frames[]; .guess | not))' made_takes
else
	skip 'node: no fixture'
fi
