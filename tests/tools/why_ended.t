#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# why without an option, of containers of runc and crun: why they ended, or what keeps them from
# starting. Those of engines are in tests/runtimes/why.t.
. tests/lib.sh
need jq runc gcc setpriv

mkdir root root/data
cp "$O/tests/lib/dies" root/dies
printf '#!/bin/sh\n' >root/script
printf '#!/busybox\n' >root/self
printf '\177ELF\002\001\001\0\0\0\0\0\0\0\0\0\002\0\267\0\001\0\0\0' >root/arm
echo 'int main(void) { return 0; }' | gcc -x c - -o root/dynamic
mkdir root/proc root/dev root/sys root/tmp
chmod -R a+rX .
chmod 755 root/*
kind() { tj "$1" ".items[0] | ($2)" "$NSDEBUG" why -o json "$BOX"; }
gone() { wait_for '[ "$(runc state "$BOX" | jq -r .status)" = stopped ]' 20; }
dead() { # ARGV...: a container that has ended, with a root of its own
	box_run base --rootfs "$TMP/root" -- "$@"
	gone
}

dead /script
kind 'a script without a shell' '.kind == "no-shell" and .reason ==
	"the image has no shell: the script /script needs /bin/sh" and .docker == "--entrypoint PROGRAM"'
SCRIPT=$BOX
dead /arm
kind 'another architecture' '.kind == "wrong-architecture"'
dead /dynamic
kind 'a missing loader' '.kind == "missing-loader" and (.reason | test("/lib64/ld-linux-x86-64.so.2"))'
dead /dies exit 1
kind 'exit 1: runc keeps no code' '.kind == "ended" and (.reason | test("not recorded"))'
kind 'how to learn it' ".cure | test(\"^'nsdebug trace exit --next runc://$BOX', \")"
ts 'which is incomplete: 5'	5 'runc has no exit code of it in its files'	$NSDEBUG why "$BOX"
rm root/dies
kind 'what is looked at is what is there now' '.kind == "missing-entrypoint"'
cp "$O/tests/lib/dies" root/dies
chmod 755 root/dies
box_run base --rootfs "$TMP/root" --memory 16777216 -- /dies eat
gone
if [ "$(cat "/sys/fs/cgroup/memory$(jq -r '.cgroup_paths.memory // empty' "/run/runc/$BOX/state.json" |
	sed 's,^/sys/fs/cgroup/memory,,')/memory.limit_in_bytes" 2>/dev/null)" = 16777216 ]; then
	kind 'out of memory' '.kind == "oom-killed" and (.reason | test("16 MiB"))'
	tj 'with the record of the kernel, or its count' '.items[0] | .source == "/dev/kmsg" or
		(.source | test("memory.oom_control|memory.events"))' "$NSDEBUG" why -o json "$BOX"
	without -syslog,-sys_admin "$NSDEBUG" why "$BOX" >out 2>&1
	OOM=$BOX
else
	skip 'out of memory' 'no memory limit can be set here'
fi

# ---- programs on what was mounted from the node: as it is there now, and nothing that it leads to

mkdir mnt mnt/shut other
cp root/script root/arm root/dies mnt
cp root/dies mnt/plain
cp root/dies mnt/shut
ln -s "$TMP/mnt/arm" mnt/out
ln -s ../../../../../../../../../../..$TMP/mnt/arm mnt/up
ln -s /m/arm mnt/in
ln -s "$TMP/mnt" linked
chmod 755 mnt/dies mnt/arm mnt/script
chmod 644 mnt/plain
chmod 700 mnt/shut
mounted() { # OPTION ARGV...: it has run /dies, and is asked of with another program
	_o=$1
	shift
	# shellcheck disable=SC2086 # words
	box_run base --rootfs "$TMP/root" $_o -- /dies exit 1
	gone
	jq '.process.args = $ARGS.positional' "$FX/boxes/$BOX/config.json" --args "$@" >c && cp c "$FX/boxes/$BOX/config.json"
}
here="--bind $TMP/mnt:/m:ro"
mounted "$here" /m/script
kind 'a script on a mount' '.kind == "no-shell" and (.reason | test("the script /m/script needs /bin/sh"))'
mounted "$here" /m/arm
kind 'a program of another machine on a mount' '.kind == "wrong-architecture"'
mounted "$here" /m/plain
kind 'one that may not be executed, and where to change it' ".kind == \"not-executable\" and
	(.cure | test(\"^on the node, give $TMP/mnt/plain mode 0755 \"))"
echo text >mnt/text
chmod 644 mnt/text
mounted "$here" /m/text
kind 'what is no program either' ".kind == \"not-executable\" and (.cure | test(\"^name the right file: /m/text is neither an ELF\"))"
mounted "$here" /m/shut/dies
kind 'a directory that is shut' ".kind == \"not-executable\" and (.evidence | test(\"^/m/shut is drwx------\")) and
	(.cure | test(\"give $TMP/mnt/shut mode 0755 \"))"
mounted "$here" /m/none
kind 'one that is not there' ".kind == \"missing-entrypoint\" and
	(.reason | test(\"not in what is mounted at /m from the node's $TMP/mnt\"))"
mounted "$here" /m/dies exit 1
kind 'one that could be started' '.kind == "ended"'
mounted "$here" /m/in
kind 'a link is followed in the container' '.kind == "wrong-architecture"'
mounted "$here" /m/out
kind 'not to the node' '.kind == "missing-entrypoint"'
mounted "$here" /m/up
kind 'nor up from it' '.kind == "missing-entrypoint"'
echo >root/one
mounted "--bind $TMP/mnt/arm:/one:ro" /one
kind 'a file that is mounted on another' '.kind == "wrong-architecture"'
mkdir -p root/o
mounted "$here --bind $TMP/mnt/script:/m/dies:ro" /m/dies
kind 'a mount in a mount' '.kind == "no-shell"'
unseen() { ts "$1" 5 "$2 was not looked at: it is in what was mounted at $3" $NSDEBUG why "$BOX"; }
mounted "$here --tmpfs /o" /o/none
unseen 'what is in memory is gone' /o/none "/o, "
mounted "$here" /m/arm
jq --arg l "$TMP/linked" '.mounts |= map(if .destination == "/m" then .source = $l else . end)' c >d && cp d "$FX/boxes/$BOX/config.json"
unseen 'where a link leads on the node is not looked' /m/arm "/m from the node's $TMP/linked, to which a symbolic link leads,"
mounted "--bind $TMP/other:/m:ro" /m/arm
unseen 'where nothing is any more something may have been' /m/arm "/m from the node's $TMP/other, which is empty now"
rmdir other
unseen 'a directory that is gone' /m/arm "/m from the node's $TMP/other, which is gone"
mounted "$here" /m/arm
jq '.mounts |= map(if .destination == "/m" then .options += ["noexec"] else . end)' c >d && cp d "$FX/boxes/$BOX/config.json"
kind 'a mount that lets nothing be executed' '.kind == "noexec" and (.reason | test("mounted at /m .* is noexec"))'
# what the node has mounted below it is another file system's
mkdir mnt/deep
mount -t tmpfs -o mode=755 deep mnt/deep
at_exit "umount $TMP/mnt/deep"
cp root/arm mnt/deep
mounted "$here" /m/deep/arm
unseen 'what is mounted below it on the node' /m/deep/arm "/m/deep"
t 'nothing is left mounted' '?1\n' sh -c 'grep "$1/mnt" /proc/self/mountinfo | grep -v "$1/mnt/deep"' - "$TMP"

# ---- its files are the container's: nothing leads out of them, and they cost no more than an answer

echo 'int f(void) { return 0; }' | gcc -shared -fPIC -Wl,-soname,a -x c - -o liba.so
echo 'int f(void); int main(void) { return f(); }' | gcc -x c - -x none ./liba.so -o root/many
mkdir root/lib64 root/etc root/b
ln -s "$(printf 'b/../%.0s' $(seq 800))" root/l
cp /lib64/ld-linux-x86-64.so.2 root/lib64
chmod -R a+rX root/lib64 root/etc root/b
chmod 755 root/many
dead /many
kind 'a library that is nowhere' '.kind == "missing-library"'
# what is only there for processors of some kind: that this one is of, and one that none is
mkdir -p root/lib/glibc-hwcaps/x86-64-v2 root/lib/glibc-hwcaps/x86-64-v9 root/lib/haswell
lacks() { kind "$1" ".kind == \"missing-library\" and (.reason | test(\"library $2,\"))"; }
if grep -qw sse4_2 /proc/cpuinfo; then
	cp liba.so root/lib/glibc-hwcaps/x86-64-v2/a
	lacks 'a library for this processor' libc.so.6
	rm root/lib/glibc-hwcaps/x86-64-v2/a
else
	skip 'a library for this processor' 'it is older than x86-64-v2'
fi
cp liba.so root/lib/glibc-hwcaps/x86-64-v9/a
lacks 'one for a processor that is none' a
printf '/lib/glibc-hwcaps/x86-64-v9/a\0' >root/etc/ld.so.cache
lacks 'though it is in the cache' a
if grep -qw avx2 /proc/cpuinfo; then
	cp liba.so root/lib/haswell/a
	cp root/lib64/ld-linux-x86-64.so.2 loader
	sed 's/release version 2\.[0-9]*/release version 2.36/' loader >root/lib64/ld-linux-x86-64.so.2
	lacks 'one where glibc looked before 2.37' libc.so.6
	sed 's/release version 2\.[0-9]*/release version 2.37/' loader >root/lib64/ld-linux-x86-64.so.2
	lacks 'and looks no more' a
	cp loader root/lib64/ld-linux-x86-64.so.2
	rm root/lib/haswell/a
else
	skip 'one where glibc looked before 2.37' 'it has no AVX2'
	skip 'and looks no more' 'it has no AVX2'
fi
rm root/etc/ld.so.cache
yes /l/a | tr '\n' '\0' | head -c 4000000 >root/etc/ld.so.cache
ts 'a million places where it could be: that it was not looked for in all, in time' 5 \
	'not all libraries of /many could be looked for: there are too many places' $NSDEBUG why "$BOX"

echo secret-of-the-host >"$TMP/canary"
ln -s "$TMP/canary" root/link
ln -s "../../../../../../../../../..$TMP/canary" root/up
dead /dies exit 2
jq '.process.args = ["/link"]' "$FX/boxes/$BOX/config.json" >c && cp c "$FX/boxes/$BOX/config.json"
kind 'an absolute link leads to nothing here' '.kind == "missing-entrypoint" and (.reason | test("/link"))'
jq '.process.args = ["/up"]' c >d && cp d "$FX/boxes/$BOX/config.json"
kind 'one with dots neither' '.kind == "missing-entrypoint"'
mkfifo root/fifo
chmod 755 root/fifo
jq '.process.args = ["/fifo"]' c >d && cp d "$FX/boxes/$BOX/config.json"
kind 'a FIFO is not opened' '.kind == "not-executable"'
before=$(find root -newer c | sort)
$NSDEBUG why "$BOX" >out 2>&1
t 'nothing of it is changed'	''	test "$before" = "$(find root -newer c | sort)"
jq '.process.args = ["/script"] | .root.path = "/nonesuch"' c >d && cp d "$FX/boxes/$BOX/config.json"
ts 'its files are gone: said'	3 '/nonesuch is gone'	$NSDEBUG why "$BOX"
chmod 666 "$FX/boxes/$BOX/config.json"
ts 'a record that anybody may write is not believed'	5 'what was to be started is not recorded'	$NSDEBUG why "$BOX"

# ---- how it is shown

ts 'on a terminal evidence and cure are lines below the row'	0 '^  cure: name the program itself'	$NSDEBUG why "$SCRIPT"
ts 'and the row has neither'	0 '^no-shell +the image has no shell: the script /script needs /bin/sh$'	$NSDEBUG why "$SCRIPT"
tj 'JSON has no such lines'	'.items[0] | has("more") | not'	$NSDEBUG why -o json "$SCRIPT"

# ---- what runs

box_up static
ts 'one that runs: 1'		1 '^running +it is running, and no end of it is recorded'	$NSDEBUG why "$BOX"
ts 'by its pid'			1 '^running '	$NSDEBUG why "pid://$BOXPID"
# what a cure tells to type
grep -ao "'nsdebug [a-z][^'%]* NAME'" "$NSDEBUG" | sort -u | tr -d "'" >commands
ts 'cures name commands'	0 'trace denied --once --next NAME'	cat commands
while read -r _ command; do
	case $command in trace*) bound='--for 0.1s' ;; *) bound= ;; esac
	# shellcheck disable=SC2046,SC2086 # words
	"$NSDEBUG" $(echo "$command" | sed "s/--next NAME/--next nsd-none/; s/NAME/$BOX/; s,FILE,$TMP/none,") \
		$bound >out 2>&1
	case $? in
	2) fail "nsdebug $command runs" "$(cat out)" ;;
	*) pass "nsdebug $command runs" ;;
	esac
done <commands
export RUNTIME=crun
box_run static --no-proc -- /app/server
ts 'one of crun: 1'		1 '^running '	$NSDEBUG why "$BOX"
unset RUNTIME
ts 'JSON: the columns are there'	0 ''	sh -c '"$0" why -o json "$1" |
	jq -e ".items[0] | has(\"kind\") and has(\"reason\") and has(\"evidence\") and has(\"source\") and has(\"cure\")"' \
	"$NSDEBUG" "$SCRIPT"
ts 'other verbs do not take it'		3 'is gone'	$NSDEBUG ls "$SCRIPT" /
