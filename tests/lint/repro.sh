#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# repro.sh O [MAKE-VARIABLE...] - the same sources in another directory give the same bytes.
set -u
O=$1
shift
dir=$(mktemp -d "${TMPDIR:-/tmp}/nsdebug-a-directory-with-a-much-longer-name.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

cp -R LICENSE Makefile nsdebug tools "$dir/"
[ ! -d bpf ] || cp -R bpf "$dir/"
make -s -C "$dir" -j "$(nproc)" "$@" O=out/of/the/way all >"$dir/log" 2>&1 || {
	cat "$dir/log"
	echo 'repro: a copy of nsdebug/, tools/, bpf/ and the Makefile does not build by itself'
	exit 1
}
bad=0
for f in nsdebug nsdebug.debug; do
	cmp "$O/$f" "$dir/out/of/the/way/$f" || bad=1
done
[ $bad = 0 ] || {
	for f in $(cd "$O" && find obj -name '*.o'); do
		cmp -s "$O/$f" "$dir/out/of/the/way/$f" || echo "differs: $f"
	done
	echo 'repro: not the same bytes in another directory: does a source use __FILE__ outside' \
		'-ffile-prefix-map, a date, or the order of a directory?'
}
exit $bad
