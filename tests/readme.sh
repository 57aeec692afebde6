#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readme.sh FILE - a document with the real output under each "$ nsdebug ..." of its console
# blocks: prints FILE anew. What is there below the command is replaced.
set -eu
NSDEBUG=${NSDEBUG:-build/nsdebug}
block=
while IFS= read -r line; do
	case $block$line in
	'```console') block=before ;;
	'in```' | 'before```') block= ;;
	'before$ nsdebug '*)
		block=in
		printf '%s\n' "$line"
		eval "\"\$NSDEBUG\" ${line#\$ nsdebug }"
		continue ;;
	esac
	[ "$block" = in ] || printf '%s\n' "$line"
done <"$1"
