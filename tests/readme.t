#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readme.t - the commands of README.md do what stands below them. Numbers, addresses, times and the
# blanks between columns may differ; words may not.
# serial
. tests/lib.sh
need jq runc

"$SRC/tests/fixtures/box" up demo >/dev/null || skip_all 'the demo container does not start'

# Drops what differs from run to run, the kernel's names of where a thread waits, and those of libc,
# which a node with its debug file has more of.
same() {
	sed -E -e 's/^( +#[0-9]+) .*libc\.so.*/\1 LIBC/' -e 's/^(pid .*): S, .*/\1: S, WAIT/' -e 's/ S [a-z_0-9.]+ / S WAIT /' -e 's/0x[0-9a-f]+/X/g' -e 's/build-id [0-9a-f]+/build-id X/g' \
		-e 's/[A-Z][a-z]{2} +[0-9]+ +([0-9]+:[0-9]+|[0-9]{4})/TIME/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9T:.Z-]+/TIME/g' -e 's/\b[0-9][0-9.:]*[KMG]?\b/N/g' \
		-e 's/ +/ /g' -e 's/ $//'
}

NSDEBUG=$NSDEBUG sh "$SRC/tests/readme.sh" "$SRC/README.md" >now 2>errors
# what else has exited on this machine is not the document's business
t 'its commands say nothing on stderr'	''	sed '/exited, not shown/d' errors
# other containers of this machine are not the document's business
only_demo() { grep -vE ' (running|paused|created) +([0-9]+|-) +([0-9]+|-) ' | same; }
only_demo <"$SRC/README.md" >want
only_demo <now >got
t 'its commands print what it shows'	''	diff -u want got
ts 'list shows the demo container'	0 '^nsd-demo +- +runc +running'	$NSDEBUG list
ts 'it has no shell'	255 'executable file not found'	runc exec nsd-demo sh

# The indented commands: those that name the binary.
t 'completion can be sourced'	''	bash -c 'source <("$NSDEBUG" completion bash)'
tj 'the schema marks what is claimed'	'[.columns[] | select(.claimed)] | length > 0' \
	$NSDEBUG help --json ps
ts 'the licences are inside'	0 'Apache License'	$NSDEBUG version --licenses
ts 'doctor says that all works'	0 '^openat2 +ok'	$NSDEBUG doctor
