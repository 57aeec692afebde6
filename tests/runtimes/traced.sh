# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# traced.sh - what every trace shows of a container, whatever started it and whatever runs in it.
# After tests/lib.sh and tests/lib/trace.sh.
#
#   traced NAME IMAGE WORD PID   starts all traces of WORD, whose first process is PID on the host,
#                    and drives it: a request, a child, a signal, and at last its end for want of
#                    memory; what they show is what was done. NAME says which container it is.
#   inside ARGV...   to be defined by the test: runs it in the container that is to be traced
#   neighbour PID [PORT]   another one, that is driven, too, and must not be seen

# One more program of each image: its words, how it ends, and what it opens and does not get.
child_of() { # IMAGE: sets ARGV (JSON), ENDS, FILE, WHY
	FILE='' WHY=''
	case $1 in
	static | base)	ARGV='["/app/server", "8080"]' ENDS=1 ;;	# the port is taken
	go-static)	ARGV='["/app/server", "again"]' ENDS=1 ;;
	python3)	ARGV='["/usr/bin/python3.11", "-c", "import sys\nopen(\"/nothing/py\")"]'
			ENDS=1 FILE=/nothing/py WHY=ENOENT ;;
	nginx)		ARGV='["/usr/sbin/nginx", "-t", "-c", "/nothing/conf"]'
			ENDS=1 FILE=/nothing/conf WHY=ENOENT ;;
	java)		ARGV='["/usr/bin/java", "-Xmx16m", "-cp", "/nothing", "Nothing"]'
			ENDS=1 ;;
	nodejs)		ARGV='["/usr/bin/node", "-e", "try { require(\"fs\").readFileSync(\"/etc/shadow\") } catch (e) { process.exit(7) }"]'
			ENDS=7 FILE=/etc/shadow WHY=ENOENT ;;
	esac
}

request() { # PID PATH PORT: in its own network, in one piece
	printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >request
	nsenter -t "$1" -n bash -c \
		'exec 3<>"/dev/tcp/127.0.0.1/$1" && cat request >&3 && head -c 4 <&3' - "$3"
}

memory_of() { # PID: sets MEMORY and LIMIT, a directory and its file
	MEMORY=/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' "/proc/$1/cgroup")
	LIMIT=$MEMORY/memory.limit_in_bytes USAGE=$MEMORY/memory.usage_in_bytes
	[ -e "$LIMIT" ] && return
	MEMORY=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	LIMIT=$MEMORY/memory.max USAGE=$MEMORY/memory.current
	[ -e "$LIMIT" ]
}
starve() { # PID: some of its cgroup want more than there is, and this one is to go
	echo 1000 >"/proc/$1/oom_score_adj"
	OWN=$(paste -sd, "$MEMORY/cgroup.procs")	# a JVM does something now and then
	MAX=$((($(cat "$USAGE") + 33554432) / 4096 * 4096))
	echo $MAX >"$LIMIT"
	: >eaters
	sh -c 'echo $$ >"$1/cgroup.procs"
		for i in 1 2 3 4; do
			dd if=/dev/zero of=/dev/null bs=16M & echo $! >>eaters
		done
		wait' - "$MEMORY" >out 2>&1 &
	wait_for "! kill -0 $1" 20 2>>out || fail 'the kernel chooses who has the highest oom_score_adj'
	# the last of them may begin when the first have had their effect
	wait_for '[ "$(wc -l <eaters)" = 4 ] || grep -q "Cannot fork" out' 20 || fail 'all of them begin'
	xargs kill -KILL <eaters 2>>out
	ATE=$(echo $! | cat - eaters | paste -sd,)	# the one that asks last may not be dd yet
	wait $!
}

trace_of() { # VERB WORD [OPTION...]: beside the others, in files of its own
	"$NSDEBUG" trace "$@" -o jsonl >"$1.rows" 2>"$1.said" &
	TRACE=$!
	at_exit "kill -KILL $TRACE 2>/dev/null || :"
	echo "$1 $TRACE" >>traces
	wait_for _sealed 20 || fail "trace $* is attached" "$(cat "$1.said")"
}
shown() { # NAME VERB FILTER
	cp "$2.rows" rows
	cp "$2.said" said
	tr_rows "$1: trace $2" "$3"
}

NEIGHBOUR=
neighbour() { NEIGHBOUR=$1 ITSPORT=${2:-8080}; }

drive() { # PID
	if [ -n "$NEIGHBOUR" ]; then
		request "$NEIGHBOUR" /neighbour "$ITSPORT" >out 2>&1
		grep -q HTTP out || fail 'trap: the neighbour answers' "$(cat out)"
		kill -CONT "$NEIGHBOUR"
	fi
	request "$1" "/traced-$1" 8080 >out 2>&1
	kill -CONT "$1"
	printf %s "$ARGV" | jq -r '@sh' >argv
	eval "inside $(cat argv)" >child.out 2>&1 </dev/null || :
}

traced() { # NAME IMAGE WORD PID
	child_of "$2"
	: >traces
	for _v in exec exit signal oom open; do
		trace_of $_v "$3"
	done
	trace_of syscalls "$3" -e read,recvfrom,recvmsg,readv -s 256
	drive "$4"
	_oom=no
	if memory_of "$4"; then
		_oom=yes
		starve "$4"
	else
		kill -KILL "$4"
	fi
	while read -r _v _p; do
		wait "$_p" || fail "$1: trace $_v ends with its container" "$? $(cat "$_v.said")"
	done <traces
	all_shown "$@"
}

# A container's first process has another number only where it shares its pid namespace.
all_shown() { # NAME IMAGE WORD PID
	_comm="$(printf %s "$ARGV" | jq -r '.[0] | split("/")[-1]')"
	shown "$1" exec "any(.args == $ARGV and .error == null and .uid == 65532 and .pid > 1 and
		.host_pid > .pid)"
	shown "$1" exit "any(.status == $ENDS and .uid == 65532 and .pid > 1) and
		any(.host_pid == $4 and .signal == \"SIGKILL\")"
	shown "$1" signal "[.[] | select(.signal == \"SIGCONT\" and .from_host_pid == $$)] |
		length == 1 and (.[0] | .host_pid == $4 and .from_pid == 0 and
		.note == \"from outside of the container\")"
	[ -z "$FILE" ] || shown "$1" open "any(.path == \"$FILE\" and .error == \"$WHY\" and
		.fd == null and .pid > 1)"
	_request="GET /traced-$4 HTTP/1.0"
	shown "$1" syscalls "any(.result == $((${#_request} + 4)) and .error == null and
		(.args | tostring | contains(\"$_request\")))"
	case $_oom in
	yes)	shown "$1" oom ".[0] | .host_pid == $4 and .limit == $MAX and .usage <= .limit and
		.score_adj == 1000 and .rss > 0 and ((.trigger_host_pid | IN($OWN)) or
		((.trigger_host_pid | IN($ATE)) and (.trigger == \"dd\" or .trigger == \"sh\")))" ;;
	*)	skip "$1: trace oom" 'no memory limit can be set here' ;;
	esac
	cat ./*.rows >all
	_pid=$(awk '{ print $1 }' nspid)
	t "$1: its first process is pid $_pid, and no other is" '' jq -c \
		"select(.host_pid == $4 and .pid != $_pid or .host_pid != $4 and .pid == $_pid)" all
	[ -z "$NEIGHBOUR" ] || t "$1: nothing of its neighbour" '' jq -c \
		"select(.host_pid == $NEIGHBOUR or (tostring | contains(\"/neighbour\")))" all
}

# The number of a process in its own pid namespace, while it lives.
number() { awk '/^NSpid/ { print $NF }' "/proc/$1/status" >nspid; }
