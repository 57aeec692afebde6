#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing but regular files and directories is ever opened: not to look at its type, not to list
# it, not to say what it is.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc losetup

echo "$MARK" >"$TMP/disk.img"
truncate -s 1M "$TMP/disk.img"
disk=$(losetup -f --show "$TMP/disk.img") || skip_all 'no loop device is free'
at_exit "losetup -d $disk 2>/dev/null || :"
tty=$TMP/tty
background "$tty" "$O/tests/hostile/pty" hold
tty=$(cat "$tty")
# what this kernel has of those
set --
for b in /sys/kernel/tracing:/tracing /proc/kmsg:/kmsg /proc/sysrq-trigger:/sysrq; do
	[ ! -e "${b%:*}" ] || set -- "$@" --bind "$b"
done
mknod "$TMP/bound" c 1 3	# one of our own: the whole host opens /dev/null
hostile_box --caps mknod,dac_override --bind "$TMP/bound:/null" --bind "$tty:/tty" "$@" -- "
	mkdir /n
	echo benign >/n/file
	mkfifo /n/fifo
	mknod /n/disk b $(printf %d "$(stat -c 0x%t "$disk")") $(printf %d "$(stat -c 0x%T "$disk")")
	mknod /n/mem c 1 1; mknod /n/null c 1 3; mknod /n/zero c 1 5; mknod /n/kmsg c 1 11
	mknod /n/tty c 5 0; mknod /n/console c 5 1; mknod /n/ptmx c 5 2; mknod /n/tape c 9 0
	mknod /n/watchdog c 10 130; mknod /n/fuse c 10 229; mknod /n/none c 250 77
	syslogd
	while ! [ -S /dev/log ]; do :; done
"
nodes='disk mem null zero kmsg tty console ptmx tape watchdog fuse none'
set --
for n in $nodes fifo; do
	set -- "$@" "$ROOT/n/$n"
done
background "$TMP/opens" "$O/tests/hostile/watch" open "$@" "$ROOT/tty" "$ROOT/null"

refused() { # NAME WORDS PATH
	within 2 "$NSDEBUG" cat "$BOX" "$3"
	case $STATUS,$GOT in
	4,*"$3: is $2: only regular files"*) pass "$1 ($TOOK ms)" ;;
	*)	fail "$1" "status $STATUS after $TOOK ms: $GOT" ;;
	esac
}

t 'benign file in the same directory' 'benign\n' "$NSDEBUG" cat "$BOX" /n/file
refused '13 FIFO without a writer: refused at once' 'a FIFO' /n/fifo
t '14 trap: the disk can be read through the node' "$MARK\n" head -n 1 "$ROOT/n/disk"
refused '14 node of a disk of the host' 'a block device' /n/disk
for n in $nodes; do
	[ $n = disk ] || refused "15 node $n" 'a character device' "/n/$n"
done
refused '15 bound device' 'a character device' /null
refused '16 socket' 'a socket' /dev/log
refused '17 terminal' 'a character device' /tty

t '13-16 several: the others are read' 'benign\nbenign\n?4\n' sh -c \
	'exec "$@" 2>/dev/null' - "$NSDEBUG" cat "$BOX" /n/file /n/fifo /n/disk /dev/log /n/file
ts '13-16 ls -l' 0 '^b.* disk$' "$NSDEBUG" ls -l "$BOX" /n
ts '13-16 ls -lF@ of the node itself' 0 '^p.* /n/fifo' "$NSDEBUG" ls -lF@ "$BOX" /n/fifo /n/disk /tty
tj '13-16 ls of nodes, in json' '[.items[].type] | sort == ["block", "char", "fifo", "socket"]' \
	"$NSDEBUG" ls -o json "$BOX" /n/disk /n/zero /n/fifo /dev/log
for verb in ps stack; do
	! has_verb $verb || ts "$verb in the same container" 0 '' "$NSDEBUG" $verb "$BOX"
done

# ---- 17: a session leader gains no terminal ----

leader() { # COMMAND...: run it in a session of its own whose leader opens what the command opens
	setsid -w sh -c '"$@" >/dev/null 2>&1; cut -d" " -f7 "/proc/$$/stat"' - "$@"
}
t '17 trap: opening the node gives a session leader its terminal' 1 \
	setsid -w sh -c 'exec 3<"$1"; [ "$(cut -d" " -f7 "/proc/$$/stat")" != 0 ] && printf 1' - "$tty"
t '17 cat of the node by a session leader: it has none' '0\n' leader "$NSDEBUG" cat "$BOX" /tty
setsid -w strace -f -e trace=open,openat,openat2,ioctl -o "$TMP/tty.strace" \
	"$NSDEBUG" cat "$BOX" /tty >/dev/null 2>&1
ts '17 its children, session leaders too, have an O_PATH handle only' 1 '^$' \
	sh -c 'grep "\"[^\"]*tty\"" "$1" | grep -v O_PATH; echo; exit 1' - "$TMP/tty.strace"

# ---- 18: files that are no files ----

# who waits for more than the deadline allows ends with another status
clean '18 /proc/kmsg: no hang' 1 "$NSDEBUG" cat "$BOX" /kmsg
if [ -e /proc/sysrq-trigger ]; then
	clean '18 /proc/sysrq-trigger: nothing to read' 1 "$NSDEBUG" cat "$BOX" /sysrq
else
	skip '18 /proc/sysrq-trigger' 'this kernel has none'
fi
clean '18 /proc/kcore, masked' '0|1|4' "$NSDEBUG" cat "$BOX" /proc/kcore
if [ -e /sys/kernel/tracing/trace_pipe ]; then
	before=$(cat /sys/kernel/tracing/tracing_on)
	within 30 "$NSDEBUG" cat "$BOX" /tracing/trace_pipe
	[ "$STATUS" -lt 124 ] && pass "18 trace_pipe: no hang (status $STATUS, $TOOK ms)" ||
		fail '18 trace_pipe: no hang' "status $STATUS after $TOOK ms: $GOT"
	t '18 tracing is as it was' "$before\n" cat /sys/kernel/tracing/tracing_on
	ts '18 a file of tracefs, which is one' 0 . "$NSDEBUG" cat "$BOX" /tracing/current_tracer
else
	skip '18 trace_pipe' 'no tracefs is mounted on /sys/kernel/tracing'
fi

# ---- and nothing of it was opened ----

head -c 1 "$ROOT/n/null"
wait_for 'grep -q "^open.*/n/null" "$TMP/opens"' 10 || fail 'trap: an open of a node is noticed'
t '13-17 but for the two controls nothing was opened' 'disk\nnull\n' \
	sh -c 'sed -n "s,^open .*/\([a-z]*\) *\$,\1,p" "$1" | grep -v "^tty"' - "$TMP/opens"
t '14 the disk is free' '' sh -c 'losetup -d "$1" && ! losetup "$1" 2>/dev/null' - "$disk"
