#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout 1800
# What every verb owes, whatever it does: descriptors, limits and signals as a caller may have left
# them; each capability missing; itself in a container; words that nobody expects. The verbs are asked
# of the binary, and each does what its first example says.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc jq setpriv

# This does a bit of everything again and again, so that no trace waits for its first event; the
# other is quiet, so that everything else shows the same of it each time.
box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do /busybox/busybox cat /etc/passwd >/dev/null; /busybox/busybox usleep 5000; done'
BUSY=$BOX BUSYPID=$BOXPID
box_run base --ready -- /app/web
QUIET=$BOX QUIETPID=$BOXPID
VERBS=$($NSDEBUG help --verbs)
choose_box() { # VERB
	case $1 in
	trace-* | prof)	BOX=$BUSY BOXPID=$BUSYPID ;;
	*)		BOX=$QUIET BOXPID=$QUIETPID ;;
	esac
}
example() { # VERB: the words behind the name of the binary; no trace longer than it must
	case $1 in
	prof)		_for='--for 1s' ;;	# some samples
	trace-exec | trace-exit | trace-open | trace-syscalls | trace-signal)
			_for='--max-events 1' ;;
	*)		_for='--for 100ms -o json' ;;	# of what never happens here
	esac
	$NSDEBUG help --json "$1" | jq -r '.examples[0].command' |
		sed "s/^nsdebug //; s/\\bnsd-demo\\b/$BOX/; s/--for 1s/$_for/
			s,--write /tmp/,-o json --write $TMP/,"
}
has_rows() { [ "$($NSDEBUG help --json "$1" | jq '.columns | length')" != 0 ]; }
needs() { $NSDEBUG help --json "$1" | jq -r '.needs[]'; }
has_target() { ! needs "$1" | grep -qx host; }

first() { head -n 1 | tr -s ' '; }	# columns are as wide as numbers are long

# Status 0, the output that it always has, and no more said than always.
as_ever() { # COMMAND... with its data to stdout
	"$@" >out
	_s=$?
	[ $_s = 0 ] || [ $_s = 5 ] || { echo "status $_s"; return 1; }
	first <out | cmp - "want.$v"
}
closed_pipe() { # a pipe that nobody reads any more
	rm -f fifo
	mkfifo fifo
	exec 8<>fifo 9>fifo 8>&-
	"$@" >&9
	_s=$?
	exec 9>&-
	return $_s
}
many_descriptors() (	# ours have to be below the limit
	for _ in $(seq 1000); do exec {_fd}</etc/passwd; done
	as_ever sh -c 'ulimit -Sn 3; exec "$@"' - "$@"
)
full_disk() {
	unshare -m sh -c 'mount -t tmpfs -o size=4k t "$1" && head -c 8192 /dev/zero >"$1/out" 2>"$2"
		shift 2; "$@" >>'"$TMP/disk/out" - "$TMP/disk" "$TMP/err" "$@"
}
appended() {
	echo before >file
	"$@" >>file
	[ "$(head -n 1 file)" = before ] && sed 1d file | first | cmp - "want.$v"
}
mkdir disk

# All as ever, or an error of its own that says what is missing.
may_fail() { # NAME REGEX COMMAND...
	_name=$1 _re=$2
	shift 2
	"$@" >out 2>err
	_s=$?
	case $_s in
	[05])	first <out | cmp - "want.$v" >"$TMP/diff" 2>&1 && pass "$_name" || fail "$_name" "$(cat "$TMP/diff" err)" ;;
	77)	grep -Eq "^nsdebug: .*($_re)" err && pass "$_name (77)" || fail "$_name" "$(cat err)" ;;
	*)	fail "$_name" "status $_s: $(cat err)" ;;
	esac
}
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		sh -c 'exec /proc/self/fd/9 "$@"' - "$@" 9<"$NSDEBUG"
}

for v in $VERBS; do
	choose_box "$v"
	# shellcheck disable=SC2046 # words, here and below
	set -- $(example "$v")
	n=$NSDEBUG
	$n "$@" 2>err | first >"want.$v"
	[ -s "want.$v" ] || fail "$v: its first example" "$(cat err)"

	# ---- 47: what a caller leaves behind ----

	ts "47 $v: stdin closed"	0 ''	as_ever $n "$@" <&-
	ts "47 $v: stderr closed"	0 ''	as_ever sh -c '"$@" 2>&-' - $n "$@"
	ts "47 $v: both closed"	0 ''	as_ever sh -c '"$@" <&- 2>&-' - $n "$@"
	ts "47 $v: stdout closed"	126 'write to stdout'	sh -c '"$@" >&-' - $n "$@"
	ts "47 $v: all closed"	126 ''	sh -c '"$@" <&- >&- 2>&-' - $n "$@"
	ts "47 $v: a full device"	126 'No space left'	sh -c '"$@" >/dev/full' - $n "$@"
	! has_rows "$v" ||
		ts "47 $v: a full device, JSON"	126 'No space left'	sh -c '"$@" >/dev/full' - $n -o json "$@"
	ts "47 $v: a full disk"	126 'No space left'	full_disk $n "$@"
	ts "47 $v: a pipe that nobody reads"	0 ''	closed_pipe $n "$@"
	ts "47 $v: the same, SIGPIPE ignored"	0 ''	closed_pipe sh -c 'trap "" PIPE; exec "$@"' - $n "$@"
	ts "47 $v: appended to a file"	0 ''	appended $n "$@"
	ts "47 $v: 1,000 descriptors"	0 ''	many_descriptors $n "$@"
	ts "47 $v: SIGCHLD ignored"	0 ''	as_ever sh -c 'trap "" CHLD; exec "$@"' - $n "$@"
	ts "47 $v: three descriptors at first"	0 ''	as_ever sh -c 'ulimit -Sn 3; exec "$@"' - $n "$@"
	ts "47 $v: three and no more"	126 'RLIMIT_NOFILE is too low.*ulimit -n'	\
		setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
		sh -c 'ulimit -n 3; exec "$@"' - $n "$@"
	ts "47 $v: no file may grow"	'126' ''	sh -c 'ulimit -f 0; trap "" XFSZ; "$@" >file' - $n "$@"
	ts "47 $v: a working directory that is gone"	0 ''	as_ever sh -c \
		'mkdir gone; cd gone; rmdir ../gone; exec "$@"' - $n "$@"

	# ---- 48: what it may not ----

	! has_target "$v" || for cap in sys_admin sys_chroot sys_ptrace dac_read_search checkpoint_restore \
		net_admin setpcap setuid sys_resource all; do
		may_fail "48 $v: without $cap" 'CAP_[A-Z_]+|as root' \
			setpriv --bounding-set=-$cap --inh-caps=-$cap $n "$@"
	done
	# shellcheck disable=SC2046
	! has_target "$v" || for where in "$BOX" "pid://$BOXPID"; do
		set -- $(example "$v" | sed "s,$BOX,$where,")
		ts "48 $v: nobody, $where" 77 'CAP_[A-Z_]+' as_nobody "$@"
	done
done

# ---- 48: itself in a container ----

may_not() { # NAME COMMAND: in the container; status and what is said
	inside "$2" >got 2>&1
	_s=$?
	case $_s in
	3 | 4 | 77) grep -q '^nsdebug: ' got && pass "$1 ($_s)" || fail "$1" "says nothing" ;;
	*)	fail "$1" "status $_s: $(cat got)" ;;
	esac
}
in_a_box() { # WHAT
	for v in $VERBS; do
		has_target "$v" || continue
		for where in web docker://web pid://1 pod/web; do
			may_not "48 $v $where: $1" "/n/nsdebug $(example "$v" | sed "s,$BOX,$where,")"
		done
	done
	inside '/n/nsdebug list' >got 2>&1
	s=$?
	# 5: it may look at no process of others, and says so
	case $s in
	0 | 5 | 77) grep -q 'no container here: looked in' got && pass "48 list: $1 ($s)" ;;
	*)	false ;;
	esac || fail "48 list: $1" "status $s: $(cat got)"
	inside '/n/nsdebug doctor' >got 2>&1
	s=$?
	case $s in
	[0145] | 77) pass "48 doctor: $1 ($s)" ;;
	*)	fail "48 doctor: $1" "status $s: $(cat got)" ;;
	esac
}
if [ -z "$SAN" ]; then
	hostile_box --bind "$O:/n:ro" --caps "$DEFAULT_CAPS" -- ':'
	in_a_box 'in a container'
	"$SRC/tests/fixtures/box" down "$BOX"
	hostile_box --no-seccomp --bind "$O:/n:ro" --caps \
		"$DEFAULT_CAPS,sys_admin,sys_ptrace,dac_read_search,checkpoint_restore,net_admin" -- ':'
	in_a_box 'in a privileged container'
else
	skip '48 in a container' 'the build is dynamic'
fi

# ---- 9 and 49: words ----

long=$(head -c 5000 /dev/zero | tr '\0' w)
esc=$(printf 'x\033]0;y\007\nz\342\200\256')
for v in $VERBS; do
	has_target "$v" || continue
	choose_box "$v"
	for where in '' "$long" "$esc" "pid://" "pid://0" "pid://-1" "pid://99999999999999999999" "pid://1x" \
		"pod/" "/" "a/b/c/d" "nothing://x" "runc://" "runc://../x" ".." "../../etc" "containerd://../x"; do
		words=()
		for w in $(example "$v"); do
			[ "$w" != "$BOX" ] && words+=("$w") || words+=("$where")
		done
		"$O/tests/hostile/pty" check $NSDEBUG "${words[@]}" >got 2>&1
		_s=$?
		case $_s in
		2 | 3)	grep -q '^nsdebug: ' got || echo "$where: says nothing" ;;
		*)	echo "$where: status $_s: $(cat got)" ;;
		esac
	done >wrong
	[ ! -s wrong ] && pass "9 $v: words that are no target" || fail "9 $v: words that are no target" "$(cat wrong)"
	words=()
	for w in $(example "$v"); do
		case $w in
		"$BOX")		words+=(-- -rf) ;;
		--[fm]*)	break ;;	# of a trace: an option no longer
		*)		words+=("$w") ;;
		esac
	done
	ts "9 $v: a target that looks like an option"	3 "no container '-rf'"	$NSDEBUG "${words[@]}"
done
