#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, of containers of docker that ended with words: which of them are the reason, and of which run.
# timeout 900
. tests/lib.sh
. "$SRC/tests/lib/ended.sh"
need jq docker gcc python3

ended_docker
ended_programs
mkdir "$TMP/data" "$TMP/shut" "$TMP/owned"
printf '#!/x/sh-bash\n' >"$TMP/in/script"
printf 'echo hi\n' >"$TMP/in/text"
printf '#!/bin/sh\r\n' >"$TMP/in/crlf"
echo 'int f(void) { return 0; }' | gcc -shared -fPIC -Wl,-soname,libnsd.so.1 -o libnsd.so.1 -x c -
echo 'int f(void); int main(void) { return f(); }' | gcc -o "$TMP/in/lacks" -x c - -x none ./libnsd.so.1
printf '#include <stdlib.h>\nint main(void) { abort(); }\n' | gcc -o "$TMP/in/aborts" -x c -
chmod 755 "$TMP/in/aborts" "$TMP/in/text" "$TMP/in/crlf" "$TMP/in/script" "$TMP/in/lacks"

B=nsd.test/base:latest
# ended NAME [OPTION...] IMAGE [ARGV...]: one that has ended, or could not be started; sets D
ended() {
	D=nsd-words-$$-$1
	shift
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ create --name "$D" --network none --volume "$TMP/in:/m:ro" --volume "$TMP/data:/data:ro" \
		"$@" >out 2>&1 || fail "docker create" "$(cat out)"
	ended_again
}
sh_() { n=$1; ended "$n" --user 0 --entrypoint /busybox/sh nsd.test/debug:latest -c "$2"; }

# ---- which run, and which words

sh_ runs '[ -e /x ] && { echo second; exit 7; }; echo >/x; echo "open /data/x: Read-only file system"; exit 1'
verdict 'the last words of the first run' '.kind == "read-only-mount"'
ended_again
verdict 'those of an earlier run are no reason of this one' '.kind == "exited" and .evidence == "exit code 7"'
tj 'nor shown among its last words' '[.items[] | select(.kind == "last-output") | .reason] == ["second"]' \
	"$NSDEBUG" why -o json "$D"
sh_ mild 'echo "warning: cache disabled: [Errno 30] Read-only file system: /data/x"; echo "FATAL: licence expired"; exit 1'
verdict 'a warning in the middle is no verdict' '.kind == "exited"'
tj 'it is a hint' 'any(.items[]; .kind == "hint" and (.reason | test("/data/x")))' "$NSDEBUG" why -o json "$D"
verdict 'which the verdict tells, and its cure' '(.reason | test("^it ended by itself, with 1; .*\\(hint\\): .*/data/x: what is mounted at /data is read-only")) and
	(.cure | test("^if that is why: mount the volume on /data without ro"))'
sh_ nc 'echo "nc: bind: Permission denied"; exit 1'
verdict 'a port that is not named' '.kind == "permission-denied" and (.cure | test("why docker://'"$D"' --port N"))'
sh_ node 'printf "%s\n" "node:internal/fs" "    throw err;" "Error: EROFS: read-only file system, open '"'/data/x'"'" "    at a" "    at b" "    at c" "  errno: -30," "  code: EROFS" "}" "Node.js v18"; exit 1'
verdict 'the error above a stack' '.kind == "read-only-mount" and (.reason | test("/data/x"))'
sh_ perm 'echo "PermissionError: [Errno 13] Permission denied: /data/db"; exit 1'
verdict 'an error that it names' '.kind == "permission-denied" and (.evidence | test("/data/db")) and
	(.cure | test("trace denied --once --next"))'
lacks() { # NAME LINE WHICH
	sh_ "$1" "echo '$2'; exit 1"
	verdict "what it lacks: $1" ".kind == \"missing-file\" and (.cure | test(\"a ConfigMap\")) and
		.reason == \"it ended by itself, with 1: $3 is not there\""
}
lacks lacks-file 'open /m/app.conf: no such file or directory' /m/app.conf
lacks lacks-of 'Error: ENOENT: no such file or directory, open "/srv/a"; see /m/text' /srv/a
lacks lacks-unsaid 'open conf/app.yaml: no such file or directory' 'a file that it needs'
lacks lacks-hidden 'open /dev/nothing: no such file or directory' 'a file that it needs'
lacks lacks-out 'open /m/../nothing: no such file or directory' 'a file that it needs'
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TMP/in/socket"
chmod 660 "$TMP/in/socket"
chown 1234:1234 "$TMP/in/socket"
sh_ in-use 'echo "listen unix /m/socket: bind: address already in use"; exit 1'
verdict 'a socket that is there' '.kind == "address-in-use" and .reason == "it ended by itself, with 1: there is a socket /m/socket" and
	(.cure | test("let the program remove it first"))'
sh_ no-answer 'echo "dial unix /m/socket: connect: connection refused"; exit 1'
verdict 'nobody listens at it' '.kind == "connection-refused" and (.reason | test("nobody listened at the socket /m/socket$"))'
sh_ full 'echo "write /m/socket: no space left on device"; exit 1'
verdict 'other words of a socket are of no listener' '.kind == "no-space" and (.reason | test("socket") | not) and (.cure | test("emptyDir and a tmpfs"))'
sh_ a-port 'echo "listen tcp 127.0.0.1:80: bind: address already in use (see http://m/socket, /m/text)"; exit 1'
verdict 'a port is no socket' '.kind == "address-in-use" and (.reason | test("listens where it wants to")) and
	(.cure | test("listen on another port"))'
ended may-not --user 65532 --entrypoint /busybox/sh nsd.test/debug:latest -c 'echo "connect() to unix:/m/socket failed (13: Permission denied)"; exit 1'
verdict 'which it may not connect to' '.kind == "permission-denied" and (.reason | test("/m/socket is 0660 1234:1234; other has --- there, needs -w-")) and
	(.reason | test("READ_SEARCH") | not) and .docker == "--group-add 1234"'
# A shell says of a command that is there, and cannot be executed, that it is not.
lost() { # NAME FILE WHAT
	sh_ "$1" "$2"
	verdict "$1: it is there" '.exit_code == 127 and .kind == "missing-interpreter" and (.cure | test("copy it there") | not) and
		(.reason | test("^it ended with 127: a shell could not start '"$2: the script $2 $3"'"))'
}
lost lost-bad /m/script 'needs /x/sh-bash'
lost lost-crlf /m/crlf 'asks for .* carriage return'
echo 'int main(void) { return 0; }' | gcc -o "$TMP/in/musl" -x c - -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
sh_ lost-loader /m/musl
verdict 'a loader of it, too' '.kind == "missing-loader" and (.reason | test("/m/musl needs the loader /lib/ld-musl"))'
sh_ lost-all nonesuch
verdict 'one that is nowhere' '.kind == "exited" and (.reason | test("did not find the command nonesuch; it was")) and
	(.cure | test("copy it there"))'
sh_ lost-other 'echo "wget: bad address: www: not found"; exit 127'
verdict 'words that are not of a shell' '.reason | test("command www") | not'
# root by the capabilities that dockerd gives it
mkdir "$TMP/theirs"
chown 65532 "$TMP/theirs"
chmod 700 "$TMP/theirs"
root() { # VERDICT CAPABILITIES(a number) OPTION...
	_want=$1 _n=$2
	shift 2
	ended "root$#$_n" --user 0 --volume "$TMP/theirs:/theirs" "$@" --entrypoint /busybox/busybox nsd.test/debug:latest true
	tj "root with $_n capabilities" ".items[0] | .verdict == \"$_want\" and (.has | length) == $_n" \
		"$NSDEBUG" why "$D" --path /theirs/x --for create -o json
}
root allowed 14
root denied 0 --cap-drop ALL
root allowed 2 --cap-drop ALL --cap-add dac_override --cap-add CAP_SYS_TIME
root denied 13 --cap-drop DAC_OVERRIDE
root allowed 41 --privileged

# ---- rights, by the files that it has left ----

mkdir -p tree/deep tree/open
echo x >tree/deep/file
echo x >tree/secret
ln -s /tree/deep/file tree/link
echo canary >"$TMP/canary"
chmod 600 "$TMP/canary" tree/secret
ln -s "../../../../../../../..$TMP/canary" tree/out
chmod 700 tree/deep
chmod 755 tree tree/open
# As nobody, with the tree at /tree, it says that of PATH.
refused() { # NAME PATH
	D=nsd-words-$$-$1
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ create --name "$D" --network none --user 65532:65532 --volume "$TMP/owned:/owned" --tmpfs /scratch \
		--entrypoint /busybox/sh nsd.test/debug:latest -c "echo \"open '$2': Permission denied\"; exit 1" \
		>out 2>&1 || fail "docker create" "$(cat out)"
	tar -C "$TMP" --owner 0 --group 0 -c tree | docker_ cp - "$D:/" >out 2>&1 || fail 'docker cp' "$(cat out)"
	ended_again
}
refused deep /tree/deep/file
verdict 'a directory that it may not pass' '.kind == "permission-denied" and (.reason | test("/tree/deep is 0700 0:0; other has ---")) and
	(.evidence | test("/tree/deep/file")) and .cure != null and (.cure | test("trace denied") | not)'
refused link /tree/link
verdict 'where a link leads' '.reason | test("/tree/deep is 0700 0:0")'
refused secret /tree/secret
verdict 'a file that it may not read' '.reason | test("/tree/secret is 0600 0:0; other has ---")'
secret=$(docker_ inspect -f '{{.GraphDriver.Data.UpperDir}}' "$D")/tree/secret
if setfacl -m u:65532:- "$secret" 2>out; then
	chmod 640 "$secret"
	verdict 'an ACL' '.kind == "permission-denied" and (.reason | test("/tree/secret has an ACL: its entry for user 65532"))'
	setfacl -m u:65532:rw,m::rw "$secret"
	verdict 'an ACL that lets it' '(.reason | test("ACL|0640") | not) and (.cure | test("trace denied"))'
else
	skip 'an ACL' "$(cat out)"
	skip 'an ACL that lets it' "$(cat out)"
fi
D=nsd-words-$$-exec
at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
docker_ run --name "$D" --network none --user 65532:65532 --entrypoint /busybox/sh nsd.test/debug:latest \
	-c /etc/passwd >out 2>&1
verdict 'a program that a shell could not execute' '.exit_code == 126 and .kind == "permission-denied" and
	(.reason | test("/etc/passwd is 0644 0:0; other has r-- there, needs --x"))'
D=nsd-words-$$-chown
at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
docker_ run --name "$D" --network none --user 65532:65532 --entrypoint /busybox/sh nsd.test/debug:latest \
	-c '/busybox/busybox chown 65532 /etc/passwd; exit 1' >out 2>&1
verdict 'what the mode of a file does not refuse' '.kind == "permission-denied" and (.evidence | test("/etc/passwd: Operation not")) and
	(.reason | test("0644|needs") | not) and (.reason | test("which one is not known: chown")) and (.cure | test("trace denied"))'
refused make /tree/open/new
verdict 'a directory that it may not write' '.reason | test("/tree/open is 0755 0:0; other has r-x")'
refused out /tree/out
verdict 'no link leads out of its tree' '(.reason | test("0600|0644") | not) and (.cure | test("trace denied")) and
	(.reason | test("/tree/out was not judged: what it leads to is not among its files"))'
refused memory /scratch/x
verdict 'a tmpfs that was new refuses nothing, and is not blamed' '.kind == "permission-denied" and
	(.reason | test("scratch|needs") | not) and (.cure | test("trace denied"))'
refused volume /owned/x
there='.podman == "--volume '"$TMP"'/owned:/owned:U" and (.cure | test("chown on the host to 65532, option U .*; on the host it is '"$TMP"'/owned$"))'
verdict 'a directory of the node is, and it is said which' "(.reason | test(\"/owned is 0755 0:0; other has r-x\")) and $there"
tj 'and so by its path' ".items[0] | .kind == \"mode\" and .path == \"/owned\" and $there" \
	"$NSDEBUG" why "$D" --path /owned/x --for create -o json

# ---- as whom: by the files of its image, as dockerd has it

mkdir -p who/etc who/g
printf 'root:x:0:0::/:\napp:x:65532:4000::/:\n' >who/etc/passwd
printf 'root:x:0:\napp:x:4000:\nweb:x:4001:x,app\nmore:x:4002:\n' >who/etc/group
for g in 0 4000 4001 4002 4003; do
	echo x >who/g/$g
	chmod 640 who/g/$g
	chown 0:$g who/g/$g
done
chmod 755 who who/etc who/g
# What it could read, and as which group, is what is said of it.
whose() { # NAME OPTION...
	_n=$1
	shift
	D=nsd-words-$$-who-$_n
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ create --name "$D" --network none "$@" --entrypoint /busybox/busybox nsd.test/debug:latest \
		sh -c 'cat /proc/self/status; for g in /g/*; do cat $g >/dev/null && echo "reads $g"; done; echo >/dev/shm/x' >out 2>&1
	tar -C who --numeric-owner -c etc g | docker_ cp - "$D:/" >out 2>&1 || fail 'docker cp' "$(cat out)"
	ended_again
	docker_ logs "$D" >said 2>/dev/null
	ran=$(sed -n 's/^Gid:\t\([0-9]*\).*/\1/p' said)
	for g in 0 4000 4001 4002 4003; do
		_v=denied
		grep -q "reads /g/$g\$" said && _v=allowed
		tj "$_n: what group $g may read is $_v, as it was" ".items[0] | .verdict == \"$_v\" and .gid == $ran" \
			"$NSDEBUG" why "$D" --path /g/$g -o json
	done
}
whose name --user app
whose number --user 65532
whose unnamed --user 65533
whose both --user app:web
whose added --user app --group-add more --group-add 4003
ts 'what its runtime mounted is not judged' 5 'unknown .*mounted at /dev, which is not among its files' \
	"$NSDEBUG" why "$D" --path /dev/shm/x --for create
ts 'nor /proc' 5 'unknown .*mounted at /proc' "$NSDEBUG" why "$D" --path /proc/1/status
# dockerd reads those of the image, which a mount hides from us
ended hidden --user 65532 --volume "$TMP/who/etc:/etc" --entrypoint /busybox/busybox nsd.test/debug:latest true
tar -C who --numeric-owner -c g | docker_ cp - "$D:/" >out 2>&1 || fail 'docker cp' "$(cat out)"
tj 'groups that are not known are no reason' '.items[0] | .verdict == "unknown" and .gid == null' \
	"$NSDEBUG" why "$D" --path /g/4000 -o json
tj 'but where no group may' '.items[0] | .verdict == "denied"' \
	"$NSDEBUG" why "$D" --path /g/4000 --for write -o json

t 'why is about one that has ended: it is offered'	"$D\n"	"$NSDEBUG" __complete why "$D"
t 'and the paths of its files'	'/g/4003\n'	"$NSDEBUG" __complete why "$D" --path /g/4003
t 'for other verbs it is not'	''	"$NSDEBUG" __complete ls "$D"

# What dockerd mounts over files of the image, which are others.
own() { # NAME FILTER FILE WHAT
	tj "$1" ".items[0] | $2" "$NSDEBUG" why "$D" --path "/etc/$3" --for "$4" -o json
}
for f in hosts hostname resolv.conf; do
	dir=/var/lib/docker/containers/$(docker_ inspect -f '{{.Id}}' "$D")
	chmod 600 "$dir/$f"
	own "$f is the one that docker mounts" ".verdict == \"denied\" and .mount == \"/etc/$f\" and .mode == \"0600\"" $f read
	chmod 644 "$dir/$f"
	own "$f may be read" '.verdict == "allowed"' $f read
	mv "$dir/$f" "$dir/$f.gone"
	own "without it $f is not judged" '.verdict == "unknown"' $f read
	mv "$dir/$f.gone" "$dir/$f"
done
ended noroot --read-only --user 65532 --entrypoint /busybox/busybox nsd.test/debug:latest true
own 'with a root that is read-only, they are' '.kind == "mode" and (.reason | test("/etc/hosts is mounted read-only besides"))' hosts write
none='.docker == null and .podman == null and .kubernetes == null'
own 'and are no volumes' "$none and (.cure | test(\"its engine writes it.*--dns\"))" resolv.conf write
ended hosts --read-only --user 0 --entrypoint /busybox/sh nsd.test/debug:latest -c 'echo >>/etc/hosts'
verdict 'nor in what the program says of it' ".kind == \"read-only-mount\" and $none and (.cure | test(\"--add-host\"))"
ended mine --volume "$TMP/who/etc/passwd:/etc/hosts" --user 65532 --entrypoint /busybox/busybox nsd.test/debug:latest true
own 'but what somebody has put there' '.kind == "mode" and (.podman | test("^--volume .*/who/etc/passwd:/etc/hosts:U"))' hosts write
D=nsd-words-$$-unborn
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ create --name "$D" --network none --user 65532 nsd.test/debug:latest true >out 2>&1
own 'what was never started has none of them' '.verdict == "unknown"' hosts read

# A bit that gives rights.
for nnp in true false; do
	D=nsd-words-$$-setuid-$nnp
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ create --name "$D" --network none --user 65532 --security-opt no-new-privileges=$nnp --entrypoint /busybox/busybox \
		nsd.test/debug:latest true >out 2>&1 || fail "docker create" "$(cat out)"
	mkdir -p tree/bin
	cp "$TMP/in/dies" tree/bin/setuid
	chmod 4755 tree/bin/setuid
	tar -C tree --owner 0 --group 0 -c bin | docker_ cp - "$D:/" >out 2>&1 || fail 'docker cp' "$(cat out)"
	ended_again
	tj "no_new_privs is $nnp" ".items[0] | .no_new_privs == $nnp and .verdict == \"allowed\" and (.reason | test(\"no effect\")) == $nnp" \
		"$NSDEBUG" why "$D" --path /bin/setuid --for exec -o json
done

# ---- who ended it

D=nsd-words-$$-stop
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ run -d --name "$D" --network none --entrypoint /busybox/sh nsd.test/debug:latest \
	-c 'trap "exit 0" TERM; echo ready; /busybox/busybox sleep 1000 & wait' >out 2>&1
wait_for 'docker_ logs "$D" 2>&1 | grep -q ready' 20
docker_ stop "$D" >out 2>&1
verdict 'one that was stopped, and ended well' '.kind == "stopped" and (.reason | test("asked to stop it.* with 0"))'
sh_ n137 'exit 137'
verdict '137 may be its own number' '.reason | test("unless the program chose the number 137 itself")'
if [ "$(cat /proc/sys/debug/exception-trace)" = 1 ] && [ "$(uname -m)" = x86_64 ]; then
	told ' aborts\[[0-9]+\]' ended abort $B /m/aborts
	verdict 'abort() of a first process is no fault of memory' '.source == "/dev/kmsg" and
		(.reason | test("probably abort")) and
		(.evidence | test("process aborts .* that had a general protection fault in libc"))'
	told ' dies\[[0-9]+\]' ended static $B /m/dies abort
	verdict 'of a static program it is one of two' '.reason | test("what can be no address, or called abort")'
	told ' dies\[[0-9]+\]' ended segv $B /m/dies segv
	# another one of that name, which is killed for something else right after it
	sh -c '"$1/in/dies" fpe; :' - "$TMP" >out 2>&1
	verdict 'the kernel tells of a null pointer' '.source == "/dev/kmsg" and
		(.evidence | test("dies .*read from address 0x0 .a null pointer")) and
		(.reason | test("unless") | not)'
else
	skip 'abort() of a first process is no fault of memory' 'this kernel does not tell of faults'
	skip 'of a static program it is one of two' 'this kernel does not tell of faults'
	skip 'the kernel tells of a null pointer' 'this kernel does not tell of faults'
fi
ended oom --memory 16m --user 0 --entrypoint /busybox/sh nsd.test/debug:latest -c '/m/dies eat; exit 4'
verdict 'a process of it out of memory' '.kind == "oom-killed" and
	(.reason | test("a process of it was killed .* it then ended with 4"))'

# ---- what was not started: the program is on a mount, and is looked at there

ended script $B /m/script
verdict 'a script whose interpreter is missing' '.kind == "missing-interpreter" and (.reason | test("/m/script needs /x/sh-bash"))'
ended arm $B /m/arm
verdict 'another architecture' '.kind == "wrong-architecture" and (.reason | test("/m/arm is a program for arm64"))'
ended plain $B /m/plain
verdict 'not executable' ".kind == \"not-executable\" and (.cure | test(\"give $TMP/in/plain mode 0755 \"))"
ended text $B /m/text
verdict 'a script without its first line' '.kind == "bad-format" and (.reason | test("nor a script"))'
ended crlf $B /m/crlf
verdict 'line ends of another system' '.kind == "missing-interpreter" and (.reason | test("carriage return"))'
ended loader --entrypoint /m/lacks nsd.test/static:latest
verdict 'a loader that the image has not' '.kind == "missing-loader"'
ended lacks $B /m/lacks
verdict 'what the loader lacks' '.kind == "missing-library" and (.reason | test("libnsd.so.1"))'
ts 'which needs no look'	0 'libnsd.so.1'	$NSDEBUG why "$D"

# what may be executed as a file, but not with its capabilities
cp "$TMP/in/dies" capped
if setcap cap_net_admin+ep capped 2>out; then
	capped() { # NAME [OPTION...]
		D=nsd-words-$$-$1
		shift
		at_exit "docker -H unix:///run/docker.sock rm -f $D"
		docker_ create --name "$D" --network none "$@" $B /capped exit 3 >out 2>&1
		docker_ cp capped "$D:/" >out 2>&1
		ended_again
	}
	capped without
	verdict 'capabilities of a file that it may not have' '.kind == "file-capabilities" and
		(.reason | test("^/capped was not started: its file has capabilities")) and (.cure | test("setcap -r")) and
		.docker == "--cap-add NET_ADMIN"'
	capped with --cap-add NET_ADMIN
	verdict 'with them it is executed' '.kind == "exited" and .exit_code == 3'
else
	skip 'capabilities of a file that it may not have' "$(cat out)"
	skip 'with them it is executed' "$(cat out)"
fi

# a profile that has not what the runtime itself needs
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getppid"],"action":"SCMP_ACT_KILL_PROCESS"}]}' >kill.json
if grep -q kill_process /proc/sys/kernel/seccomp/actions_logged; then
	told ' comm="runc:\[2:INIT\]".* sig=31 ' ended init --security-opt seccomp="$TMP/kill.json" $B /m/dies exit 0
	verdict 'killed while it was prepared' '.kind == "seccomp" and (.reason | test("before its program was executed")) and
		(.evidence | test("cannot start.*runc:.2:INIT.*called getppid")) and (.cure | test("allow getppid,"))'
else
	skip 'killed while it was prepared' 'this kernel does not log it'
fi
ended user --user nonesuch $B /m/dies
verdict 'a user that is not there' '.kind == "unknown-user"'
# as its user sees it: the directory is in the image, the program in it can be executed
chmod 700 "$TMP/shut"
cp "$TMP/in/dies" "$TMP/shut/dies"
chmod 755 "$TMP/shut/dies"
D=nsd-words-$$-shut
at_exit "docker -H unix:///run/docker.sock rm -f $D"
docker_ create --name "$D" --network none $B /shut/dies >out 2>&1
docker_ cp "$TMP/shut" "$D:/" >out 2>&1
ended_again
verdict 'a directory that it may not enter' '.kind == "not-executable" and (.evidence | test("/shut is drwx------"))'
ended file --volume "$TMP/in/dies:/tmp" $B /m/dies
verdict 'a file on a directory' '.kind == "bad-mount"'
