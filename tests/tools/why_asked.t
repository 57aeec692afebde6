#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --cap, --port, --syscall, --denied-calls of a container that has ended: by its configuration
# the same answers as while it ran.
. tests/lib.sh
. "$SRC/tests/lib/asked.sh"
. "$SRC/tests/lib/gone.sh"
need jq runc crun setcap

stopped() {
	runc kill "$BOX" KILL
	wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
}
same() { # NAME OPTION...
	NAME=$1
	shift
	box_run debug "$@" -- /busybox/busybox sleep 100000
	D=$BOX
	asked >runs
	stopped
	asked >ended
	asked_same "$NAME" "$MIN"
}
MIN=60
same 'as nobody'
same 'as root with some capabilities' --uid 0 --caps chown,net_bind_service
MIN=20
same 'without a profile' --no-seccomp

# One whose default is another error than for what is newer than itself.
box_run debug -- /busybox/busybox true
D=nsd-newer-$$
mkdir bundle
jq '.linux.seccomp.defaultErrnoRet = 1 | .linux.cgroupsPath = "/'"$D"'" | .process.args = ["/busybox/busybox", "sleep", "100000"]' \
	"$FX/boxes/$BOX/config.json" >bundle/config.json
at_exit "runc delete -f $D"
runc run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail 'runc run' "$(cat out)"
begun "$(runc state "$D" | jq .pid)"
asked >runs
runc kill "$D" KILL
wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
asked >ended
asked_same 'calls that are newer than the profile' 60
t 'they are among them' '2\n' sh -c 'grep -c "^.\"mseal\".*ENOSYS" ended'

# ---- what libseccomp and the runtime make of a profile

answers() { # CALL...
	for _n; do
		why "$W" --syscall "$_n" | jq -j '.items[0] | .verdict + ":" + (.error // "") + " "'
	done
}
like() { # NAME PATTERN FILE
	# shellcheck disable=SC2254
	case $(cat "$3") in
	$2) pass "$1" ;;
	*) fail "$1" "$(cat "$3")" ;;
	esac
}
compare() { # NAME FILTER RUNS ENDED CALL...: the patterns of the answers while it runs, and when it has ended
	_name=$1
	_of=$2
	_runs=$3
	_ended=$4
	shift 4
	D=nsd-rules-$$
	W=$RT://$D
	jq '.linux.cgroupsPath = "/'"$D"'" | .process.args = ["/busybox/busybox", "sleep", "100000"] | .linux.seccomp |= ('"$_of"')' \
		"$FX/boxes/$BOX/config.json" >bundle/config.json
	at_exit "'$RUN' delete -f $D"
	"$RUN" run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail "$_name: $RT run" "$(cat out)"
	begun "$("$RUN" state "$D" | jq .pid)"
	answers "$@" >runs
	"$RUN" kill "$D" KILL
	wait_for '[ "$("$RUN" state "$D" | jq -r .status)" = stopped ]' 20
	answers "$@" >ended
	"$RUN" delete -f "$D"
	like "$_name: $RT, while it runs" "$_runs" runs
	like "$_name: $RT, when it has ended" "$_ended" ended
}
rules() { # RULE...: a profile that allows the rest; each: ACTION [INDEX OP VALUE]
	printf '{defaultAction: "SCMP_ACT_ALLOW", syscalls: ['
	_comma=
	for _r; do
		# shellcheck disable=SC2086
		set -- $_r
		printf '%s{names: ["getpriority"], action: "SCMP_ACT_%s"' "$_comma" "$1"
		[ $# = 1 ] || printf ', args: [{index: %s, value: %s, op: "SCMP_CMP_%s"}]' "$2" "$4" "$3"
		printf '}'
		_comma=,
	done
	printf ']}'
}
BY_3='denied:EPERM allowed: unknown: '
NAMED='.defaultErrnoRet = 1 | .syscalls += [{names: ["mseal"], action: "SCMP_ACT_ALLOW"}]'
for RT in runc crun; do
	RUN=$RT
	[ $RT = runc ] || RUN=$SRC/tests/fixtures/engines/crun
	compare 'a rule that answers as the default does' "$(rules ALLOW 'ERRNO 0 EQ 3')" "$BY_3" "$BY_3" \
		'getpriority(3)' 'getpriority(4)' getpriority
	compare 'one with the same condition' "$(rules 'ALLOW 0 EQ 3' 'ERRNO 0 EQ 3')" "$BY_3" "$BY_3" \
		'getpriority(3)' 'getpriority(4)' getpriority
	compare 'the first of two without' "$(rules LOG ERRNO)" 'allowed: ' 'allowed: ' 'getpriority(3)'
	compare 'one without before one with' "$(rules 'ERRNO 0 EQ 3' LOG)" 'allowed: ' 'allowed: ' 'getpriority(3)'
	compare 'two that may both hold' "$(rules 'LOG 0 EQ 3' 'ERRNO 1 EQ 3')" '*:* allowed: ' 'unknown: allowed: ' \
		'getpriority(3,3)' getpid
	compare 'two that exclude each other' "$(rules 'LOG 0 EQ 3' 'ERRNO 0 EQ 4' 'KILL 0 EQ 5')" \
		'allowed: denied:EPERM denied: allowed: ' 'allowed: denied:EPERM denied: allowed: ' \
		'getpriority(3)' 'getpriority(4)' 'getpriority(5)' 'getpriority(6)'
	compare 'two that are ordered' "$(rules 'ERRNO 0 LE 8' 'ERRNO 0 LE 4294967296')" 'denied:EPERM allowed: ' 'unknown: unknown: ' \
		'getpriority(8)' 'getpriority(9)'
	compare 'on two arguments' "$(rules 'ERRNO 0 GT 8' 'ERRNO 1 GT 8')" 'denied:EPERM denied:EPERM allowed: ' \
		'denied:EPERM denied:EPERM allowed: ' 'getpriority(9,8)' 'getpriority(8,9)' 'getpriority(8,8)'
	compare 'one of no bit beside one without' "$(rules 'ERRNO 0 MASKED_EQ 0' LOG)" 'denied:EPERM ' 'unknown: ' 'getpriority(3)'
	compare 'one of no bit' "$(rules 'ERRNO 0 MASKED_EQ 0')" 'denied:EPERM ' 'denied:EPERM ' 'getpriority(3)'
	compare 'a call that not each libseccomp knows' "$NAMED" '*:* denied:EPERM ' 'unknown: denied:EPERM ' mseal kexec_load
done
RT=runc
RUN=runc
compare 'what is below that' "$NAMED" 'denied:* ' 'denied: ' cachestat
compare 'without architectures' '.defaultErrnoRet = 1 | del(.architectures)' 'denied:* ' 'denied: ' mseal
RT=crun
RUN=$SRC/tests/fixtures/engines/crun
compare 'what is newer than all' '.defaultErrnoRet = 1' 'denied:EPERM ' 'denied:EPERM ' mseal

# ---- what is in its configuration alone

box_run debug -- /busybox/busybox true
wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
CONFIG=$FX/boxes/$BOX/config.json
cp "$CONFIG" asis
with() { jq "$@" asis >"$CONFIG"; }
is() { # NAME FILTER OPTION...
	_name=$1
	_filter=$2
	shift 2
	tj "$_name" ".items[0] | ($_filter)" why "$BOX" "$@"
}
NET='.linux.namespaces |= map(select(.type != "network"))'
with '.linux.sysctl["net.ipv4.ip_unprivileged_port_start"] = "80"'
is 'a sysctl of its own' '.verdict == "allowed"' --port 80
is 'and what is below' '.kind == "port" and .limit == 80' --port 79
with '.linux.sysctl["net/ipv4/ip_unprivileged_port_start"] = "80"'
is 'with slashes' '.kind == "port" and .limit == 80' --port 79
# As the kernel reads it.
for v in 0x50 ' 80' '80 ' '80
' '80 90' 0120; do
	with --arg v "$v" '.linux.sysctl["net.ipv4.ip_unprivileged_port_start"] = $v'
	is "a sysctl of '$v'" '.kind == "port" and .limit == 80' --port 79
done
with '.linux.sysctl["net.ipv4.ip_unprivileged_port_start"] = "-0"'
is 'and of -0' '.verdict == "allowed"' --port 1
with "$NET"
LIMIT=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
is 'the network of the node: its rule' ".kind == \"port\" and .limit == $LIMIT and (.cure | test(\"node\"))" --port $((LIMIT - 1))
is 'who has the port there is not known' '.verdict == "unknown" and (.reason | test("the node.s"))' --port 65535
with "$NET"' | .linux.namespaces += [{type: "network", path: "/proc/7/ns/net"}]'
is 'the network of another one' '.verdict == "unknown" and (.reason | test("another.s.*which ports"))' --port 80
with "$NET"' | .linux.namespaces += [{path: "/proc/7/ns/net", type: "network"}]'
is 'written with the path first' '.verdict == "unknown" and (.reason | test("another.s.*which ports"))' --port 80
with '.linux.namespaces |= (map(select(.type == "network")) + [{path: "/proc/7/ns/uts", type: "uts"}])'
is 'a path of one that is no network' '.kind == "port" and .limit == 1024' --port 80
with "$NET"' | .linux.namespaces += [{type: "network", path: "/run/netns/netns-1"}]'
is 'one that podman made for it is its own' '.kind == "port" and .limit == 1024' --port 80
with '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
ts 'mapped ids' 5 'CHOWN was not judged: .*user namespace' "$NSDEBUG" why "$BOX" --cap CHOWN
with '.linux.namespaces += [{type: "user", path: "/proc/7/ns/user"}]'
ts 'a user namespace' 5 'CHOWN was not judged: .*user namespace' "$NSDEBUG" why "$BOX" --cap CHOWN

CAPS='.process.capabilities |= with_entries(.value = [$c]) | .process.user = {uid: 0, gid: 0}'
with --arg c CAP_CHOWN "$CAPS"
is 'a capability' '.verdict == "allowed"' --cap CHOWN
with --arg c CHOWN "$CAPS"
is 'one whose name runtimes do not know is none' '.verdict == "denied"' --cap CHOWN
with --arg c cap_chown "$CAPS"
ts 'one that only some know' 5 'in small letters' "$NSDEBUG" why "$BOX" --cap CHOWN

# Each operator, on all 64 bits; 0x100000000 is 4294967296.
profile() { # DEFAULT RULE...
	with --argjson r "$2" --arg d "$1" '.linux.seccomp = {defaultAction: $d, syscalls: [$r | .[] | {
		names: ["getpriority", "nonesuch"], action: .[0], args: [.[1:][] | {index: .[0], value: .[1], valueTwo: (.[3] // 0), op: .[2]}]}]}'
}
each() { # ARGUMENT...: the answer to each
	for _n; do
		why "$BOX" --syscall "getpriority($_n)" | jq -j '.items[0].verdict[0:1]'
	done
}
around='0 1 4294967295 4294967296 4294967297 4294967298 8589934593'
op() { # OP ANSWERS
	profile SCMP_ACT_ERRNO '[["SCMP_ACT_ALLOW", [0, 4294967297, "SCMP_CMP_'"$1"'"]]]'
	# shellcheck disable=SC2086
	t "$1" "$2" each $around
}
op EQ ddddadd
op NE aaaadaa
op GT dddddaa
op GE ddddaaa
op LT aaaaddd
op LE aaaaadd
profile SCMP_ACT_ALLOW '[["SCMP_ACT_ERRNO", [0, 4294967298, "SCMP_CMP_MASKED_EQ", 4294967296]]]'
# shellcheck disable=SC2086
t 'MASKED_EQ' aaaddaa each $around
profile SCMP_ACT_ERRNO '[["SCMP_ACT_ALLOW", [0, 3, "SCMP_CMP_GT"], [1, 5, "SCMP_CMP_EQ"]]]'
t 'all of them on different arguments' ddda each 3,5 3,6 4,6 4,5
profile SCMP_ACT_ERRNO '[["SCMP_ACT_ALLOW", [0, 3, "SCMP_CMP_EQ"], [0, 5, "SCMP_CMP_EQ"]]]'
t 'any of them on the same' ada each 3 4 5
profile SCMP_ACT_ERRNO '[["SCMP_ACT_KILL", [0, 3, "SCMP_CMP_EQ"]], ["SCMP_ACT_ALLOW"]]'
t 'a rule without one counts first' a each 3
is 'what no rule names' '.kind == "seccomp" and .error == "EPERM"' --syscall getpid
profile SCMP_ACT_LOG '[["SCMP_ACT_KILL_PROCESS"]]'
is 'it is killed' '.verdict == "denied" and (.reason | test("kill-process"))' --syscall getpriority
is 'or logged' '.verdict == "allowed" and (.reason | test("log"))' --syscall getpid
profile SCMP_ACT_NOTIFY '[]'
is 'another process decides' '.verdict == "unknown" and (.reason | test("another process decides"))' --syscall getpid
profile SCMP_ACT_NONE '[]'
is 'an action that is not known' '.verdict == "unknown" and (.reason | test("not understood"))' --syscall getpid
profile SCMP_ACT_ERRNO '[["SCMP_ACT_ALLOW", [6, 0, "SCMP_CMP_EQ"]]]'
is 'an argument that there is none of' '.verdict == "unknown"' --syscall getpid
is 'for all calls' '.verdict == "unknown" and (.reason | test("not written as engines"))' --syscall getpid
HOLE='.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["getpid"], action: "SCMP_ACT_ERRNO", errnoRet: 5}]}'
odd() { # NAME RULE
	with "$HOLE | .linux.seccomp.syscalls += [$2]"
	is "$1" '.verdict == "unknown" and (.reason | test("not written as engines"))' --syscall getpid
}
odd 'conditions before names' '{args: [{index: 0, value: 3, op: "SCMP_CMP_EQ"}], names: ["getpriority"], action: "SCMP_ACT_ALLOW"}'
odd 'an errno before names' '{errnoRet: 7, names: ["getpriority"], action: "SCMP_ACT_ERRNO"}'
odd 'an action before names' '{action: "SCMP_ACT_ALLOW", names: ["getpriority"]}'
odd 'no names' '{names: [], action: "SCMP_ACT_ALLOW"}'
with "$HOLE"' | .linux.seccomp.syscalls += [{names: ["getpriority"], args: [{index: 0, value: 3, op: "SCMP_CMP_EQ"},
	{value: 5, op: "SCMP_CMP_EQ", index: 1}], action: "SCMP_ACT_ALLOW"}]'
t 'a value before its index' adda each 3,5 3,6 5,5 3,5
is 'and what is before is as it was' '.error == "EIO"' --syscall getpid
with "$HOLE"' | .linux.seccomp.syscalls += [range(1500) | {names: ["getpriority"], action: "SCMP_ACT_ALLOW",
	args: [{index: 0, value: ., op: "SCMP_CMP_EQ"}]}]'
is 'more than a filter may have' '.verdict == "unknown" and (.reason | test("4096 instructions"))' --syscall getpriority
with "$HOLE"' | .linux.seccomp.syscalls += [range(20000) | {names: ["getpriority"], action: (if . % 2 == 0 then "SCMP_ACT_ALLOW" else
	"SCMP_ACT_LOG" end), args: [{index: 0, value: ., op: "SCMP_CMP_EQ"}]}]'
is 'or than can be compared' '.verdict == "unknown" and (.reason | test("4096 instructions"))' --syscall getpriority
jq -S . asis >"$CONFIG"
is 'a profile in another order' '.verdict == "unknown" and (.reason | test("not written as engines"))' --syscall getpid
is 'what takes a capability is refused all the same' '.kind == "capability"' --syscall mount
is 'and what takes one for its arguments' '.kind == "capability" and .error == "EPERM"' --syscall 'socket(17,3,0)'
is 'but not other ones' '.verdict == "unknown"' --syscall 'socket(2,1,0)'
ts 'of all calls only these are told' 5 'not written as engines.*only what takes a capability' \
	"$NSDEBUG" why "$BOX" --denied-calls
t 'they are among them' 'mount swapon ' sh -c '"$NSDEBUG" why "$1" --denied-calls -o json 2>err |
	jq -j ".items[] | select(.kind == \"capability\" and (.subject == \"mount\" or .subject == \"swapon\")) | .subject + \" \""' - "$BOX"
t 'and no other' '' sh -c '"$NSDEBUG" why "$1" --denied-calls -o json 2>err | jq -r ".items[] | select(.kind != \"capability\")"' - "$BOX"

# ---- what its program's file gives it

mkdir bin
cp "$FX/roots/debug/busybox/busybox" bin/true
chmod 755 bin bin/true
box_run debug --bind "$TMP/bin:/bin2" -- /bin2/true
wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20
CONFIG=$FX/boxes/$BOX/config.json
cp "$CONFIG" asis
with '.process.noNewPrivileges = false | .process.capabilities.bounding = ["CAP_NET_RAW"]'
is 'a program of none' '.kind == "capability" and .verdict == "denied"' --cap NET_RAW
setcap cap_net_raw+ep bin/true
is 'one that has them' '.verdict == "unknown" and (.reason | test("setcap"))' --cap NET_RAW
cp asis "$CONFIG"
is 'which no_new_privs keeps from it' '.verdict == "denied"' --cap NET_RAW

# ---- what is not answered

gone "$BOX" "runc://$BOX"
t 'no core was begun' '' sh -c 'ls -A | grep core || :'
