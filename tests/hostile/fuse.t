#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# A file system whose server never answers one kind of request: every verb ends within its
# deadline, whatever kind it is, and lets go of the caller's pipes.
# It measures how long that takes, so nothing else runs beside it.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc
[ -c /dev/fuse ] || skip_all 'this kernel has no FUSE'

LIMIT=500ms	# what the verbs get; they may take LIMIT + 1 s
MOST=1500
ops='lookup getattr readlink open read statfs xattr flush opendir readdir none'
mknod "$TMP/fuse" c 10 229
chmod 666 "$TMP/fuse"
hostile_box --caps sys_admin,dac_override --devices-all --bind "$TMP/fuse:/dev/fuse" -- "
	mkdir /m
	echo benign >/m/plain
	for op in $ops; do mkdir /m/\$op; fused /m/\$op \$op || exit 1; done
"

# the server of one operation ends: what it kept waiting gets an error
end_server() { inside "kill -9 \$(cat /m/$1.pid) 2>/dev/null; umount -l /m/$1" >/dev/null 2>&1; }

alive_children() { # processes of nsdebug that wait for a server
	for _p in /proc/[0-9]*; do
		[ "$(cat "$_p/comm" 2>/dev/null)" = nsdebug ] &&
			[ "$(stat -Lc %i "$_p/ns/mnt" 2>/dev/null)" = "$boxmnt" ] && echo "${_p#/proc/}"
	done
}
boxmnt=$(stat -Lc %i "/proc/$BOXPID/ns/mnt")

# NAME hangs|answers STATUS COMMAND...
try() {
	_name=$1 _kind=$2 _want=$3
	shift 3
	within 30 "$@"
	case $_kind,$STATUS in
	hangs,12[45])
		if [ $TOOK -gt $MOST ]; then
			fail "$_name" "took $TOOK ms: $GOT"
		elif [ $TOOK -lt 500 ]; then
			fail "$_name" "gave up after $TOOK ms: $GOT"
		elif [ "$STATUS" = 125 ] && ! echo "$GOT" | grep -q 'left behind'; then
			fail "$_name" "does not say what is left behind: $GOT"
		else
			pass "$_name: $STATUS after $TOOK ms"
		fi ;;
	answers,"$_want")
		[ $TOOK -le $MOST ] && pass "$_name: answered ($TOOK ms)" ||
			fail "$_name" "took $TOOK ms" ;;
	*)	fail "$_name" "status $STATUS after $TOOK ms, want it $_kind: $GOT" ;;
	esac
}

# ---- the benign one, and a file beside all of them ----

n="$NSDEBUG --timeout $LIMIT"
t 'benign server: cat' 'benign fuse\n' $n cat "$BOX" /m/none/file
ts 'benign server: ls' 0 'link -> file' $n ls -l@ "$BOX" /m/none
t 'file beside dead servers' 'benign\n' $n cat "$BOX" /m/plain
try 'ls -l of the directory with all the dead mounts' answers 0 $n ls -l "$BOX" /m
try 'ls -lR does not enter one' answers 0 $n ls -lR "$BOX" /m
case $GOT in
*'not entered'*) pass 'ls -lR says so' ;;
*) fail 'ls -lR says so' "$GOT" ;;
esac
inside 'mkdir -p /usr/lib && ln -s /m/none /usr/lib/debug'
for op in lookup getattr readlink open read statfs; do
	inside "rm /usr/lib/debug && ln -s /m/$op /usr/lib/debug"
	try "stack with debug files on a dead server, $op" answers 0 $n stack "$BOX"
done
inside 'rm /usr/lib/debug'
try 'why, of a path beside them' answers 0 $n why "$BOX" --path /m/plain
try 'why, of a file whose server answers' answers 5 $n why "$BOX" --path /m/none/file
if has_verb ps; then
	try 'ps of the container' answers 0 $n ps "$BOX"
fi
if has_verb fds; then
	# of each server that lets it be opened (a shell closes what it opened: no dead flush)
	inside '(sleep 100000 3</m/none/file 4</m/getattr/file 5</m/statfs/file \
		6</m/xattr/file 8</m/read/file >/dev/null 2>&1 &)' >/dev/null 2>&1
	try 'fds of a process that holds files of dead servers' answers 0 $n fds -a "$BOX"
	case $GOT in
	*' 3 '*file*/m/none/file*) pass 'fds shows them' ;;
	*)	fail 'fds shows them' "$GOT" ;;
	esac
	try 'fds --deleted' answers 0 $n fds --deleted "$BOX"
fi

# ---- each kind of request, for each verb that may make one ----

try 'ls -1, dead lookup: names need none' answers 0 $n ls -1 "$BOX" /m/lookup
for op in $ops; do
	[ $op != none ] || continue
	ls=hangs cat=hangs
	case $op in
	getattr | statfs) ls=answers ;;			# never asked
	open | read | flush) ls=answers ;;		# what only files have
	esac
	case $op in
	getattr | readlink | statfs | xattr | opendir | readdir) cat=answers ;;
	esac
	# cat first: a stuck ls keeps the directory locked for everybody
	try "cat, dead $op" $cat 0 $n cat "$BOX" "/m/$op/file"
	try "ls -l@, dead $op" $ls 0 $n ls -l@ "$BOX" "/m/$op"
done
try 'ls -ld of a dead mount point, dead lookup' answers 0 $n ls -ld "$BOX" /m/lookup
try 'ls -1, dead readdir' hangs 0 $n ls -1 "$BOX" /m/readdir
try 'ls -R, dead opendir, named' hangs 0 $n ls -R "$BOX" /m/opendir
try 'ls of a file, dead lookup' hangs 0 $n ls "$BOX" /m/lookup/file
try 'a path through a dead link' hangs 0 $n cat "$BOX" /m/readlink/link
try 'cat -n, dead read' hangs 0 $n cat -n "$BOX" /m/read/file
try 'json, dead read' hangs 0 $n cat -o json "$BOX" /m/read/file
tj 'json is whole when a deadline cut it' '.errors[0].status == 125 or .errors[0].status == 124' \
	$n ls -l -o json "$BOX" /m /m/lookup/file
try 'why, of a path on a dead server' hangs 0 $n why "$BOX" --path /m/lookup/file
try '--max-time alone' hangs 0 "$NSDEBUG" --timeout 20s --max-time $LIMIT cat "$BOX" /m/read/file
t 'what was read before the dead file is not lost' 'benign\n?1\n' \
	sh -c '"$@" 2>/dev/null | cat; exit 1' - $n cat "$BOX" /m/plain /m/read/file

# ---- the container goes on, and what was left behind ends with its server ----

left=$(alive_children | wc -l)
[ "$left" -gt 0 ] && pass "trap: $left children could not be killed" ||
	fail 'trap: no child was left behind'
t 'the container still serves' 'benign\n' $n cat "$BOX" /m/plain
for op in $ops; do
	[ $op = none ] || end_server $op
done
wait_for '[ -z "$(alive_children)" ]' 20 && pass 'nothing is left once the servers are gone' ||
	fail 'nothing is left once the servers are gone' "$(alive_children)"
try 'cat of a mount whose server died' answers 1 $n cat "$BOX" /m/none/nothing
t 'the benign server answers as before' 'benign fuse\n' $n cat "$BOX" /m/none/file

# ---- 25: mounted inside a user namespace: the kernel does not let us ask it ----

hostile_box --userns 100000 --caps sys_admin,dac_override --devices-all \
	--bind "$TMP/fuse:/dev/fuse" -- "
	mkdir /m
	echo benign >/m/plain
	for op in lookup none; do mkdir /m/\$op; fused /m/\$op \$op || exit 1; done
"
t '25 userns: benign file' 'benign\n' $n cat "$BOX" /m/plain
t '25 userns: its own processes can read it' 'benign fuse\n' inside 'cat /m/none/file'
for op in none lookup; do
	try "25 userns: cat ($op)" answers 1 $n cat "$BOX" /m/$op/file
	case $GOT in
	*'ermission denied'* | *'not connected'*) pass "25 userns: cat ($op) says why" ;;
	*)	fail "25 userns: cat ($op) says why" "$GOT" ;;
	esac
	try "25 userns: ls ($op)" answers 1 $n ls -l "$BOX" /m/$op
done
try '25 userns: ls -l of the directory with the mounts' answers 1 $n ls -l "$BOX" /m
case $GOT in
*'none: Permission denied'*plain*) pass '25 userns: it names what it could not look at' ;;
*)	fail '25 userns: it names what it could not look at' "$GOT" ;;
esac
