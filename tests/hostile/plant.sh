# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# plant.sh - state as runtimes write it, in a mount namespace of the test's own in which nothing else
# is: no other test sees what is planted, however wrong it is. Read after tests/lib.sh.
#
#   planted_ns         makes it: NSPID is in it, $P is its root as seen from here
#   ns COMMAND...      runs there; nsd ARGUMENT...: nsdebug there
#   plant RUNTIME ID NAME PID
#                      a container as RUNTIME records it, whose first process is PID: runc, crun,
#                      docker, containerd, cri, podman, cri-o. NAME is the user's; under cri it is
#                      NAMESPACE/POD/CONTAINER or, of a sandbox, NAMESPACE/POD; under cri-o what CRI-O
#                      makes of it, k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT. Sets DIR, its own
#                      directory, and FILES, all that lead to it.
#   uproot             nothing is planted any more
#   id_of WORD         a generated id that is always the same for WORD
#   start_of PID       when it started, in clock ticks
#
# What docker, containerd and podman write was copied from Debian 12's. CRI-O is not in Debian: its
# documents are made after pkg/annotations/annotations.go and internal/storage/runtime.go of 1.24.

planted_ns() {
	mkfifo "$TMP/.planted"
	unshare -m sh -c 'for d in /run /var/lib /var/log /etc; do mount -t tmpfs t $d || exit 1; done
		echo >"$1"; exec sleep 100000' - "$TMP/.planted" &
	NSPID=$!
	at_exit "kill $NSPID"
	read -r _ <"$TMP/.planted"
	P=/proc/$NSPID/root
}

ns() { nsenter -t "$NSPID" -m -- "$@"; }
nsd() { nsenter -t "$NSPID" -m -- $NSDEBUG "$@"; }

id_of() {
	_sum=$(printf %s "$1" | sha256sum)
	echo "${_sum%% *}"
}
start_of() {
	# shellcheck disable=SC2046 # words: the 22nd field of all, the 20th behind the name
	set -- $(sed 's/.*) //' "/proc/$1/stat")
	eval "echo \${20}"
}

# libcontainer's State, of which the config is much longer in life
_runc() { # DIR ID PID
	mkdir -p "$1/$2"
	printf '{"id":"%s","init_process_pid":%s,"init_process_start":%s,"created":"%s","config":{"labels":["bundle=/b/%s","app=web"]}}' \
		"$2" "$3" "$(start_of "$3")" 2026-01-02T03:04:05Z "$2" >"$1/$2/state.json"
	FILES="$FILES $1/$2/state.json"
}

_crun() { # DIR ID PID
	mkdir -p "$1/$2"
	printf '{\n    "pid": %s,\n    "process-start-time": %s,\n    "bundle": "/b/%s",\n    "created": "%s"\n}\n' \
		"$3" "$(start_of "$3")" "$2" 2026-01-02T03:04:05Z >"$1/$2/status"
	FILES="$FILES $1/$2/status"
}

_docker() { # ID NAME PID RUNNING
	DIR=$P/var/lib/docker/containers/$1
	mkdir -p "$DIR"
	printf '{"StreamConfig":{},"State":{"Running":%s,"Paused":false,"Pid":%s,"ExitCode":3,"StartedAt":"2026-01-02T03:04:05Z"},"ID":"%s","Created":"2026-01-02T03:04:05Z","Config":{"Hostname":"h","Image":"image","Labels":{"app":"web"}},"Image":"sha256:0","Name":"/%s","Driver":"overlay2"}' \
		"$4" "$3" "$1" "$2" >"$DIR/config.v2.json"
	FILES="$FILES $DIR/config.v2.json"
}

_task() { # NAMESPACE ID PID [ANNOTATIONS]
	DIR=$P/run/containerd/io.containerd.runtime.v2.task/$1/$2
	mkdir -p "$DIR"
	printf '{"ociVersion":"1.0.2-dev","process":{"args":["a"]},"root":{"path":"rootfs"},"annotations":{%s},"linux":{"namespaces":[]}}' \
		"${4:-}" >"$DIR/config.json"
	printf %s "$3" >"$DIR/init.pid"
	FILES="$FILES $DIR/config.json $DIR/init.pid"
	_runc "$P/run/containerd/runc/$1" "$2" "$3"
}

_cri() { # ID NAMESPACE/POD[/CONTAINER] PID
	_pod=${2#*/}
	_a='"io.kubernetes.cri.sandbox-namespace":"'${2%%/*}'","io.kubernetes.cri.sandbox-name":"'${_pod%%/*}'"'
	case $_pod in
	*/*)	_a=$_a',"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"'${_pod#*/}'","io.kubernetes.cri.image-name":"image"' ;;
	*)	_a=$_a',"io.kubernetes.cri.container-type":"sandbox"' ;;
	esac
	_task k8s.io "$1" "$3" "$_a"
}

# All records of containers/storage are items of one document.
_stored() { # MANAGER ID NAME PID [ANNOTATIONS]
	DIR=$P/run/containers/storage/overlay-containers/$2
	_list=$P/var/lib/containers/storage/overlay-containers
	mkdir -p "$DIR/userdata" "$_list"
	printf '%s{"id":"%s","names":["%s"],"image":"0","layer":"0","metadata":"{\\"image-name\\":\\"image\\",\\"name\\":\\"x\\"}","created":"2026-01-02T03:04:05Z","flags":{"MountLabel":""}}' \
		"$(! [ -e "$TMP/.stored" ] || echo ,)" "$2" "$3" >>"$TMP/.stored"
	{ printf '['; cat "$TMP/.stored"; printf ']'; } >"$_list/containers.json"
	printf '{"ociVersion":"1.0.2","process":{"args":["a"]},"annotations":{"io.container.manager":"%s"%s},"linux":{}}' \
		"$1" "${5:-}" >"$DIR/userdata/config.json"
	printf %s "$4" >"$DIR/userdata/pidfile"
	FILES="$FILES $_list/containers.json $DIR/userdata/config.json $DIR/userdata/pidfile"
	_runc "$P/run/runc" "$2" "$4"
}

plant() { # RUNTIME ID NAME PID
	FILES=
	case $1 in
	runc)	DIR=$P/run/runc/$2; _runc "$P/run/runc" "$2" "$4" ;;
	crun)	DIR=$P/run/crun/$2; _crun "$P/run/crun" "$2" "$4" ;;
	docker)	_docker "$2" "$3" "$4" true
		_runc "$P/run/docker/runtime-runc/moby" "$2" "$4" ;;
	containerd)	_task nsd "$2" "$4" ;;
	cri)	_cri "$2" "$3" "$4" ;;
	podman)	_stored libpod "$2" "$3" "$4" ;;
	cri-o)	_stored cri-o "$2" "$3" "$4" \
			',"io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.ImageName":"image"' ;;
	esac
}

uproot() {
	rm -rf "$TMP/.stored" "${P:?}/run"/* "${P:?}/var/lib"/* "${P:?}/var/log"/* "${P:?}/etc"/*
}
