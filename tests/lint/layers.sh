#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh - includes point down only (CONTRIBUTING: the tree and its layers).
set -u

find nsdebug tools bpf -name '*.[ch]' -print 2>/dev/null | sort | xargs -r awk '
BEGIN {
	order = "base out sys enter target why code lang trace advise cli session tui"
	n = split(order, names, " ")
	for (i = 1; i <= n; i++)
		rank[names[i]] = i
	rank["main.c"] = n + 1
}

function refuse(what, cure) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, what, cure
	bad = 1
}

# Everything a tool may do is in the layers below cli/; what makes it a verb is in tool.h.
function from_tool(inc, part) {
	if (part[1] == "tools")
		refuse("a tool includes another tool (" inc ")", \
			"move what both need into a directory of nsdebug/ below cli/")
	else if (part[1] == "nsdebug" && part[2] == "cli" && inc != "nsdebug/cli/tool.h")
		refuse("a tool includes " inc, \
			"of cli/ it sees only tool.h; say it in struct tool instead")
	else if (part[1] == "nsdebug" && rank[part[2]] > rank["cli"])
		refuse("a tool includes " inc, "a tool sees nsdebug/base to nsdebug/trace")
}

function from_core(inc, part) {
	if (part[1] == "tools")
		refuse("nsdebug/ includes a tool (" inc ")", \
			"tools are reached through the generated tools.inc only")
	else if (part[1] == "bpf" && rank[dir] < rank["trace"])
		refuse(dir "/ includes " inc, "only trace/ and tools see bpf/")
	else if (part[1] == "nsdebug" && rank[part[2]] > rank[dir])
		refuse("lower layer " dir "/ includes higher layer " inc, \
			"order is " order ": move the code down, or pass in what it needs")
}

FNR == 1 {
	split(FILENAME, at, "/")
	top = at[1]
	dir = at[2]
	if (top == "nsdebug" && !(dir in rank))
		refuse("nsdebug/" dir " is not a layer", \
			"put the file into one of: " order ", or name it in tests/lint/layers.sh")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	inc = $0
	sub(/^[^"]*"/, "", inc)
	sub(/".*/, "", inc)
	delete part
	if (split(inc, part, "/") == 1) {
		if (inc !~ /\.(inc|skel\.h)$/ && inc != "version.h")
			refuse("include of \"" inc "\"", \
				"write the path from the top of the tree, as \"nsdebug/base/fd.h\"")
	} else if (part[1] != "nsdebug" && part[1] != "tools" && part[1] != "bpf")
		refuse("include of \"" inc "\"", "only nsdebug/ and bpf/ hold headers")
	else if (top == "tools")
		from_tool(inc, part)
	else if (top == "nsdebug")
		from_core(inc, part)
	else if (part[1] != "bpf")
		refuse("bpf/ includes " inc, "BPF programs see bpf/ and <> headers only")
}

END { exit bad }'
