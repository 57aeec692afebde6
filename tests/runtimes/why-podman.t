#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, of containers of podman that have ended or could not be started, by what is in files.
. tests/lib.sh
. "$SRC/tests/lib/ended.sh"
. "$SRC/tests/lib/cured.sh"
need jq podman gcc

podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }

engine_up podman
engine_run podman debug
engine_run podman base
RUNS=$CT
chmod 755 "$TMP"
profiles podman_ nsd.test/base:latest
opened podman_ nsd.test/base:latest 4
bounded podman_ nsd.test/debug:latest
# What podman mounts for it alone, and names it after the host's.
D=nsd-why-$$-own
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ run -d --name "$D" --network none --uts host --user 65532 --entrypoint /busybox/busybox nsd.test/debug:latest sleep 1000 >out 2>&1
for state in runs ended; do
	[ $state = runs ] || podman_ kill "$D" >out 2>&1
	[ $state = runs ] || podman_ wait "$D" >out 2>&1
	tj "a file of the engine is no volume: it $state" '.items[0] | .verdict == "denied" and .podman == null and .kubernetes == null and
		(.cure == "its engine writes it, anew with each start: let the program do without")' \
		"$NSDEBUG" why "$D" --path /run/.containerenv --for write -o json
	tj "the name of the node is not set by an option: it $state" '.items[0] | .podman == null and .docker == null and
		.kubernetes == null and (.cure | test("leave it to the node"))' "$NSDEBUG" why "$D" --syscall sethostname -o json
done
cp "$O/tests/lib/dies" dies
printf '#!/bin/sh\n' >script
echo 'int main(void) { return 0; }' | gcc -x c - -o musl -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
chmod 755 dies script musl

listed() { # NAME STATE
	tj "$1" "any(.items[]; .name == \"$D\" and .state == \"$2\")" "$NSDEBUG" list --all -o json
}
ended() { # NAME [OPTION...] IMAGE [ARGV...]; sets D
	D=nsd-why-$$-$1
	shift
	at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
	podman_ create --name "$D" --network none "$@" >out 2>&1 || fail "podman create" "$(cat out)"
	for f in dies script musl; do
		podman_ cp "$TMP/$f" "$D:/$f" >out 2>&1 || fail "podman cp" "$(cat out)"
	done
	podman_ start "$D" >out 2>&1
	podman_ wait --condition stopped "$D" >out 2>&1 || :
}
B=nsd.test/base:latest

ended script $B /script
verdict 'a script without a shell' '.kind == "no-shell" and .reason ==
	"the image has no shell: the script /script needs /bin/sh"'
ended musl $B /musl
verdict 'a missing loader' '.kind == "missing-loader"'
ended one $B /dies exit 7
verdict 'exit 7, out of the log of events' '.kind == "exited" and .evidence == "exit code 7" and
	.source == "/run/libpod/events/events.log"'
listed 'it is listed as exited' exited
t 'it is offered'	"$D\n"	"$NSDEBUG" __complete why "$D"
t 'and its paths'	'/dies\n'	"$NSDEBUG" __complete why "$D" --path /di
# podman kills it itself, and writes down -1
ended timeout --timeout 1 --entrypoint /busybox/busybox nsd.test/debug:latest sleep 50
verdict 'how podman ended it itself is not known' '.kind != "exited" and (.reason | test("with 0") | not)'
ended zero $B /dies exit 0
verdict 'with 0: it may have been asked to stop' '.kind == "exited" and (.reason | test("podman stop")) and (.cure | test("nobody stopped it"))'
ended segv $B /dies segv
verdict 'SIGSEGV' '.kind == "crashed" and (.reason | test("SIGSEGV"))'
ended oom --memory 16m $B /dies eat
verdict 'out of memory' '.kind == "oom-killed" and (.reason | test("16 MiB"))'
# Its check is run by hand: there need be nobody here who does so now and then.
D=nsd-why-$$-ill
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ run -d --name "$D" --network none --health-cmd '["CMD","/busybox/sh","-c","exit 3"]' \
	--health-interval disable --health-retries 1 --entrypoint /busybox/busybox nsd.test/debug:latest sleep 1000 >out 2>&1 ||
	fail 'podman run' "$(cat out)"
podman_ healthcheck run "$D" >out 2>&1
verdict 'it runs, and its health check fails' '.kind == "unhealthy" and (.reason | test("failed, 1 time")) and
	(.evidence | test("exit code [1-9]")) and (.source | test("healthcheck.log$"))'
D=nsd-why-$$-shell
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ run -d --name "$D" --network none $B sh -c 'echo hi' >out 2>&1
verdict 'a shell form without a shell' '.kind == "no-shell" and (.reason | test("needs /bin/sh$"))'
tj 'the words of the runtime are there' 'any(.items[]; .kind == "start-error" and
	(.reason | test("executable file not found")))' $NSDEBUG why -o json "$D"
t 'podman calls it created' 'created\n' podman_ inspect -f '{{.State.Status}}' "$D"
listed 'and it is listed so' created
D=nsd-why-$$-made
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ create --name "$D" $B >out 2>&1
ts 'one that was made and never started: podman keeps in its database with what'	5 '^created ' \
	$NSDEBUG why "$D"
for word in '--user appuser' '-w /missing'; do
	D=nsd-why-$$-no-$(echo "$word" | tr -dc a-z)
	at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
	# shellcheck disable=SC2086 # words
	podman_ run --name "$D" --network none $word $B /app/server >out 2>&1
	ts "podman writes nothing down of $word, what it may be is said" 5 '^created .*' $NSDEBUG why "$D"
	ts "$word: how to find out" 5 'user by name must be in the image.*-w. must be in the image' $NSDEBUG why "$D"
done
# Its directory belongs to root of its user namespace, who may write it.
D=nsd-why-$$-mapped
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ run --name "$D" --network none --uidmap 0:100000:65536 --gidmap 0:100000:65536 $B /nonesuch >out 2>&1
podman_ inspect -f '{{.State.StartedAt}}' "$D" >out 2>&1 || fail 'podman run' "$(cat out)"
ts 'what others can write is not believed' 5 "userdata is not only root's to write: not believed" \
	$NSDEBUG why "$D" --path /etc/passwd
verdict 'but for what its runtime said, with a remark' '.kind == "missing-entrypoint" and
	(.evidence | test("nonesuch.*not only root.s to write"))'
mkdir tree tree/app
cp "$O/tests/lib/dies" tree/app/dies
chmod -R a+rX tree
D=nsd-why-$$-over
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ run --name "$D" --network none --rootfs "$TMP/tree:O" /app/dies exit 1 >out 2>&1
verdict 'a root that was mounted for it: nothing is said to be missing there' '.kind == "exited"'
D=nsd-why-$$-limit
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ create --name "$D" --network none --sysctl net.ipv4.ip_forward=x $B /app/nonesuch >out 2>&1
podman_ start "$D" >out 2>&1
verdict 'what its runtime said comes before what is seen in the image' \
	'.kind == "not-started" and (.evidence | test("ip_forward"))'
# A limit above all that may be had here: what is printed can be set.
D=nsd-why-$$-ulimit
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D $D-cured"
podman_ create --name "$D" --network none --ulimit nofile=99999999:99999999 --ulimit nproc=99999999:99999999 $B >out 2>&1
podman_ start "$D" >out 2>&1
verdict 'a limit that is refused has a number' '.kind == "rlimit" and
	(.cure | test("nofile=99999999:99999999")) and (.cure | test("nproc=99999999:99999999")) and
	(.cure | test("was asked for.* is more than is had here, too")) and (.podman | test("nproc=")) and
	(.podman | test("^(--ulimit [a-z]+=[0-9]+:[0-9]+ ?)+$")) and (.podman | test("nofile=")) and .docker == .podman'
# shellcheck disable=SC2046 # words
podman_ run -d --name "$D-cured" --network none $($NSDEBUG why -o json "$D" | jq -r '.items[0].podman') $B >out 2>&1
t 'with which it starts' 'true\n' podman_ inspect -f '{{.State.Running}}' "$D-cured"
D=nsd-why-$$-stop
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
podman_ run -d --name "$D" --network none --user 65532 --entrypoint /busybox/busybox nsd.test/debug:latest sleep 1000 >out 2>&1
podman_ stop -t 0 "$D" >out 2>&1
verdict 'that podman was asked to stop it, or that this is not always written down' '.kind == "killed" and
	(.evidence | test("engine was asked to stop|of .podman stop. it often is not"))'
podman_ kill "$RUNS" >out 2>&1
podman_ wait "$RUNS" >out 2>&1
D=$RUNS
verdict 'killed by podman' '.kind == "killed" and (.evidence | test("asked"))'
