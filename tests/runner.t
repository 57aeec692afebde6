#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runner and lib.sh themselves: what fails is told, what died is not forgotten.
. tests/lib.sh
need jq

mkdir -p tests/lib
cp "$SRC/tests/lib.sh" "$SRC/tests/run" tests
cp "$SRC/tests/lib/begun.sh" tests/lib
REUSE=$O/tests/hostile/reuse
export REUSE
unset O SAN RUN_DIR

file() { # NAME LINE...
	f=tests/$1.t
	shift
	printf '%s\n' '#!/bin/sh' '. tests/lib.sh' "$@" >"$f"
}
SRC=$TMP
export SRC
run() { tests/run -j 2 "$@" | tail -n 1; }

file good "t a 'x\n' echo x" "ts b 3 foo sh -c 'echo food; exit 3'" "tj c '.a == 1' echo '{\"a\":1}'" \
	"echo x | t 'at the end of a pipe' 'x\n' cat" 'skip d why'
t 'counts'			'4 passed, 0 failed, 1 skipped\n'	run tests/good.t
ts 'succeeds'			0 ''					tests/run tests/good.t
ts 'names what was skipped'	0 'good.t: d # SKIP why'		tests/run tests/good.t

file bad "t output 'y\n' echo x" "t status 'x\n' sh -c 'echo x; exit 1'" "ts s 0 nothing echo x" \
	"tj not '.a == 2' echo '{\"a\":1}'" "tj two . echo 1 2" "tj none . true"
t 'every assertion can fail'	'0 passed, 6 failed, 0 skipped\n'	run tests/bad.t
ts 'fails'			1 ''					tests/run tests/bad.t
ts 'shows the difference'	1 '^#   \+x$'				tests/run tests/bad.t

file killed 'pass a' 'kill -9 $$'
t 'a file that is killed'	'1 passed, 1 failed, 0 skipped\n'	run tests/killed.t
file unset 'pass a' 'echo $nothing'
t 'a file that dies'		'1 passed, 1 failed, 0 skipped\n'	run tests/unset.t
file syntax 'pass a' 'echo $(('
t 'a file that does not parse'	'1 passed, 1 failed, 0 skipped\n'	run tests/syntax.t
file slow '# timeout 1' 'pass a' 'sleep 60'
ts 'a file that hangs'		1 'took longer than 1 s'		tests/run tests/slow.t
file empty
t 'a file without a test'	'0 passed, 1 failed, 0 skipped\n'	run tests/empty.t
printf 'echo ok 1\n' >tests/naked.t
t 'a file without lib.sh'	'1 passed, 1 failed, 0 skipped\n'	run tests/naked.t
t 'no file'			'0 passed, 0 failed, 0 skipped\n'	run
ts 'no file is a failure'	1 'no test ran'				tests/run
t 'a file that is not there'	'0 passed, 1 failed, 0 skipped\n'	run tests/none.t
file whole 'skip_all reason' 'fail never'
t 'a file skipped as a whole'	'4 passed, 0 failed, 2 skipped\n'	run tests/good.t tests/whole.t
file missing 'need no-such-program'
ts 'a missing program is named'	1 'needs no-such-program: run make deps' tests/run tests/missing.t

file first '# serial' "test ! -e '$TMP/busy'; : >'$TMP/busy'" "t alone '' true" "rm '$TMP/busy'"
cp tests/first.t tests/second.t
t 'serial files run alone'	'2 passed, 0 failed, 0 skipped\n'	run tests/first.t tests/second.t

file exits "at_exit 'echo one >>$TMP/exits'" "at_exit 'echo two >>$TMP/exits'" 'pass a' 'exit 4'
run tests/exits.t >/dev/null
t 'at_exit, last one first'	'two\none\n'				cat exits

# By then the number is another process's, and again somebody's who is to end.
file taken 'sleep 100 &' 'at_exit "kill -9 $!"' 'old=$!' 'kill -9 $old' 'wait $old' \
	'now=$(cat /proc/uptime)' "wait_for '[ \"\${now%% *}\" != \"\$(cut -d\" \" -f1 /proc/uptime)\" ]' 5" \
	'"$REUSE" "=$old" / >taken &' "echo \$! \$old >'$TMP/taken'" "wait_for 'test -s taken' 20" 'pass a' \
	'sleep 100 &' "echo \$! >'$TMP/own'" 'at_exit "kill $!; :"'
tests/run tests/taken.t >out 2>&1
read -r parent old <taken
wait_for 'grep -qs "^State:.S" "/proc/$old/status"' 5
ts 'a number that was taken is not killed at exit' 0 'State:.S' cat "/proc/$old/status"
kill -9 "$parent" 2>/dev/null
t 'others are' '' wait_for '! kill -0 "$(cat own)" 2>/dev/null' 5

file waits "(sleep 0.1; : >here) &" "t comes '' wait_for 'test -e here' 10" \
	"t never '?1\n' wait_for 'test -e there' 1"
t 'wait_for'			'2 passed, 0 failed, 0 skipped\n'	run tests/waits.t

printf '%s\n' 'tests/good.t: a' 'tests/bad.t' >tests/san-skip
t 'SAN=1 skips by name'		'3 passed, 0 failed, 3 skipped\n'	env SAN=1 sh -c \
	'tests/run tests/good.t tests/bad.t | tail -n 1'
