#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# maps, beside pmap(1) and /proc; names that claim to be what they are not; as many as there may be.
. tests/lib.sh
need jq pmap python3 runc

D=$TMP/data
mkdir -m 777 "$D"
cat >"$D/mapper.py" <<-'E'
	import ctypes, mmap, os, time
	libc = ctypes.CDLL(None)
	kept = []
	def named(name):
	    fd = os.open(b'/data/' + name, os.O_RDWR | os.O_CREAT, 0o666)
	    os.ftruncate(fd, 8192)
	    return fd
	def held(fd, flags=mmap.MAP_SHARED):
	    m = mmap.mmap(fd, 8192, flags)
	    m[0] = 1
	    kept.append(m)
	    os.close(fd)
	for n in (b'[vdso]', b'[stack]', b'[heap]', b'[anon:x]', b'//anon', b'x (deleted)', b'memfd:y (deleted)',
	          b'SYSV00000000 (deleted)', b'two\nlines', b'\x1b[31mred', b'\xff'):
	    held(named(n))
	gone = named(b'gone')
	os.unlink('/data/gone')
	held(gone)
	for n in ('libc.so.6', '[vdso]', 'a\nb'):
	    fd = os.memfd_create(n)
	    os.ftruncate(fd, 8192)
	    held(fd)
	held(os.dup(os.open('/dev/zero', os.O_RDWR)))
	m = mmap.mmap(-1, 64 * 4096, mmap.MAP_PRIVATE)
	m[0] = 1
	libc.prctl(0x53564d41, 0, ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m))),
	           ctypes.c_size_t(64 * 4096), b'pool: ours')
	if os.fork() == 0:
	    os.execv('/usr/bin/python3', ['many', '/data/many.py'])
	os.waitid(os.P_PID, os.fork() or os._exit(0), os.WEXITED | os.WNOWAIT)
	while not os.path.exists('/data/done'):
	    time.sleep(0.02)
	print('ready', flush=True)
	libc.pause()
	E
cat >"$D/many.py" <<-'E'
	import ctypes, mmap
	libc = ctypes.CDLL(None)
	libc.mmap.restype = ctypes.c_void_p
	N = 66000
	p = libc.mmap(None, ctypes.c_size_t(N * 4096), 3, 0x22, -1, 0)
	for i in range(0, N, 2):
	    if libc.mprotect(ctypes.c_void_p(p + i * 4096), ctypes.c_size_t(4096), 1):
	        break
	open('/data/done', 'w')
	libc.pause()
	E
box_run python3 --ready --bind "$D:/data" -- /usr/bin/python3 /data/mapper.py
T=$BOX PID=$BOXPID
paused "$PID"
json() { $NSDEBUG maps -o json "$@" "$T"; }

# ---- the same as the kernel says, and as pmap ----

same_maps() {
	awk '{ print $1, $2, $3, $4, $5 }' "/proc/$PID/maps" >want.txt
	$NSDEBUG maps -o address,perms,offset,device,inode --no-headers "$T" |
		awk '/^process / { next }
			{ sub("0x", "", $3); while (length($3) < 8) $3 = "0" $3; print }' >got.txt
	diff -u want.txt got.txt
}
t 'addresses, rights, offsets, devices, inodes'	''	same_maps

# Whoever maps the same files, or gives them up, changes what is shared: a document is taken between
# two looks of which the second shows what the first did.
meanwhile() { # ./doc, and of the same moment ./smaps, ./rollup and ./pmap
	for _ in $(seq 100); do
		cat "/proc/$PID/smaps" >smaps
		cat "/proc/$PID/smaps_rollup" >rollup
		pmap -X "$PID" >pmap
		json -x >doc
		cat "/proc/$PID/smaps" | cmp -s - smaps && return
	done
}

# Rss and others of pmap -X by the names of its heading, in KiB.
pmap_field() { # HEADING
	awk -v w="$1" 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == w) n = i }
		NR > 2 && $1 ~ /^[0-9a-f]+$/ && $2 ~ /^[r-]/ { print $1, $n }' pmap
}
beside_pmap() { # HEADING FIELD
	meanwhile
	pmap_field "$1" >want.txt
	jq -r '.items[] | "\(.start | ltrimstr("0x")) \(.'"$2"' / 1024)"' doc |
		awk '{ while (length($1) < 8) $1 = "0" $1; print }' >got.txt
	[ "$(wc -l <want.txt)" -gt 50 ] || echo 'pmap says nothing'
	diff -u want.txt got.txt
}
t 'pmap: size'		''	beside_pmap Size size
t 'pmap: rss'		''	beside_pmap Rss rss
t 'pmap: anonymous'	''	beside_pmap Anonymous anon
t 'pmap: referenced'	''	beside_pmap Referenced referenced
t 'pmap: swap'		''	beside_pmap Swap swap
t 'pmap: locked'	''	beside_pmap Locked locked

beside_smaps() { # KEY FIELD: of all mappings, KiB
	meanwhile
	awk -v k="$1:" '$1 == k { print $2 }' smaps >want.txt
	jq -r ".items[].$2 / 1024" doc >got.txt
	diff -u want.txt got.txt
}
for f in Pss:pss Shared_Clean:shared_clean Shared_Dirty:shared_dirty Private_Clean:private_clean \
	Private_Dirty:private_dirty AnonHugePages:anon_huge KernelPageSize:page_size; do
	t "smaps: ${f%:*}"	''	beside_smaps "${f%:*}" "${f#*:}"
done
flags() {
	sed -n 's/^VmFlags: \(.*[^ ]\) *$/\1/p' "/proc/$PID/smaps" >want.txt
	json -x | jq -r '.items[].flags' | diff -u want.txt -
}
t 'smaps: VmFlags'	''	flags
sums() {
	meanwhile
	jq -e --argjson rss "$(awk '$1 == "Rss:" { print $2 }' rollup)" \
		--argjson anon "$(awk '$1 == "Anonymous:" { print $2 }' rollup)" \
		--argjson own "$(awk '/^Private_(Clean|Dirty):/ { n += $2 } END { print n }' rollup)" \
		'.summary.rss == $rss * 1024 and .summary.anon == $anon * 1024 and
		.summary.uss == $own * 1024 and ([.items[].rss] | add) == .summary.rss and
		.summary.mappings == (.items | length)' doc
}
t 'the sums are those of smaps_rollup'	'true\n'	sums

# ---- what claims to be something else: told by device, inode and links ----

row() { echo "[.items[] | select(.path == \"$1\")] | length == 1 and (.[0] | $2)"; }
for n in '[vdso]' '[stack]' '[heap]' '[anon:x]'; do
	tj "a file called $n"	"$(row "/data/$n" '.kind == "file" and .inode > 0')"	json
done
tj 'the real [vdso]'	"$(row '[vdso]' '.kind == "kernel" and .inode == 0 and .device == "00:00"')"	json
tj 'the real [stack]'	"$(row '[stack]' '.kind == "stack" and .inode == 0')"	json
tj 'the real [heap]'	'[.items[] | select(.kind == "heap")] | length >= 1 and all(.[]; .path == "[heap]")' json
tj 'a file called //anon'	"$(row /data/anon '.kind == "file"')"	json
tj 'a file called x (deleted) is not'	"$(row '/data/x (deleted)' '.kind == "file" and .deleted == false')" json
tj 'a file that is'	"$(row '/data/gone (deleted)' '.kind == "file" and .deleted == true')"	json
tj 'a file called as a memfd'	"$(row '/data/memfd:y (deleted)' '.kind == "file" and .deleted == false')" json
tj 'a memfd called as a library'	"$(row '/memfd:libc.so.6 (deleted)' '.kind == "memfd" and .deleted == true')" json
tj 'a memfd called [vdso]'	"$(row '/memfd:[vdso] (deleted)' '.kind == "memfd"')"	json
tj 'a newline in a name is the kernel'\''s \012'	"$(row '/data/two\\\\012lines' '.kind == "file"')"	json
tj 'a name that is not UTF-8'	'[.items[] | select(.path_b64)] | length == 1'	json
ts 'a name that is an escape'	0 '/data/.x1b\[31mred$'	$NSDEBUG maps "$T"
tj 'shared memory without a name'	'[.items[] | select(.kind == "shm")] | length >= 1'	json
if zcat /proc/config.gz 2>/dev/null | grep -q '^CONFIG_ANON_VMA_NAME=y'; then
	tj 'a name for anonymous memory'	"$(row '[anon:pool: ours]' '.kind == "anon" and .size == 262144')" json
else
	skip 'a name for anonymous memory' 'the kernel has no CONFIG_ANON_VMA_NAME'
fi
# In the root of the container, where a file can have the whole name that the kernel gives.
box_run python3 --ready --rw --tmpfs /memfd: -- /usr/bin/python3 -c '
import mmap, os
fd = os.open("/memfd:/z (deleted)", os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 4096)
m = mmap.mmap(fd, 4096)
print("ready", flush=True)
import time; time.sleep(3600)'
tj 'a file whose whole path is that of a memfd' \
	"$(row '/memfd:/z (deleted)' '.kind == "file" and .deleted == false')" $NSDEBUG maps -o json "$BOX"

# ---- as many as there may be ----

MANY=$($NSDEBUG ps -o jsonl "$T" | jq -r 'select(.args[0] == "many") | .pid')
HOSTMANY=$($NSDEBUG ps -o jsonl "$T" | jq -r 'select(.args[0] == "many") | .host_pid')
paused "$HOSTMANY"
all_of_many() { # OPTION...
	[ "$($NSDEBUG maps -o jsonl "$@" -p "$MANY" "$T" | wc -l)" = "$(wc -l <"/proc/$HOSTMANY/maps")" ]
}
[ "$(wc -l <"/proc/$HOSTMANY/maps")" -gt 60000 ] && pass 'a process with 60000 mappings' ||
	fail 'a process with 60000 mappings' "$(wc -l <"/proc/$HOSTMANY/maps")"
t 'all of its mappings'	''	all_of_many
t 'all of them with -x'	''	all_of_many -x
peak() { # of the largest of our processes, in KiB: rows are sent, not kept
	/usr/bin/env python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 32768)' "$@"
}
t 'in little memory'	'True\n'	peak "$NSDEBUG" maps -x -o jsonl -p "$MANY" "$T"

# ---- options, and processes that have none ----

ts 'a table'	0 '^ADDRESS +PERMS KIND +SIZE MAPPING$'	$NSDEBUG maps "$T"
ts '-x'		0 '^ADDRESS +PERMS +SIZE +RSS +PSS +ANON +DIRTY +SWAP +LOCKED +HUGE MAPPING$'	$NSDEBUG maps -x "$T"
ts '-o wide'	0 'OFFSET DEVICE .* FLAGS'	$NSDEBUG maps -o wide "$T"
ts 'a field of smaps is read when it is named'	0 ' [1-9][0-9.]*[KM]$'	$NSDEBUG maps -o address,rss "$T"
ts 'the sum is the last line'	0 '^process 1: [0-9]+ mappings, size [0-9]+ KiB, rss [0-9]+ KiB'	$NSDEBUG maps -x "$T"
tj 'without -x the kernel is not asked'	'.items[0].rss == null and .summary.rss == null'	json
tj '-p'	'.summary.host_pid == '"$HOSTMANY"	json -p "$MANY"
ts '-p of none'	1 'no process 4999 in'	$NSDEBUG maps -p 4999 "$T"
ts 'an operand'	2 'one operand too many'	$NSDEBUG maps "$T" x
tj 'the document'	'.schema == "nsdebug.maps/1" and .errors == [] and .truncated == false'	json
keys() {
	json | jq -c '.items[0] | del(.path_b64) | keys' >got.txt
	$NSDEBUG help --json maps | jq -c '[.columns[] | select(.json) | .name] | sort' | diff - got.txt
}
t 'keys are those of the schema'	''	keys
zombie() { $NSDEBUG ps -o jsonl "$T" | jq -r 'select(.state == "Z") | .pid' | head -n 1; }
ts 'a zombie'	1 'has no memory: it has ended'	$NSDEBUG maps -p "$(zombie)" "$T"

box_up paused
tj 'a frozen container'	'.summary.mappings > 5 and .summary.rss > 0'	$NSDEBUG maps -x -o json "$BOX"
box_up pod
tj 'a shared pid namespace: of its own first process'	".summary.host_pid == $BOX2PID" \
	$NSDEBUG maps -o json "$BOX2"
box_up userns
tj 'a user namespace'	".summary.pid == 1 and .summary.host_pid == $BOXPID"	$NSDEBUG maps -x -o json "$BOX"
box_run python3 --ready -- /usr/bin/python3 -c '
import ctypes, os, threading, time
def go_on():
    time.sleep(0.1)
    print("ready", flush=True)
    time.sleep(3600)
if os.fork() == 0:
    threading.Thread(target=go_on).start()
    ctypes.CDLL(None).syscall(60, 0)
time.sleep(3600)'
headless() { $NSDEBUG ps -o jsonl "$BOX" | jq -r 'select(.state == "Z") | .pid'; }
wait_for '[ -n "$(headless)" ]' 10 || fail 'a process whose first thread has ended'
tj 'a process whose first thread has ended'	'.summary.mappings > 20 and .summary.rss > 0' \
	$NSDEBUG maps -x -o json -p "$(headless)" "$BOX"
