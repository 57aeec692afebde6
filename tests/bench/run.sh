#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [GROUP...] - speed beside the program that users would take instead, on the same work in
# the same run, as a table to paste. Groups: start ls many engines bulk ps stack goroutines states
# trace prof; all of them by default.
#
# A ratio is ours / theirs, the median of neighbouring pairs. Nothing here passes or fails: what
# the machine does beside it is not the code's doing.
set -eu
SRC=${SRC:-$PWD}
O=${O:-$SRC/build}
NSDEBUG=${NSDEBUG:-$O/nsdebug}
FX=${FX:-$O/fixtures}
export FX
BOX=$SRC/tests/fixtures/box
ENGINE=$SRC/tests/fixtures/engine
export HOLDER=$$	# engines that nobody else wants are stopped with us
PAIR=$O/tests/lib/pair
DATA=$(mktemp -d)
groups=${*:-start ls many engines bulk ps stack goroutines states trace prof}
. "$SRC/tests/bench/trace.sh"
. "$SRC/tests/bench/stack.sh"
. "$SRC/tests/bench/prof.sh"

many() { seq -f 'nsd-bench-many-%g' 2 200; }

clean() {
	for b in $([ -d /run/runc/nsd-bench-many-2 ] && many); do
		runc delete -f "$b" || :
	done
	for e in ${ENGINES:-}; do
		[ "$e" = containerd ] || "$ENGINE" rm "$e" bench || :
		"$ENGINE" down "$e" || :
	done >/dev/null 2>&1
	for b in nsd-bench nsd-bench-ps nsd-bench-many-1 $(seq -f 'nsd-bench-%g' 10); do
		"$BOX" down "$b" >/dev/null 2>&1 || :
	done
	rm -rf "$DATA"
	[ -z "${PROFCG:-}" ] || rmdir "$PROFCG" 2>/dev/null || :
	for p in ${THREADS:-} ${TRACER:-} ${OTHER:-}; do kill "$p" 2>/dev/null || :; done
}
trap clean EXIT
trap 'exit 130' INT TERM

head_rows() {
	echo
	echo '| work | beside | ours, ms | theirs, ms | ratio | goal | met | our RSS, MB |'
	echo '|---|---|--:|--:|--:|---|---|--:|'
	HEADED=yes
}

row() {	# WHAT PEER GOAL RUNS [-p] OURS -- THEIRS
	what=$1 peer=$2 goal=$3 runs=$4
	shift 4
	[ -n "${HEADED:-}" ] || head_rows
	"$PAIR" "$runs" "$@" >"$DATA/row" || { echo "| $what | $peer | failed |"; return; }
	read -r ours theirs ratio kib <"$DATA/row"
	awk -v what="$what" -v peer="$peer" -v goal="$goal" -v a="$ours" -v b="$theirs" \
		-v r="$ratio" -v kib="$kib" 'BEGIN {
		met = goal == "" ? "" : r <= goal ? "yes" : "no"
		printf "| %s | %s | %.2f | %.2f | %.3f | %s | %s | %.1f |\n", what, peer,
			a / 1000, b / 1000, r, goal == "" ? "" : sprintf("<= %.3f", goal), met,
			kib / 1024 }'
}

bench_start() {
	row 'start-up (version)' 'busybox-static true' 1.0 300 "$NSDEBUG" version -- busybox true
}

bench_ls() {
	for i in $(seq 9); do "$BOX" up static "bench-$i" >/dev/null; done
	"$BOX" run bench debug --bind "$DATA:/data:ro" --ready >/dev/null
	pid=$("$BOX" pid nsd-bench)
	bb=/busybox/busybox
	row 'ls /, by pid' 'nsenter -m busybox ls' 0.65 300 "$NSDEBUG" ls "pid://$pid" / -- \
		nsenter -t "$pid" -m $bb ls /
	row 'ls /, by name of 10' 'nsenter -m busybox ls' 0.9 300 "$NSDEBUG" ls nsd-bench / -- \
		nsenter -t "$pid" -m $bb ls /
	row 'ls /, by name' 'runc exec busybox ls' 0.067 30 "$NSDEBUG" ls nsd-bench / -- \
		runc exec nsd-bench $bb ls /
	row 'list of 10' 'runc list' 0.25 30 "$NSDEBUG" list -- runc list
	"$BOX" down $(seq -f 'bench-%g' 9) bench >/dev/null
	if RUNTIME=crun "$BOX" run bench debug --ready >/dev/null 2>&1; then
		row 'ls /, by name' 'crun exec busybox ls' '' 30 \
			"$NSDEBUG" ls nsd-crun-bench / -- \
			crun exec nsd-crun-bench $bb ls /
		RUNTIME=crun "$BOX" down bench >/dev/null
	fi
}

# The same bundle two hundred times: all that differs is the id.
bench_many() {
	"$BOX" run bench-many-1 static --ready >/dev/null
	for b in $(many); do
		runc run -d --bundle "$FX/boxes/nsd-bench-many-1" "$b" </dev/null >/dev/null 2>&1
	done
	row 'list of 200' 'runc list' 0.25 15 "$NSDEBUG" list -- runc list
	row 'ls /, by name of 200' 'runc list' 0.25 15 "$NSDEBUG" ls nsd-bench-many-100 / -- runc list
	peers "$NSDEBUG" ls nsd-bench-many-100 / --
	for b in $(many); do runc delete -f "$b"; done
}

# What other engines take to say what runs, beside these words.
peers() {
	for e in docker podman containerd; do
		up "$e" || continue
		case $e in
		docker) row 'ls /, by name of 200' 'docker ps' '' 9 "$@" $docker ps ;;
		podman) row 'ls /, by name of 200' 'podman ps' '' 9 "$@" podman ps ;;
		containerd) row 'ls /, by name of 200' 'ctr task ls' '' 9 "$@" ctr -n nsd task ls ;;
		esac
	done
}

docker='docker -H unix:///run/docker.sock'
up() { # ENGINE
	"$ENGINE" up "$1" >/dev/null 2>"$DATA/engine" || { sed 's/^/# /' "$DATA/engine"; return 1; }
	ENGINES="${ENGINES:-} $1"
}

bench_engines() {
	export CONTAINERS_CONF=/run/nsd-engines/containers.conf
	for e in docker podman; do
		up $e && "$ENGINE" run $e bench debug >/dev/null || continue
		case $e in
		docker) goal=0.0286 exec=$docker ;;
		*) goal=0.0133 exec=podman ;;
		esac
		row 'ls /, by name' "$e exec busybox ls" $goal 15 "$NSDEBUG" ls "$e://nsd-bench" / -- \
			$exec exec nsd-bench /busybox/busybox ls /
	done
}

bench_bulk() {
	mkdir "$DATA/many"
	(cd "$DATA/many" && seq -f 'file-%06g.conf' 200000 | xargs touch)
	head -c 1073741824 /dev/zero >"$DATA/blob"
	"$BOX" run bench static --bind "$DATA:/data:ro" --ready >/dev/null
	row 'ls -la, 200,000 files' 'coreutils ls -la' 0.5 9 \
		"$NSDEBUG" ls -la runc://nsd-bench /data/many -- ls -la "$DATA/many"
	row 'cat 1 GiB into a pipe' 'coreutils cat' 0.35 9 -p \
		"$NSDEBUG" cat runc://nsd-bench /data/blob -- cat "$DATA/blob"
	"$BOX" down bench >/dev/null
}

bench_ps() {
	for n in 150 5000 20000; do
		"$BOX" run bench-ps static --bind "$O/tests/lib:/t:ro" --ready -- /t/forks $n \
			>/dev/null || continue
		row "ps -f, $n processes" 'procps ps -ef' 0.45 $((n > 1000 ? 5 : 40)) \
			"$NSDEBUG" ps -f nsd-bench-ps -- ps -ef
		"$BOX" down bench-ps >/dev/null
	done
}

for g in $groups; do "bench_$g"; done
[ -n "${HEADED:-}" ] || head_rows
size=$(stat -c %s "$NSDEBUG")
echo "| size of the binary | | $((size / 1024)) KiB | | | <= 3072 KiB | $(
	[ "$size" -le 3145728 ] && echo yes || echo no) | |"
