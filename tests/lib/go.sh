# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# go.sh - for the tests of Go programs; read after tests/lib.sh.
#
#   go_build DIRECTORY NAME CGO [OPTION...]   makes ./NAME of the sources below tests/DIRECTORY,
#                    without C (0) or with it (1)
#   readers PID      how many of its threads wait in read(2)
#   resting PID      all of its threads wait in read, pause, futex or epoll_pwait(2): that which
#                    looks after the others (sysmon) sleeps for short times until these do

go_build() {
	_dir=$SRC/tests/$1 _name=$2 _cgo=$3
	shift 3
	(cd "$_dir" && CGO_ENABLED=$_cgo GOPROXY=off GOFLAGS='' GOCACHE="$FX/go/cache" \
		GOPATH="$FX/go" go build -trimpath "$@" -o "$TMP/$_name" .) || fail "$_name is built"
}

readers() { cat "/proc/$1"/task/*/syscall 2>/dev/null | grep -c '^0 '; }
resting() { ! cut -d' ' -f1 "/proc/$1"/task/*/syscall 2>/dev/null | grep -qvx '0\|34\|202\|281'; }
