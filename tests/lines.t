# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# File, line and inlined functions: of hundreds of addresses as LLVM has them, and in `stack -l`.
. tests/lib.sh
need gcc g++ clang++ nm objcopy strip readelf llvm-symbolizer jq

# ---- what compilers write, beside llvm-symbolizer ----

spread() { # FILE COUNT: addresses all over its code
	readelf -SW "$1" | sed -n 's/.*\] \.text  *PROGBITS  *//p' | {
		read -r _at _off _size _
		awk -v at=$((0x$_at)) -v size=$((0x$_size)) -v n="$2" 'BEGIN {
			for (i = 0; i < n; i++) printf "0x%x\n", at + int(size / n * i) + i % 7 }'
	}
}
# One line an address, as tests/unit/lines prints: what LLVM calls a function that has code of its own
# is not compared, and line 0 is none.
theirs() { # FILE
	llvm-symbolizer --no-demangle -a -i -e "$1" <addrs | awk '
	function end() { if (at) print at rest "\t-\t" place }
	/^0x/	{ end(); at = $0; rest = place = ""; next }
	/./	{ if (place) rest = rest "\t" fn "\t" place
		  fn = $0; getline; place = $0; sub(/:[0-9]+$/, "", place)
		  if (place ~ /:0$/) place = "??:0" }
	END	{ end() }'
}
same() { # WHAT FILE [FILE WITH THE DEBUG INFORMATION]
	spread "$2" 700 | sort -u >addrs
	theirs "${3:-$2}" >want
	"$O/tests/unit/lines" "$2" ${3:+"$3"} <addrs >got 2>spent
	if [ "$(grep -c "$(printf '\t-\t')[^?]" want)" -lt 100 ] || ! cmp -s want got; then
		fail "$1" "$(diff want got | head -n 6)"
	else
		pass "$1"
	fi
}
cxx=$SRC/tests/lib/inlined.cc
for v in 4 5; do
	g++ -O2 -g -gdwarf-$v -o "gcc$v" "$cxx"
	same "g++, DWARF $v" "./gcc$v"
	clang++ -O2 -g -gdwarf-$v -o "clang$v" "$cxx"
	same "clang++, DWARF $v" "./clang$v"
done
t 'some of these are functions in functions in functions' 'yes\n' sh -c '
	[ "$(awk -F"\t" "NF > 8" want | wc -l)" -gt 50 ] && echo yes'
g++ -O2 -g -gdwarf-3 -gstrict-dwarf -o gcc3 "$cxx"
same 'DWARF 3' ./gcc3
g++ -O2 -g -gz -o packed "$cxx"
same 'packed' ./packed
g++ -O2 -g -flto -fno-lto-partition=none -o lto "$cxx" 2>/dev/null || g++ -O2 -g -flto -o lto "$cxx" 2>/dev/null
same 'entries that refer to other units' ./lto
g++ -O2 -g -ffunction-sections -Wl,--gc-sections -o collected "$cxx"
same 'with functions that were thrown away' ./collected
# Of a function that is longer than what is before the program's own: with code mapped from 0 on, where
# the linker leaves it, it would have the other's addresses.
cat >gone.c <<-'EOF'
	void gone(void)
	{
		__asm__ volatile (".skip 0x8000, 0x90");
	}
	int kept(int x)
	{
		__asm__ volatile ("" : "+r" (x));
		return x + 1;
	}
	int main(int argc, char **argv)
	{
		return kept(argc);
	}
EOF
for v in 4 5; do
	gcc -O1 -fno-inline -g -gdwarf-$v -ffunction-sections -Wl,--gc-sections -Wl,-z,noseparate-code \
		-o gone gone.c
	nm gone | sed -n 's/^0*\([0-9a-f]*\) T kept$/0x\1/p' >addrs
	t "one that was thrown away, DWARF $v" "$(cat addrs)\t-\t$TMP/gone.c:kept\n" \
		sh -c '"$1" ./gone <addrs 2>spent | sed "s/:[678]$/:kept/"' - "$O/tests/unit/lines"
done
if command -v rustc >/dev/null; then
	cat >odd.rs <<-'EOF'
		fn twice<T: Copy>(v: &[T]) -> Vec<T> { v.iter().chain(v).map(|x| *x).collect() }
		fn main() { println!("{:?}", twice(&std::env::args().map(|a| a.len()).collect::<Vec<_>>())); }
	EOF
	rustc -O -g -o odd odd.rs 2>/dev/null
	same 'Rust' ./odd
else
	skip 'Rust' 'there is no rustc'
fi
objcopy --only-keep-debug gcc5 gcc5.debug
strip -o bare gcc5
same 'in a file apart' ./bare ./gcc5.debug

# ---- stack -l ----

gcc -O2 -g -gdwarf-5 -Wl,-z,noseparate-code -o waiting "$SRC/tests/lib/waiting.c"
in_box() { # FILE [DEBUG]: started in a container, as /p/waiting, DEBUG being its /usr/lib/debug
	_dir=$(mktemp -d "$TMP/in.XXXXXX")
	chmod 755 "$_dir"
	cp "$1" "$_dir/waiting"
	box_run base --bind "$_dir:/p:ro" ${2:+--bind "$2:/usr/lib/debug:ro"} --ready -- /p/waiting
	paused "$BOXPID"
}
table() { # OPTION...: what is inlined, and the function that has code
	"$NSDEBUG" stack "$@" "$BOX" | sed -n 's/^  *#1  *0x[0-9a-f]* \(.*\)+0x[0-9a-f]*/#1 \1/p
		/ (inlined)/s/^ *//p'
}
src=$SRC/tests/lib/waiting.c
at() { grep -n "$1" "$src" | cut -d: -f1; }	# the line of it
INNER=$(at 'pause();') MIDDLE=$(at 'return inner') OUTER=$(at '= middle') MAIN=$(at 'return outer')
lines="inner (inlined) at $src:$INNER\nmiddle (inlined) at $src:$MIDDLE\n#1 outer (waiting) at $src:$OUTER\n"
in_box waiting
WAITING=$BOX
t 'what is inlined, and where each is' "$lines" table -l
t 'only with -l' '#1 outer (waiting)\n' table
frames='[.items[0].frames[] | select(.module == "/p/waiting")]'
tj 'JSON' "$frames | length == 5 and (.[:3] | map(.n) == [1, 1, 1] and
	map(.inlined) == [true, true, false] and map(.function) == [\"inner\", \"middle\", \"outer\"] and
	map(.line) == [$INNER, $MIDDLE, $OUTER] and map(.offset | type) == [\"null\", \"null\", \"string\"] and
	([.[].pc] | unique | length) == 1 and map(.source) == [\"dwarf\", \"dwarf\", \"symtab\"] and
	all(.[]; .file == \"$src\")) and .[3].function == \"main\" and .[3].line == $MAIN" \
	"$NSDEBUG" stack -l -o json "$BOX"
tj 'and without it' "$frames | length == 3 and
	all(.[]; .file == null and .line == null and .inlined == false)" \
	"$NSDEBUG" stack -o json "$BOX"
mkdir tree
(cd tree && cp "$src" . && gcc -O2 -g -o ../relative waiting.c)
in_box relative
t 'a name below the directory that it was compiled in is shown from there' \
	"inner (inlined) at waiting.c:$INNER
middle (inlined) at waiting.c:$MIDDLE\n#1 outer (waiting) at waiting.c:$OUTER\n" table -l
tj 'in full in JSON' "${frames}[0].file == \"$TMP/tree/waiting.c\"" "$NSDEBUG" stack -l -o json "$BOX"
id=$(readelf -n waiting | sed -n 's/.*Build ID: //p')
mkdir -p "dbg/.build-id/${id%"${id#??}"}"
objcopy --only-keep-debug waiting "dbg/.build-id/${id%"${id#??}"}/${id#??}.debug"
chmod -R a+rX dbg
strip -o waiting.bare waiting
in_box waiting.bare "$TMP/dbg"
t 'from a debug file' "$lines" table -l
in_box waiting.bare
t 'from none' '?1\n' sh -c '"$@" | grep "waiting) at"' - "$NSDEBUG" stack -l "$BOX"

# ---- what a hostile file can say: its stacks are shown all the same ----

from=$(readelf -hW waiting | sed -n 's/.*Entry point address: *//p')
hostile() { # WHAT STATUS REGEX <assembler of the debug sections
	cat >bad.s
	gcc -c -o bad.o bad.s || fail "$1: assembled"
	cp waiting bad
	for _s in info abbrev line ranges rnglists str; do
		objcopy -O binary --only-section=.debug_$_s --set-section-flags .debug_$_s=alloc \
			bad.o bad.$_s
		[ ! -s bad.$_s ] || objcopy --update-section .debug_$_s=bad.$_s bad 2>/dev/null
	done
	in_box bad
	ts "$1" "$2" "$3" "$NSDEBUG" stack -l "$BOX"
	ts '- and its frames are there' "$2" '#1 .* outer\+0x[0-9a-f]+ \(waiting\)' "$NSDEBUG" stack -l "$BOX"
}
# A unit about all of the program's code; 1: the unit, 2: a function, 3: what is inlined in it.
abbrevs='.section .debug_abbrev
	.uleb128 1, 0x11; .byte 1; .uleb128 0x11, 1, 0x12, 7, 0x10, 0x17, 0, 0
	.uleb128 2, 0x2e; .byte 1; .uleb128 0x11, 1, 0x12, 7, 0, 0
	.uleb128 3, 0x1d; .byte 1; .uleb128 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0
	.byte 0'
unit=".section .debug_info
	.long 2f - 1f
1:	.short 4; .long 0; .byte 8
	.uleb128 1; .quad $from, 0x2000; .long 0"
hostile 'an origin that is its own' 0 '^ +\? \(inlined\)' <<-EOF
	$abbrevs
	$unit
	.uleb128 2; .quad $from, 0x2000
	3: .uleb128 3; .long 3b - 1b + 4; .quad $from, 0x2000
	.byte 0, 0, 0
	2:
EOF
hostile 'what is inlined without end' 0 'outer\+0x[0-9a-f]+ \(waiting\)$' <<-EOF
	$abbrevs
	$unit
	.uleb128 2; .quad $from, 0x2000
	.rept 100000
	.uleb128 3; .long 11; .quad $from, 0x2000
	.endr
	2:
EOF
hostile 'many units that all want the same lines' 5 'debug information .* is too much work' <<-EOF
	$abbrevs
	.section .debug_info
	.rept 200000
	.long 28
	.short 4; .long 0; .byte 8
	.uleb128 1; .quad $from, 1; .long 0
	.endr
	$unit
	.uleb128 2; .quad $from, 0x2000
	.rept 5000000
	.uleb128 2; .quad $from, 0x2000
	.byte 0
	.endr
	2:
EOF
hostile 'abbreviations of a million attributes' 0 'outer' <<-EOF
	.section .debug_abbrev
	.uleb128 1, 0x11; .byte 1
	.rept 1100000
	.uleb128 0x3f, 0x19
	.endr
	.byte 0, 0, 0
	$unit
	2:
EOF
hostile 'a unit that is longer than there is' 0 'outer' <<-EOF
	$abbrevs
	.section .debug_info
	.long 0x7fffffff
	.short 4; .long 0; .byte 8
	.uleb128 1; .quad $from, 0x2000; .long 0
EOF
hostile 'a table of lines that is nonsense' 0 'outer' <<-EOF
	$abbrevs
	$unit
	.byte 0
	2:
	.section .debug_line
	.long 0x10000; .short 4; .long 10
	.byte 1, 1, 1, -5, 0, 13, 0xff, 0xff, 0xff
	.fill 0x20000, 1, 0xff
EOF
objcopy --compress-debug-sections=zlib waiting small
# the size that it says of a section: 4 GB
info=$(readelf -SW small | sed -n 's/.*\] \.debug_info  *PROGBITS  *//p' | awk '{ print $2 }')
printf '\0\0\0\0\1\0\0\0' | dd of=small bs=1 seek=$((0x$info + 8)) conv=notrunc 2>/dev/null
in_box small
ts 'a packed section of 4 GB' 5 'too much work' "$NSDEBUG" stack -l "$BOX"
BOX=$WAITING
t 'the others are not concerned' "$lines" table -l
