#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernel's types, kept from trace to trace in /run/nsdebug: the same programs as without, and
# only what nobody but root could have written there is believed.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc bpftool unshare
can_trace

box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"

# Another /run, which lasts from call to call; HIDE=1: a kernel that does not tell its types.
mkdir run
: >"$TMP/empty"
at() {
	unshare -m sh -c 'mount --bind "$TMP/run" /run || exit 98
		[ -z "$HIDE" ] || mount --bind "$TMP/empty" /sys/kernel/btf/vmlinux || exit 98
		exec "$@"' - "$@"
}
HIDE=
export HIDE
# That nothing starts in it in this time is said, and no news. A pipe, for one test limits files.
quiet() { { "$@" 2>&1 || echo "?$?"; } | grep -v 'no such event' || :; }
trace_() { at "$NSDEBUG" trace exec "pid://$BOXPID" --for 10ms; }
trace() { quiet trace_; }
hidden() { HIDE=1 trace_; }
kept() { find run/nsdebug -mindepth 1 -printf '%f\n'; }

# ---- made, used ----

ts 'without: the kernel is asked, and says nothing' 4 'CONFIG_DEBUG_INFO_BTF' hidden
t 'which leaves nothing behind' '' kept
t 'a first trace' '' trace
FILE=run/nsdebug/$(kept)
t 'a directory of root alone, and a file of its' '700 0 0\n600 0 0\n' \
	stat -c '%a %u %g' run/nsdebug "$FILE"
t 'one file, small' '' test "$(stat -c %s "$FILE")" -lt 32768
cp "$FILE" good
t 'the next one needs nothing else' '' quiet hidden
t 'and keeps it' '' cmp good "$FILE"
t 'all that another kernel keeps beside it has another name' '2\n' sh -c '
	echo another >notes
	unshare -m sh -c "mount --bind notes /sys/kernel/notes && mount --bind run /run && exec \"\$@\"" - \
		"$NSDEBUG" trace exec "pid://$BOXPID" --for 10ms 2>/dev/null
	find run/nsdebug -type f | wc -l'
find run/nsdebug -type f ! -path "$FILE" -delete

# What the kernel runs in the end, maps' numbers aside.
xlated() { # WORD [OPTION...]
	trace_start "$@"
	sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$TRACER/fdinfo"/* | sort -un | while read -r id; do
		bpftool prog dump xlated id "$id"
	done | sed 's/map\[id:[0-9]*\]/map/g'
	trace_stop
}
for word in exec exit signal oom open 'syscalls -T'; do
	# shellcheck disable=SC2086
	xlated ${word% -T} "$BOX" ${word#"${word% -T}"} >with
	# shellcheck disable=SC2086
	xlated ${word% -T} "$BOX" ${word#"${word% -T}"} --btf /sys/kernel/btf/vmlinux >without
	t "trace $word: the same instructions as with all of the kernel's types" '' \
		sh -c 'test "$(wc -l <with)" -gt 20 && cmp with without'
done

# ---- not believed, and made anew ----

bad() { # NAME COMMAND...: what it does to $FILE
	_what=$1
	shift
	rm -rf "$FILE"
	cp good "$FILE"
	chmod 600 "$FILE"
	"$@"
	ts "$_what: not believed" 4 'CONFIG_DEBUG_INFO_BTF' hidden
	t "$_what: no obstacle" '' trace
	[ -d "$FILE" ] || t "$_what: made anew, by root, for root" '600 0 1\n' sh -c '
		cmp good "$1" && stat -c "%a %u %h" "$1"' - "$FILE"
}
bad 'cut' truncate -s 1000 "$FILE"
bad 'empty' truncate -s 0 "$FILE"
bad 'its header only' truncate -s 16 "$FILE"
bad 'longer' sh -c 'echo x >>"$1"' - "$FILE"
bad 'a byte changed' sh -c 'printf "\377" | dd of="$1" bs=1 seek=700 conv=notrunc 2>/dev/null' - \
	"$FILE"
bad 'huge' truncate -s 1G "$FILE"
bad 'of somebody else' chown 65532 "$FILE"
bad 'writable by anybody' chmod 666 "$FILE"
bad 'writable by a group' chmod 620 "$FILE"
bad 'a link' ln -sf "$TMP/good" "$FILE"
bad 'another name of a file' ln -f "$TMP/good" "$FILE"
rm -f good2 && cp good good2 && mv good2 good	# one name again
bad 'a FIFO' sh -c 'rm "$1"; mkfifo -m 600 "$1"' - "$FILE"
bad 'a directory' sh -c 'rm "$1"; mkdir "$1"' - "$FILE"
t 'nothing else is left there' "${FILE##*/}\n" kept
rm -rf "$FILE"

place() { # NAME COMMAND...: what it makes of run/nsdebug
	_what=$1
	shift
	rm -rf run/nsdebug elsewhere
	"$@"
	ts "$_what: said, and no obstacle" 0 "is not a directory of root's alone" trace_
	t "$_what: nothing is kept there" '' sh -c 'find run/nsdebug/ elsewhere/ -type f 2>/dev/null || :'
}
place 'a link instead of the directory' sh -c 'mkdir -m 700 elsewhere; ln -s ../elsewhere run/nsdebug'
place 'a file instead of it' sh -c ': >run/nsdebug'
place "somebody else's" sh -c 'mkdir -m 700 run/nsdebug; chown 65532 run/nsdebug'
place 'one that anybody can write to' mkdir -m 777 run/nsdebug
place 'one that a group can read' mkdir -m 750 run/nsdebug
planted() {
	rm -rf run/nsdebug
	mkdir -m 777 run/nsdebug
	cp good "$FILE"
	chmod 600 "$FILE"
	hidden
}
ts 'nothing in there is believed' 4 'CONFIG_DEBUG_INFO_BTF' planted

# ---- where it cannot be kept ----

rm -rf run/nsdebug
read_only() { at sh -c 'mount -o remount,bind,ro /run && exec "$@"' - "$@"; }
t 'a read-only /run is no obstacle, nor worth a word' '' \
	quiet read_only "$NSDEBUG" trace exec "pid://$BOXPID" --for 10ms
t 'and stays as it is' '' find run -name 'nsdebug*'
t 'nor is a limit of file sizes' '' quiet sh -c 'ulimit -f 0; exec "$@"' - \
	unshare -m sh -c 'mount --bind "$TMP/run" /run && exec "$@"' - \
	"$NSDEBUG" trace exec "pid://$BOXPID" --for 10ms
umask 777
t 'whatever the umask' '' trace
umask 022
t 'the modes are the same' '700\n600\n' stat -c %a run/nsdebug "$FILE"

# ---- many at once ----

rm -rf run/nsdebug
for i in 1 2 3 4 5 6 7 8; do
	trace >"out$i" 2>&1 &
	echo $! >>pids
done
while read -r pid; do
	wait "$pid" || echo "status $?"
done <pids >statuses
t 'eight first traces at once: none complains' '' cat statuses out1 out2 out3 out4 out5 out6 out7 out8
t 'and one file is left, whole' "${FILE##*/}\n" sh -c 'cmp good "$1"; ls run/nsdebug' - "$FILE"
