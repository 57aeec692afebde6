# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# asked.sh - what a container may do, asked of one that runs and of the same when it has ended; read
# after tests/lib.sh.
#
#   why ARGV...             JSON
#   asked                   questions about $D, and the answers
#   asked_same NAME MIN     a test: these in the files runs and ended are the same, and more than MIN

why() { "$NSDEBUG" why "$@" -o json 2>err; }

# Each answer in a line; user namespaces have a number only while somebody is in them, and which of
# the ways of a filter is told first is its own business.
ask() {
	why "$D" "$@" | jq -c --arg w "$*" '$w, .errors, (.items[] |
		[.subject, .verdict, .kind, .error, .caps, .limit, .docker, (.reason // "" |
		sub("namespace [0-9]+"; "namespace") | gsub(" if [^;]*"; "") | sub("1 of 1: "; "1 of 1:; ") |
		split("; ") | sort)])'
}
# What profiles name that libseccomp 2.5.0 did not know: of one that has ended it is not known.
NEWER='process_madvise|epoll_pwait2|mount_setattr|landlock_[a-z_]*|memfd_secret|process_mrelease|quotactl_fd|futex_waitv|set_mempolicy_home_node'
asked() {
	for _c in NET_BIND_SERVICE CHOWN SYS_ADMIN; do ask --cap $_c; done
	for _p in 0 1 80 1023 1024 65535; do ask --port $_p; done
	ask --port 80 --udp
	for _c in getpid mount personality 'personality(8)' 'personality(9)' 'personality(0x10000000008)' clone \
		'clone(0x10000000)' 'clone(0)' 'clone(0x20000)' socket 'socket(16,3,9)' 'socket(16,3,8)' 'socket(2,1,0)' \
		'socket(2,3,1)' ptrace open_by_handle_at clone3 reboot chroot mseal; do
		ask --syscall "$_c"
	done
	ask --denied-calls | grep -vE '^\["('"$NEWER"')",'
}

asked_same() {
	[ "$(grep -c '^\[.*\(allowed\|denied\|unknown\)' runs)" -gt "$2" ] ||
		fail "$1: all is answered" "$(head -50 runs)"
	if cmp -s runs ended; then
		pass "$1: $(wc -l <runs) answers are the same as while it ran"
	else
		fail "$1: the answers are the same as while it ran" "$(diff runs ended)"
	fi
}
