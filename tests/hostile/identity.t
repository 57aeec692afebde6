#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A word leads to the one container that it means, or to an error that lists the words that do: names
# that are other ids' beginnings, records that are stale or disagree, pids and cgroups that are
# another's by now.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
. "$SRC/tests/hostile/plant.sh"
need runc jq nsenter findmnt

Pa='' Pb='' Pc=''
for who in a b c; do
	mkdir "$TMP/$who"
	echo $who >"$TMP/$who/name"
	box_run static --bind "$TMP/$who:/who:ro" --ready
	eval "P$who=$BOXPID"
done
planted_ns

leads() { # WORD WHO
	t "$1 is $2"	"$2\n"	nsd cat "$1" /who/name
}
# Ambiguous, and each word that the message lists leads to one of WHO, all different.
each_of() { # WORD WHO...
	_word=$1
	shift
	nsd cat "$_word" /who/name >"$TMP/out" 2>"$TMP/err"
	_st=$?
	_list=$(sed -n "s/^nsdebug: '.*' is ambiguous: //p" "$TMP/err")
	for _w in $(echo "$_list" | sed 's/, \.\.\.$//' | tr -d ,); do
		nsd cat "$_w" /who/name 2>&1
	done | sort | tr '\n' ' ' >"$TMP/whos"
	[ $_st = 2 ] && [ "$(cat "$TMP/whos")" = "$* " ] && pass "$_word is ambiguous: $_list" ||
		fail "$_word is ambiguous: $*" "status $_st: $(cat "$TMP/out" "$TMP/err" "$TMP/whos")"
}
gone() { # WORD REGEX
	ts "$1: $2"	3 "$2"	nsd cat "$1" /who/name
}
row() { # ID FILTER
	tj "list: $1: $2" "[.items[] | select(.id == \"$1\")] | length == 1 and (.[0] | $2)" \
		nsd list -a -o json
}
every_word() {
	# others' come and go
	nsd list -o json 2>"$TMP/err" | jq -r '.items[] | select(.kind != "plain" and (.claimed | not)) |
		"\(.target) \(.host_pid)"' | grep -E " ($Pa|$Pb|$Pc)\$" | while read -r w p; do
		got=$(nsd ps -o json "$w" 2>"$TMP/err" | jq -r ".items[] | select(.host_pid == $p) | .host_pid")
		[ "$got" = "$p" ] || echo "$w: $p"
	done
}

# ---- names and ids ----

x=$(id_of x) y=$(id_of y)
brief=$(echo "$x" | cut -c1-12)
plant docker "$x" one "$Pa"
plant docker "$y" "$brief" "$Pb"
each_of "$brief" a b
each_of "docker://$brief" a b
leads "$x" a
leads "docker://$x" a
leads "docker://$y" b
leads "$(echo "$x" | cut -c1-13)" a
leads one a
t 'each word of the list leads to its container'	''	every_word
uproot
plant docker "$x" one "$Pa"
plant podman "$y" "$brief" "$Pb"
plant runc "$(echo "$x" | cut -c1-8)" - "$Pc"
each_of "$brief" a b
each_of "$(echo "$x" | cut -c1-8)" a c
leads "podman://$y" b
leads "runc://$(echo "$x" | cut -c1-8)" c
uproot
plant docker "$x" one "$Pa"
plant podman "$y" "$x" "$Pb"
leads "$x" a
leads "docker://$x" a
leads "podman://$y" b
leads "$y" b
t 'each word of the list leads to its container, one named like an id'	''	every_word
uproot
plant docker "$x" one "$Pa"
plant runc "$x" - "$Pb"
each_of "$x" a b
leads one a
uproot
plant docker "$x" web "$Pa"
plant podman "$y" web "$Pb"
plant runc web - "$Pc"
each_of web a b c
leads docker://web a
leads podman://web b
leads runc://web c
gone crun://web "no container 'crun://web'"
uproot
plant crun web - "$Pa"
plant runc web - "$Pb"
each_of web a b
uproot
plant containerd x - "$Pa"
mkdir -p "$P/run/containerd/io.containerd.runtime.v2.task/other" "$P/run/containerd/runc/other"
mv "$P/run/containerd/io.containerd.runtime.v2.task/nsd/x" "$P/run/containerd/io.containerd.runtime.v2.task/other"
mv "$P/run/containerd/runc/nsd/x" "$P/run/containerd/runc/other"
plant containerd x - "$Pb"
each_of x a b
each_of containerd://x a b
leads containerd://other/x a
leads containerd://nsd/x b
t '-n other x is a'	'a\n'	nsd -n other cat x /who/name
uproot
i=0
while [ $i -lt 70 ]; do
	plant runc "web$i" - "$Pb"
	i=$((i + 1))
done
each_of web b b b b b b
plant runc web - "$Pa"
leads web a
leads web7 b
uproot
i=0
while [ $i -lt 70 ]; do
	plant cri "$(id_of $i)" "prod/p$i/web" "$Pb"
	i=$((i + 1))
done
plant docker "$x" web "$Pa"
ts 'a name that 71 have'	2 "'web' is ambiguous: .*, \\.\\.\\.\$"	nsd cat web /who/name
leads docker://web a
leads prod/p67/web b
uproot
plant podman "$x" k8s_web_shop_prod_1234_0 "$Pa"
leads k8s_web_shop_prod_1234_0 a
gone prod/shop/web 'no container'

# ---- records that are not of now ----

exited() { sed -i 's/"Running":true/"Running":false/; s/"Pid":[0-9]*/"Pid":0/' "$1"; }
uproot
plant docker "$x" web "$Pa"
exited "$DIR/config.v2.json"
rm -r "$P/run/docker"
plant runc web - "$Pc"
ts 'a name of one that has exited and one that runs'	2 'ambiguous: runc://web, docker://web' \
	nsd cat web /who/name
gone docker://web 'has no process: it has exited'
leads runc://web c
row "$x" '.state == "exited" and .exit_code == 3 and .host_pid == null'
uproot
plant docker "$x" web "$Pa"
exited "$DIR/config.v2.json"
leads web a
row "$x" '.state == "running" and .runtime == "docker"'
uproot
plant docker "$x" web "$Pb"
rm -r "$P/run/docker"
gone web 'has no process: it has exited'
row "$x" '.state == "exited" and .host_pid == null'
mkdir -p "$P/run/containerd/io.containerd.runtime.v2.task/moby/$x"
echo "$Pa" >"$P/run/containerd/io.containerd.runtime.v2.task/moby/$x/init.pid"
gone docker://web 'has no process: it has exited'
echo "$Pb" >"$P/run/containerd/io.containerd.runtime.v2.task/moby/$x/init.pid"
leads docker://web b
touch -d 2001-01-01 "$P/run/containerd/io.containerd.runtime.v2.task/moby/$x/init.pid"
gone docker://web 'is another process now'
row "$x" '.state == "exited" and .host_pid == null'

for r in runc crun docker containerd cri podman cri-o; do
	name=web word=web id=$x
	case $r in
	runc | crun | containerd) id=web ;;
	cri)	name=prod/shop/web ;;
	cri-o)	name=k8s_web_shop_prod_1234_0 ;;
	esac
	uproot
	plant $r $id $name "$Pa"
	for f in $FILES; do
		sed -i 's/\(start[a-z-]*": *\)[0-9]*/\15/' "$f"
	done
	ts "$r: the process of that number is another now"	3 'another process' nsd cat web /who/name
	row $id '.state == "exited" and .host_pid == null and .host_uid == null'
	for f in $FILES; do
		sed -i 's/\(start[a-z-]*": *\)[0-9]*/\10/' "$f"
	done
	case $r in
	runc | crun)
		ts "$r: no start time"	4 'no start time is recorded'	nsd cat web /who/name
		continue ;;
	docker)	gone web 'has no process' ;;
	*)	leads web a ;;	# the time when the pid was written down fits
	esac
	uproot
	plant $r $id $name "$Pa"
	sed -i "s/$Pa/$Pb/; s/\(start[a-z-]*\": *\)[0-9]*/\1$(start_of "$Pb")/" "${FILES##* }"
	ts "$r: it says one pid, and its runtime's state another"	4 'not believed'	\
		nsd cat web /who/name
done
for r in podman cri-o containerd; do
	id=$x
	[ $r != containerd ] || id=web
	uproot
	plant $r $id web "$Pa"
	rm -r "${FILES##* }"
	case $r in
	containerd) stale=$DIR/init.pid ;;
	*)	stale=$DIR/userdata/pidfile ;;
	esac
	leads web a
	touch -d 2001-01-01 "$stale"
	gone web 'is another process now'
	row $id '.state == "exited" and .host_pid == null'
	printf '%064d\n' "$Pa" >"$stale"	# of however few digits it is
	ts "$r: no pid is cut short"	1 'holds no pid'	nsd cat web /who/name
done

# ---- pods ----

for r in cri cri-o docker; do
	uproot
	pod() { # WORD POD(NAMESPACE/NAME/CONTAINER) ATTEMPT PID
		case $r in
		cri)	plant cri "$(id_of "$1")" "$2" "$4" ;;
		*)	plant $r "$(id_of "$1")" "$(echo "$2" | awk -F/ -v n="$3" \
				'{ print "k8s_" ($3 ? $3 : "POD") "_" $2 "_" $1 "_1234-5678_" n }')" "$4"
			[ -n "${2##*/*/*}" ] || return 0
			sed -i 's/"io.kubernetes.cri-o.ContainerType":"container"/"io.kubernetes.cri-o.ContainerType":"sandbox"/' \
				"$DIR/userdata/config.json" 2>/dev/null ;;
		esac
	}
	dead() { # WORD: its process has ended
		sed -i 's/\(start[a-z-]*": *\)[0-9]*/\15/' "$P"/run/*/*/"$(id_of "$1")"/state.json \
			"$P"/run/*/"$(id_of "$1")"/state.json 2>/dev/null
		sed -i 's/\(start[a-z-]*": *\)[0-9]*/\15/' "$P"/run/*/*/*/"$(id_of "$1")"/state.json 2>/dev/null
	}
	pod pause prod/shop 0 "$Pc"
	pod web0 prod/shop/web 0 "$Pb"
	dead web0
	pod web1 prod/shop/web 1 "$Pa"
	for w in web pod/shop prod/shop pod/shop/web prod/shop/web; do
		leads $w a
	done
	engine=$(echo $r | sed 's/^cri$/containerd/')
	leads "$engine://$(id_of web1)" a
	gone "$engine://$(id_of web0)" 'another process'
	gone "$(id_of web0)" 'another process'
	leads "$(id_of pause)" c
	ts "$r: the sandbox is not offered"	0 '^a$'	nsd cat pod/shop /who/name
	pod side prod/shop/side 0 "$Pb"
	each_of pod/shop a b
	each_of prod/shop a b
	leads pod/shop/side b
	t "$r: -c side pod/shop"	'b\n'	nsd -c side cat pod/shop /who/name
	t "$r: -c web pod/shop"	'a\n'	nsd -c web cat pod/shop /who/name
	t "$r: -n prod web"	'a\n'	nsd -n prod cat web /who/name
	gone pod/shop/none "no container 'pod/shop/none'"
	gone test/shop "no container 'test/shop'"
	ts "$r: -n against the word"	2 'contradict each other'	nsd -n test cat prod/shop /who/name
	ts "$r: -c against the word"	2 'contradict each other'	nsd -c side cat pod/shop/web /who/name
	pod other test/shop/web 0 "$Pc"
	each_of web a c
	each_of pod/shop a b c
	each_of pod/shop/web a c
	leads test/shop c
	leads prod/shop/web a
	t "$r: -n test pod/shop"	'c\n'	nsd -n test cat pod/shop /who/name
	t "$r: -n test web"	'c\n'	nsd -n test cat web /who/name
	t "$r: each word of the list leads to its container"	''	every_word
	# a successor before the one that goes has gone
	pod web2 test/shop/web 1 "$Pb"
	each_of test/shop/web b c
done

# CRI-O itself is not in Debian: recorded state, with a real process.
uproot
x=$(id_of crio)
plant cri-o "$x" k8s_web_shop_prod_1234-5678_2 "$Pa"
for w in web pod/shop prod/shop/web "cri-o://$x" "cri-o://$(echo "$x" | cut -c1-13)" "$x" "runc://$x"; do
	leads "$w" a
done
gone "podman://$x" 'no container'
tj 'cri-o (recorded): a row of the list'	"[.items[] | select(.host_pid == $Pa)] | length == 1 and (.[0] |
	.runtime == \"cri-o\" and .target == \"prod/shop/web\" and .id == \"$x\" and .state == \"running\"
	and .namespace == \"prod\" and .pod == \"shop\" and .container == \"web\" and .image == \"image\")" \
	nsd list -o json
tj 'cri-o (recorded): ps of it'	".items[0].host_pid == $Pa"	nsd ps -o json prod/shop/web
mkdir -p "$P/var/log/pods/prod_shop_1234-5678/web"
: >"$P/var/log/pods/prod_shop_1234-5678/web/2.log"
row "$x" '.restarts == 2'

# ---- whose namespaces it has ----

# in a virtual machine of containers the first process may be nobody's to look at
first=1
readlink /proc/1/ns/mnt >"$TMP/ns" || first=
for r in runc crun docker containerd cri podman cri-o; do
	for pid in $first $$; do
		uproot
		case $r in
		cri)	name=prod/shop/web ;;
		cri-o)	name=k8s_web_shop_prod_1234_0 ;;
		*)	name=web ;;
		esac
		case $r in
		runc | crun | containerd) plant $r web web $pid ;;
		*)	plant $r "$(id_of x)" $name $pid ;;
		esac
		ts "$r: a record of process $pid of the host is refused"	4 "the host's own files" \
			nsd cat web /etc/passwd
	done
done
uproot
if [ -n "$first" ]; then
	ts 'pid 1'		4 "the host's own files"	$NSDEBUG ls pid://1 /
	ts 'pid 1, asked for'	0 '^etc$'	$NSDEBUG ls --host pid://1 /
else
	ts 'pid 1: may not be looked at'	77 'CAP_SYS_PTRACE'	$NSDEBUG ls pid://1 /
fi
ts 'our own'			4 "the host's own files"	$NSDEBUG ls "pid://$$" /
unshare -m sleep 1000 &
own=$!
at_exit "kill $own"
wait_for '[ "$(readlink /proc/$own/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]' 10
ts 'a mount namespace of its own, and the host in it'	4 "the host's own files"	$NSDEBUG ls "pid://$own" /
ts 'unless asked for'		0 '^etc$'	$NSDEBUG ls --host "pid://$own" /

box_run static --bind "$TMP/a:/who:ro" --pidns host --netns host --ipcns host --ready -- \
	/app/server $((20000 + $$ % 10000))
t 'a container in all namespaces of the host but its own files'	'a\n'	$NSDEBUG cat "$BOX" /who/name
tj 'its processes are its own'	"[.items[].host_pid] == [$BOXPID]"	$NSDEBUG ps -o json "$BOX"
tj 'by pid too'	"[.items[].host_pid] == [$BOXPID]"	$NSDEBUG ps -o json "pid://$BOXPID"

# ---- first processes that are not what one thinks ----

box_up pod
tj 'a container in the pid namespace of another: its own process'	\
	"[.items[].host_pid] == [$BOX2PID] and .items[0].pid > 1"	$NSDEBUG ps -o json "$BOX2"
tj 'the other: none of its'	"[.items[].host_pid] | index($BOX2PID) == null and index($BOXPID) != null" \
	$NSDEBUG ps -o json "$BOX"
tj '--pod: both'	"[.items[].host_pid] | index($BOX2PID) != null and index($BOXPID) != null"	\
	$NSDEBUG ps --pod -o json "$BOX2"

# A cgroup of a process, as nsdebug would look for it: the second version, or the one of systemd.
cgroup_of() { # PID
	_at=$(findmnt -no TARGET -t cgroup2 | head -n 1)
	_path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	if [ -z "$_at" ] || [ "${_path:-/}" = / ]; then
		_at=$(findmnt -no TARGET -t cgroup -O name=systemd | head -n 1)
		_path=$(sed -n 's/^[0-9]*:name=systemd://p' "/proc/$1/cgroup")
	fi
	echo "$_at$_path"
}
move() { # PID CGROUP
	mkdir -p "$2" && echo "$1" >"$2/cgroup.procs"
}
same() { # WORD CGROUP: ps shows what is in it and below, no more and no less
	$NSDEBUG ps -o json "$1" | jq '.items[].host_pid' | sort >"$TMP/seen"
	# shellcheck disable=SC2046 # files
	cat $(find "$2" -name cgroup.procs) | sort | diff - "$TMP/seen"
}

same_there() { # the same, where state is planted
	nsd ps -o json "$1" | jq '.items[].host_pid' | sort >"$TMP/seen"
	# shellcheck disable=SC2046
	cat $(find "$2" -name cgroup.procs) | sort | diff - "$TMP/seen"
}

hostile_box --caps sys_admin -- 'sleep 11111 & sleep 22222 & unshare -p -f -m sleep 33333 &'
cg=$(cgroup_of "$BOXPID")
at_exit "find '$cg' -mindepth 1 -depth -type d -exec rmdir {} + || :"
at_exit "'$SRC/tests/fixtures/box' down '$BOX'"
child() { pgrep -f "^$1\$" | while read -r p; do
		grep -qs "/$BOX" "/proc/$p/cgroup" && echo "$p"
	done | head -n 1
}
all_three() {
	one=$(child 'sleep 11111') two=$(child 'sleep 22222') nested=$(child 'sleep 33333')
	[ -n "$one" ] && [ -n "$two" ] && [ -n "$nested" ]
}
wait_for all_three 10 || fail 'they have begun'
t 'all processes, one in a pid namespace below'	''	same "$BOX" "$cg"
tj 'that one has a number in the container too'	".items[] | select(.host_pid == $nested) | .pid > 1" \
	$NSDEBUG ps -o json "$BOX"
tj 'and its own in its own'	".items[] | select(.host_pid == $nested) | .pid == 1"	\
	$NSDEBUG ps -o json "pid://$nested"
ts 'its files are its own'	0 '^bb$'	$NSDEBUG ls "pid://$nested" /
move "$nested" "$cg/nested"
t 'in a cgroup below: the container has it still'	''	same "$BOX" "$cg"
t 'and it has itself alone'	''	same "pid://$nested" "$cg/nested"

# as systemd in a container does
move "$BOXPID" "$cg/init.scope"
move "$one" "$cg/system.slice/one.service"
t 'the first process in a cgroup beside the others: all of them'	''	same "$BOX" "$cg"
tj 'and by its number'	".items[].host_pid == $one"	\
	$NSDEBUG ps -o json "$BOX" -p "$(awk '/^NSpid/ { print $NF }' "/proc/$one/status")"
hex=$(id_of systemd) other=$(id_of other)
for scope in "docker-$hex.scope" "$hex" "libpod-$hex" "libpod-$hex.scope" "crio-$hex.scope" \
	"cri-containerd-$hex.scope"; do
	move "$BOXPID" "$cg/$scope/init.scope"
	move "$one" "$cg/$scope/system.slice/one.service"
	move "$two" "$cg/$scope"
	uproot
	plant docker "$hex" web "$BOXPID"
	t "in $(echo "$scope" | tr -d 0-9)"	''	same_there web "$cg/$scope"
	t "in $(echo "$scope" | tr -d 0-9), by its pid"	''	same "pid://$BOXPID" "$cg/$scope"
done
# whoever has a cgroup chooses the names below it
move "$BOXPID" "$cg/$scope/$hex/$other"
move "$one" "$cg/$scope/$other/docker-$hex.scope"
t 'the same id below is the container\047s word: all of it is shown'	''	same_there web "$cg/$scope"
plant docker "$other" elsewhere "$two"
t 'a cgroup named like another container does not make it that one'	''	same_there elsewhere "$cg/$scope"
sleep 1000 &
onway=$!
at_exit "kill $onway"
move $onway "$cg/$scope"
t 'a process on its way into it does not hide the others'	''	same_there web "$cg/$scope"
