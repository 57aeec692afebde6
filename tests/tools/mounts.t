#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mounts, beside findmnt on the same table; where each mount comes from; what hides what; names and
# sources that are meant to deceive; the layouts of engines and of the kubelet.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need jq findmnt runc crun setpriv

M="$NSDEBUG mounts"
json() { $M -o json "$@"; }
on() { # PATH FILTER
	echo "([.items[] | select(.path == \"$1\")] | length == 1 and (.[0] | $2))"
}

# ---- the same as findmnt ----

by_findmnt() {
	findmnt -l -J -v -N "$1" -o TARGET,ID,PARENT,MAJ:MIN,FSTYPE,VFS-OPTIONS,FS-OPTIONS,FSROOT,PROPAGATION |
		jq -c '.filesystems[] | [.target, .id, .parent, ."maj:min", .fstype,
			(."vfs-options" | split(",") | sort), (."fs-options" | split(",") | sort),
			.fsroot, .propagation]' | sort
}
by_us() {
	json --all "pid://$1" | jq -c '.items[] | [.path, .id, .parent, .device, .fstype,
		(.options | sort), (.fs_options | sort), .root, .propagation]' | sort
}
beside() { # SCENARIO
	by_findmnt "$BOXPID" >want.txt
	by_us "$BOXPID" >got.txt
	[ "$(wc -l <want.txt)" -gt 8 ] && diff want.txt got.txt
}

box_up volumes
t 'volumes: the table is findmnt'\''s'	''	beside
D=$FX/volumes
tj 'volumes: a bind'	"$(on /data '.kind == "bind" and .host_path == "'"$D/data"'" and .read_only == false')" json "$BOX"
tj 'volumes: a read-only one'	"$(on /config '.kind == "bind" and .host_path == "'"$D/config"'" and .read_only')" json "$BOX"
tj 'volumes: a tmpfs'	"$(on /scratch '.kind == "tmpfs" and .host_path == null')" json "$BOX"
tj 'volumes: the image'	"$(on / '.kind == "image" and (.host_path | endswith("/rootfs")) and .read_only')" json "$BOX"
tj 'by default, what matters'	'[.items[].path] == ["/", "/config", "/data", "/dev/shm", "/scratch", "/tmp"]' json "$BOX"
ts 'the rest is counted'	0 '[0-9]+ more: proc, sysfs, .*--all'	$M "$BOX"
kinds() { # KIND...: of the whole table
	json --all "$BOX" | jq -r '.items[].kind' | sort -u | tr '\n' ' '
}
t '--all: the kinds'	'bind cgroup devpts image masked mqueue proc readonly sysfs tmpfs '	kinds
tj 'masked by /dev/null'	"$(on /proc/keys '.kind == "masked" and .root == "/null"')"	json -a "$BOX"
tj 'masked by an empty tmpfs'	"$(on /proc/acpi '.kind == "masked" and .fstype == "tmpfs"')"	json -a "$BOX"
tj 'a read-only part of /proc'	"$(on /proc/sys '.kind == "readonly" and .part_of == "/proc"')"	json -a "$BOX"
tj 'a cgroup, by its path on the host'	'[.items[] | select(.kind == "cgroup" and .fstype == "cgroup") |
	.host_path | endswith("/'"$BOX"'")] | length > 0 and all'	json -a "$BOX"
host_path_exists() {
	json --all "$BOX" | jq -r '.items[] | select(.host_path) | [.host_path, .path] | @tsv' |
	while IFS="$(printf '\t')" read -r there here; do
		[ "$(stat -c %d:%i "$there")" = "$(stat -c %d:%i "/proc/$BOXPID/root$here")" ] ||
			echo "$there is not $here"
	done
}
t 'every host path is the same file'	''	host_path_exists

# ---- what a path is on ----

tj 'PATH'	'[.items[] | [.asked, .path]] == [["/data/hello.txt", "/data"], ["/etc/passwd", "/"],
	["/proc/1/maps", "/proc"], ["/dev/shm", "/dev/shm"]]' \
	json "$BOX" /data/hello.txt /etc/passwd /proc/1/maps /dev/shm
tj 'PATH: the same file on the host'	'.items[0].host_file == "'"$D/data/hello.txt"'"'	json "$BOX" /data/hello.txt
ts 'PATH: in a table'	0 "^/data/hello.txt /data +bind +rw +$D/data +$D/data/hello.txt\$"	$M "$BOX" /data/hello.txt
ts 'PATH: that is not there'	1 '^nsdebug: /nope: No such file'	$M "$BOX" /nope
ts 'PATH: a magic link'	1 '^nsdebug: /proc/1/root: '	$M "$BOX" /proc/1/root
ts '--all and a path'	2 'does not go with a path'	$M --all "$BOX" /

# ---- how full ----

of_stat() { # the same numbers by stat(1), seen through the same mount
	for p in / /config /data /scratch /tmp /dev/shm; do
		stat -f -c "$p %S %b %f %a %c" "/proc/$BOXPID/root$p"
	done | awk '{ used = ($3 - $4) * $2; avail = $5 * $2; n = used * 100 / (used + avail)
		printf "%s %.0f %d %d\n", $1, $2 * $3, $6, (n > int(n)) ? n + 1 : n }' | sort
}
of_us() {
	quiet json --df "$BOX" | jq -r '.items[] | "\(.path) \(.size) \(.inodes) \(.use_percent)"' | sort
}
space() { # of a moment in which nobody else has written much
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		of_stat >want.txt
		of_us >got.txt
		of_stat | cmp -s - want.txt && break
	done
	diff want.txt got.txt
}
t '--df: sizes, inodes and a percentage, as df has it'	''	space
tj '--df: of what is for everyone'	'.items[] | select(.path == "/scratch") | .used + .available == .size'	json --df "$BOX"
ts '--df: sizes for people'	0 '^/scratch +tmpfs +16M +0 +16M +0 '	$M --df "$BOX"
ts '--df --bytes'	0 '^/scratch +tmpfs +16777216 +0 +16777216 +0 '	$M --df --bytes "$BOX"
ts '--df of a path'	0 '^/scratch +/scratch +tmpfs +16M '	$M --df "$BOX" /scratch
tj 'no sizes unless asked for'	'all(.items[]; .size == null and .inodes == null)'	json "$BOX"

# ---- scenarios ----

box_up overlay
tj 'overlay: its layers'	"$(on / '.kind == "image" and .fstype == "overlay" and (.layers | length) == 1 and
	(.layers[0] | endswith("/roots/base")) and .upper == "'"$FX/boxes/$BOX/upper"'" and (.work | length > 0)')" json "$BOX"
ts 'overlay: in words'	0 "^/ +image +overlay +rw +1 layer below $FX/boxes/$BOX/upper\$"	$M "$BOX"
tj 'overlay: a file of it on the host'	'.items[0].host_file == "/run/nsd-boxes/'"$BOX"'/etc/passwd"' json "$BOX" /etc/passwd
for s in userns pod hidepid hostpid; do
	box_up $s
	t "$s: the table is findmnt's"	''	beside
	t "$s: every host path is the same file"	''	host_path_exists
done
box_up userns
tj 'userns: devices of the host'	"$(on /dev/null '.kind == "device" and .host_path == "/dev/null"')"	json -a "$BOX"
tj 'userns: masked by the host'\''s /dev/null'	"$(on /proc/keys '.kind == "masked"')"	json -a "$BOX"
box_up idmap
tj 'idmap: said'	"$(on / '.kind == "image" and .idmapped')"	json "$BOX"
ts 'idmap: in words'	0 '^/ +image .*; idmapped'	$M "$BOX"
RUNTIME=crun box_up base
t 'crun: the table is findmnt'\''s'	''	beside
tj 'crun: masked and read-only'	'[.items[] | select(.path == ("/proc/acpi", "/proc/keys", "/proc/bus")) |
	.kind] == ["masked", "readonly", "masked"]'	json -a "$BOX"
tj 'crun: the image is not another container'\''s mount of it'	"$(on / '.host_path == "'"$FX/roots/base"'"')"	json "$BOX"

# ---- mounts upon mounts, and names that are meant to deceive ----

K=/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555
hostile_box --caps sys_admin,sys_chroot --no-seccomp --tmpfs /t -- "
	mkdir -p /t/low/a /t/low/ab /src/sub /t/chain /t/ro
	echo seen >/src/file
	ln -s /t/low /link
	mount -t tmpfs first /t/low
	mkdir /t/low/a /t/low/ab
	mount -t tmpfs inner /t/low/a
	mount -t tmpfs inner2 /t/low/ab
	mount -t tmpfs second /t/low
	mkdir /t/low/a
	mount -t tmpfs third /t/low/a
	mount -t tmpfs one /t/chain && mount -t tmpfs two /t/chain && mount -t tmpfs three /t/chain
	mount -t tmpfs '$K/volumes/kubernetes.io~secret/stolen' /t/ro
	mkdir '/t/nl
nl' '/t/o\\134x' '/t/tab	x' '/t/sp ace' '/t/\\040' '/t/esc'
	d=\$(printf '/t/\\377\\033[2J'); mkdir \"\$d\"
	for n in '/t/nl
nl' '/t/o\\134x' '/t/tab	x' '/t/sp ace' '/t/\\040' \"\$d\"; do mount -t tmpfs '/dev/sda1' \"\$n\"; done
	mkdir /t/part /t/part/dir /t/again && mount -t tmpfs part /t/part && mkdir /t/part/dir
	mount -o bind /t/part/dir /t/again
	mount -o bind /src /src && mount -o remount,bind,ro /src"
T=$BOX
tj 'stacked: the lower one is hidden by the upper'	'[.items[] | select(.path == "/t/low")] |
	.[0].source == "first" and .[1].source == "second" and .[0].hidden_by == .[1].id and
	.[1].hidden_by == null'	json "$T"
tj 'stacked: what is on the lower one is out of reach'	'([.items[] | select(.source == "second")][0].id) as $id |
	[.items[] | select(.source == "inner" or .source == "inner2") | .hidden_by == $id] == [true, true]'	json "$T"
tj 'stacked: what is on the upper one is not'	'[.items[] | select(.source == "third")] | length == 1 and .[0].hidden_by == null'	json "$T"
tj 'stacked: a chain'	'[.items[] | select(.path == "/t/chain") | {source, id, hidden_by}] |
	map(.source) == ["one", "two", "three"] and .[0].hidden_by == .[1].id and .[1].hidden_by == .[2].id'	json "$T"
ts 'hidden: in words'	0 '^/t/low +tmpfs +tmpfs +rw +memory; hidden by what is on /t/low$'	$M "$T"
# the kernel's own answer: what a path leads to is what is reported for it
by_kernel() {
	for p in /t/low /t/low/a /t/chain /t/ro /link/a /etc /src/file /t/again; do
		inside "stat -L -c %d '$p'"
	done
}
ours() {
	json "$T" /t/low /t/low/a /t/chain /t/ro /link/a /etc /src/file /t/again |
		jq -r '.items[].device | split(":") | map(tonumber) |
			.[0] * 256 + .[1] % 256 + (.[1] - .[1] % 256) * 4096'
}
holds() {
	by_kernel >want.txt
	ours >got.txt
	[ "$(sort -u want.txt | wc -l)" -ge 6 ] && diff want.txt got.txt
}
t 'what a path is on: the kernel agrees'	''	holds
tj 'through a link'	'.items[0] | .asked == "/link/a" and .path == "/t/low/a" and .source == "third"'	json "$T" /link/a
tj 'a source that names a Secret is no Secret'	"$(on /t/ro '.kind == "tmpfs" and .host_path == null and
	.name == null and .pod == null and (.source | contains("kubernetes.io~secret"))')"	json "$T"
tj 'names: newline, tab, space, backslash'	'[.items[] | select(.source == "/dev/sda1" and .path_b64 == null) | .path] | sort ==
	(["/t/nl\nnl", "/t/o\\134x", "/t/tab\tx", "/t/sp ace", "/t/\\040"] | sort)'	json "$T"
tj 'names: bytes'	'[.items[] | select(.path_b64)] | length == 1 and (.[0].path_b64 | @base64d | endswith("\u001b[2J"))'	json "$T"
clean_out() { for o in '' '-o wide' '-o name' --df; do
	# shellcheck disable=SC2086
	quiet $M $o "$T"; done | grep -aP '[\x00-\x09\x0b-\x1f\x7f]'; }
t 'names: no control character in a table'	'?1\n'	clean_out
lines() { $M --no-headers "$T" 2>/dev/null | wc -l; }
t 'names: a line a mount'	"$(quiet json "$T" | jq '.items | length')\n"	lines
t 'names: the table is findmnt'\''s number of mounts'	"$(wc -l <"/proc/$BOXPID/mountinfo")\n"	\
	sh -c '"$NSDEBUG" mounts -a --no-headers "$1" | wc -l' - "$T"
tj 'a bind within the container'	"$(on /t/again '.kind == "bind" and .host_path == null and .part_of == "/t/part" and .inside == "/dir"')"	json "$T"
tj 'a directory re-mounted read-only'	"$(on /src '.kind == "remount" and .read_only and .part_of == "/"')"	json "$T"
not_writable() { inside 'echo >/src/file'; }
ts 'and so it is'	1 'Read-only file system'	not_writable

hostile_box --caps sys_admin --no-seccomp -- 'mount -t tmpfs over /'
T=$BOX
tj 'over the root of processes'	'[.items[] | select(.path == "/")] | length == 2 and (map(select(.source == "over"))[0].hidden_by) ==
	(map(select(.kind == "image"))[0] | .id) and (map(select(.kind == "image"))[0].hidden_by == null)'	json "$T"
ts 'over the root: in words'	0 '^/ +tmpfs +tmpfs +rw +memory; hidden: mounted over the root'	$M "$T"
ts 'over the root: a path is not on that'	0 '^/etc +/ +image '	$M "$T" /etc

# ---- a process that has changed its root ----

box_run debug --uid 0 --rw --caps sys_chroot,sys_admin --no-seccomp --tmpfs /t --ready -- /busybox/busybox sh -c '
	b=/busybox/busybox
	$b mkdir -p /t/jail/busybox /t/jail/in
	$b cp $b /t/jail/busybox
	$b mount -t tmpfs injail /t/jail/in
	exec $b chroot /t/jail /busybox/busybox sh -c "echo ready; exec /busybox/busybox sleep 100000"'
tj 'chroot: mounts as the process sees them'	'[.items[].path] == ["/in"]'	json "$BOX"
ts 'chroot: what is on the root cannot be told'	1 'root that was changed: its mount is not in'	$M "$BOX" /busybox
tj 'chroot: what is below can'	'.items[0].source == "injail"'	json "$BOX" /in

# ---- as engines and the kubelet lay things out ----

# Directories of ours in places that others share: only what we made is taken away again.
tag=nsd-$$
made() { # DIR: makes it, and takes it and its parents away at the end if they are empty
	mkdir -p "$1"
	at_exit "rmdir -p --ignore-fail-on-non-empty '$1'"
}
put_file() { # DIR NAME
	made "$1"
	echo "$2" >"$1/$2"
	at_exit "rm -f '$1/$2'"
}
over() { # DIR: a tmpfs on it
	made "$1"
	mount -t tmpfs -o size=1m "$tag" "$1"
	at_exit "umount -l '$1'"
}
UID1=$tag-1111-2222-3333-444444444444 UID2=$tag-5555-6666-7777-888888888888
P1=/var/lib/kubelet/pods/$UID1 P2=/var/lib/kubelet/pods/$UID2
V=volumes/kubernetes.io
put_file "$P1/$V~configmap/app-config" app.conf
put_file "$P1/$V~configmap/sub-config" one.conf
put_file "$P1/$V~empty-dir/cache" x
put_file "$P1/containers/app" 1a2b3c4d
put_file "$P1" etc-hosts
for d in "$P1/$V~secret/db-password" "$P1/$V~projected/kube-api-access-x7k2p" "$P1/$V~projected/all-in-one" \
	"$P1/$V~empty-dir/mem" "$P1/$V~nfs/pv-nfs" "$P1/$V~secret/default-token-abcde"; do
	over "$d"
done
made "$P1/$V~downward-api/podinfo"
# One volume of two pods: the same file system at both, and nothing but the pod to tell them apart.
over "$P2/$V~csi/pvc-1/mount"
made "$P1/$V~csi/pvc-1/mount"
mount --bind "$P2/$V~csi/pvc-1/mount" "$P1/$V~csi/pvc-1/mount"
at_exit "umount -l '$P1/$V~csi/pvc-1/mount'"
made "$P1/volume-subpaths/sub-config/app"
: >"$P1/volume-subpaths/sub-config/app/0"
mount --bind "$P1/$V~configmap/sub-config/one.conf" "$P1/volume-subpaths/sub-config/app/0"
at_exit "umount -l '$P1/volume-subpaths/sub-config/app/0'; rm -f '$P1/volume-subpaths/sub-config/app/0'"
put_file /var/lib/docker/volumes/$tag/_data d
made /var/lib/docker/volumes/$tag/_data/sub
put_file /var/lib/containers/storage/volumes/$tag/_data p
put_file /var/lib/docker/containers/$tag resolv.conf
put_file "$TMP/src" live.conf
SA=/var/run/secrets/kubernetes.io/serviceaccount
box_run base --ready --bind "$P1/$V~configmap/app-config:/etc/app:ro" --bind "$P1/$V~secret/db-password:/secret:ro" \
	--bind "$P1/$V~projected/kube-api-access-x7k2p:$SA:ro" --bind "$P1/$V~projected/all-in-one:/all:ro" \
	--bind "$P1/$V~empty-dir/cache:/cache" --bind "$P1/$V~empty-dir/mem:/mem" --bind "$P1/$V~nfs/pv-nfs:/nfs" \
	--bind "$P1/$V~downward-api/podinfo:/podinfo" --bind "$P1/$V~csi/pvc-1/mount:/pvc" \
	--bind "$P1/volume-subpaths/sub-config/app/0:/etc/one.conf" --bind "$P1/etc-hosts:/etc/hosts" \
	--bind "$P1/containers/app/1a2b3c4d:/dev/termination-log" --bind /var/lib/docker/volumes/$tag/_data:/vol \
	--bind /var/lib/docker/volumes/$tag/_data/sub:/volsub --bind /var/lib/containers/storage/volumes/$tag/_data:/pvol \
	--bind /var/lib/docker/containers/$tag/resolv.conf:/etc/resolv.conf --bind "$TMP/src/live.conf:/etc/live.conf"
is() { # PATH KIND NAME DRIVER|null
	tj "$1: $2 $3"	"$(on "$1" '.kind == "'"$2"'" and .name == "'"$3"'" and .driver == '"${4:-null}")"	json "$BOX"
}
of_pod() { tj "$1: of this pod"	"$(on "$1" '.pod == "'"$UID1"'"')"	json "$BOX"; }
is /etc/app configmap app-config
is /secret secret db-password
is $SA serviceaccount kube-api-access
is /all projected all-in-one
is /cache emptydir cache
is /mem emptydir mem
is /nfs pv pv-nfs '"nfs"'
is /podinfo downwardapi podinfo
is /pvc pv pvc-1 '"csi"'
is /etc/one.conf configmap sub-config
is /etc/hosts injected hosts
is /dev/termination-log injected termination-log
is /vol volume $tag
is /volsub volume $tag
is /pvol volume $tag
is /etc/resolv.conf injected resolv.conf
for p in /etc/app /secret /pvc /etc/one.conf /etc/hosts; do of_pod $p; done
tj 'a subPath: what of the volume'	"$(on /etc/one.conf '.inside == "/one.conf"')"	json "$BOX"
tj 'a directory in a volume'	"$(on /volsub '.inside == "/sub"')"	json "$BOX"
ts 'a ConfigMap in words'	0 "^/etc/app +configmap +[a-z0-9]+ +ro +app-config of pod $UID1\$"	$M "$BOX"
ts 'a volume in words'	0 "^/vol +volume +[a-z0-9]+ +rw +$tag \\(/var/lib/docker/volumes/$tag/_data\\)"	$M "$BOX"
t 'every host path is the same file, here too'	''	host_path_exists
tj 'a bind of a file'	"$(on /etc/live.conf '.kind == "bind" and .deleted == false')"	json "$BOX"
# Editors and kubelets replace files: who has the old one mounted keeps it.
echo new >"$TMP/src/new" && mv "$TMP/src/new" "$TMP/src/live.conf"
tj 'a file that was replaced on the host: said'	"$(on /etc/live.conf '.deleted == true')"	json "$BOX"
ts 'a file that was replaced: in words'	0 '^/etc/live.conf +bind .*; removed or replaced since'	$M "$BOX"
t 'and the container has the old one'	'live.conf\n'	$NSDEBUG cat "$BOX" /etc/live.conf

# A mount of what was removed has the old one's files, and its path is another's now.
mkdir "$TMP/again" "$TMP/stale"
mount --bind "$TMP/again" "$TMP/stale"
at_exit "umount '$TMP/stale'"
rmdir "$TMP/again"
mkdir "$TMP/again"
box_run base --ready --bind "$TMP/again:/again:ro" -- /app/server
again=$(realpath "$TMP/again")
tj 'a mount of the host of what is no more there' "$(on /again ".host_path == \"$again\"")" json "$BOX"

# ---- many ----

hostile_box --caps sys_admin --no-seccomp --tmpfs /t -- '
	mkdir /t/d
	i=0
	while [ $i -lt 100 ]; do mkdir /t/d/$i; mount -t tmpfs t$i /t/d/$i; i=$((i + 1)); done
	n=0
	for k in 1 2 3 4 5 6 7; do mkdir /t/r$k; mount -o rbind /t /t/r$k; done 2>/dev/null'
many=$(wc -l <"/proc/$BOXPID/mountinfo")
[ "$many" -ge 10000 ] && pass 'over 10,000 mounts' || fail 'over 10,000 mounts' "$many"
count() { $M -a -o name "$1" | wc -l; }
t 'all of them are shown'	"$many\n"	count "$BOX"
tj 'one of them is found'	'.items[0].path == "/t/r7/r6/d/99"'	json "$BOX" /t/r7/r6/d/99

# ---- a server that does not answer ----

if [ -c /dev/fuse ]; then
	mknod "$TMP/fuse" c 10 229
	chmod 666 "$TMP/fuse"
	hostile_box --caps sys_admin,dac_override --devices-all --bind "$TMP/fuse:/dev/fuse" -- '
		mkdir -p /m/statfs /m/getattr
		fused /m/statfs statfs || exit 1
		fused /m/getattr getattr || exit 1'
	tj 'dead server: the table needs none'	"$(on /m/statfs '.network and (.fstype | startswith("fuse"))')"	json "$BOX"
	ts 'dead server: --df does not ask it'	0 '2 not asked how full'	$M --df "$BOX"
	late() { $M --timeout 500ms --df "$BOX" /m/statfs >late.out 2>&1; 
		case $? in 124 | 125) ;; *) cat late.out ;; esac; }
	t 'dead server: unless it is named, until the deadline'	''	late
else
	skip 'dead server' 'this kernel has no FUSE'
fi

# ---- what can be wrong ----

nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
cp "$NSDEBUG" "$TMP/nsdebug"
chmod 755 "$TMP/nsdebug"
ts 'nobody: a privilege is missing'	77 'as root'	nobody "$TMP/nsdebug" mounts "pid://$BOXPID"
ts 'no such container'	3 'no container'	$M nsd-no-such-thing
ts 'no such field'	2 "'wibble' is not a field"	$M -o wibble "$BOX"
ts 'the host'\''s own table'	0 '^/ +(image|other|bind) '	$M --host "pid://$$"
