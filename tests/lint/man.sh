#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man.sh DIR - groff has nothing to say about the manuals.
set -u
bad=0
for m in "$1"/*.1; do
	said=$(groff -mdoc -Tutf8 -ww -b "$m" 2>&1 >/dev/null) && [ -z "$said" ] && continue
	printf '%s\n%s: groff -mdoc -ww complains: correct the text of the verb, or cli/ that made this\n' \
		"$said" "$m"
	bad=1
done
exit $bad
