#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# The same as mounted-docker.t, of podman, which before the first start has nothing in files.
. tests/lib.sh
. "$SRC/tests/lib/mounted.sh"
need jq podman

podman_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }
engine_up podman
engine_run podman debug
mounted_dirs
mounted_all podman_ '' 57 69 --tmpfs /own:mode=700 --mount type=tmpfs,dst=/asked,tmpfs-mode=711

# ---- what podman mounts while it runs

for v in plain demand; do
	at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman volume rm -f $D-$v"
done
podman_ volume create "$D-plain" >out 2>&1
podman_ volume create --opt type=tmpfs --opt device=tmpfs --opt o=mode=0700,uid=5 "$D-demand" >out 2>&1 || fail 'volume create' "$(cat out)"
at_exit "CONTAINERS_CONF=/run/nsd-engines/containers.conf podman rm -f -i -t 0 $D-v"
podman_ run -d --name "$D-v" --network none -v "$D-plain:/plain" -v "$D-demand:/demand" --security-opt mask=/etc --user 65532 \
	--entrypoint /busybox/busybox nsd.test/debug:latest sleep 100000 >out 2>&1 || fail 'run' "$(cat out)"
asked() { # NAME PATH WHAT EXIT WORDS
	ts "$1" "$4" "$5" "$NSDEBUG" why "$D-v" --path "$2" --for "$3"
}
asked 'a volume with options' /demand list 1 'denied .*0700'
asked 'and one without' /plain list 0 allowed
tj 'a masked directory is no tmpfs of its own' '.items[0] | .kind == "masked" and .error == "EROFS" and .podman == null and
	.docker == null and (.cure | test("mask="))' "$NSDEBUG" why "$D-v" --path /etc/new --for create -o json
podman_ kill "$D-v" >out 2>&1
podman_ wait "$D-v" >out 2>&1
asked 'a volume with options is not what its directory is' /demand list 5 'a volume that its engine may mount only while it is used'
asked 'one without is' /plain list 0 allowed
asked 'nor is a masked directory what the image has' /etc/new create 5 'masks it'
