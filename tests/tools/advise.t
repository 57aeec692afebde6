#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# advise: what a known workload uses is told, all of it and nothing else; the same workload runs under
# the profile that is made of that, and one more call is refused.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc apparmor_parser
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
	def never():
	    os.mkdir('/never')
	    open('/never/used', 'wb').write(b'x' * 1048576)
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
	rm -f said.txt
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
py $CAPS --overlay -- /usr/bin/python3 /py/work.py 'never(); say("ready"); wait(); x = work(); say("done"); time.sleep(1000)'
wait_for '[ -e out/ready ]' 20 || fail 'the workload is ready'
advise_start "$BOX" --for 1h
on_calls() { sed -n 's/^\(tp_name\|raw_tracepoint\):[[:space:]]*\(sys_.*\)/\2/p' "/proc/$TRACER/fdinfo"/* | sort; }
t 'of all processes of the node a call costs one program, and its end one' 'sys_enter\nsys_exit\n' on_calls
: >py/go
wait_for '[ -e out/done ]' 20 || fail 'the workload is done' "$(cat said.txt)"
trace_stop
t 'interrupted' 130 printf %s "$STATUS"
all 'but told' '.truncated and (.summary.complete | not) and (.summary.from_start | not)'
ts 'that the start was not seen' 0 'may not start.*advise --next NAME' cat said.txt
ts 'nor the end' 0 'its end was not seen' cat said.txt
all 'for which is allowed what that takes' "$(of syscall)"' | map(select(.name | IN("wait4", "kill", "setitimer"))) | all(.needed) and
	any(.name == "setitimer" and (.why | test("^not seen: its end")))'
all 'calls that it made' "$(of syscall)"' | map(select(.why == "seen") | .name) | contains(["openat", "bind", "listen",
	"socket", "mkdir", "rename", "unlink", "kill", "clock_nanosleep"])'
all 'and none that it did not' "$(of syscall)"' | map(select(.why == "seen") | .name) |
	any(IN("mount", "ptrace", "setns", "getpriority", "pivot_root", "capset")) | not'
all 'the capability that it used, and where' "$(of capability)"' | map(select(.needed)) | length == 1 and
	(.[0] | .name == "CAP_NET_BIND_SERVICE" and .why == "in bind")'
all 'the one that it had' "$(of capability)"' | any(.name == "CAP_MKNOD" and (.needed | not))'
all 'its ports' "$(of port)"' | map(.name) | sort == ["5353/udp", "80/tcp"]'
all 'where that is' "$(of port)"' | any(.port == 80 and .why == "127.0.0.1:80")'
all 'who it is' '.summary.uid == 0 and ('"$(of user)"' | length == 1)'
all 'where it writes: a tmpfs' "$(of writable)"' | any(.name == "/tmp" and .on == "tmpfs")'
all 'its own layer' "$(of writable)"' | any(.name == "/var/lib" and .on == "image" and .files >= 1)'
all 'a volume' "$(of writable)"' | any(.name == "/out" and .on == "volume" and .mount == "/out")'
all 'and nowhere else' "$(of writable)"' | map(.name) | sort == ["/out", "/tmp", "/var/lib"]'
ports_first() { jq -r .summary.kubernetes out.json | grep -n -e '^ports:' -e '^# of the pod:' -e '^volumes:' | sed 's/^[0-9]*://'; }
t 'ports are the container'\''s' 'ports:\n# of the pod:\nvolumes:\n' ports_first
ts 'that there is no AppArmor here' "$(grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null && echo 1 || echo 0)" '' \
	sh -c 'jq -r .summary.kubernetes out.json | grep "appArmorProfile:.*no AppArmor"'
all 'as a pod' '.summary.kubernetes | contains("readOnlyRootFilesystem: true") and contains("add: [\"NET_BIND_SERVICE\"]") and
	contains("mountPath: \"/var/lib\"") and contains("emptyDir: {medium: Memory}") and contains("containerPort: 80\n")
	and (contains("runAsNonRoot") | not) and (contains("/out") | not)'
all 'for docker' '.summary.docker | contains("--cap-drop ALL --cap-add NET_BIND_SERVICE") and contains("--read-only") and
	contains("--tmpfs /var/lib:mode=1777") and contains("--user 0:0")'
all 'files: read' "$(of file)"' | any(.name == "/etc/passwd" and .access == "r" and .on == "image")'
all 'run, and mapped' "$(of file)"' | any((.name | test("^/usr/bin/python3[.0-9]*$")) and .access == "mrix") and
	any((.name | test("/libc.so.6$")) and .access == "mr")'
all 'only looked at' "$(of file)"' | any(.name == "/etc/group" and .access == "")'
all 'made, and gone' "$(of file)"' | any(.name == "/var/lib/state" and .access == "w" and .on == null)'
all 'what is not used' "$(of unused)"' | any(.name == "/never/" and .files == 1 and .size == 1048576 and (.needed | not))'
all 'and nothing that is' '([.items[] | select(.kind == "file" and .on == "image") | .name]) as $used | '"$(of unused)"' |
	map(select(.name | endswith("*") | not) | .name as $n | $used[] | select(startswith($n))) == []'
all 'all in all' '.summary | .unused_files > 1 and .unused_size > 1048576 and .unused_files < .image_files and
	.unused_size < .image_size'
compiles() { # NAME: the AppArmor profile of out.json
	jq -r .summary.apparmor out.json >profile
	ts "$1" 0 '' apparmor_parser -QK profile
}
compiles 'an AppArmor profile'
rule() { ts "$1" 0 '' grep -Fqx "  $2," profile; }
rule 'its files' '"/etc/passwd" r'
rule 'its capabilities' 'capability net_bind_service'
rule 'its sockets' 'network inet stream'
rule 'what it made' '"/var/lib/state" w'
rule 'what everybody makes' '"/tmp/**" rwkl'
ts 'and nothing that it only looked at' 1 '' grep -F '"/etc/group"' profile
tj 'a seccomp profile' '.defaultAction == "SCMP_ACT_ERRNO" and .architectures == ["SCMP_ARCH_X86_64"] and
	([.syscalls[] | .names[]] | length == (unique | length))' jq -r .summary.seccomp out.json

# ---- what was there before ----

# shellcheck disable=SC2086 # words
py $CAPS --overlay -- /usr/bin/python3 /py/work.py 'x = work(); say("done"); time.sleep(1000)'
wait_for '[ -e out/done ]' 20 || fail 'the workload is done'
advise_start "$BOX" --for 0.3s
trace_wait
t 'it ends by itself, and is not all' 5 printf %s "$STATUS"
all 'ports that it listened at' "$(of port)"' | map(.name) | sort == ["5353/udp", "80/tcp"]'
all 'which takes a capability' "$(of capability)"' | any(.name == "CAP_NET_BIND_SERVICE" and .needed and
	(.why | test("not seen")))'
all 'the call that it waits in' "$(of syscall)"' | any(.name == "clock_nanosleep" and .why == "seen")'
all 'calls of a server' "$(of syscall)"' | map(select(.name | IN("socket", "bind", "listen"))) | length == 3 and
	all(.needed and (.why | test("serves at a port")))'
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

# ---- of a run that fails ----

fails() { # NAME CODE FAILED FILTER MATCH: what is said of one that ends so
	advise_start --next "$ID" --write "failed-$1"
	wait_for 'grep -q "waiting for a cgroup" said.txt' 20
	run "$2"
	trace_wait
	all "$1: in the document" ".summary.failed == $3 and .summary.complete == ($3 | not) and (.summary | $4)"
	t "$1: the exit status" "$($3 && echo 5 || echo 0)" printf %s "$STATUS"
	ts "$1: it is said" "$($3; echo $?)" "$5" grep -E 'failed,' said.txt
	ts "$1: in the files, too" "$($3; echo $?)" "$5" grep -E '^# incomplete: .*failed,' "failed-$1/apparmor"
}
jq 'del(.linux.seccomp)' "$BUNDLE/config.json" >config.new
cat config.new >"$BUNDLE/config.json"
fails error 'sys.exit(3)' true '.exit_code == 3 and .signal == null' 'exit code 3. while it was watched'
fails signal 'os.abort()' true '.exit_code == null and (.signal | IN("SIGSEGV", "SIGABRT"))' 'it was ended by SIG'
fails worker 'n = os.fork() or os.abort()
os.wait()' true '.exit_code == 0' 'a process of it was ended by SIGABRT'
fails well 'n = os.fork() or os._exit(1)
os.wait()' false '.exit_code == 0' ''

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
compiles 'an AppArmor profile compiles all the same'
rule 'with quotes and lines in a name' '"/var/evil\042\012volumes: \[x\]\012- \042/f" w'
rule 'with bytes that are no text' '"/var/\377\376/f" w'
rule 'with words' '"/var/a b --privileged/f" w'
ts 'and many files of a directory' 0 '' grep -Fqx '  "/var/many/*{,/}" rwkl,' profile
all 'many files of a directory are the directory' "$(of writable)"' | map(select(.name | startswith("/var/many"))) |
	length == 1 and .[0].name == "/var/many" and .[0].files >= 256'
ts 'too many directories are said' 0 'more users, ports or places' cat said.txt
ts 'and where they are missing' 0 '^# incomplete: it has more users, ports or places' jq -r .summary.kubernetes out.json
all 'in the document, too' '.truncated and (.summary.complete | not)'

# ---- files on the host ----

into() { # OPTION... DIR
	"$NSDEBUG" advise "$RUNNING" --for 0.1s -o json --write "$@" >out.json 2>said.txt
}
ts 'into a directory' 5 '' into profiles
t 'which is made' '700\n' stat -c %a profiles
for f in apparmor:apparmor seccomp.json:seccomp securitycontext.yaml:kubernetes docker:docker; do
	t "${f%:*}" '' sh -c 'jq -j ".summary.$1" out.json | diff - "profiles/$2" | grep "^[<>]" | grep -v "No newline" |
		sort -u | cut -c 3- | uniq -u' - "${f#*:}" "${f%:*}"
done
t 'files.txt' '' sh -c 'jq -r ".items[] | select(.kind == \"file\" and .on == \"image\") | .name" out.json | diff - profiles/files.txt'
ts 'unused.txt' 0 '^[0-9]+	[0-9]+	/' cat profiles/unused.txt
for f in apparmor securitycontext.yaml report.txt; do
	ts "$f: that the start is missing" 0 '^#* *[Ii]ncomplete: it ran before' cat "profiles/$f"
done
ts 'report.txt' 0 '^port: 80/tcp: 127.0.0.1:80' cat profiles/report.txt
t 'for their owner' '600\n' sh -c 'stat -c %a profiles/* | sort -u'
ls -i profiles >before
ts 'files that are there are not written over' 4 'seccomp.json is there already.*--force' "$NSDEBUG" advise "$RUNNING" --for 0.1s --write profiles
t 'none of them' '' sh -c 'ls -i profiles | diff before -'
ts 'but with --force' 5 '' into profiles --force
ts 'all of them' 1 '' sh -c 'ls -i profiles | grep -Fxf before'
ts 'no such place' 1 'make the directory no/such' "$NSDEBUG" advise "$RUNNING" --for 0.1s --write no/such
ts '--force alone' 2 '--write DIR' "$NSDEBUG" advise "$RUNNING" --for 0.1s --force
ts 'several targets' 2 'one container at a time' "$NSDEBUG" advise --all --for 0.1s --write all
advise_start "$RUNNING" --write early
trace_stop
t 'interrupted' 130 printf %s "$STATUS"
ts 'they are written' 0 'SCMP_ACT_ALLOW' cat early/seccomp.json

# ---- what cannot be told is said ----

mkdir w
chmod 755 w
many() { # WHAT: calls of that sort, from the first to the last
	rm -f w/go
	box_run debug --no-seccomp --bind "$TMP/w:/w:ro" --bind "$O/tests/lib:/h:ro" -- /h/many "$1" 20 /w/go
	advise_start "$BOX" --write "cut-$1"
	: >w/go
	trace_wait
}
cut() { # WHAT MATCH: said to people and programs, and to who reads the files later
	ts "$1" 0 "$2" cat said.txt
	all "$1: in the document" ".errors | any(.message | test(\"$2\"))"
	for f in apparmor securitycontext.yaml; do
		ts "$1: $f" 0 "^# incomplete: .*$2" cat "cut-$3/$f"
	done
	ts "$1: report.txt" 0 "^incomplete: .*$2" cat "cut-$3/report.txt"
	ts "$1: it compiles" 0 '' apparmor_parser -QK "cut-$3/apparmor"
}
many int80
case $STATUS in
5)	cut '32-bit calls' 'makes 32-bit system calls' int80 ;;
*)	skip '32-bit calls' 'this kernel has none' ;;
esac
many uring
cut 'io_uring' 'uses io_uring' uring
t 'is incomplete' 5 printf %s "$STATUS"

ts 'without the right to' 77 'CAP_PERFMON is missing' without -perfmon "$NSDEBUG" advise "$RUNNING" --for 0.1s
ts 'nobody of that name' 3 'no cgroup called nsd-advise-nobody' sh -c 'timeout -s INT 60 "$1" advise --next nsd-advise-nobody --for 0.2s' - "$NSDEBUG"
