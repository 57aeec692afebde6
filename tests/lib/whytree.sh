# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# whytree.sh - files of all sorts, and who may do what with them; read after tests/lib.sh.
#
#   tree NAME       all of them in $T, ./tree-NAME, for a container whose ids begin at $BASE on the host;
#                   files of the modes $FILES, directories of $DIRS, $T itself of $TOP
#   put, put_dir PATH MODE OWNER[:GROUP]    one more
#   beside NAME     what is mounted beside it: $W, $W.ro and, without exec, $W.noexec
#   map_ids DIR     DIR.map is DIR, on a mount with mapped ids: $MAP, as idmount.c has it

put() {
	[ -e "$T/$1" ] || : >"$T/$1"
	own "$@"
}
put_dir() {
	mkdir -p "$T/$1"
	own "$@"
}
LATER=
own() {
	_u=${3%:*} _g=${3#*:}
	if [ "$LATER" ]; then
		echo "$((BASE + _u)):$((BASE + _g)) $2 $T/$1" >>"$LATER"
		return
	fi
	chown -h "$((BASE + _u)):$((BASE + _g))" "$T/$1"
	[ -h "$T/$1" ] || chmod "$2" "$T/$1"
}

# Hundreds of files have few owners and modes: those noted in $LATER.
own_noted() {
	for _o in $(cut -d ' ' -f 1 "$LATER" | sort -u); do
		awk -v o="$_o" '$1 == o { print $3 }' "$LATER" | xargs chown -h "$_o"
	done
	for _m in $(cut -d ' ' -f 2 "$LATER" | grep -vx -e - | sort -u); do
		awk -v m="$_m" '$2 "" == m "" { print $3 }' "$LATER" | xargs chmod "$_m"
	done
	LATER=
}

tree() {
	T=$TMP/tree-$1
	mkdir "$T"
	chmod 755 "$T"
	at_exit "chattr -R -f -i -a '$T' || :"
	at_exit "find '$T' -depth -delete 2>/dev/null || :"
	put_dir . $TOP 0
	LATER=$T.owners
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
			mkdir -p "$T/$d"
			put $d/in 666 0
			put $d/rm 666 0
			put $d/mv 666 0
			put $d/far 666 0
			put $d/kept 666 0
			put_dir $d/sub 755 0
			put_dir $d/whole 755 65532
			put_dir $d/hollow 700 0
			put_dir $d/full 700 0
			put $d/full/in 644 0
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
	own_noted
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
	ln "$T/more-dir/in" "$T/d777-0/same"
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

beside() {
	W=$TMP/try-$1
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
}

gcc -o "$TMP/idmount" "$SRC/tests/fixtures/apps/idmount.c"
map_ids() {
	mkdir "$1.map"
	# shellcheck disable=SC2086	# they are words
	"$TMP/idmount" "$1" "$1.map" $MAP
	at_exit "umount '$1.map'"
}
