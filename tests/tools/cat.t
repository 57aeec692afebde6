#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cat, beside coreutils' own on the same files; where its bytes go; what it refuses to open.
. tests/lib.sh
need cat jq script python3 cmp

D=$TMP/data
mkdir "$D"
chmod 755 "$D"

# PID 1 also holds files: of a volume, of memory, and one that only the host can have given it.
cat >"$TMP/leak.txt" <<-'E'
	of the host
	E
cat >"$D/hold.py" <<-'E'
	import os, time
	def put(fd, n, text):
	    os.write(fd, text)
	    os.dup2(fd, n)
	put(os.open('/data/gone.txt', os.O_CREAT | os.O_RDWR), 10, b'gone but open\n')
	os.unlink('/data/gone.txt')
	put(os.memfd_create('memory'), 11, b'of memory\n')
	os.dup2(os.open('/data', os.O_RDONLY), 12)
	r, w = os.pipe()
	os.dup2(r, 13)
	os.dup2(os.open('/etc/os-release', os.O_RDONLY), 14)
	os.dup2(os.open('/data/hold.py', os.O_RDONLY), 15)
	os.lseek(10, 4, os.SEEK_SET)
	print('ready', flush=True)
	while True:
	    time.sleep(3600)
	E
chown 65532:65532 "$D"
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/hold.py
T=$BOX
PY=$T

python3 - "$D" <<-'E'
	import os, sys
	d = sys.argv[1]
	def w(n, b):
	    with open(os.path.join(d, n), 'wb') as f: f.write(b)
	w('text', b'one\ntwo\n\n\n\nthree\n\tfour\n')
	w('open', b'no end')
	w('after', b'goes on\n\n\nlast\n')
	w('empty', b'')
	w('blank', b'\n\n\n')
	w('bytes', bytes(range(256)) * 3 + b'\r\n\xff\xfe\n')
	w('utf8', 'ümläut € 日本 😀\n'.encode() * 5000)
	w('control', b'a\x1b[31mred\x1b]0;x\x07\x9b\xc2\x9b\n\ttab \xe2\x80\xae bidi\n')
	w('large', os.urandom(5 << 20) + b'the end')
	w('holes', b'x')
	os.truncate(os.path.join(d, 'holes'), 3000000)
	E
echo secret >"$D/private"
chmod 600 "$D/private"
ln -s text "$D/link"
ln -s /data/text "$D/abs"
mkfifo "$D/fifo"
mknod "$D/device" c 1 5
mknod "$D/block" b 7 0
python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$D/socket"

# ---- the same as cat(1) ----

same() { # OPTIONS FILE...
	o=$1
	shift
	# shellcheck disable=SC2086
	(cd "$D" && cat $o -- "$@") >"$TMP/want"
	for f; do set -- "$@" "/data/$f"; shift; done
	# shellcheck disable=SC2086
	$NSDEBUG cat $o "$T" "$@" >"$TMP/got"
	cmp "$TMP/want" "$TMP/got"
}
for o in '' -n -A -s -nA -ns -As -nAs '-n --show-all --squeeze-blank' --number; do
	for f in text open empty blank bytes large; do
		t "cat $o $f: as cat(1)"	''	same "$o" $f
	done
	t "cat $o of several: as cat(1)"	''	same "$o" text open after empty blank bytes open
done
t 'twice the same file'		''	same '' text text
t 'a file with holes'		''	same '' holes
t 'through a link'		''	same '' link
t 'a link with an absolute aim stays inside'	''	sh -c \
	'"$NSDEBUG" cat "$1" /data/abs | cmp - "$2/text"' - "$T" "$D"
t 'a file that only root of the host may read'	'secret\n'	$NSDEBUG cat "$T" /data/private
t 'a relative path begins at the root'	'secret\n'		$NSDEBUG cat "$T" data/private

# ---- pieces ----

piece() { $NSDEBUG cat "$@"; }
t '--bytes'			'one\ntw'	piece --bytes 6 "$T" /data/text
t '--bytes=1K'			''	sh -c \
	'head -c 1024 "$2/large" >w; "$NSDEBUG" cat --bytes=1K "$1" /data/large | cmp w -' - "$T" "$D"
t '--offset'			'three\n\tfour\n'	piece --offset 11 "$T" /data/text
t '--offset beyond the end'	''	piece --offset 1G "$T" /data/text
t '--offset and --bytes'	'wo'	piece --offset 5 --bytes 2 "$T" /data/text
t 'in each of several files'	'onnogo'	piece --bytes 2 "$T" /data/text /data/open /data/after
t 'with -n'			'     1\ttwo\n     2\t\n'	piece -n --offset 4 --bytes 5 "$T" /data/text
t '--bytes larger than the file'	'no end'	piece --bytes 1G "$T" /data/open
t '--bytes 0: nothing'		''	piece --bytes 0 "$T" /data/text
ts '--bytes of no size'		2 "'x' is not a size"	piece --bytes x "$T" /data/text
ts '--offset that no file has'	1 'offset'	piece --offset 9223372036854775808 "$T" /data/text

# ---- where the bytes go ----

t 'into a pipe'			''	sh -c '"$NSDEBUG" cat "$1" /data/large | cmp - "$2/large"' - "$T" "$D"
t 'into a file'			''	sh -c \
	'"$NSDEBUG" cat "$1" /data/large >f; cmp f "$2/large"' - "$T" "$D"
t 'into a file that is appended to'	''	sh -c \
	'echo x >f; "$NSDEBUG" cat "$1" /data/large >>f; echo x | cat - "$2/large" | cmp f -' - "$T" "$D"
t 'into a pipe whose reader is slow: no deadline'	''	sh -c \
	'"$NSDEBUG" cat --timeout 2s "$1" /data/large | (sleep 2.5; cmp - "$2/large")' - "$T" "$D"
ts 'into a full device'		126 'No space left on device'	\
	sh -c '"$NSDEBUG" cat "$1" /data/text >/dev/full' - "$T"
ts 'large, into a full device'	126 'No space left on device'	\
	sh -c '"$NSDEBUG" cat "$1" /data/large >/dev/full' - "$T"
ts 'closed stdout'		126 'write to stdout'	sh -c '"$NSDEBUG" cat "$1" /data/text >&-' - "$T"
ts 'stdout that is read only'	126 'write to stdout'	\
	sh -c '"$NSDEBUG" cat "$1" /data/text 1<f' - "$T"
ts 'a file system without room'	126 'No space left'	sh -c '
	mkdir -p small && mount -t tmpfs -o size=64k tmpfs small &&
	"$NSDEBUG" cat "$1" /data/large >small/f; s=$?; umount small; exit $s' - "$T"
leave() { # COMMAND: the status when the reader leaves after a byte
	{ "$@" 2>err; echo $? >st; } | head -c 1 >/dev/null
	cat st err
}
t 'a reader that leaves'	'0\n'	leave $NSDEBUG cat "$T" /data/large
t 'a reader that leaves, -n'	'0\n'	leave $NSDEBUG cat -n "$T" /data/large
t 'a reader that leaves, json'	'0\n'	leave $NSDEBUG cat -o json "$T" /data/large
t 'a reader that never was'	'0\n'	sh -c \
	'{ sleep 0.1; "$NSDEBUG" cat "$1" /data/text; echo $? >st; } | true; cat st' - "$T"

tty() { script -qefc "stty -opost; $*" /dev/null </dev/null; }
t 'on a terminal: what could act is shown as \\x'	\
	'a\\x1b[31mred\\x1b]0;x\\x07\\x9b\\xc2\\x9b\n\ttab \\xe2\\x80\\xae bidi\n' \
	tty "$NSDEBUG cat $T /data/control"
raw() { tty "$NSDEBUG cat --raw $T /data/control" | cmp - "$D/control"; }
t 'on a terminal, --raw: unchanged'	''	raw
whole() { tty "$NSDEBUG cat $T /data/utf8" | cmp - "$D/utf8"; }
t 'on a terminal: no character is torn'	''	whole
t 'in a pipe: unchanged'	''	same '' control

# ---- rows ----

tj 'JSON: text, in pieces of 64 KiB' \
	'.schema == "nsdebug.cat/1" and (.items | length) > 1 and .items[1].offset <= 65536 and
	([.items[].text] | add) == ("ümläut € 日本 😀\n" * 5000) and (.items | map(has("text_b64")) | any | not)' \
	$NSDEBUG cat -o json "$T" /data/utf8
joined() { $NSDEBUG cat -o jsonl "$T" /data/bytes | jq -r .text_b64 | base64 -d | cmp - "$D/bytes"; }
t 'JSON: bytes that are not UTF-8'	''	joined
tj 'JSON: several files'	'[.items[].path] == ["/data/text", "/data/open"]' \
	$NSDEBUG cat -o json "$T" /data/text /data/open
tj 'JSON: an empty file has no piece'	'.items == [] and .errors == []' \
	$NSDEBUG cat -o json "$T" /data/empty
tj 'JSON: a piece'	'.items == [{path: "/data/text", offset: 4, text: "two"}]' \
	$NSDEBUG cat -o json --offset 4 --bytes 3 "$T" /data/text
tj 'JSON: what failed'	'.items[0].text == "no end" and .errors[0].status == 1' \
	$NSDEBUG cat -o json "$T" /data/nope /data/open
ts 'JSON and -n'	2 'not for -o json'	$NSDEBUG cat -n -o json "$T" /data/text
ts 'columns'		2 'no columns'		$NSDEBUG cat -o wide "$T" /data/text
ts 'fields are of JSON only'	0 '^fields \(JSON\):$'	$NSDEBUG cat --help

# ---- what is not opened ----

t 'a missing file: said, and the next ones shown' \
	'no end1\nnsdebug: /data/nope: No such file or directory\n' \
	sh -c '"$NSDEBUG" cat "$1" /data/nope /data/open 2>err; echo $?; cat err' - "$T"
ts 'a directory'	1 '/data: is a directory'	$NSDEBUG cat "$T" /data
ts 'a FIFO'		4 'fifo: is a FIFO'		$NSDEBUG cat "$T" /data/fifo
ts 'a character device'	4 'device: is a character device'	$NSDEBUG cat "$T" /data/device
ts 'a block device'	4 'block: is a block device'	$NSDEBUG cat "$T" /data/block
ts 'a socket'		4 'socket: is a socket'		$NSDEBUG cat "$T" /data/socket
ts '/dev/null of the container'	4 'is a character device'	$NSDEBUG cat "$T" /dev/null
ts 'refused, and the next one shown'	4 'no end'	$NSDEBUG cat "$T" /data/fifo /data/open
ts 'a magic link'	1 ''	$NSDEBUG cat "$T" /proc/1/root/etc/passwd
ts '/proc/self is nobody there'	1 ''	$NSDEBUG cat "$T" /proc/self/environ
ts 'a file of /proc'	0 '^Linux version'	$NSDEBUG cat "$T" /proc/version
ts 'no FILE'		2 'FILE is missing'	$NSDEBUG cat "$T"
t 'access times stay'	'2001-01-01\n'	sh -c '
	touch -a -d 2001-01-01 "$2/text" && "$NSDEBUG" cat "$1" /data/text >/dev/null &&
	stat -c %x "$2/text" | cut -c 1-10' - "$T" "$D"

# ---- files that are held open ----

t 'fd: of a deleted file, from its beginning'	'gone but open\n'	$NSDEBUG cat "$T" fd:1/10
t 'fd: of a memfd'		'of memory\n'		$NSDEBUG cat "$T" fd:1/11
t 'fd: of a file of the image'	'1\n'	sh -c \
	'"$NSDEBUG" cat "$1" fd:1/14 | grep -c Distroless' - "$T"
t 'fd: of a volume'		''	sh -c '"$NSDEBUG" cat "$1" fd:1/15 | cmp - "$2/hold.py"' - "$T" "$D"
t 'fd: several'			'gone but open\nof memory\n'	$NSDEBUG cat "$T" fd:1/10 fd:1/11
t 'fd: --offset and --bytes'	'but'	$NSDEBUG cat --offset 5 --bytes 3 "$T" fd:1/10
t 'fd: -n'			'     1\tof memory\n'	$NSDEBUG cat -n "$T" fd:1/11
tj 'fd: JSON'			'.items == [{path: "fd:1/11", offset: 0, text: "of memory\n"}]' \
	$NSDEBUG cat -o json "$T" fd:1/11
ts 'fd: of a directory'		4 'is a directory'	$NSDEBUG cat "$T" fd:1/12
ts 'fd: of a pipe'		4 'is a FIFO'		$NSDEBUG cat "$T" fd:1/13
ts 'fd: of a device'		4 'is a character device'	$NSDEBUG cat "$T" fd:1/0
ts 'fd: that is not open'	1 'has no descriptor 99'	$NSDEBUG cat "$T" fd:1/99
ts 'fd: of no process'		1 'no process 4000 in'	$NSDEBUG cat "$T" fd:4000/1
ts 'fd: of a process of the host'	1 'no process'	$NSDEBUG cat "$T" fd:$$/0
for w in fd: fd:1 fd:1/ fd:/1 fd:x/1 fd:1/x fd:-1/1 fd:1/1/1 fd:99999999999999999999/1; do
	ts "$w is no form"	2 'not of the form fd:PID/N'	$NSDEBUG cat "$T" $w
done
ts 'fd: and a path'	2 'do not mix'	$NSDEBUG cat "$T" fd:1/10 /data/text
ts './fd: is a path'	1 'No such file'	$NSDEBUG cat "$T" ./fd:1/10

# A runtime whose caller's stdin was a file of the host: the container holds what it could not open.
leaked() {
	mkdir "$TMP/leak"
	cp -r "$FX/boxes/$PY" "$TMP/leak/bundle" 2>/dev/null
	(cd "$TMP/leak/bundle" &&
	jq '.process.args = ["/app/server"]' config.json >c &&
	jq '.root.path = "'"$FX"'/roots/static" | .mounts |= map(select(.destination != "/data"))' \
		c >config.json &&
	runc run -d "nsd-leak-$$" <"$TMP/leak.txt" >/dev/null 2>err || cat err)
	at_exit "runc delete -f nsd-leak-$$"
}
leaked
wait_for "$NSDEBUG cat nsd-leak-$$ /proc/1/comm >/dev/null 2>&1" 20
ts 'fd: that leaked in from the host is refused'	4 'leaked in from outside'	\
	$NSDEBUG cat "nsd-leak-$$" fd:1/0
