#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prof: whose time it is, against programs that know it; what other programs read of it.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc go xmllint bpftool
can_trace

mkdir "$TMP/go"
chmod 755 "$TMP/go"
burn() { # ARGV...: a container that waits until it may
	rm -f go/on
	box_run static --bind "$O/tests/lib:/h:ro" --bind "$TMP/go:/go:ro" -- "${HOW:-/h/burn}" "$@"
}
said_itself() { cat "$FX/boxes/$BOX/log"; }

prof_start() { # OPTION...
	"$NSDEBUG" prof "$BOX" "$@" >out 2>said &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for _sealed 30 || fail "prof $* begins" "$(cat said)"
}
prof() { # OPTION...: from before its first function to its end
	prof_start "$@"
	: >go/on
	trace_wait
}
look() { # OPTION...: a second of what runs already
	"$NSDEBUG" prof "$BOX" --for 1s --hz 499 "$@" >out 2>said || fail "prof $*" "$(cat said)"
}
is() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >is.out 2>&1; then
		pass "$name"
	else
		fail "$name" "$(echo "not so: $*"; cat is.out said; head -c 2000 out)"
	fi
}
of() { # NAME FILTER: jq -e is true of the document
	is "$1" jq -e "$2" out
}

# Shares of its three functions, by its own account, and by ours: not 3 points apart. By chance a
# share of 60 % of n samples is off by 0.49/sqrt(n): of the 6000 that there are about, 3 points are
# nearly five times that.
apart() { # FUNCTION...
	said_itself >truth
	jq -r '.items[] | select(.kind == "function") | "\(.function) \(.total_s * 1e9 | round)"' out >ours
	awk 'FILENAME == "truth" { own[$1] = $2; all += $2; next } $1 in own { got[$1] += $2; sum += $2 }
		END { for (f in own) {
			d = 100 * got[f] / sum - 100 * own[f] / all
			printf "%s: itself %.2f %%, here %.2f %%\n", f, 100 * own[f] / all, 100 * got[f] / sum
			if (d > 3 || d < -3) bad = 1
			n++
		} exit bad || n != 3 }' truth ours
}

# ---- on the processor ----

burn cpu 3 2
prof --hz 997 -o json
t 'nothing to complain but the end'	'nsdebug: the target has ended\n' cat said
is 'shares of time are those of the program'	apart
of 'enough samples to say so'		'.summary.samples > 4000'
of 'all of them are of some function'	'([.items[] | select(.kind == "function").samples] | add) == .summary.samples'
of 'and of some stack'			'([.items[] | select(.kind == "stack").samples] | add) == .summary.samples'
of 'the time is what they weigh'	'.summary | (.time_s * 997 - .samples) | fabs < 1'
# what other guests of the machine take is time to a clock, and not to the account
of 'the cgroup has had about as much'	'.summary | .time_s / .clock_s | . > 0.7 and . < 1.7'
of 'none was lost, what it cost is said' '.summary | .lost == 0 and .programs_s > 0 and .nsdebug_s > 0'
of 'stacks are whole: from the function to where threads begin' \
	'any(.items[]; .kind == "stack" and .thread == "burner" and
		([.frames[].function] | join(" ") == "burn_60 work burner start_thread clone3"))'
of 'files have build ids' \
	'[.items[] | select(.function == "burn_60").build_id | test("^[0-9a-f]{40}$")] == [true]'
of 'what the kernel did for it has names' \
	'any(.items[]; .module == "[kernel]" and (.function | test("^[a-z_]")))'

strip -o "$TMP/go/burn" "$O/tests/lib/burn"
HOW=/go/burn burn cpu 1 1
prof --hz 499 -o json
at=$(nm "$O/tests/lib/burn" | sed -n 's/^0*\([0-9a-f]*\) . burn_60$/\1/p')
of 'without symbols: a function is one, called as it begins' \
	"[.items[] | select(.kind == \"function\")][0] | .function == \"burn+0x$at\" and .self_s > 0.3 * $(jq .summary.time_s out)"

# What follows is not about all of its time: one that goes on until it is taken down will do.
burn cpu 600 2
: >go/on
look
is 'a table: the heaviest first'	sh -c 'awk "/burn_60/ { print NR; exit }" out | grep -qx 2'
is 'stacks below'			grep -q '^  burn_60 (burn)$' out
is 'the last line has the account'	grep -Eq '^[0-9]+ samples, .* lost; it took .* of one processor$' out
look --by thread -o json
of '--by thread' '[.items[].thread | select(. != null and startswith("burner"))] | unique | length == 2 and all(test("-[0-9]+$"))'
look --by process -o json
of '--by process' '[.items[].thread | select(.)] | unique == ["pid-1"]'

# ---- formats ----

samples() { sed -n 's/^nsdebug: \([0-9]*\) samples, .*/\1/p' said; }
total() { sed 's/.* //' out | awk '{ n += $1 } END { print n }'; }
look --format folded
t 'folded: a stack and a number a line'	'' awk '!/^[^;]+(;[^;]+)* [0-9]+$/' out
is 'folded: the numbers are all samples'	test "$(total)" = "$(samples)"
is 'folded: from the outside in'	grep -Eq '^burner;clone3;start_thread;burner;work;burn_60 [0-9]+$' out
t 'folded: no stack twice'		'' sh -c 'sed "s/ [0-9]*$//" out | sort | uniq -d'

look --format pprof
go tool pprof -top -nodecount=3 out >top 2>&1
is 'pprof: go tool pprof has the functions' grep -Eq '% +burn_60$' top
go tool pprof -sample_index=samples -raw out >raw 2>&1
is 'pprof: all samples' test "$(awk '/^Samples:/ { on = 1; next } /^Locations/ { on = 0 }
	on && $1 ~ /^[0-9]+$/ { n += $1 } END { print n }' raw)" = "$(samples)"
is 'pprof: mappings with build ids' grep -Eq '^[0-9]+: 0x.* /h/burn [0-9a-f]{40} \[FN\]$' raw
is 'pprof: threads' grep -q 'thread:\[burner\]' raw

# https://www.speedscope.app/file-format-schema.json: of type sampled
look --format speedscope
of 'speedscope: as its schema wants it' '
	."$schema" == "https://www.speedscope.app/file-format-schema.json" and
	(.shared.frames | length) as $n | ($n > 0) and
	all(.shared.frames[]; (.name | type) == "string") and
	(.profiles | length > 0) and
	all(.profiles[]; .type == "sampled" and .unit == "nanoseconds" and (.name | type) == "string" and
		.startValue == 0 and (.samples | length) == (.weights | length) and
		.endValue == (.weights | add) and all(.samples[][]; . >= 0 and . < $n))'
of 'speedscope: from the outside in' '.shared.frames as $f | .profiles[] | select(.name == "burner") |
	any(.samples[]; [$f[.[]].name] == ["burner", "clone3", "start_thread", "burner", "work", "burn_60"])'

look --format svg
t 'svg: is well-formed'		''	xmllint --noout out
is 'svg: frames have names'	sh -c "xmllint --xpath '//*[local-name()=\"title\"]/text()' out | grep -qx burn_60"
is 'svg: nothing is fetched'	sh -c '! grep -Eo "(href|src|url|import|fetch|XMLHttp)[^ ]*" out'
count() { xmllint --xpath "count(//*[local-name()=\"$1\"])" out; }
is 'svg: each box has a name' test "$(count title)" -gt 5 -a "$(count title)" = "$(($(count rect) - 1))"
ts 'a format and -o'	2 'instead of rows'	"$NSDEBUG" prof "$BOX" --format svg -o json
ts 'pprof is not for a terminal' 0 'pprof is compressed, and not for a terminal' script -qec \
	"$NSDEBUG prof $BOX --for 1s --format pprof || true" /dev/null
ts 'no such format'	2 'folded'	"$NSDEBUG" prof "$BOX" --format png

if grep -qx '0::/' /proc/self/cgroup; then
	tail -f /dev/null &
	at_exit "kill $!"
	ts 'a process of the host, without a cgroup of its own: what to do' 4 \
		"mkdir CGROUP2/NAME; echo $! >CGROUP2/NAME/cgroup.procs" \
		"$NSDEBUG" --host prof "pid://$!" --for 1s
else
	skip 'a process of the host, without a cgroup of its own' 'it has the one of the tests'
fi

"$SRC/tests/fixtures/box" down "$BOX"
# ---- off the processor ----

burn wait 3 2
prof --off-cpu --min 0s -o json
is 'waits are where the program has waited'	apart
# who begins or ends may wait for the other one, too
of 'in the kernel it is what it waits for' \
	'[.items[] | select(.kind == "stack" and any(.frames[]; .function | test("^wait_[136]0$"))).frames[0].function] |
		unique == ["do_nanosleep"]'
of 'who waits for all of it has waited'	\
	'any(.items[]; .kind == "function" and .function == "__pthread_clockjoin_ex" and .total_s > 1)'
burn wait 60 1
prof_start --off-cpu --min 0s --for 2s --by thread -o json
: >go/on
trace_wait
of 'no thread has waited longer than was looked' '(.summary.window_s + 0.005) as $most |
	[.items[] | select(.kind == "stack")] | group_by(.thread) | length > 1 and
		all(.[]; (map(.self_s) | add) <= $most)'
"$SRC/tests/fixtures/box" down "$BOX"
box_run base --ready -- /app/threads 2 1
paused "$BOXPID"
look
is 'nothing runs: that is said, and what shows something' \
	grep -q 'nothing of it ran: --off-cpu shows' said
"$SRC/tests/fixtures/box" down "$BOX"
burn wait 1 2
prof --off-cpu --min 1h -o json
of 'shorter ones are counted' '.items == [] and .summary.short_waits > 100 and .summary.short_s > 1'


# That a thread is back finds no room, and it waits never again: its wait is not one to the end.
mkfifo go/until
burn lost 60
prof_start --off-cpu --timeout 60s -o json
: >go/on
task() { grep -lx "$1" "/proc/$BOXPID/task/"*/comm | head -n 1 | sed 's,/comm$,,'; }
switched() { sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "$(task often)/status"; }
wait_for '[ "$(switched)" -gt 100 ]' 30
waits_once() { once=$(task once) && grep -q "^257 " "$once/syscall"; }
wait_for waits_once 20 || fail 'one thread waits for good' "$(grep . "/proc/$BOXPID/task/"*/comm)"
kill -STOP "$TRACER"
from=$(switched)
# a third of the waits: each brings more than 16K of stack, for which there are 64M
wait_for '[ "$(switched)" -gt $((from + 3000)) ]' 60
: >go/until
wait_for 'grep -q "^State:.R" "$once/status"' 20
kill -CONT "$TRACER"
trace_stop
of 'waits whose end found no room are counted' '.summary.lost > 0 and .truncated'
of 'and those that were told are shown' 'any(.items[]; .thread == "often")'
of 'a wait whose end was lost is not shown' 'all(.items[]; .thread != "once")'
rm go/until
"$SRC/tests/fixtures/box" down "$BOX"

# ---- only the target's ----

burn cpu 2 1
FIRST=$BOX
burn deep 2 20
SECOND=$BOX BOX=$FIRST
prof -o json
of 'not of another container'	\
	'any(.items[]; .function == "burn_60") and all(.items[]; .function != "dive")'
"$SRC/tests/fixtures/box" down "$SECOND"

# ---- names that would be more than names ----

cp "$O/tests/lib/burn" "$TMP/odd"
evil='</title><script>alert(1)</script>;"&
x 5'
objcopy --redefine-sym "burn_60=$evil" odd
mkdir h
chmod 755 h
mv odd h/odd
rm -f go/on
box_run static --bind "$TMP/h:/h:ro" --bind "$TMP/go:/go:ro" -- /h/odd names 600
: >go/on
look --format folded
t 'folded: names are not lines or frames'	'' awk '!/^[^;]+(;[^;]+)* [0-9]+$/' out
is 'folded: all samples are there'	test "$(total)" = "$(samples)"
is 'folded: a ; in a name is none'	grep -q '^a:b;clone3;' out
look --format svg
t 'svg: names are text'		''	xmllint --noout out
t 'svg: only our own script'	'1\n'	xmllint --xpath 'count(//*[local-name()="script"])' out
is 'svg: the name is there'	sh -c "xmllint --xpath 'string(/)' out | grep -qF '</title><script>alert(1)'"
look --format speedscope
of 'speedscope: names are strings'	'[.shared.frames[].name] | any(. == "</title><script>alert(1)</script>;\"&\nx 5")'
look --format pprof
is 'pprof: can be read'		sh -c 'go tool pprof -raw out 2>&1 | grep -qF "alert(1)"'
is 'pprof: nothing raw'		sh -c '! go tool pprof -raw out 2>&1 | grep -q "$(printf "\033")"'
look
is 'a table: nothing raw'	sh -c '! LC_ALL=C grep -q "[[:cntrl:]]" out'

"$SRC/tests/fixtures/box" down "$BOX"

# ---- code of no file ----

mkdir tmp
chmod 1777 tmp
rm -f go/on
box_run static --bind "$O/tests/lib:/h:ro" --bind "$TMP/go:/go:ro" --bind "$TMP/tmp:/tmp:ro" -- \
	/h/burn made 600
echo '200000000 6 what it says;itself' >tmp/perf-1.map
: >go/on
look -o json
of 'has the name that the process says' '.items[0] | .function == "what it says;itself" and .module == null'
rm tmp/perf-1.map
look -o json
of 'or none' '.items[0].function == "[code of no file]"'
of 'who called it is a guess, and marked as one' 'any(.items[]; .kind == "stack" and
	.frames[1].function == "[callers from here on are a guess]" and (.frames | length) > 2)'
is 'and these samples are counted'	grep -Eq 'frames are a guess in [0-9]+ of [0-9]+ samples' said
"$SRC/tests/fixtures/box" down "$BOX"

# Most of these have ended before anybody could look where their code is.
burn short 600
: >go/on
look -o json
of 'code that nobody could look up is not of no file' \
	'.summary.samples > 0 and all(.items[]; .function != "[code of no file]")'
"$SRC/tests/fixtures/box" down "$BOX"

# ---- what is missing is said ----

burn deep 1 200
prof --stack-bytes 4K -o json
is 'a stack that is not copied whole'	grep -Eq 'the stack ends early in [0-9]+ of [0-9]+ samples: .*--stack-bytes' said
of 'and says so in its place' 'any(.items[]; .kind == "stack" and .frames[-1].function == "[the stack ends early]")'
burn deep 1 200
prof -o json
of 'as long as it is, if it is copied' 'any(.items[]; .kind == "stack" and
	([.frames[].function] | map(select(. == "dive")) | length == 201) and .frames[-1].function == "_start")'
of 'recursion counts once' '.summary.time_s as $all | [.items[] | select(.function == "dive").total_s <= $all] == [true]'

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$BOXPID/stat"; }
burn deep 10 300
prof_start --hz 10000 --stack-bytes 64K --timeout 60s -o json
: >go/on
kill -STOP "$TRACER"
from=$(ticks)
# a second and a half of its processor time fills all the room that there is
wait_for '[ "$(ticks)" -gt $((from + 150)) ]' 60
kill -CONT "$TRACER"
trace_stop
is 'samples that found no room'	grep -Eq '[0-9]+ events were lost: the ring was full' said
of 'are counted and make it incomplete' '.summary.lost > 0 and .truncated'
is 'after Ctrl-C there is what there is' test "$STATUS" = 130

# ---- the end ----

burn cpu 60 2
prof_start --for 1s -o json
: >go/on
trace_wait
is '--for' test "$STATUS" = 0
of 'is how long' '.summary.window_s > 0.99 and .summary.window_s < 10'
prof_start --hz 997
from=$(ticks)
wait_for '[ "$(ticks)" -gt $((from + 20)) ]' 20
trace_stop
is 'Ctrl-C' test "$STATUS" = 130
is 'shows what there is' grep -q 'burn_60' out
leave() { # FORMAT: the status where nobody reads any more
	{ "$NSDEBUG" prof "$BOX" --for 1s --format "$1" 2>err; echo $? >st; } | :
	cat st
	sed '/ samples, /d' err
}
for format in folded pprof speedscope svg; do
	t "a reader that leaves: $format" '0\n' leave $format
done

programs() { # of the tracer: their numbers
	cat /proc/"$TRACER"/fdinfo/* 2>/dev/null | sed -n 's/^prog_id:[[:space:]]*//p' | sort -u
}
none_left() { for i in $ids; do ! bpftool prog show id "$i" >/dev/null 2>&1 || return 1; done; }
prof_start -o json
kill -STOP "$TRACER"
"$SRC/tests/fixtures/box" down "$BOX"
kill -CONT "$TRACER"
trace_wait
of 'the account of a cgroup that is gone is not known' '.summary.clock_s == null'

burn cpu 60 2
for mode in --hz=199 --off-cpu; do
	prof_start "$mode"
	ids=$(programs)
	is "$mode: there are programs" test -n "$ids"
	kill -KILL "$TRACE"
	is "$mode: killed, nothing is left" wait_for none_left 20
	wait "$TRACE" 2>/dev/null
done

# Its programs are loaded, so that is not what it is at.
prof_start --timeout 1s
kill -STOP "$TRACER"
trace_wait
is 'one that does not go on'	grep -q 'no progress for 1 s (--timeout): it is stopped' said

# ---- what does not go together ----

ts '--hz 0'			2 'from 1 to'		"$NSDEBUG" prof "$BOX" --hz 0
ts 'too much of a stack'	2 'at most 65536'	"$NSDEBUG" prof "$BOX" --stack-bytes 65K
ts 'an event without ticks'	2 'has no ticks'	"$NSDEBUG" prof "$BOX" --off-cpu --event cycles
if [ -e /sys/bus/event_source/devices/cpu ]; then
	tj '--event cycles' '.summary.samples > 0' "$NSDEBUG" prof "$BOX" --event cycles --for 1s -o json
else
	ts '--event cycles, where there are none' 4 'does not count cycles' \
		"$NSDEBUG" prof "$BOX" --event cycles --for 1s
fi
