# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# profile.sh - seccomp profiles made as a cure of why says let the call through; read after ended.sh.
#
#   profiles ENGINE IMAGE    tests, by containers that make the call; ENGINE runs docker or podman

CALL=userfaultfd

profile_create() { # NAME [OPTION...] IMAGE; sets D
	_of=$1
	shift
	D=nsd-profile-$$-$_of
	at_exit "'$SRC/tests/fixtures/engine' rm $KIND $D"
	"$ENGINE" create --network none --user 65532 --volume "$TMP/io:/io" --name "$D" "$@" \
		/io/trycalls /io/list "/io/$_of" >out 2>&1 || fail "$ENGINE create $*" "$(cat out)"
}
# The errno of its call, 0 if it is let through, is in ./answer.
profile_start() {
	"$ENGINE" start "$D" >out 2>&1 || fail "$ENGINE start" "$(cat out)"
	wait_for '[ "$(wc -l 2>/dev/null <"io/$_of")" = 1 ]' 20 || "$ENGINE" logs "$D" >&2
	awk '{ print $NF }' "io/$_of" >answer
}
profile_move() {
	jq --arg call "$CALL" '(.syscalls[] | select(.action == "SCMP_ACT_ERRNO") | .names) -= [$call] |
		(first(.syscalls[] | select(.action == "SCMP_ACT_ALLOW")) | .names) += [$call]'
}

profiles() { # ENGINE IMAGE
	ENGINE=$1 KIND=${1%_}
	mkdir io
	cp "$O/tests/lib/trycalls" io
	chmod 777 io
	# 1: for what the process itself does, which nothing but a filter refuses
	printf '#include <sys/syscall.h>\nSYS_%s 1\n' "$CALL" | gcc -E -P - | tail -n 1 >io/list
	profile_create refused "$2"
	"$NSDEBUG" advise --next "$D" --write advised >advise.out 2>advise.said &
	_advise=$!
	at_exit "kill -KILL $_advise 2>/dev/null || :"
	wait_for 'grep -q "waiting for a cgroup" advise.said' 20 || fail 'advise waits' "$(cat advise.said)"
	profile_start
	t 'a call that the profile of the engine refuses' '1\n' cat answer
	tj 'the cure is a profile' '.items[0] | .kind == "seccomp" and .docker == "--security-opt seccomp=FILE" and
		.podman == .docker and (.cure | test("ALLOW rule and in no SCMP_ACT_ERRNO one.*--write DIR.*/seccomp.json"))' \
		"$NSDEBUG" why "$D" --syscall "$CALL" -o json
	"$ENGINE" kill "$D" >out 2>&1
	wait "$_advise"
	profile_move </usr/share/containers/seccomp.json >default.json
	profile_create default --security-opt "seccomp=$TMP/default.json" "$2"
	profile_start
	t 'with the default of podman, of which it is moved' '0\n' cat answer
	profile_move <advised/seccomp.json >advised.json
	profile_create advised --security-opt "seccomp=$TMP/advised.json" "$2"
	profile_start
	t 'with that of advise' '0\n' cat answer
	tj 'which is of the OCI form, as Kubernetes takes it' '([.. | objects | keys[]] | any(IN("includes", "excludes", "archMap")) | not) and
		(.defaultAction | startswith("SCMP_ACT_")) and (.architectures | length) > 0' cat advised.json
}
