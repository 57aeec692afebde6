#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doctor: everything works for root here; what is taken away is seen, named, and has its cure.
# serial
# It plants a broken state file, which every list of the node then speaks of
. tests/lib.sh
need jq strace setpriv unshare

doc() { $NSDEBUG doctor -o json; }
check() { echo ".items[] | select(.check == \"$1\") | $2"; }

ts 'root: ls and cat would run'	0 '^CHECK +STATE +USED FOR +DETAIL$'	$NSDEBUG doctor
tj 'the document'	'.schema == "nsdebug.doctor/1" and .target == null and .truncated == false'	doc
tj 'root: no line is required and not ok' \
	'[.items[] | select(.required and .state != "ok")] == [] and .errors == []'	doc
tj 'every line is whole'	'.items | length > 10 and all(.[]; (.check | length) > 0 and
	(.used_for | length) > 0 and (.state | test("^(ok|limited|missing|no privilege)$")))'	doc
tj 'what is not ok has a cure'	'[.items[] | select(.state != "ok" and .cure == null)] == []'	doc
tj 'no check twice'	'[.items[].check] | length == (unique | length)'	doc
tj 'the kernel'		"$(check kernel ".detail | test(\"$(uname -r)\")")"	doc
tj 'runc'		"$(check 'runtime runc' '.state == "ok" and (.detail | test("^/run/runc: [0-9]+ running"))')"	doc
broken_one() {
	mkdir /run/crun/fake-$$
	echo '{"pid": ' >/run/crun/fake-$$/status
	doc
	rm -r /run/crun/fake-$$
}
tj 'a state file that cannot be read: said, with a cure' "$(check 'runtime crun' \
	'.state == "limited" and (.detail | test("1 that cannot be read")) and .cure != null')" broken_one
tj 'what fds, mem and limits stand on'	'[.items[].check] | contains(["sock_diag",
	"/proc/PID/smaps_rollup", "pressure stall information", "/proc/PID/task/TID/children"])'	doc
tj 'crun'		"$(check 'runtime crun' '.state == "ok"')"	doc
ts '-o name'		0 '^openat2$'	$NSDEBUG doctor -o name
ts '-o fields'		0 '^openat2 +ok'	$NSDEBUG doctor -o check,state
ts 'an operand'		2 'one operand too many'	$NSDEBUG doctor x
ts 'a full stdout'	126 'No space left'	sh -c '"$NSDEBUG" doctor >/dev/full'
leaves_nothing() {
	$NSDEBUG doctor >out1 2>&1
	mount >m1
	ls /proc/self/ns -l | sed 's/.*-> //' >n1
	$NSDEBUG doctor >out2 2>&1
	mount | diff m1 -
	pgrep -P $$ -l nsdebug
}
t 'leaves no mount and no child'	'?1\n'	leaves_nothing

# ---- traces ----

if [ -s /sys/kernel/btf/vmlinux ]; then
	bpf='.items[] | select(.check | startswith("BPF: "))'
	tj 'programs of the traces: each is tried' "[$bpf] | length > 10 and
		(map(.check) | contains([\"BPF: types of the kernel\", \"BPF: sys_exit\",
		\"BPF: cgroup_mkdir\", \"BPF: task iterator\"])) and all(.required == false)" doc
	tj 'those that every trace stands on load here' "[$bpf | select(.check |
		test(\"types|sys_|exec|signal|mark_victim|cgroup\")) | .state] | unique == [\"ok\"]" doc
	tj 'what others need is told, and not asked for' "$(check 'BPF: fentry, LSM' \
		'.state == "ok" and (.detail | test("^fentry: (not )?here; LSM: (not )?here$"))')" doc
	none() { "$O/tests/lib/nocall" 321 "$1" "$NSDEBUG" doctor -o json; }
	tj 'bpf(2) refused: said of each, with a cure' "$(check 'BPF: sys_exit' \
		'.state == "no privilege" and (.cure | test("CAP_BPF and CAP_PERFMON"))')" none 1
	tj 'no bpf(2)' "$(check 'BPF: sys_exit' '.state == "missing" and .detail != null and
		.cure != null')" none 38
	ts 'which is no end: ls and cat run' 0 '^nsdebug: BPF: sys_exit, .*: missing: a newer kernel' none 38
	# shellcheck disable=SC2016
	no_types() { unshare -m sh -c ': >empty; mount --bind empty /sys/kernel/btf/vmlinux || exit 98
		mkdir -p /run/nsdebug && mount -t tmpfs none /run/nsdebug && exec "$@"' - \
		"$NSDEBUG" doctor -o json; }
	tj 'a kernel without its types: said, with a cure' "$(check 'BPF: types of the kernel' \
		'.state == "missing" and (.cure | test("--btf FILE"))')" no_types
	tj 'and then no program' "$(check 'BPF: sys_exit' '.state == "missing"')" no_types
	for c in bpf perfmon; do
		few() { setpriv --bounding-set "-sys_admin,-$c" --inh-caps "-sys_admin,-$c" \
			"$NSDEBUG" doctor -o json; }
		name=CAP_$(echo $c | tr a-z A-Z)
		tj "no $name: named" "$(check 'privileges: traces' \
			".state == \"no privilege\" and .detail == \"missing: $name\"")" few
	done
else
	skip 'programs of the traces' 'this kernel does not tell its types (BTF)'
fi

# ---- what is missing ----

lacking() { # SYSCALL
	strace -f -o trace -e trace="$1" -e inject="$1":error=ENOSYS "$NSDEBUG" doctor -o json
}
for c in openat2 pidfd_open open_tree mount_setattr close_range process_vm_readv; do
	tj "no $c: said, with a cure"	"$(check $c '.state == "missing" and (.cure | length) > 5')" \
		lacking $c
done
no_diag() { strace -f -o trace -e trace=socket -e inject=socket:error=EPROTONOSUPPORT \
	"$NSDEBUG" doctor -o json; }
tj 'no socket listing: said, with a cure'	"$(check sock_diag '.state == "missing" and
	(.detail | test("inet_diag, unix_diag")) and (.cure | test("modprobe"))')"	no_diag
for c in openat2 pidfd_open; do
	ts "no $c: status 4"	4 "$c: missing: ls and cat cannot run"	lacking $c
done
tj 'no mount_setattr: a limit, not an end'	'.errors == []'	lacking mount_setattr
tj 'no close_range: a limit, not an end'	'.errors == []'	lacking close_range

doctor_without() { without "$1" "$NSDEBUG" doctor -o json; }
ts 'no capability: status 77'	77 'no privilege'	doctor_without -all
ts 'no CAP_SYS_ADMIN: named'	77 'CAP_SYS_ADMIN'	doctor_without -sys_admin
ts 'no CAP_SYS_PTRACE: named'	77 'CAP_SYS_PTRACE'	doctor_without -sys_ptrace
ts 'no CAP_SYS_CHROOT: named'	77 'CAP_SYS_CHROOT'	doctor_without -sys_chroot
as_nobody() { # through a descriptor: the way to the binary may be root's alone
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		sh -c 'exec /proc/self/fd/9 "$@"' - "$@" 9<"$NSDEBUG"
}
ts 'nobody: status 77, and the cure'	77 'as root'	as_nobody doctor
tj 'nobody: every line all the same'	'.items | length > 10'	as_nobody doctor -o json
tj 'nobody: the runtimes cannot be read'	"$(check 'runtime runc' '.state == "no privilege"')" \
	as_nobody doctor -o json

# What it says of ls is what ls does.
agrees() {
	"$@" "$NSDEBUG" doctor >out 2>&1
	d=$?
	"$@" "$NSDEBUG" ls "$BOX" >out 2>&1
	l=$?
	[ $d = $l ] || echo "doctor $d, ls $l"
}
box_up static
t 'agrees with ls: root'		''	agrees env
for c in all sys_admin sys_ptrace sys_chroot; do
	t "agrees with ls: no $c"	''	agrees setpriv --bounding-set=-$c --inh-caps=-$c
done
t 'agrees with ls: no openat2'		''	agrees strace -f -o trace -e trace=openat2 \
	-e inject=openat2:error=ENOSYS
ts 'in a pid namespace of its own: said'	0 'host pid namespace +(limited|missing)' \
	unshare --fork --pid --mount-proc sh -c '"$NSDEBUG" doctor; :'
