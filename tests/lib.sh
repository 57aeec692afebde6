# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# lib.sh - what a test file needs. Its first line is `. tests/lib.sh`; it runs from the top of
# the tree by hand (`sh tests/tools/ls.t`) as well as under tests/run, and may say in its header
# comments `# serial` (nothing else runs beside it) and `# timeout SECONDS`.
#
#   t NAME WANT COMMAND...       stdout and stderr together, and `?STATUS` in a last line of its
#                                own if that is not 0, are WANT (printf %b: \n \t \\ \0ooo)
#   ts NAME STATUS REGEX CMD...  the exit status, and a line of either output matches (grep -E);
#                                an empty REGEX asks for the status only
#   tj NAME FILTER COMMAND...    stdout is one JSON document for which jq -e FILTER is true
#   pass NAME / fail NAME [WHY]  for what these cannot say
#   skip NAME WHY                one test not run
#   skip_all WHY                 the whole file; ends it
#   need COMMAND...              skip_all unless all these programs are there
#   box_up SCENARIO              a container of tests/fixtures/box, of this file alone and gone at
#                                its end: sets BOX (its id) and BOXPID; of a pod also BOX2, BOX2PID
#   box_run ROOT [OPTION...]     the same for one made to measure
#   engine_up ENGINE             one of tests/fixtures/engine, for as long as this file runs
#   engine_run ENGINE [OPTION...] IMAGE [ARGV...]   a container of it, of this file alone and gone
#                                at its end: sets CT (its name), CTPID and CTID
#   engine_pod ENGINE [--pid=pod|node] CONTAINER=IMAGE[,ARGV...]...   sets POD (its name), and CT,
#                                CTPID and CTID for the first container, CT2... for the second,
#                                BOX... for its sandbox
#   straced FILE OPTION... COMMAND...   strace -f of it into FILE; a call that came back when others
#                                had been made in between stands on one line, at its return
#   without CAPS COMMAND...      runs it without these capabilities: "-bpf,-perfmon", "-all"
#   processes ARGUMENT...        runs nsdebug with them and prints how many processes that took
#   at_exit COMMAND              done at the end, last one first, however the test ends; a kill in
#                                it of a number is of the process that had it when this was said
#   begun PID                    returns when what a runtime has started there is its program: with its
#                                rights and its memory, or ended
#   paused PID [COUNT]           returns when its first thread is in pause(2), or COUNT of them are:
#                                who says "ready" is there only after that
#   asleep PID                   returns when its first thread sleeps for a time, as it does in a loop
#                                for somebody to begin; not when a program is only being started
#   wait_for CONDITION SECONDS   evaluates until true; 1 when three times that is over, as a busy
#                                machine takes its time and an idle one does not wait. Never sleep
#                                for something to have happened: wait for it
#
# Set for a test: NSDEBUG (the binary), O (the build directory; helper programs are in
# $O/tests/lib and $O/tests/hostile), SRC (the top of the tree), TMP (a directory of its own,
# which is also the working directory). A command may be a function of the test.

set -u
SRC=${SRC:-$PWD}
SAN=${SAN:-}
O=${O:-$SRC/build${SAN:+/san}}
FX=${FX:-${O%/san}/fixtures}
NSDEBUG=${NSDEBUG:-$O/nsdebug}
SELF=${0#"$SRC"/}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/nsdebug-test.XXXXXX") || exit 99
chmod 755 "$TMP"	# containers of other users may be given files in it
_tap=$TMP.tap
mkdir "$_tap" || exit 99
: >"$_tap/count"
: >"$_tap/cleanup"
export SRC O FX NSDEBUG TMP SAN LC_ALL=C TZ=UTC0
unset NO_COLOR COLUMNS 2>/dev/null || :
cd "$TMP" || exit 99

# A file, not a variable: `something | t ...` runs t in a subshell.
_say() { # ok|not ok, NAME, WHY NOT RUN
	echo >>"$_tap/count"
	echo "$1 $2${3:+ # SKIP $3}"
}

pass() { _say ok "$1"; }
fail() {
	! _not_here "$1" || return 0
	_say 'not ok' "$1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | _note
}
skip() { _say ok "$1" "$2"; }
skip_all() {
	echo "1..0 # SKIP $1"
	echo skipped >"$_tap/all"
	exit 0
}
_note() { cat -v | head -n 60 | sed 's/^/#   /'; }

# A dynamic build (SAN=1) cannot show what is true of static ones: those tests are named in
# tests/san-skip, as "FILE: PATTERN", a shell pattern of the name.
_not_here() {
	[ -n "${SAN:-}" ] || return 1
	while read -r _san; do
		# shellcheck disable=SC2254	# it is a pattern
		case "$SELF: $1" in $_san)
			skip "$1" 'is about the static build (tests/san-skip)'
			return 0 ;;
		esac
	done <"$SRC/tests/san-skip"
	return 1
}

t() {
	_name=$1 _want=$2
	shift 2
	! _not_here "$_name" || return 0
	"$@" >"$_tap/got" 2>&1
	_st=$?
	[ $_st = 0 ] || echo "?$_st" >>"$_tap/got"
	printf %b "$_want" >"$_tap/want"
	if cmp -s "$_tap/want" "$_tap/got"; then
		_say ok "$_name"
	else
		_say 'not ok' "$_name"
		{ echo "$*"; diff -u --label want --label got "$_tap/want" "$_tap/got"; } | _note
	fi
	return 0
}

ts() {
	_name=$1 _want=$2 _re=$3
	shift 3
	! _not_here "$_name" || return 0
	"$@" >"$_tap/got" 2>&1
	_st=$?
	if [ $_st = "$_want" ] && { [ -z "$_re" ] || grep -Eq -e "$_re" "$_tap/got"; }; then
		_say ok "$_name"
	else
		_say 'not ok' "$_name"
		{ echo "$*"; echo "status $_st, want $_want; output, which should match $_re:"
		  cat "$_tap/got"; } | _note
	fi
	return 0
}

tj() {
	_name=$1 _filter=$2
	shift 2
	! _not_here "$_name" || return 0
	"$@" >"$_tap/got" 2>"$_tap/errors"
	_st=$?
	if jq -es "length == 1 and (.[0] | $_filter)" "$_tap/got" >"$_tap/jq" 2>&1; then
		_say ok "$_name"
	else
		_say 'not ok' "$_name"
		{ echo "$*"; echo "status $_st; not true: $_filter"
		  cat "$_tap/jq" "$_tap/errors" "$_tap/got"; } | _note
	fi
	return 0
}

need() {
	for _p; do
		command -v "$_p" >/dev/null || skip_all "needs $_p: run make deps"
	done
}

without() {
	_caps=$1
	shift
	setpriv --bounding-set "$_caps" --inh-caps "$_caps" "$@"
}

straced() {
	_st_to=$1
	shift
	strace -f -o "$_st_to.raw" "$@"
	set -- $?
	awk '/ <unfinished \.\.\.>$/ { sub(/ <unfinished \.\.\.>$/, ""); part[$1] = $0; next }
		/^[0-9]+ +<\.\.\. [a-z0-9_]+ resumed>/ { pid = $1
			sub(/^[0-9]+ +<\.\.\. [a-z0-9_]+ resumed>/, "")
			$0 = part[pid] $0; delete part[pid] }
		{ print }
		END { for (pid in part) print part[pid] " <unfinished ...>" }' "$_st_to.raw" >"$_st_to"
	return "$1"
}

processes() {
	strace -f -e trace=none -o "$_tap/traced" "$NSDEBUG" "$@" >"$_tap/shown"
	awk '{ print $1 }' "$_tap/traced" | sort -u | wc -l
}

# A number is soon another process's: in a minute, where tests start hundreds in a second.
_began() { # PID: when, or nothing
	{ read -r _at_stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	# shellcheck disable=SC2086 # words of the 3rd field and after: this is the 22nd
	set -- ${_at_stat##*) }
	echo "${20}"
}
at_exit() {
	printf '%s\n' "$1" >>"$_tap/cleanup"
	case $1 in *kill*) ;; *) return ;; esac
	for _at_word in $1; do
		_at_word=${_at_word%;}
		case $_at_word in
		'' | *[!0-9]*) ;;
		*)	echo "$_at_word $(_began "$_at_word")" >>"$_tap/born" ;;
		esac
	done
}
_kill() { # [-SIGNAL] PID...
	_at_how=-TERM
	for _at_pid; do
		case $_at_pid in
		-*)	_at_how=$_at_pid ;;
		*)	! grep -qs "^$_at_pid " "$_tap/born" ||
				[ "$(sed -n "s/^$_at_pid //p" "$_tap/born" | tail -n 1)" = "$(_began "$_at_pid")" ] ||
				continue
			command kill "$_at_how" "$_at_pid" ;;
		esac
	done
}

wait_for() {
	_end=$(($(date +%s) + 3 * $2))
	until eval "$1"; do
		[ "$(date +%s)" -lt "$_end" ] || return 1
		sleep 0.02
	done
}

. "$SRC/tests/lib/begun.sh"
begun() { wait_for "is_begun '$1'" 20 || fail "process $1 has become its program"; }

_paused() {
	if [ "$2" ]; then
		[ "$(cat "/proc/$1/task"/*/syscall 2>/dev/null | grep -c '^34 ')" = "$2" ]
	else
		grep -qs '^34 ' "/proc/$1/syscall"
	fi
}
paused() { wait_for "_paused '$1' '${2:-}'" 20 || fail "process $1 is in pause(2)"; }
asleep() { wait_for "grep -Eqs '^(35|230) ' '/proc/$1/syscall'" 20 || fail "process $1 sleeps"; }

# One test file's container is never another's: it may be paused, or taken down.
_boxes=0
_box() { # VERB WHAT [OPTION...]
	_verb=$1 _what=$2
	shift 2
	_boxes=$((_boxes + 1))
	_name=$(basename "$0" .t)-$$-$_boxes
	case $_verb in
	up)	set -- up "$_what" "$_name" ;;
	*)	set -- run "$_name" "$_what" "$@" ;;
	esac
	"$SRC/tests/fixtures/box" "$@" >"$_tap/box" 2>"$_tap/errors"
	_st=$?
	while read -r _id _; do
		at_exit "'$SRC/tests/fixtures/box' down '$_id'"
	done <"$_tap/box"
	if [ $_st = 77 ]; then
		skip_all "$(tail -n 1 "$_tap/errors")"
	elif [ $_st != 0 ]; then
		_say 'not ok' "box $*"
		_note <"$_tap/errors"
		exit 1
	fi
	BOX2='' BOX2PID=''
	{ read -r BOX BOXPID _; read -r BOX2 BOX2PID _; } <"$_tap/box"
	export BOX BOXPID BOX2 BOX2PID
}
box_up() { _box up "$1"; }
box_run() { _box run "$@"; }

# An engine is the machine's: the first who wants it starts it, the last one's end stops it.
_engine() { # VERB ENGINE ...: what it prints is in $_tap/engine
	HOLDER=$$ "$SRC/tests/fixtures/engine" "$@" >"$_tap/engine" 2>"$_tap/errors" && return
	_st=$?
	[ $_st != 77 ] || skip_all "$(tail -n 1 "$_tap/errors")"
	_say 'not ok' "engine $*"
	_note <"$_tap/errors"
	exit 1
}
engine_up() {
	at_exit "HOLDER=$$ '$SRC/tests/fixtures/engine' down $1"
	_engine up "$1"
}
_engine_name() { # ENGINE: a name for what is to come, gone at the end
	_boxes=$((_boxes + 1))
	_name=nsd-$(basename "$0" .t)-$$-$_boxes
	case $1 in
	cri) _name=$_name/pod-$$-$_boxes ;;
	kubelet) _name=$_name/pod-$$-$_boxes-nsd ;;
	esac
	at_exit "'$SRC/tests/fixtures/engine' rm $1 $_name"
}
engine_run() {
	_of=$1
	shift
	_engine_name "$_of"
	_engine run "$_of" "$_name" "$@"
	read -r CT CTPID CTID <"$_tap/engine"
}
engine_pod() {
	_of=$1
	shift
	_engine_name "$_of"
	_engine pod "$_of" "$_name" "$@"
	POD=$_name
	{
		read -r CT CTPID CTID
		[ "$(wc -l <"$_tap/engine")" = 2 ] || read -r CT2 CT2PID CT2ID
		read -r BOX BOXPID BOXID
	} <"$_tap/engine"
}

# The plan comes last and only from here: a file that dies midway shows itself by its absence.
_end() {
	_st=$?
	trap - EXIT
	kill() { _kill "$@"; }
	tac "$_tap/cleanup" | while read -r _c; do
		eval "$_c" >"$_tap/end" 2>&1 </dev/null || { echo "# at exit: $_c"; _note <"$_tap/end"; }
	done
	[ $_st = 0 ] || echo "# ended with status $_st"
	[ $_st != 0 ] || [ -e "$_tap/all" ] || echo "1..$(wc -l <"$_tap/count")"
	cd /
	rm -rf --one-file-system "$TMP" "$_tap"
	exit $_st
}
trap _end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
