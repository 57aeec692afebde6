# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# cured.sh - containers that are started as a cure of why says; read after ended.sh.
#
#   profiles ENGINE IMAGE    tests: a seccomp profile lets the call through; ENGINE runs docker or podman
#   opened ENGINE IMAGE N    tests: of N calls or more that the engine's own profile refuses a capability is
#                            the whole cure, one by one
#   bounded ENGINE IMAGE     tests: another tmpfs has the bound of the one before

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

opened_run() { # NAME OPTION...: makes the calls of io/NAME.list
	_of=$1
	shift
	at_exit "'$SRC/tests/fixtures/engine' rm $KIND nsd-opened-$$-$_of"
	"$ENGINE" run -d --network none --user 0 --volume "$TMP/opened:/io" --name "nsd-opened-$$-$_of" "$@" \
		/io/trycalls "/io/$_of.list" "/io/$_of" >out 2>&1 || fail "$ENGINE run $*" "$(cat out)"
	wait_for '[ "$(wc -l 2>/dev/null <"opened/$_of")" = "$(wc -l <"opened/$_of.list")" ]' 20
}
opened() { # ENGINE IMAGE N
	ENGINE=$1 KIND=${1%_}
	mkdir opened
	cp "$O/tests/lib/trycalls" opened
	chmod 777 opened
	cat >asks <<-'E'
		mount mount @ @
		umount2 umount2 @
		fsopen fsopen @
		setns(3,0x04000000) setns % 0x04000000
		unshare(0x04000000) unshare 0x04000000
		fanotify_init(0) fanotify_init
		chroot chroot /
		acct acct @
		clock_settime clock_settime
		vhangup vhangup
		syslog(9) syslog 9
	E
	{
		echo '#include <sys/syscall.h>'
		sed 's/\([^ ]*\) \([^ ]*\)/@ \1 SYS_\2/' asks
	} | gcc -E -P -x c - | sed -n 's/^@ //p' | tr -d '\r' >numbers
	cut -d ' ' -f 2- numbers >opened/plain.list
	opened_run plain --cap-drop ALL "$2"
	while read -r ask call; do
		"$NSDEBUG" why "nsd-opened-$$-plain" --syscall "$ask" -o json >why.out
		jq -r --arg call "$call" --arg kind "$KIND" '.items[0] | select(.kind == "seccomp") | "\(.[$kind])\t\($call)"' why.out
	done <numbers >cures
	[ "$(wc -l <cures)" -ge "$3" ] && pass 'calls that its own profile refuses' || fail 'calls that its own profile refuses' "$(cat numbers cures)"
	t 'the cure of each is one capability, and no other profile' '' awk '!/^(--cap-drop ALL )?--cap-add [A-Z_]+\t/' cures
	cut -f 1 cures | sort -u >options
	while read -r option; do
		cap=${option##* }
		awk -F '\t' -v o="$option" '$1 == o { print $2 }' cures >"opened/$cap.list"
		# shellcheck disable=SC2086 # options
		opened_run "$cap" --cap-drop ALL $option "$2"
		t "$cap: they are made" '' awk '$NF == 1 || $NF == 38' "opened/$cap"
	done <options
	awk '$NF != 1 && $NF != 38' opened/plain >made
	t 'and were not' '' awk -F '\t' 'FILENAME == "made" { sub(/ [0-9]+$/, ""); made[$0] = 1; next } $2 in made' made cures
	cp opened/plain.list opened/other.list
	opened_run other --cap-drop ALL --security-opt seccomp=/usr/share/containers/seccomp.json "$2"
	tj 'a profile of the user is another matter' '.items[0] | .kind == "seccomp" and (.docker | test("seccomp=FILE (--cap-drop ALL )?--cap-add SYS_TIME"))' \
		"$NSDEBUG" why "nsd-opened-$$-other" --syscall clock_settime -o json
}

bounded() { # ENGINE IMAGE, which has /busybox
	D=nsd-bounded-$$
	for _of in "$D" "$D-cured"; do
		at_exit "'$SRC/tests/fixtures/engine' rm ${1%_} $_of"
	done
	"$1" run -d --name "$D" --network none --user 65532 --tmpfs /dat:mode=755,size=1m,exec --entrypoint /busybox/busybox "$2" \
		sleep 1000 >out 2>&1 || fail "$1 run" "$(cat out)"
	"$NSDEBUG" why "$D" --path /dat/x --for create -o json >bounded.json
	tj 'a tmpfs keeps what bounds it' '.items[0] | (.cure | test("it is in memory.*its other options, such as size, are to be kept")) and
		(.kubernetes | test("emptyDir: .medium: Memory, sizeLimit: 1024Ki."))' cat bounded.json
	# shellcheck disable=SC2046 # options
	"$1" run --name "$D-cured" --network none --user 65532 $(jq -r ".items[0].${1%_}" bounded.json) --entrypoint /busybox/sh "$2" \
		-c '/busybox/busybox touch /dat/x && /busybox/busybox grep " /dat " /proc/mounts' >bounded 2>&1
	ts 'it can be written to, and is no more noexec than before' 0 '^tmpfs /dat tmpfs rw,nosuid,nodev,relatime,.*size=1024k,mode=755' cat bounded
}
