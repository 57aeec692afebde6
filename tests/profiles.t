#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# advise of what people run: servers in C, Go, Python, Java and JavaScript. Each is watched from its
# start to its end, with requests; does the same under the profile that comes of it; another program
# is refused calls of its own, and trace denied shows them; and the AppArmor profile compiles.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc apparmor_parser busybox nsenter
can_trace

cp "$(command -v busybox)" busybox
chmod 755 busybox

pid_of() { runc state "$ID" 2>/dev/null | jq -e .pid; }
ask() { nsenter -t "$PID" -n busybox wget -q -O - http://127.0.0.1:8080/; }
# Serves, and ends when it is told to: what it answered is in ./answers, how it ended in ./ended.
serve() {
	: >answers
	{ runc run --bundle "$BUNDLE" "$ID" >run.out 2>&1 </dev/null; echo $? >ended; } &
	RUN=$!
	at_exit "runc delete --force '$ID' 2>/dev/null || :"
	wait_for '{ PID=$(pid_of) && [ "${PID:-0}" -gt 0 ] && ask >answer; } 2>/dev/null || [ -e ended ]' 60
	for _i in 1 2 3 4 5; do
		ask >>answers 2>&1
	done
}
finish() {
	runc kill "$ID" TERM
	wait "$RUN"
}
under() { # the seccomp profile and the capabilities of out.json
	jq --slurpfile a out.json '($a[0].summary) as $s | .linux.seccomp = ($s.seccomp | fromjson) |
		.process.capabilities |= map_values($s.capabilities)' "$BUNDLE/config.json" >config.new
	cat config.new >"$BUNDLE/config.json"
}

# A worker that is killed is reaped, and another comes.
kill_worker() { # NAME
	worker=$(pgrep -P "$PID" | head -n 1)
	kill -KILL "$worker"
	ts "$1" 0 '' wait_for '[ ! -e /proc/$worker ]' 20
}

one() { # IMAGE [early]: watched until its end, or not so long
	box_run "$1" --no-seccomp --bind "$TMP/busybox:/busybox-s:ro"
	ID=$BOX
	BUNDLE=$FX/boxes/$ID
	wait_for 'runc delete --force "$ID" 2>/dev/null' 20
	rm -f said.txt
	"$NSDEBUG" advise --next "$ID" -o json >out.json 2>said.txt &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for 'grep -q "waiting for a cgroup" said.txt' 20 || fail "$1: advise waits" "$(cat said.txt)"
	rm -f ended
	serve
	cp answers before
	ts "$1: it answers" 0 . cat before
	if [ "${2:-}" ]; then
		trace_stop
		ts "$1: that its end was not seen" 0 'its end was not seen' cat said.txt
	fi
	finish
	cp ended ended.before
	wait "$TRACE"
	tj "$1: all was seen" '.summary | .complete and .from_start' cat out.json
	tj "$1: its port" '[.items[] | select(.kind == "port") | .name] | index("8080/tcp") != null' cat out.json
	jq -r .summary.apparmor out.json >profile
	ts "$1: its AppArmor profile compiles" 0 '' apparmor_parser -QK profile
	echo "# $1: $(jq -r '.summary | "\(.syscalls) system calls, capabilities \(.capabilities), \(.files) files"' out.json)"
	under
	rm -f ended
	serve
	t "$1: the same under its profile" '' diff before answers
	trace_start denied "$ID"
	runc exec "$ID" /busybox-s ionice -p 1 >exec.out 2>&1 </dev/null
	trace_stop
	[ ! "${2:-}" ] || kill_worker "$1: a worker that is killed is reaped"
	tr_rows "$1: another program is refused its calls, and they are shown" 'map(select(.reason == "seccomp")) | length > 0 and
		all(.comm == "busybox-s" and .error == "EPERM" and .uid == 65532)'
	finish
	t "$1: to the same end" '' diff ended.before ended
}
for i in nginx go-static python3 java nodejs; do
	one $i
done
one nginx early
