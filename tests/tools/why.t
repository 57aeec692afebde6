#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# timeout 600
# why --path, beside what the kernel says to a program in the container that tries the same.
. tests/lib.sh
need jq runc setfacl chattr

for s in symlinks=1 hardlinks=1 regular=2 fifos=2; do
	f=/proc/sys/fs/protected_${s%=*}
	at_exit "echo $(cat $f) >$f"
	echo "${s#*=}" >$f
done

# ---- a tree, and what is tried with it ----

LIST=''
# ACTION PATH [TO]...: one a line
try() { LIST="$LIST$*
"; }
put() { # PATH MODE OWNER[:GROUP]: ids of the container
	[ -e "$T/$1" ] || : >"$T/$1"
	own "$@"
}
put_dir() {
	mkdir -p "$T/$1"
	own "$@"
}
own() {
	_u=${3%:*} _g=${3#*:}
	chown -h "$((BASE + _u)):$((BASE + _g))" "$T/$1"
	[ -h "$T/$1" ] || chmod "$2" "$T/$1"
}

tree() {
	T=$TMP/tree-$1
	mkdir "$T"
	chmod 755 "$T"
	at_exit "chattr -R -f -i -a '$T' || :"
	at_exit "find '$T' -depth -delete 2>/dev/null || :"
	put_dir . $TOP 0
	for m in $FILES; do
		put f$m $m 0
		put g$m $m 7:65532
		put o$m $m 65532:7
		put x$m $m 8:9
	done
	put f600 600 0
	for m in $DIRS 700 755 777; do
		for o in 0 65532 7:65532 8:9; do
			d=d$m-$(echo $o | tr : -)
			put_dir $d 755 0
			put $d/in 666 0
			put $d/rm 666 0
			put $d/mv 666 0
			put $d/far 666 0
			put $d/kept 666 0
			put_dir $d/sub 755 0
			own $d $m $o
		done
	done
	# sticky: not its own, its own, its directory
	for o in 0 65532; do
		d=sticky-$o
		put_dir $d 1777 $o
		for f in 0 65532 8; do
			put $d/f$f 666 $f
			put $d/m$f 666 $f
			put_dir $d/d$f 755 $f
			ln -s f$f $T/$d/l$f
			own $d/l$f - $f
			mkfifo "$T/$d/p$f"
			own $d/p$f 666 $f
		done
	done
	put_dir sticky-g 1775 0:65532
	put sticky-g/f 666 8
	# ACLs
	for e in u:U:r-- u:U:rw- u:U:--- g:G:r-- g:G:rw- g:G:--- g::r-- u:U:rwx,m::r-- g:G:rw-,m::r-- g:7:rw- o::rw- u:9:rw-; do
		f=acl-$(echo $e | tr ':,' '__')
		put $f 640 0
		setfacl -m "$(echo $e | sed "s/:U:/:$((BASE + 65532)):/;s/:G:/:$((BASE + 65532)):/;s/:7:/:$((BASE + 7)):/;s/:9:/:$((BASE + 9)):/")" "$T/$f"
	done
	put acl-nomask 604 0
	setfacl -m "u:$((BASE + 65532)):rw-" "$T/acl-nomask"
	chmod 604 "$T/acl-nomask"
	# an owner from outside of the user namespace
	for f in host hosts; do
		: >"$T/$f"
		chmod 640 "$T/$f"
	done
	put_dir acl-dir 750 0
	put acl-dir/in 644 0
	setfacl -m "u:$((BASE + 65532)):r-x" "$T/acl-dir"
	# attributes
	put fixed 666 65532
	put more 666 65532
	put_dir fixed-dir 777 65532
	put fixed-dir/in 666 65532
	put_dir more-dir 777 65532
	put more-dir/in 666 65532
	chattr +i "$T/fixed" "$T/fixed-dir"
	chattr +a "$T/more" "$T/more-dir"
	# links
	ln -s f644 "$T/link"
	ln -s nothing "$T/dangling"
	ln -s d777-0/made "$T/dangling-there"
	ln -s made "$T/dangling-in"
	ln -s d777-0/made "$T/dangling-make"
	ln -s d700-0/newer "$T/dangling-where"
	ln -s loop "$T/loop"
	ln -s d700-0/in "$T/into"
	ln -s /t/f644 "$T/absolute"
	ln -s ../t/./d755-0/../f644 "$T/winding"
	ln -s d755-0 "$T/to-dir"
	ln -s ../../../../../../t "$T/up"
	# devices and others
	mknod "$T/null" c 1 3
	chmod 666 "$T/null"
	mkfifo "$T/fifo"
	chmod 600 "$T/fifo"
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(9); time.sleep(3600)' "$T/socket" &
	at_exit "kill $!"
	wait_for '[ -S "$T/socket" ]' 10
	# programs
	cp "$O/tests/lib/tries" "$T/prog"
	chmod 755 "$T/prog"
	for m in 644 711 700 001; do
		cp "$T/prog" "$T/prog$m"
		chmod $m "$T/prog$m"
	done
	own prog001 001 0
	printf '#!/t/prog\n' >"$T/script"
	printf '#!/t/script\n' >"$T/script2"
	printf '#! /nothing/sh -e\n' >"$T/lost"
	printf '#!/t/prog\r\n' >"$T/windows"
	printf '#!/t/prog700\n' >"$T/shut"
	printf '#!\n' >"$T/empty-script"
	printf 'echo hi\n' >"$T/plain"
	: >"$T/empty"
	# an ELF for another machine; one whose interpreter is not there; one cut short
	{ head -c 18 "$T/prog"; printf '\267\0'; tail -c +21 "$T/prog"; } >"$T/foreign"
	cp "$SRC/tests/lib/tries.c" "$T/source"
	head -c 70 "$T/prog" >"$T/short"
	gcc -o "$T/dynamic" -x c - -Wl,--dynamic-linker=/nothing/ld.so <<-'E'
		int main(void) { return 0; }
		E
	chmod 755 "$T"/script* "$T/lost" "$T/windows" "$T/shut" "$T/empty-script" "$T/plain" \
		"$T/empty" "$T/foreign" "$T/source" "$T/short" "$T/dynamic"
}

# Reading and what else changes nothing first; then what removes and moves.
lists() {
	LIST=''
	for m in $FILES; do
		for w in f g o x; do
			try read /t/$w$m
			try write /t/$w$m
			try append /t/$w$m
			try create /t/$w$m
			try truncate /t/$w$m
			try chmod /t/$w$m
			try touch /t/$w$m
			try utimes /t/$w$m
			try link /t/$w$m /t/d777-0/l$w$m
		done
	done
	for m in $DIRS; do
		for o in 0 65532 7-65532 8-9; do
			d=/t/d$m-$o
			try list $d
			try enter $d
			try stat $d/in
			try read $d/in
			try read $d/nothing
			try stat $d/in/under
			try create $d/new
			try mkdir $d/newdir
			try mkdir $d/sub
			try mknod $d/dev
			try delete $d/rm
			try delete $d/sub
			try rmdir $d/kept
			try rename $d/mv $d/mv2
			try rename $d/far /t/d777-0/from$m-$o
			try rmdir $d/sub
		done
	done
	for d in sticky-0 sticky-65532; do
		for f in 0 65532 8; do
			try read /t/$d/l$f
			try stat /t/$d/l$f/
			try create /t/$d/f$f
			try create /t/$d/p$f
			try write /t/$d/f$f
			try delete /t/$d/f$f
			try rename /t/$d/m$f /t/$d/n$f
			try rmdir /t/$d/d$f
			try delete /t/$d/l$f
		done
	done
	try create /t/sticky-g/f
	for f in acl-u_U_r-- acl-u_U_rw- acl-u_U_--- acl-g_G_r-- acl-g_G_rw- acl-g_G_--- acl-g__r-- acl-u_U_rwx_m__r-- \
		acl-g_G_rw-_m__r-- acl-g_7_rw- acl-o__rw- acl-u_9_rw- acl-nomask; do
		try read /t/$f
		try write /t/$f
		try chmod /t/$f
	done
	for a in read write chmod chown touch utimes append truncate delete; do
		try $a /t/host
	done
	try link /t/hosts /t/d777-0/hosts
	try rename /t/hosts /t/host2
	try read /t/acl-dir/in
	try list /t/acl-dir
	try create /t/acl-dir/new
	for f in fixed more; do
		for a in read write append truncate create chmod touch utimes chown delete; do
			try $a /t/$f
		done
		try link /t/$f /t/d777-0/$f
		try rename /t/$f /t/$f.2
		try create /t/$f-dir/new
		try delete /t/$f-dir/in
		try mkdir /t/$f-dir/new2
	done
	for f in link dangling dangling-there dangling-where loop into absolute winding to-dir up up/up/f644 to-dir/in \
		to-dir/../f644 f644/ f644/x to-dir/ nothing nothing/x ./f644 ..//..//t///f644; do
		for a in read write create stat list enter; do
			# what is made there is there for the next
			case $a-$f in
			create-dangling | create-dangling-* | create-nothing) ;;
			*) try $a /t/$f ;;
			esac
		done
	done
	try create /t/dangling-in
	try create /t/dangling-make
	try rename /t/f644/ /t/f645
	try rename /t/nothing /t/f645
	try rename /t/nothing /tmp/x
	try delete /t/f644/
	try delete /t/d777-0/nothing/
	try rmdir /t/d777-0/..
	try delete /t/d777-0/..
	try rename /t/d777-0/. /t/x
	for f in null fifo socket; do
		try read /t/$f
		try append /t/$f
		try connect /t/$f
	done
	for f in prog prog644 prog711 prog700 prog001 script script2 lost windows shut empty-script plain empty foreign source short \
		dynamic f644 d755-0 null fifo nothing link; do
		try exec /t/$f
	done
	# of the image, of the runtime
	for f in /etc/passwd /etc/shadow /bin /root /nothing/x /proc/self/environ /proc/self/fd /proc/self/fd/0 \
		/proc/self/fd/99 /proc/1/environ /proc/1/root /proc/self/cwd/got /proc/sys/kernel/hostname \
		/proc/sys/net/ipv4/ip_forward /proc/sys/vm/swappiness /proc/sys/kernel/cap_last_cap /proc/sys/user/max_user_namespaces \
		/proc/sys/kernel/shmmax /proc/sys/kernel/sem /proc/sys/kernel/sem_next_id /proc/sys/kernel/pid_max /proc/sys/fs/mqueue/msg_max \
		/proc/sys/kernel /proc/sys/user /proc/sys/net/x /proc/kcore \
		/proc/acpi/x /sys/firmware/x /proc/sysrq-trigger /proc/keys /sys/kernel/uevent_helper /sys/fs/cgroup/x /dev/null /dev/x /dev/pts /dev/mqueue/x \
		/dev/shm/x /dev/stdin /dev/fd/0 /tmp/x /ro/f /ro/new /noexec/new /x /; do
		for a in read write create; do
			try $a $f
		done
	done
	for f in /etc/passwd /bin /proc/1/environ /dev/null /ro/f /ro/new; do
		try truncate $f
	done
	try exec /noexec/prog
	try exec /proc/self/exe
	try exec /proc/self/environ
	try mkdir /ro/f
	try mkdir /ro/new
	try delete /ro/f
	try chmod /ro/f
	try chown /ro/f
	try touch /ro/f
	try rename /ro/f /t/d777-0/x
	try rename /t/d777-0/in /tmp/in
	try link /t/d777-0/in /tmp/in
	try link /t/d777-0/in /ro/in
	try rmdir /t
	try rmdir /tmp
	try delete /etc/hostname
	try rename /t /t2
	try rmdir /t/d777-0/.
	try mkdir /t/d777-0/..
	try mkdir /
	for f in f644 g644 o644 x644 d777-65532; do
		try chown /t/$f
	done
	echo "$LIST" | sed "/^\$/d${UNSEEN:+;/$UNSEEN/d}"
}

# What why says to each line, as tries writes it: one document a line.
answers() {
	while read -r what path to; do
		$NSDEBUG why "$BOX" -o jsonl --for "$what" --path "$path" ${to:+--to "$to"} 2>>errors ||
			[ $? = 1 ] || [ $? = 5 ] || echo "why $what $path $to" >>errors
	done >rows
	jq -r 'if .verdict == "allowed" then "ok" else .error // .kind end' rows | paste -d ' ' "$W/list" - | sed 's/ *$//'
	echo end
}

gcc -o "$TMP/idmount" "$SRC/tests/fixtures/apps/idmount.c"
# A mount with mapped ids: MAP is of idmount.
map_ids() { # SRC
	mkdir "$1.map"
	# shellcheck disable=SC2086	# they are words
	"$TMP/idmount" "$1" "$1.map" $MAP
	at_exit "umount '$1.map'"
}

# Others in there, whom it may or may not look into: UID:GID [HOW [OPTION OF runc exec...]]
other() {
	_as=$1 _how=${2:-wait}
	shift "$(($# > 1 ? 2 : 1))"
	runc exec -d --user "$_as" "$@" "$BOX" /t/prog "$_how" </dev/null >>errors 2>&1
}
others() { # UID: that of who tries
	other "$1:$1"
	other "$1:7"
	other 7:7
	# of root's that cannot be seen
	[ "$1" = 0 ] || other "$1:$1" hidden
	other "$1:$1" wait --cap CAP_NET_RAW
	wait_for '[ "$($NSDEBUG ps -o comm --no-headers "$BOX" | grep -c prog)" -gt 4 ]' 20
	for p in $($NSDEBUG ps -o pid --no-headers "$BOX"); do
		for f in environ mem maps exe fd/0 fdinfo; do
			echo "read /proc/$p/$f"
		done
		echo "write /proc/$p/mem"
		for f in cwd cwd/t/f644 root fd; do
			echo "stat /proc/$p/$f/"
			echo "list /proc/$p/$f"
		done
	done >>"$W/list"
}

MAP='' UNSEEN='' PEEK=''
same() { # NAME BASE [OPTION OF BOX...]
	name=$1 BASE=$2
	shift 2
	tree "$name"
	M=$T
	[ -z "$MAP" ] || { map_ids "$T"; M=$T.map; }
	W=$TMP/try-$name
	mkdir -m 777 "$W" "$W.noexec"
	cp "$T/prog" "$W.noexec"
	chmod 755 "$W.noexec/prog"
	chmod 777 "$W" "$W.noexec"
	mount --bind "$W.noexec" "$W.noexec"
	mount -o remount,bind,noexec "$W.noexec"
	at_exit "umount '$W.noexec'"
	mkdir "$W.ro"
	: >"$W.ro/f"
	chmod 777 "$W.ro"
	chmod 666 "$W.ro/f"
	lists >"$W/list"
	box_run static --ready --bind "$M:/t" --bind "$W:/try" --bind "$W.noexec:/noexec" --bind "$W.ro:/ro:ro" "$@" -- /t/prog /try
	: >errors
	[ -z "$PEEK" ] || others "$PEEK"
	answers <"$W/list" >want
	: >"$W/go"
	wait_for '[ "$(tail -n 1 "$W/got")" = end ]' 60
	diff "$W/got" want >differ
	t "$name: $(grep -c ok "$W/got") allowed and $(grep -vc ok "$W/got") refused, as the kernel does"	''	cat differ
	t "$name: it has nothing to complain"	''	cat errors
	# its message queue counts for the user of the host as long as it is there
	"$SRC/tests/fixtures/box" down "$BOX"
}

FILES='400 020 006 660 644 004 000' DIRS='700 070 007 711 755 050 777 555 333 444' TOP=755
PEEK=65532
same nonroot 0
PEEK=0
FILES='600 006 644' DIRS='700 755 333'
same root 0 --uid 0 --caps CAP_DAC_OVERRIDE,CAP_FOWNER --rw
FILES='600 644' DIRS='700 333'
PEEK=''
same reads 0 --hidepid --caps CAP_DAC_READ_SEARCH,CAP_CHOWN,CAP_MKNOD
PEEK=0
TOP=777
same userns 100000 --userns 100000 --uid 0 --caps CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_CHOWN,CAP_MKNOD
DIRS=333
PEEK=''
# A volume whose mount maps ids, but not all that are there: who asks, or others.
if [ "$(uname -r | awk -F. '{ print ($1 > 6 || ($1 == 6 && $2 >= 15)) }')" = 1 ]; then
	FILES='606 044 644' DIRS='755 077 777' TOP=755
	MAP='0 60000'
	same mapped 0 --caps CAP_FOWNER
	MAP='8 65525 8'
	# which the reader is refused as all others are
	UNSEEN=' .t.acl-dir.\| .t.prog711\| .t.prog001'
	same mapped-others 0
	same mapped-root 0 --uid 0 --caps CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_CHOWN,CAP_MKNOD
	TOP=777
	UNSEEN=''
	MAP='300000 60000'
	same mapped-userns 0 --userns 300000 --uid 0 --caps CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_CHOWN,CAP_SYS_RESOURCE,CAP_NET_ADMIN
	MAP=
else
	skip 'a volume with mapped ids' 'Linux 6.15 tells the map'
fi
FILES='600 644' DIRS=333 TOP=777
same idmap 0 --userns 200000 --idmap --uid 0 --caps CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_CHOWN

# ---- cures of what hands over more than a file ----

mkdir "$TMP/kept" "$TMP/given"
chmod 755 "$TMP/kept" "$TMP/given"
echo x >"$TMP/kept/f"
chown 5:5 "$TMP/kept/f"
chmod 600 "$TMP/kept/f"
MAP=300000
map_ids "$TMP/kept"
MAP=
box_run static --userns 300000 --bind "$TMP/kept.map:/data"
first() { $NSDEBUG why "$BOX" -o json "$@" | jq -r ".items[0].cure"; }
of_ls() { $NSDEBUG ls -o json "$BOX" /data | jq -r '.items[] | select(.path | endswith("f")) |
	"is 0600 \(.uid):\(.gid) (\(.host_uid):\(.host_gid) on the host);"'; }
of_why() { $NSDEBUG why "$BOX" -o json --path /data/f | jq -r '.items[0].reason'; }
ts 'ids in words are the container'\''s, and the host'\''s: those of ls' 0 'is 0600 5:5 .300005:300005 on the host.;' of_ls
ts 'and of why' 0 'is 0600 5:5 .300005:300005 on the host.;' of_why
told=$(first --path /data/f | sed -n 's/.*chown on the host to \([0-9]*\),.*/\1/p')
if [ "$told" ]; then
	chown "$told:$told" "$TMP/kept/f"
	ts 'what a volume with mapped ids takes on the host' 0 'allowed' $NSDEBUG why "$BOX" --path /data/f
else
	ts 'that a volume maps ids which are not told' 0 'to user 65532: .*the mount, which maps ids' first --path /data/f
fi
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TMP/given/docker.sock"
mknod "$TMP/given/disk" b 7 200
: >"$TMP/given/own"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$TMP/given/fpm.sock"
chown 0:998 "$TMP/given/docker.sock" "$TMP/given/fpm.sock"
chown 0:6 "$TMP/given/disk"
chown 0:65532 "$TMP/given/own"
chmod 660 "$TMP/given/docker.sock" "$TMP/given/fpm.sock" "$TMP/given/disk"
chmod 600 "$TMP/given/own"
box_run static --bind "$TMP/given:/given" --bind "$TMP/given/docker.sock:/named"
ts 'a socket that is root on the node' 0 'and group 998: .*root on the node' first --path /given/docker.sock --for connect
ts 'by another name, too' 0 '^true$' eval '$NSDEBUG why "$BOX" --path /named --for connect -o json |
	jq ".items[0] | (.cure | test(\"root on the node\")) and .docker == null and .kubernetes == null"'
ts 'a socket of a group' 0 '^--group-add 998$' eval '$NSDEBUG why "$BOX" --path /given/fpm.sock --for connect -o json |
	jq -r ".items[0].docker"'
ts 'a disk of the node' 0 'as good as root on the node: leave it' first --path /given/disk
ts 'a group that it is in already' 0 '^its group is one of the process' first --path /given/own
for cap in sys_module sys_rawio dac_read_search; do
	ts "$cap is the node's" 0 '^true$' eval '$NSDEBUG why "$BOX" --cap $cap -o json | jq ".items[0] |
		(.cure | test(\"^leave it to the node\")) and .docker == null and .podman == null and .kubernetes == null"'
done
ts 'what is as good as root has a warning' 0 '^leave it to the node: CAP_SYS_ADMIN is as good as root' first --cap sys_admin

# ---- what is said ----

BASE=0 TOP=755 FILES='400 020 006 660 644 004 000' DIRS='700 755 777'
tree said
put handed 644 0
deep=/t$(printf '/d%.0s' $(seq 210))
mkdir -p "$TMP/tree-said/${deep#/t/}"
mkdir "$W.ro/shut"
: >"$W.ro/shut/f"
ln -s '/d700-0/$(id);\033[31m' "$T/hostile"
box_run debug --ready --bind "$T:/t" --bind "$W.noexec:/noexec" --bind "$W.ro:/ro:ro" -- /busybox/busybox sh -c 'echo ready
	cd /t; exec 7</t/handed; /busybox/busybox sleep 3600 & exec /busybox/busybox sleep 3600'
why() { $NSDEBUG why "$BOX" "$@"; }
rows() { why -o json "$@"; }
one() { echo ".items | length == 1 and (.[0] | $1)"; }
plain='test("privileged|unconfined|cap-add ALL|user 0") | not'
has_cure() { one "(.cure | length) > 9 and (.cure + .docker + .podman + .kubernetes | $plain) and ($1)"; }

ts 'allowed: status 0'	0 '^/t/f644 +read allowed granted +nothing refuses it'	why --path /t/f644
ts 'denied: status 1'	1 '^/t/f000 +read denied +mode +/t/f000 is 0000 0:0; other has --- there, needs r--; would pass with CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH ' \
	why --path /t/f000
tj 'the row: as whom, and by what'	"$(one '.uid == 65532 and .host_uid == 65532 and .has == [] and .no_new_privs and .pid == 1 and
	.error == "EACCES" and .path == "/t/f000" and .mode == "0000" and .owner == 0 and .class == "other" and .need == "r" and
	.mount == "/t" and .caps == ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"] and (.guess | not)')"	rows --path /t/f000
tj 'a component on the way'	"$(one '.kind == "mode" and .path == "/t/d700-0" and .need == "x" and .error == "EACCES"')"	rows --path /t/into
tj 'a group would do'	"$(has_cure '.docker == "--group-add 9" and .kubernetes == "spec: {securityContext: {supplementalGroups: [9]}}"')" \
	rows --path /t/x660
tj 'a volume: fsGroup'	"$(has_cure '.kubernetes == "spec: {securityContext: {fsGroup: 65532}}" and .podman == "--volume '"$T"':/t:U"')" \
	rows --path /t/f600
tj 'a read-only root'	"$(has_cure '.kind == "read-only-mount" and .mount == "/" and .docker == "--tmpfs /home/nonroot:uid=65532,gid=65532" and (.kubernetes | test("emptyDir: {}"))')" \
	rows --path /home/nonroot/x --for create
tj 'a read-only volume'	"$(has_cure '.kind == "read-only-mount" and .mount == "/ro" and .docker == "--volume '"$W.ro"':/ro:rw"')"	rows --path /ro/f --for write
tj 'a file, and its mount besides'	"$(has_cure '.kind == "mode" and (.reason | test("and /ro is mounted read-only besides")) and
	.podman == "--volume '"$W.ro"':/ro:U" and .docker == null and (.cure | test("without ro.*chown")) and
	.kubernetes == "spec: {securityContext: {fsGroup: 65532}, containers: [{name: CONTAINER, volumeMounts: [{mountPath: /ro, readOnly: false}]}]}"')" \
	rows --path /ro/shut/f --for write
tj 'a mount, and the directory besides'	"$(has_cure '.kind == "read-only-mount" and (.reason | test("it is 0755 0:0, which refuses it besides")) and
	.docker == null and (.cure | test("without ro.*chown"))')"	rows --path /ro/shut/new --for create
tj 'or only the mount'	"$(has_cure '.kind == "read-only-mount" and .docker == "--volume '"$W.ro"':/ro:rw" and (.reason | test("besides") | not)')" \
	rows --path /ro/new --for create
tj 'a sysctl'	"$(has_cure '.kind == "sysctl" and .caps == ["CAP_NET_ADMIN"] and .docker == "--sysctl net.ipv4.ip_forward=VALUE"')" \
	rows --path /proc/sys/net/ipv4/ip_forward --for write
tj 'a masked path'	"$(one '.kind == "masked" and .error == "ENOENT"')"	rows --path /proc/acpi/x
tj 'an ACL'	"$(one '.kind == "acl" and .class == "acl-user" and .entry == 65532')"	rows --path /t/acl-u_U_r-- --for write
tj 'a sticky directory'	"$(one '.kind == "sticky" and .error == "EPERM" and .caps == ["CAP_FOWNER"]')"	rows --path /t/sticky-0/f8 --for delete
tj 'immutable'	"$(has_cure '.kind == "immutable"')"	rows --path /t/fixed --for write
tj 'append-only'	"$(has_cure '.kind == "append-only"')"	rows --path /t/more --for write
tj 'two mounts'	"$(has_cure '.kind == "cross-device" and .error == "EXDEV" and .mount == "/tmp"')"	rows --path /t/d777-0/mv --for rename --to /tmp/x
tj 'noexec'	"$(has_cure '.kind == "noexec" and .mount == "/noexec"')"	rows --path /noexec/prog --for exec
tj 'an interpreter that is not there'	"$(has_cure '.kind == "missing-interpreter" and .word == "/nothing/sh" and .error == "ENOENT" and .path == "/t/lost"')" \
	rows --path /t/lost --for exec
tj 'a loader that is not there'	"$(has_cure '.kind == "missing-interpreter" and .word == "/nothing/ld.so"')"	rows --path /t/dynamic --for exec
ts 'a script of Windows'	1 'needs /t/prog\\x0d to run, .*dos2unix'	why --path /t/windows --for exec
tj 'another machine'	"$(has_cure '.kind == "architecture" and .word == "aarch64" and .error == "ENOEXEC"')"	rows --path /t/foreign --for exec
tj 'chown'	"$(has_cure '.kind == "chown" and .caps == ["CAP_CHOWN"]')"	rows --path /t/o644 --for chown
tj 'a device'	"$(has_cure '.kind == "capability" and .caps == ["CAP_MKNOD"]')"	rows --path /t/d777-0/dev --for mknod
tj 'stdout'	"$(one '.path == "/proc/1/fd/1" and .verdict == "allowed" and .mode == "0600" and (.word | test("^pipe:"))')"	rows --path /dev/stdout --for append
chmod 600 "$T/handed"
tj 'what it has open, and may not open any more'	"$(has_cure '.path == "/proc/1/fd/7" and .kind == "mode" and .owner == 0 and .word == "/t/handed"')"	rows --path /dev/fd/7
tj 'where a link of /proc leads'	"$(one '.kind == "mode" and .path == "/t/f000"')"	rows --path /proc/self/cwd/f000
tj 'from its working directory'	"$(one '.path == "/t/f000" and .subject == "f000"')"	rows --path f000
tj 'up from there'	"$(one '.verdict == "allowed" and .path == "/etc/passwd"')"	rows --path ../etc/passwd
tj 'as another process'	"$(one '.pid == 2 or .pid > 2')"	rows --path f644 -p "$($NSDEBUG ps -o pid --no-headers "$BOX" | tail -n 1 | tr -d ' ')"
tj 'a directory that has something in it'	"$(has_cure '.path == "/busybox" and .docker == null and .kubernetes == null and
	.podman == "--volume busybox:/busybox:U" and (.cure | test("not empty"))')"	rows --path /busybox/new --for create
tj 'a directory that is not there'	"$(has_cure '.kind == "absent" and .path == "/data" and (.docker | test("^--tmpfs /data:"))')" \
	rows --path /data/x --for create
tj 'what is the kernel'\''s'	"$(one '.docker == null and .podman == null and .kubernetes == null and (.cure | test("kernel"))')"	rows --path /sys/x --for create
tj 'and the runtime'\''s'	"$(one '.docker == null and .podman == null and .kubernetes == null and (.cure | test("runtime"))')"	rows --path /dev/x --for create
tj 'a program without x'	"$(has_cure '.kubernetes == null and (.cure | test("chmod a.x"))')"	rows --path /t/prog644 --for exec
tj 'an owner is no group'	"$(has_cure '.kind == "owner" and .kubernetes == null and (.cure | test("chown"))')"	rows --path /t/f644 --for chmod
tj 'nor does one help against an entry of an ACL'	"$(has_cure '.kubernetes == null and (.cure | test("setfacl -m u:65532:r"))')" \
	rows --path /t/acl-u_U_--- --for read
cp "$T/prog" "$T/suid"
own suid 4755 0
tj 'a setuid bit that has no effect'	"$(one '.verdict == "allowed" and (.reason | test("setuid.*no effect: no_new_privs"))')"	rows --path /t/suid --for exec
own socket 660 0
tj 'a socket of root'\''s'	"$(one '.verdict == "denied" and .docker == null and .kubernetes == null and (.cure | test("only root"))')" \
	rows --path /t/socket --for connect
tj 'a call, and what it takes besides'	"$(has_cure '.kind == "seccomp" and (.reason | test("CAP_SYS_ADMIN")) and
	.podman == "--security-opt seccomp=FILE --cap-drop ALL --cap-add SYS_ADMIN" and
	(.docker | startswith("--security-opt seccomp=FILE --cap-drop ALL --cap-add SYS_ADMIN  # and in the image: setcap"))')"	rows --syscall sethostname
ts 'no such process'	1 'no process 4242'	why --path /x -p 4242
ts 'hostile names are escaped'	1 'd700-0/\$\(id\);\\\\033\[31m is not there|d700-0 is not there'	why --path /t/hostile
tj 'and are in no option'	"$(one '.docker == null and .podman == null and .kubernetes == null')"	rows --path '/t/d700-0;id/x' --for create
tj 'a component of 256 bytes'	"$(one '.verdict == "unknown" and .error == "ENAMETOOLONG"')"	rows --path "/$(printf '%0256d' 0)"
tj 'too deep'	"$(one '.verdict == "unknown" and (.word | test("deep"))')"	rows --path "$deep" --for stat
ts 'nothing asked: of its end'	1 '^running '	why
ts '--to without a second path'	2 '--for rename needs --to'	why --path /x --for rename
ts '--for alone'	2 'go with --path'	why --for read
ts 'no such action'	2 'juggle'	why --path /x --for juggle

runc exec -d --user 7:65532 "$BOX" /busybox/busybox sleep 3600 </dev/null >/dev/null 2>&1
wait_for '[ "$($NSDEBUG ps -o uid --no-headers "$BOX" | grep -c "^ *7$")" = 1 ]' 10
peeked=$($NSDEBUG ps -o uid,pid --no-headers "$BOX" | awk '$1 == 7 { print $2 }')
tj 'the variables of another'\''s process'	"$(has_cure '.kind == "mode" and .owner == 7')"	rows --path "/proc/$peeked/environ"
tj 'and its root'	"$(has_cure '.kind == "ptrace" and .error == "EACCES" and .caps == ["CAP_SYS_PTRACE"] and (.reason | test("user and group"))')" \
	rows --path "/proc/$peeked/root/etc/passwd"

mkdir "$TMP/it's \$(a) volume" "$TMP/a:b"
chmod 755 "$TMP/it's \$(a) volume" "$TMP/a:b"
box_run static --ready --bind "$TMP/it's \$(a) volume:/odd"
option=$(rows --path /odd/x --for create | jq -r '.items[0].podman')
eval "set -- $option"
t 'a directory of the host with an odd name is one word of a shell' "$TMP/it's \$(a) volume:/odd:U"	printf '%s' "$2"
box_run debug --ready --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'

# What it says would help is done, and then the same is tried in there.
options=$(rows --path /home/nonroot/x --for create | jq -r '.items[0].docker')
# shellcheck disable=SC2086	# they are words
box_run debug --ready $options -- /busybox/busybox sh -c 'echo >/home/nonroot/x && echo ready; exec /busybox/busybox sleep 3600'
ts 'cured: allowed, and done'	0 'allowed'	why --path /home/nonroot/y --for create
box_run debug --ready --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'
t 'not cured yet'	'denied\n'	sh -c '"$@" -o json --path /t/f600 --for write | jq -r ".items[0].verdict"' - "$NSDEBUG" why "$BOX"
chown 65532 "$T/f600"
t 'cured while it runs'	'allowed\n'	sh -c '"$@" -o json --path /t/f600 --for write | jq -r ".items[0].verdict"' - "$NSDEBUG" why "$BOX"

# In a user namespace: the host's ids are not the container's.
chown 100000:100000 "$T/f600"
box_run debug --ready --userns 100000 --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'
tj 'a host'\''s id, for the host'	"$(one '.kind == "mode" and .host_uid == 165532 and (.cure | test("on the host to 165532"))')"	rows --path /t/f600
tj 'an owner from outside'	"$(one '.kind == "unmapped-id" and .entry == 0 and .path == "/t/d755-0" and (.cure | test("on the host to 165532"))')" \
	rows --path /t/d755-0/new --for create
ts 'over what it has a capability'	1 'CAP_SYS_TIME'	why --cap sys_time

# Mapped ids of a volume: those that it has not are shown as 65534, as is that user's own.
MAP='0 70000'
chown 65532:65532 "$T/f600"
put lost 666 80000
map_ids "$T"
box_run debug --ready --bind "$T.map:/t" -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox sleep 3600'
tj 'an owner that may be one or none'	"$(one '.verdict == "unknown" and .error == null')"	rows --path /t/lost --for write
tj 'and why'	"$(one '.reason | test("mapped ids of the mount on /t")')"	rows --path /t/lost --for write
tj 'what it is does not matter'	"$(one '.verdict == "allowed"')"	rows --path /t/lost
tj 'one that it has'	"$(one '.verdict == "allowed"')"	rows --path /t/f600 --for write

# One that has made a user namespace for itself has all there, and nothing over what was there before.
box_run debug --ready --no-seccomp -- /busybox/busybox sh -c 'echo ready; exec /busybox/busybox unshare -r /busybox/busybox sleep 3600'
wait_for 'rows --cap net_raw | jq -e ".items[0].has | length > 30"' 20
tj 'a port, with a capability over another user namespace'	"$(one '.verdict == "denied" and .kind == "port" and .uid == 0')"	rows --port 80
tj 'a capability over the network'	"$(one '.verdict == "denied" and (.reason | test("its network namespace belongs to"))')"	rows --cap net_raw
tj 'one that counts on the host'	"$(one '.verdict == "denied" and (.reason | test("only in the host"))')"	rows --cap sys_time
tj 'one of its own'	"$(one '.verdict == "allowed" and (.reason | test("its own user namespace [0-9]+ only"))')"	rows --cap chown
tj 'a mount'	"$(one '.kind == "capability" and (.reason | test("its mount namespace belongs to"))')"	rows --syscall mount

setpriv --reuid 65532 --regid 65532 --groups 4,5 sleep 3600 &
at_exit "kill $!"
wait_for '[ "$(cat /proc/$!/comm)" = sleep ]' 10
tj 'groups are numbers'	"$(one '.groups == [4, 5] and .uid == 65532')"	$NSDEBUG why --host "pid://$!" -o json --cap chown

# Links that exchange what a name means while it is walked: whatever it says, it says something.
box_run debug --ready --rw --bind "$T:/t" -- /busybox/busybox sh -c 'echo ready; cd /t/d777-0; while :; do
	/busybox/busybox ln -sfn /t/d700-0 turn; /busybox/busybox ln -sfn /etc turn; /busybox/busybox rm -f turn; /busybox/busybox mkdir turn; /busybox/busybox rmdir turn; done'
turning() {
	for _ in $(seq 30); do
		why --path /t/d777-0/turn/passwd -o jsonl >>turns 2>&1
		case $? in 0 | 1 | 5) ;; *) return 1 ;; esac
	done
	jq -r .kind turns | sort -u | grep -vxE 'granted|absent|mode|changed|not-a-directory|unknown' || :
}
t 'names that change while they are walked'	''	turning
