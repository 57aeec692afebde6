#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pairs.sh - a verb is two files.
set -u
bad=0
for c in tools/*.c; do
	[ -e "$c" ] || continue
	v=$(basename "$c" .c)
	[ -f "tests/tools/$v.t" ] || {
		echo "$c: verb $v has no test: write tests/tools/$v.t (success, each option," \
			"escapes, a refusal, a missing privilege, JSON)"
		bad=1
	}
	grep -q "^const struct tool tool_$v = {" "$c" || {
		echo "$c: defines no verb: it must hold \`const struct tool tool_$v = {\`"
		bad=1
	}
done
exit $bad
