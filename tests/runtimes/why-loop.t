#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why, of containers of docker and podman that end again and again: between two attempts, in one,
# and when they were stopped.
# timeout 900
. tests/lib.sh
. "$SRC/tests/lib/ended.sh"
need jq docker podman

ended_docker
engine_up podman
engine_run podman debug
podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }
DEBUG='--network none --user 0 --entrypoint /busybox/sh'
row() { tj "$1" "[.items[] | select(.kind == \"$2\")] | $3" "$NSDEBUG" why -o json "$D"; }
looping() { [ "$(docker_ inspect -f "{{.State.Restarting}} {{ge .RestartCount $1}}" "$D")" = 'true true' ]; }

# The time between two attempts is doubled each time: after five it is seconds.
D=nsd-loop-$$-docker
at_exit "docker -H unix:///run/docker.sock rm -f $D"
# shellcheck disable=SC2086 # words
docker_ run -d --name "$D" --restart always --read-only $DEBUG nsd.test/debug:latest \
	-c 'echo "open /var/cache/x: Read-only file system"; exit 7' >out 2>&1
wait_for 'looping 5' 60
verdict 'between two attempts the last one counts, and its words' '.kind == "read-only-root" and
	(.evidence | test("^exit code 7,"))'
row 'that it will be started again is said' state '.[0].reason | test("^exited, and its engine will start it again")'
row 'and how often it was' restarts '.[0].reason | test("^[0-9]+ attempts before this one; restart policy: always")'
row 'its words are of that attempt alone' last-output 'length == 1'
docker_ stop "$D" >out 2>&1
verdict 'stopped between two attempts: the reason is still why' '.kind == "read-only-root" and
	(.evidence | test("its engine was asked to stop it, after [0-9]+ attempts"))'

D=nsd-loop-$$-runs
at_exit "docker -H unix:///run/docker.sock rm -f -t 0 $D"
ONCE='[ ! -e /x ] || { echo now; exec /busybox/busybox sleep 1000; }; echo >/x; echo before; exit 5'
# shellcheck disable=SC2086 # words
docker_ run -d --name "$D" --restart always $DEBUG nsd.test/debug:latest -c "$ONCE" >out 2>&1
wait_for 'docker_ logs "$D" 2>&1 | grep -q now' 60
wait_for '[ "$(docker_ inspect -f "{{.State.Status}} {{.RestartCount}}" "$D")" = "running 1" ]' 20
row 'one attempt is not several' restarts '.[0].reason | test("^1 attempt before this one")'
row 'while the next one runs, what those before wrote is marked' earlier-output 'map(.reason) == ["before"]'
row 'and is nobody'"'"'s last words' last-output 'length == 0'

D=nsd-loop-$$-podman
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
# shellcheck disable=SC2086 # words
podman_ run -d --name "$D" --restart on-failure:3 $DEBUG nsd.test/debug:latest -c 'echo x; exit 7' >out 2>&1
wait_for '[ "$(podman_ inspect -f "{{.State.Status}} {{.RestartCount}}" "$D")" = "exited 3" ]' 60
verdict 'podman' '.kind == "exited" and .evidence == "exit code 7"'
row 'how often it was started again' restarts '.[0].reason | test("^3 attempts before this one")'
D=nsd-loop-$$-again
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D"
# shellcheck disable=SC2086 # words
podman_ run -d --name "$D" --restart on-failure:9 $DEBUG nsd.test/debug:latest -c "$ONCE" >out 2>&1
wait_for 'podman_ logs "$D" 2>&1 | grep -q now' 60
wait_for '[ "$(podman_ inspect -f "{{.State.Status}} {{.RestartCount}}" "$D")" = "running 1" ]' 20
verdict 'of one that runs, how the run before ended' '.kind == "exited" and
	.reason == "it runs; of its run before: it ended by itself, with 5"'
row 'with its words alone' earlier-output 'map(.reason) == ["before"]'
