#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# Processes that say of themselves what is not so: nobody gives a name to what is not in his hands,
# takes the place of a container that root's files tell of, or keeps the others from being found.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need jq runc strace unshare

HEX=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
monitor=$O/tests/hostile/monitor
root=$FX/roots/base
SHORT=$(echo "$HEX" | cut -c-12)	# as list shows one
A=61001 B=61002	# users of nobody
"$SRC/tests/fixtures/roots.sh" base debug
box_up static
T=$BOX TPID=$BOXPID

# Starts one: sets PID, the process that is claimed, and OF, whose claim it is.
claim() { # MONITOR'S ARGUMENTS
	background "$TMP/claim" "$monitor" "$@"
	OF=$BG
	PID=$(cat "$TMP/claim")
	at_exit "kill -9 $PID"
}
conmon() { # UID NAME [ID]
	claim "$1" conmon "$root" /usr/bin/conmon --api-version 1 -c "${3:-$HEX}" -u x -n "$2" -p /p
}
gone() { # the last one
	kill -9 "$PID" "$OF"
	wait "$OF" 2>/dev/null
}
# The row of a process has this, and is the only one of it.
row() { # NAME FILTER
	tj "$1" "[.items[] | select(.host_pid == $PID)] | length == 1 and (.[0] | $2)" $NSDEBUG list -o json
}
is_plain() { row "$1" ".target == \"pid://$PID\" and .kind == \"plain\" and .name != \"$2\""; }
pid_of() { $NSDEBUG ps -o host_pid --no-headers "$1" 2>"$TMP/said" | tr -d ' '; }

# ---- what a user may say of his own

n=own-$$
conmon $A $n
row 'benign: a user names his own' ".target == \"podman://$A/$n\" and .owner == $A and .claimed"
t 'benign: it is found by that name' "$PID\n" pid_of $n
ts 'benign: and that this is his word is said' 0 "the word of processes of user $A" cat "$TMP/said"

# ---- what is not his

gone
claim -k $A conmon "$root" /usr/bin/conmon -c "$HEX" -n "$n"
is_plain "root's process, a child of a user's conmon" "$n"
t "root's process: not by that name" '' pid_of "$n"
gone
claim -k -f $A 0 lxc-start "$root" "[lxc monitor] /var/lib/lxc $n"
is_plain 'a set-uid program with a title of its caller' "$n"
gone
claim -r "$FX/roots/debug" $A conmon / /usr/bin/conmon -c "$HEX" -n "$n"
is_plain 'a conmon with a root of its own' "$n"
gone
background "$TMP/claim" unshare -pf --kill-child --mount-proc "$monitor" $A conmon "$root" /usr/bin/conmon -c "$HEX" -n "$n"
OF=$BG
of_host() { # the host's number of the one that is claimed: a child of unshare's child
	OF_THAT=$(pgrep -P "$OF") PID=$(pgrep -P "$OF_THAT" 2>/dev/null)
	grep -qs '^34 ' "/proc/$PID/syscall" && [ "$(cat "/proc/$OF_THAT/comm")" = conmon ]
}
wait_for of_host 10 && is_plain 'a conmon in a pid namespace of its own' "$n" ||
	fail 'a conmon in a pid namespace of its own'
kill -9 "$OF_THAT"
gone
mkdir "$TMP/bin"
cp "$monitor" "$TMP/bin/conmon"
chown $A "$TMP/bin/conmon"
monitor=$TMP/bin/conmon
conmon $A $n
is_plain 'a program of the user that is called conmon' "$n"
gone
chown 0 "$TMP/bin/conmon"
chmod 777 "$TMP/bin/conmon"
conmon $A $n
is_plain 'a program that anybody can write' "$n"
gone
monitor=$O/tests/hostile/monitor

# ---- a name that somebody else has

conmon $A "$T"
t 'the name of a recorded one: that one' "$TPID\n" pid_of "$T"
t 'and nothing is said of a claim' '' cat "$TMP/said"
row 'the claimed one has a word of its own' ".target == \"podman://$A/$T\""
t 'which is the claimed one' "$PID\n" pid_of "podman://$A/$T"
gone
conmon $A "$n" "$T"
t 'the id of a recorded one: that one' "$TPID\n" pid_of "$T"
tj 'both are listed' "[.items[] | select(.host_pid == $PID or .host_pid == $TPID)] | length == 2" \
	$NSDEBUG list -o json
gone
t 'a recorded one is found without a look at any process' '2\n' processes ls "$T" /
conmon $A $n
first=$PID first_of=$OF
conmon $B $n
ts 'two users, one name: ambiguous' 2 "ambiguous: podman://$A/$n, podman://$B/$n" $NSDEBUG ls $n /
t 'each by its own word' "$first\n$PID\n" sh -c 'for u in $2 $3; do
	"$NSDEBUG" ps -o host_pid --no-headers "podman://$u/$1" 2>/dev/null | tr -d " "; done' - $n $A $B
gone
kill -9 "$first" "$first_of"

# 76: the cgroup of a process is called like a container
cgroups=$(findmnt -rno TARGET -t cgroup,cgroup2 | grep -E '/(pids|unified|cgroup)$' | head -n 1)
if [ -n "$cgroups" ] && mkdir -p "$cgroups/nsd-$$/$T" 2>"$TMP/why"; then
	at_exit "rmdir '$cgroups/nsd-$$/$T' '$cgroups/nsd-$$'"
	claim -k $A other "$root" other
	echo "$PID" >"$cgroups/nsd-$$/$T/cgroup.procs"
	t '76 a cgroup called like a container: the container' "$TPID\n" pid_of "$T"
	row '76 it has no word but its number' ".target == \"pid://$PID\""
	gone
	wait_for "! grep -q . '$cgroups/nsd-$$/$T/cgroup.procs'" 10
else
	skip '76 a cgroup called like a container' "$(cat "$TMP/why" 2>&1)"
fi

# ---- names that are none

for bad in "$(printf 'a\nb')" "$(printf 'a\033]0;x\007b')" '../../etc' 'pid://1' '-v' '.hidden' 'a b' \
	"$(printf 'a\377')"; do
	conmon $A "$bad"
	row "the name $(printf %s "$bad" | tr -c 'a-z/:.0-9-' _) is not believed" ".name == \"$SHORT\""
	$NSDEBUG list >"$TMP/out" 2>&1
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177-\377]')" "$TMP/out" &&
		fail 'list is printable' "$(cat -v "$TMP/out")"
	gone
done
pass 'list is printable'
claim $A conmon "$root" /usr/bin/conmon -c "$HEX" -n "$(head -c 100000 /dev/zero | tr '\0' x)"
row 'a name of 100,000 bytes is not believed' ".name == \"$SHORT\""
gone
long=$(head -c 120000 /dev/zero | tr '\0' y)
claim $A conmon "$root" /usr/bin/conmon -c "$HEX" "$long" "$long" "$long" "$long" "$long" "$long" \
	"$long" "$long" "$long" -n "$n"
row 'a megabyte of arguments: what comes first counts' ".name == \"$SHORT\""
gone
claim $A conmon "$root" /usr/bin/conmon "$long" -c "$HEX" -n "$n"
is_plain 'what comes late does not' "$n"
gone
for args in '' '-c' '-n' '-e'; do
	claim $A conmon "$root" /usr/bin/conmon $args
	is_plain "conmon $args" "$n"
	gone
done
claim $A conmon "$root" /usr/bin/conmon -c "$HEX" --exec -n "$n"
is_plain 'one that serves an exec' "$n"
gone
claim 0 lxc-start "$root" '[lxc monitor] noblank'
is_plain 'a title without a name' noblank
gone

# ---- files of his that are not his

mkdir -p "$TMP/home/vfs-containers/$HEX/userdata"
files=$TMP/home/vfs-containers
chmod -R 755 "$TMP/home"
with_files() {
	claim $A conmon "$root" /usr/bin/conmon -c "$HEX" -n "$n" -b "$files/$HEX/userdata"
}
image() { printf '[{"id":"%s","metadata":"{\\"image-name\\":\\"%s\\"}","created":"2020-01-01T00:00:00Z"}]' "$HEX" "$1"; }
with_files
image his >"$files/containers.json"
row 'his files, but not his: not read' '.image == null'
chown $A "$files/containers.json"
row 'benign: his own are' '.image == "his" and .created == "2020-01-01T00:00:00Z"'
image "$(printf 'x\\\\u001b[31mred')" >"$files/containers.json"
$NSDEBUG list -o wide >"$TMP/out" 2>&1
LC_ALL=C grep -q "$(printf '\033')" "$TMP/out" && fail 'an image with an escape' || pass 'an image with an escape'
mv "$files/containers.json" "$files/real"
ln -s real "$files/containers.json"
row 'a link: not followed' '.image == null'
rm "$files/containers.json"
mkfifo "$files/containers.json"
chown $A "$files/containers.json"
row 'a FIFO: not opened' '.image == null'
rm "$files/containers.json"
mv "$files" "$TMP/elsewhere"
ln -s "$TMP/elsewhere" "$files"
row 'a link on the way: not followed' '.image == null'
rm "$files"
mv "$TMP/elsewhere" "$files"
ln -s /etc/shadow "$files/$HEX/userdata/config.json"
row 'a link to what is not his' '.image == null'
rm "$files/$HEX/userdata/config.json"
head -c 100000 /dev/zero | tr '\0' '[' >"$files/containers.json"
chown $A "$files/containers.json"
ts 'no JSON: said, and what is missing' 5 "containers.json of user $A cannot be read" $NSDEBUG list -o json
row 'no JSON: it is listed all the same' ".name == \"$n\""
ts 'who asks for no image reads none of it' 0 "^$n " $NSDEBUG list
gone

# ---- what never answers

[ -c /dev/fuse ] || exit 0
serve() { # NAME OPERATION [FILE]
	mkdir "$TMP/$1"
	"$O/tests/hostile/fused" "$TMP/$1" "$2" ${3:+"$3"}
	wait_for "[ -s '$TMP/$1.pid' ]" 10
	at_exit "kill -9 $(cat "$TMP/$1.pid"); umount -l '$TMP/$1'"
}
serve dead lookup
serve slow read "$monitor"
serve slow2 read "$monitor"
conmon $B "beside-$n"
beside=$PID beside_of=$OF
claim $A conmon "$root" /usr/bin/conmon -c "$HEX" -n "$n" -b "$TMP/dead/a/$HEX/userdata"
ask="$NSDEBUG --timeout 500ms"
# 125: one child waits for that server, and cannot be killed
in_time() { within 4 "$@" && { [ "$STATUS" = 5 ] || [ "$STATUS" = 125 ]; }; }
in_time $ask list -o json && pass "a home that does not answer: in time ($TOOK ms)" ||
	fail 'a home that does not answer' "status $STATUS after $TOOK ms: $GOT"
tj 'it is said whose' "(.errors[0].message | test(\"user $A: no answer\")) and .truncated" $ask list -o json
tj 'all are listed' "[.items[] | select(.host_pid == $PID or .host_pid == $beside)] | length == 2" $ask list -o json
within 4 $ask list && [ "$STATUS" = 0 ] && pass "who asks for no image does not ask that home ($TOOK ms)" ||
	fail 'who asks for no image' "status $STATUS after $TOOK ms: $GOT"
t 'it is found by its name' "$PID\n" sh -c '"$@" 2>/dev/null | tr -d " "' - $ask ps -o host_pid --no-headers "$n"
gone

kill -USR1 "$(cat "$TMP/slow.pid")" "$(cat "$TMP/slow2.pid")"
claim -h "$TMP/slow/file" $A conmon "$root" /usr/bin/conmon -c "$HEX" -n "$n"
unreadable() { ! timeout 0.5 cat "/proc/$1/cmdline" >"$TMP/out" && [ ! -s "$TMP/out" ]; }
hung=$OF
wait_for 'unreadable $OF' 10 && pass 'trap: nobody can read its arguments' ||
	fail 'trap: nobody can read its arguments'
in_time $ask list -o json && pass "arguments that cannot be read: in time ($TOOK ms)" ||
	fail 'arguments that cannot be read' "status $STATUS after $TOOK ms: $GOT"
tj 'the others have their names' "[.items[] | select(.host_pid == $beside)][0].name == \"beside-$n\"" $ask list -o json
tj 'it has none' "[.items[] | select(.host_pid == $PID)][0] | .kind == \"plain\" and .name != \"$n\"" $ask list -o json
t 'another one is found by its name' "$beside\n" sh -c '"$@" 2>/dev/null | tr -d " "' - \
	$ask ps -o host_pid --no-headers "beside-$n"
ts 'an unknown name: said that not all could be asked' 3 'could be looked at; .*user 61001' $ask ls nothing-$$ /
within 10 "$NSDEBUG" --timeout 10s ls "$T" / && [ "$STATUS" = 0 ] && [ "$TOOK" -lt 10000 ] && pass 'a recorded one does not wait for that' ||
	fail 'a recorded one' "status $STATUS after $TOOK ms: $GOT"

# while we wait for that one, another ends, and its number is taken
conmon $B "reused-$n"
"$NSDEBUG" --timeout 3s ls "reused-$n" / >"$TMP/reused" 2>&1 &
front=$!
held() { # one of its children has those arguments open that it cannot read
	for _p in $(cat "/proc/$front/task/$front/children"); do
		! readlink "/proc/$_p/fd"/* | grep -q "/$hung/cmdline\$" || return 0
	done
	return 1
}
wait_for held 10 || fail 'the search waits' "$(cat "$TMP/reused")"
gone
wait_for '[ ! -e "/proc/$PID" ]' 10
mkdir "$TMP/a"
background "$TMP/reuse" "$O/tests/hostile/reuse" "=$PID" "$TMP/a"
t 'the number is another process' "$PID\n" head -n 1 "$TMP/reuse"
wait "$front"
t 'a number that was taken meanwhile: not that process' '3\n' echo $?
kill -9 "$BG"

claim -h "$TMP/slow2/file" 61003 conmon "$root" /usr/bin/conmon -c "$HEX" -n "$n"
wait_for 'unreadable $OF' 10
tj 'two that hang: the others have their names' \
	"[.items[] | select(.host_pid == $beside)][0].name == \"beside-$n\"" $ask list -o json
in_time $ask list && pass "two that hang: in time ($TOOK ms)" || fail 'two that hang' "$STATUS after $TOOK ms"
