#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --path and --port where a seccomp profile answers the calls that do it: as the kernel answers
# them, while it runs, and of the same container when it has ended.
. tests/lib.sh
need jq runc crun

mkdir -p data bundle
chmod 777 data
box_run debug --rw --bind "$TMP/data:/t" -- /busybox/busybox true
why() { "$NSDEBUG" why "$@" -o json 2>err; }
answer() { # OPTION...
	why "$W" "$@" | jq -j '.items[0] | [.verdict, .kind, .error] | map(. // "-") | join(" ")'
}
# NAME RULES COMMAND SAYS ANSWER OPTION...: what the command says in it, and what is told of it.
refused() {
	NAME="$RT: $1"
	SAYS=$4
	ANSWER=$5
	D=nsd-refused-$$
	W=$RT://$D
	jq --arg c "$3; echo :\$?; exec /busybox/busybox sleep 100000" '.linux.cgroupsPath = "/'"$D"'" |
		.process.args = ["/busybox/busybox", "sh", "-c", $c] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: ['"$2"']}' \
		"$FX/boxes/$BOX/config.json" >bundle/config.json
	shift 5
	at_exit "'$RUN' delete -f $D"
	"$RUN" run -d --bundle "$TMP/bundle" "$D" </dev/null >out 2>&1 || fail "$NAME: run" "$(cat out)"
	wait_for 'grep -q ^: out' 20 || fail "$NAME: it has done it" "$(cat out)"
	ts "$NAME: the kernel" 0 "$SAYS" cat out
	t "$NAME: while it runs" "$ANSWER" answer "$@"
	"$RUN" kill "$D" KILL
	wait_for '[ "$("$RUN" state "$D" | jq -r .status)" = stopped ]' 20
	t "$NAME: when it has ended" "$ANSWER" answer "$@"
	why "$W" "$@" | jq '.items[0]' >ended
	"$RUN" delete -f "$D"
}
rule() { # CALLS ERRNO [INDEX OP VALUE TWO]
	printf '{names: ["%s"], action: "SCMP_ACT_ERRNO", errnoRet: %s' "$(echo "$1" | sed 's/ /", "/g')" "$2"
	[ $# = 2 ] || printf ', args: [{index: %s, op: "SCMP_CMP_%s", value: %s, valueTwo: %s}]' "$3" "$4" "$5" "$6"
	printf '}'
}
MKDIR='/busybox/busybox mkdir /t/x && /busybox/busybox rmdir /t/x'
MAKE='echo x >/t/new'
LISTEN='/busybox/busybox timeout 1 /busybox/busybox nc -l -p 8080 2>&1'
CREAT="$(rule creat 1), $(rule open 1 1 MASKED_EQ 64 64), $(rule openat 1 2 MASKED_EQ 64 64)"
RT=runc
RUN=runc
refused 'all calls of it' "$(rule 'mkdir mkdirat' 1)" "$MKDIR" 'not permitted' 'denied seccomp EPERM' --path /t/x --for mkdir
t 'which profile it has is told' '"filter"\n' jq .seccomp ended
refused 'some of them' "$(rule mkdirat 1)" "$MKDIR" '^:0' 'allowed granted -' --path /t/x --for mkdir
t 'it is said which' 'true\n' jq '.reason | test("filter refuses mkdirat, but not mkdir$")' ended
refused 'with different errors' "$(rule mkdir 13), $(rule mkdirat 38)" "$MKDIR" 'Permission denied' \
	'denied seccomp -' --path /t/x --for mkdir
t 'each has its own' 'true\n' jq '.reason | test("^mkdir: .* errno EACCES; mkdirat: .* errno ENOSYS$")' ended
refused 'by a flag that it takes' "$CREAT" "$MAKE" 'not permitted' 'denied seccomp EPERM' --path /t/new --for create
refused 'by one that it does not' "$CREAT" 'echo >/t/old 2>/busybox/none || read x </busybox/sh || :' '^:0' 'allowed granted -' \
	--path /busybox/sh --for read
refused 'by one that it may take' "$(rule creat 1), $(rule open 1 1 MASKED_EQ 512 512), $(rule openat 1 2 MASKED_EQ 512 512)" \
	"$MAKE" 'not permitted' 'unknown unknown -' --path /t/new --for create
t 'it is said on what it depends' 'true\n' jq '.reason | test("not known: whether seccomp lets open, openat.*creat.*0x200")' ended
refused 'which the path refuses as well' "$(rule creat 5), $(rule open 5 1 MASKED_EQ 512 512), $(rule openat 5 2 MASKED_EQ 512 512)" \
	'echo x >/nonesuch/new' 'Input/output' 'denied absent -' --path /nonesuch/new --for create
t 'so with which error is not told' 'true\n' jq '.reason | test("not there; and whether seccomp lets open, openat through is not known")' ended
refused 'with one error or the other' "$(rule mkdir 13 1 EQ 511 0), $(rule mkdir 5 1 NE 511 0), $(rule mkdirat 13)" \
	"$MKDIR" 'Permission denied' 'denied seccomp -' --path /t/x --for mkdir
refused 'by permissions that it does not ask for' "$(rule 'mkdir' 1 1 MASKED_EQ 2048 2048), $(rule mkdirat 1)" "$MKDIR" '^:0' \
	'allowed granted -' --path /t/x --for mkdir
refused 'what the path refuses too' "$(rule 'mkdir mkdirat' 5)" '/busybox/busybox mkdir /nonesuch/x' 'Input/output' \
	'denied seccomp EIO' --path /nonesuch/x --for mkdir
refused 'as if it were done' "$(rule 'mkdir mkdirat' 0)" "$MKDIR" 'rmdir: .*No such file' 'denied seccomp -' --path /t/x --for mkdir
t 'which is said' 'true\n' jq '.reason | test("answers mkdir, mkdirat with 0, as if it were done")' ended
refused 'a call of which that is so' "$(rule getpriority 0)" : '^:0' 'denied seccomp -' --syscall getpriority
t 'it is said of it, too' 'true\n' jq '.reason | test("errno 0, as if it were done")' ended
refused 'a socket' "$(rule socket 13)" "$LISTEN" 'Permission denied' 'denied seccomp EACCES' --port 8080
refused 'bind' "$(rule bind 1)" "$LISTEN" 'not permitted' 'denied seccomp EPERM' --port 8080
refused 'both, of which one comes first' "$(rule bind 1), $(rule socket 13)" "$LISTEN" 'Permission denied' \
	'denied seccomp EACCES' --port 8080
refused 'sockets of another kind' "$(rule socket 1 0 EQ 16 0), $(rule socket 1 1 MASKED_EQ 15 2)" : '^:0' 'allowed granted -' --port 8080
refused 'one of UDP' "$(rule socket 1 1 MASKED_EQ 15 2)" : '^:0' 'denied seccomp EPERM' --port 8080 --udp
RT=crun
RUN=$SRC/tests/fixtures/engines/crun
refused 'all calls of it' "$(rule 'mkdir mkdirat' 1)" "$MKDIR" 'not permitted' 'denied seccomp EPERM' --path /t/x --for mkdir
refused 'as if it were done' "$(rule 'mkdir mkdirat' 0)" "$MKDIR" 'rmdir: .*No such file' 'denied seccomp -' --path /t/x --for mkdir

# ---- what is not known

RT=runc
RUN=runc
D=$BOX
W=runc://$D
wait_for '[ "$(runc state "$D" | jq -r .status)" = stopped ]' 20
CONFIG=$FX/boxes/$BOX/config.json
cp "$CONFIG" asis
both='{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_LOG", args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]},
	{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", args: [{index: 1, value: 1, op: "SCMP_CMP_EQ"}]}'
jq '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: ['"$both"']}' asis >"$CONFIG"
t 'a profile of which the answer is not known' 'unknown unknown -' answer --path /t/x --for mkdir
tj 'it says why' '.items[0].reason | test("lets mkdir, mkdirat through; mkdir: of the rules")' why "$W" --path /t/x --for mkdir
t 'what the path refuses is refused all the same' 'denied mode -' answer --path /etc/x --for mkdir
jq '.linux.seccomp = {syscalls: [{action: "SCMP_ACT_ALLOW", names: ["getpid"]}], defaultAction: "SCMP_ACT_ERRNO"}' asis >"$CONFIG"
t 'one that is not understood' 'unknown unknown -' answer --path /etc/passwd
tj 'whether there is a filter is not told then' '.items[0].seccomp == null' why "$W" --path /etc/passwd
t 'of a port as well' 'unknown unknown -' answer --port 8080
jq 'del(.linux.seccomp)' asis >"$CONFIG"
t 'without a profile' 'allowed granted -' answer --path /etc/passwd
tj 'there is none' '.items[0].seccomp == "none"' why "$W" --path /etc/passwd
