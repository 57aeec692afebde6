#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# denied.sh - the catalogue of refusals (tests/lib/refused.c) on each kernel, booted by init.sh.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/lib/denied.sh"
need jq runc

# An emulated processor is a slow one.
wait_for() {
	_end=$(($(date +%s) + $2 * 6))
	until eval "$1"; do
		[ "$(date +%s)" -lt "$_end" ] || return 1
		sleep 0.05
	done
}

CATALOGUE_ROOT=debug
all_of() { # KIND [OPTION of box...]
	CATALOGUE="catalogue ($1)"
	refuse "$@"
	trace_start denied "$BOX" --timeout 60s
	made
	check_each
	read -r right of fine <results
	echo "#row catalogue: refusals with the right reason ($1)|$right of $of"
	echo "#row catalogue: no refusals, not shown ($1)|$fine of $(awk '$2 == "-"' expect | wc -l)"
}
all_of filtered
all_of free --no-seccomp --pids 24 --pidns host
