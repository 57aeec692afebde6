#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# timeout 900
# why --path, asked thousands of times, beside what the kernel says to a program in the container
# that tries the same.
. tests/lib.sh
. "$SRC/tests/lib/whytree.sh"
need jq runc setfacl chattr

for s in symlinks=1 hardlinks=1 regular=2 fifos=2; do
	f=/proc/sys/fs/protected_${s%=*}
	at_exit "echo $(cat $f) >$f"
	echo "${s#*=}" >$f
done

# ---- what is tried ----

LIST=''
# ACTION PATH [TO]...: one a line
LONG=$(printf '%0256d' 0)
try() { LIST="$LIST$*
"; }
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
			try rmdir $d/full
			try rename $d/whole $d/full
			try rename $d/whole $d/hollow
			try rename /t/d777-0/in/$LONG $d/long
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
	for f in / /t/ /t/d700-0/ /t/d777-0/ /t/nothing/ /t/f644/ /tmp/ /dev/shm/ /t/to-dir/; do
		for a in read create stat mkdir delete; do
			try $a $f$LONG
			try $a "$f$(echo "$a$LONG" | cut -c 1-255)"
			try $a $f$LONG/x
		done
	done
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
	try rename /t/d777-0 /t/d777-0/itself
	try rename /t/d755-0 /t/d755-0/itself
	try rename /t/d777-0/kept /t/d777-0
	try rename /t/d777-0/kept /t/d777-0/kept/
	try rename /t/d777-0/kept /t/d777-0/into/
	try link /t/d777-0/kept /t/d777-0/into/
	try rename /t/more-dir/in /t/d777-0/same
	try rename /t/into/ /t/d777-0/away
	for f in into to-dir; do
		for a in mkdir rmdir delete; do
			try $a /t/$f/
		done
	done
	# no directories that anybody changes
	for f in /proc/version /proc/driver /dev/pts/ptmx /dev/pts/new /dev/mqueue/newer; do
		for a in mkdir mknod rmdir chmod; do
			try $a $f
		done
		try rename $f $f.x
	done
	try create /dev/pts/new
	try chmod /proc/1/status
	try delete /proc/version
	try delete /dev/pts/ptmx
	try mkdir /t/d777-0/..
	try mkdir /
	for f in f644 g644 o644 x644 d777-65532; do
		try chown /t/$f
	done
	echo "$LIST" | sed "/^\$/d${UNSEEN:+;/$UNSEEN/d}"
}

# What why says to each line, as tries writes it: one document a line. Nobody else runs meanwhile, so
# every processor is asked some of them.
answer() {
	while read -r what path to; do
		$NSDEBUG --timeout 20s why "$BOX" -o jsonl --for "$what" --path "$path" ${to:+--to "$to"} 2>>errors ||
			[ $? = 1 ] || [ $? = 5 ] || echo "why $what $path $to" >>errors
	done
}
answers() {
	_pids=
	rm -f rows.*
	for _j in $(seq -f %04g 0 $(($(nproc) - 1))); do
		awk -v n="$(nproc)" -v j="$_j" '(NR - 1) % n == j' "$W/list" | answer >"rows.$_j" &
		_pids="$_pids $!"
	done
	# shellcheck disable=SC2086	# they are numbers
	wait $_pids
	paste -d '\n' rows.* | sed '/^$/d' >rows
	jq -r 'if .verdict == "allowed" then "ok" else .error // .kind end' rows | paste -d ' ' "$W/list" - | sed 's/ *$//'
	echo end
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
	_all=$((5 + ($1 != 0)))	# with the first one; its arguments are the last that a program gets
	wait_for '[ "$($NSDEBUG ps -o args --no-headers "$BOX" | grep -c /t/prog)" = $_all ]' 20 ||
		fail "$_all processes are there" "$($NSDEBUG ps "$BOX")"
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
	beside "$name"
	lists >"$W/list"
	box_run static --ready --bind "$M:/t" --bind "$W:/try" --bind "$W.noexec:/noexec" --bind "$W.ro:/ro:ro" "$@" -- /t/prog /try
	: >errors
	[ -z "$PEEK" ] || others "$PEEK"
	answers >want
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
