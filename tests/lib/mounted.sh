# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# mounted.sh - what is said of mounts of a container $D before, while and after it runs; read after
# tests/lib.sh.
#
#   mounted_dirs               $TMP/seen and $TMP/deep, to be mounted; $TMP/none is empty
#   mounted PATHS              "PATH WHAT: VERDICT KIND" of each
#   mounted_same NAME FILE MAX tests that in FILE no verdict is another one than in runs: at most
#                              MAX are unknown
#   mounted_all ENGINE MADE FIRST SECOND OPTION...   the same of one of an engine: before its first
#                              start (unless MADE is empty), and after two: at most so many

mounted_dirs() {
	mkdir -p seen/sub/own deep none
	echo x >seen/file
	chmod 755 seen seen/sub deep none
	chmod 777 seen/sub/own
}

mounted() {
	for _p in "$@"; do
		for _w in create read write mkdir list delete; do
			"$NSDEBUG" why "$D" --path "$_p" --for $_w -o json 2>>err |
				jq -r --arg q "$_p $_w" '.items[0] | "\($q): \(.verdict) \(.kind)"'
		done
	done
}

mounted_same() {
	t "$1: none is another one" '' sh -c 'diff runs "$1" | grep "^> .*: [ad]" || :' - "$2"
	t "$1: what is not known" yes sh -c '_n=$(grep -c ": unknown" "$1")
		if [ "$(wc -l <runs)" = "$(wc -l <"$1")" ] && [ "$_n" -le "$2" ]; then printf yes; else echo "$_n"; cat "$1"; fi' - "$2" "$3"
}

mounted_all() {
	_engine_cmd=$1
	_made=$2
	_ended="$3 $4"
	shift 4
	D=nsd-mounted-$$
	at_exit "$_engine_cmd rm -f $D"
	"$_engine_cmd" create --name "$D" --network none --read-only -v "$TMP/seen:/x/in" -v "$TMP/seen:/data:ro" -v "$TMP/seen:/way/to" \
		-v "$TMP/none:/empty" --tmpfs /x --tmpfs /y:mode=700 --tmpfs /z:mode=755 --tmpfs /home --tmpfs /r:ro --tmpfs /made/way/x \
		--user 65532 --entrypoint /busybox/busybox "$@" nsd.test/debug:latest sleep 100000 >out 2>&1 || fail 'create' "$(cat out)"
	_paths='/x /x/new /x/a/new /x/in/file /x/in/sub/own/new /y/new /z/new /own/new /asked/new /r/new /home/new /run/new /tmp/new
		/made/way/new /made/way/x/new /dev/new /dev/shm/new /data/sub/own/new /data/file /way/to/file /way/new /etc/new /empty/new'
	: >err
	# shellcheck disable=SC2086 # words
	[ -z "$_made" ] || mounted $_paths >made
	for _max in $_ended; do
		"$_engine_cmd" start "$D" >out 2>&1 || fail 'start' "$(cat out)"
		# shellcheck disable=SC2086 # words
		mounted $_paths >runs
		[ -z "$_made" ] || mounted_same 'before it is started' made "$_made"
		_made=
		"$_engine_cmd" kill "$D" >out 2>&1
		"$_engine_cmd" wait "$D" >out 2>&1
		# shellcheck disable=SC2086 # words
		mounted $_paths >ended
		mounted_same 'when it has ended' ended "$_max"
	done
}
