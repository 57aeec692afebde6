#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serial
# State files that are wrong in every way, of every runtime: no word leads to a process that they do
# not truthfully tell of, nothing hangs, grows or ends by a signal, and the others are still found.
# It measures how long a list takes, so nothing else runs beside it.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
. "$SRC/tests/hostile/plant.sh"
need runc jq setpriv nsenter prlimit

mkdir "$TMP/a" "$TMP/b"
echo a >"$TMP/a/name"
echo b >"$TMP/b/name"
box_run static --bind "$TMP/a:/who:ro" --ready
APID=$BOXPID
box_run static --bind "$TMP/b:/who:ro" --ready
BPID=$BOXPID
planted_ns

RUNTIMES='runc crun docker containerd cri podman cri-o'

# One of each runtime by which a is found as NAME and as ID; and another, which is b.
plant_one() { # RUNTIME
	uproot
	plant crun other other "$BPID"
	ID=$(id_of "one of $1") NAME=web
	case $1 in
	runc | crun | containerd) ID=web ;;
	esac
	case $1 in
	cri)	plant "$1" "$ID" prod/shop/web "$APID" ;;
	cri-o)	plant "$1" "$ID" k8s_web_shop_prod_1234_0 "$APID" ;;
	*)	plant "$1" "$ID" web "$APID" ;;
	esac
}

# Bounded in time, and in memory (a sanitizer's build cannot be): $GOT, $STATUS.
cap='prlimit --as=200000000'
[ -z "$SAN" ] || cap=
look() { # ARGUMENT...
	# shellcheck disable=SC2086 # words
	timeout 15 $cap nsenter -t "$NSPID" -m -- $NSDEBUG "$@" >"$TMP/got" 2>&1
	STATUS=$?
	GOT=$(cat "$TMP/got")
}
wrong() { echo "$1: $2: status $STATUS: $GOT" >>"$TMP/wrong"; }
judge() { # NAME
	if [ -s "$TMP/wrong" ]; then
		fail "$1" "$(cat "$TMP/wrong")"
	else
		pass "$1"
	fi
	: >"$TMP/wrong"
}
: >"$TMP/wrong"

# By its name and its id: the right one, or an error that says why; only STATUSES. What else there is
# is found as before.
asked() { # WHAT STATUSES(a|b) STATUS OF LIST(a|b)
	for _w in $NAME $ID; do
		look cat "$_w" /who/name
		case "|$2|,$STATUS,$GOT" in
		*"|$STATUS|"*,0,a | *"|$STATUS|"*,[1-9],nsdebug:*) ;;
		*)	wrong "$1" "cat $_w" ;;
		esac
	done
	look list
	case "|$3|,$GOT" in
	*"|$STATUS|"*,*"other "*) ;;
	*)	wrong "$1" list ;;
	esac
}

for r in $RUNTIMES; do
	plant_one $r
	for w in $NAME $ID; do
		t "$r: $w is found"	'a\n'	nsd cat $w /who/name
	done
	tj "$r: and listed once"	"[.items[] | select(.host_pid == $APID)] | length == 1 and
		(.[0] | .state == \"running\" and .runtime == \"$(echo $r | sed 's/^cri$/containerd/')\")"	\
		nsd list -o json
done

# ---- a file that is not what it should be ----

spoil() { # HOW FILE
	cp "$2" "$TMP/saved"
	case $1 in
	owner)		chown 65532 "$2" ;;
	group)		chmod 620 "$2" ;;
	world)		chmod 602 "$2" ;;
	link)		rm "$2"; cp "$TMP/saved" "$P/run/elsewhere"; ln -s /run/elsewhere "$2" ;;
	dangling)	rm "$2"; ln -s /nowhere "$2" ;;
	fifo)		rm "$2"; mkfifo "$2" ;;
	directory)	rm "$2"; mkdir "$2" ;;
	device)		rm "$2"; mknod "$2" c 1 5 ;;
	empty)		: >"$2" ;;
	text)		echo 'no such thing' >"$2" ;;
	zeros)		: >"$2"; truncate -s 1G "$2" ;;
	blanks)		{ head -c 1 "$TMP/saved"; head -c 35000000 /dev/zero | tr '\0' ' '; } >"$2"
			truncate -s 1G "$2" ;;
	string)		{ printf '{"x":"'; head -c 35000000 /dev/zero | tr '\0' x; } >"$2"
			truncate -s 1G "$2" ;;
	deep)		head -c 100000 /dev/zero | tr '\0' '[' >"$2" ;;
	deep-object)	yes '{"a":' | head -n 100000 | tr -d '\n' >"$2" ;;
	esac
}

# Not all files are needed for all words.
statuses() { # RUNTIME FILE
	case $1,$2 in
	containerd,*/config.json)	echo '0' ;;	# labels only
	podman,*/containers.json | cri-o,*/containers.json) echo '0|3' ;;	# its id is runc's too
	*)	echo '1|3|4' ;;
	esac
}

for r in $RUNTIMES; do
	plant_one $r
	for f in $FILES; do
		want=$(statuses $r "$f") list=5
		[ "$want" != 0 ] || list=0
		for how in owner group world link dangling fifo directory device empty text zeros blanks \
			string deep deep-object; do
			plant_one $r
			spoil $how "$f"
			asked "$how" "$want" "$list"
		done
		judge "$r: ${f##*/}: not root's, no file, no document, too large, too deep"
	done
done

# Cut off anywhere: what came before may do.
for r in $RUNTIMES; do
	plant_one $r
	for f in $FILES; do
		tenth=1
		while [ $tenth -lt 10 ]; do
			plant_one $r
			truncate -s $(($(stat -c %s "$f") * tenth / 10)) "$f"
			asked "cut at $tenth/10" '0|1|3|4' '0|5'
			tenth=$((tenth + 1))
		done
		judge "$r: ${f##*/}: cut at each tenth"
	done
done

# A key twice: one of the two processes, and only if all of it fits that one.
for r in $RUNTIMES; do
	plant_one $r
	for f in $FILES; do
		grep -q "id\":  *$APID\|id\":$APID" "$f" || continue
		for both in "$BPID,\\1 $APID" "$APID,\\1 $BPID"; do
			plant_one $r
			sed -i "s/\\(\"[A-Za-z_]*[Pp]id\":\\) *$APID/\\1 $both/" "$f"
			asked "twice: $both" '0|3|4' '0|5'
		done
		judge "$r: ${f##*/}: two pids"
	done
done

# ---- a directory that is not what it should be ----

for r in $RUNTIMES; do
	plant_one $r
	case $r in
	podman | cri-o)	top=$P/var/lib/containers/storage/overlay-containers ;;
	*)	top=${DIR%/*} ;;
	esac
	for d in "$DIR" "$top"; do
		for how in owner group world link; do
			plant_one $r
			case $how in
			owner)	chown 65532 "$d" ;;
			group)	chmod 775 "$d" ;;
			world)	chmod 757 "$d" ;;
			link)	mv "$d" "$P/etc/real"; ln -s /etc/real "$d" ;;
			esac
			# /run/crun has the other one too; what podman's list lacks runc has
			case $r,$d in
			crun,"$top")	continue ;;
			podman,"$top" | cri-o,"$top") asked "$how" '0|3' 5 ;;
			*)	asked "$how" '3|4' 5 ;;
			esac
		done
		judge "$r: a directory that others may write, or a link: ${d#"$P"}"
	done
	plant_one $r
	for d in run/docker run/containerd run/containers var/lib/docker var/lib/containers; do
		[ -d "$P/$d" ] || continue
		mkdir -p "$P/etc/real/${d%/*}"
		mv "$P/$d" "$P/etc/real/$d"
		ln -s "/etc/real/$d" "$P/$d"
	done
	asked 'a link above' 0 0
	judge "$r: the administrator may have put its directories elsewhere, by a link"
done

# ---- it changes while it is read ----

swapping() { # PATH PATH: exchanges them until stopped
	"$O/tests/hostile/swap" "$1" "$2" &
	SWAP=$!
}
stop_swapping() {
	kill $SWAP
	wait $SWAP 2>/dev/null
}

for r in $RUNTIMES; do
	plant_one $r
	case $DIR in
	"$P"/run/*) aside=$P/run/aside ;;
	*)	aside=$P/var/lib/aside ;;
	esac
	mkdir "$aside"
	swapping "$DIR" "$aside"
	i=0
	while [ $i -lt 30 ]; do
		asked 'comes and goes' '0|3' 0
		i=$((i + 1))
	done
	stop_swapping
	judge "$r: its directory comes and goes"
done

# One name, two containers that take turns: never some of one and some of the other.
for r in $RUNTIMES; do
	plant_one $r
	first=$FILES
	for f in $first; do
		plant_one $r
		sed "s/$APID/$BPID/; s/\(start[a-z-]*\": *\)[0-9]*/\1$(start_of "$BPID")/" "$f" >"$f.new"
		swapping "$f" "$f.new"
		i=0
		while [ $i -lt 30 ]; do
			look cat "$ID" /who/name
			case $r,$STATUS,$GOT in
			runc,0,[ab] | crun,0,[ab] | *,0,a | *,[234],nsdebug:*) ;;
			*)	wrong "$f" "cat $ID" ;;
			esac
			i=$((i + 1))
		done
		stop_swapping
		judge "$r: ${f##*/} changes between two processes"
	done
done

# ---- names ----

esc=$(printf '\033]0;x\007\033[31m')
long=$(head -c 4096 /dev/zero | tr '\0' n)
plant_one runc
mkdir "$P/run/runc/new
line" "$P/run/runc/esc$esc" "$P/run/runc/$(printf '\377\376')" "$P/run/runc/-rf" "$P/run/runc/a b" \
	"$P/run/runc/$(echo "$long" | cut -c1-255)"
for d in "$P/run/runc"/*; do
	[ -e "$d/state.json" ] || cp "$P/run/runc/web/state.json" "$d"
done
# JSON's own escapes: documents are escaped, what they say is not
plant docker "$(id_of bytes)" 'w\u001b[31m\neb\u0000\u202e' "$APID"
plant docker "$(id_of nul)" 'web\u0000' "$APID"
plant docker "$(id_of long)" "$long" "$APID"
plant docker "$(id_of slash)" '../../x' "$APID"
sed -i 's/"image"/"i\\u001b[31m\\nx"/; s/"app":"web"/"a\\u0000":"1","b\\u001b\\nc":"\\u001b\\nd"/' \
	"$P/var/lib/docker/containers/$(id_of slash)/config.v2.json"
plant cri "$(id_of pod)" 'pr\u001b[31mod/sh\nop/we\rb' "$APID"
plant cri "$(id_of words)" 'prod/a/b' "$APID"
sed -i 's,"prod","pr/od",; s,"a","a/b",; s,"b","b/c",' "$DIR/config.json"
plant cri "$(id_of nameless)" 'prod/a/b' "$APID"
sed -i 's/"io.kubernetes.cri.sandbox-namespace":"prod",//' "$DIR/config.json"
plant podman "$(id_of stored)" 'p\u001b[31m\nod' "$APID"
plant cri-o "$(id_of crio)" 'k8s_w\u001beb_sh\nop_prod_1_0' "$APID"

pty=$O/tests/hostile/pty
for o in '' '-o wide' '-o name' '-a'; do
	# shellcheck disable=SC2086 # words
	ts "names: nothing but text reaches a terminal: list $o"	0 '' \
		nsenter -t "$NSPID" -m -- "$pty" check $NSDEBUG list $o
done
said() { # WORD: what reaches the terminal is text, and status is not that of a crash
	nsenter -t "$NSPID" -m -- "$pty" check $NSDEBUG cat "$1" /who/name >"$TMP/said" 2>&1
	_st=$?
	[ $_st -le 5 ] || { echo "status $_st"; cat "$TMP/said"; }
}
for w in web esc docker:// docker://w prod prod/a 'prod/a/b' '../../x' '/' '//' '://' "$esc" "$long" \
	'containerd://k8s.io/' "$(printf '\377')" "esc$esc" "$(printf 'new\nline')"; do
	t "names: nor with a message: $(printf %.40s "$w" | tr -c '[:print:]' .)"	''	said "$w"
done
tj 'names: JSON'	'.errors == [] and (.items | length) > 12'	nsd list -o json
one_line_each() {
	[ "$(nsd list -o name | wc -l)" = "$(nsd list -o json | jq '.items | length')" ]
}
ts 'names: a line each'	0 ''	one_line_each
every_word() {
	nsd list -o json | jq -c '.items[] | select(.target_b64 == null and (.claimed | not)) |
		[.target, .host_pid]' |
		while IFS= read -r row; do
			got=$(nsd ps -o json -- "$(printf '%s\n' "$row" | jq -r '.[0]')" 2>"$TMP/said" |
				jq '.items[0].host_pid')
			[ "$got" = "$(printf '%s\n' "$row" | jq '.[1]')" ] || printf '%s\n' "$row: $got"
		done
}
t 'names: each word of the list leads to its container'	''	every_word
tj 'names: a pod without a namespace is none'	"[.items[] | select(.id == \"$(id_of nameless)\")] |
	length == 1 and (.[0] | .pod == null and .container == null)"	nsd list -o json
t 'names: a label that is none hides nothing'	'a\n'	nsd cat "$(id_of slash)" /who/name

# ---- very many ----

# A whole state of runc's, of a process that is no more, 10,000 times: so that runc can read it too.
uproot
mkdir -p "$P/run/runc/gone-0"
jq -c '.init_process_pid = 4194304' "/run/runc/$BOX/state.json" >"$P/run/runc/gone-0/state.json"
(cd "$P/run/runc" && seq -f 'gone-%.0f' 1 9999 | xargs mkdir &&
	seq -f 'gone-%.0f' 1 9999 | xargs -I{} ln gone-0/state.json {})
plant runc web web "$APID"
ts '10,000 that have ended: said'	0 '10000 exited, not shown'	nsd list
ts '10,000: the one that runs is listed'	0 '^web +- +runc +running'	nsd list
ts '10,000: and found'	0 '^a$'	nsd cat web /who/name
ts '10,000: all are listed'	0 '^10001$'	sh -c 'nsenter -t "$1" -m -- "$2" list -a -o name | grep -c ^runc:' - \
	"$NSPID" "$NSDEBUG"
measure() { # ARGUMENT... -- COMMAND...: sets RATIO and KIB
	ns "$O/tests/lib/pair" 1 $NSDEBUG "$@" >"$TMP/pair" || return 1
	read -r _ _ RATIO KIB <"$TMP/pair"
}
if [ -z "$SAN" ]; then
	measure list -- runc list
	name="10,000: not slower than runc list (ratio $RATIO)"
	awk "BEGIN { exit !($RATIO < 1) }" && pass "$name" || fail "$name" "$(cat "$TMP/pair")"
	name="10,000: memory for a name is small ($KIB KiB)"
	[ "$KIB" -lt 24000 ] && pass "$name" || fail "$name" "$(cat "$TMP/pair")"
	measure cat web /who/name -- true
	name="10,000: memory for one of them is small ($KIB KiB)"
	[ "$KIB" -lt 8000 ] && pass "$name" || fail "$name" "$(cat "$TMP/pair")"
fi

# ---- one that starts and ends all the time ----

uproot
mkdir "$TMP/bundle"
jq '.process.args = ["/app/server", "--version"] | .process.terminal = false' \
	"$FX/boxes/$BOX/config.json" >"$TMP/bundle/config.json"
id=nsd-state-$$
at_exit "nsenter -t $NSPID -m runc delete -f $id 2>/dev/null || :"
: >"$TMP/rounds"
(
	i=0
	while [ $i -lt 50 ]; do
		ns runc run -d --bundle "$TMP/bundle" $id && ns runc kill $id KILL
		ns runc delete -f $id
		echo >>"$TMP/rounds"
		i=$((i + 1))
	done
) >"$TMP/loop" 2>&1 </dev/null &
loop=$!
: >"$TMP/seen"
while [ "$(wc -l <"$TMP/rounds")" -lt 50 ] && kill -0 $loop 2>/dev/null; do
	nsd list -a -o json >"$TMP/list" 2>"$TMP/said" || echo "list: status $?" >>"$TMP/wrong"
	jq -r ".errors[], (.items[] | select(.id == \"$id\") | .state)" "$TMP/list" >>"$TMP/seen" 2>&1
	look ls $id /app
	case $STATUS,$GOT in
	# 2: not written down yet, or not any more: two processes of the name, of which neither is taken
	0,*server* | 3,nsdebug:* | 2,*ambiguous:\ pid://*) echo "ls: $STATUS" >>"$TMP/seen" ;;
	*)	wrong 'starts and ends' ls ;;
	esac
done
wait $loop
[ "$(wc -l <"$TMP/rounds")" = 50 ] || cat "$TMP/loop" >>"$TMP/wrong"
judge "starts and ends 50 times while it is looked at: $(sort "$TMP/seen" | uniq -c | tr -s ' \n' ' ')"

# ---- nothing there, nothing allowed ----

uproot
ts 'nothing: says where it looked'	3 "no container 'web'.*/var/lib/docker/containers.*/run/runc"	\
	nsd ls web
ts 'nothing: by its scheme'	3 "no container 'docker://web'.*/var/lib/docker/containers"	\
	nsd ls docker://web
as_nobody() { # SETPRIV'S OPTIONS -- ARGUMENT...
	_o=
	while [ "$1" != -- ]; do
		_o="$_o $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words; by a descriptor, for the way to it may be root's alone
	ns setpriv --reuid 65534 --regid 65534 --clear-groups $_o \
		sh -c 'exec /proc/self/fd/9 "$@"' - "$@" 9<"$NSDEBUG"
}
caps='--inh-caps=+dac_read_search --ambient-caps=+dac_read_search'
for r in $RUNTIMES; do
	plant_one $r
	rm -r "$P/run/crun/other"
	find "$P/run" "$P/var/lib" -mindepth 1 -maxdepth 2 -type d -exec chmod 700 {} +
	for w in $NAME $ID; do
		ts "$r: nobody asks for $w: which capability is missing"	77 'CAP_DAC_READ_SEARCH'	\
			as_nobody -- cat "$w" /who/name
	done
	ts "$r: nobody's list says so too"	77 'CAP_DAC_READ_SEARCH'	as_nobody -- list
	# shellcheck disable=SC2086
	tj "$r: that one is enough for the list"	"[.items[].host_pid] | index($APID) != null"	\
		as_nobody $caps -- list -o json
	# shellcheck disable=SC2086
	ts "$r: and not for its files"	77 'CAP_SYS_[A-Z]+'	as_nobody $caps -- cat "$ID" /who/name
done
