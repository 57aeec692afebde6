# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# look.sh - what every engine's containers are held to, whatever started them. After tests/lib.sh.
#
#   every_verb WHAT WORD     every example of every verb, asked of the binary, of WORD's container
#   look_into WHAT WORD PID  what is seen is what the host's /proc says of PID
#   of_image IMAGE WORD PID  the facts that only a container of this image has; and the first example
#                            of each verb, also as JSON
#   full ENGINE              every example of every verb on each of $IMAGES, for tests/full.sh
#   words WHAT PID WORD...   each of these means the container of PID
#   listed WHAT TARGET RUNTIME PID   list has PID once, as TARGET

# Its examples as they stand, but for the container: the demo's, of the same image; and no trace
# takes the second of its example, for there are more than a dozen of them.
examples() { # VERB WORD
	$NSDEBUG help --json "$1" | jq -r '.examples[].command' | grep -w nsd-demo |
		sed "s,/tmp/,$TMP/,; s,\\bnsd-demo\\b,$2,; s/--for 1s/--for 100ms/"
}

mkdir "$TMP/bin"
ln -s "$NSDEBUG" "$TMP/bin/nsdebug"
# It says something, and each of its programs succeeds. A thread of a JVM may come and go while the
# stacks are taken, which is said, and is status 5; so it is that advise has not seen the start. That
# it may not is an answer, too. Of a container that does nothing a trace says just that; what it
# shows of one that does something is in traces.t.
run_example() { # COMMAND LINE
	PATH=$TMP/bin:$PATH bash -o pipefail -c "$1" >"$TMP/example" 2>"$TMP/said" ||
		case $?,$1,$(cat "$TMP/said") in
		5,'nsdebug stack '* | 5,'nsdebug advise '*'it ran before it was watched'* | \
			1,'nsdebug why '*) ;;
		*) cat "$TMP/said"; return 1 ;;
		esac
	cat "$TMP/said"
	[ -s "$TMP/example" ] || was_idle "$1"
}
was_idle() { # COMMAND LINE: a trace, and nothing came
	case $1 in
	'nsdebug trace '*) grep -q 'no such event in' "$TMP/said" ;;
	*'>'*)	_to=${1##*>}	# it went into a file
		[ -s "${_to# }" ] ;;
	'nsdebug prof '*) jq -e '.summary.samples == 0' "$TMP/example" >"$TMP/jq" 2>&1 ;;
	*) return 1 ;;
	esac
}

every_verb() {
	for _v in $($NSDEBUG help --verbs); do
		examples "$_v" "$2" >"$TMP/examples"
		while IFS= read -r _c; do
			ts "$1: $_c" 0 '' run_example "$_c"
		done <"$TMP/examples"
	done
}

# Verbs whose rows are JSON, by an example without -o of its own.
as_json() { # COMMAND LINE, VERB
	run_example "$(echo "$1" | sed "s/nsdebug $(echo "$2" | tr - ' ') /&-o json /")" &&
		jq -e --arg s "nsdebug.$2/1" '.schema == $s and (.errors == [] or .truncated)' "$TMP/example" >"$TMP/jq" &&
		{ jq -e '.items | length > 0' "$TMP/example" >"$TMP/jq" || was_idle "$1"; }
}

first_examples() { # WHAT WORD
	for _v in $($NSDEBUG help --verbs); do
		_c=$(examples "$_v" "$2" | head -n 1)
		[ -n "$_c" ] || continue
		ts "$1: $_c" 0 '' run_example "$_c"
		[ "$($NSDEBUG help --json "$_v" | jq '.columns | length')" != 0 ] || continue
		case $_c in *' -o'* | *\|*) continue ;; esac
		ts "$1: $_c, as JSON" 0 '' as_json "$_c" "$_v"
	done
}

of_image() {
	_file=/app/server _comm=server
	case $1 in
	python3) _file=/app/app.py _comm=python3.11 ;;
	nginx) _file=/usr/sbin/nginx _comm=nginx ;;
	java) _file=/app/App.class _comm=java ;;
	nodejs) _file=/usr/bin/node _comm=node ;;
	esac
	tj "$1: ls: $_file"	"[.items[].path] | contains([\"$_file\"])"	\
		$NSDEBUG ls -o json "$2" "${_file%/*}"
	ts "$1: ls -la: its passwd"	0 'root +root .* passwd$'	$NSDEBUG ls -la "$2" /etc
	ts "$1: cat: what it is"	0 '^PRETTY_NAME="Distroless"$'	$NSDEBUG cat "$2" /etc/os-release
	t "$1: cat: the program, byte for byte"	''	same_as_image "$2" "$1" "$_file"
	tj "$1: ps: pid 1 and its arguments"	".items[0] | .pid == 1 and .host_pid == $3 and
		.comm == \"$_comm\" and .user == \"nonroot\" and (.args == $(cat "$FX/roots/$1.args")
		or (.args[0] | startswith(\"nginx: master process /usr/sbin/nginx -e stderr\")))"	\
		$NSDEBUG ps -o json "$2"
	tj "$1: stack: pid 1 has frames, and is named"	'[.items[] | select(.pid == 1)] | length >= 1 and
		all(.[]; ((.frames | length) >= 1 or .note != null) and (.comm | length) > 0)'	$NSDEBUG stack -o json "$2"
	first_examples "$1" "$2"
}

same_as_image() { # WORD IMAGE FILE
	$NSDEBUG cat "$1" "$3" | cmp - "$FX/roots/$2$3"
}

same_names() { # WORD PID: of its root directory
	$NSDEBUG ls -a -U "$1" / 2>"$TMP/errors" | sort >"$TMP/seen"
	# shellcheck disable=SC2012 # names that the fixtures chose
	ls -aU "/proc/$2/root/" | sort | diff - "$TMP/seen"
}

same_bytes() { # WORD PID FILE
	$NSDEBUG cat "$1" "$3" 2>"$TMP/errors" | cmp - "/proc/$2/root$3"
}

same_threads() { # WORD PID
	$NSDEBUG stack -o json "$1" -p "$(awk '/^NSpid/ { print $NF }' "/proc/$2/status")" \
		2>"$TMP/errors" | jq -r '.items[] | select(.frames | length > 0) | .comm' | sort -u >"$TMP/seen"
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

# Its volumes and binds are those that `inspect` of docker or podman has.
same_mounts() { # WORD INSPECT...
	_word=$1
	shift
	"$@" >"$TMP/inspect" 2>"$TMP/errors"
	jq -c '.[0].Mounts[] | [.Destination, .Type, .Name, .Source, .RW]' "$TMP/inspect" |
		sort >"$TMP/want"
	[ -s "$TMP/want" ] && $NSDEBUG mounts -o json "$_word" 2>"$TMP/errors" |
		jq -c '.items[] | select(.kind == ("volume", "bind")) |
			[.path, .kind, .name, .host_path, (.read_only | not)]' | sort | diff "$TMP/want" -
}

# No process is shown twice, and of what the engine says to run, before and after, all is shown:
# those of other tests come and go.
agrees() { # ENGINE
	run_by "$1" >"$TMP/before"
	$NSDEBUG list -o jsonl 2>"$TMP/errors" | jq -r '.host_pid // empty' | sort >"$TMP/got"
	run_by "$1" >"$TMP/after"
	uniq -d "$TMP/got"
	comm -12 "$TMP/before" "$TMP/after" | comm -23 - "$TMP/got"
}
run_by() { "$SRC/tests/fixtures/engine" list "$1" | awk '{ print $2 }' | sort; }

# ---- the whole of it

# An example reads a deleted file, which only the programs in C keep open; the one in C++ has no
# socket; nginx writes its titles over its environment.
lacks() { # IMAGE COMMAND
	case $1,$2 in
	static,* | base,*) return 1 ;;
	*' fd:'* | cc,*' --sockets '* | nginx,*' env '*PATH*) ;;
	*) return 1 ;;
	esac
}

all_examples() { # ENGINE IMAGE WORD: tests that are named "ENGINE IMAGE VERB: COMMAND"
	for _v in $($NSDEBUG help --verbs); do
		examples "$_v" "$3" >"$TMP/examples"
		while IFS= read -r _c; do
			lacks "$2" "$_c" || ts "$1 $2 $_v: $_c" 0 '' run_example "$_c"
		done <"$TMP/examples"
	done
}

full_start() { # ENGINE IMAGE: sets W, the word for the container
	case $1,$2 in
	cri,* | kubelet,*) engine_pod "$1" "web=$2" ;;
	podman-crun,*) RUNTIME=crun engine_run podman "$2" ;;
	# Its workers cannot become another user there: PID 1 is root, of no capability.
	nspawn,nginx) engine_run nspawn nginx /usr/sbin/nginx -e stderr -c /etc/nginx/nginx.conf -g 'user root;' ;;
	*) engine_run "$1" "$2" ;;
	esac
	case $1 in
	cri | kubelet) W=$CT ;;
	containerd) W=containerd://nsd/$CT ;;
	rootless | podman-crun) W=podman://$CT ;;
	nspawn) W=machine://$CT ;;
	*) W=$1://$CT ;;
	esac
}

full() {
	case $1 in
	runc | crun) ;;
	podman-crun) engine_up podman ;;
	*) engine_up "$1" ;;
	esac
	for _i in $IMAGES; do
		case $1 in
		runc | crun)
			RUNTIME=$1 box_up "$_i"
			all_examples "$1" "$_i" "$1://$BOX"
			"$SRC/tests/fixtures/box" down "$BOX" ;;
		*)
			full_start "$1" "$_i"
			all_examples "$1" "$_i" "$W"
			"$SRC/tests/fixtures/engine" rm "${1%-crun}" "${POD:-$CT}" ;;
		esac
	done
}
