#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The words before, around and instead of a verb: help version man completion __complete; targets;
# several targets; what is missing on the machine, and what the caller left us.
. tests/lib.sh
need jq strace setpriv bash zsh unshare

box_up static
T=$BOX
PID=$BOXPID

# ---- help, version, man, completion ----

first() { $NSDEBUG; }
ts 'alone: what a newcomer needs'	0 'nsdebug list'	first
few() { first | awk 'END { if (NR > 16) print NR " lines" }'; }
t 'alone: few lines'			''	few
ts 'help: all verbs'			0 '^  *ls  .*list files'	$NSDEBUG help
ts '--help'				0 '^  *ls  '		$NSDEBUG --help
ts '-h'					0 '^  *ls  '		$NSDEBUG -h
ts 'help of a verb'			0 'nsdebug ls '		$NSDEBUG help ls
ts 'ls --help'				0 '^  *-l'		$NSDEBUG ls --help
ts 'ls -h is ls(1)'\''s -h'		0 '^server$'		$NSDEBUG ls -h "$T" /app
ts 'cat -h is help'			0 'nsdebug cat '	$NSDEBUG cat -h
ts 'help of no verb'			2 "unknown verb 'lss'; did you mean 'ls'"	$NSDEBUG help lss
ts 'an unknown verb: the nearest'	2 "did you mean 'cat'"	$NSDEBUG catt
ts 'far from any verb'			2 "unknown verb 'wibble' \("	$NSDEBUG wibble
ts 'the nearest second word: its beginning'	2 "'trace deny'; did you mean 'trace denied'" $NSDEBUG trace deny "$T"
ts 'and the others'			2 'trace: bind caps denied .* udp; .nsdebug help trace' $NSDEBUG trace wibble
ts 'the first of two words'		2 "did you mean 'trace'"	$NSDEBUG trase exec
ts 'a verb about ourselves'		2 "did you mean 'help'"	$NSDEBUG hlep
t 'one letter is near nothing'		''	sh -c '"$NSDEBUG" x 2>&1 | grep mean; :'
ts 'the nearest option'			2 '^nsdebug: stack: .*--goroutins .*did you mean --goroutines\?' \
	$NSDEBUG stack --goroutins "$T"
ts 'also of every verb, with a value'	2 'did you mean --selector\?'	$NSDEBUG --slector=a=b ls /
ts 'a format that is none'		2 "'yaml' is not a field of ps, nor a format, as table, wide, json, jsonl and name are" \
	$NSDEBUG ps -o yaml "$T"
ts 'the nearest format'			2 "'jsno' is not .*did you mean 'json'"	$NSDEBUG ps -o jsno "$T"
ts 'the nearest field'			2 "'host_pdi' is not a field of ps; did you mean 'host_pid'"	$NSDEBUG ps -o pid,host_pdi "$T"
ts 'an option before no verb'		2 ''			$NSDEBUG --raw
ts 'an unknown global option'		2 'unknown option --wibble'	$NSDEBUG --wibble ls "$T"
ts 'a letter that is not global'	2 'unknown option -R'	$NSDEBUG -R ls "$T"
ts 'version'				0 '^nsdebug [0-9]+\.[0-9]+\.[0-9]+' $NSDEBUG version
ts '--version'				0 '^nsdebug [0-9]'	$NSDEBUG --version
ts 'version --licenses: our own'	0 'Apache License'	$NSDEBUG version --licenses
for lib in glibc libelf libunwind yajl zlib liblzma libiberty; do
	ts "version --licenses: $lib"	0 "^==== .*${lib#lib}|^==== libc6" $NSDEBUG version --licenses
done
ts 'version --wibble'			2 'wibble'		$NSDEBUG version --wibble
ts 'man'				0 '^\.Dt NSDEBUG 1'	$NSDEBUG man
ts 'man ls'				0 '^\.Dt NSDEBUG-LS 1'	$NSDEBUG man ls
ts 'man of no verb'			2 'unknown verb'	$NSDEBUG man wibble
ts 'completion without a shell'		2 'name bash, zsh or fish'	$NSDEBUG completion
tj 'the schema of a verb'	'.verb == "ls" and .schema == "nsdebug.ls/1" and
	(.columns[] | select(.name == "name") | .claimed) and
	(.columns[] | select(.name == "size") | .claimed | not)'	$NSDEBUG help --json ls
reserved() { # the keys of the envelope
	for v in $($NSDEBUG help --verbs); do
		$NSDEBUG help --json "$v" | jq -r '.verb as $v | .columns[].name
			| select(. == "schema" or (. == "target" and $v != "list")) | "\($v): \(.)"'
	done
}
t 'no column has a key of the envelope'	''	reserved
ts 'help into a full device'	126 'No space left'	sh -c '"$NSDEBUG" help >/dev/full'
ts 'help to a reader that left'	0 ''	sh -c '{ sleep 0.1; "$NSDEBUG" help; } | true'

# ---- completion ----

has() { # WORD ARGUMENT...: is WORD among the candidates
	w=$1
	shift
	$NSDEBUG __complete "$@" >c
	grep -Fqx -e "$w" c || cat c
}
t 'a verb'			''	has ls l
t 'verbs about ourselves too'	''	has version ver
t 'only what begins so'		'limits\nlist\nls\n'	$NSDEBUG __complete l
t 'an option'			''	has --recursive ls --rec
t 'a global option'		''	has --timeout= ls --ti
t 'an option before the verb'	''	has --selector= --se
t 'a format'			''	has json ls -o j
t 'the value of an option'	''	has --color=always ls --color=al
t 'fields after a comma'	''	has name,size ls --fields name,si
t 'a system call'		''	has writev trace syscalls -e writ
t 'one after another'		''	has --calls=read,writev trace syscalls --calls=read,wri
t 'a class of them'		''	has %network trace syscalls -e %n
t 'a capability, also by its short name' '' sh -c '[ "$("$0" __complete why --cap NET_A; "$0" __complete why --cap CAP_NET_A)" = "NET_ADMIN
CAP_NET_ADMIN" ]' "$NSDEBUG"
t 'in small letters, too' 'CAP_NET_ADMIN\n' $NSDEBUG __complete why --cap cap_net_a
t 'and in one word with it' '--cap=NET_ADMIN\n' $NSDEBUG __complete why --cap=net_a
t 'but not what has none in capitals' '' $NSDEBUG __complete trace syscalls -e WRIT
near() { # WORD ARGUMENT...
	_word=$1
	shift
	ts "the nearest word: $*"	2 "; did you mean $_word\?"	"$NSDEBUG" "$@" "$T"
}
near SYS_ADMIN why --cap sys_admim
near CAP_NET_BIND_SERVICE why --cap cap_net_bin_service
near mount why --syscall 'mout(1)'
near read why --path / --for raed
near open trace syscalls -e read,opent
near '%file' trace syscalls -e %fil
near "'pid'" trace exec --filter 'pdi==3'
near pprof prof --format pprf
near always ls --color=alway
ts 'nothing is near'		2 "no capability 'foo'$"	$NSDEBUG why "$T" --cap foo
ts 'a file that an option is for'	2 'did you mean --write /tmp/f\?'	$NSDEBUG core "$T" /tmp/f
t 'what can be waited for'	''	has "$T" trace exec --next "${T%??}"
t 'not what the verb refuses'	''	sh -ec '"$NSDEBUG" __complete trace exec -- >words
	"$NSDEBUG" trace exec --help >>words; grep -q -e --host words; ! grep -e --all words'
ts 'no field of a verb of two words'	2 'is not a field of trace exec, .*\(nsdebug trace exec --help' \
	"$NSDEBUG" trace exec -o wibble "$T"
t 'a target'			''	has "$T" ls "${T%??}"
t 'a verb after a global option'	''	has cat --raw ca
t 'paths of the target'		''	has /app/server cat "$T" /app/se
t 'a directory with its slash'	''	has /etc/ cat "$T" /e
t 'the root at first'		'/\n'	$NSDEBUG __complete ls "$T" ''
t 'dot files when asked for'	''	sh -c '"$NSDEBUG" __complete ls "$1" / | grep "/\\."; :' - "$T"
t 'paths of an option'		''	has /app/server why "$T" --path /app/se
t 'in one word with it'		''	has --path=/etc/ why "$T" --path=/e
t 'also of the other option'	''	has /app/ why "$T" --path /etc --for rename --to /a
t 'none below a working directory'	''	$NSDEBUG __complete why "$T" --path etc/pass
t 'none without a target'	''	$NSDEBUG __complete why --path /e
t 'verbs after help'		''	has cat help ca
t 'shells after completion'	'bash\n'	$NSDEBUG __complete completion b
t 'of an unknown target: nothing, quietly'	''	$NSDEBUG __complete cat no-such-box /
t 'of a missing directory: nothing'	''	$NSDEBUG __complete cat "$T" /nope/
in_bash() {
	PATH=${NSDEBUG%/*}:$PATH bash -c 'eval "$(nsdebug completion bash)"
		COMP_LINE="nsdebug $1" COMP_POINT=$((8 + ${#1}))
		_nsdebug 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}
t 'in bash'			'/app/server\n'	in_bash "cat $T /app/s"
t 'in bash: only what is behind the colon'	"//$T\n"	in_bash "cat runc://${T%?}"
t 'in bash: only what is behind the ='	'always\n'	in_bash 'ls --color=al'
t 'in bash: a new word'		'/\n'	in_bash "cat $T "
t 'in bash: a path behind the ='	'/app/server\n'	in_bash "why $T --path=/app/s"
mkdir fpath
"$NSDEBUG" completion zsh >fpath/_nsdebug
in_zsh() { # SETUP LINE
	HOME=$TMP PATH=${NSDEBUG%/*}:$PATH timeout 20 zsh -f "$SRC/tests/lib/typed.zsh" "$@"
}
zsh_does() { # NAME SETUP
	t "in zsh, $1"			"nsdebug cat $T /app/server \n"	in_zsh "$2" "nsdebug cat $T /app/s"
	t "in zsh, $1: behind the ="	"nsdebug why $T --cap=NET_ADMIN \n"	in_zsh "$2" "nsdebug why $T --cap=net_a"
	t "in zsh, $1: what goes on"	"nsdebug cat '$T' /app/\n"	in_zsh "$2" "nsdebug cat '$T' /ap"
}
zsh_does 'set up by its start file' 'autoload -Uz compinit; compinit -u -D; eval "$(nsdebug completion zsh)"'
zsh_does 'of one that completes nothing yet' 'eval "$(nsdebug completion zsh)"'
zsh_does 'in its fpath' "fpath=($TMP/fpath \$fpath); autoload -Uz compinit; compinit -u -D"
t 'a target once, whose name is its id'	"$T\n"	$NSDEBUG __complete ls "${T%?}"
t 'a kind of target'		''	has runc:// ls ru
t 'a value is no target'	''	has "$T" ls -o json "${T%?}"
t 'a value before the verb'	''	has list -n nowhere li

# ---- options of every verb before those that need no target ----

t 'list takes --namespace before it'	''	sh -c '"$NSDEBUG" -n no-such-space list 2>/dev/null'
ts 'list: none is such a one'	0 'none of [0-9]+ containers is such a one'	$NSDEBUG -l no-such=label list
ts 'list takes --selector before it'	0 "^$T "	$NSDEBUG --selector "bundle=$FX/boxes/$T" list
ts 'doctor has no --selector'	2 'doctor looks at the node: --selector is not for it'	$NSDEBUG -l a=b doctor
ts 'nor --all'			2 'doctor looks at the node: --all is not for it'	$NSDEBUG --all doctor
ts 'a letter behind the verb'	2 'stands before the verb: nsdebug -c ... ps; or --container behind it' \
	$NSDEBUG ps -c web "$T"

# ---- words to targets ----

ts 'by id'			0 '^server$'	$NSDEBUG ls "$T" /app
ts 'by unique prefix'		0 '^server$'	$NSDEBUG ls "${T%?}" /app
ts 'runc://'			0 '^server$'	$NSDEBUG ls "runc://$T" /app
ts 'pid://'			0 '^server$'	$NSDEBUG ls "pid://$PID" /app
ts 'not of that runtime'	3 "no container 'crun://$T'.*/run/crun"	$NSDEBUG ls "crun://$T"
ts 'not of that runtime: only where it looked'	3 'in /run/crun'	$NSDEBUG ls "crun://$T-nope"
ts 'the nearest name'		3 "did you mean '$T'"	$NSDEBUG ls "x$T"
ts 'nothing near'		3 'looked in .*, /run/runc, /run/crun'	$NSDEBUG ls wibble-wobble-wubble
ts 'an unknown kind'		2 "'vmware://' is not a kind"	$NSDEBUG ls vmware://x
ts 'no name'			2 'is not a target'	$NSDEBUG ls ''
ts 'no name of a runtime'	2 ''			$NSDEBUG ls runc://
ts 'a path is no name'		3 'no container'	$NSDEBUG ls "../runc/$T"
ts '. is no name'		3 'no container'	$NSDEBUG ls .
ts 'pid:// of nothing'		3 'is gone'		$NSDEBUG ls pid://4194304	# PID_MAX_LIMIT: none is that
for p in 0 x -1 1x '' 4294967297 99999999999999999999; do
	ts "pid://$p is no process id"	2 'is not a process id'	$NSDEBUG ls "pid://$p"
done
ts 'a process of the host'	4 'own files: not a container; --host'	$NSDEBUG ls pid://$$
ts 'a process of the host with --host'	0 '^of-the-host$' \
	sh -c ': >of-the-host; "$NSDEBUG" ls --host pid://$$ "$TMP"'
ts '--host before the verb'	0 '^of-the-host$'	sh -c '"$NSDEBUG" --host ls pid://$$ "$TMP"'
zombie() {
	sh -c 'sleep 0 & exec sleep 100' &
	z=$!
	at_exit "kill $z 2>&1 || :"
	wait_for "grep -qs '^State:.Z' /proc/$z/task/$z/children /proc/\$(cat /proc/$z/task/$z/children)/status" 20
	$NSDEBUG ls --host "pid://$(tr -d ' ' <"/proc/$z/task/$z/children")"
}
ts 'a zombie'			3 'gone|zombie|exited'	zombie
ts 'a kernel thread is of the host'	4 'not a container'	$NSDEBUG ls pid://2

# A name that begins as another's is still its own.
box() { "$SRC/tests/fixtures/box" "$@"; }
# Others list what is there meanwhile: never half of it.
HALF=/run/nsd-cli-$$
at_exit "rm -rf '$HALF' '/run/runc/$T-more' '/run/crun/$T'"
cp -r "/run/runc/$T" "$HALF" && mv "$HALF" "/run/runc/$T-more"
ts 'a whole name before prefixes'	0 '^server$'	$NSDEBUG ls "$T" /app
ts 'a prefix of two'		2 "ambiguous: runc://$T(-more)?, runc://$T"	$NSDEBUG ls "${T%?}"
mkdir -p /run/crun "$HALF"
jq '{pid: .init_process_pid, "process-start-time": .init_process_start, bundle: "/x"}' \
	"/run/runc/$T/state.json" >"$HALF/status" && mv "$HALF" "/run/crun/$T"
ts 'one name in two runtimes'	2 "ambiguous: runc://$T, crun://$T"	$NSDEBUG ls "$T"
ts 'named with its runtime'	0 '^server$'	$NSDEBUG ls "crun://$T" /app
rm -r "/run/crun/$T" "/run/runc/$T-more"

# ---- several targets ----

label() { # makes runc's and crun's record of a container bear a label
	L=nsd-test=$$
	jq -c --arg l "$L" '.config.labels += [$l]' "/run/runc/$1/state.json" >s &&
		cat s >"/run/runc/$1/state.new" &&
		mv "/run/runc/$1/state.new" "/run/runc/$1/state.json"	# never half of it
}
label "$T"
box_up base
label "$BOX"
T2=$BOX
box_up overlay
t '-l: rows of each, in order, with a TARGET column' \
	"runc://$T /app\nrunc://$T /tmp\nrunc://$T2 /app\nrunc://$T2 /tmp\n" \
	$NSDEBUG -l "$L" ls -d /tmp /app
tj '-l in JSON: target in each item'	'.target == null and ([.items[].target] | unique | length) == 2' \
	$NSDEBUG -l "$L" ls -o json /app
lines() { $NSDEBUG --selector="$L" ls -o jsonl /app | jq -r .target | sort -u; }
t '--selector in JSON lines'	"runc://$T\nrunc://$T2\n"	lines
ts '-l of no container'		3 'no running container has the label a=b'	$NSDEBUG -l a=b ls /
ts 'after the verb -l is the verb'\''s'	0 'root'	$NSDEBUG ls -l "$T" /
ts 'one fails, the others are shown'	1 "^runc://$T2 +.*" \
	$NSDEBUG -l "$L" ls /lib64/ld-linux-x86-64.so.2
ts 'its error names it'		1 "^nsdebug: runc://$T: /lib64/ld-linux.*: No such file" \
	$NSDEBUG -l "$L" ls /lib64/ld-linux-x86-64.so.2
# Containers of other tests come and go meanwhile.
ts '--all'			0 "^runc://$T +server"	sh -c '"$NSDEBUG" --all ls /app; :'

# ---- options ----

ts '--timeout of no time'	2 'is not a time'	$NSDEBUG ls --timeout x "$T"
ts '--timeout without one'	2 'value is missing'	$NSDEBUG ls "$T" --timeout
ts '--color of no word'		2 'auto\|always\|never'	$NSDEBUG ls --color=x "$T"
ts 'a flag with a value'	2 'no value is expected'	$NSDEBUG ls --long=x "$T"
ts '--max-time'			124 'max-time'	sh -c \
	'"$NSDEBUG" --max-time 300ms cat "$1" /app/server /app/server | { sleep 1; cat; } >/dev/null; exit 124' - "$T"
ts 'clustered letters'		0 '^d.* \.$'	$NSDEBUG ls -lad "$T" .
ts '-o FORMAT in one word'	0 'nsdebug.ls/1'	$NSDEBUG ls -ojson "$T"
ts '-o before the verb'		0 'nsdebug.ls/1'	$NSDEBUG -o json ls "$T"

# ---- what the caller left us ----

ts 'stdin closed'	0 '^server$'	sh -c '"$NSDEBUG" ls "$1" /app <&-' - "$T"
ts 'stderr closed'	0 '^server$'	sh -c '"$NSDEBUG" ls "$1" /app 2>&-' - "$T"
ts '0 and 2 closed'	0 '^server$'	sh -c '"$NSDEBUG" ls "$1" /app <&- 2>&-' - "$T"
ts 'stdout closed'	126 'write to stdout: Bad file'	sh -c '"$NSDEBUG" ls "$1" /app >&-' - "$T"
ts 'all three closed'	126 ''		sh -c '"$NSDEBUG" ls "$1" /app <&- >&- 2>&-' - "$T"
ts 'a full stdout'	126 'No space left'	sh -c '"$NSDEBUG" ls "$1" /app >/dev/full' - "$T"
ts 'a full stdout, json'	126 'No space left'	sh -c '"$NSDEBUG" ls -o json "$1" / >/dev/full' - "$T"
t 'stdout appended to'	'x\nserver\nthreads\n'	sh -c \
	'echo x >f; "$NSDEBUG" ls "$1" /app >>f; cat f' - "$T"
ts 'three descriptors allowed'	0 '^server$'	sh -c 'ulimit -Sn 3; "$NSDEBUG" ls "$1" /app' - "$T"
ts 'three, and nobody may raise it'	126 'RLIMIT_NOFILE is too low.*ulimit -n' \
	setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
	sh -c 'ulimit -n 3; exec "$NSDEBUG" ls "$1" /app' - "$T"
ts 'descriptors that it knows nothing of'	0 '^server$'	sh -c \
	'exec 5</etc/passwd 6</ 7<&0 9>/dev/null; "$NSDEBUG" ls "$1" /app' - "$T"
ts 'no environment'	0 '^server$'	env -i "$NSDEBUG" ls "$T" /app
ts 'a hostile environment'	0 '^server$'	env -i LD_PRELOAD=/x LD_LIBRARY_PATH=/x TZ=:/etc/passwd \
	COLUMNS=99999999999 LANG=x LC_ALL=../x GCONV_PATH=/x MALLOC_ARENA_MAX=x \
	ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$NSDEBUG" ls "$T" /app
ts 'SIGCHLD ignored'	0 '^server$'	sh -c 'trap "" CHLD; exec "$NSDEBUG" ls "$1" /app' - "$T"
ts 'signals blocked'	0 '^server$'	python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
os.execv(sys.argv[1], sys.argv[1:])' "$NSDEBUG" ls "$T" /app

# ---- who may not ----

as_nobody() { # through a descriptor: the way to the binary may be root's alone
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		sh -c 'exec /proc/self/fd/9 "$@"' - "$@" 9<"$NSDEBUG"
}
for v in 'ls' 'cat' 'ps'; do
	a=$([ $v = cat ] && echo /etc/passwd)
	ts "nobody: $v by name"		77 'as root on the node.*CAP_DAC_READ_SEARCH' \
		as_nobody $v "$T" ${a:+"$a"}
	ts "nobody: $v by pid"		77 'CAP_SYS_PTRACE'	as_nobody $v "pid://$PID" ${a:+"$a"}
	ts "no capability: $v"		77 'CAP_(SYS_PTRACE|DAC_READ_SEARCH)'	without -all $NSDEBUG $v "$T" ${a:+"$a"}
	ts "no CAP_SYS_PTRACE: $v"	77 'CAP_SYS_PTRACE'	\
		without -sys_ptrace $NSDEBUG $v "$T" ${a:+"$a"}
done
for v in 'ls' 'cat'; do
	a=$([ $v = cat ] && echo /etc/passwd)
	for c in sys_admin sys_chroot; do
		ts "no CAP_$c: $v"	77 "CAP_$(echo $c | tr '[:lower:]' '[:upper:]')" \
			without -$c $NSDEBUG $v "$T" ${a:+"$a"}
	done
done
tj 'no capability, in JSON'	'.items == [] and .errors[0].status == 77'	\
	without -all $NSDEBUG ls -o json "$T"
ts 'nobody: help'	0 'nsdebug'	as_nobody help
ts 'nobody: version'	0 'nsdebug'	as_nobody version
setuid() {
	cp "$NSDEBUG" "$TMP/set"
	chmod 4755 "$TMP/set"
	setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'exec /proc/self/fd/9 list' 9<"$TMP/set"
}
ts 'a setuid copy refuses'	4 'setuid copy.*not run'	setuid

# ---- kernel features that are missing ----

lacking() { # SYSCALL COMMAND...
	c=$1
	shift
	strace -f -o trace -e trace="$c" -e inject="$c":error=ENOSYS "$@"
}
ts 'no openat2'		4 'openat2 is missing: Linux 5\.6'	lacking openat2 $NSDEBUG ls "$T" /app
ts 'no pidfd_open'	4 'pidfd_open, Linux 5\.3'		lacking pidfd_open $NSDEBUG ls "$T" /app
ts 'no open_tree'	4 'open_tree|Function not implemented'	lacking open_tree $NSDEBUG ls "$T" /app
ts 'no mount_setattr: goes on'	0 '^server$'	lacking mount_setattr $NSDEBUG ls "$T" /app
ts 'no close_range: goes on'	0 '^server$'	lacking close_range $NSDEBUG ls --timeout 60s "$T" /app
ts 'no /proc'		4 '/proc is not procfs'	unshare -m sh -c \
	'mount -t tmpfs t /proc && "$NSDEBUG" ls "$1"' - "$T"

# ---- a target that goes away ----

gone() {
	box_up static
	"$SRC/tests/fixtures/box" down "$BOX" >/dev/null 2>&1
	$NSDEBUG ls "$BOX"
}
ts 'removed before'	3 "no container"	gone
midway() { # once the first byte is here its first process is killed; the rest waits for its reader
	box_run static --ready --bind "$TMP:/data"
	head -c 30000000 /dev/zero >big
	{ "$NSDEBUG" cat "$BOX" /data/big; echo $? >st; } |
		{ dd bs=1 count=1 2>/dev/null >n; kill -9 "$BOXPID"; cat >>n; }
	cat st
	wc -c <n
}
ts 'killed midway: said'	0 'went away meanwhile'	midway
ts 'killed midway: status 3'	0 '^3$'	cat st
ts 'killed midway: what was read is whole'	0 '^30000000$'	sh -c 'wc -c <n'
