# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Names of code that a process made at run time, from the file that it says them in.
. tests/lib.sh
need jq nsenter ps unshare

mkdir tmp
chmod 1777 tmp
jitted() { # ARG...: in a container, where it waits in its code
	box_run base --bind "$TMP/tmp:/tmp" --bind "$O/tests/lib:/t:ro" --ready -- /t/jitted "$@"
	paused "$BOXPID"
}
jitted
map=tmp/perf-1.map
top() {
	"$NSDEBUG" stack -o json "$BOX" |
		jq -r '.items[0].frames[0] | "\(.function) \(.offset) \(.source) \(.module)"'
}
none() { t "$1" 'null null null null\n' top; }
named() { t "$1" "$2 perf-map null\n" top; }

none 'without such a file there is no name'
echo '200000000 40 first' >$map
named 'the file of the process' 'first 0x27'
ts 'in the table' 0 '^  #0 +0x0000000200000027 first\+0x27 \(perf map\)' \
	"$NSDEBUG" stack "$BOX"
echo '200000010 20 LazyCompile:*add /app/x.js:3:1' >>$map
named 'the last line that has the address, as it is' 'LazyCompile:*add /app/x.js:3:1 0x17'
printf '0x200000020 0X10 with an x\n' >>$map
named 'numbers with a prefix' 'with an x 0x7'
printf '200000020 10 _ZN4code4nameEv\n' >>$map
named 'a mangled name' 'code::name() 0x7'
printf '200000020 10 half a na' >>$map
named 'a line without its end is none' 'code::name() 0x7'
printf 'me\n' >>$map
named 'until it has one' 'half a name 0x7'
cat >$map <<-'EOF'
	200000000 27 before
	200000028 100 behind
	200000000 0 empty
	fffffffffffffff0 ffffffffffffffff wraps
	200000000 fffffffffffffffff too long a number
	-200000000 40 minus
	2000000zz 40 no number
	 200000000 40 a space before
	200000000 40
	200000000
	20000000040 joined

EOF
none 'lines that are none, or of other code'
printf '200000000 40 \033[2J\233x\n' >$map
ts 'a hostile name is escaped' 0 '#0 .* \\x1b\[2J\\x9bx\+0x27' "$NSDEBUG" stack "$BOX"
{ printf '200000000 40 '; head -c 3000000 /dev/zero | tr '\0' y; echo; } >$map
t 'a name of megabytes is cut' '4096\n' sh -c '"$1" stack -o json "$2" |
	jq ".items[0].frames[0].function | length"' - "$NSDEBUG" "$BOX"
{ printf '200000000 40 old\n'; seq -f '3%015.0f 10 x' 1 3500000; } >$map
ts 'of one that is too long the end is read, and that is said' 5 \
	'names from before its last 64 MB are missing' "$NSDEBUG" stack "$BOX"
echo '200000000 40 new' >>$map
ts 'where the newest names are' 5 '#0 .* new\+0x27' "$NSDEBUG" stack "$BOX"
rm $map
truncate -s 1T $map
ts 'one of nothing ends' 5 'not taken|too much work|are missing' "$NSDEBUG" stack "$BOX"
rm $map

# ---- whose it is ----

echo '200000000 40 mine' >$map
chown 65532 $map
chmod 600 $map
named 'of the user that the process runs as' 'mine 0x27'
chown 12345 $map
none 'of another user: none'
chown 0 $map
named "root's" 'mine 0x27'
for _mode in 0666 0620 0602; do
	chmod $_mode $map
	none "one that others may write: none ($_mode)"
done
chmod 644 $map
named 'one that others may read' 'mine 0x27'
touch -d "$(ps -o lstart= -p "$BOXPID") 1 minute ago" $map
none 'one from before the process began, of an earlier run: none'
touch -d "$(ps -o lstart= -p "$BOXPID")" $map
named 'one that it wrote at once' 'mine 0x27'
mv $map tmp/real
ln -s real $map
none 'a link is none'
rm $map
ln -s "$TMP/tmp/real" $map
none 'nor one that would lead to a file of the host'
rm $map
mkfifo $map
none 'nor a FIFO'
rm $map
mkdir $map
none 'nor a directory'
rmdir $map
mv tmp/real tmp/perf-$BOXPID.map
none 'nor what has the number that the host gives it'

# ---- where it is ----

jitted /tmp/code
echo '200000000 40 in_file' >$map
named 'code in a file that is no program' 'in_file 0x27'

"$O/tests/lib/jitted" >ready 2>/dev/null &
PID=$!
at_exit "kill -9 $PID; rm -f /tmp/perf-$PID.map"
paused "$PID"
echo '200000000 40 on_host' >"/tmp/perf-$PID.map"
ts 'a process of the host' 0 '#0 .* on_host\+0x27 \(perf map\)' \
	"$NSDEBUG" --host stack "pid://$PID" --host-pid "$PID"
unshare --fork --pid --kill-child "$O/tests/lib/jitted" >ready2 2>/dev/null &
at_exit "kill -9 $!"
wait_for 'grep -q ready ready2' 10
IN=$(cat "/proc/$!/task/$!/children")
IN=${IN% }
paused "$IN"
if [ ! -e /tmp/perf-1.map ]; then
	at_exit 'rm -f /tmp/perf-1.map'
	echo '200000000 40 by_inner_number' >/tmp/perf-1.map
	ts 'which numbers itself otherwise' 0 '#0 .* by_inner_number\+0x27 \(perf map\)' \
		"$NSDEBUG" --host stack "pid://$IN" --host-pid "$IN"
fi

# ---- of another process that has the number ----

# Nothing of it has the mounts of the host: its cgroup would not be taken for the container's.
enter() { # OPTION... COMMAND: one more process of the container; PID, and NUMBER in there
	_ready=$TMP/ready.$((_entered += 1))
	sh -c '
		while IFS=: read -r _ how path; do
			[ -n "$how" ] && how=${how#name=} || how=unified
			[ -d "/sys/fs/cgroup/$how" ] || how=.
			echo $$ >"/sys/fs/cgroup/$how$path/cgroup.procs"
		done <"/proc/$1/cgroup"
		shift
		exec unshare -m nsenter "$@"' - "$BOXPID" -t "$BOXPID" -p "$@" >"$_ready" 2>&1 &
	PID=$!
	wait_for "grep -q ready '$_ready'" 10
	while _child=$(cat "/proc/$PID/task/$PID/children") && [ "$_child" ]; do
		PID=${_child% }
	done
	paused "$PID"
	at_exit "kill -9 $PID"
	NUMBER=$(awk -v n="$(awk '/^NSpid:/ { print NF }' "/proc/$BOXPID/status")" \
		'/^NSpid:/ { print $n }' "/proc/$PID/status")
}
theirs() {
	"$NSDEBUG" stack -o json "$BOX" --host-pid "$PID" |
		jq -r '.items[0].frames[0] | "\(.function) \(.source)"'
}
jitted
enter -m -r /t/jitted
echo '200000000 40 second' >"tmp/perf-$NUMBER.map"
t 'a second process of the container' 'second perf-map\n' theirs
enter "$O/tests/lib/jitted"
echo '200000000 40 elsewhere' >"tmp/perf-$NUMBER.map"
t 'one that has other files writes its map there: this is not it' 'null null\n' theirs
enter unshare --fork --pid nsenter -t "$BOXPID" -m -r /t/jitted
echo '200000000 40 first' >tmp/perf-1.map
t 'one that is pid 1 of its own' 'null null\n' theirs
PID=$BOXPID
t 'does not have the map of pid 1, which is' 'first perf-map\n' theirs

# ---- who writes one ----

cat >app.js <<-'EOF'
	function spinning() { for (let i = 0; ; i++) if (i === 1e15) return i; }
	setTimeout(spinning, 1);
	console.log('ready');
EOF
chmod 644 app.js
rm -rf tmp/*
box_run nodejs --bind "$TMP/tmp:/tmp" --bind "$TMP/app.js:/a/app.js:ro" --ready -- \
	/usr/bin/node --perf-basic-prof /a/app.js
# who runs needs a processor to be seen on it, and is compiled first
spins() { "$NSDEBUG" stack "$BOX" >spins && grep -q ':\*spinning ' spins; }
wait_for spins 60
ts 'node names its functions' 0 '#[0-9]+ .* [A-Za-z]+:[*~^+]?spinning /a/app\.js:1[:0-9]*\+0x.*\(perf map\)' \
	cat spins
tj 'and prof has them, too' '[.items[] | select(.kind == "function")] | (map(.self_s) | add) as $all |
	map(select(.function | test("^[A-Za-z]+:[*~^+]?spinning /a/app[.]js")) | .self_s) | add > $all / 2' \
	"$NSDEBUG" prof "$BOX" --for 1s -o json
