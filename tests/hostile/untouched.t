#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container is the same after every verb as it was before: files and their times, mounts,
# processes, cgroups; and what watches in there has nothing to tell.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc strace

# ---- what there is to know about it ----

mkdir "$TMP/out"
hostile_box --overlay --bind "$TMP/out:/out" --tmpfs /data -- '
	mkdir -p /d/sub /data/e; echo text >/d/file; echo more >/d/sub/file; echo t >/data/e/f
	ln -s file /d/link; mkfifo /d/fifo
	touch -a -d "2001-02-03 04:05:06" /d/link /d/file /d/sub /d/sub/file /d /data /data/e /data/e/f \
		/etc/passwd /etc
	/h/watch change / /etc /d /d/sub /d/file /d/sub/file /data /data/e /data/e/f /tmp /dev /bb \
		/etc/passwd >/out/events 2>&1 &
	while ! grep -q ready /out/events; do :; done
	'
wait_for 'grep -q "^State:.S" "/proc/$BOXPID/status"' 10
upper=$FX/boxes/$BOX/upper
[ -d "$upper" ] || fail 'the overlay has an upper directory' "$upper"
cgroups() { cut -d: -f2,3 "/proc/$BOXPID/cgroup"; }
# What was never read since it changed, or is on a mount with strictatime: one look at a name or
# into a file moves its time. So these are looked at by stat(2) alone.
untold='dev dev/fd dev/stdin dev/ptmx dev/pts dev/mqueue dev/null etc etc/passwd d d/file d/sub
	d/sub/file d/link d/fifo data data/e data/e/f'
state() {
	for f in $untold; do
		stat -c '%n %F %i %a %u %g %s %x %y %z' "$ROOT/$f"
	done
	find "$upper" "$ROOT/tmp" \( -path "$upper/d" -o -path "$upper/etc" \) -prune -o \
		-printf '%p %y %m %U %G %n %s %l %T@ %C@ %A@\n' | sort
	find "$upper" \( -path "$upper/d" -o -path "$upper/etc" \) -prune -o -type f \
		-exec sha256sum {} + | sort
	cat "/proc/$BOXPID/mountinfo"
	cgroups
	for g in $(cgroups | sed 's/.*://' | sort -u); do
		find /sys/fs/cgroup -path "*$g/cgroup.procs" -exec cat {} + 2>/dev/null
	done
	for p in "$ROOT"/proc/[0-9]*; do echo "${p##*/}"; done
	ls -l "/proc/$BOXPID/fd" | sed 's/.*[0-9] \([0-9]* -> \)/\1/'
	cat "/proc/$BOXPID/environ" "/proc/$BOXPID/maps" | od -An -c
	sed '/ctxt_switches/d; /^Vm/d; /^Rss/d; /^SigQ/d' "/proc/$BOXPID/status"
	readlink "/proc/$BOXPID/cwd" "/proc/$BOXPID/root" "/proc/$BOXPID/exe"
}
# reading by find and sha256sum moves times once; from then on only others do
state >/dev/null
state >"$TMP/first"
state >"$TMP/before"
t 'looking does not change what is looked at' '' cmp "$TMP/first" "$TMP/before"
events=$(wc -l <"$TMP/out/events")

untouched() { # NAME STATUS COMMAND...
	_name=$1 _want=$2
	shift 2
	state >"$TMP/before"
	"$@" >"$TMP/said" 2>&1
	_st=$?
	state >"$TMP/after"
	if [ $_st != "$_want" ]; then
		fail "$_name" "status $_st: $(cat "$TMP/said")"
	elif ! cmp -s "$TMP/before" "$TMP/after"; then
		fail "$_name" "$(diff "$TMP/before" "$TMP/after")"
	elif [ "$(wc -l <"$TMP/out/events")" != "$events" ]; then
		fail "$_name" "$(tail -n +$((events + 1)) "$TMP/out/events")"
	else
		pass "$_name"
	fi
	events=$(wc -l <"$TMP/out/events")
}
untouched 'maps -x' 0 "$NSDEBUG" maps -x "$BOX"
untouched 'mem' 0 "$NSDEBUG" mem "$BOX"
untouched 'limits' 0 "$NSDEBUG" limits "$BOX"
untouched 'ls -la' 0 "$NSDEBUG" ls -la "$BOX" / /d /etc
untouched 'ls -lR@' 0 "$NSDEBUG" ls -lR@ "$BOX" /d /data /etc
untouched 'ls -la /dev, which is mounted strictatime' 0 "$NSDEBUG" ls -la "$BOX" /dev
untouched 'ls -R -o json' 0 "$NSDEBUG" ls -R -o json "$BOX" /d
untouched 'cat' 0 "$NSDEBUG" cat "$BOX" /d/file /d/sub/file /data/e/f /etc/passwd
untouched 'cat through a link' 0 "$NSDEBUG" cat "$BOX" /d/link
untouched 'cat -n' 0 "$NSDEBUG" cat -n "$BOX" /d/file
untouched 'cat -o json' 0 "$NSDEBUG" cat -o json "$BOX" /d/file
untouched 'cat of what is not there' 1 "$NSDEBUG" cat "$BOX" /d/nothing
untouched 'cat of a FIFO' 4 "$NSDEBUG" cat "$BOX" /d/fifo
untouched 'list' 0 "$NSDEBUG" list
if has_verb ps; then
	untouched 'ps -fL' 0 "$NSDEBUG" ps -fL "$BOX"
fi
if has_verb fds; then
	untouched 'fds -a' 0 "$NSDEBUG" fds -a "$BOX"
	untouched 'fds --deleted' 0 "$NSDEBUG" fds --deleted "$BOX"
fi
if has_verb env; then
	untouched 'env' 0 "$NSDEBUG" env "$BOX"
fi
if has_verb stack; then
	untouched 'stack --no-stop' 0 "$NSDEBUG" stack --no-stop "$BOX"
	untouched 'stack' 0 "$NSDEBUG" stack "$BOX"
fi
if has_verb doctor; then
	untouched 'doctor' 0 "$NSDEBUG" doctor
fi

# ---- on the host too nothing stays behind ----

changes=creat,link,linkat,symlink,symlinkat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2
changes=$changes,unlink,unlinkat,rmdir,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,lchown
changes=$changes,fchownat,utimensat,setxattr,fsetxattr,lsetxattr,removexattr,mount,umount2,move_mount
changes=$changes,kill,tkill,tgkill,pidfd_send_signal,process_vm_writev,bpf
for v in ls ps stack maps mem limits env fds list doctor; do
	has_verb $v || continue
	case $v in list | doctor) set -- $v ;; *) set -- $v "$BOX" ;; esac
	straced "$TMP/strace" -e trace=open,openat,openat2,$changes "$NSDEBUG" "$@" >/dev/null 2>&1
	grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC' "$TMP/strace" >"$TMP/written"
	grep -Ev '^[0-9]+ +(open|openat|openat2)\(|^[0-9]+ +[-+][-+][-+] ' "$TMP/strace" \
		>>"$TMP/written"
	# doctor tries what traces need: programs that nobody can find but by its descriptors, and
	# the directory that keeps the kernel's types; stack may load one of these programs with
	# them, and ends a child of its own
	case $v in
	stack | doctor)
		sed -Ei '/ bpf\(BPF_(OBJ_PIN|PROG_ATTACH)/!{/ bpf\(/d}
			/"nsdebug", 0700\)|"btf\.[0-9a-f.]+"/d' "$TMP/written" ;;
	esac
	[ $v != stack ] || sed -Ei '/ pidfd_send_signal\([0-9]+, SIGKILL/d' "$TMP/written"
	t "$v: nothing is written, made, changed or signalled" '' cat "$TMP/written"
done

# ---- one execve, one namespace ----

for v in 'ls -l' 'cat' 'ps' 'stack' 'env' 'fds' 'list'; do
	has_verb "${v%% *}" || continue
	case $v in cat) last=/d/file ;; *) last= ;; esac
	# shellcheck disable=SC2086 # -l is a word of its own; list has no target
	case $v in
	list) straced "$TMP/strace" -e trace=execve,execveat,setns "$NSDEBUG" list ;;
	*) straced "$TMP/strace" -e trace=execve,execveat,setns "$NSDEBUG" $v "$BOX" $last ;;
	esac >/dev/null 2>&1
	t "$v: one execve" '1\n' grep -c 'execve' "$TMP/strace"
	case $v in
	ls* | cat) t "$v: one setns, for the mount namespace" '1\n' \
		grep -c 'setns([0-9]*, CLONE_NEWNS' "$TMP/strace" ;;
	esac
	# sockets are asked for in network namespaces
	case $v in fds) other=NEWNET ;; *) other=NEWNS ;; esac
	t "$v: no other setns" '' sh -c 'grep "setns(" "$1" | grep -v ", CLONE_$2"; :' - "$TMP/strace" $other
done 2>/dev/null

# ---- the controls: what other tools do is noticed ----

state >"$TMP/before"
cat "$ROOT/d/file" >/dev/null
state >"$TMP/after"
ts 'trap: cat through /proc/PID/root moves an access time' 1 '^> .*/d/file .*' \
	diff "$TMP/before" "$TMP/after"
inside 'ls -l /dev' >/dev/null
state >"$TMP/before"
ts 'trap: ls in there moves that of strictatime' 1 '/dev' diff "$TMP/after" "$TMP/before"
cp "$TMP/before" "$TMP/after"
inside 'echo more >>/d/sub/file'
state >"$TMP/after2"
ts 'trap: a change is seen' 1 '^> .*/d/sub/file' \
	diff "$TMP/after" "$TMP/after2"
wait_for '[ "$(wc -l <"$TMP/out/events")" -gt "$events" ]' 10
ts 'trap: and by the watch inside' 0 'modify.*/d/sub' cat "$TMP/out/events"

# ---- an unbindable mount is shown as it is, and how it was read is said ----

hostile_box --caps sys_admin --tmpfs /data --tmpfs /plain -- '
	echo hidden >/data/file; echo plain >/plain/file
	mount --make-unbindable /data'
t 'unbindable mount: what is in it' 'hidden\n' quiet "$NSDEBUG" cat "$BOX" /data/file
t 'unbindable mount: ls' 'file\n' quiet "$NSDEBUG" ls -1 "$BOX" /data
ts 'unbindable mount: how it is read is said' 0 'read without the read-only copy' \
	"$NSDEBUG" ls "$BOX" /data
t 'unbindable mount: the others too' 'plain\n' quiet "$NSDEBUG" cat "$BOX" /plain/file
ts 'unbindable mount: a FIFO is still refused' 4 FIFO sh -c \
	'mkfifo "$1/data/fifo"; exec "$2" cat "$3" /data/fifo' - "$ROOT" "$NSDEBUG" "$BOX"
inside 'mount --make-private /data; mount --make-private /'
t 'private again: nothing to say' 'file\n' "$NSDEBUG" ls -1 "$BOX" /plain
inside 'mount --make-unbindable /'
t 'unbindable root: cat' 'hidden\n' quiet "$NSDEBUG" cat "$BOX" /data/file
ts 'unbindable root: ls' 0 plain "$NSDEBUG" ls "$BOX" /
ts 'unbindable root: how it is read is said' 0 'read without the read-only copy' \
	"$NSDEBUG" ls "$BOX" /
