#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --stack: the call stack of the thread that an event is about.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

box_run base --bind "$O/tests/lib:/t:ro" -- /t/chain
trace_start syscalls "$BOX" -e write --stack --max-events 12
trace_wait
t 'it ends by itself' '0\n' echo "$STATUS"
# the two take turns as they get the processor
trace_start syscalls "$BOX" -e write --stack
of() { grep -c "\"comm\":\"$1\"" rows; }
wait_for '[ "$(of chain)" -gt 3 ] && [ "$(of other)" -gt 3 ]' 20 || fail 'both write' "$(cat rows said)"
trace_stop
chains='def names: [.frames[].function]; def named(n): map(select(.comm == n));'
tr_rows 'two threads that call the same function' "$chains (named(\"chain\") | length) > 3 and
	(named(\"other\") | length) > 3 and all(.[]; .frames_end == null)"
tr_rows 'each shows who called' "$chains all(named(\"chain\")[]; .args[0] == \"1\" and
	names == [\"write\", \"c\", \"b\", \"a\", \"main\", \"__libc_start_call_main\",
		\"__libc_start_main\", \"_start\"]) and
	all(named(\"other\")[]; .args[0] == \"2\" and
	names == [\"write\", \"c\", \"x\", \"other\", \"start_thread\", \"clone3\"])"
tr_rows 'and how it is known' 'all(.[].frames; .[0].method == "pc" and all(.[1:][]; .method == "cfi"))'
ts 'below the event in a table' 0 '^  #2 +0x[0-9a-f]+ b\+0x[0-9a-f]+ \(chain\)$' \
	"$NSDEBUG" trace syscalls "$BOX" -e write --stack --filter 'comm == "chain"' --max-events 2
ts 'a stack that is longer than what is copied says so' 0 \
	'#2 .* b\+0x.* -- only [0-9]+ bytes of the stack were copied \(--stack-bytes\)$' \
	"$NSDEBUG" trace syscalls "$BOX" -e write --stack-bytes 4K --filter 'comm == "chain"' --max-events 2
tj 'without it there is none' 'all(.items[]; .frames == [])' \
	"$NSDEBUG" trace syscalls "$BOX" -e write --max-events 2 -o json

ts 'not with -c' 2 'stacks are not counted' "$NSDEBUG" trace syscalls "$BOX" --stack -c
# what -e, --filter and --lossless do, they do with stacks, too
tj 'with --lossless' '(.items | length) == 4 and
	all(.items[]; .frames_end == null and (.frames | length) > 5)' \
	"$NSDEBUG" trace syscalls "$BOX" -e write --stack --lossless --max-events 4 -o json

# a process that was not there when the trace began, and runs another program after a while
trace_start syscalls "$BOX" -e write --stack \
	--filter 'pid != 1 && (comm == "chain" || comm == "exe")'
in_box /t/chain again &
at_exit "kill $! 2>/dev/null || :"
wait_for '[ "$(wc -l <rows)" -ge 25 ] && [ "$(grep -c "\"frames_end\":null" rows)" -ge 15 ]' 20
trace_stop
# on a busy machine it may run the next program before it was looked at, which is then said
tr_rows 'processes that come later' "$chains (map(select(.frames_end == null)) | length) >= 15 and
	all(.[]; if .frames_end == null then
			names[:5] == [\"write\", \"c\", \"b\", \"a\", \"main\"]
		else (.frames_end | startswith(\"the process \")) and names == [null] end)"

# who maps other code at the same place after a call does not name the caller
box_run base --bind "$O/tests/lib:/t:ro" -- /t/remap
trace_start syscalls "$BOX" -e setpriority --stack --max-events 8
trace_wait
tr_rows 'code that is replaced after the event: no name of what is there now' 'length == 8 and
	all(.[].frames[]; .function != "decoy") and
	any(.[]; .frames_end != null and (.frames_end | startswith("other code")) and
	(.frames | length) == 1 and .frames[0].function == null and .frames[0].module == null)'

# from files that are loaded anywhere, and opened by name
box_run base -- /app/threads 1 1
trace_start open "$BOX" --stack
in_box /app/threads 1 1 &
at_exit "kill $! 2>/dev/null || :"
wait_for 'grep -q libc.so.6 rows' 20
trace_stop
tr_rows 'trace open: who opens the library is the loader' 'any(.[] | select(.path != null and
	(.path | endswith("/libc.so.6"))); (.frames | length) > 3 and
	all(.frames[]; .module | test("ld-linux")))'

# ---- who sends a signal, wants a program that is not there, ends ----

called() { echo "[\"$1\", \"c\", \"b\", \"a\", \"do_it\", \"main\"]"; }
box_run base --bind "$O/tests/lib:/t:ro" -- /t/chain kill
trace_start signal "$BOX" --stack --filter 'signal == SIGUSR1 || signal == SIGWINCH'
kill -WINCH "$BOXPID"
wait_for '[ "$(wc -l <rows)" -ge 4 ]' 20
trace_stop
tr_rows 'trace signal: the sender' "$chains map(select(.signal == \"SIGUSR1\")) | length > 2 and
	all(.[]; .frames_end == null and names[:6] == $(called kill))"
tr_rows 'who is not of the target shows nothing, which is said' \
	'any(.[]; .signal == "SIGWINCH" and .frames == [] and (.frames_end | test("not of the target")))'
ts 'below the signal in a table' 0 '^  #2 +0x[0-9a-f]+ b\+0x[0-9a-f]+ \(chain\)$' \
	"$NSDEBUG" trace signal "$BOX" --stack --max-events 1
tj 'signals without it' 'all(.items[]; .frames == [] and .frames_end == null)' \
	"$NSDEBUG" trace signal "$BOX" --max-events 2 -o json

box_run base --bind "$O/tests/lib:/t:ro" -- /t/chain exec
trace_start exec "$BOX" --stack
in_box /t/chain exit
wait_for '[ "$(grep -c ENOENT rows)" -ge 3 ]' 20 || fail 'programs that are not there' "$(cat rows said)"
trace_stop
tr_rows 'trace exec: who wanted the program that is not there' "$chains map(select(.error)) |
	length >= 3 and all(.[]; .error == \"ENOENT\" and .frames_end == null and names[:6] == $(called execve))"
tr_rows 'one that starts has no stack yet, which is said' \
	'map(select(.error == null)) | length > 0 and
		all(.[]; .frames == [] and (.frames_end | test("has just started")))'

trace_start exit "$BOX" --stack
in_box /t/chain exit
in_box /t/chain abort
trace_stop
case $(uname -r) in
[1-5].* | 6.[0-9].* | 6.1[0-5].*)
	tr_rows 'trace exit: before Linux 6.16 there is no memory left, which is said' \
		'map(select(.comm == "chain")) | length == 2 and
		all(.[]; .frames == [] and (.frames_end | test("given its memory up")))' ;;
*)
	tr_rows 'trace exit: where it ended itself' "$chains any(.[]; .status == 3 and
		.frames_end == null and (names[0] | test(\"^_[eE]xit\$\")) and
		names[1:6] == $(called _exit)[1:])"
	tr_rows 'and where it was aborted' "$chains any(.[]; .signal == \"SIGABRT\" and
		.frames_end == null and (names | index(\"abort\")) > 0 and
		names[(names | index(\"abort\")):][:6] == $(called abort))" ;;
esac
# of several threads that which ended the process, or none
trace_start exit "$BOX" --stack
in_box /t/ends
trace_stop
tr_rows 'each has its row' '[.[] | select(.comm | test("^(group|other|race|fault|abort|last|alone|sent|term1?)$"))] |
	length == 200'
ends='def of(c): map(select(.comm == c)); def has(f): any(.frames[]; .function == f);
	def shown(f): .frames_end == null and has(f) and .host_tid != null;
	def unknown: .frames == [] and .tid == null and (.frames_end | test("ended it"));'
tr_rows 'never another thread' "$ends all(.[]; has(\"innocent\") | not) and
	all(.[]; (.frames != []) == (.tid != null)) and
	all(of(\"term\")[], of(\"sent\")[]; unknown and (.frames_end | test(\"trace signal --stack\")))"
case $(uname -r) in
[1-5].* | 6.[0-9].* | 6.1[0-5].*) ;;
*)
	tr_rows 'that which calls exit_group' "$ends
		(of(\"group\") | all(.[]; .status == 42 and (shown(\"guilty\") or unknown)) and
			(map(select(shown(\"guilty\") and .tid == .pid)) | length) > 15) and
		(of(\"other\") | all(.[]; .status == 42 and (shown(\"guilty\") or unknown)) and
			(map(select(shown(\"guilty\") and .tid != .pid)) | length) > 15)"
	tr_rows 'the first of two that call it' "$ends of(\"race\") |
		all(.[]; unknown or (.status == 42 and shown(\"guilty\")) or
			(.status == 43 and shown(\"rival\"))) and
		(map(select(unknown | not)) | length) > 10"
	tr_rows 'that which has the fault, or aborts' "$ends
		(of(\"fault\") | all(.[]; .signal == \"SIGSEGV\" and (shown(\"guilty\") or unknown)) and
			(map(select(shown(\"guilty\") and .tid != .pid)) | length) > 15) and
		(of(\"abort\") | all(.[]; .signal == \"SIGABRT\" and (shown(\"guilty\") or unknown)) and
			(map(select(shown(\"guilty\") and .tid != .pid)) | length) > 15)"
	tr_rows 'the last one that goes by itself' "$ends (of(\"last\"), of(\"alone\")) |
		all(.[]; .status == 42 and shown(\"guilty\") and .tid == .pid)"
	tr_rows 'a signal from elsewhere: where it was, if it has one thread' "$ends of(\"term1\") |
		all(.[]; .signal == \"SIGTERM\" and shown(\"guilty\"))" ;;
esac
trace_start signal "$BOX" --stack --filter 'signal == SIGABRT'
in_box /t/chain abort
trace_stop
tr_rows 'a signal that ends its sender' "$chains length == 1 and (.[0] | .frames_end == null and
	names[(names | index(\"abort\")):][:6] == $(called abort))"

# of the log of what is mapped where less is kept than others do while it waits
mkdir "$TMP/w"
box_run base --bind "$O/tests/lib:/t:ro" --bind "$TMP/w:/w:ro" -- /t/chain
runc exec "$BOX" /t/chain wait </dev/null >waits 2>&1 &
at_exit "kill $! 2>/dev/null || :"
wait_for '[ -s waits ]' 20
trace_start signal "$BOX" --stack --filter 'signal == SIGABRT'
in_box /t/chain many
: >"$TMP/w/go"
wait_for '[ -s rows ]' 20
trace_stop
tr_rows 'one that was there before, and ends much later' "$chains length == 1 and (.[0] |
	.frames_end == null and names[(names | index(\"abort\")):][:6] == $(called abort))"

# what one does in a moment, or keeps up for long, is not what others are known by
rm "$TMP/w/go"
runc exec "$BOX" /t/chain wait </dev/null >waits 2>&1 &
at_exit "kill $! 2>/dev/null || :"
wait_for '[ -s waits ]' 20
trace_start signal "$BOX" --stack --filter 'signal == SIGABRT || signal == SIGUSR1'
in_box /t/chain burst
in_box /t/chain lease
: >"$TMP/w/go"
wait_for 'grep -q SIGABRT rows' 20
trace_stop
tr_rows 'others map code in a burst' "$chains map(select(.signal == \"SIGABRT\")) |
	length == 1 and (.[0] | .frames_end == null and
	names[(names | index(\"abort\")):][:6] == $(called abort))"
tr_rows 'a call was under way longer than the log reaches' "$chains
	map(select(.signal == \"SIGUSR1\")) | length == 10 and
	(.[5:][] | .frames_end == null and names[:6] == $(called kill))"

# a file that is not told of, for its process has too many, does not spoil what is told of the next
cp "$O/tests/lib/chain" "$TMP/w/copy"
trace_start signal "$BOX" --stack --filter 'signal == SIGABRT'
in_box /t/chain full
in_box /w/copy abort
trace_stop
tr_rows 'after a process with too many mappings' "$chains length == 1 and (.[0] |
	.frames_end == null and names[(names | index(\"abort\")):][:6] == $(called abort))"

# names that would fill the memory, of one process and of many
for each in '' apart; do
	trace_start signal "$BOX" --stack --filter 'signal == SIGUSR1'
	in_box /t/longname $each
	trace_stop
	t "a name of 60,000 bytes, known from 6000 addresses${each:+, in many processes}" '130\n' \
		echo "$STATUS"
	tr_rows 'all events are there, and its name' 'map(select(.comm == "longname")) |
		length == 30 and any(.[]; (.frames | length) > 3 and
		all(.frames[]; .function | length == 60000))'
done

# code that came after the last look, in a process that is gone before the next one
trace_start signal "$BOX" --stack --filter 'signal == SIGKILL'
for _ in 1 2 3 4 5 6; do in_box /t/remap die; done
trace_stop
tr_rows 'code that is replaced before the event: no name of what was there' 'length == 6 and
	all(.[].frames[]; .function != "honest") and any(.[]; .frames_end != null and
	(.frames_end | startswith("other code")) and (.frames | length) == 1)'
