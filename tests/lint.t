#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each check of `make check` fails when its rule is broken, and says what to do about it. All of
# it in a copy of the tree, with the objects already made, so that only what is new is compiled.
. tests/lib.sh
need make gcc clang shellcheck jq

copy=$TMP/tree
mkdir -p "$copy/tests" "$copy/build"
cp -a "$SRC/Makefile" "$SRC/nsdebug" "$SRC/tools" "$SRC/bpf" "$copy"
for f in "$SRC"/tests/*; do
	[ "$f" = "$SRC/tests/fixtures" ] || cp -a "$f" "$copy/tests"
done
if [ -z "$SAN" ]; then
	cp -a "$O/obj" "$O/gen" "$O/flags" "$copy/build"
	[ ! -e "$O/nsdebug" ] || cp -a "$O/nsdebug" "$O"/nsdebug.* "$copy/build"
fi
cd "$copy" || exit 1

# What this run was told is not what the copy is to do.
unset O SAN NSDEBUG FX MAKEFLAGS MAKELEVEL MFLAGS RUN_DIR
version=$(sed -n 's/.*"\(.*\)"/\1/p' build/gen/version.h 2>/dev/null)
check() { make -j2 "check-$1" VERSION="$version"; }

# refused NAME CHECK REGEX FILE...: the check says REGEX; then the files are gone again.
refused() {
	ts "$1" 2 "$3" check "$2"
	ts "$1: says which check" 2 "^make check-$2 failed: " check "$2"
	shift 3
	rm -f "$@"
}

spdx='/* SPDX-License-Identifier: Apache-2.0 */'
file() { # PATH LINE...
	path=$1
	shift
	printf '%s\n' "$spdx" "$@" >"$path"
}

for c in layers sizes pairs symbols headers; do
	ts "the tree passes check-$c"	0 ''	check $c
done

# ---- includes point down only

file nsdebug/base/zz.c '#include "nsdebug/out/col.h"'
refused 'a lower layer includes a higher one' layers \
	'^nsdebug/base/zz.c:2: lower layer base/ includes higher layer nsdebug/out/col.h: .*move' \
	nsdebug/base/zz.c
file nsdebug/out/zz.h '/* zz */' '#include "nsdebug/target/runtime.h"'
refused 'so does a header' layers '^nsdebug/out/zz.h:3: lower layer out/' nsdebug/out/zz.h
file tools/zz.c '#include "nsdebug/cli/options.h"'
refused 'a tool includes more of cli/ than tool.h' layers \
	'^tools/zz.c:2: a tool includes nsdebug/cli/options.h: of cli/ it sees only tool.h' tools/zz.c
file tools/zz.c '#include "tools/ls.h"'
refused 'a tool includes another' layers '^tools/zz.c:2: a tool includes another tool' tools/zz.c
file nsdebug/sys/zz.c '#include "mounts.h"'
refused 'a path is not from the top' layers 'write the path from the top' nsdebug/sys/zz.c
mkdir nsdebug/zz
file nsdebug/zz/zz.c 'int zz;'
refused 'a directory that is no layer' layers 'nsdebug/zz is not a layer' nsdebug/zz/zz.c
rmdir nsdebug/zz

# ---- sizes

body() { awk -v n="$1" 'BEGIN { print "int zz(void)\n{"; for (i = 3; i <= n; i++) print "\t;"; print "}" }'; }
file nsdebug/base/zz.c "$(body 61)"
refused 'a function of 61 lines' sizes 'zz.c:3: function of 61 lines: 60 is the most' nsdebug/base/zz.c
file nsdebug/base/zz.c "$(body 60)"
ts 'a function of 60 lines passes' 0 '' check sizes
file nsdebug/base/zz.c "$(seq 600 | sed 's,.*,/* & */,')"
refused 'a file of 601 lines' sizes 'zz.c:601: file of 601 lines: 600 is the most' nsdebug/base/zz.c
file nsdebug/base/zz.c "$(printf '\t/* %088d */' 0)"
refused 'a line of 102 columns' sizes 'zz.c:2: line of 102 columns' nsdebug/base/zz.c
file nsdebug/base/zz.h 'int zz;'
refused 'a header without a promise' sizes 'zz.h:2: a header without its promise' nsdebug/base/zz.h
echo 'int zz;' >nsdebug/base/zz.c
refused 'a file without a licence line' sizes 'zz.c:1: no licence line' nsdebug/base/zz.c

# ---- a verb is two files

file tools/zz.c 'const struct tool tool_zz = {' '};'
refused 'a verb lacks a test' pairs \
	'^tools/zz.c: verb zz has no test: write tests/tools/zz.t' tools/zz.c

# ---- what an object may ask for

uses() { # STATEMENT HEADER...
	call=$1
	shift
	printf '%s\n' "$spdx"
	printf '#include <%s>\n' "$@"
	printf 'int zz_f(char *s);\nint zz_f(char *s)\n{\n\t%s\n\treturn !s;\n}\n' "$call"
}
uses 'printf("%s\n", s);' stdio.h >tools/zz.c
refused 'a tool prints by itself' symbols \
	'^tools/zz.c: uses (puts|__printf_chk): forbidden in a tool; rows go through out/' tools/zz.c
uses 'if (fork()) _exit(1);' unistd.h >tools/zz.c
refused 'a tool forks' symbols '^tools/zz.c: uses fork: forbidden in a tool' tools/zz.c
uses 'if (open(s, s[0] ? O_RDONLY : O_RDWR) < 0) return 1;' fcntl.h >tools/zz.c
refused 'a tool opens a path' symbols '^tools/zz.c: uses open(64)?: forbidden in a tool' tools/zz.c
uses 'return !getpwnam(s);' pwd.h >nsdebug/cli/zz.c
refused 'our objects gain a forbidden symbol' symbols \
	'^nsdebug/cli/zz.c: uses getpwnam: forbidden everywhere; use ' nsdebug/cli/zz.c
uses 'execv(s, (char *[]){ s, NULL });' unistd.h stddef.h >nsdebug/enter/zz.c
refused 'an exec' symbols '^nsdebug/enter/zz.c: uses execv: forbidden everywhere' nsdebug/enter/zz.c
uses 'static char b[8]; strcpy(b, s); return b[1];' string.h >nsdebug/base/zz.c
refused 'a fortified strcpy' symbols 'zz.c: uses (__)?strcpy(_chk)?: forbidden' nsdebug/base/zz.c
uses 'printf("%s\n", s);' stdio.h >nsdebug/sys/zz.c
refused 'a lower layer prints' symbols '^nsdebug/sys/zz.c: uses .*: only nsdebug/out' nsdebug/sys/zz.c
uses 'return chroot(s);' unistd.h >nsdebug/target/zz.c
refused 'a second door' symbols '^nsdebug/target/zz.c: uses chroot: only enter/' nsdebug/target/zz.c

# ---- compilers, scripts

file nsdebug/base/zz.h '/* zz promises nothing. */' 'size_t zz(void);'
refused 'a header that does not stand alone' headers 'nsdebug/base/zz.h does not compile alone' \
	nsdebug/base/zz.h
mkdir -p tests/runtimes
# shellcheck disable=SC2016 # the dollar is the mistake
printf '#!/bin/sh\ncd $1\nrm -rf $2/*\n' >tests/runtimes/zz.t
refused 'a script that shellcheck refuses' shell 'correct tests/runtimes/zz.t' tests/runtimes/zz.t

# ---- the binary

mkdir bin
echo 'int main(void) { return 0; }' >bin/a.c
gcc -g -o bin/nsdebug bin/a.c && cp bin/nsdebug bin/nsdebug.full
ts 'a binary that needs libc.so'	1 'needs libc.so.6 : link with -static'	tests/lint/static.sh bin
ts 'a binary with an interpreter'	1 'has an interpreter'			tests/lint/static.sh bin
# shellcheck disable=SC2016
printf '#include <pwd.h>\nint main(int c, char **v) { return !v || !getpwuid(c); }\n' >bin/a.c
gcc -g -static -o bin/nsdebug bin/a.c 2>/dev/null && cp bin/nsdebug bin/nsdebug.full
ts 'a binary that can load libraries'	1 'can load libraries .*dlopen'		tests/lint/static.sh bin

# ---- documents

mkdir doc
printf '#!/bin/sh\necho ls\n' >doc/nsdebug
chmod +x doc/nsdebug
cd doc || exit 1
ln -s ../Makefile Makefile
# shellcheck disable=SC2016
printf '    # nsdebug ls x /\n    $ nsdebug sl x /\n\nRun `make tset`; see `tests/zz`.\n' >README.md
ts 'a document names no verb'	1 'README.md: no verb nsdebug sl'	../tests/lint/readme.sh ./nsdebug
ts 'a document names no target'	1 'README.md: no target make tset'	../tests/lint/readme.sh ./nsdebug
ts 'a document names no file'	1 'README.md: no file tests/zz'		../tests/lint/readme.sh ./nsdebug
cd "$copy" || exit 1

# ---- the contract: a verb of one option, with and without its help

verb() { # HELP
	cat >tools/zz.c <<END
$spdx
#include "nsdebug/cli/tool.h"

struct zz_opts {
	bool yes;
};

static const struct opt zz_opt[] = {
	OPT('y', "yes-indeed", OPT_FLAG, struct zz_opts, yes, NULL, "$1"),
	OPT_END
};

struct zz_row {
	uint64_t answer;
};

static const struct col zz_col[] = {
	COL(COL_U64, struct zz_row, answer, 0, "what it is all about"),
	COL_END
};

static const struct example zz_example[] = {
	{ "nsdebug zz", "do nothing" },
	{ NULL, NULL }
};

static void zz_run(struct run *r)
{
}

const struct tool tool_zz = {
	.name = "zz",
	.summary = "do nothing at all",
	.about = "It does nothing.",
	.needs = NEED_NONE,
	.opts = zz_opt,
	.opts_size = sizeof(struct zz_opts),
	.cols = zz_col,
	.examples = zz_example,
	.run = zz_run,
};
END
}
echo '. tests/lib.sh' >tests/tools/zz.t
verb 'agree'
ts 'a verb that says all about itself'	0 '^[0-9]+ passed, 0 failed'	check contract
verb ''
refused 'an option lacks help' contract '^not ok zz: every option has help' tools/zz.c tests/tools/zz.t
