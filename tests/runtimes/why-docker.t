#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, of containers that have ended or did not start: docker and podman, by what they leave.
# timeout 900
. tests/lib.sh
. "$SRC/tests/lib/ended.sh"
. "$SRC/tests/lib/cured.sh"
need jq docker gcc

ended_docker
RUNS=$CT
profiles docker_ nsd.test/base:latest
opened docker_ nsd.test/base:latest 11
bounded docker_ nsd.test/debug:latest

# ---- what is put into them

ended_programs
mkdir "$TMP/in/dir" "$TMP/data"
printf '#!/bin/sh\necho hi\n' >"$TMP/in/script"
printf '#!/usr/bin/ruby\n' >"$TMP/in/ruby"
printf '#!/bin/sh\r\necho\r\n' >"$TMP/in/crlf"
printf '#!/usr/bin/env nonesuch\n' >"$TMP/in/env"
printf 'echo hi\n' >"$TMP/in/text"
: >"$TMP/in/empty"
head -c 30 "$TMP/in/dies" >"$TMP/in/cut"
echo 'int f(void) { return 0; }' >f.c
echo 'int f(void); int main(void) { return f(); }' >g.c
gcc -shared -fPIC -Wl,-soname,libnsd.so.1 -o libnsd.so.1 f.c
gcc -o "$TMP/in/lacks" g.c ./libnsd.so.1
mkdir "$TMP/in/lib"
gcc -shared -fPIC -Wl,--no-as-needed -Wl,-soname,libmid.so.1 -o "$TMP/in/lib/libmid.so.1" \
	-x c /dev/null -x none ./libnsd.so.1
echo 'int main(void) { return 0; }' >h.c
gcc -Wl,--no-as-needed -Wl,--allow-shlib-undefined -Wl,-rpath,'$ORIGIN/lib' -o "$TMP/in/deep" h.c \
	"$TMP/in/lib/libmid.so.1"
mkdir "$TMP/in/lib2"
cp libnsd.so.1 "$TMP/in/lib2"
gcc -o "$TMP/in/has" g.c ./libnsd.so.1 -Wl,-rpath,'$ORIGIN/lib2'
gcc -o "$TMP/in/musl" g.c ./libnsd.so.1 -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
chmod 755 "$TMP/in/script" "$TMP/in/ruby" "$TMP/in/crlf" "$TMP/in/env" "$TMP/in/text" \
	"$TMP/in/empty" "$TMP/in/cut"

# ended NAME [OPTION...] IMAGE [ARGV...]: one that has ended, or could not be started; sets D
ended() {
	D=nsd-why-$$-$1
	shift
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ create --name "$D" --network none "$@" >out 2>&1 || { cat out; return 1; }
	for f in "$TMP"/in/*; do
		docker_ cp -q "$f" "$D:/" >out 2>&1 || docker_ cp "$f" "$D:/" >out 2>&1
	done
	ended_again
}
B=nsd.test/base:latest

# ---- what cannot be started

ended shell $B sh -c 'echo hi'
verdict 'a shell form without a shell' '.kind == "no-shell" and .reason ==
	"the image has no shell: its entrypoint `sh -c echo hi` needs /bin/sh" and
	(.cure | test("exec form")) and .docker == "--entrypoint PROGRAM"'
ts 'it is an answer: 0'	0 '^no-shell '	$NSDEBUG why "$D"
tj 'the words of the runtime are there' '[.items[] | select(.kind == "start-error")] |
	length == 1 and (.[0].reason | test("executable file not found"))' $NSDEBUG why -o json "$D"
ended starts $B sh -c 'exec /app/server 8080'
verdict 'of what the shell was to start the cure tells' '.kind == "no-shell" and .docker == "--entrypoint /app/server" and
	.kubernetes == "command: [\"/app/server\"]" and (.cure | test("ENTRYPOINT \\[\"/app/server\"\\] with"))'
ended script $B /script
verdict 'a script without a shell' '.kind == "no-shell" and .reason ==
	"the image has no shell: the script /script needs /bin/sh"'
ended ruby $B /ruby
verdict 'a missing interpreter' '.kind == "missing-interpreter" and (.reason | test("/usr/bin/ruby"))'
ended missing $B /app/nonesuch
verdict 'a missing entrypoint' '.kind == "missing-entrypoint" and (.reason | test("/app/nonesuch"))'
ended bare $B nonesuch
verdict 'one that is not in PATH' '.kind == "missing-entrypoint" and (.evidence | test("PATH=/usr/local"))'
ended plain $B /plain
verdict 'not executable' '.kind == "not-executable" and (.evidence | test("-rw-r--r--"))'
ended dir $B /dir
verdict 'a directory' '.kind == "is-directory"'
ended arm $B /arm
verdict 'another architecture' '.kind == "wrong-architecture" and (.reason | test("arm64.*amd64")) and
	(.docker == "--platform linux/amd64")'
ended lacks $B /lacks
verdict 'a missing library' '.kind == "missing-library" and (.reason | test("libnsd.so.1"))'
ended deep $B /deep
verdict 'one that a library lacks' '.kind == "missing-library" and (.reason | test("libnsd.so.1")) and
	(.evidence | test("/lib/libmid.so.1"))'
ended musl $B /musl
verdict 'a missing loader' '.kind == "missing-loader" and (.reason | test("ld-musl")) and (.cure | test("musl"))'
ended static nsd.test/static:latest /lacks
verdict 'a glibc program in a static image' '.kind == "missing-loader" and (.cure | test("glibc"))'
ended text $B /text
verdict 'a script without its first line' '.kind == "bad-format" and (.reason | test("#!"))'
ended empty $B /empty
verdict 'an empty file' '.kind == "bad-format" and (.reason | test("empty"))'
ended cut $B /cut
verdict 'a file that was cut' '.kind == "bad-format" and (.reason | test("ELF"))'
ended crlf $B /crlf
verdict 'line ends of another system' '.kind == "no-shell" or .kind == "missing-interpreter" and
	(.cure | test("dos2unix"))'
ended env $B /env
verdict 'env that finds nothing' '.kind == "missing-interpreter" or .kind == "no-shell"'
ended mounted --volume "$TMP/in:/m:ro" $B /m/dies exit 1
ts 'what is on a mount is looked at there' 0 '^exited' $NSDEBUG why "$D"
# a volume that dockerd mounts for it alone, and takes away with it
docker_ volume create --opt type=tmpfs --opt device=tmpfs --opt o=mode=755 "nsd-why-$$" >out 2>&1
at_exit "docker -H unix:///run/docker.sock volume rm -f nsd-why-$$"
ended ondemand --volume "nsd-why-$$:/m" $B /m/dies exit 1
ts 'what is mounted only while it is used is not' 5 '/m/dies was not looked at: it is in what was mounted at /m' \
	$NSDEBUG why "$D"

# ---- what ended by itself, or was ended

ended one $B /dies exit 1
verdict 'exit 1' '.kind == "exited" and .evidence == "exit code 1"'
ended zero $B /dies exit 0
verdict 'exit 0' '.kind == "exited" and (.reason | test("with 0"))'
ts 'nothing is wrong with that: 1'	1 ''	$NSDEBUG why "$D"
ended has $B /has
verdict 'one that finds its library by $ORIGIN has no fault' '.kind == "exited" and (.reason | test("with 0"))'
ended segv $B /dies segv
verdict 'SIGSEGV' '.kind == "crashed" and (.reason | test("SIGSEGV")) and (.evidence | test("139"))'
ended fpe $B /dies fpe
verdict 'SIGFPE' '.kind == "crashed" and (.reason | test("SIGFPE"))'
ended ill $B /dies ill
verdict 'SIGILL' '.kind == "crashed" and (.reason | test("SIGILL"))'
ended bus $B /dies bus
verdict 'SIGBUS' '.kind == "crashed" and (.reason | test("SIGBUS"))'
ended n127 --entrypoint /busybox/sh nsd.test/debug:latest -c nonesuch
verdict '127 of a shell' '.kind == "exited" and (.reason | test("127")) and (.reason | test("shell"))'
verdict 'which command, and what it was started as' '.reason | test("did not find the command nonesuch; it was started as: /busybox/sh -c nonesuch$")'
tj 'with its last words' 'any(.items[]; .kind == "last-output" and (.reason | test("nonesuch")))' \
	$NSDEBUG why -o json "$D"
ended n126 $B /dies exit 126
verdict '126: what it was started as' '.kind == "exited" and (.reason | test("126: .*; it was started as: /dies exit 126$"))'
ended oom --memory 16m $B /dies eat
verdict 'out of memory' '.kind == "oom-killed" and (.reason | test("16 MiB")) and (.docker | test("--memory"))'
tj 'with the record of the kernel' '.items[0] | .source == "/dev/kmsg" and (.evidence | test("dies \\(pid [0-9]+, uid 65532\\)"))' \
	$NSDEBUG why -o json "$D"
tj 'its limit, code, signal and times are fields' '.items[0] | .limit == 16777216 and .exit_code == 137 and
	.signal == "SIGKILL" and (.started | test("^20..-")) and (.finished | test("^20..-"))' $NSDEBUG why -o json "$D"
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS"}]}' >kill.json
ended sys --security-opt seccomp="$TMP/kill.json" $B /dies mkdir
verdict 'SIGSYS of seccomp: where the kernel tells which call it was, that is in the cure' '.kind == "seccomp" and
	(if .source == "/dev/kmsg" then .cure | test("allow mkdir,") else .cure | test("trace denied") end)'
ended refused $B /dies say 'open: Permission denied'
verdict 'commands in cures name the container' '.kind == "permission-denied" and
	(.cure | test("trace denied --once --next docker://nsd-why-[0-9]+-refused. before"))'
for net in none 'none --sysctl net.ipv4.ip_unprivileged_port_start=1024' host 'host --security-opt no-new-privileges'; do
	D=nsd-why-$$-$(echo "$net" | tr -d ' =._-')
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	# shellcheck disable=SC2086 # words
	docker_ create --name "$D" --network $net $B /dies say 'bind() to 0.0.0.0:80 failed (13: Permission denied)' >out 2>&1
	docker_ cp "$TMP/in/dies" "$D:/" >out 2>&1
	ended_again
done
D=nsd-why-$$-none
verdict 'docker lets low ports be for all: what refused it is not known' '.kind == "permission-denied"'
tj 'and it may have it, as far as is known' '.items[0].verdict == "allowed"' "$NSDEBUG" why "$D" --port 80 -o json
D=nsd-why-$$-nonesysctlnetipv4ipunprivilegedportstart1024
verdict 'a low port' '.kind == "port" and .docker == "--sysctl net.ipv4.ip_unprivileged_port_start=80"'
D=nsd-why-$$-host
verdict 'of the node, whose sysctls are not for containers' '.kind == "port" and
	(.image | test("^RUN setcap")) and .docker == "--cap-drop ALL --cap-add NET_BIND_SERVICE" and
	.podman == .docker and
	(.kubernetes | test("sysctl") | not)'
chown 65532 "$TMP/data"
D=nsd-why-$$-hostsecurityoptnonewprivileges
verdict 'where no program gives it rights, that goes with it' '.kind == "port" and
	.docker == "--cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt no-new-privileges=false"'
ended data --volume "$TMP/data:/data:ro" $B /dies write /data/x
verdict 'a read-only volume' '.kind == "read-only-mount" and (.reason | test("/data/x.*/data is read-only")) and
	.docker == "--volume '"$TMP"'/data:/data:rw"'
both='(.reason | test("a read-only mount.*; and it is 0[67].. 0:0, which refuses it besides")) and .docker == null and
	(.cure | test("^two things: .*without ro.*chown on the host to 65532")) and .kubernetes ==
	"spec: {securityContext: {fsGroup: 65532}, containers: [{name: CONTAINER, volumeMounts: [{mountPath: /data, readOnly: false}]}]}"'
chown 0 "$TMP/data"
verdict 'which is not its own besides' ".kind == \"read-only-mount\" and $both and .podman == \"--volume $TMP/data:/data:U\""
docker_ volume create "nsd-why-$$-both" >out 2>&1
at_exit "docker -H unix:///run/docker.sock volume rm -f nsd-why-$$-both"
ended named --volume "nsd-why-$$-both:/data:ro" $B /dies write /data/x
verdict 'one of docker, too' ".kind == \"read-only-mount\" and $both and .podman == \"--volume nsd-why-$$-both:/data:U\""
: >"$(docker_ volume inspect -f '{{.Mountpoint}}' "nsd-why-$$-both")/x"
verdict 'and a file in it that was to be cut short' "$both and (.reason | test(\"write /data/x: /data/x is on /data\"))"
ended nproc --pids-limit 1 $B /dies fork
verdict 'a limit of processes' '.kind == "pids-limit" and (.docker == "--pids-limit 2") and
	.limit == 1 and .exit_code == 1 and .signal == null'
ended hostile $B /dies say 'a\033[31m\rb /x Read-only file system'
verdict 'its own words are no proof' '.kind == "exited" and (.evidence == "exit code 3")'

# A root that is read-only takes no copy: what the image has itself.
D=nsd-why-$$-root
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ run -d --name "$D" --network none --read-only --entrypoint /busybox/sh nsd.test/debug:latest \
	-c 'echo >/var/cache/x' >out 2>&1
docker_ wait "$D" >out 2>&1
verdict 'a read-only root' '.kind == "read-only-root" and (.kubernetes | test("emptyDir")) and
	(.docker | test("^--tmpfs /var/cache:uid=[0-9]+,gid=[0-9]+$"))'
D=nsd-why-$$-full
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ run -d --name "$D" --network none --read-only --entrypoint /busybox/sh nsd.test/debug:latest \
	-c 'echo >/var/x' >out 2>&1
docker_ wait "$D" >out 2>&1
verdict 'what the image has is not to be hidden' '.kind == "read-only-root" and .kubernetes == null and
	(.docker // "" | test("tmpfs") | not) and (.cure | test("would hide"))'

# stopped NAME SIGNAL: one that runs beside the host's processes, so that any signal ends it
stopped() {
	D=nsd-why-$$-$1
	at_exit "docker -H unix:///run/docker.sock rm -f $D"
	docker_ create --name "$D" --network none --pid host $B /dies wait >out 2>&1
	docker_ cp "$TMP/in/dies" "$D:/" >out 2>&1
	docker_ start "$D" >out 2>&1
	wait_for 'docker_ logs "$D" 2>&1 | grep -q ready' 20
}
stopped kill
docker_ kill "$D" >out 2>&1
verdict 'SIGKILL by the engine' '.kind == "killed" and (.evidence | test("asked"))'
stopped term
kill -TERM "$(docker_ inspect -f '{{.State.Pid}}' "$D")"
docker_ wait "$D" >out 2>&1
verdict 'SIGTERM by somebody' '.kind == "signal" and (.reason | test("SIGTERM")) and
	(.evidence | test("nobody asked"))'
stopped other
kill -KILL "$(docker_ inspect -f '{{.State.Pid}}' "$D")"
docker_ wait "$D" >out 2>&1
verdict 'SIGKILL by somebody, not for its memory' '.kind == "killed" and (.evidence | test("has nothing of it"))'

# ---- what runs, or has not begun

tj 'what its engine writes is changed there' '.items[0] | .kind == "mode" and .podman == null and (.cure | test("its engine writes it.*--add-host"))' \
	$NSDEBUG why "$RUNS" --path /etc/hosts --for write -o json
ts 'one that runs and never ended: 1'	1 '^running +it is running, and no end of it is recorded'	$NSDEBUG why "$RUNS"
D=nsd-why-$$-made
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ create --name "$D" $B >out 2>&1
ts 'one that was made and never started: 1'	1 '^created +it was made'	$NSDEBUG why "$D"
D=nsd-why-$$-again
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ run -d --name "$D" --network none --restart=on-failure:2 --entrypoint /busybox/sh \
	nsd.test/debug:latest -c 'exit 5' >out 2>&1
wait_for '[ "$(docker_ inspect -f "{{.State.Status}} {{.RestartCount}}" "$D")" = "exited 2" ]' 60
tj 'one that was started again' '.items[0].kind == "exited" and any(.items[]; .kind == "restarts" and
	(.reason | test("2 attempts.*on-failure")))' $NSDEBUG why -o json "$D"
D=nsd-why-$$-later
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ run -d --name "$D" --network none --restart=always --entrypoint /busybox/sh --user 0 \
	nsd.test/debug:latest -c '[ ! -e /x ] || exec /busybox/busybox sleep 1000; echo >/x; exit 5' >out 2>&1
wait_for '[ "$(docker_ inspect -f "{{.State.Status}} {{.RestartCount}}" "$D")" = "running 1" ]' 60
ts 'one that runs, started again: how it ended before is in no file'	5 '^restarted +it runs; .* 1 times, last ended 20' \
	$NSDEBUG why "$D"
