#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace fs: what is changed, to what, with which result; what takes long, and of which file.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

mkdir "$TMP/py" "$TMP/data"
chmod 755 "$TMP/py"
chown 65532 "$TMP/data"
cat >"$TMP/py/fs.py" <<-'E'
	import ctypes, os, struct, time
	libc = ctypes.CDLL(None, use_errno=True)
	def attempt(f, *args, **kw):
	    try:
	        return f(*args, **kw)
	    except OSError:
	        return -1
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	os.chdir('/data')
	a = os.open('/data/new', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o4640)
	os.close(os.open('perhaps', os.O_RDWR | os.O_CREAT, 0o600))
	os.close(os.open('perhaps', os.O_WRONLY | os.O_TRUNC))
	os.close(os.open('perhaps', os.O_RDONLY))
	os.mkdir('dir', 0o1750)
	d = os.open('dir', os.O_RDONLY)
	os.close(os.open('below', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=d))
	os.rename('below', '/data/moved', src_dir_fd=d)
	libc.syscall(316, -100, b'moved', d, b'again', 1)
	os.link('new', 'linked')
	os.symlink('where/it/leads', 'symbolic')
	os.mkfifo('fifo', 0o622)
	attempt(os.mknod, 'device', 0o20600, os.makedev(1, 3))
	os.chmod('new', 0o751)
	os.fchmod(a, 0o600)
	attempt(os.chown, 'new', 5, -1)
	attempt(os.fchown, a, -1, 6)
	os.truncate('new', 1234)
	os.ftruncate(a, 99)
	os.utime('new', (1, 2))
	os.utime(a, (3, 4))
	attempt(os.setxattr, 'new', 'user.note', b'12345')
	attempt(os.removexattr, 'new', 'user.none')
	attempt(os.mkdir, '/etc/dir')
	attempt(os.unlink, '/etc/passwd')
	os.unlink('linked')
	os.unlink('perhaps')
	attempt(os.rmdir, "dir")
	attempt(os.unlink, '/data/\x1b[31m\n')
	libc.syscall(87, None)
	while os.path.exists('/py/stay'):
	    time.sleep(0.01)
	E
BOXPID=
again() { # what is left of the one before would do it in the new one's files
	[ -z "$BOXPID" ] || ended "$BOXPID"
	rm -rf py/go data/*
}
start() {
	again
	box_run python3 --bind "$TMP/py:/py:ro" --bind "$TMP/data:/data" -- /usr/bin/python3 "${SCRIPT:-/py/fs.py}"
	asleep "$BOXPID"
	trace_start fs "$BOX" "$@"
	: >py/go
	trace_wait
}
one() { echo "map(select(.op == \"$1\" and .path == \"$2\")) | length == 1 and (.[0] | $3)"; }
fd() { echo "map(select(.op == \"$1\" and .path == null and .file != null)) | length == 1 and (.[0] | $2)"; }

start -T
t 'it has nothing to complain' 'nsdebug: the target has ended\n' cat said
tr_rows 'a new file' "$(one create /data/new '.error == null and .mode == "4640 rw-r----- set-user-id" and (.call | test("open"))')"
tr_rows 'one that may be new' "$(one opencreat perhaps '.error == null and .mode == "0600 rw-------" and .dirfd == null')"
tr_rows 'one that is cut' "$(one truncate perhaps '.error == null and .mode == null')"
tr_rows 'an open that changes nothing is no change' 'all(.op != "open" and .op != "read")'
tr_rows 'a directory' "$(one mkdir dir '.mode == "1750 rwxr-x--- sticky" and .error == null')"
tr_rows 'in a directory that is open' "$(one create below '.dirfd > 2')"
tr_rows 'renamed' "$(one rename below '.dirfd > 2 and .to == "/data/moved" and .to_dirfd == null and .error == null')"
tr_rows 'renamed, not over another' "$(one rename moved '.to == "again" and .to_dirfd > 2 and .dirfd == null and .call == "renameat2"')"
tr_rows 'linked' "$(one link new '.to == "linked"')"
tr_rows 'a symbolic link' "$(one symlink symbolic '.to == "where/it/leads"')"
tr_rows 'a fifo' "$(one mknod fifo '.mode == "0622 rw--w--w-" and .error == null')"
tr_rows 'a device, refused' "$(one mknod device '.error == "EPERM"')"
tr_rows 'permissions' "$(one chmod new '.mode == "0751 rwxr-x--x"')"
tr_rows 'of a descriptor: the kernel names its file' "$(fd chmod '.file == "/data/new" and .fd > 2 and .mode == "0600 rw-------"')"
tr_rows 'an owner' "$(one chown new '.new_uid == 5 and .new_gid == null and .error == "EPERM"')"
tr_rows 'a group, of a descriptor' "$(fd chown '.file == "/data/new" and .new_uid == null and .new_gid == 6 and .error == "EPERM"')"
tr_rows 'cut' "$(one truncate new '.size == 1234')"
tr_rows 'cut by a descriptor' "$(fd truncate '.size == 99 and .file == "/data/new"')"
tr_rows 'times' "$(one utimes new '.error == null')"
tr_rows 'of a descriptor' "$(fd utimes '.file == "/data/new" and .fd > 2 and .dirfd == null and .error == null')"
tr_rows 'an attribute' "$(one setxattr new '.to == "user.note" and .size == 5')"
tr_rows 'one that is taken away' "$(one rmxattr new '.to == "user.none" and .error != null')"
tr_rows 'on a read-only file system' "$(one mkdir /etc/dir '.error == "EROFS"')"
tr_rows 'removed' "$(one unlink linked '.error == null')"
tr_rows 'one that it may not remove' "$(one unlink /etc/passwd '.error == "EROFS"')"
tr_rows 'a directory that is not empty' "$(one rmdir dir '.error == "ENOTEMPTY"')"
tr_rows 'hostile bytes' 'any(.op == "unlink" and .path == "/data/\u001b[31m\n" and .error == "ENOENT")'
tr_rows 'a name that cannot be read' 'any(.op == "unlink" and .path == null and .error == "EFAULT")'
tr_rows 'how long they took' 'all(.took_s > 0 and .took_s < 60)'
tr_rows 'who' 'all(.comm == "python3" and .pid == 1 and .host_pid == '"$BOXPID"' and .uid == 65532)'

start --failed --filter 'error==EROFS'
tr_rows '--failed, --filter' '[.[] | [.op, .path]] | sort == [["mkdir", "/etc/dir"], ["unlink", "/etc/passwd"]]'
touch py/stay
again
box_run python3 --bind "$TMP/py:/py:ro" --bind "$TMP/data:/data" -- /usr/bin/python3 /py/fs.py
asleep "$BOXPID"
trace_start fs "$BOX" --stack --filter 'op==symlink' --max-events 1
: >py/go
trace_wait
rm py/stay
tr_rows '--stack' 'length == 1 and (.[0].frames[0].function | test("^symlink"))'
start --max-events 2
tr_rows '--max-events' 'length == 2'
again
box_run python3 --bind "$TMP/py:/py:ro" --bind "$TMP/data:/data" -- /usr/bin/python3 /py/fs.py
asleep "$BOXPID"
"$NSDEBUG" trace fs "$BOX" >table 2>said &
TRACE=$!
wait_for _sealed 20 || fail 'it is attached' "$(cat said)"
: >py/go
trace_wait
ts 'the table: a name and its rights' 0 ' create +- +"/data/new", 4640 rw-r----- set-user-id$' cat table
ts 'the table: two names' 0 ' rename +- +"moved" -> "again", RENAME_NOREPLACE$' cat table
ts 'the table: a device' 0 ' mknod +EPERM +"device", character device 1:3, 0600 rw-------$' cat table
ts 'the table: an owner' 0 ' chown +EPERM +"new", owner 5$' cat table
ts 'the table: bytes are escaped' 0 ' unlink +ENOENT +"/data/.33\[31m.n"$' cat table

# ---- what takes long ----

cat >"$TMP/py/slow.py" <<-'E'
	import fcntl, os, time
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	os.chdir('/data')
	f = os.open('file', os.O_RDWR | os.O_CREAT, 0o600)
	for i in range(50):
	    os.write(f, b'x' * 100000)
	    os.fsync(f)
	os.lseek(f, 0, 0)
	while len(os.read(f, 65536)):
	    pass
	# a pipe that is read long before something comes is no file
	r, w = os.pipe()
	if os.fork() == 0:
	    time.sleep(0.2)
	    os.write(w, b'x')
	    os._exit(0)
	os.read(r, 1)
	E
SCRIPT=/py/slow.py
start --slower 1ns
tr_rows '--slower: writes, and of which file' '[.[] | select(.op == "write" and .size == 100000 and .error == null)] | length == 50 and
	all(.file == "/data/file" and .fd > 2 and .took_s > 0)'
tr_rows '--slower: fsync' '[.[] | select(.op == "fsync" and .file == "/data/file" and .size == null)] | length == 50'
tr_rows '--slower: reads' '[.[] | select(.op == "read" and .file == "/data/file") | .size] | add == 5000000'
tr_rows '--slower: what is opened' 'any(.op == "opencreat" and .path == "file")'
tr_rows '--slower: no pipe' 'all(.file != null or .path != null) and all(.size != 1)'
start --slower 1h
tr_rows '--slower 1h' 'length == 0'

box_run debug -- /busybox/busybox sleep 100000
asleep "$BOXPID"
NEIGHBOUR=$BOX
box_run debug --tmpfs /t -- /busybox/busybox sleep 100000
asleep "$BOXPID"
trace_start fs "$BOX" --filter 'comm==busybox'
runc exec "$NEIGHBOUR" /busybox/busybox mkdir /tmp/a >/dev/null 2>&1
in_box /busybox/busybox mkdir /t/b
trace_stop
tr_rows 'no neighbour' '[.[].path] == ["/t/b"]'
