#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# What nsdebug is made of stays its own: no core, no library, no file and no environment of
# somebody else gets in or out.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc strace setpriv setcap

# ---- the child that is inside, held in the middle of a cat ----

hostile_box --caps sys_admin -- 'dd if=/dev/zero of=/big bs=1M count=8 2>/dev/null; mkdir /core'
mkfifo "$TMP/slow"
child=
find_child() {
	child=$(cut -d' ' -f1 "/proc/$front/task/$front/children") && [ -n "$child" ] &&
		[ "$(stat -Lc %i "/proc/$child/ns/mnt")" = "$boxmnt" ] &&
		grep -q '^Seccomp:.2' "/proc/$child/status"
}
boxmnt=$(stat -Lc %i "/proc/$BOXPID/ns/mnt")
hold() { # a cat whose reader does not read: FD 7 is the reader's end
	"$NSDEBUG" --timeout 60s cat "$BOX" /big >"$TMP/slow" 2>"$TMP/held" &
	front=$!
	exec 7<"$TMP/slow"
	wait_for find_child 10 || fail 'a child is inside' "$(cat "$TMP/held")"
}
let_go() {
	cat <&7 >/dev/null
	exec 7<&-
	wait "$front"
	echo $? >"$TMP/held.status"
}
hold
ns() { stat -Lc %i "/proc/$1/ns/$2"; }
for n in pid net user ipc uts cgroup; do
	t "3 it joins no $n namespace" "$(ns self $n)\n" ns "$child" $n
done
t '3 it is in the mount namespace' "$boxmnt\n" ns "$child" mnt
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$child/status"; }
t '3 its one capability is DAC_READ_SEARCH' '0000000000000004\n' status CapEff
t '3 and no other is to be had' '0000000000000004\n' status CapPrm
t '3 nor inherited' '0000000000000000\n' status CapInh
t '3 no new privileges' '1\n' status NoNewPrivs
limits() { sed -n "s/^$1 *\\([^ ]*\\) *\\([^ ]*\\) .*/\\1 \\2/p" "/proc/$child/limits"; }
t '43 it may write no core' '0 0\n' limits 'Max core file size'
t '3 it may write no file' '0 0\n' limits 'Max file size'
t '3 it may start no process' '0 0\n' limits 'Max processes'
# all it has: what it reads, its root, its own descriptors' directory, pipes
t '3 no descriptor of the host' '' sh -c 'for f in /proc/$1/fd/*; do
	case $(readlink "$f") in pipe:* | / | /big | /fd | /proc/*/fd | "") ;;
	*) readlink "$f" ;; esac; done' - "$child"
straced "$TMP/strace" -e trace=open_tree,mount_setattr,chroot \
	"$NSDEBUG" ls "$BOX" / >/dev/null 2>&1
ts '3 its copy of the mounts is read-only, nosuid, nodev, noexec' 0 \
	'mount_setattr\(.*AT_RECURSIVE.*RDONLY.*NOSUID.*NODEV.*NOEXEC.* = 0' cat "$TMP/strace"
t '3 and is its root' '1\n' grep -c 'chroot("\.") *= 0' "$TMP/strace"

filter_of() { # VERB [OPTION...]: which calls that fetch and hand on messages its reader has
	straced "$TMP/strace" -v -e trace=seccomp "$NSDEBUG" "$@" "$BOX" >/dev/null 2>&1
	grep 'JEQ, 0x1b5,' "$TMP/strace" | grep -Eo 'JEQ, 0x2[cdef],' | sort -u
}
if [ -z "$SAN" ]; then
	t '3 a reader has no call that takes or gives messages' '' filter_of ls
	t '3 but one that opens debug files: to be asked, and to hand them on' \
		'JEQ, 0x2d,\nJEQ, 0x2e,\n' filter_of stack
	t '3 and one that says why a path is refused: to be asked, and to answer' \
		'JEQ, 0x2c,\nJEQ, 0x2d,\n' filter_of why --path /
fi

# ---- 43: it dies of a signal in there ----

cores() { find "$ROOT/" -xdev -name 'core*' -type f 2>/dev/null; }
kill -SEGV "$child"
let_go
t '43 SIGSEGV in the container: said, and its status' '126\n' cat "$TMP/held.status"
ts '43 SIGSEGV is said to be a possible attack' 0 "signal $([ -n "$SAN" ] && echo 31 || echo 11).*attack" cat "$TMP/held"
t '43 no core in the container' '' cores
pattern=$(cat /proc/sys/kernel/core_pattern)
case $pattern in
'|'* | /*)	skip '43 trap: another process does leave one' "core_pattern is $pattern" ;;
*)	inside 'cd /core && ulimit -c unlimited && { sleep 100 & p=$!; kill -SEGV $p; wait $p; }' 2>/dev/null
	ts '43 trap: another process does leave one' 0 "/core/$pattern" cores ;;
esac
hold
kill -KILL "$child"
let_go
t '43 SIGKILL of the child: its status' '126\n' cat "$TMP/held.status"
hold
kill -SYS "$child"
let_go
ts '43 SIGSYS of the child: said' 0 'signal 31.*attack' cat "$TMP/held"
t '43 the container goes on' 'yes\n' inside 'echo yes'

# ---- the tracer, while its programs are attached ----

limited() { # PID: its limits of file size and of processes
	sed -n 's/^Max \(file size\|processes\) *\([^ ]*\) .*/\2/p' "/proc/$1/limits"
}
others() { # PID PATTERN (grep -Ex)...: its descriptors that are none of these
	for _f in "/proc/$1/fd"/*; do
		_to=$(readlink "$_f") && echo "$_to" | grep -Evx "$2"
	done
	return 0
}
find_tracer() {
	for tracer in $(cat "/proc/$front_of_trace/task/$front_of_trace/children"); do
		! grep -q '^Seccomp_filters:.[2-9]' "/proc/$tracer/status" ||
			! grep -q '^CapEff:.0*$' "/proc/$tracer/status" ||
			! readlink "/proc/$tracer/fd"/* | grep -q 'bpf' || return 0
	done
	return 1
}
tracer_is_sealed() { # NAME DESCRIPTORS COMMAND...: what it has besides pipes, grep -E
	_who=$1 _has=$2
	shift 2
	"$@" >"$TMP/traced" 2>&1 &
	front_of_trace=$!
	wait_for find_tracer 30 || fail "$_who is attached" "$(cat "$TMP/traced")"
	for n in mnt pid net user ipc uts cgroup; do
		t "3 $_who joins no $n namespace" "$(ns self $n)\n" ns "$tracer" $n
	done
	of_tracer() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$tracer/status"; }
	t "3 $_who has no capability" '0000000000000000\n' of_tracer CapEff
	t '3 and none is to be had' '0000000000000000\n' of_tracer CapPrm
	t "3 no new privileges for $_who" '1\n' of_tracer NoNewPrivs
	t "3 $_who may write no file and start no process" '0\n0\n' limited "$tracer"
	t "3 $_who has no other descriptor" '' others "$tracer" "pipe:.*|$_has"
	kill -INT "$front_of_trace"
	wait "$front_of_trace"
	t "3 $_who ends when it is asked to" '130\n' echo $?
}
# its programs, what the kernel says of them, the target
of_trace='anon_inode:bpf.*|anon_inode:\[pidfd\]|pidfd:.*|/proc/[0-9]*/fdinfo/.*'
if [ -e /sys/kernel/btf/vmlinux ]; then
	has_verb trace-exec && tracer_is_sealed 'the tracer' "$of_trace" \
		"$NSDEBUG" trace exec "$BOX" --for 60s
	of_prof='anon_inode:\[perf_event\]|socket:.*|/sys/fs/cgroup/.*/cpu.stat|/proc/kallsyms'
	# clocks that tick; who opens debug files, who knows where code is; names, seconds
	has_verb prof && tracer_is_sealed "prof's" "$of_trace|$of_prof" \
		"$NSDEBUG" prof "$BOX" --for 60s
fi

# ---- those that copy a process: each stopped behind a call that no other one has ----

find_stopped() {
	child=$(grep -l 'stopped by SIGSTOP' "$TMP"/role.* 2>/dev/null | head -n 1)
	child=${child##*.}
	[ -n "$child" ]
}
stopped_at() { # CALL COMMAND...: sets child
	_call=$1
	shift
	for _ in 1 2 3; do	# who runs may wait for a processor
		rm -f "$TMP"/role.*
		strace -ff -v -o "$TMP/role" -e trace="seccomp,$_call" \
			-e inject="$_call:signal=SIGSTOP:when=1" "$@" >"$TMP/held" 2>&1 &
		tracing=$!
		wait_for 'find_stopped || ! kill -0 $tracing 2>/dev/null' 30
		! find_stopped || return 0
		wait "$tracing"
	done
	return 1
}
filter_has() { # CALL...: numbers of those that it may make, of the last filter
	grep seccomp "$TMP/role.$child" | tail -n 1 >"$TMP/filter"
	for _c; do
		! grep -q "JEQ, $_c," "$TMP/filter" || echo "$_c"
	done
}
OPENAT=0x101 EXECVE=0x3b CLONE=0x38 CLONE3=0x1b3 SOCKET=0x29 SETNS=0x134 PTRACE=0x65 READV=0x136
WRITEV=0x137 BPF=0x141 PERF=0x12a KILL=0x3e
files_to_write() { # PID: how many
	for _f in "/proc/$1/fdinfo"/*; do
		! grep -q '^flags:.*[12]$' "$_f" || readlink "/proc/$1/fd/${_f##*/}"
	done | grep -c ^/
}
is_sealed() { # NAME CALL CAPABILITIES DESCRIPTORS CALLS COMMAND...: of these calls it has those
	_who=$1 _at=$2 _caps=$3 _has=$4 _calls=$5
	shift 5
	if ! stopped_at "$_at" "$@"; then
		fail "3 $_who is there" "$(cat "$TMP/held")"
		return
	fi
	for n in mnt pid net user ipc uts cgroup; do
		t "3 $_who joins no $n namespace" "$(ns self $n)\n" ns "$child" $n
	done
	t "3 $_who has its capabilities" "$_caps\n" status CapEff
	t '3 and no other is to be had' "$_caps\n" status CapPrm
	t '3 nor inherited' '0000000000000000\n' status CapInh
	t "3 $_who: no new privileges" '1\n' status NoNewPrivs
	t "3 $_who has a filter" '2\n' status Seccomp
	[ -n "$SAN" ] || t "3 $_who has the calls of its role" "$_calls" filter_has $OPENAT $EXECVE \
		$CLONE $CLONE3 $SOCKET $SETNS $PTRACE $READV $WRITEV $BPF $PERF $KILL
	t "43 $_who may write no core" '0 0\n' limits 'Max core file size'
	t "3 $_who may start no process" '0 0\n' limits 'Max processes'
	t "3 $_who may write a file: $_writes" "$_writes\n" sh -c 'sed -n "s/^Max file size *\([^ ]*\) .*/\1/p" \
		"/proc/$1/limits"' - "$child"
	t "3 $_who has no other descriptor" '' others "$child" "pipe:.*|socket:.*|$_has"
	ts "3 $_who can write to files: $_files" $((!_files)) "^$_files\$" files_to_write "$child"
	# it dies with its front; the next of its kind would be stopped, too
	kill -9 "$(status PPid)"
	wait "$tracing" 2>/dev/null
}
_writes=0 _files=0
busy=$(inside 'sh -c "while :; do :; done" >/dev/null 2>&1 & echo $!')	# runs all the time
if [ -e /proc/sys/kernel/perf_event_paranoid ]; then
	# without BPF it is asked for whoever runs; Debian's kernels may want CAP_SYS_ADMIN of who samples
	_caps=0000004000000000
	[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ] || _caps=0000004000200000
	is_sealed 'the sampler' perf_event_open $_caps 'anon_inode:\[perf_event\]' "$PERF\n" \
		setpriv --bounding-set -bpf --inh-caps -bpf "$NSDEBUG" --timeout 60s stack "$BOX" --no-stop
else
	skip '3 the sampler' 'this kernel has no perf events'
fi
if [ -e /sys/kernel/btf/vmlinux ]; then
	is_sealed 'the iterator' bpf 000000c000000000 'anon_inode:.*|/sys/kernel/btf/vmlinux|/memfd:btf \(deleted\)' \
		"$OPENAT\n$BPF\n" "$NSDEBUG" --timeout 60s stack "$BOX" --no-stop
fi
is_sealed 'the stopper' ptrace 0000000000080000 '' "$PTRACE\n" \
	"$NSDEBUG" --timeout 60s core "$BOX" -w "$TMP/sealed.core" --max-pause 10s
in_proc='/proc|/proc/[0-9]*(/.*)?|anon_inode:\[pidfd\]|/sys/fs/cgroup/.*'
is_sealed 'who copies' sched_setscheduler 0000010000080004 "$in_proc|/busybox/busybox" "$OPENAT\n$READV\n" \
	"$NSDEBUG" --timeout 60s stack "$BOX" --no-stop
# what it copied it looks at when it has no right left, but the files of the code
is_sealed 'who parses' mincore 0000000000000000 /busybox/busybox '' \
	"$NSDEBUG" --timeout 60s stack "$BOX" --no-stop
_writes=unlimited _files=1
is_sealed 'who writes a core' process_vm_readv 0000010000080004 "$in_proc|/busybox/busybox|$TMP/#[0-9]* \(deleted\)" "$OPENAT\n$READV\n" \
	"$NSDEBUG" --timeout 60s core "$BOX" -fw "$TMP/sealed.core" --max-pause 10s
inside "kill -9 $busy"

# ---- the child that looks for containers among the processes, held by a user's home ----

if [ -c /dev/fuse ]; then
	hex=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
	files=$TMP/home/vfs-containers
	mkdir -p "$TMP/dead" "$files"
	"$O/tests/hostile/fused" "$TMP/dead" lookup
	wait_for '[ -s "$TMP/dead.pid" ]' 10
	at_exit "kill -9 $(cat "$TMP/dead.pid"); umount -l '$TMP/dead'"
	claim() { # BUNDLE: a user's container there
		background "$TMP/claim" "$O/tests/hostile/monitor" 61004 conmon "$FX/roots/base" \
			/usr/bin/conmon -c "$hex" -n "sealed-$$" -b "$1"
		at_exit "kill -9 $(cat "$TMP/claim")"
	}
	claim "$TMP/dead/a/$hex/userdata"
	"$NSDEBUG" --timeout 60s list -o json >"$TMP/listed" 2>&1 &
	front=$!
	find_scanner() { # the one that waits: another may have said all, and be a zombie
		for child in $(cat "/proc/$front/task/$front/children"); do
			! grep -q request_wait "/proc/$child/wchan" || return 0
		done
		return 1
	}
	wait_for find_scanner 10 || fail 'a child is held' "$(cat "$TMP/listed")"
	for n in mnt pid net user ipc uts cgroup; do
		t "3 the scanner joins no $n namespace" "$(ns self $n)\n" ns "$child" $n
	done
	t '3 the scanner may look at processes and past file modes' '0000000000080004\n' status CapEff
	t '3 and no other is to be had' '0000000000080004\n' status CapPrm
	t '3 the scanner has a filter' '2\n' status Seccomp
	t '3 no new privileges' '1\n' status NoNewPrivs
	t '43 it may write no core' '0 0\n' limits 'Max core file size'
	t '3 it may write no file' '0 0\n' limits 'Max file size'
	t '3 it has its pipe, /proc, and the way to what it opens' '' sh -c 'for f in /proc/$1/fd/*; do
		case $(readlink "$f") in pipe:* | /proc | / | "$2" | */containers/storage/* | "") ;;
		*) readlink "$f" ;; esac; done' - "$child" "$TMP/dead"
	kill -9 "$front" "$BG" "$(cat "$TMP/claim")"

	printf '[{"id":"%s","metadata":"{\\"image-name\\":\\"of-a-user\\"}"}]' "$hex" >"$files/containers.json"
	chown 61004 "$files/containers.json"
	claim "$files/$hex/userdata"
	straced "$TMP/strace" -e trace=capset,read -s 256 "$NSDEBUG" list -o json >"$TMP/listed" 2>&1
	ts '3 benign: a file of a user is read' 0 'of-a-user' cat "$TMP/listed"
	ts '3 it is read when no right is left' 0 '^given up, read$' awk '
		/capset/ { none[$1] = /effective=0/ }
		/image-name/ { print none[$1] ? "given up, read" : "read with rights" }' "$TMP/strace"
	kill -9 "$BG" "$(cat "$TMP/claim")"
else
	skip '3 the scanner' 'this kernel has no FUSE'
fi

# ---- 44: planted libraries and tables ----

box_run base --uid 0 --rw --bind "$O/tests/hostile:/h:ro" --ready -- /app/server
ROOT=/proc/$BOXPID/root
lib=/lib/x86_64-linux-gnu
libdir=$ROOT/usr$lib
mkdir -p "$libdir/gconv" "$ROOT/usr/lib/locale/C.utf8" "$ROOT/usr/share/terminfo/x" \
	"$ROOT/usr/share/zoneinfo" "$ROOT/etc/terminfo/x"
for f in libnss_evil.so.2 libnss_files.so.2 libnss_compat.so.2 libnss_dns.so.2 libgcc_s.so.1 \
	libpthread.so.0 libasan.so.8 libunwind.so.8 libelf.so.1 gconv/UTF-16.so gconv/EVIL.so; do
	cp "$O/tests/hostile/planted" "$libdir/$f"
done
printf 'passwd: evil\ngroup: evil\nhosts: evil\n' >"$ROOT/etc/nsswitch.conf"
echo "/usr$lib/libnss_evil.so.2" >"$ROOT/etc/ld.so.preload"
echo 'module EVIL// INTERNAL EVIL 1' >"$libdir/gconv/gconv-modules"
for f in etc/ld.so.cache etc/localtime etc/resolv.conf etc/hosts etc/inputrc etc/host.conf \
	etc/terminfo/x/xterm usr/share/terminfo/x/xterm usr/share/zoneinfo/Evil usr/lib/locale/locale-archive \
	usr/lib/locale/C.utf8/LC_CTYPE root/.gdbinit root/.terminfo root/.nsdebugrc etc/nsdebug.conf; do
	mkdir -p "$(dirname "$ROOT/$f")"
	echo planted >"$ROOT/$f"
done

traced() { # NAME COMMAND...
	_name=$1
	shift
	straced "$TMP/strace" -e trace=open,openat,openat2,execve,execveat,setns,uselib,mmap \
		env TERM=xterm LANG=evil.UTF-16 LC_ALL=evil.UTF-16 "$@" >/dev/null 2>"$TMP/said"
	_st=$?
	# env is one execve, nsdebug the other
	if [ "$(grep -c 'execve' "$TMP/strace")" -ne 2 ]; then
		fail "$_name: nothing is executed" "$(grep execve "$TMP/strace")"
	else
		pass "$_name: nothing is executed"
	fi
	sed '1,/execve.*nsdebug.*= 0$/d' "$TMP/strace" >"$TMP/ours"
	# the first is the front, which stays on the host: what it opens is the host's
	_front=$(sed 's/ .*//;q' "$TMP/ours")
	grep -v "^$_front " "$TMP/ours" | grep open | sed -n 's/^[^"]*"\([^"]*\)".*/\1/p' |
		grep -E "$_planted" >"$TMP/opened"
	# a build for sanitizers is dynamic: its own libraries are mapped before main()
	[ -n "$SAN" ] || grep PROT_EXEC "$TMP/ours" >>"$TMP/opened"
	[ ! -s "$TMP/opened" ] && pass "$_name: none of the planted files is opened" ||
		fail "$_name: none of the planted files is opened" "$(cat "$TMP/opened")"
	if grep 'setns(' "$TMP/ours" | grep -Eqv ", CLONE_($_joins)"; then
		fail "$_name: no namespace but $_joins" "$(grep setns "$TMP/ours")"
	else
		pass "$_name: no namespace but $_joins"
	fi
	[ ! -e "$ROOT/planted-ran" ] && pass "$_name: nothing planted ran (status $_st)" ||
		fail "$_name: nothing planted ran"
}
_joins=NEWNS
_planted='libnss|libgcc|libpthread|gconv|/ld\.so|locale|zoneinfo|terminfo|nsswitch|resolv\.conf'
_planted=$_planted'|/hosts|host\.conf|inputrc|gdbinit|nsdebug|/lib/|\.so'
t '44 benign' '0\n' sh -c '"$1" cat "$2" /etc/passwd | grep -c ^nobody.*planted; true' - "$NSDEBUG" "$BOX"
traced '44 ls -l' "$NSDEBUG" ls -l "$BOX" /
traced '44 ls -lR@, json' "$NSDEBUG" ls -lR@ -o json "$BOX" /app /home
traced '44 ls --color' "$NSDEBUG" ls --color=always "$BOX" /
traced '44 cat' "$NSDEBUG" cat "$BOX" /etc/passwd
traced '44 cat -A' "$NSDEBUG" cat -A "$BOX" /etc/passwd
traced '44 cat of what is not there' "$NSDEBUG" cat "$BOX" /nothing
traced '44 list' "$NSDEBUG" list
has_verb ps && traced '44 ps -f' "$NSDEBUG" ps -f "$BOX"
has_verb stack && traced '44 stack' "$NSDEBUG" stack "$BOX"
has_verb env && traced '44 env' "$NSDEBUG" env "$BOX"
if has_verb fds; then
	_joins=NEWNET
	traced '44 fds' "$NSDEBUG" fds -a "$BOX"
	traced '44 fds --deleted' "$NSDEBUG" fds --deleted "$BOX"
	# it is where it was before it looks at anything, and has one thing to ask the kernel with
	straced "$TMP/strace" -y -e trace=setns,seccomp,socket,capset,openat \
		"$NSDEBUG" fds "$BOX" >/dev/null 2>&1
	# another child looks for containers before; it is about the one that joined a namespace
	child=$(sed -n '/CLONE_NEWNET/s/ .*//p' "$TMP/strace" | tail -n 1)
	sed -i "/^$child /!d" "$TMP/strace"
	t '3 fds: back in its network namespace before the filter' "net:[$(stat -Lc %i /proc/self/ns/net)]\n" \
		sh -c 'sed "/seccomp(/q" "$1" | sed -n "s/.*setns([0-9]*<\(.*\)>, CLONE_NEWNET.*/\1/p" | tail -n 1' - "$TMP/strace"
	t '3 fds: no setns and no socket behind it' '' \
		sh -c 'sed "1,/seccomp(/d" "$1" | grep -E "setns\(|socket\("; :' - "$TMP/strace"
	t '3 fds: sockets of one kind' 'NETLINK_SOCK_DIAG\n' \
		sh -c 'sed -n "s/.*socket(AF_NETLINK, [^,]*, \([A-Z_]*\)).*/\1/p" "$1" | sort -u' - "$TMP/strace"
	t '3 fds: and no other' '' sh -c 'grep "socket(" "$1" | grep -v AF_NETLINK; :' - "$TMP/strace"
	ts '3 fds: capabilities to look at processes, none of the network' 0 \
		'capset\(.*effective=1<<CAP_DAC_READ_SEARCH\|1<<CAP_SYS_PTRACE\|1<<CAP_CHECKPOINT_RESTORE,' cat "$TMP/strace"
	_joins=NEWNS
fi
ts '44 trap: static glibc that asks for a user runs what is planted' 0 '' \
	"$O/tests/hostile/victim" "$BOXPID"
[ -e "$ROOT/planted-ran" ] && pass '44 trap: it did run' || fail '44 trap: it did run'

# ---- 45: environment and working directory ----

mkdir "$TMP/evil"
cd "$TMP/evil" || exit 99
for f in .gdbinit .nsdebugrc nsdebug.conf config.json core .terminfo libc.so.6 locale gconv-modules; do
	echo planted >"$f"
done
cp "$O/tests/hostile/planted" libevil.so
evil() {
	env -i LD_PRELOAD="$PWD/libevil.so" LD_LIBRARY_PATH="$PWD" LD_AUDIT="$PWD/libevil.so" \
		GCONV_PATH="$PWD" LOCPATH="$PWD" NLSPATH="$PWD/%N" LANG=../../evil LC_ALL=evil \
		LANGUAGE=evil TZ=":$PWD/core" TZDIR="$PWD" TERM=../../evil TERMINFO="$PWD" \
		TERMCAP="$PWD/core" TMPDIR="$PWD" HOME="$PWD" PATH="$PWD" XDG_CONFIG_HOME="$PWD" \
		XDG_RUNTIME_DIR="$PWD" NSDEBUG_CONFIG="$PWD/nsdebug.conf" NSDEBUG_ROOT="$PWD" \
		NSDEBUG_TIMEOUT=0 RUNC_ROOT="$PWD" MALLOC_CHECK_=3 GLIBC_TUNABLES=glibc.malloc.check=3 \
		DEBUGINFOD_URLS=http://127.0.0.1:1 UNW_DEBUG_LEVEL=9 COLUMNS=99999999 LINES=-1 \
		BASH_ENV="$PWD/core" IFS=x "$@"
}
same() { # NAME COMMAND...
	_name=$1
	shift
	(cd / && "$@") >"$TMP/clean" 2>&1
	evil "$@" >"$TMP/dirty" 2>&1
	cmp -s "$TMP/clean" "$TMP/dirty" && pass "$_name" ||
		fail "$_name" "$(diff "$TMP/clean" "$TMP/dirty")"
}
if [ -z "$SAN" ]; then
	same '45 ls -l is the same in a hostile environment' "$NSDEBUG" ls -l "$BOX" /etc
	same '45 cat' "$NSDEBUG" cat "$BOX" /etc/passwd
	same '45 help' "$NSDEBUG" help ls
	same '45 an error' "$NSDEBUG" ls "$BOX" /nothing
	evil /usr/bin/strace -f -E LD_PRELOAD -E LD_AUDIT -E LD_LIBRARY_PATH -o "$TMP/strace" \
		-e trace=file "$NSDEBUG" ls -l "$BOX" / >/dev/null 2>&1
	grep -F "$PWD" "$TMP/strace" | grep -v execve >"$TMP/opened"
	t '45 nothing of the working directory or the environment is looked at' '' cat "$TMP/opened"
	ts '45 the trace shows what is opened' 0 'openat.*proc' cat "$TMP/strace"
fi
t '45 nothing is left in the working directory' \
	'.gdbinit\n.nsdebugrc\n.terminfo\nconfig.json\ncore\ngconv-modules\nlibc.so.6\nlibevil.so\nlocale\nnsdebug.conf\n' \
	ls -1A
cd "$TMP" || exit 99

# ---- 46: copies that any user may start ----

cp "$NSDEBUG" "$TMP/plain"
cp "$NSDEBUG" "$TMP/setuid"
cp "$NSDEBUG" "$TMP/setgid"
cp "$NSDEBUG" "$TMP/caps"
chmod 755 "$TMP/plain"
chmod 4755 "$TMP/setuid"
chmod 2755 "$TMP/setgid"
chmod 755 "$TMP/caps"
setcap cap_sys_ptrace,cap_sys_admin,cap_sys_chroot,cap_dac_read_search+ep "$TMP/caps" ||
	skip '46 file capabilities' 'this file system takes none'
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
ts '46 plain copy, root: works' 0 root "$TMP/plain" cat "$BOX" /etc/passwd
ts '46 plain copy, nobody: a privilege is missing' 77 . nobody "$TMP/plain" cat "$BOX" /etc/passwd
# the sanitizers' own run-time dies of a setgid program before it could be refused
for c in setuid ${SAN:-setgid} caps; do
	[ "$c" != "$SAN" ] || continue
	ts "46 $c copy, nobody: refused" 4 'setuid copy' nobody "$TMP/$c" cat "$BOX" /etc/passwd
	ts "46 $c copy, nobody: not even help" 4 'setuid copy' nobody "$TMP/$c" help
done
ts '46 trap: a setuid cat reads what nobody may not' 0 root \
	sh -c 'cp /bin/cat "$1/cat" && chmod 4755 "$1/cat" && setpriv --reuid 65534 --regid 65534 \
		--clear-groups "$1/cat" /etc/shadow' - "$TMP"
