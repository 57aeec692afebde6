#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout 2400
# Debian's kernels, booted in qemu without KVM: tests/kernels/guest.sh, denied.sh and
# apparmor.sh in each. KERNELS names some of them, FILES other tests to run there. The table is left in
# $O/kernels.md.
. tests/lib.sh
need qemu-system-x86_64 apt-get dpkg-deb busybox jq runc strace python3

KERNELS=${KERNELS:-5.10 6.1 6.12 6.1-v1}
FILES=${FILES:-tests/kernels/guest.sh tests/kernels/denied.sh tests/kernels/apparmor.sh}
K=$SRC/tests/kernels

# shellcheck disable=SC2086 # lists of words
boot() { # KERNEL: its version, and -v1 if cgroups are to be as of old
	_v=${1%-v1}
	_o=
	[ "$_v" = "$1" ] || _o=nsd.cgroup=v1
	timeout 900 qemu-system-x86_64 -accel tcg -cpu max -m "${MEMORY:-1024}" -smp 1 -nodefaults \
		-display none -no-reboot -kernel "$FX/kernels/$_v/vmlinuz" -initrd root.cpio \
		-append "console=ttyS0 quiet panic=-1 $_o nsd.run=$(echo $FILES | tr ' ' ,)" \
		-serial "file:console.$1" -serial "file:said.$1" >qemu.$1 2>&1 </dev/null
}

told() { # KERNEL: what its tests said is said here, too
	while IFS= read -r line; do
		case $line in
		'ok '*' # SKIP '*)
			_n=${line#ok }
			skip "$1: ${_n%% # SKIP *}" "${line#* # SKIP }" ;;
		'ok '*)	pass "$1: ${line#ok }" ;;
		'not ok '*) fail "$1: ${line#not ok }" ;;
		'#row '* | '#calls.'*) ;;
		'#'*)	printf '%s\n' "$line" | cat -v ;;
		esac
	done <"said.$1"
	if [ "$(grep -c '^1\.\.' "said.$1")" = "$(echo "$FILES" | wc -w)" ]; then
		pass "$1: all tests came to their end"
	else
		fail "$1: all tests came to their end" "$(tail -n 20 "said.$1" "console.$1" "qemu.$1")"
	fi
}

# A file that a test there had.
sent() { sed -n "s/^#$2 //p" "said.$1" | base64 -d | gzip -d; }

# What strace and nsdebug saw of the same calls, in one guest.
compare() { # KERNEL
	grep -q '^#calls' "said.$1" || return 0
	sent "$1" calls.strace >calls.strace
	sent "$1" calls.rows >calls.rows
	python3 "$SRC/tests/lib/calls.py" calls.strace calls.rows >beside 2>&1
	if [ "$(sed 's/^[12][0-9][0-9] /N /' beside)" = 'N system calls are the same' ]; then
		pass "$1: trace syscalls: $(cat beside) that strace shows"
	else
		fail "$1: trace syscalls: as strace" "$(cat beside)"
	fi
}

# A line a program, and a line a word that tests begin with. Rows in the order of the first kernel that has them.
table() {
	for k in $KERNELS; do
		echo "kernel|$k|$(cat "$FX/kernels/${k%-v1}/release")"
		sed -n "s/^#row /row|$k|/p" "said.$k"
	done >rows
	for k in $KERNELS; do
		sed -n "s/^ok \([^:]*\): .*# SKIP.*//; s/^ok \([^:]*\): .*/ok|$k|\1/p
			s/^not ok \([^:]*\): \(.*\)/no|$k|\1|\2/p" "said.$k"
	done | cat rows - | awk -F '|' '
		function add(what, kernel, result) {
			if (!(what in seen)) {
				seen[what]
				rows[++n] = what
			}
			if (worth[result] >= worth[cell[what, kernel]])
				cell[what, kernel] = result
		}
		BEGIN {
			worth["not run"] = 1
			worth["yes"] = 2
			worth["not attached"] = 3
			worth["left behind"] = 4
		}
		$1 == "kernel" { name[++k] = $2; release[k] = $3 }
		$1 == "row" { add(($3 ~ /^catalogue/ ? "" : "program ") $3, $2, $4) }
		$1 == "ok" { add($3, $2, "yes") }
		$1 == "no" { worth["no: " $4] = 5; add($3, $2, "no: " $4) }
		END {
			printf "| |"
			for (i = 1; i <= k; i++) printf " %s (%s) |", name[i], release[i]
			printf "\n|---|"
			for (i = 1; i <= k; i++) printf "---|"
			for (r = 1; r <= n; r++) {
				printf "\n| %s |", rows[r]
				for (i = 1; i <= k; i++) {
					c = cell[rows[r], name[i]]
					printf " %s |", (c ? c : "-")
				}
			}
			print ""
		}'
}

# shellcheck disable=SC2086
versions() { printf '%s\n' $KERNELS | sed 's/-v1$//' | sort -u; }
# shellcheck disable=SC2046
"$K/fetch.sh" $(versions) >fetch 2>&1 || skip_all "no kernels: $(tail -n 1 fetch)"
# shellcheck disable=SC2086
"$K/pack.sh" "$TMP/root.cpio" ${ROOTS:-} >pack 2>&1 || { fail 'pack.sh' "$(cat pack)"; exit 1; }

for k in $KERNELS; do
	: >"said.$k"
	: >"console.$k"
	while [ "$(jobs -r | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	boot "$k" &
done
wait
for k in $KERNELS; do
	told "$k"
	compare "$k"
done
table >"$O/kernels.md"
