# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# ended.sh - containers of engines that have ended, or could not be started; read after tests/lib.sh.
#
#   docker_ ARGV...  the docker of these tests
#   ended_docker     starts it, with its images; what they run is $CT, and stays
#   ended_programs   into $TMP/in: dies, plain (it may not be executed), arm (of another machine)
#   ended_again      starts $D, of docker, once more, and waits for its end
#   told WORDS COMMAND...    COMMAND ends such a container, which is started again until the kernel's log
#                            has a new line of these WORDS: it tells ten in 5 s, of the whole machine
#   verdict NAME FILTER      a test: jq -e FILTER is true of the first row about $D

docker_() { docker -H unix:///run/docker.sock "$@"; }

ended_docker() {
	engine_up docker
	engine_run docker static
	engine_run docker debug
	engine_run docker base
}

ended_programs() {
	mkdir "$TMP/in"
	cp "$O/tests/lib/dies" "$TMP/in/dies"
	cp "$O/tests/lib/dies" "$TMP/in/plain"
	chmod 644 "$TMP/in/plain"
	{
		printf '\177ELF\002\001\001\0\0\0\0\0\0\0\0\0\002\0\267\0\001\0\0\0'
		head -c 200 /dev/zero
	} >"$TMP/in/arm"
	chmod 755 "$TMP/in" "$TMP/in/dies" "$TMP/in/arm"
}

ended_again() {
	timeout 60 docker -H unix:///run/docker.sock start "$D" >out 2>&1
	case $? in 0) timeout 60 docker -H unix:///run/docker.sock wait "$D" >out 2>&1 ;; esac
}

_last_told() { dmesg | grep -E "$_told" | tail -n 1; }
told() {
	_told=$1
	shift
	_told_before=$(_last_told)
	"$@"
	wait_for '[ "$(_last_told)" != "$_told_before" ] || { ended_again; false; }' 20
}

verdict() { tj "$1" ".items[0] | ($2)" "$NSDEBUG" why -o json "$D"; }
