#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why --syscall, --port, --cap: beside what the kernel answers to a program in the container.
. tests/lib.sh
need jq runc

why() { "$NSDEBUG" why "$@" -o json 2>err; }
kind() { why "$@" | jq -r '.items[] | "\(.verdict) \(.kind)"'; }

# ---- seccomp: what its filters refuse, really called ----

box_run base --ready
why "$BOX" --denied-calls >all
if jq -e '.errors | length == 0' all >/dev/null; then
	jq -r '.items[] | select(.kind == "seccomp") | "\(.subject) \(.error)"' all >refused
	[ "$(wc -l <refused)" -gt 30 ] && pass 'a default profile refuses dozens of calls' ||
		fail 'a default profile refuses dozens of calls' "$(cat all)"
	# by number, and what errno is called
	{
		echo '#include <sys/syscall.h>'
		while read -r name _; do
			printf '#ifdef SYS_%s\n@ %s SYS_%s\n#endif\n' "$name" "$name" "$name"
		done <refused
	} | gcc -E -P - | sed -n 's/^@ //p' | sort >numbers
	mkdir "$TMP/io"
	chmod 777 "$TMP/io"
	cp "$O/tests/lib/trycalls" "$TMP/io"
	awk '{ print $2 }' numbers >io/list
	box_run base --bind "$TMP/io:/p:rw" --ready -- /p/trycalls /p/list /p/result
	{
		echo '#include <errno.h>'
		awk '{ print $2 }' refused | sort -u | sed 's/.*/@ & &/' |
			awk '{ print "@ \"" $2 "\" " $3 }'
	} | gcc -E -P - | sed -n 's/^@ "\(.*\)" /\1 /p' >errnos
	awk 'FILENAME == ARGV[1] { errno[$1] = $2; next }
		FILENAME == ARGV[2] { want[$1] = errno[$2]; next }
		{ print $2, want[$1] }' errnos refused numbers | sort -n >want
	t 'each answers a program as is said' '' sh -c 'sort -n io/result | diff want -'
	t 'all of them were asked' "$(wc -l <want)\n" sh -c 'wc -l <io/result'

	t 'a line each, without the cures' "$(jq '.items | length + 1' all)\n" \
		sh -c '"$0" why "$1" --denied-calls | wc -l' "$NSDEBUG" "$BOX"
	t 'one that is let through' 'allowed granted\n' kind "$BOX" --syscall getpid
	t 'and refused for want of a capability' 'denied capability\n' kind "$BOX" --syscall mount
	t 'one that depends on its argument' 'unknown unknown\n' kind "$BOX" --syscall personality
	tj 'which says on which' '.items[0].reason | test("allow if arg0 == 0x")' \
		why "$BOX" --syscall personality
	t 'with the argument' 'allowed granted\n' kind "$BOX" --syscall 'personality(8)'
	t 'with another' 'denied seccomp\n' kind "$BOX" --syscall 'personality(0x9)'
	ts 'it is in the status' 1 '' "$NSDEBUG" why "$BOX" --syscall 'personality(9)'
	ts 'what is not known, too' 5 '' "$NSDEBUG" why "$BOX" --syscall personality
	box_run base --no-seccomp --ready
	tj 'no filter' '.items[0] | .verdict == "allowed" and .reason == "no seccomp filter"' \
		why "$BOX" --syscall getpid
	t 'nothing is refused by one' '' sh -c '"$NSDEBUG" why "$1" --denied-calls -o jsonl |
		jq -r "select(.kind == \"seccomp\") | .subject"' - "$BOX"
	ts 'without the right to BPF it says so' 77 'CAP_BPF' \
		without -bpf,-sys_admin "$NSDEBUG" why "$BOX" --syscall getpid
else
	skip 'filters of the kernel' "$(jq -c .errors all)"
fi
ts 'no such call' 2 "no system call 'nosuch'" "$NSDEBUG" why "$BOX" --syscall nosuch
ts 'not a number' 2 'up to six numbers' "$NSDEBUG" why "$BOX" --syscall 'read(0,x)'
ts 'seven arguments' 2 'up to six numbers' "$NSDEBUG" why "$BOX" --syscall 'read(0,0,0,0,0,0,0)'
ts 'one question at a time' 2 'one question' "$NSDEBUG" why "$BOX" --syscall read --port 1

# ---- calls that need a capability, for some arguments or always: really made ----

cat >calls <<'END'
clock_settime 0 @
settimeofday @ 0
setns % 0
setns % 0x04000000
unshare 0x40000000
unshare 0x04000000
unshare 0x400
syslog 2 @ 10
syslog 8 0 1
fanotify_init 0 0
fanotify_init 0x200 0
chroot /
mount / / 0 0 0
umount2 / 0
pivot_root / /
fsopen @ 0
open_tree -100 / 1
open_tree -100 / 0
sethostname @ 4
setdomainname @ 4
reboot 0xfee1dead 672274793 0
swapon /
swapoff /
acct 0
vhangup
init_module 0 0 0
delete_module @ 0
iopl 3
iopl 0
ioperm 0 8 1
ioperm 0 8 0
setgroups 0 0
mknod /dev/shm/c 0x2180 0x103
mknod /dev/shm/p 0x1180 0
mknodat -100 /dev/shm/b 0x6180 0x103
timerfd_create 8 0
timerfd_create 1 0
timer_create 9 0 @
prctl 24 10
prctl 28 0
prctl 35 1
prctl 38 1
madvise 0 0 4
mbind 0 0 0 0 0 4
mbind 0 0 0 0 0 0
clock_gettime 0 @
kill 0 0
END
{
	echo '#include <sys/syscall.h>'
	awk '!seen[$1]++ { print "@ \"" $1 "\" SYS_" $1 }' calls
} | gcc -E -P - | sed -n 's/^@ "\(.*\)" /\1 /p' >byname
mkdir -p "$TMP/made"
chmod 777 "$TMP/made"
cp "$O/tests/lib/trycalls" "$TMP/made"
awk 'FILENAME == ARGV[1] { nr[$1] = $2; next } { $1 = nr[$1]; print }' byname calls >made/list

# As the kernel answers this container, and as is said: of what depends on more, nothing.
compare_calls() { # NAME, OPTION of box...
	as=$1
	shift
	: >made/result
	chmod 666 made/result
	box_run base --no-seccomp --tmpfs /dev/shm:mode=1777 --bind "$TMP/made:/p:rw" --ready "$@" -- \
		/p/trycalls /p/list /p/result
	while read -r call; do
		# shellcheck disable=SC2086	# its words
		set -- $call
		name=$1
		shift
		why "$BOX" --syscall "$name($(echo "$*" | sed 's|[@%]|_|g; s|/[^ ]*|_|g; s/ /,/g'))" |
			jq -r --arg call "$call" '.items[] | "\($call) \(.verdict)"'
	done <calls >said
	paste -d' ' said made/result | awk '
		# ENOSYS, ENOTSUP: this kernel is built without it
		{ errno = $NF }
		/ denied / && errno != 1 && errno != 38 && errno != 95 ||
		/ allowed / && errno == 1 { print "differs:", $0 }' >differ
	t "$as" '' cat differ
	t "$as: all were compared" "$(wc -l <calls)\n" sh -c 'wc -l <said'
}
compare_calls 'root without capabilities' --uid 0
t 'nearly all of them are known' '2\n' sh -c 'grep -c " unknown$" said || :'
t 'most of them are refused' 'yes\n' sh -c '[ "$(grep -c " denied$" said)" -gt 30 ] && echo yes'
tj 'what depends on arguments is said, with the cure' '.items[0] | .verdict == "unknown" and
	(.reason | test("allowed for some arguments; needs CAP_SYS_ADMIN for namespaces")) and
	(.docker | test("--cap-add SYS_ADMIN")) and (.caps == ["CAP_SYS_ADMIN"])' \
	why "$BOX" --syscall unshare
tj 'of a call that is for other things it is allowed' '.items[0] | .verdict == "allowed" and
	(.reason | test("needs CAP_KILL for processes of other users"))' why "$BOX" --syscall kill
tj 'in the host user namespace it needs no other one' '.items[0] | .kind == "capability" and
	(.docker | test("--cap-add SYS_TIME")) and (.cure + .reason | test("user namespace") | not)' \
	why "$BOX" --syscall clock_settime
compare_calls 'with CAP_SYS_TIME in the host user namespace' --uid 0 --caps CAP_SYS_TIME
t 'which lets it' 'allowed\n' sh -c '"$NSDEBUG" why "$1" --syscall clock_settime -o jsonl |
	jq -r .verdict' - "$BOX"
compare_calls 'in a user namespace with some' --uid 0 --userns 100000 \
	--caps CAP_SYS_ADMIN,CAP_SYS_TIME,CAP_SYSLOG,CAP_SETPCAP

# ---- where a sysctl of the node decides ----

box_run base --no-seccomp --ready
rule() { # FILE VALUE...: is it one of these?
	_file=$1
	shift
	for _v; do [ "$(cat "$_file")" != "$_v" ] || return 0; done
	return 1
}
by() { # NAME CALL FILE VALUE...: refused where the file has one of the values
	_name=$1
	_call=$2
	shift 2
	_want=allowed
	! rule "$@" || _want=denied
	t "$_name" "$_want\n" sh -c '"$NSDEBUG" why "$1" --syscall "$2" -o json | jq -r ".items[0].verdict"' - "$BOX" "$_call"
}
by 'the kernel log' 'syslog(3)' /proc/sys/kernel/dmesg_restrict 1
t 'or to change it' 'denied\n' sh -c '"$NSDEBUG" why "$1" --syscall "syslog(5)" -o json | jq -r ".items[0].verdict"' - "$BOX"
by 'faults of the kernel' 'userfaultfd(0)' /proc/sys/vm/unprivileged_userfaultfd 0
t 'and its own' 'allowed\n' sh -c '"$NSDEBUG" why "$1" --syscall "userfaultfd(1)" -o json | jq -r ".items[0].verdict"' - "$BOX"
if rule /proc/sys/kernel/unprivileged_bpf_disabled 1 2; then
	t 'a map' 'denied\n' sh -c '"$NSDEBUG" why "$1" --syscall "bpf(0)" -o json | jq -r ".items[0].verdict"' - "$BOX"
fi
box_run base --ready
tj 'refused by a filter, that it may take a capability is said' '.items[0] | .kind == "seccomp" and
	(.reason | test("may also take CAP_SYS_ADMIN or CAP_PERFMON for what"))' why "$BOX" --syscall perf_event_open

# ---- a path, where a filter answers the calls that do it ----

mkdir -p "$TMP/no"
cp "$O/tests/lib/nocall" "$TMP/no"
box_run debug --no-seccomp --tmpfs /t:mode=1777 --bind "$TMP/no:/n:ro" --ready -- /n/nocall 83 1 \
	/n/nocall 258 1 /n/nocall 82 1 /busybox/busybox sh -c '/busybox/busybox mkdir /t/x || echo ready; exec /busybox/busybox sleep 999'
t 'a path of which all calls are refused' 'denied seccomp\n' kind "$BOX" --path /t/x --for mkdir
tj 'with the calls and the cure' '.items[0] | .error == "EPERM" and .word == "mkdir, mkdirat" and
	(.cure | test("add mkdir, mkdirat to"))' why "$BOX" --path /t/x --for mkdir
t 'another call is let through' 'allowed granted\n' kind "$BOX" --path /t/x --for create
tj 'of some it is said which' '.items[0].reason | test("filter refuses rename, but not renameat, renameat2")' \
	why "$BOX" --path /t/x --to /t/y --for rename

# ---- ports ----

box_run base --ready -- /app/server 8099
wait_for 'grep -q ":1FA3 .* 0A " /proc/$BOXPID/net/tcp /proc/$BOXPID/net/tcp6' 10
t 'a port that is free' 'allowed granted\n' kind "$BOX" --port 8080
t 'one that somebody has' 'denied in-use\n' kind "$BOX" --port 8099
tj 'who it is' '.items[0] | .word == "server (pid 1)" and (.reason | test("in use by server [(]pid 1[)]"))' \
	why "$BOX" --port 8099
t 'of UDP it is free' 'allowed granted\n' kind "$BOX" --port 8099 --udp
t 'a low one' 'denied port\n' kind "$BOX" --port 80
tj 'with the rule and the cure' '.items[0] | .error == "EACCES" and .limit == 1024 and
	.caps == ["CAP_NET_BIND_SERVICE"] and (.cure | test("8080"))' why "$BOX" --port 80
nsenter -t "$BOXPID" -n sh -c 'echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
t 'where the container has lowered the limit' 'allowed granted\n' kind "$BOX" --port 80
t 'below that' 'denied port\n' kind "$BOX" --port 79
t 'any port' 'allowed granted\n' kind "$BOX" --port 0
ts 'no port' 2 'at most 65535' "$NSDEBUG" why "$BOX" --port 65536
ts '--udp alone' 2 'goes with --port' "$NSDEBUG" why "$BOX" --udp

# ---- capabilities ----

t 'a capability that it has not' 'denied capability\n' kind "$BOX" --cap net_raw
ts 'none of that name' 2 "no capability 'nosuch'" "$NSDEBUG" why "$BOX" --cap nosuch
box_run base --caps CAP_NET_RAW --ready
t 'one that it has' 'allowed granted\n' kind "$BOX" --cap CAP_NET_RAW
