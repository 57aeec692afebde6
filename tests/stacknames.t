# SPDX-License-Identifier: Apache-2.0
# timeout 120
# shellcheck shell=sh
# Where `stack` has the names of stripped programs from.
. tests/lib.sh
need gcc objcopy strip xz nm jq

build() { # FILE [OPTION...]: with all its symbols; exports one function of two
	_f=$1
	shift
	gcc -O1 -g -rdynamic "$@" -o "$_f" "$SRC/tests/lib/named.c"
}

names() { # CONTAINER FILE: "function source" of its frames
	"$NSDEBUG" stack -o json "$1" | jq -r --arg m "$2" '.items[].frames[] |
		select(.module == $m) | "\(.function) \(.source)"' | head -n 2
}

in_box() { # FILE: started in a container, as /p/named
	_dir=$(mktemp -d "$TMP/in.XXXXXX")
	chmod 755 "$_dir"
	cp "$1" "$_dir/named"
	box_run base --bind "$_dir:/p:ro" --ready -- /p/named
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
