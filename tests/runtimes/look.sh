# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# look.sh - what every engine's containers are held to, whatever started them. After tests/lib.sh.
#
#   every_verb WHAT WORD     every example of every verb, asked of the binary, of WORD's container
#   look_into WHAT WORD PID  what is seen is what the host's /proc says of PID
#   words WHAT PID WORD...   each of these means the container of PID
#   listed WHAT TARGET RUNTIME PID   list has PID once, as TARGET

# Its examples as they stand, but for the container: the demo's, of the same image.
examples() { # VERB WORD
	$NSDEBUG help --json "$1" | jq -r '.examples[].command' | grep -w nsd-demo |
		sed "s,\\bnsd-demo\\b,$2,"
}

mkdir "$TMP/bin"
ln -s "$NSDEBUG" "$TMP/bin/nsdebug"
run_example() { # COMMAND LINE: it says something, and each of its programs succeeds
	PATH=$TMP/bin:$PATH bash -o pipefail -c "$1" >"$TMP/example" && [ -s "$TMP/example" ]
}

every_verb() {
	for _v in $($NSDEBUG help --verbs); do
		examples "$_v" "$2" >"$TMP/examples"
		while IFS= read -r _c; do
			ts "$1: $_c" 0 '' run_example "$_c"
		done <"$TMP/examples"
	done
}

same_names() { # WORD PID: of its root directory
	$NSDEBUG ls -a -U "$1" / | sort >"$TMP/seen"
	# shellcheck disable=SC2012 # names that the fixtures chose
	ls -aU "/proc/$2/root/" | sort | diff - "$TMP/seen"
}

same_bytes() { # WORD PID FILE
	$NSDEBUG cat "$1" "$3" | cmp - "/proc/$2/root$3"
}

same_threads() { # WORD PID
	$NSDEBUG stack -o json "$1" -p "$(awk '/^NSpid/ { print $NF }' "/proc/$2/status")" |
		jq -r '.items[] | select(.frames | length > 0) | .comm' | sort -u >"$TMP/seen"
	cat "/proc/$2/task"/*/comm | sort -u | diff - "$TMP/seen"
}

look_into() {
	t "$1: ls"	''	same_names "$2" "$3"
	t "$1: cat"	''	same_bytes "$2" "$3" /etc/os-release
	tj "$1: ps"	"[.items[] | select(.host_pid == $3)] | length == 1 and
		(.[0] | .host_uid == $(stat -c %u "/proc/$3") and .comm == \"$(cat "/proc/$3/comm")\"
		and .pid == $(awk '/^NSpid/ { print $NF }' "/proc/$3/status"))"	$NSDEBUG ps -o json "$2"
	t "$1: stack"	''	same_threads "$2" "$3"
}

words() {
	_what=$1 _pid=$2
	shift 2
	for _w; do
		tj "$_what: $_w"	"[.items[].host_pid] | index($_pid) != null"	$NSDEBUG ps -o json "$_w"
	done
}

listed() {
	tj "$1: list has it once, as $2"	"[.items[] | select(.host_pid == $4)] |
		length == 1 and (.[0] | .target == \"$2\" and .runtime == \"$3\" and .state == \"running\"
		and .host_uid == $(stat -c %u "/proc/$4"))"	$NSDEBUG list -o json
	ts "$1: list prints the word"	0 "^$2\$"	$NSDEBUG list -o name
}

# No process is shown twice, and of what the engine says to run all is shown.
agrees() { # ENGINE
	"$SRC/tests/fixtures/engine" list "$1" | awk '{ print $2 }' | sort >"$TMP/want"
	$NSDEBUG list -o jsonl 2>"$TMP/errors" | jq -r '.host_pid' | sort >"$TMP/got"
	uniq -d "$TMP/got"
	comm -23 "$TMP/want" "$TMP/got"
}
