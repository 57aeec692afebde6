# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# trace.sh - for the tests of traces; read after tests/lib.sh.
#
#   trace_start WORD TARGET [OPTION...]   starts it, its rows as jsonl in ./rows and what it says in
#                    ./said, and returns when its programs are attached; or it has ended
#   trace_stop       as the user does it, with SIGINT: waits for the end, sets STATUS
#   trace_wait       waits for an end that comes by itself, sets STATUS
#   rows FILTER      jq on the rows, all in one array
#   tr_rows NAME FILTER                   a test: jq -e FILTER is true of that array
#   can_trace        skip_all unless this machine runs BPF programs
#   ended PID        returns when it is no more
#   in_box ARGV...   runs it in $BOX by runc exec; its status counts for nothing

can_trace() {
	[ -e /sys/kernel/btf/vmlinux ] || skip_all 'this kernel does not tell its types (BTF)'
}

# Sealed twice: attached, and nothing left but the ring.
_sealed() {
	for _c in $(cat "/proc/$TRACE/task/$TRACE/children" 2>/dev/null); do
		grep -qs '^Seccomp_filters:.[2-9]' "/proc/$_c/status" && { TRACER=$_c; return 0; }
	done
	! kill -0 "$TRACE" 2>/dev/null
}

ended() { wait_for "! grep -qs '^State:.[^ZX]' '/proc/$1/status'" 20 || fail "process $1 has ended"; }

trace_start() {
	"$NSDEBUG" trace "$@" -o jsonl >rows 2>said &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for _sealed 20 || fail "trace $* is attached" "$(cat said)"
}

trace_wait() {
	wait "$TRACE"
	STATUS=$?
}

trace_stop() {
	kill -INT "$TRACE"
	trace_wait
}

rows() { jq -s "$1" rows; }

tr_rows() {
	if jq -es "$2" rows >jq.out 2>&1; then
		pass "$1"
	else
		fail "$1" "$(echo "not true: $2"; cat jq.out said; jq -c . rows | head -n 20)"
	fi
}

in_box() { runc exec "$BOX" "$@" </dev/null >exec.out 2>&1 || :; }
