#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace open: path, flags, mode, result, latency; the hunt for what is not there.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

mkdir "$TMP/py"
chmod 755 "$TMP/py"
cat >"$TMP/py/open.py" <<-'E'
	import ctypes, os, struct, time
	libc = ctypes.CDLL(None, use_errno=True)
	def attempt(*args, **kw):
	    try:
	        return os.open(*args, **kw)
	    except OSError:
	        return -1
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	attempt('/etc/passwd', os.O_RDONLY)
	attempt('/nothing/here', os.O_RDONLY | os.O_CLOEXEC)
	attempt('/etc/new', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
	attempt('/tmp/new', os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o604)
	attempt('/secret', os.O_RDONLY)
	attempt('/tmp', os.O_RDWR | os.O_TMPFILE, 0o600)
	d = attempt('/etc', os.O_RDONLY | os.O_DIRECTORY)
	attempt('hostname', os.O_RDONLY, dir_fd=d)
	attempt('/tmp/\x1b[31m\n\xff', os.O_RDONLY)
	attempt('/tmp/' + 'long/' * 150, os.O_RDONLY)
	how = struct.pack('QQQ', os.O_RDONLY, 0, 8)
	libc.syscall(437, -100, b'/etc/group', how, len(how))
	libc.syscall(85, b'/tmp/created', 0o600)
	libc.syscall(2, None, 0)
	E
touch "$TMP/secret"
chmod 600 "$TMP/secret"
start() {
	rm -f py/go
	box_run python3 --bind "$TMP/py:/py:ro" --bind "$TMP/secret:/secret:ro" -- \
		/usr/bin/python3 /py/open.py
	asleep "$BOXPID"
	trace_start open "$BOX" "$@"
	: >py/go
	trace_wait
}
start -T
t 'it has nothing to complain' 'nsdebug: the target has ended\n' cat said
one() { echo "map(select(.path == \"$1\")) | .[0] | $2"; }
tr_rows 'a file' "$(one /etc/passwd '.fd > 2 and .error == null and (.flags | test("^O_RDONLY")) and .mode == null and .dirfd == null')"
tr_rows 'one that is not there' "$(one /nothing/here '.fd == null and .error == "ENOENT" and .flags == "O_RDONLY|O_CLOEXEC"')"
tr_rows 'one on a read-only file system' "$(one /etc/new '.error == "EROFS" and .mode == "0640" and .flags == "O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC"')"
tr_rows 'a new one' "$(one /tmp/new '.error == null and .mode == "0604" and .flags == "O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_CLOEXEC"')"
tr_rows 'one that it may not read' "$(one /secret '.error == "EACCES"')"
tr_rows 'O_TMPFILE has a mode' "$(one /tmp '.mode == "0600" and (.flags | test("O_TMPFILE"))')"
tr_rows 'a relative one' "$(one hostname '.dirfd > 2')"
tr_rows 'hostile bytes' 'any(.path == "/tmp/\u001b[31m\n\u00ff")'
tr_rows 'a long one' 'any(.path == "/tmp/" + "long/" * 150)'
tr_rows 'openat2' "$(one /etc/group '.flags == "O_RDONLY" and .resolve == "RESOLVE_BENEATH" and .error == "EXDEV"')"
tr_rows 'creat' "$(one /tmp/created '.flags == "O_WRONLY|O_CREAT|O_TRUNC" and .mode == "0600" and .fd > 2')"
tr_rows 'a name that cannot be read' 'any(.path == null and .error == "EFAULT")'
tr_rows 'how long they took' 'all(.took_s > 0 and .took_s < 60)'
tr_rows 'who' 'all(.comm == "python3" and .pid == 1 and .host_pid == '"$BOXPID"' and .uid == 65532)'
start --failed --filter 'error != ENOENT && path'
tr_rows '--failed' '[.[].error] | sort == ["EACCES", "EROFS", "EXDEV"]'
tr_rows 'no times without -T' 'all(.took_s == null)'
start --filter 'path ~ "/etc/[np]*"'
tr_rows '--filter' '[.[].path] | sort == ["/etc/new", "/etc/passwd"]'
start --slower 1h
tr_rows '--slower' 'length == 0'
