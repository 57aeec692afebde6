# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Where `stack` has the names of stripped programs from.
. tests/lib.sh
need gcc objcopy strip xz nm jq readelf

build() { # FILE [OPTION...]: with all its symbols; exports one function of two
	_f=$1
	shift
	gcc -O1 -g -rdynamic "$@" -o "$_f" "$SRC/tests/lib/named.c"
}

names() { # CONTAINER FILE: "function source" of its frames
	"$NSDEBUG" stack -o json "$1" | jq -r --arg m "$2" '.items[].frames[] |
		select(.module == $m) | "\(.function) \(.source)"' | head -n 2
}

in_box() { # FILE [DEBUG]: started in a container, as /p/named, DEBUG being its /usr/lib/debug
	_dir=$(mktemp -d "$TMP/in.XXXXXX")
	chmod 755 "$_dir"
	cp "$1" "$_dir/named"
	[ ! -e "$TMP/beside" ] || cp -RP "$TMP/beside/." "$_dir"
	box_run base --bind "$_dir:/p:ro" ${2:+--bind "$2:/usr/lib/debug:ro"} --ready -- /p/named
	paused "$BOXPID"
}

# ---- symbols inside the file: .gnu_debugdata ----

mini() { # FROM TO: as Fedora's find-debuginfo makes it
	nm -D "$1" --format=posix --defined-only | awk '{ print $1 }' | sort -u >dyn
	nm "$1" --format=posix --defined-only | awk '$2 ~ /^[Tt]$/ { print $1 }' | sort -u |
		comm -13 dyn - >keep
	objcopy --only-keep-debug "$1" mini.debug
	objcopy -S --remove-section .comment --keep-symbols=keep mini.debug mini 2>/dev/null
	strip -o "$2" "$1"
	xz -9 -k -f mini
	objcopy --add-section .gnu_debugdata=mini.xz "$2"
}
build full
mini full packed
in_box packed
t 'what a file carries packed names what it does not export' \
	'hidden debugdata\nexported dynsym\n' names "$BOX" /p/named
ts 'in the table too' 0 '#1 .* hidden\+0x[0-9a-f]+ \(named\)$' "$NSDEBUG" stack "$BOX"
in_box full
t 'a symbol table goes first' 'hidden symtab\nexported symtab\n' names "$BOX" /p/named

printf '.text\n.globl before\n.type before, @function\nbefore:\n ret\n' >before.s
build after before.s
strip -o bare after
in_box bare
t 'a symbol without a size names no function behind it' \
	'null null\nexported dynsym\n' names "$BOX" /p/named

bomb() { # FILE: its packed part
	strip -o bomb full
	objcopy --add-section ".gnu_debugdata=$1" bomb
	in_box bomb
}
head -c 120000000 /dev/zero | xz -1 >zeros.xz
bomb zeros.xz
t 'one that grows without end is left' 'null null\nexported dynsym\n' names "$BOX" /p/named
head -c 400 mini.xz >short.xz
bomb short.xz
t 'as is one that is cut' 'null null\nexported dynsym\n' names "$BOX" /p/named
head -c 5000 /dev/urandom >noise
bomb noise
t 'and noise' 'null null\nexported dynsym\n' names "$BOX" /p/named

# ---- a debug file, by build-id ----

id_of() { readelf -n "$1" | sed -n 's/.*Build ID: //p'; }
place() { # DIRECTORY ID: where a debug file belongs
	_id=$2
	mkdir -p "$1/.build-id/${_id%"${_id#??}"}"
	chmod -R a+rX "$1"
	echo "$1/.build-id/${_id%"${_id#??}"}/${_id#??}.debug"
}
apart() { # NAME: NAME.debug and NAME.bare, with build-id and symbol of their own
	build "$1.full" "-DHIDDEN=hidden_$1"
	objcopy --only-keep-debug "$1.full" "$1.debug"
	strip -o "$1.bare" "$1.full"
}
none='null null\nexported dynsym\n'
apart one
apart two
mkdir dbg1 dbg2
cp one.debug "$(place dbg1 "$(id_of one.full)")"
cp two.debug "$(place dbg2 "$(id_of two.full)")"
in_box one.bare "$TMP/dbg1"
ONE=$BOX
t 'the debug file in the container' 'hidden_one debug file\nexported debug file\n' \
	names "$ONE" /p/named
in_box two.bare "$TMP/dbg2"
t 'of another container with the same path, its own' \
	'hidden_two debug file\nexported debug file\n' names "$BOX" /p/named
t 'and the first one has its own still' 'hidden_one debug file\nexported debug file\n' \
	names "$ONE" /p/named
mkdir wrong
cp two.debug "$(place wrong "$(id_of one.full)")"
in_box one.bare "$TMP/wrong"
t 'a file with another build-id is not used' "$none" names "$BOX" /p/named

HOSTS=$(place /usr/lib/debug "$(id_of one.full)")
at_exit "rm -f '$HOSTS'; rmdir -p '$(dirname "$HOSTS")' 2>/dev/null"
cp one.debug "$HOSTS"
t 'then the one of the host' \
	'hidden_one debug file of the host\nexported debug file of the host\n' names "$BOX" /p/named
t "but the container's goes first" 'hidden_one debug file\nexported debug file\n' \
	names "$ONE" /p/named
rm "$HOSTS"

at=$(place bad "$(id_of one.full)")
bad() { # WHAT COMMAND...: makes $at, the debug file in the container
	rm -rf "$at"
	_kind=$1
	shift
	"$@"
	in_box one.bare "$TMP/bad"
	t "$_kind is no debug file" "$none" names "$BOX" /p/named
}
good() { # WHAT COMMAND...
	rm -rf "$at"
	_kind=$1
	shift
	"$@"
	in_box one.bare "$TMP/bad"
	t "$_kind is a debug file" 'hidden_one debug file\nexported debug file\n' \
		names "$BOX" /p/named
}
mkdir bad/a bad/a/b
cp one.debug bad/a/real
ln -s ../real bad/a/b/up
chmod -R a+rX bad
good 'a link that is absolute' ln -s /usr/lib/debug/a/real "$at"
good 'a link that is relative' ln -s .././../a/b//../real "$at"
good 'a link to a link' ln -s ../../a/b/up "$at"
ln -s b bad/a/same
good 'a link by a link and up' ln -s /../usr/lib/debug/a/same/../real "$at"
good 'one that leads too far up' ln -s ../../../../../../../../usr/lib/debug/a/real "$at"
bad 'a link through a file' ln -s ../../a/real/../real "$at"
_deep=bad
for _i in $(seq 150); do _deep=$_deep/d; done
mkdir -p "$_deep/a"
chmod -R a+rX bad
cp one.debug "$_deep/real"
chmod 644 "$_deep/real"
good 'a link to far below' ln -s "../../${_deep#bad/}/real" "$at"
ln -s real "$_deep/l0"
for _i in $(seq 20); do ln -s "a/../l$((_i - 1))" "$_deep/l$_i"; done
bad 'what takes thousands of steps' ln -s "../../${_deep#bad/}/l20" "$at"
t 'though it is there' '' cmp one.debug "$at"
bad 'a FIFO' mkfifo "$at"
bad 'a directory' mkdir "$at"
cp one.debug canary.debug
chmod 644 canary.debug
bad 'a link to a file of the host' ln -s "$TMP/canary.debug" "$at"
bad 'a magic link' ln -s "/proc/self/fd/0" "$at"
bad 'a link to itself' ln -s "${at##*/}" "$at"
bad 'noise' cp noise "$at"
cut() { head -c 3000 one.debug >"$at"; }
bad 'one that is cut' cut
in_box one.bare
t 'nor is nothing' "$none" names "$BOX" /p/named

# ---- a debug file, by name ----

linked() { # NAME: NAME.linked, by name only
	build "$1.full" "-DHIDDEN=hidden_$1" -Wl,--build-id=none
	objcopy --only-keep-debug "$1.full" "$1.debug"
	strip -o "$1.linked" "$1.full"
	objcopy --add-gnu-debuglink="$1.debug" "$1.linked"
}
found='hidden_three debuglink\nexported debuglink\n'
linked three
mkdir -p beside
cp three.debug beside/
in_box three.linked
t 'a debug file beside the program, by name' "$found" names "$BOX" /p/named
mkdir beside/.debug
mv beside/three.debug beside/.debug/
in_box three.linked
t 'or in .debug' "$found" names "$BOX" /p/named
rm -r beside
mkdir -p global/p
cp three.debug global/p/
in_box three.linked "$TMP/global"
t 'or below /usr/lib/debug' "$found" names "$BOX" /p/named
printf x >>global/p/three.debug
in_box three.linked "$TMP/global"
t 'one with another checksum is not used' "$none" names "$BOX" /p/named
rm global/p/three.debug
mkdir -p /usr/lib/debug/p
at_exit 'rm -f /usr/lib/debug/p/three.debug; rmdir -p /usr/lib/debug/p 2>/dev/null'
cp three.debug /usr/lib/debug/p/
in_box three.linked "$TMP/global"
t 'a file of the host is never found by name' "$none" names "$BOX" /p/named

# objcopy takes the last part of a name only
cp three.debug global/secretsf
sed 's|three\.debug|../secretsf|' three.linked >four
chmod 755 four
in_box four "$TMP/global"
t 'nor is a name with a slash' "$none" names "$BOX" /p/named
mv global/secretsf "$TMP/global/p/secrets-fil"
sed 's|three\.debug|secrets-fil|' three.linked >four
in_box four "$TMP/global"
t 'though one without is' "$found" names "$BOX" /p/named
