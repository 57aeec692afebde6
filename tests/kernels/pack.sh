#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pack.sh FILE [ROOT...]: a root file system to boot a kernel with, as cpio: the tests of this tree,
# the binary and the helpers, runc, and the programs that the tests' own scripts call, each with its
# libraries, all of this machine.  ROOT is one of tests/fixtures/roots.sh for containers; debug is
# always there.
set -euo pipefail
export LC_ALL=C
umask 022

SRC=$(cd "$(dirname "$0")/../.." && pwd)
cd "$SRC"
O=$(realpath -m "${O:-build}")
FX=$(realpath -m "${FX:-$O/fixtures}")
OUT=$(realpath -m "$1")
shift

# Of the rest, busybox has what is needed.
PACKAGES="apparmor bash coreutils diffutils dpkg findutils grep jq mawk mount procps runc sed strace util-linux"

R=$(mktemp -d "${TMPDIR:-/tmp}/nsdebug-pack.XXXXXX")
trap 'rm -rf "$R"' EXIT

programs() {
	# shellcheck disable=SC2086 # a list of words
	dpkg -L $PACKAGES | grep -E '^(/usr)?/s?bin/[^/]+$' | sort -u | while read -r p; do
		[ ! -f "$p" ] || echo "$p"
	done | awk -F / '!seen[$NF]++'
}

libraries() { # PROGRAM...
	ldd "$@" 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' | sort -u
}

system() {
	local all a l
	mkdir -p "$R"/{bin,dev,etc,mnt,nsd,proc,root,run,sys,tmp,usr,var/lib}
	ln -s bin "$R/sbin"
	ln -s ../bin "$R/usr/bin"
	ln -s ../bin "$R/usr/sbin"
	mapfile -t all < <(programs)
	cp -L "${all[@]}" "$R/bin/"
	while read -r l; do install -D "$l" "$R$l"; done < <(libraries "${all[@]}")
	install "$(command -v busybox)" "$R/bin/busybox"
	for a in $(busybox --list); do
		[ -e "$R/bin/$a" ] || ln -s busybox "$R/bin/$a"
	done
	ln -sf bash "$R/bin/sh"
	ln -sf mawk "$R/bin/awk"
	printf 'root:x:0:0::/root:/bin/sh\n' >"$R/etc/passwd"
	printf 'root:x:0:\n' >"$R/etc/group"
	install -d "$R/etc/apparmor.d"
	cp -R /etc/apparmor.d/abi /etc/apparmor.d/tunables "$R/etc/apparmor.d/"
	install -D -m 644 -t "$R/usr/share/containers" /usr/share/containers/seccomp.json
}

ours() { # ROOT...
	local r f=$R/nsd/build/fixtures/roots
	cp -R tests "$R/nsd/"
	mkdir -p "$f" "$R/nsd/build/tests"
	cp "$O/nsdebug" "$R/nsd/build/"
	cp -R "$O/tests/lib" "$R/nsd/build/tests/"
	for r; do cp -a "$FX/roots/$r" "$FX/roots/$r.args" "$FX/roots/.$r.stamp" "$f/"; done
	install -m 755 tests/kernels/init.sh "$R/init"
}

tests/fixtures/roots.sh debug "$@"
system
ours debug "$@"
(cd "$R" && find . | busybox cpio -o -H newc 2>/dev/null) >"$OUT"
