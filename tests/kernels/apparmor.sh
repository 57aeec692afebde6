#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# apparmor.sh - what advise writes, on a kernel that has AppArmor, booted by init.sh: a container is
# watched from its start, does the same under its profile, and is refused a file that it did not use.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
need jq runc apparmor_parser

PATIENT='--timeout 60s'	# an emulated processor is a slow one
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
[ -d /sys/kernel/security/apparmor ] || skip_all 'advise: no AppArmor in this kernel'
wait_for() {
	_end=$(($(date +%s) + $2 * 6))
	until eval "$1"; do
		[ "$(date +%s)" -lt "$_end" ] || return 1
		sleep 0.05
	done
}

mkdir w
chmod 777 w
# shellcheck disable=SC2016 # the container's shell is to read it
WORK='/busybox/busybox rm -f /w/linked; read x </etc/passwd; echo "$x" >/w/passwd; mkdir -p /w/d; echo y >/w/d/log1234; mv /w/d/log1234 /w/d/log5678
/busybox/busybox ls /etc >/w/list; rm -r /w/d; /busybox/busybox ln /w/list /w/linked; kill -CONT $$; echo done'
work() { # OF A SHELL: a container that has done it, to do it again
	box_run debug --no-seccomp --bind "$TMP/w:/w" -- /busybox/busybox sh -c "$1"
	ID=$BOX
	BUNDLE=$FX/boxes/$ID
	wait_for 'runc delete --force "$ID" 2>/dev/null' 20
}
run() { runc run --bundle "$BUNDLE" "$ID" >run.out 2>&1 </dev/null; }
config() { # FILTER ARG...: of jq, on the container's configuration
	jq "$@" "$BUNDLE/config.json" >config.new
	cat config.new >"$BUNDLE/config.json"
}

watched() { # WHAT: from its start; and again, under the profile that comes of it
	# shellcheck disable=SC2086 # a list of words
	"$NSDEBUG" advise --next "$ID" -o json $PATIENT >out.json 2>said &
	TRACE=$!
	wait_for 'grep -q "waiting for a cgroup" said' 20 || fail "advise: $1: waits" "$(cat said)"
	run
	t "advise: $1: the workload, as it is" 'done\n' cat run.out
	wait "$TRACE"
	tj "advise: $1: all was seen" '.summary.from_start and .summary.complete' cat out.json
	jq -r .summary.apparmor out.json >profile
	PROFILE=$(sed -n 's/^profile \([^ ]*\) .*/\1/p' profile)
	ts "advise: $1: its AppArmor profile is loaded" 0 '' apparmor_parser -r -K profile
	ts "advise: $1: and enforced" 0 "^$PROFILE \(enforce\)" cat /sys/kernel/security/apparmor/profiles
	config --arg p "$PROFILE" '.process.apparmorProfile = $p'
	run
	t "advise: $1: the same under it" 'done\n' cat run.out
}

work "$WORK"
watched 'a few files'
config --arg w "$WORK; /busybox/busybox cat /etc/group; echo x >/w/more; echo end" '.process.args[-1] = $w'
run
ts 'advise: under it, one more' 0 'end$' cat run.out
ts 'advise: what it read before' 0 '^done$' cat run.out
ts 'advise: a file that was not read is refused' 0 '/etc/group.: Permission denied' cat run.out
ts 'advise: and one that was not written' 0 '/w/more: Permission denied' cat run.out
ts 'advise: by AppArmor' 0 'apparmor="DENIED" .*name="/etc/group"' dmesg
config 'del(.process.apparmorProfile)'
run
ts 'advise: but not without the profile' 1 '' grep 'Permission denied' run.out

# ---- so many files that one rule is of all in their directory ----

mkdir w/many w/few
seq 2100 | sed 's,^,w/many/,' | xargs touch
touch w/few/1 w/few/2
READS='cd /w/many; /busybox/busybox cat *; /busybox/busybox cat /w/few/*; echo done'
work "$READS"
watched 'many files'
touch w/many/new w/few/new
config --arg w "$READS; echo x >/w/many/1" '.process.args[-1] = $w'
run
ts 'advise: a directory of which so many were read is read' 1 '' grep '/many/new.: Permission denied' run.out
ts 'advise: but not written' 0 '/w/many/1: Permission denied' cat run.out
ts 'advise: and one of few not read' 0 '/w/few/new.: Permission denied' cat run.out
