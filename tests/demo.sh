#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh - the main job on a real container: nonroot, no shell, read-only, started by runc.
set -eu
SRC=${SRC:-$PWD}
O=${O:-$SRC/build}
NSDEBUG=${NSDEBUG:-$O/nsdebug}

[ "$(id -u)" = 0 ] || { echo 'make demo: containers need root: sudo make demo' >&2; exit 77; }

show() {
	printf '\n$ nsdebug'
	printf ' %s' "$@"
	printf '\n'
	"$NSDEBUG" "$@"
}

"$SRC/tests/fixtures/box" up demo >/dev/null
echo 'The container nsd-demo runs under runc: user 65532, no capability, no shell.'
printf '\n$ runc exec nsd-demo sh\n'
runc exec nsd-demo sh 2>&1 | tail -n 1 || :
show list
show ls -l nsd-demo /
show cat nsd-demo /etc/os-release
show ps -f nsd-demo
show stack nsd-demo
echo
echo "Nothing ran in the container. It stays up: try 'build/nsdebug help'."
echo "'tests/fixtures/box down nsd-demo' takes it away."
