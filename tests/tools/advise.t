#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 240
# advise: what a known workload uses is told, all of it and nothing else; the same workload runs under
# the profile that is made of that, and one more call is refused.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

mkdir py
chmod 755 py
cat >py/work.py <<-'E'
	import os, socket, sys, threading, time
	def attempt(f, *args):
	    try:
	        return f(*args)
	    except OSError as e:
	        return e
	def wait():
	    while not os.path.exists('/py/go'):
	        time.sleep(0.01)
	def work():
	    tcp = socket.socket()
	    tcp.bind(('127.0.0.1', 80))
	    tcp.listen()
	    udp = socket.socket(type=socket.SOCK_DGRAM)
	    udp.bind(('0.0.0.0', 5353))
	    attempt(os.chown, '/tmp', 5, 5)
	    os.makedirs('/tmp/a/b')
	    open('/tmp/a/b/one', 'w').close()
	    os.rename('/tmp/a/b/one', '/tmp/a/b/two')
	    open('/var/lib/state', 'w').close()
	    os.unlink('/var/lib/state')
	    t = threading.Thread(target=lambda: os.kill(os.getpid(), 0))
	    t.start()
	    t.join()
	    open('/etc/passwd').close()
	    attempt(os.stat, '/etc/group')
	    return tcp, udp
	def more():
	    os.getpriority(os.PRIO_PROCESS, 0)
	def say(what):
	    open('/out/' + what, 'w').close()
	exec(sys.argv[1])
	E
mkdir out
chmod 777 out

# advise_start WORD...: as trace_start, its document in ./out.json
advise_start() {
	"$NSDEBUG" advise "$@" -o json >out.json 2>said.txt &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	wait_for _sealed 20 || fail "advise $* is attached" "$(cat said.txt)"
}
all() { # NAME FILTER: of the document
	if jq -es "length == 1 and (.[0] | $2)" out.json >jq.out 2>&1; then
		pass "$1"
	else
		fail "$1" "$(echo "not true: $2"; cat jq.out said.txt; jq -c '.items[] |
			select(.kind != "syscall") | [.[] | values]' out.json; jq -r .summary.kubernetes out.json)"
	fi
}
of() { echo "[.items[] | select(.kind == \"$1\")]"; }
py() { # OPTION... -- CODE
	rm -f py/go out/*
	box_run python3 --rw --uid 0 --bind "$TMP/py:/py:ro" --bind "$TMP/out:/out" "$@"
}
CAPS='--caps net_bind_service,mknod'

# ---- of one that runs ----

# shellcheck disable=SC2086 # words
py $CAPS --overlay -- /usr/bin/python3 /py/work.py 'wait(); x = work(); say("done"); wait(); time.sleep(1000)'
advise_start "$BOX" --for 1h
: >py/go
wait_for '[ -e out/done ]' 20 || fail 'the workload is done' "$(cat said.txt)"
trace_stop
t 'interrupted' 130 printf %s "$STATUS"
all 'but told' '.truncated == false and .summary.complete and (.summary.from_start | not)'
ts 'that the start was not seen' 0 'advise --next NAME' cat said.txt
all 'calls that it made' "$(of syscall)"' | map(select(.why == "seen") | .name) | contains(["openat", "bind", "listen",
	"socket", "mkdir", "rename", "unlink", "kill", "clock_nanosleep"])'
all 'and none that it did not' "$(of syscall)"' | map(select(.why == "seen") | .name) |
	any(IN("mount", "ptrace", "setns", "getpriority", "pivot_root", "capset")) | not'
all 'the capability that it used, and where' "$(of capability)"' | map(select(.needed)) | length == 1 and
	(.[0] | .name == "CAP_NET_BIND_SERVICE" and .why == "in bind")'
all 'the one that it had' "$(of capability)"' | any(.name == "CAP_MKNOD" and (.needed | not))'
all 'its ports' "$(of port)"' | map(.name) | sort == ["5353/udp", "80/tcp"]'
all 'where that is' "$(of port)"' | any(.port == 80 and .why == "127.0.0.1")'
all 'who it is' '.summary.uid == 0 and ('"$(of user)"' | length == 1)'
all 'where it writes: a tmpfs' "$(of writable)"' | any(.name == "/tmp" and .on == "tmpfs")'
all 'its own layer' "$(of writable)"' | any(.name == "/var/lib" and .on == "image" and .files >= 1)'
all 'a volume' "$(of writable)"' | any(.name == "/out" and .on == "volume" and .mount == "/out")'
all 'and nowhere else' "$(of writable)"' | map(.name) | sort == ["/out", "/tmp", "/var/lib"]'
all 'as a pod' '.summary.kubernetes | contains("readOnlyRootFilesystem: true") and contains("add: [\"NET_BIND_SERVICE\"]") and
	contains("mountPath: \"/var/lib\"") and contains("emptyDir: {medium: Memory}") and contains("containerPort: 80\n")
	and (contains("runAsNonRoot") | not) and (contains("/out") | not)'
all 'for docker' '.summary.docker | contains("--cap-drop ALL --cap-add NET_BIND_SERVICE") and contains("--read-only") and
	contains("--tmpfs /var/lib:mode=1777") and contains("--user 0:0")'
tj 'a seccomp profile' '.defaultAction == "SCMP_ACT_ERRNO" and .architectures == ["SCMP_ARCH_X86_64"] and
	([.syscalls[] | .names[]] | length == (unique | length))' jq -r .summary.seccomp out.json

# ---- what was there before ----

# shellcheck disable=SC2086 # words
py $CAPS --overlay -- /usr/bin/python3 /py/work.py 'x = work(); say("done"); time.sleep(1000)'
wait_for '[ -e out/done ]' 20 || fail 'the workload is done'
advise_start "$BOX" --for 0.3s
trace_wait
t 'it ends by itself' 0 printf %s "$STATUS"
all 'ports that it listened at' "$(of port)"' | map(.name) | sort == ["5353/udp", "80/tcp"]'
all 'which takes a capability' "$(of capability)"' | any(.name == "CAP_NET_BIND_SERVICE" and .needed and
	(.why | test("not seen")))'
all 'the call that it waits in' "$(of syscall)"' | any(.name == "clock_nanosleep" and .why == "seen")'
all 'what a start takes' "$(of syscall)"' | any(.name == "set_tid_address" and (.why | test("^not seen")))'

bundle() { # OPTION... -- CODE: a container that has been, to run again
	py "$@"
	ID=$BOX
	BUNDLE=$FX/boxes/$ID
	wait_for 'runc delete --force "$ID" 2>/dev/null' 20
}
run() { # CODE: in the bundle
	jq --arg code "$1" '.process.args[2] = $code' "$BUNDLE/config.json" >config.new
	cat config.new >"$BUNDLE/config.json"
	rm -f out/*
	runc run --bundle "$BUNDLE" "$ID" >run.out 2>&1 </dev/null
}
under() { # the profile and the capabilities of out.json
	jq --slurpfile a out.json '($a[0].summary) as $s | .linux.seccomp = ($s.seccomp | fromjson) |
		.process.capabilities |= map_values($s.capabilities)' "$BUNDLE/config.json" >config.new
	cat config.new >"$BUNDLE/config.json"
}
RUNNING=$BOX

# ---- the same workload under its profile ----

# shellcheck disable=SC2086 # words
bundle $CAPS --no-seccomp -- /usr/bin/python3 /py/work.py ''
advise_start --next "$ID"
wait_for 'grep -q "waiting for a cgroup" said.txt' 20
run 'x = work(); say("done")'
t 'the workload, as it is' 0 printf %s $?
trace_wait
all 'watched from its start' '.summary.from_start and .summary.complete and ('"$(of syscall)"' |
	any(.name == "set_tid_address" and .why == "seen"))'
ts 'of which nothing is said to be missing' 1 '' grep 'advise --next' said.txt
all 'the capability that it used' '.summary.capabilities == ["CAP_NET_BIND_SERVICE"]'
under
run 'x = work(); say("done")'
ts 'the same workload runs under its profile' 0 . sh -c 'echo $1; cat run.out; exit $1' - $?
t 'to its end' '' test -e out/done
trace_start denied --next "$ID"
wait_for 'grep -q "waiting for a cgroup" said' 20
run 'x = work(); more()'
ts 'one more call is refused' 0 'PermissionError' cat run.out
trace_wait
tr_rows 'which trace denied shows' 'any(.name == "getpriority" and .error == "EPERM" and .reason == "seccomp")'
jq '.process.noNewPrivileges = false' "$BUNDLE/config.json" >config.new
cat config.new >"$BUNDLE/config.json"
run 'x = work(); say("done")'
ts 'also where the filter is set before the rights are given up' 0 . sh -c 'echo $1; cat run.out; exit $1' - $?

# ---- names that mean something to others, and too many ----

cat >py/hostile.py <<-'E'
	import os, socket, time
	odd = ['/var/evil"\nvolumes: [x]\n- "', '/var/a b --privileged', b'/var/\xff\xfe', '/var/many']
	for path in odd + ['/zz/%d' % i for i in range(300)]:
	    os.makedirs(path)
	open('/out/ready', 'w').close()
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	for path in odd:
	    open(os.fsencode(path) + b'/f', 'w').close()
	for i in range(1000):
	    open('/var/many/%d' % i, 'w').close()
	for i in range(300):
	    open('/zz/%d/f' % i, 'w').close()
	socket.socket(socket.AF_UNIX).bind('/var/many/sock')
	open('/out/done', 'w').close()
	time.sleep(1000)
	E
py --overlay -- /usr/bin/python3 /py/hostile.py
wait_for '[ -e out/ready ]' 20 || fail 'the workload is ready'
advise_start "$BOX"
: >py/go
wait_for '[ -e out/done ]' 20 || fail 'the workload is done' "$(cat said.txt)"
trace_stop
all 'a path is what it is' "$(of writable)"' | map(.name) | contains(["/var/evil\"\nvolumes: [x]\n- \"", "/var/a b --privileged"])'
all 'or beside it in bytes' "$(of writable)"' | any(.name_b64 == "L3Zhci///g==")'
all 'and not in what is pasted' '(.summary.kubernetes, .summary.docker) | (contains("evil") or contains("privileged")) | not'
all 'which says so' '.summary.kubernetes | contains("left out for the characters in its path")'
all 'many files of a directory are the directory' "$(of writable)"' | map(select(.name | startswith("/var/many"))) |
	length == 1 and .[0].name == "/var/many" and .[0].files >= 256'
ts 'too many directories are said' 0 'more users, ports or places' cat said.txt
all 'in the document, too' '.truncated and (.summary.complete | not)'

# ---- what cannot be told is said ----

mkdir w
chmod 755 w
many() { # WHAT: calls of that sort, from the first to the last
	rm -f w/go
	box_run debug --no-seccomp --bind "$TMP/w:/w:ro" --bind "$O/tests/lib:/h:ro" -- /h/many "$1" 20 /w/go
	advise_start "$BOX"
	: >w/go
	trace_wait
}
many int80
case $STATUS in
5)	ts '32-bit calls' 0 'makes 32-bit system calls' cat said.txt ;;
*)	skip '32-bit calls' 'this kernel has none' ;;
esac
many uring
ts 'io_uring' 0 'uses io_uring' cat said.txt
t 'is incomplete' 5 printf %s "$STATUS"

ts 'without the right to' 77 'CAP_PERFMON is missing' without -perfmon "$NSDEBUG" advise "$RUNNING" --for 0.1s
ts 'nobody of that name' 3 'no cgroup called nsd-advise-nobody' sh -c 'timeout -s INT 3 "$1" advise --next nsd-advise-nobody --for 0.2s' - "$NSDEBUG"
