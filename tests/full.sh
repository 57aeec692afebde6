#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# full.sh [ENGINE...] - every example of every verb, on every image, under every engine; a table of
# what came of it, and the last line of tests/run. IMAGES="static java" takes only these.
#
# Each engine is a test file of its own, made here, so that what one lacks stops no other.
set -u
SRC=${SRC:-$PWD}
O=${O:-$SRC/build}
export IMAGES="${IMAGES:-static base cc python3 go-static nginx java nodejs}" SRC O

[ $# -gt 0 ] || set -- runc crun docker containerd podman podman-crun rootless cri lxc nspawn kubelet
dir=$O/full
rm -rf "$dir"
mkdir -p "$dir"
for e; do
	cat >"$dir/$e.t" <<-E
		#!/bin/sh
		# timeout 7200
		$([ "$e" != kubelet ] || echo '# serial')
		. tests/lib.sh
		. "$SRC/tests/runtimes/look.sh"
		full $e >"$dir/$e.tap"
		cat "$dir/$e.tap"
	E
done

# shellcheck disable=SC2046 # one file a word
"$SRC/tests/run" $(printf "$dir/%s.t " "$@") >"$dir/log"
status=$?
sed '$d' "$dir/log"

# A cell is how many succeeded, and after it how many did not.
table() { # HEADING FIELD ENGINE...
	heading=$1 field=$2
	shift 2
	awk -v heading="$heading" -v field="$field" -v engines="$*" '
	/^(not )?ok / {
		bad = sub(/^not /, "")
		row = $field
		sub(/:$/, "", row)
		if (!(row in seen)) {
			seen[row] = 1
			rows[++n] = row
		}
		if (/# SKIP/)
			next
		if (bad)
			failed[row, $2]++
		else
			passed[row, $2]++
	}
	END {
		columns = split(engines, e, " ")
		printf "\n%-10s", heading
		for (i = 1; i <= columns; i++)
			printf " %11s", e[i]
		for (r = 1; r <= n; r++) {
			printf "\n%-10s", rows[r]
			for (i = 1; i <= columns; i++) {
				cell = passed[rows[r], e[i]] + 0
				if (failed[rows[r], e[i]])
					cell = cell " -" failed[rows[r], e[i]]
				printf " %11s", cell
			}
		}
		print ""
	}' "$dir"/*.tap
}
table verb 4 "$@"
table image 3 "$@"
echo
tail -n 1 "$dir/log"
exit $status
