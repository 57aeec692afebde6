#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cores that no process left: each is read to its end, in bounded time and memory, and what is
# missing is said.
. tests/lib.sh
need jq

core() { "$O/tests/hostile/badcore" "$1" "$TMP/$1.core" ${2:+"$2"}; }
stack() { "$NSDEBUG" --max-time 60s stack --core "$@"; }
core good
tj 'benign: one that is sound' '.errors == [] and (.items | length) == 1 and
	.items[0].frames[0].pc == "0x400100" and .items[0].tid == 7' stack good.core -o json
ts 'its words are escaped' 0 'bad.x1b.2Jcore' stack good.core

core notes
tj 'a gigabyte of empty notes: cut, and the thread is there' '.truncated and (.items | length) == 1' \
	stack notes.core -o json
core threads
tj '70000 threads: as many as are taken' '.truncated and .summary.threads == 65536' \
	stack threads.core -o json
core segments
tj 'a million segments: as many as are read' '.truncated and (.items | length) == 1' \
	stack segments.core -o json
core overlap
tj 'overlapping segments' '(.items | length) == 1' stack overlap.core -o json
core sizes
tj 'sizes that are not there' '(.items | length) == 1' stack sizes.core -o json
printf 'root:secret' >"$TMP/secret"
core files "$TMP/secret"
tj 'a path to a file that is none of it: not shown' '(.items | length) == 1 and
	.items[0].frames[0].function == null and (tostring | contains("root:secret") | not)' \
	stack files.core -o json

size=$(stat -c %s good.core)
for n in 0 3 17 63 64 65 120 200 232 300 1023 1024 1050 1100 1400 1900 8191 8192 12289 $((size - 1)); do
	head -c "$n" good.core >cut.core
	stack cut.core >shown 2>&1
	st=$?
	case $st in 0 | 1 | 4 | 5) ;; *) echo "$n bytes: status $st"; cat shown ;; esac
done >cuts
t 'cut at any place: an answer or an error' '' cat cuts
ts 'rows of bytes' 1 'not an ELF core' sh -c 'head -c 100000 /dev/zero >zero.core
	"$NSDEBUG" stack --core zero.core'
