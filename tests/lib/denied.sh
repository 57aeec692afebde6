# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# denied.sh - the catalogue of tests/lib/refused.c, run and compared; read after tests/lib.sh and
# tests/lib/trace.sh.
#
#   refuse KIND [OPTION of box_run...]   files that are refused in ./KIND, and a box that will make
#                   all calls of that kind
#   made            it makes them; what was told is in ./rows
#   check_each      a test for each, and what a table wants in ./results: RIGHT OF SUCCESSES
#
# CATALOGUE_ROOT is the root of these boxes, not static; CATALOGUE what tests begin with, not KIND.

log() { cat "$FX/boxes/$BOX/log"; }
refuse() { # filtered|free [OPTION of box...]
	kind=$1
	shift
	files_of "$kind"
	box_run "${CATALOGUE_ROOT:-static}" "$@" --bind "$O/tests/lib:/h:ro" --bind "$TMP/$kind:/w" -- \
		/h/refused run /w "$kind"
}
files_of() { # KIND
	mkdir "$TMP/$1"
	chmod 755 "$TMP/$1"
	at_exit "'$O/tests/lib/refusing' unmake '$TMP/$1'"
	"$O/tests/lib/refusing" make "$TMP/$1" 2>"missing.$1"
}
made() {
	: >"$kind/go"
	wait_for 'log | grep -q "^done"' 30 || fail "$kind: all is made" "$(log)"
	# each takes its time to be looked at, of which there is only so much after the end
	_last=$("$O/tests/lib/refused" expect "$kind" | awk '$2 != "-" { last = $1 } END { print last }')
	wait_for 'grep -q "\"comm\":\"$_last\"" rows' 20 || fail "$kind: all is told" "$(cat said)"
	trace_stop
}
# With ./rows, ./missing.KIND and ./went, what it said itself; of those in ./expect.
check_them() { # KIND
	jq -r '[.comm, .reason] | @tsv' rows >got
	right=0 of=0 fine=0 label=${CATALOGUE:-$1}
	while read -r name want _; do
		got=$(awk -v n="$name" '$1 == n { k = $2 } END { print k ? k : "-" }' got)
		if grep -q "^refusing: $name:" "missing.$1"; then
			skip "$label: $name" 'this file system has no such flag or ACL'
			continue
		fi
		[ "$want" = - ] || of=$((of + 1))
		if ! grep -q "^$name + " went; then
			fail "$label: $name is made as it is meant" "$(grep "^$name" went)"
		elif [ "$got" = "$want" ]; then
			pass "$label: $name: $want"
			if [ "$want" = - ]; then fine=$((fine + 1)); else right=$((right + 1)); fi
		else
			fail "$label: $name: $want" \
				"$(echo "got $got"; jq -c "select(.comm == \"$name\")" rows)"
		fi
	done <expect
	echo "$right $of $fine" >results
	t "$label: and nothing else" '' sh -c 'cut -f 1 got | while read -r n; do
		grep -q "^$n " expect || echo "$n"; done'
}
check_each() {
	"$O/tests/lib/refused" expect "$kind" >expect
	log >went
	check_them "$kind"
}
