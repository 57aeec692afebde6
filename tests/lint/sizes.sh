#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sizes.sh - a function has at most 60 lines, a file 600, a line 100 columns; and the few
# things about a file that need no compiler: its licence line, a header's promise, no loose ends.
set -u

find nsdebug tools bpf tests -path tests/fixtures/apps -prune -o -name '*.[ch]' -print 2>/dev/null |
	sort | xargs -r env LC_ALL=C awk '
function refuse(line, what, cure) {
	printf "%s:%d: %s: %s\n", name, line, what, cure
	bad = 1
}

function columns(s,	w, i, parts, n) {
	gsub(/[\200-\277]/, "", s)	# UTF-8: one column a character
	n = split(s, parts, "\t")
	w = length(parts[1])
	for (i = 2; i <= n; i++)
		w += 8 - w % 8 + length(parts[i])
	return w
}

function file_done() {
	if (name && lines > 600)
		refuse(lines, "file of " lines " lines", \
			"600 is the most: split it by what its functions are about")
}

FNR == 1 {
	file_done()
	name = FILENAME
	start = 0
	if ($0 !~ /^(\/\*|\/\/) SPDX-License-Identifier: /)
		refuse(1, "no licence line", \
			"begin with /* SPDX-License-Identifier: Apache-2.0 */")
}
FNR == 2 && FILENAME ~ /^(nsdebug|bpf)\/.*\.h$/ && $0 !~ /^\/\*/ {
	refuse(2, "a header without its promise", \
		"say in a comment below the licence line what the module promises")
}
{ lines = FNR }
length($0) > 50 && columns($0) > 100 {
	refuse(FNR, "line of " columns($0) " columns", "100 is the most, a tab counts 8")
}
/[ \t]$/ { refuse(FNR, "white space at the end of a line", "remove it") }
/(TO[D]O|FI[X]ME|XX[X])/ && FILENAME !~ /^tests\/lint\// {
	refuse(FNR, "a loose end", "do it, file an issue, or write a test that is marked")
}
/^{$/ { start = FNR }
/^}/ && start {
	if (FNR - start + 1 > 60)
		refuse(start, "function of " FNR - start + 1 " lines", \
			"60 is the most: give its parts names of their own")
	start = 0
}
END { file_done(); exit bad }'
