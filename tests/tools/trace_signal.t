#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# trace signal: who sent what to whom, from inside and outside, and what became of it.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc
can_trace

box_run debug --ready -- /busybox/busybox sh -c 'echo ready
	while :; do kill -CONT $$; done'
box_run debug -- /busybox/busybox sleep 100000

trace_start signal "$BOX"
tells() { grep -ls "^$1:" "/proc/$TRACER/fdinfo"/* | wc -l; }
t 'the kernel still tells it what its program missed' '1 1\n' echo "$(tells link_type)" "$(tells recursion_misses)"
kill -TERM "$BOXPID"
kill -0 "$BOXPID"
in_box /busybox/busybox sh -c '/busybox/busybox sleep 50 & kill -USR1 $!; wait'
in_box /busybox/busybox sh -c 'trap : HUP; kill -HUP $$'
in_box /busybox/busybox sh -c 'trap "" INT; kill -INT $$'
in_box /busybox/busybox sh -c 'exec 2>/dev/null; ulimit -c 0; kill -SEGV $$'
trace_stop
t 'it has nothing to complain' '' cat said
one() { echo "map(select(.signal == \"$1\")) | .[0] | $2"; }
tr_rows 'SIGTERM from outside' "$(one SIGTERM '.from_pid == 0 and .pid == 1 and .number == 15 and
	.host_pid == '"$BOXPID"' and .from_host_pid == '$$' and .code == "SI_USER"')"
tr_rows 'it is ignored: pid 1 has no handler, which is said' \
	"$(one SIGTERM '.result == "ignored" and .action == "default" and (.note | test("pid 1 has no handler"))')"
tr_rows 'from inside' "$(one SIGUSR1 '.from_pid > 1 and .pid > .from_pid and .from == "busybox" and
	.result == "delivered" and .action == "default" and .note == null')"
tr_rows 'a handler' "$(one SIGHUP '.action == "handler" and .result == "delivered"')"
tr_rows 'one that the receiver ignores' "$(one SIGINT '.result == "ignored" and .note == null')"
tr_rows 'the end of a child' 'any(.signal == "SIGCHLD" and .code == "CLD_KILLED" and .from_pid > 1)'
tr_rows 'no neighbour' 'length < 40 and all(.signal != "SIGCONT")'
trace_start signal "$BOX" --failed --max-events 1
in_box /busybox/busybox sh -c 'kill -CONT $$; trap "" USR2; kill -USR2 $$'
trace_wait
tr_rows '--failed' 'length == 1 and .[0].signal == "SIGUSR2"'

# ---- blocked, pending, without room, of one thread, real time, the kernel's own ----

mkdir "$TMP/py"
chmod 755 "$TMP/py"
cat >"$TMP/py/signals.py" <<-'E'
	import ctypes, os, resource, signal, threading, time
	libc = ctypes.CDLL(None)
	signal.signal(signal.SIGALRM, lambda *a: None)
	signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, 40})
	while not os.path.exists('/py/go'):
	    time.sleep(0.01)
	os.kill(os.getpid(), signal.SIGUSR1)
	os.kill(os.getpid(), signal.SIGUSR1)
	signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)	# the first may come before the pause
	for i in range(5):	# programs are left out of some interrupts
	    signal.pause()
	signal.setitimer(signal.ITIMER_REAL, 0)
	signal.pthread_kill(threading.get_ident(), signal.SIGCONT)
	resource.setrlimit(resource.RLIMIT_SIGPENDING, (0, 0))
	libc.sigqueue(os.getpid(), 40, ctypes.c_void_p(0))
	signal.signal(signal.SIGUSR1, signal.SIG_IGN)
	signal.pthread_sigmask(signal.SIG_SETMASK, set())
	ctypes.string_at(0)
	E
box_run python3 --bind "$TMP/py:/py:ro" -- /usr/bin/python3 -c '
import os
if os.fork() == 0: os.execv("/usr/bin/python3", ["python3", "/py/signals.py"])
os.waitpid(-1, 0)
os.waitid(os.P_PID, os.fork() or os._exit(0), os.WEXITED)
import signal
signal.pause()'
trace_start signal "$BOX"
: >"$TMP/py/go"
wait_for 'grep -qs SIGCHLD rows' 20
trace_stop
tr_rows 'one that is blocked' "$(one SIGUSR1 '.result == "blocked"')"
tr_rows 'the same again: it waits already' 'map(select(.signal == "SIGUSR1"))[1].result == "pending"'
tr_rows "a timer's comes from the kernel, not from who ran then" \
	"$(one SIGALRM '.from_host_pid == null and .from == null and .code == "SI_KERNEL"')"
tr_rows 'for one thread' "$(one SIGCONT '.tid == .pid and .code == "SI_TKILL"')"
tr_rows 'real time, and no room' "$(one SIGRT_8 '.number == 40 and .result == "no room" and
	(.note | test("RLIMIT_SIGPENDING"))')"
tr_rows 'a fault' "$(one SIGSEGV '.code == "SEGV_MAPERR" and .from == null')"

# ---- SIGCHLD that is of no child: it names nobody who was only interrupted ----

cat >"$TMP/py/child.py" <<-'E'
	import ctypes, os, select, signal, struct, time
	libc = ctypes.CDLL(None, use_errno=True)
	signal.signal(signal.SIGCHLD, lambda *a: None)
	while not os.path.exists('/py/child'):
	    time.sleep(0.01)
	# struct sigevent: value, signal, SIGEV_SIGNAL
	event = struct.pack('Qii48x', 0, signal.SIGCHLD, 0)
	timer = ctypes.c_int()
	assert libc.syscall(222, 1, event, ctypes.byref(timer)) == 0	# timer_create
	assert libc.syscall(223, timer, 0, struct.pack('4q', 0, 2000000, 0, 2000000), None) == 0
	for i in range(50):
	    signal.pause()
	assert libc.syscall(226, timer) == 0
	import fcntl, socket
	a, b = socket.socketpair()
	fcntl.fcntl(a, 10, signal.SIGCHLD)	# F_SETSIG
	fcntl.fcntl(a, fcntl.F_SETOWN, os.getpid())
	fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC)
	b.send(b'x')
	for end in lambda: os._exit(0), lambda: os.kill(os.getpid(), signal.SIGSTOP):
	    pid = os.fork()
	    if not pid:
	        end()
	    os.waitpid(pid, os.WUNTRACED)
	os.kill(pid, signal.SIGKILL)
	os.waitpid(pid, 0)
	os.kill(os.getpid(), signal.SIGCHLD)
	E
box_run python3 --bind "$TMP/py:/py:ro" -- /usr/bin/python3 -c '
import os, signal
if os.fork() == 0: os.execv("/usr/bin/python3", ["python3", "/py/child.py"])
os.wait()
signal.pause()'
trace_start signal "$BOX"
: >"$TMP/py/child"
wait_for 'jq -se "any(.signal == \"SIGCHLD\" and .pid == 1)" rows' 20
trace_stop
# of 50: Linux 6.18 here leaves programs out of one interrupt in a thousand, and counts no miss
tr_rows "a timer's" 'map(select(.code == "SI_TIMER")) | length >= 45 and
	all(.signal == "SIGCHLD" and .from_host_pid == null and .from == null and .note == null)'
tr_rows "a file's" 'map(select(.signal == "SIGCHLD" and (.code | test("^(SI_TIMER|SI_USER|CLD_EXITED|CLD_KILLED|CLD_STOPPED)$") | not))) |
	length > 0 and all(.from_host_pid == null and .from == null)'
tr_rows "children's, and what is sent by kill" '["CLD_EXITED", "CLD_STOPPED", "CLD_KILLED", "SI_USER"] - map(
	select(.signal == "SIGCHLD" and .pid > 1 and .from_pid >= .pid and .from_pid > 0) | .code) == []'

# ---- who queues a signal says himself what it is ----

cat >"$TMP/py/claims.py" <<-'E'
	import ctypes, mmap, os, signal, struct, time
	libc = ctypes.CDLL(None, use_errno=True)
	for s in signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGWINCH:
	    signal.signal(s, lambda *a: None)
	while not os.path.exists('/py/claims'):
	    time.sleep(0.01)
	def info(sig, code):	# struct siginfo
	    return ctypes.create_string_buffer(struct.pack('3i116x', sig, 0, code))
	SI_TIMER, SI_KERNEL, me = -2, 0x80, os.getpid()
	assert libc.syscall(129, 1, signal.SIGUSR1, info(0, SI_TIMER)) == 0	# rt_sigqueueinfo
	assert libc.syscall(297, 1, 1, signal.SIGUSR2, info(0, SI_TIMER)) == 0	# rt_tgsigqueueinfo
	fd = os.pidfd_open(1)
	assert libc.syscall(424, fd, signal.SIGHUP, info(signal.SIGHUP, SI_TIMER), 0) == 0
	assert libc.syscall(129, me, signal.SIGWINCH, info(0, SI_KERNEL)) == 0
	# the same by a 32-bit call: push rbx; mov eax, 178; mov ebx, edi; mov ecx, esi; int 0x80
	MAP_32BIT = 0x40
	low = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
	low.write(bytes.fromhex('53b8b200000089fb89f1cd805bc3').ljust(64) + bytes(info(0, SI_TIMER)))
	at = ctypes.addressof(ctypes.c_char.from_buffer(low))
	call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(at)
	assert call(1, signal.SIGIO, at + 64) == 0
	E
box_run python3 --bind "$TMP/py:/py:ro" -- /usr/bin/python3 -c '
import os, signal
for s in signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGIO: signal.signal(s, signal.SIG_IGN)
if os.fork() == 0: os.execv("/usr/bin/python3", ["python3", "/py/claims.py"])
os.wait()
signal.pause()'
trace_start signal "$BOX" --stack
: >"$TMP/py/claims"
wait_for 'jq -se "any(.signal == \"SIGCHLD\" and .pid == 1)" rows' 20
trace_stop
tr_rows 'who claims to be a timer is the sender' '[.[] | select(.code == "SI_TIMER" and .signal != "SIGIO") |
	[.signal, .pid, .from_pid > 1, .from]] == [["SIGUSR1", 1, true, "python3"],
	["SIGUSR2", 1, true, "python3"], ["SIGHUP", 1, true, "python3"]]'
tr_rows 'and who claims to be the kernel, to himself' "$(one SIGWINCH '.code == "SI_KERNEL" and
	.from_pid == .pid and .from == "python3"')"

tr_rows 'nobody, if it cannot be known: nor is it said then that the kernel did it' "$(one SIGIO '.from_pid == null and
	.code == "SI_TIMER" and .frames == [] and (.frames_end | test("or who claims to be it"))')"

# ---- who shares what ----

box_up pod
trace_start signal "$BOX2" --max-events 1
kill -WINCH "$BOXPID"
kill -WINCH "$BOX2PID"
trace_wait
tr_rows 'a pod that shares pids: only its own' ".[0].host_pid == $BOX2PID"
# shellcheck disable=SC2016
unshare -m sh -c 'umount -l /sys/fs/cgroup && exec "$@"' - "$NSDEBUG" trace signal "$BOX2" --max-events 1 \
	-o jsonl >rows 2>said &
TRACE=$!
wait_for _sealed 20 || fail 'it is attached' "$(cat said)"
kill -WINCH "$BOXPID"
kill -WINCH "$BOX2PID"
trace_wait
tr_rows 'told by the mount namespace of the receiver' ".[0].host_pid == $BOX2PID"
