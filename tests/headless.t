# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A process whose first thread has ended, and took the directory's memory along: all that looks into
# it asks one that lives.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc gdb pgrep

box_run static --ready --bind "$O/tests/lib:/h:ro" -- /h/headless
box_pid() { runc state "$BOX" | jq .pid; }
child() { pgrep -P "$(box_pid)" headless; }
PID=$(child)
at_exit "kill -9 $PID 2>/dev/null || :"
t 'trap: it has ended, and its threads have not' 'Z 2\n' sh -c '
	echo "$(sed -n "s/^State:.\(.\).*/\1/p" /proc/$1/status) $(grep -l "^State:.[SR]" \
		/proc/$1/task/*/status | wc -l)"' - "$PID"

inner=$(sed -n 's/^NSpid:.*[^0-9]//p' "/proc/$PID/status")
# Who runs needs a processor to stop: where all are busy, its deadline may pass before.
look() { # as long as one is missing
	for _ in 1 2 3 4 5; do
		"$NSDEBUG" "$@" >looked
		jq -e "$both | length == 2" looked >jq.out && break
	done
	cat looked
}
both='[.items[] | select(any(.frames[]; .function | IN("burn_here", "wait_here")))]'
tj 'stack' "$both | length == 2" look stack "$BOX" -p "$inner" -o json
tj 'stack --consistent holds them' "$both | length == 2 and all(.[]; .how == \"stopped\" and
	.note == null)" "$NSDEBUG" stack "$BOX" -p "$inner" --consistent --max-pause 10s --timeout 30s -o json
tj 'stack, by the number that it has on the host' "$both | length == 2" \
	look --host stack "pid://$PID" -p "$inner" -o json
tj 'core' '.errors == [] and (.summary | .threads == 2 and .registers == 2 and .consistent)' \
	"$NSDEBUG" core "$BOX" -p "$inner" --max-pause 10s --timeout 30s -w a.core -o json
t 'core: gdb finds both' '2\n' sh -c 'gdb -nx -batch -ex "thread apply all bt" "$1" a.core 2>/dev/null |
	grep -Ec "(burn|wait)_here \\(" ' - "$O/tests/lib/headless"
tj 'core --no-stop' '.summary.threads == 2' "$NSDEBUG" core "$BOX" -p "$inner" --no-stop -w b.core -o json
if [ -e /sys/kernel/btf/vmlinux ]; then
	tj 'prof' '[.items[] | select(.function == "burn_here") | .total_s] | add > 0.03' \
		"$NSDEBUG" prof "$BOX" --for 1s -o json
else
	skip 'prof' 'no trace here'
fi
