#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, of containers of docker: words that name users, certificates and limits, held against its files
# and its configuration; health checks.
. tests/lib.sh
. "$SRC/tests/lib/ended.sh"
need jq docker

ended_docker

# said NAME LINE [OPTION...]: one that ended with these words; sets D
said() {
	D=nsd-said-$$-$1
	_line=$2
	shift 2
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
	docker_ create --name "$D" --network none --user 65532 "$@" --entrypoint /busybox/sh nsd.test/debug:latest \
		-c "echo '$_line'; exit 1" >out 2>&1 || fail 'docker create' "$(cat out)"
	rm -rf put
	mkdir -p put/etc/ssl/certs
	printf 'root:x:0:0::/:\napp:x:65532:65532::/:\n' >put/etc/passwd
	printf 'root:x:0:\n' >put/etc/group
	tar -C put --owner 0 --group 0 -c etc | docker_ cp - "$D:/" >out 2>&1 || fail 'docker cp' "$(cat out)"
	ended_again
}
said nginx 'nginx: [emerg] getpwnam("www-data") failed in /etc/nginx/nginx.conf:1'
verdict 'a user that the image does not have' '.kind == "unknown-user" and
	(.reason | test("the user www-data that it looked for is not in /etc/passwd of its image")) and (.cure | test("take the name out"))'
said here 'chown: unknown user app'
verdict 'one that it has' '.kind == "unknown-user" and (.reason | test("user app in vain, which is in /etc/passwd"))'
said group 'getgrnam(): name not found: web'
verdict 'a group' '.kind == "unknown-user" and (.reason | test("the group web .* is not in /etc/group"))'
said hidden 'chown: unknown user www' --volume "$TMP:/etc/hide" --tmpfs /etc
verdict 'what is not seen is not said' '.kind == "unknown-user" and (.reason | test("in vain$"))'

x509='tls: failed to verify certificate: x509: certificate signed by unknown authority'
said bundled "$x509"
docker_ cp "$D:/etc/ssl/certs/ca-certificates.crt" bundle >out 2>&1 || : >bundle
verdict 'certificates that are there' '.kind == "no-authority" and
	(.reason | test("is not in /etc/ssl/certs/ca-certificates.crt, as it seems")) and (.cure | test("a company.s own"))'
said named "$x509" --env SSL_CERT_FILE=/etc/own.pem
verdict 'one that is named, and is not there' '.kind == "no-authority" and (.reason | test("SSL_CERT_FILE names /etc/own.pem"))'
D=nsd-said-$$-none
at_exit "docker -H unix:///run/docker.sock rm -f -v $D"
mkdir empty
docker_ run --name "$D" --network none --volume "$TMP/empty:/etc/ssl/certs:ro" --entrypoint /busybox/sh nsd.test/debug:latest \
	-c "echo '$x509'; exit 1" >out 2>&1
verdict 'where nobody can look nothing is said of it' '.kind == "no-authority" and (.reason | test("does not have the certificate"))'

said lock 'Failed to lock memory: cannot allocate memory' --ulimit memlock=4096:4096
verdict 'a limit that its configuration has' '.kind == "locked-memory" and .limit == 4096 and (.reason | test("has memlock=4096:4096")) and
	.docker == "--ulimit memlock=8192:8192"'
said unlocked 'mlock: cannot allocate memory'
verdict 'none that it has: what to look at' '.kind == "locked-memory" and .limit == null and (.cure | test("limits docker://"))'
said threads 'runtime: failed to create new OS thread (have 5 already; errno=11)' --pids-limit 20
verdict 'the pids limit' '.kind == "pids-limit" and .limit == 20 and .docker == "--pids-limit 40"'
said nproc 'runtime: failed to create new OS thread (have 5 already; errno=11)' --ulimit nproc=3000:3000
verdict 'the limit of processes' '.kind == "too-many-processes" and .limit == 3000 and .docker == "--ulimit nproc=6000:6000"'

# ---- health checks

# checked NAME CHANGE [OPTION...]: one that runs, of an image with this line, when docker has made up its mind
checked() {
	D=nsd-said-$$-$1
	at_exit "docker -H unix:///run/docker.sock rm -f -v $D; docker -H unix:///run/docker.sock rmi -f $D"
	docker_ commit -c "$2" "$CT" "$D" >out 2>&1 || fail 'docker commit' "$(cat out)"
	shift 2
	docker_ run -d --name "$D" --network none "$@" --entrypoint /busybox/busybox "$D" sleep 1000 >out 2>&1 ||
		fail 'docker run' "$(cat out)"
	wait_for 'case $(docker_ inspect -f "{{.State.Health.Status}}" "$D") in healthy | unhealthy) ;; *) false ;; esac' 30
}
engine_run docker debug
often='HEALTHCHECK --interval=200ms --timeout=20s --retries=2 CMD'
checked well "$often [\"/busybox/busybox\", \"true\"]"
verdict 'what is healthy is not spoken of' '.kind == "running"'
tj 'in no row' 'all(.items[]; .kind != "health" and .kind != "unhealthy")' "$NSDEBUG" why -o json "$D"
checked ill "$often [\"/busybox/sh\", \"-c\", \"printf 'no\\\\033answer'; exit 3\"]"
verdict 'a check that fails: how often, and what it says' '.kind == "unhealthy" and (.reason | test("unhealthy: its health check failed, [0-9]+ times")) and
	(.evidence | test("exit code 3; it said: no.*answer")) and (.source | test("config.v2.json$"))'
ts 'an answer: 0' 0 '^unhealthy ' "$NSDEBUG" why "$D"
ts 'what it says is not sent to a terminal' 1 '' sh -c '"$1" why "$2" | grep -q "$(printf "\033answer")"' - "$NSDEBUG" "$D"
docker_ kill "$D" >out 2>&1
docker_ wait "$D" >out 2>&1
tj 'and of one that has ended, below its end' '.items[0].kind == "killed" and
	any(.items[]; .kind == "health" and (.reason | test("when it ended: its health check failed")))' "$NSDEBUG" why -o json "$D"
checked text "$often [\"/busybox/busybox\", \"true\"]" --health-cmd 'true'
verdict 'a check that wants a shell' '.kind == "unhealthy" and (.cure | test("/bin/sh.s, and the image has no shell"))'
