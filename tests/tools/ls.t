#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ls, beside coreutils' own on the same directory seen from the host: the options whose output is
# to be the same are compared as a whole, the others by what they say.
. tests/lib.sh
need ls stat jq setfacl setfattr setpriv script python3

D=$TMP/data
mkdir "$D"
chmod 755 "$D"
box_run base --ready --bind "$D:/data"
T=$BOX

# The same files for both; sizes and times that differ, so that an order is one.
make_files() {
	mkdir -p "$D/dir/below" "$D/many" "$D/set" "$D/names"
	printf 'aaaa' >"$D/plain"
	printf 'hidden' >"$D/.hidden"
	printf 'x' >"$D/dir/inner"
	printf 'y' >"$D/dir/below/deep"
	printf '#!' >"$D/program"
	chmod 755 "$D/program"
	head -c 3000 /dev/zero >"$D/medium"
	head -c 2500000 /dev/zero >"$D/large"
	ln "$D/plain" "$D/hard"
	ln -s plain "$D/link"
	ln -s dir "$D/dirlink"
	ln -s /nowhere "$D/dangling"
	ln -s loop "$D/loop"
	mkfifo "$D/fifo"
	mknod "$D/null" c 1 3
	mknod "$D/disk" b 7 200
	python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$D/sock"
	for m in 4755 4644 2755 2644 6755 1777 1666 0000 0421; do
		: >"$D/set/f$m"
		chmod $m "$D/set/f$m"
		mkdir "$D/set/d$m"
		chmod $m "$D/set/d$m"
	done
	chown 65532:65532 "$D/program"
	chown 4242:4343 "$D/medium"
	touch -d '2001-02-03 04:05:06.789012345' "$D/plain"
	touch -d '2030-01-01 00:00:00' "$D/medium"
	touch -d '1969-12-31 23:59:58.25' "$D/large"
}
make_files

# ---- the same as ls(1), but for these: no total, an ACL's mark only where it is asked for, a device's
# numbers in a column of wide, no mark after what a link leads to; and .. is another directory here


plainly() {
	sed -e '/^total [0-9.KM]*$/d' -e "s,$D,/data,g" -e 's/^\([-a-z]\{10\}\)+/\1/' \
		-e 's/\([bc][-rwxsStT]\{9\} .*\) [0-9]*, *[0-9]* /\1 - /' -e 's/  */ /g' -e 's/^ //' \
		-e 's/\( -> .*\)[/*|=]$/\1/' -e '/ \.\.[/]\{0,1\}$/d'
}
# Nor does a directory without names have a title: titles come with rows.
titled() {
	awk '/^$/ { held = ""; blank = 1; next }
		/^\/.*:$/ { held = $0; next }
		{ if (blank && out) print ""; if (held) print held; print; held = blank = ""; out = 1 }'
}
same() { # OPTIONS PATH...
	o=$1
	shift
	for p; do set -- "$@" "$D$p"; shift; done
	# shellcheck disable=SC2086
	ls $o "$@" 2>&1 | plainly | titled >"$TMP/want"
	for p; do set -- "$@" "/data${p#"$D"}"; shift; done
	# shellcheck disable=SC2086
	$NSDEBUG ls $o "$T" "$@" 2>&1 | plainly | titled >"$TMP/got"
	diff -u --label ls --label nsdebug "$TMP/want" "$TMP/got"
}

for o in '' -a -A -1 -r -S -t -U -F -i -n -nA '-n --full-time' '-nh' -R -RA -d -di -nd -Sr -tr \
	-nS -nt '-F -1' -Fa -Ri -nRA '-nRA --full-time' -nF -naF -ia --almost-all --all \
	--reverse --recursive; do
	t "ls $o: as ls(1)"	''	same "$o" ''
done
for o in '' -n -d -nd -i -di -F -dF -R -ni; do
	for p in plain link dirlink dirlink/ dir dir/ dangling fifo null sock program; do
		t "ls $o $p: as ls(1)"	''	same "$o" "/$p"
	done
done
t 'several paths: files first, then each directory with its name' '' \
	same '' /plain /dir /link /set /dangling
t 'the same with -n'		''	same -n /plain /dir /link /set
t '-t among the files that were named'	''	same -nt /plain /medium /large
t '-d of several'		''	same -d /dir /plain /set
t 'modes: set-id, sticky, none'	''	same -n /set
t '-h rounds up, as ls(1)'	''	same -nh /medium /large /plain
t 'the root is the default'	''	\
	sh -c '"$NSDEBUG" ls "$1" >a; "$NSDEBUG" ls "$1" / | diff a - && [ -s a ]' - "$T"

# ---- names of users: the container's, never the host's ----

ts '-l names a user of the container'	0 'nonroot +nonroot .* program$'	\
	$NSDEBUG ls -l "$T" /data
ts '-l: an id without a name'		0 ' 4242 +4343 .* medium$'	$NSDEBUG ls -l "$T" /data
ts '-n: ids'				0 ' 65532 +65532 .* program$'	$NSDEBUG ls -n "$T" /data
tj 'JSON: names and ids'		\
	'.items[] | select(.name == "program") | .user == "nonroot" and .uid == 65532
	and .host_uid == 65532 and .group == "nonroot" and .gid == 65532' \
	$NSDEBUG ls -o json "$T" /data

# ---- attributes ----

setfacl -m u:65532:rw "$D/plain"
setfattr -n user.note -v x "$D/program"
setfattr -n user.below -v x "$D/dir"
ts '-@ shows the names of attributes'	0 '^-rwxr-xr-x@ .* program  user\.note$' \
	$NSDEBUG ls -l@ "$T" /data
ts '-@ marks an ACL'			0 '^-rw-rw-r--\+ .* plain  system\.posix_acl_access$' \
	$NSDEBUG ls -l@ "$T" /data
ts '-@ of a file that was named'	0 '^-rwxr-xr-x@ .* /data/program  user\.note$' \
	$NSDEBUG ls -l@ "$T" /data/program
ts '-@ of a directory that was named'	0 'd.*@ .* /data/dir  user\.below$' \
	$NSDEBUG ls -ld@ "$T" /data/dir
ts '-@ of a directory named with a slash'	0 'd.*@ .* /data/dir/  user\.below$' \
	$NSDEBUG ls -ld@ "$T" /data/dir/
ts '-@ is about the link, not its aim'	0 '/data/link -> plain$' \
	$NSDEBUG ls -l@ "$T" /data/link
ts 'wide marks an ACL too'		0 '^-rw-rw-r--\+ .* plain$' \
	$NSDEBUG ls -o wide "$T" /data
tj '-@ in JSON: a list'			\
	'.items[0].xattrs == ["user.note"] and (.items | length) == 1' \
	$NSDEBUG ls -@ -o json "$T" /data/program

# ---- rows for programs ----

# Every field of every file, against stat(1).
by_stat() {
	(cd "$D" && find . -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | while read -r f; do
		stat -c '%i %a %h %u %g %b' "$f" | tr '\n' ' '
		stat -c '%.9Y %.9Z %F %n' "$f"
	done)
}
by_json() {
	$NSDEBUG ls -A -o jsonl "$T" /data | jq -r 'select(.name != "large") |
		def s: capture("^(?<t>[^.Z]*)[.]?(?<n>[0-9]*)Z$") | "\(.t + "Z" | fromdate).\(.n + "000000000" | .[:9])";
		{file: "regular file", dir: "directory", link: "symbolic link", fifo: "fifo",
		 socket: "socket", block: "block special file", char: "character special file"} as $w
		| "\(.inode) \(.perm | ltrimstr("0") | ltrimstr("0") | ltrimstr("0")) \(.nlink) "
		+ "\(.uid) \(.gid) \(.blocks) \(.mtime | s) \(.ctime | s) \($w[.type]) \(.name)"'
}
compare_json() {
	# jq knows no time before 1970
	by_stat | grep -v ' large$' >want.txt
	by_json >got.txt
	diff want.txt got.txt
}
t 'JSON lines: every field as stat(1)'	''	compare_json
tj 'a time before 1970'			'.items[0].mtime == "1969-12-31T23:59:58.250000000Z"' \
	$NSDEBUG ls -o json "$T" /data/large
tj 'the document'	'.schema == "nsdebug.ls/1" and .target == "runc://'"$T"'" and
	.errors == [] and .truncated == false and (.items | map(.name) | contains(["plain"]))' \
	$NSDEBUG ls -o json "$T" /data
keys() {
	$NSDEBUG ls -o json "$T" /data | jq -c '.items[0] | keys' >got.txt
	$NSDEBUG help --json ls | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys
tj 'link: where it leads'	'.items[0] | .link_target == "plain" and .type == "link"' \
	$NSDEBUG ls -o json "$T" /data/link
tj 'device: numbers, no size'	'.items[0] | .device == "7:200" and .size == null' \
	$NSDEBUG ls -o json "$T" /data/disk
tj 'file: size is a number'	'.items[0] | .size == 2500000 and .device == null' \
	$NSDEBUG ls -o json "$T" /data/large
tj 'a directory that is empty: no items'	'.items == [] and .errors == []' \
	$NSDEBUG ls -o json "$T" /data/many
t '-o name: whole paths'	'/data/dir/below\n/data/dir/inner\n' \
	$NSDEBUG ls -o name "$T" /data/dir
t '-o name of a named file'	'/data/plain\n'	$NSDEBUG ls -o name "$T" /data/plain
t '-o with fields'	'NAME            SIZE PERM\n/data/dir/inner    1 0644\n'	\
	$NSDEBUG ls -o name,size,perm "$T" /data/dir/inner
t '--fields chooses columns'	'0644 1 deep\n'	\
	$NSDEBUG ls --no-headers --fields perm,size,name "$T" /data/dir/below
ts 'a field that is none'	2 "'nope'"	$NSDEBUG ls --fields name,nope "$T" /data
each_line() { $NSDEBUG ls -o jsonl "$T" /data/dir | jq -c '[.schema, .target, .name]'; }
t 'JSON lines: each has schema and target' \
	'["nsdebug.ls/1","runc://'"$T"'","below"]\n["nsdebug.ls/1","runc://'"$T"'","inner"]\n' each_line

# ---- names that are meant to deceive ----

weird() {
	python3 -c '
import os, sys
d = os.fsencode(sys.argv[1])
for n in (b"a\nb", b"tab\there", b"\x1b[31mred", b"\xff\xfe", b"back\\slash",
          "uml\u00e4ut".encode(), "\u65e5\u672c".encode(), "\u202egpj.exe".encode(),
          b"bell\x07", b"\xc2\x9b31m", b" leading", b"-dash", b"quo\"te", b"del\x7f",
          "zero\u200bwidth".encode(), b"n" * 255):
    open(os.path.join(d, n), "w").close()
os.symlink(b"\x1b]0;title\x07", os.path.join(d, b"l"))' "$D/names"
}
weird
escaped='\\x1b[31mred\n leading\n-dash\na\\x0ab\nback\\\\slash\nbell\\x07\ndel\\x7f\nl\n'
long=$(printf '%255s' '' | tr ' ' n)
t 'names: every byte that could act is escaped' \
	"$escaped$long"'\nquo"te\ntab\\x09here\numläut\nzero\\xe2\\x80\\x8bwidth\n\\xc2\\x9b31m\n\\xe2\\x80\\xaegpj.exe\n日本\n\\xff\\xfe\n' \
	$NSDEBUG ls "$T" /data/names
t 'where a link leads is escaped'	'l -> \\x1b]0;title\\x07\n' \
	sh -c '"$NSDEBUG" ls -l "$1" /data/names/l | sed "s,.*/data/names/,,"' - "$T"
t 'nothing but printable bytes, in any form'	'' sh -c 'for o in "" -l -F -@ "-o wide" "-o name" \
	"-o json" "-o jsonl" "-R" "--color=never"; do
		"$NSDEBUG" ls $o "$1" /data/names | LC_ALL=C.UTF-8 grep -P "\p{Cc}|\x{202e}|\x{200b}"
	done; :' - "$T"
tj 'JSON: bytes that are not UTF-8 are there whole' \
	'[.items[] | select(.name_b64)] | length == 1 and .[0].name_b64 == "//4=" and
	.[0].name == "\ufffd\ufffd" and .[0].path_b64 == "L2RhdGEvbmFtZXMv//4="' \
	$NSDEBUG ls -o json "$T" /data/names
tj 'JSON: control and bidi characters are escaped, not changed' \
	'[.items[].name] | contains(["a\nb", "\u001b[31mred", "\u202egpj.exe", "quo\"te"])' \
	$NSDEBUG ls -o json "$T" /data/names
ts 'a missing name with controls in it is escaped in the message'	1 \
	'^nsdebug: /data/.x1b\[31m: No such file or directory$' \
	$NSDEBUG ls "$T" "$(printf '/data/\033[31m')"

# ---- on a terminal ----

tty() { script -qefc "stty cols ${COLS:-80}; $*" /dev/null </dev/null | tr -d '\r'; }
ts 'on a terminal: columns'	0 'large.*many' tty "$NSDEBUG ls $T /data"
COLS=20
narrow() { tty "$NSDEBUG ls --color=never $T /data" | awk 'length > 20'; }
t 'a narrow terminal is not overrun'	''	narrow
COLS=80
ts 'on a terminal: colours'	0 "$(printf '\033')\\[1;34mdir"	tty "$NSDEBUG ls $T /data"
plain_tty() { tty "$1 $NSDEBUG ls $2 $T /data" | grep -c "$(printf '\033')"; }
t 'NO_COLOR'			'0\n?1\n'	plain_tty NO_COLOR=1 ''
t '--color=never'		'0\n?1\n'	plain_tty '' --color=never
t 'TERM=dumb'			'0\n?1\n'	plain_tty TERM=dumb ''
ts '--color in a pipe'		0 "$(printf '\033')\\[1;36mlink"	$NSDEBUG ls --color "$T" /data
ts '-1 on a terminal'		0 '^plain$'	tty "$NSDEBUG ls -1 --color=never $T /data"

# ---- what goes wrong ----

two() { $NSDEBUG ls "$T" /data/nope /data/dir /data/nope2 2>err; echo "$?"; cat err; }
t 'a missing path: said, and the next ones listed' \
	'/data/dir:\nbelow\ninner\n1\nnsdebug: /data/nope: No such file or directory\nnsdebug: /data/nope2: No such file or directory\n' two
tj 'errors are in the document'	'.errors | length == 1 and .[0].status == 1 and
	(.[0].message | test("nope: No such file"))' $NSDEBUG ls -o json "$T" /data/nope
ts 'a link that leads to itself: -l shows it'	0 'loop -> loop'	$NSDEBUG ls -l "$T" /data/loop
ts 'a path through a link to itself'	1 'too many symbolic links'	$NSDEBUG ls "$T" /data/loop/x
ts 'a file as a directory'	1 'plain/: Not a directory'	$NSDEBUG ls "$T" /data/plain/
ts 'a path that is too long'	1 'name too long'	\
	$NSDEBUG ls "$T" "/$(printf '%5000s' '' | tr ' ' x)"
ts 'an empty path'		1 'No such file'	$NSDEBUG ls "$T" ''
ts 'an unknown option'		2 '^nsdebug: ls: unknown option -Z'	$NSDEBUG ls -Z "$T"
ts 'no target'			2 'a TARGET is missing'	$NSDEBUG ls
ts '.. does not lead out'	0 '^app$'	$NSDEBUG ls "$T" /../../../..
t 'a relative path begins at the root'	''	sh -c \
	'"$NSDEBUG" ls "$1" data/dir >a; "$NSDEBUG" ls "$1" /data/dir | diff a -' - "$T"
ts 'a link with an absolute aim stays inside'	0 'Distroless' \
	sh -c 'ln -s /etc/os-release "$2/abs"; "$NSDEBUG" cat "$1" /data/abs' - "$T" "$D"
ts '/proc/PID/root is not followed'	1 ''	$NSDEBUG ls "$T" /proc/1/root/
ts 'options after the target'	0 'plain$'	$NSDEBUG ls "$T" -l /data
ts '-- ends options'		1 '^nsdebug: -l: No such file'	$NSDEBUG ls "$T" -- -l

# ---- a large directory ----

(cd "$D/many" && seq -f 'file-%06.0f' 20000 | xargs touch)
t 'twenty thousand names, in order'	''	same '' /many
t 'and unsorted'			''	same -U /many
t 'a reader that has enough is no error'	'/data/dir\n' sh -c \
	'{ "$NSDEBUG" ls -l "$1" /data/many; echo $? >st; } | head -n 1 >/dev/null
	cat st | grep -vx 0; echo /data/dir' - "$T"
