#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace mount: old and new calls in words, refused or not; roots and namespaces.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

mkdir "$TMP/py"
chmod 755 "$TMP/py"
cat >"$TMP/py/mount.py" <<-'E'
	import ctypes, os, struct, time
	libc = ctypes.CDLL(None, use_errno=True)
	def attempt(f, *args):
	    try:
	        return f(*args)
	    except OSError:
	        return -1
	def call(nr, *args):
	    return libc.syscall(nr, *args)
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	for d in ('/t/a', '/t/b', '/t/c', '/t/d'):
	    os.mkdir(d)
	mount = libc.mount
	mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
	mount(b'some', b'/t/a', b'tmpfs', 2 | 4 | 8, b'size=64k')
	mount(b'/t/a', b'/t/b', None, 4096 | 16384, None)
	mount(None, b'/t/b', None, 32 | 4096 | 1 | 2 | 4 | 8, None)
	mount(None, b'/t/b', None, (1 << 18) | 16384, None)
	mount(b'/t/b', b'/t/c', None, 8192, None)
	libc.umount2(b'/t/c', 2)
	libc.umount2(b'/nothing', 0)
	f = call(430, b'tmpfs', 1)
	call(431, f, 1, b'size', b'32k', 0)
	call(431, f, 0, b'nonsense', None, 0)
	call(431, f, 6, None, None, 0)
	m = call(432, f, 1, 1 | 8)
	call(429, m, b'', -100, b'/t/d', 4)
	o = call(428, -100, b'/t/d', 1 | 0x8000)
	attr = struct.pack('QQQQ', 2, 8, 0, 0)
	call(442, -100, b'/t/d', 0, attr, len(attr))
	call(442, o, b'', 0x1000 | 0x8000, attr, len(attr))
	call(155, b'/t/a', b'/t/a/old')
	call(161, b'/t/a\x1b[31m')
	u = os.open('/proc/self/ns/uts', os.O_RDONLY)
	call(308, u, 0x4000000)
	call(272, 0x4000000 | 0x8000000)
	call(161, b'/t')
	call(165, 1, 2, 3, 0, 0)
	while os.path.exists('/py/stay'):
	    time.sleep(0.01)
	E
start() { # OPTIONS -- of trace mount; the rest is box_run's
	_words=
	while [ "$1" != -- ]; do
		_words="$_words $1"
		shift
	done
	shift
	rm -f py/go
	box_run python3 --no-seccomp --bind "$TMP/py:/py:ro" --tmpfs /t "$@" -- /usr/bin/python3 /py/mount.py
	asleep "$BOXPID"
	# shellcheck disable=SC2086	# words
	trace_start mount "$BOX" $_words
	: >py/go
	trace_wait
}
is() { echo "map(select(.op == \"$1\" and (.what | startswith($2)))) | length == 1 and (.[0] | $3)"; }

start -T -- --uid 0 --caps sys_admin,sys_chroot
t 'it has nothing to complain' 'nsdebug: the target has ended\n' cat said
tr_rows 'a file system' "$(is mount '"\"tmpfs\" of"' '.what == "\"tmpfs\" of \"some\" -> \"/t/a\": nosuid, nodev, noexec, \"size=64k\"" and
	.error == null and .source == "some" and .path == "/t/a" and .fstype == "tmpfs" and .data == "size=64k"')"
tr_rows 'bound' "$(is bind '"\"/t/a\""' '.what == "\"/t/a\" -> \"/t/b\", and all below" and .error == null')"
tr_rows 'bound again as read-only' "$(is remount '"\"/t/b\""' '.what == "\"/t/b\" alone: read-only, nosuid, nodev, noexec" and .error == null')"
tr_rows 'how it propagates' "$(is propagate '"\"/t/b\""' '.what == "\"/t/b\": private, and all below" and .error == null')"
tr_rows 'moved' "$(is move '"\"/t/b\""' '.what == "\"/t/b\" -> \"/t/c\"" and .call == "mount" and .error == null')"
tr_rows 'unmounted' "$(is umount '"\"/t/c\""' '.what == "\"/t/c\": detached" and .error == null')"
tr_rows 'one that is not there' "$(is umount '"\"/nothing\""' '.error == "ENOENT"')"
tr_rows 'fsopen' "$(is fsopen '"a new \"tmpfs\""' '.fd > 2 and .error == null')"
tr_rows 'fsconfig: an option' 'any(.op == "fsconfig" and (.what | test("^descriptor [0-9]+: \"size\" = \"32k\"$")) and
	.data == "size" and .error == null)'
tr_rows 'fsconfig: one that it does not have' 'any(.op == "fsconfig" and (.what | test(": \"nonsense\"$")) and .error == "EINVAL")'
tr_rows 'fsconfig: create' 'any(.op == "fsconfig" and (.what | test(": create$")) and .error == null)'
tr_rows 'fsmount' "$(is fsmount '"a mount"' '.fd > 2 and (.what | test("^a mount of descriptor [0-9]+: read-only, noexec$"))')"
tr_rows 'move_mount' "$(is move '"descriptor"' '.what | test("^descriptor [0-9]+ -> \"/t/d\"$")')"
tr_rows 'open_tree' "$(is open_tree '"a copy"' '.what == "a copy of the mount at \"/t/d\", and all below" and .fd > 2')"
tr_rows 'mount_setattr' "$(is setattr '"\"/t/d\""' '.what == "\"/t/d\": nosuid: not noexec" and .error == null')"
tr_rows 'mount_setattr, of a descriptor' "$(is setattr '"descriptor"' '.what | test("^descriptor [0-9]+, and all below: nosuid: not noexec$")')"
tr_rows 'pivot_root' "$(is pivot_root '"\"/t/a\""' '.what == "\"/t/a\", what was the root -> \"/t/a/old\"" and .error != null')"
tr_rows 'chroot, and hostile bytes' 'any(.op == "chroot" and .path == "/t/a\u001b[31m" and .error == "ENOENT" and
	(.what | test("\u001b") | not))'
tr_rows 'setns' "$(is setns '"descriptor"' '(.what | test("^descriptor [0-9]+: uts$")) and .error == null')"
tr_rows 'unshare' "$(is unshare '"new"' '.what == "new: uts, ipc" and .error == null')"
tr_rows 'chroot' "$(is chroot '"\"/t\""' '.error == null and .path == "/t"')"
tr_rows 'names that cannot be read' "$(is mount '"? of ?"' '.error == "EFAULT" and .path == null')"
tr_rows 'who, and how long' 'all(.comm == "python3" and .pid == 1 and .host_pid == '"$BOXPID"' and .uid == 0 and
	.took_s > 0 and .took_s < 60)'

start --failed --filter 'error==EPERM' -- --uid 65532
tr_rows 'a nonroot one may nothing of that' 'length > 10 and all(.error == "EPERM" and .uid == 65532 and .took_s == null) and
	([.[].op] | contains(["mount", "bind", "remount", "fsopen", "unshare", "chroot", "pivot_root"]))'
start --max-events 1 -- --uid 0 --caps sys_admin
tr_rows '--max-events' 'length == 1 and .[0].op == "mount"'
touch py/stay
rm -f py/go
box_run python3 --no-seccomp --bind "$TMP/py:/py:ro" --tmpfs /t -- /usr/bin/python3 /py/mount.py
trace_start mount "$BOX" --stack --filter 'op==bind' --max-events 1
: >py/go
trace_wait
rm py/stay
tr_rows '--stack' '.[0].frames[0].function == "mount"'

box_run debug --no-seccomp -- /busybox/busybox sleep 100000
asleep "$BOXPID"
NEIGHBOUR=$BOX
box_run debug --no-seccomp -- /busybox/busybox sleep 100000
asleep "$BOXPID"
trace_start mount "$BOX" --filter 'comm==busybox'
runc exec "$NEIGHBOUR" /busybox/busybox umount /a >/dev/null 2>&1
in_box /busybox/busybox umount /b
trace_stop
tr_rows 'no neighbour' 'length > 0 and all(.path == "/b" and .op == "umount")'
ts 'the table' 0 ' umount +E[A-Z]+ +- +"/b"' sh -c '"$1" trace mount "$2" --filter op==umount --max-events 1 & t=$!
	c=; until c=$(cat /proc/$t/task/$t/children) && [ "$c" ] &&
		grep -q "^Seccomp_filters:.[2-9]" "/proc/${c% }/status"; do :; done 2>/dev/null
	runc exec "$2" /busybox/busybox umount /b >/dev/null 2>&1
	wait $t' - "$NSDEBUG" "$BOX"
