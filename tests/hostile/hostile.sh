# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# hostile.sh - for test files that attack from inside; read after tests/lib.sh.
#
#   hostile_box [OPTION...] -- SCRIPT   a container (options of box run) whose init is root there,
#                    runs SCRIPT and stays. In it: /bb with every applet of busybox and /h with the
#                    programs of $O/tests/hostile, both in PATH. Sets BOX, BOXPID and ROOT, the
#                    host's way to its files.
#   inside SCRIPT    a script run in it by `runc exec`
#   has_verb VERB    the binary has this verb
#   within SECONDS COMMAND...    runs it with both outputs into one pipe and waits for the pipe's
#                    end: sets GOT, STATUS and TOOK (in ms); 1 if it took longer
#   quiet COMMAND...             without its notes
#
# MARK is a string that is in files of the host only ($TMP/canary): it must never come out.

MARK=canary-$$-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
echo "$MARK" >"$TMP/canary"
SH='PATH=/h:/bb; export PATH'
DEFAULT_CAPS=chown,dac_override,fsetid,fowner,mknod,net_raw,setgid,setuid,setfcap,setpcap
DEFAULT_CAPS=$DEFAULT_CAPS,net_bind_service,sys_chroot,kill,audit_write

hostile_box() {
	_n=$#
	for _script; do :; done	# the last one
	while [ $_n -gt 2 ]; do
		set -- "$@" "$1"
		shift
		_n=$((_n - 1))
	done
	shift 2
	box_run debug --uid 0 --rw --bind "$O/tests/hostile:/h:ro" "$@" --ready -- \
		/busybox/busybox sh -c "/busybox/busybox mkdir -p /bb &&
			/busybox/busybox --install -s /bb && $SH && $_script
			echo ready; exec sleep 100000"
	ROOT=/proc/$BOXPID/root
	wait_for '[ "$(cat "/proc/$BOXPID/comm")" = sleep ]' 20
}

inside() {
	runc exec "$BOX" /busybox/busybox sh -c "$SH; $1" </dev/null
}

quiet() { "$@" 2>/dev/null; }

has_verb() { "$NSDEBUG" help --verbs | grep -qx "$1"; }

ms() { echo $(($(date +%s%N) / 1000000)); }

within() {
	_limit=$1
	shift
	_from=$(ms)
	# the reader of the pipe is the judge: a stuck child that holds it keeps it open
	{ "$@" </dev/null 2>&1; echo $? >"$TMP/.status"; } | timeout 30 cat >"$TMP/.got"
	TOOK=$(($(ms) - _from))
	GOT=$(cat "$TMP/.got")
	STATUS=$(cat "$TMP/.status")
	[ $TOOK -le $((_limit * 1000)) ]
}

# No byte of the host came out, and the status is one of those given.
clean() { # NAME STATUSES(a|b) COMMAND...
	_name=$1 _want=$2
	shift 2
	within 30 "$@"
	case "|$_want|" in
	*"|$STATUS|"*)
		case $GOT in
		*"$MARK"*) fail "$_name" "a host file came out: $*" ;;
		*) pass "$_name" ;;
		esac ;;
	*)	fail "$_name" "status $STATUS, want $_want: $GOT" ;;
	esac
}

# Starts a process that ends with the test, and waits until it says something, in that file.
background() { # FILE COMMAND...
	_file=$1
	shift
	: >"$_file"
	"$@" >"$_file" 2>&1 </dev/null &
	BG=$!
	at_exit "kill $BG 2>/dev/null || :"
	{ wait_for "grep -q . '$_file'" 10 && kill -0 $BG; } || fail "background: $*" "$(cat "$_file")"
}
