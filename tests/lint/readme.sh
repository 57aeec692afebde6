#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readme.sh NSDEBUG - what the documents name exists: verbs, make targets, files of the tree.
set -u
nsdebug=$1
bad=0

refuse() {
	echo "$1: $2: $3"
	bad=1
}

verbs=" $("$nsdebug" help --verbs | tr '\n' ' ')"
targets=" $(sed -n 's/^\.PHONY: *//p; s/^\([a-z-]*\):.*/\1/p' Makefile | tr '\n' ' ')"
for doc in *.md; do
	[ -e "$doc" ] || { refuse README.md missing 'write it'; break; }
	# Commands stand in indented or fenced blocks, after a prompt or at the start of a line.
	sed -n 's/^[ \t]*\([$#] \)\{0,1\}\(sudo \)\{0,1\}\(\.\/\)\{0,1\}\(build\/\)\{0,1\}nsdebug  *//p' \
		"$doc" | grep -v '^-' | awk '{ print $1 }' | grep '^[a-z]' | sort -u >"${TMPDIR:-/tmp}/readme.$$"
	while read -r v; do
		case $verbs in
		*" $v "* | *" $v-"*) ;;	# or the first of two words
		*) refuse "$doc" "no verb nsdebug $v" 'correct the command, or begin prose otherwise' ;;
		esac
	done <"${TMPDIR:-/tmp}/readme.$$"
	grep -oE '(^[ \t]*[$#]? ?|`)(sudo )?make [a-z][a-z_.-]*' "$doc" |
		sed 's/.*make //' | sort -u >"${TMPDIR:-/tmp}/readme.$$"
	while read -r m; do
		case $targets in
		*" $m "*) ;;
		*) refuse "$doc" "no target make $m" 'correct it' ;;
		esac
	done <"${TMPDIR:-/tmp}/readme.$$"
	# `nsdebug/base/err.h`, `tools/`: a path of this tree between backticks.
	grep -oE '`(nsdebug|tools|tests|bpf)/[A-Za-z0-9_./-]*`' "$doc" | tr -d '`' | grep -v NAME | sort -u \
		>"${TMPDIR:-/tmp}/readme.$$"
	while read -r p; do
		[ -e "$p" ] || refuse "$doc" "no file $p" 'correct the path'
	done <"${TMPDIR:-/tmp}/readme.$$"
	rm -f "${TMPDIR:-/tmp}/readme.$$"
done
exit $bad
