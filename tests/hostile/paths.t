#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever a path of the container leads to, it is the container's (facts: P1).
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc

echo "$MARK" >"$TMP/both"
mkdir -p "$TMP/dir" "$TMP/jail"
echo "$MARK" >"$TMP/dir/both"
up=../../../../../../../../../../../../..
hostile_box --tmpfs /data --caps sys_chroot,sys_admin -- "
	mkdir -p $TMP/dir /t /benign /jail/etc /jail/bb /jail/h /chain
	echo benign >/t/file
	echo benign >/benign/canary
	echo inside >$TMP/both
	echo inside >$TMP/dir/both
	ln -s $TMP/canary /t/abs
	ln -s $TMP/both /t/abs-both
	ln -s $up$TMP/canary /t/rel
	ln -s $up$TMP/both /t/rel-both
	ln -s $TMP/dir /t/dirlink
	ln -s $up$TMP /t/top
	ln -s loop-b /t/loop-a; ln -s loop-a /t/loop-b
	i=0; while [ \$i -lt 45 ]; do ln -s \$((i + 1)) /chain/\$i; i=\$((i + 1)); done
	echo end >/chain/45
	echo jailed >/jail/etc/hostname
	cp /busybox/busybox /jail/bb/sleep
	chroot /jail /bb/sleep 100000 &
	echo \$! >/t/jailed
"

# ---- the traps are traps: who follows them from the host's root reads the host ----

t 'trap: an absolute link read the naive way is a host file' "$MARK\n" cat "$ROOT/t/abs"
t 'benign file' 'benign\n' "$NSDEBUG" cat "$BOX" /t/file
t 'benign directory' 'canary\n' "$NSDEBUG" ls -1 "$BOX" /benign

# ---- 1 to 3: links ----

clean '1 absolute link to a host file: not there' 1 "$NSDEBUG" cat "$BOX" /t/abs
t '1 absolute link to what both have: the container'\''s' 'inside\n' \
	"$NSDEBUG" cat "$BOX" /t/abs-both
clean '2 ../../.. link to a host file: not there' 1 "$NSDEBUG" cat "$BOX" /t/rel
t '2 ../../.. link to what both have' 'inside\n' "$NSDEBUG" cat "$BOX" /t/rel-both
t '2 ../../.. in the path itself' 'inside\n' "$NSDEBUG" cat "$BOX" "/t/$up$TMP/both"
clean '2 ../../.. in the path to a host file' 1 "$NSDEBUG" cat "$BOX" "/t/$up$TMP/canary"
t '3 a directory of the path is an absolute link' 'inside\n' "$NSDEBUG" cat "$BOX" /t/dirlink/both
t '3 ls through it' 'both\n' "$NSDEBUG" ls -1 "$BOX" /t/dirlink/
clean '3 a directory of the path is a ../../.. link' 1 "$NSDEBUG" cat "$BOX" /t/top/canary
ts '1 ls -l shows the link and where it leads' 0 "abs -> $TMP/canary" "$NSDEBUG" ls -l "$BOX" /t
clean '1 ls of a link to nowhere is a name' 0 "$NSDEBUG" ls "$BOX" /t/abs

# ---- 5 and 6: magic links ----

# a process of the container with descriptors of the host, as a leaky runtime leaves them
runc exec -d --preserve-fds 2 "$BOX" /bb/sleep 100000 3</ 4<"$TMP/canary" </dev/null >"$TMP/leaky" 2>&1
leaky=
find_leaky() {
	leaky=$(inside 'for p in /proc/[0-9]*; do
		[ "$(readlink $p/fd/3)" = / ] && readlink $p/fd/4 | grep -q canary && echo ${p#/proc/}
	done' 2>/dev/null | head -n 1)
	[ -n "$leaky" ]
}
if wait_for find_leaky 10; then
	pass "6 process $leaky of the container holds the host's root"
	t 'trap: its descriptor leads to the host' "$MARK\n" inside "cat /proc/$leaky/fd/3$TMP/canary"
fi
for p in "/proc/$leaky/fd/3$TMP/canary" "/proc/$leaky/fd/4" "/proc/$leaky/fd/3/etc/shadow"; do
	clean "6 cat ${p#"/proc/$leaky"}: refused" 1 "$NSDEBUG" cat "$BOX" "$p"
	ts "6 ${p#"/proc/$leaky"}: says why" 1 'magic link|Permission denied' \
		"$NSDEBUG" cat "$BOX" "$p"
done
clean '6 ls fd/3/: refused' 1 "$NSDEBUG" ls "$BOX" "/proc/$leaky/fd/3/"
clean '6 cat fd:PID/4, a host file: refused' 4 "$NSDEBUG" cat "$BOX" "fd:$leaky/4"
clean '6 cat fd:PID/3, the host'\''s root: refused' 4 "$NSDEBUG" cat "$BOX" "fd:$leaky/3"
for p in /proc/1/root/t/file /proc/1/cwd/t/file /proc/1/exe /proc/1/fd/0 /proc/self/root/t/file \
	/proc/thread-self/cwd/etc /dev/fd/0 /dev/stdin /proc/self/fd/3 /proc/1/ns/mnt; do
	clean "5 magic link $p: refused" 1 "$NSDEBUG" cat "$BOX" $p
done
ts '5 ls -l of magic links says that it may not look where they lead' 1 \
	'root: where the link leads cannot be read' "$NSDEBUG" ls -l "$BOX" /proc/1
clean '5 ls -lR of a process' '0|1' "$NSDEBUG" ls -lR "$BOX" /proc/1

# ---- 7: loops ----

ts '7 link loop: ELOOP' 1 'too many symbolic links' "$NSDEBUG" cat "$BOX" /t/loop-a
ts '7 link loop: ls shows it' 0 loop-a "$NSDEBUG" ls -l "$BOX" /t/loop-a
ts '7 chain of 41 links' 1 'too many symbolic links' "$NSDEBUG" cat "$BOX" /chain/1
t '7 chain of 3 links' 'end\n' "$NSDEBUG" cat "$BOX" /chain/42

# ---- 10: the target's own root ----

jailed=$(inside 'cat /t/jailed')
jailpid=
find_jailed() {
	for s in /proc/[0-9]*/status; do
		if grep -q "^NSpid:.*[[:space:]]$jailed\$" "$s" 2>/dev/null &&
			[ "$(stat -Lc %i "${s%status}ns/pid" 2>/dev/null)" = \
			"$(stat -Lc %i "/proc/$BOXPID/ns/pid")" ] &&
			[ "$(readlink "${s%status}root" 2>/dev/null)" != / ]; then
			jailpid=${s#/proc/}
			jailpid=${jailpid%/status}
			return 0
		fi
	done
	return 1
}
wait_for find_jailed 10 || fail '10 a chrooted process is there'
ts '5 cat of a process'\''s status, which is no link' 0 '^Name:' "$NSDEBUG" cat "$BOX" /proc/1/status
t '10 chrooted target: its own root' 'bb\netc\nh\n' \
	quiet "$NSDEBUG" ls -1 "pid://$jailpid" /
t '10 chrooted target: cat' 'jailed\n' quiet "$NSDEBUG" cat "pid://$jailpid" /etc/hostname
clean '10 chrooted target: .. ends at its root' 1 \
	"$NSDEBUG" cat "pid://$jailpid" "/$up/t/file"
ts '10 chrooted target: it is said' 0 'has changed its root: / is /jail of its container' "$NSDEBUG" ls "pid://$jailpid" /
t '10 the container itself is not' 'benign\n' "$NSDEBUG" cat "$BOX" /t/file

# ---- 9 in part: names ----

long=$(printf '%255s' '' | tr ' ' n)
inside "echo long >/data/$long; echo dash >/data/-rf; echo nl >'/data/a
b'"
t '9 a name of 255 bytes' 'long\n' "$NSDEBUG" cat "$BOX" "/data/$long"
t '9 a name with a newline' 'nl\n' "$NSDEBUG" cat "$BOX" '/data/a
b'
t '9 a name that looks like an option' 'dash\n' "$NSDEBUG" cat "$BOX" -- /data/-rf
ts '9 a name of 256 bytes' 1 'name too long' "$NSDEBUG" cat "$BOX" "/data/n$long"
long_path() { "$NSDEBUG" cat "$BOX" "/$(printf '%5000s' '' | sed 's, ,./,g')t/file" 2>&1 | tail -c 100; false; }
ts '9 a path longer than PATH_MAX' 1 'name too long' long_path
