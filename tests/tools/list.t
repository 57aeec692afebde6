#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# list: what runtimes wrote down, and what became of it; state files that are wrong.
. tests/lib.sh
. "$SRC/tests/hostile/plant.sh"
need jq runc crun setpriv nsenter

box_up static
T=$BOX
PID=$BOXPID
box_up paused
PAUSED=$BOX
export RUNTIME=crun
box_up noproc
CRUN=$BOX
unset RUNTIME

ts 'a running container'	0 "^$T +- +runc +running +$PID +65532 +[A-Z][a-z]+ +[0-9]+ [0-9:]+\$"	$NSDEBUG list
ts 'one of crun'		0 "^$CRUN +- +crun +running "	$NSDEBUG list
ts 'a paused one'		0 "^$PAUSED +- +runc +paused "	$NSDEBUG list
ts 'wide: its kind'		0 "^$T +- +runc +app +running "	$NSDEBUG list -o wide
ts 'words for other verbs'	0 "^runc://$T\$"		$NSDEBUG list -o name
ts 'for crun too'		0 "^crun://$CRUN\$"		$NSDEBUG list -o name
sorted() {
	$NSDEBUG list -o jsonl 2>err | jq -r 'select(.pod == null) | .name' >got
	LC_ALL=C sort got | diff - got
}
t 'in order'			''	sorted
every_word() {
	$NSDEBUG list -o name 2>err | grep -e "$T\$" -e "$CRUN\$" -e "$PAUSED\$" | while read -r w; do
		$NSDEBUG ls "$w" /app >/dev/null || echo "$w"
	done
}
t 'each of the words is a target'	''	every_word
row() { echo ".items[] | select(.name == \"$1\") | $2"; }
tj 'JSON: a document'		'.schema == "nsdebug.list/1" and .target == null and .errors == []
	and .truncated == false'	$NSDEBUG list -o json
tj 'JSON: a row'	"$(row "$T" ".target == \"runc://$T\" and .id == \"$T\" and .runtime == \"runc\"
	and .state == \"running\" and .host_pid == $PID and .host_uid == 65532
	and .bundle == \"$FX/boxes/$T\"")"	$NSDEBUG list -o json
tj 'JSON: the bundle of crun'	"$(row "$CRUN" ".bundle == \"$FX/boxes/$CRUN\"")"	$NSDEBUG list -o json
lines() { $NSDEBUG list -o jsonl 2>err | jq -c "select(.name == \"$T\") | [.schema, .target]"; }
t 'JSON lines'		"[\"nsdebug.list/1\",\"runc://$T\"]\n"	lines
once() { $NSDEBUG list -o jsonl 2>err | grep "\"$T\"" | grep -o '"target"' | wc -l; }
t 'JSON lines: no key twice'	'1\n'	once
t 'fields'		"$PID $T\n"	sh -c '"$NSDEBUG" list -o host_pid,name --no-headers 2>err |
	sed "s/^ *//" | grep " $1\$"' - "$T"
ts 'headings'		0 '^NAME +POD +RUNTIME +STATE +HOSTPID'	$NSDEBUG list
ts 'an operand'		2 'one operand too many'	$NSDEBUG list x
no_daemon() {
	straced calls -e trace=clone,clone3,fork,vfork,execve,connect "$NSDEBUG" list >out 2>&1
	grep -c execve calls
	! grep connect calls
}
t 'starts no program, asks nobody: one execve'	'1\n'	no_daemon

# ---- state files that are not what they should be ----

planted_ns
state=$P/run/runc/$T/state.json
mkdir -p "$P/run/runc"
cp -a "/run/runc/$T" "$P/run/runc"
fake() { # NAME: makes a container's directory, which the test fills
	F=$P/run/runc/fake-$1
	W=fake-$1
	mkdir "$F"
}
ls_() { nsd ls "$W" /app; }

fake dead; jq -c '.init_process_pid = 4194304' "$state" >"$F/state.json"
ts 'its process is gone'		3 "runc://$W: process 4194304 is gone"		ls_
ts 'it is not listed, and that is said'	0 'exited, not shown \(--all\)'	nsd list
ts '--all lists it'			0 "^$W +- +runc +exited +- +- "	nsd list --all
ts '-a lists it'			0 "^$W +- +runc +exited "		nsd list -a
tj '-a in JSON'	"$(row "$W" '.state == "exited" and .host_pid == null')"	nsd list -a -o json

fake reused; jq -c '.init_process_start = 5' "$state" >"$F/state.json"
ts 'its pid is another process now'	3 'is another process now'	ls_
ts 'such a one has exited'		0 "^$W +- +runc +exited"		nsd list -a
fake us; jq -c '.init_process_pid = '$$' | .init_process_start = '"$(start_of $$)" "$state" >"$F/state.json"
ts 'its pid is one of the host'		4 "the host's own files"	ls_
fake unsure; jq -c '.init_process_start = 0' "$state" >"$F/state.json"
ts 'no start time: cannot be sure'	4 'no start time is recorded'	ls_
for p in 0 -1 99999999999999 1.5 '"1"' null; do
	fake pid; jq -c ".init_process_pid = $p" "$state" >"$F/state.json"
	ts "its pid is $p"	3 'has no process: it has exited or not started'	ls_
	rm -r "$F"
done
fake owner; cp "$state" "$F/state.json"; chown 65532 "$F/state.json"
ts 'of another owner: not believed'	4 "$W/state.json is not a file that only root"	ls_
fake writable; cp "$state" "$F/state.json"; chmod 666 "$F/state.json"
ts 'that others may write: not believed'	4 'only root can write: not believed'	ls_
fake link; ln -s "$state" "$F/state.json"
ts 'a symbolic link: not believed'	4 'through a symbolic link: not believed'	ls_
ln -s "/run/runc/$T" "$P/run/runc/fake-dirlink"
W=fake-dirlink
ts 'a directory that is a link'		4 'through a symbolic link'	ls_
fake fifo; mkfifo "$F/state.json"
ts 'a FIFO does not hold us up'		4 'not believed'	ns timeout 5 "$NSDEBUG" ls "$W"
fake dir; mkdir "$F/state.json"
ts 'a directory'			4 'not believed'	ls_
fake half; head -c 60 "$state" >"$F/state.json"
ts 'half-written'			1 'not valid JSON \(half-written\?\)'	ls_
fake empty; : >"$F/state.json"
ts 'empty'				1 'not valid JSON'	ls_
fake none
ts 'not there yet'			3 "no container '$W'"	ls_
fake deep; head -c 100000 /dev/zero | tr '\0' '[' >"$F/state.json"
ts 'nested 100,000 deep'		4 'nested too deeply'	ls_
fake large
{ printf '{"x":"'; head -c 2000000 /dev/zero | tr '\0' x; printf '",'; tail -c +2 "$state"; } \
	>"$F/state.json"
ts 'two megabytes before what we need'	0 '^server$'		ls_
rm -r "$F"
fake huge
{ printf '{"x":"'; head -c 34000000 /dev/zero | tr '\0' x; printf '",'; tail -c +2 "$state"; } \
	>"$F/state.json"
ts 'more than a state file can be'	4 'larger than 32 MiB'	ls_
rm -r "$F"
fake late; jq -c '{config: .config, init_process_pid: .init_process_pid}' "$state" >"$F/state.json"
ts 'in another order'			3 'has no process'	ls_
ts 'what could not be read is counted'	5 '[0-9]+ state files could not be read'	nsd list
ts 'the others are listed all the same'	5 "^$T +- +runc +running"	nsd list

# ---- who may not ----

as_nobody() { # through a descriptor: the way to the binary may be root's alone
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		sh -c 'exec /proc/self/fd/9 "$@"' - "$@" 9<"$NSDEBUG"
}
ts 'nobody: names what is missing'	77 'is not readable: .*CAP_DAC_READ_SEARCH'	\
	as_nobody list
tj 'nobody: said in JSON'	'.items == [] and .errors[0].status == 77'	as_nobody list -o json
ts 'root without capabilities'		77 'CAP_DAC_READ_SEARCH'	\
	ns sh -c 'chmod 700 /run/runc; chown 1 /run/runc
	setpriv --bounding-set=-all --inh-caps=-all "$NSDEBUG" list; s=$?; chown 0 /run/runc; exit $s'
ts 'no runtime at all: says where it looked'	0 'no container here: looked in /var/lib/containers/storage, /var/lib/docker/containers, /run/containerd, /run/runc, /run/crun, /run/systemd/machines, the processes' \
	unshare -mpf --mount-proc sh -c 'mount -t tmpfs t /run && mount -t tmpfs t /var/lib && "$NSDEBUG" list'
tj 'no runtime at all: JSON'	'.items == [] and .errors == []'	\
	unshare -mpf --mount-proc sh -c 'mount -t tmpfs t /run && mount -t tmpfs t /var/lib && "$NSDEBUG" list -o json'
