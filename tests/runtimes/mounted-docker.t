#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# why --path of a container of docker that was made, runs, has ended, runs again and has ended again:
# of what only its start mounts and makes nothing is said that is not so while it runs.
. tests/lib.sh
. "$SRC/tests/lib/mounted.sh"
need jq docker setfattr

docker_() { docker -H unix:///run/docker.sock "$@"; }
engine_up docker
engine_run docker debug
mounted_dirs
mounted_all docker_ 51 51 59 --tmpfs /own:mode=700,uid=65532 --mount type=tmpfs,dst=/asked,tmpfs-mode=711
docker_ run --name "$D-host" --network none --uts host --user 65532 --entrypoint /busybox/busybox nsd.test/debug:latest true >out 2>&1
at_exit "docker -H unix:///run/docker.sock rm -f $D-host"
tj 'the name of the node is not set by an option' '.items[0] | .docker == null and .kubernetes == null and
	(.cure | test("leave it to the node"))' "$NSDEBUG" why "$D-host" --syscall sethostname -o json
at_exit "docker -H unix:///run/docker.sock rm -f $D-shut"
docker_ run --name "$D-shut" --network none --tmpfs /shut:mode=700 --user 65532 --entrypoint /busybox/busybox \
	nsd.test/debug:latest touch /shut/new >out 2>&1
for q in '' '--path /shut/new --for create'; do
	# shellcheck disable=SC2086 # words
	tj "the cure of a tmpfs that was not its own: $q" '.items[0] | .docker == "--tmpfs /shut:uid=65532,gid=65532" and
		(.cure | test("^it is in memory, and new with each start"))' "$NSDEBUG" why "$D-shut" $q -o json
done

# ---- times that others have set

mkdir -p image/future
cp "$O/tests/lib/dies" "$FX/roots/debug/busybox/busybox" image
chmod 700 image/future
touch -d 2099-01-01 image/future
tar -C image -c . | docker_ import - nsd.test/future-$$ >out 2>&1 || fail import "$(cat out)"
at_exit "docker -H unix:///run/docker.sock rm -f $D-future $D-back $D-below; docker -H unix:///run/docker.sock rmi -f nsd.test/future-$$"
docker_ run --name "$D-future" --network none --tmpfs /future --user 65532 --entrypoint /busybox nsd.test/future-$$ touch /future/new >out 2>&1
[ $? = 0 ] && other=denied || other=allowed
asked_not() { # NAME PATH
	tj "$1" '.items[0].verdict != "'$other'"' "$NSDEBUG" why "$D-$3" --path "$2" --for create -o json
}
asked_not 'a directory of the image, of a time to come' /future/new future
docker_ run -d --name "$D-back" --network none --security-opt no-new-privileges --tmpfs /made --user 65532 --entrypoint /busybox nsd.test/future-$$ sleep 100000 >out 2>&1 &&
	docker_ kill "$D-back" >out 2>&1 && docker_ wait "$D-back" >out 2>&1 && docker_ start "$D-back" >out 2>&1 &&
	docker_ exec -u 0 "$D-back" /busybox touch -d @9 /etc/hostname >out 2>&1 || fail 'run twice' "$(cat out)"
docker_ exec "$D-back" /busybox touch /made/new >out 2>&1 && other=denied || other=allowed
docker_ kill "$D-back" >out 2>&1
docker_ wait "$D-back" >out 2>&1
asked_not 'a file of docker that the container has set back' /made/new back
docker_ create --name "$D-below" --network none -v "$TMP/seen:/future/below" --entrypoint /busybox nsd.test/future-$$ true >out 2>&1
tj 'a directory that its start puts something into' '.items[0] | .verdict == "denied" and .error == "ENOTEMPTY"' \
	"$NSDEBUG" why "$D-below" --path /future --for rmdir -o json
mkdir given
cp "$FX/roots/debug/busybox/busybox" given
at_exit "docker -H unix:///run/docker.sock rm -f $D-given"
docker_ run --name "$D-given" --network none -v "$TMP/given:/given" --entrypoint /given/busybox nsd.test/future-$$ sh -c \
	'echo exec /given/busybox: operation not permitted >&2; exit 1' >out 2>&1
setfattr -n security.capability -v 0x0100000200300000000000000000000000000000 given/busybox || fail 'setfattr'
tj 'capabilities that a program may have given itself are none to be had' '.items[0] | .kind == "file-capabilities" and .docker == null' \
	"$NSDEBUG" why "$D-given" -o json

# ---- how it is mounted

mkdir node
mount -t tmpfs none node
at_exit "umount $TMP/node"
cp "$O/tests/lib/dies" node
chmod 755 node node/dies
mount -o remount,bind,noexec node
at_exit "docker -H unix:///run/docker.sock rm -f $D-flags; docker -H unix:///run/docker.sock volume rm -f $D-volume"
docker_ run -d --name "$D-flags" --network none -v "$TMP/node:/as" -v "$TMP/node:/ro:ro" --mount type=volume,src="$D-volume",dst=/data \
	--user 65532 --entrypoint /busybox/busybox nsd.test/debug:latest sleep 100000 >out 2>&1 || fail 'run' "$(cat out)"
asked() { # NAME PATH WHAT EXIT WORDS
	ts "$1" "$4" "$5" "$NSDEBUG" why "$D-flags" --path "$2" --for "$3"
}
asked 'a bind has the flags of the node' /as/dies exec 1 noexec
asked 'not with others' /ro/dies exec 0 allowed
docker_ kill "$D-flags" >out 2>&1
docker_ wait "$D-flags" >out 2>&1
asked 'it had them' /as/dies exec 1 noexec
asked 'whether with others its runtime decides' /ro/dies exec 5 'depends on its runtime'
asked 'a volume' /data list 0 allowed
# docker 26: what is seen is below it
config=$(docker_ inspect -f '{{.Id}}' "$D-flags")
config=$(docker_ info -f '{{.DockerRootDir}}')/containers/$config/config.v2.json
jq -c '.MountPoints["/data"].Spec.VolumeOptions.Subpath = "sub"' "$config" >changed && cat changed >"$config"
asked 'a part of a volume' /data list 5 'not among its files'
