#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is looked up is exchanged all the time, from inside and from the host, while thousands of
# look-ups are under way: no byte of the host, no FIFO and no device is ever opened.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc

TRIES=${TRIES:-2000}	# paths a command; every race takes RUNS commands
RUNS=${RUNS:-10}
NAIVE=100000
mkdir -p "$TMP/host" "$TMP/share/in/deep" "$TMP/out/in/deep" "$TMP/out/in/secret"
echo "$MARK" >"$TMP/host/file"
echo "$MARK" >"$TMP/out/file"	# ../../../file of what was moved out
echo benign >"$TMP/share/file"
echo benign >"$TMP/share/in/deep/file"
echo benign >"$TMP/out/in/deep/file"
hostile_box --caps sys_admin,mknod --bind "$TMP/share:/share" -- "
	mkdir -p /r/a /s /d $TMP
	echo benign >/r/a/file
	ln -s $TMP/host /r/b
	echo benign >/s/a
	mkfifo /s/b
	echo benign >/s/c
	mknod /s/d c 1 5
	ln /s/b /s/fifo
	ln /s/d /s/device
	echo benign >/s/e
	ln -s $TMP/host/file /s/f
	swap /r/a /r/b /r.count & swap /s/a /s/b /s.count & swap /s/c /s/d & swap /s/e /s/f &
	echo below >/d/below
	(while :; do mount -t tmpfs over /d; umount /d; done) 2>/dev/null &
"

# PATH as many times as asked, as arguments of one command.
many() { # PATH COMMAND...
	_path=$1
	shift
	yes "$_path" | head -n "$TRIES" | xargs -x -n "$TRIES" -s 1500000 "$@"
}

# NAME PATH WANT(regex: what each line may be) COMMAND...: both ends of the exchange must be seen
race() {
	_name=$1 _path=$2 _want=$3
	shift 3
	: >"$TMP/race"
	_i=0
	# on a busy machine an exchange may fall between two commands only
	while [ $_i -lt "$RUNS" ] ||
		{ [ $_i -lt $((10 * RUNS)) ] && ! grep -q '^benign' "$TMP/race"; }; do
		many "$_path" "$@" >>"$TMP/race" 2>&1
		_i=$((_i + 1))
	done
	if grep -q "$MARK" "$TMP/race"; then
		fail "$_name" "a host file came out"
	elif grep -Evq "$_want" "$TMP/race"; then
		fail "$_name" "$(grep -Ev "$_want" "$TMP/race" | sort | uniq -c | sort -rn | head)"
	elif ! grep -q '^benign' "$TMP/race"; then
		fail "$_name" "the benign file was never seen: $(sort "$TMP/race" | uniq -c | head)"
	else
		pass "$_name ($((_i * TRIES)) tries, $(grep -c '^benign' "$TMP/race") benign)"
	fi
}

t 'benign file in the same container' 'benign\n' "$NSDEBUG" cat "$BOX" /share/file

# ---- 4: a directory of the path and a link to the host ----

trap_springs() { # NAME PATH
	_i=0
	until "$O/tests/hostile/naive" "$2" $NAIVE | grep -q "$MARK"; do
		_i=$((_i + 1))
		[ $_i -lt 50 ] || { fail "$1"; return; }
	done
	pass "$1"
}
trap_springs '4 trap: the naive way reads the host' "$ROOT/r/a/file"
gone='No such file or directory|Resource temporarily unavailable'
race '4 cat: directory exchanged with a link to the host' /r/a/file "^benign$|$gone" \
	"$NSDEBUG" cat "$BOX"
race '4 cat: the same with .. in the path' /r/a/../a/file "^benign$|$gone" "$NSDEBUG" cat "$BOX"
ls_race() { many /r/a/ "$NSDEBUG" ls -1 "$BOX" 2>&1 | sed '/^$/d; /^\/r\/a\/:$/d; s/^file$/benign/'; }
i=0
: >"$TMP/race"
while [ $i -lt 40 ] && { [ $i -lt 2 ] || ! grep -q '^benign' "$TMP/race"; }; do
	ls_race >>"$TMP/race"
	i=$((i + 1))
done
if grep -q '^benign' "$TMP/race" && ! grep -Evq "^benign$|$gone" "$TMP/race"; then
	pass "4 ls: directory exchanged with a link to the host ($(grep -c . "$TMP/race") tries)"
else
	fail '4 ls: directory exchanged with a link to the host' "$(sort "$TMP/race" | uniq -c | head)"
fi
before=$(inside 'cat /r.count')
wait_for '[ "$(inside "cat /r.count")" != "$before" ]' 10 &&
	pass "4 the exchange went on all the time ($before and more)" || fail '4 the exchange went on'

# ---- 19: a file and a FIFO, a device, a link: no open of what is not a file ----

background "$TMP/opens" "$O/tests/hostile/watch" open "$ROOT/s/fifo" "$ROOT/s/device"
refused='only regular files|No such file'
race '19 file exchanged with a FIFO' /s/a "^benign$|$refused" "$NSDEBUG" cat "$BOX"
race '19 file exchanged with a device' /s/c "^benign$|$refused" "$NSDEBUG" cat "$BOX"
race '19 file exchanged with a link to a host file' /s/e "^benign$|$refused" "$NSDEBUG" cat "$BOX"

# the order of events is the order of what happened: once ours is there, all before it are
"$O/tests/hostile/naive" "$ROOT/s/fifo" 1
wait_for 'grep -q "^open.*fifo" "$TMP/opens"' 10 || fail '19 trap: an open of the FIFO is noticed'
t '19 neither the FIFO nor the device was opened, but once by the control' '1\n' \
	grep -c '^open' "$TMP/opens"

# ---- 8: what is listed moves out of the bind mount ----

background "$TMP/moved" sh -c 'echo ready; exec "$@"' - \
	"$O/tests/hostile/swap" "$TMP/share/in" "$TMP/out/in"
trap_springs '8 trap: without a mount between, .. leads out of it' "$TMP/share/in/deep/../../file"
race '8 cat through .. of a directory that moves out of its mount' \
	/share/in/deep/../../file "^benign$|$gone" "$NSDEBUG" cat "$BOX"
i=0
: >"$TMP/race"
while [ $i -lt 100 ]; do
	"$NSDEBUG" ls -lR "$BOX" /share >>"$TMP/race" 2>&1
	i=$((i + 1))
done
if grep -q ' deep' "$TMP/race" && ! grep -q "$MARK" "$TMP/race" &&
	! grep -q '^/share/\.\.\|canary' "$TMP/race"; then
	pass '8 ls -R of it, 100 times: nothing from beside the mount'
else
	fail '8 ls -R of it' "$(sort "$TMP/race" | uniq -c | sort -rn | head)"
fi

# ---- 12: mounted over while it is listed ----

i=0
: >"$TMP/race"
while [ $i -lt 200 ]; do
	"$NSDEBUG" ls -1 "$BOX" /d >>"$TMP/race" 2>&1
	echo "= $?" >>"$TMP/race"
	i=$((i + 1))
done
if grep -qx below "$TMP/race" && ! grep -Evq '^below$|^= [01]$|No such file' "$TMP/race"; then
	pass "12 ls of a directory that is mounted over and back ($(grep -cx below "$TMP/race") of 200)"
else
	fail '12 ls of a directory that is mounted over' "$(sort "$TMP/race" | uniq -c)"
fi
inside 'mount -t tmpfs over /; mount -t tmpfs over2 /' >/dev/null 2>&1
clean '12 / mounted over' '0|1' "$NSDEBUG" ls -la "$BOX" /
case $GOT in
*share*) pass '12 / mounted over: the process'\''s own root is shown' ;;
*)	fail '12 / mounted over: the process'\''s own root is shown' "$GOT" ;;
esac
