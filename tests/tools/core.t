# SPDX-License-Identifier: Apache-2.0
# serial
# shellcheck shell=sh
. tests/lib.sh
. "$SRC/tests/lib/stack.sh"
need gdb eu-stack jq strace setpriv

# Of a process on the host: it needs --host, and the host's processes are not all of interest.
core_of() { # PID OPTION...
	_p=$1
	shift
	# a busy machine gives a thread its turn late, and it stops only then
	"$NSDEBUG" --host core "pid://$_p" --host-pid "$_p" --max-pause 10s --timeout 30s "$@"
}

free() { # PID: nobody traces it, and no thread is stopped
	! grep -Eqs '^(TracerPid:.[1-9]|State:.[tT])' "/proc/$1"/task/*/status
}
stays_free() { wait_for "free $1" 10; }

of_gdb() { # CORE PROGRAM
	gdb -nx -batch -iex 'set debug-file-directory /nowhere' -ex 'set backtrace past-main on' -ex 'set backtrace past-entry on' \
		-ex 'set print frame-info location-and-address' -ex 'thread apply all bt 600' \
		"$2" "$1" 2>/dev/null | sed -n 's/^Thread .*LWP \([0-9]*\)).*/T \1/p
			s/^#[0-9]* *\(0x[0-9a-f]*\) in .*/\1/p' | awk '
		/^T/ { if (line) print line; line = $2; next }
		line { sub(/^0x0*/, "0x"); line = line " " $1 }
		END { print line }' | sort -n
}
same_frames() { # A B: of as many threads, and more than none
	[ "$(wc -l <"$1")" -gt 1 ] && diff "$1" "$2"
}

# ---- frames: what stack says of the process, and debuggers of its core ----

apps=$FX/roots/base/rootfs/app
[ -x "$apps/threads" ] || apps=$(dirname "$(find "$FX/roots/base" -name threads -type f | head -n 1)")
start "$apps/threads" 8 16
live=$PID
paused "$live"
frames "$live" >live
ts 'a core of a process' 0 'stopped for [0-9.]+ ms; all of one moment$' core_of "$live" -w a.core
t 'the process goes on' '' stays_free "$live"
t 'it is its owner'"'s alone" '600\n' stat -c %a a.core
ts 'it is an ELF core' 0 'ELF 64-bit LSB core file, x86-64.*threads' file a.core
eu_frames --core a.core -e "$apps/threads" >eu
t 'eu-stack finds the same frames in it' '' same_frames live eu
notes() { eu-readelf -n "$1" | sed -nE 's/.*ppid: ([0-9]+), pgrp: ([0-9]+), sid: ([0-9]+).*/\1 \2 \3/p' | sort -u; }
t 'whose child it is, its group and session' "$(ps -o ppid=,pgid=,sid= -p "$live" | xargs)\n" notes a.core
of_gdb a.core "$apps/threads" >gdb
t 'and so does gdb' '' same_frames live gdb
t 'with all libraries' '' sh -c 'gdb -nx -batch -ex "info sharedlibrary" "$1" a.core 2>/dev/null |
	grep -q "libc\.so\.6" || echo none' - "$apps/threads"
ts '--no-heap' 0 'all of one moment$' core_of "$live" --no-heap -w b.core
eu_frames --core b.core -e "$apps/threads" >eu
t 'has stacks all the same' '' same_frames live eu
of_gdb b.core "$apps/threads" >gdb
t 'for gdb, too' '' same_frames live gdb
ts '--no-stop' 0 'not stopped \(--no-stop\); not all of one moment$' \
	core_of "$live" --no-stop -w c.core
eu_frames --core c.core -e "$apps/threads" >eu
t 'of threads that wait it has the frames' '' same_frames live eu
tj 'that not all registers are known is said' '.summary | .threads == 9 and .registers == 0' \
	core_of "$live" --no-stop -fw c.core -o json
gdb -nx -batch -ex 'info registers eflags' -ex 'info registers fs_base' c.core >regs 2>/dev/null
t 'and none is made up' '' sh -c 'grep -E "^(eflags|fs_base) +0x0*[1-9a-f]" regs || true'
cp "$apps/threads" './od$d'
start './od$d' 1 2
core_of "$PID" -fw od.core >od.said 2>&1
t 'no command with a name in it that a shell takes for more' '0\n?1\n' grep -c 'gdb --core' od.said
kill -9 "$PID"
t '--no-stop stops nobody' '' sh -c 'strace -f -e trace=ptrace "$NSDEBUG" --host core "pid://$1" \
	--host-pid "$1" --no-stop -fw c.core 2>&1 | grep "ptrace(" || true' - "$live"

start "$apps/threads" 200 40
many=$PID
paused "$many"
frames "$many" >many.live
core_of "$many" -w many.core >/dev/null
eu_frames --core many.core -e "$apps/threads" >eu
t '200 threads, 40 frames deep' '' same_frames many.live eu
t 'which are all there' '201\n' grep -c . eu

start "$O/tests/lib/stacks"
core_of "$PID" -w static.core >/dev/null
eu_frames --core static.core -e "$O/tests/lib/stacks" >eu
of_gdb static.core "$O/tests/lib/stacks" >gdb
# of a signal handler gdb does not tell where the trampoline is
signal=$(gdb -nx -batch -ex 'thread apply all bt' "$O/tests/lib/stacks" static.core 2>/dev/null |
	awk '/^Thread/ { sub(/.*LWP /, ""); sub(/\).*/, ""); lwp = $0 } /<signal/ { print lwp }')
t 'a static program, that runs: gdb and eu-stack see the same' '' sh -c '
	sed -i "/^$1 /d" eu gdb; [ "$(grep -c . eu)" = 4 ] && diff eu gdb' - "$signal"

box_run go-static --ready
wait_for 'grep -q "^202 " "/proc/$BOXPID/task"/*/syscall' 20 || fail 'a thread of Go waits'
tj 'a container, by its name' '.errors == [] and (.summary | .pid == 1 and .consistent and
	.threads > 1 and .threads == .registers and .held_s > 0 and .late == 0) and
	any(.items[]; .what == "heap, anonymous" and .data > 0 and .note == null)' \
	"$NSDEBUG" core "$BOX" --max-pause 10s -w go.core -o json
t 'its parent has none there' '0\n' sh -c 'eu-readelf -n go.core | sed -nE "s/.*ppid: ([0-9]+),.*/\1/p" |
	sort -u'
ts 'threads have the ids that they have in there' 0 '^\* 1 +.*LWP 1\)? ' \
	gdb -nx -batch -ex 'info threads' --core go.core

# ---- stack --core ----

of_us() { # CORE [TARGET]
	"$NSDEBUG" stack -o json --core "$@" |
		jq -r '.items | sort_by(.tid)[] | "\(.tid) \([.frames[].pc] | join(" "))"'
}
frames "$live" >live
for c in a b c piped; do
	[ $c != piped ] || core_of "$live" -w - >piped.core 2>/dev/null
	of_us $c.core >us
	t "stack --core: the same frames ($c)" '' same_frames live us
done
of_us static.core >us
eu_frames --core static.core -e "$O/tests/lib/stacks" >eu
t 'stack --core: of a static program, signal handler and all' '' same_frames eu us
of_us many.core >us
t 'stack --core: 200 threads' '' same_frames many.live us
tj 'stack --core: what is known of a thread' '.errors == [] and .target == "a.core" and
	(.summary | .threads == 9 and .taken == 9 and .stopped == 0) and
	all(.items[]; .how == "core" and .state == "S" and .wchan != null and .note == null) and
	any(.items[].frames[]; .function == "descend")' "$NSDEBUG" stack -o json --core a.core
ts 'stack --core: in words' 0 '^9 threads in the core$' "$NSDEBUG" stack --core a.core
ts 'stack --core: of a container it has its files' 0 'runtime\.futex\+0x[0-9a-f]+ ' \
	"$NSDEBUG" stack --core go.core "$BOX"
ts 'stack --core: which the host has not' 5 '[^ ]+, the file of 0x[0-9a-f]+, gives no unwind tables: there is no such file here' \
	"$NSDEBUG" stack --core go.core
ts 'stack --core: and whose files would be taken' 5 \
	'files that frames are in and that are not here, or are others: 1; .*TARGET' \
	"$NSDEBUG" stack --core go.core
cp "$apps/threads" other
start ./other 2 4
core_of "$PID" -w other.core >/dev/null
ts 'stack --core: the file is that of the core' 0 'descend\+0x' "$NSDEBUG" stack --core other.core
kill -9 "$PID"
cp "$O/tests/lib/stacks" other.new
mv other.new other
ts 'stack --core: another file of that name is not taken for it' 5 \
	'the file there is another one than in the core' "$NSDEBUG" stack --core other.core
ts 'stack --core: nothing but a core' 1 'not an ELF core' "$NSDEBUG" stack --core "$apps/threads"
ts 'stack --core: no such file' 1 'none.core' "$NSDEBUG" stack --core none.core
ts 'stack --core: a FIFO is not waited for' 4 'no regular file' sh -c \
	'mkfifo fifo; "$NSDEBUG" stack --core fifo'
ts 'stack --core: not half of it' 2 '^nsdebug: stack: --tid does not go with --core: .*--filter' \
	"$NSDEBUG" stack --core a.core --tid 1
ts 'stack --core: no goroutines' 2 '^nsdebug: stack: --goroutines does not go with --core: ' \
	"$NSDEBUG" stack --core a.core -g
tj 'stack --core: --filter picks a thread' '[.items[].comm] == ["t3"]' \
	"$NSDEBUG" stack --core a.core --filter 'comm == "t3"' -o json
whole=$(stat -c %s a.core)
# of the headers and notes nothing is missing, of what comes last all
head -c $((whole / 2)) a.core >half.core
ts 'stack --core: what is cut off is said, with how much' 5 \
	"^nsdebug: the core is cut off: it has $((whole / 2)) of $whole bytes\$" \
	"$NSDEBUG" stack --core half.core
head -c 500 a.core >begun.core
ts 'stack --core: or that not even its threads are there' 1 \
	'^nsdebug: the core is cut off: it has 500 of at least [0-9]+ bytes, and none of its threads$' \
	"$NSDEBUG" stack --core begun.core
tj 'stack --core: in its threads too' '.truncated and (.items | length) == 9 and all(.items[];
	.note | test("the core is cut off before"))' \
	sh -c '"$NSDEBUG" stack --core half.core -o json; [ $? = 5 ]'

# ---- one moment, and how long it is ----

start "$O/tests/lib/beat" 64 beat.gap
beat=$PID
apart() { # CORE: how far the two counters are apart, which is once at most
	gdb -nx -batch -ex 'print *low - *high' "$O/tests/lib/beat" "$1" 2>/dev/null |
		sed -n 's/^\$1 = //p'
}
for i in 1 2 3 4 5; do
	core_of "$beat" --max-pause 30s -fw m.core >m.out 2>&1 || cat m.out
	t "memory is of one moment ($i)" 'near\n' sh -c 'case $1 in 0 | 1) echo near ;;
		*) echo "apart: $1" ;; esac' - "$(apart m.core)"
done
dd if=/dev/zero of=beat.gap conv=notrunc bs=8 count=2 2>/dev/null
core_of "$beat" --max-pause 30s -fw m.core -o json >m.json
# who was held has had a turn since: one that may have been all but over, and a whole one
beaten() { od -An -td8 -j8 -N8 beat.gap | tr -d ' '; }
n=$(beaten)
wait_for '[ "$(beaten)" -gt $((n + 1)) ]' 20
gap=$(od -An -td8 -N8 beat.gap | tr -d ' ')
t 'the pause that is told is the one that there was' 'true\n' jq -r --argjson gap "$gap" \
	'.summary.held_s * 1e9 | . > 0 and . < $gap + 3e6' m.json
t 'what was not written to takes no room' 'sparse\n' sh -c '
	[ $(($(stat -c %b m.core) * 512)) -lt $(($(stat -c %s m.core) * 3 / 4)) ] && echo sparse'
t 'what is not to be dumped is not' '' sh -c 'grep -c dont-dump-4711 m.core | sed /^0/d'
t 'shared memory is there' '1\n' grep -c in-common-4711 m.core
before=$(sed -n 's/^Rss\(Shmem\|Anon\):[^0-9]*//p' "/proc/$beat/status")
core_of "$beat" -fw m.core >/dev/null
t 'reading it made none of it' "$before\n" sed -n 's/^Rss\(Shmem\|Anon\):[^0-9]*//p' \
	"/proc/$beat/status"
ts 'others may write to it, who are not stopped' 0 'all of one moment but shared memory$' \
	core_of "$beat" --max-pause 30s -fw m.core
core_of "$beat" --max-pause 30s -fw m.core -o json >m.json
t 'in JSON, too' 'false\n' jq .summary.consistent m.json
ts 'without it all is of one moment' 0 '; all of one moment$' \
	core_of "$beat" --no-shared --max-pause 30s -fw m.core
t '--no-shared' '0\n?1\n' grep -c in-common-4711 m.core

start "$O/tests/lib/beat" 400 big.gap
big=$PID
ts 'what takes longer is copied later, and that is said' 5 'were copied while the process ran' \
	core_of "$big" --max-pause 20ms -w late.core
t 'the process went on meanwhile' '' stays_free "$big"
core_of "$big" --max-pause 20ms -fw late.core -o json >late.json
t 'in JSON, too' 'true\n' jq '.truncated and (.summary | .late > 0 and (.consistent | not) and
	.held_s < 0.28)' late.json
t 'frames are there all the same' '3\n' sh -c 'eu-stack --core late.core -e "$1" 2>/dev/null |
	grep -c "^TID"' - "$O/tests/lib/beat"
ts '--after skip leaves it out' 5 'are missing: --max-pause was over' \
	core_of "$big" --max-pause 20ms --after skip -fw skip.core
ts '--max-size' 5 'memory is missing: --max-size was reached' \
	core_of "$big" --max-size 8M --max-pause 30s -fw small.core
t 'is kept' 'small\n' sh -c '[ $(($(stat -c %b small.core) * 512)) -lt 10000000 ] && echo small'
t 'what is missing is not zeros' '1\n' sh -c 'gdb -nx -batch -ex "print *high" "$1" small.core 2>&1 |
	grep -c "Cannot access memory"' - "$O/tests/lib/beat"

start "$apps/threads" 2000 1
tj 'thousands of threads in too short a time: those that were not held are said, and are there' '
	any(.errors[]; .message | test("not stopped as a whole \\([0-9]+ of 2001 threads not\\)")) and
	.truncated and (.summary | .threads == 2001 and (.consistent | not))' \
	core_of "$PID" --max-pause 1ms -w crowd.core -o json
t 'nobody is held after it' '' stays_free "$PID"
kill -9 "$PID"

# ---- it goes on, whatever happens to us, and there is no half file ----

for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	# not core_of: the number would be its shell's
	"$NSDEBUG" --host core "pid://$big" --host-pid "$big" --max-pause 5s --timeout 30s -w killed.core \
		>/dev/null 2>&1 &
	front=$!
	sleep "0.0$(printf %02d $((i * 8)))"
	kill -9 "$front" 2>/dev/null
	wait "$front" 2>/dev/null
	[ ! -e killed.core ] || { echo whole; rm killed.core; }
	stays_free "$big" || echo "held after $i"
	ls killed.core.partial .nsdebug* 2>/dev/null
done >killed
t 'killed at twelve moments: the process runs, and no file is left' '' sed /whole/d killed
beats() { od -An -td8 -j8 -N8 big.gap; }
n=$(beats)
t 'its heart beats' '' wait_for '[ "$(beats)" != "$n" ]' 10
kill -STOP "$live"
wait_for 'grep -q "State:.T" "/proc/$live/status"' 10
ts 'a stopped process' 0 'all of one moment$' core_of "$live" -fw a.core
# it has to stop anew when it is let go of
t 'stays stopped' '' wait_for 'grep -q "State:.T" "/proc/$live/status"' 10
kill -CONT "$live"

strace -f -o /dev/null -p "$live" 2>/dev/null &
strace=$!
at_exit "kill $strace"
traced "$live" 9
ts 'one that is traced is not stopped' 5 'not stopped \(traced by another process\)' \
	core_of "$live" -fw a.core
kill "$strace"
t 'and is free when that one has ended' '' stays_free "$live"

box_run base --ready -- /app/threads 3 8
runc pause "$BOX"
ts 'a frozen one need not be' 0 'not stopped: frozen before; all of one moment$' \
	"$NSDEBUG" core "$BOX" -w frozen.core
runc resume "$BOX"
wait_for '! grep -hs . "/proc/$BOXPID/task"/*/wchan | grep -qE "refrigerator|freezer" &&
	! grep -q "^State:.D" "/proc/$BOXPID/task"/*/status' 10 || fail 'it is thawed'
line=$("$NSDEBUG" core "$BOX" --max-pause 10s -fw frozen.core 2>&1 | sed -n 's/.*: gdb /gdb -nx -batch -ex bt /p')
ts 'the command that opens it' 0 ' main \(' sh -c "$line -ex 'thread apply all bt'"
ts 'and is when it goes on' 0 'stopped for' "$NSDEBUG" core "$BOX" --max-pause 10s \
	-fw frozen.core

# ---- where to ----

ts 'a file that is there is not written over' 4 'a.core is there already.*--force' \
	core_of "$live" -w a.core
ln -s a.core link
ts 'nor through a link' 4 'is there already' core_of "$live" -w link
ts 'which is not replaced with --force' 4 'no regular file' core_of "$live" -fw link
echo old >old.core
ts '--force' 0 '' core_of "$live" -fw old.core
ts 'replaces it' 0 'core file' file old.core
ts 'no directory' 1 'no/where' core_of "$live" -w no/where
ts 'no name' 2 'is no name of a file' core_of "$live" -w ./
ts 'no --write' 2 '^nsdebug: core: where to. --write FILE is missing' core_of "$live"
ts 'a thread of the kernel' 1 'process 2 is a thread of the kernel' core_of 2 -w x.core
ts 'several containers' 2 'one file is of one container' "$NSDEBUG" --all core -w x.core
ts 'no such process' 1 'no process 999' "$NSDEBUG" core "$BOX" -p 999 -w x.core
ts "a host's process that is not in there" 1 'no process with the host' \
	"$NSDEBUG" core "$BOX" --host-pid 1 -w x.core
t 'and no file of any of these' '' find . -name x.core
ts 'a terminal is refused' 0 'not for a terminal' script -qec \
	"$NSDEBUG --host core pid://$live --host-pid $live -w - || true" /dev/null
core_of "$live" -w - >piped.core 2>piped.err
t 'stdout: the same, and its summary on stderr' '1\n' grep -c 'stopped for' piped.err
eu_frames --core piped.core -e "$apps/threads" >eu
frames "$live" >live
t 'stdout has a core' '' same_frames live eu
ts 'stdout is for the core' 2 'no -o' core_of "$live" -w - -o json
mkfifo pipe
{ head -c 1 >first; wait_for '[ -e over ]' 60; } <pipe &
{
	sh -c 'echo $$ >front
		exec "$NSDEBUG" --host core "pid://$1" --host-pid "$1" -w -' - "$beat" || echo $? >status
} >pipe 2>/dev/null &
wait_for '[ -s first ]' 30
kill -TERM "$(cat front)"
t 'stdout: a signal ends it, also where nobody reads' '' wait_for '[ -s status ]' 10
kill -9 "$(cat front)" 2>/dev/null
: >over
t 'and is the status' '130\n' cat status
start "$O/tests/lib/sparse" 1 1200
ts 'stdout is not given zeros without end' 4 'it would be given 1[0-9]* MiB of zeros.*--write FILE' \
	core_of "$PID" -w -
kill -9 "$PID"

# A look at each page of these would take minutes of processor time.
start "$O/tests/lib/sparse" 500000 4000000 sparse.file
tj 'terabytes with nothing in them: all that is there' '(.summary | .data < 1000000) and
	any(.items[]; .what == "shared memory" and .data == 8192) and
	any(.items[]; .what == "heap, anonymous" and .data >= 8192 and .note == null) and
	any(.items[]; .what == "data of files" and .size > 500000000000 and .data > 0)' \
	core_of "$PID" --max-pause 30s -w sparse.core -o json
kill -9 "$PID"
start "$O/tests/lib/sparse" 10000000 1
ts 'more of them' 5 '[0-9]{4} GiB of addresses are missing, with memory far apart in them' \
	core_of "$PID" -fw sparse.core
t 'costs nothing else' '1\n' sh -c 'eu-stack --core sparse.core -e "$1" 2>/dev/null |
	grep -c " main$"' - "$O/tests/lib/sparse"
kill -9 "$PID"
rm sparse.core
mkdir small
mount -t tmpfs -o size=300k tmpfs small
at_exit "umount '$TMP/small'"
ts 'a full disk' 1 'no space left' core_of "$beat" -w small/full.core
t 'leaves no file' '' ls -A small

# ---- a file system with neither files without a name, nor hard links, nor modes ----

exfat() { # MOUNTPOINT OPTIONS
	mkdir -p "$1" && mount.exfat-fuse -o "$2" "$loop" "$1" && at_exit "umount -l '$TMP/$1' 2>/dev/null || :"
}
truncate -s 1G exfat.img
if [ -c /dev/fuse ] && loop=$(losetup -f --show exfat.img 2>/dev/null); then
	at_exit "losetup -d $loop"
	mkfs.exfat "$loop" >/dev/null
	exfat open umask=022 >/dev/null 2>&1
	ts 'where others could read it, no core' 4 'others could read or write .*umask=077' \
		core_of "$live" -w open/a.core
	t 'nor a part of one' '' ls -A open
	umount open
	exfat fat umask=077 >/dev/null 2>&1
	ts 'trap: it has no hard links' 1 'not permitted' sh -c ': >fat/a && ln fat/a fat/b'
	rm fat/a
	ts 'no hard links: a core' 0 'all of one moment$' core_of "$live" -w fat/a.core
	t 'is all that there is' 'a.core\n' ls -A fat
	eu_frames --core fat/a.core -e "$apps/threads" >eu
	frames "$live" >live
	t 'and whole' '' same_frames live eu
	ts 'is not written over' 4 'a.core is there already' core_of "$live" -w fat/a.core
	echo old >fat/a.core
	ts 'but with --force' 0 '' core_of "$live" -fw fat/a.core
	ts 'is replaced' 0 'core file' file fat/a.core
	echo theirs >fat/a.core.partial
	ts 'what another one may be writing is left alone' 4 'a.core.partial is there already' \
		core_of "$live" -fw fat/a.core
	t 'as it is' 'theirs\n' cat fat/a.core.partial
	rm fat/*
	begin() { # sets front, which is about to write
		core_of "$big" --max-pause 5s -w fat/big.core >big.out 2>&1 &
		front=$!
		wait_for '[ -e fat/big.core.partial ]' 10
		front=$(pgrep -P $front || echo $front)	# of the function's shell, if there is one
	}
	for s in INT TERM HUP; do
		begin
		kill -$s "$front"
		wait $!
		# 125: its server was still at what the child asked of it
		t "SIG$s: said" '' sh -c 'case $1 in 125 | 130) ;; *) echo "$1" ;; esac' - $?
		t "SIG$s: leaves no file" '' ls -A fat
	done
	begin
	echo theirs >fat/big.core
	wait $!
	t 'one that came meanwhile: said' '4\n' echo $?
	t 'is not replaced' 'theirs\n' cat fat/big.core
	t 'and it alone is left' 'big.core\n' ls -A fat
else
	skip 'a file system without hard links' 'no FUSE, or no loop device'
fi

# ---- what the child may do ----

straced trace -e trace=openat,open,creat,prlimit64,write,process_vm_readv,sched_setscheduler \
	"$NSDEBUG" --host core "pid://$live" --host-pid "$live" -w traced.core >/dev/null 2>&1
t 'the child opens nothing for writing' '1\n' grep -Ec 'O_(WRONLY|RDWR|CREAT)' trace
reader=$(sed -n 's/ process_vm_readv.*//p' trace | head -n 1)
t 'it goes before others while it holds somebody, and no longer' '0x40000001\n0x40000000\n' sh -c '
	! grep -q "sched_setscheduler.*= -1" trace &&
	sed -n "s/^$1 *sched_setscheduler(0, \(0x[0-9]*\).*/\1/p" trace | uniq' - "$reader"
