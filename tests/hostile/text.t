#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a container calls its files and processes reaches a terminal as text only, in every format;
# and what it calls itself is not believed.
. tests/lib.sh
. "$SRC/tests/hostile/hostile.sh"
need runc

pty=$O/tests/hostile/pty

# ---- names with everything in them ----

esc=$(printf '\033')
evil() { # each is a name; the octal is printf's
	cat <<'EOF'
\033[2J\033[Hcleared
\033]52;c;cm0gLXJmIC8=\007
\033]8;;http:evil\033\\link\033]8;;\033\\
\033]0;title\007
\033P+q544e\033\\
return\rover
back\b\b\bspace
bell\007
line\nfeed
tab\there
del\177
c1-\2332J
c1-utf8-\302\2332J
\342\200\256bidi\342\200\254
\342\201\246isolate\342\201\251
zero\342\200\213width\357\273\277
private\356\200\200
tag\363\240\201\201
\377\376bad
over\300\257long
surrogate\355\240\200
cut\342\202
back\\slash
 space 
-rf
quote"'`$(id)
EOF
	printf '%255s\n' '' | tr ' ' '\033' | sed 's/\x1b/\\033/g'
}
mkdir "$TMP/names" "$TMP/links"
evil | while read -r n; do
	f=$(printf -- "$n.")
	f=$(printf %.255s "${f%.}")
	echo "$n" >"$TMP/names/$f" || echo "cannot make $n"
	ln -s "$f" "$TMP/links/$(echo "$n" | cksum | cut -d' ' -f1)"
done >"$TMP/made"
made=$(find "$TMP/names" -mindepth 1 -printf x | wc -c)
[ "$made" -ge 26 ] && pass "$made hostile names" || fail 'hostile names' "$(cat "$TMP/made")"

hostile_box --hostname web --bind "$TMP/names:/names" --bind "$TMP/links:/links" --caps setuid -- "
	printf 'evil\\033[31m:x:4242:4242::/:/\\n' >>/etc/passwd
	printf 'ev\\302\\233il:x:4242:\\n' >>/etc/group
	echo plain >/benign
	mkdir /own; echo x >/own/file
	printf 'a\\033[2Jb\\r\\302\\233\\342\\200\\256\\377\\tc\\n' >/content
"
chown 4242:4242 "$ROOT/own/file"
setfattr -n 'user.evil' -v x "$ROOT/own/file" 2>/dev/null

_mode=check
safe() { # NAME COMMAND...: on a terminal, without colours, no byte that is not text
	_name=$1
	shift
	"$pty" "$_mode" "$@" >"$TMP/pty" 2>"$TMP/pty.says"
	_st=$?
	if [ $_st = 99 ]; then
		fail "$_name" "$(cat "$TMP/pty.says")"
	elif [ ! -s "$TMP/pty" ]; then
		fail "$_name" "said nothing (status $_st)"
	else
		pass "$_name"
	fi
}
piped() { # NAME COMMAND...: the same for what goes into a pipe
	_name=$1
	shift
	"$@" >"$TMP/piped" 2>&1
	safe "$_name" cat "$TMP/piped"
}

ts 'trap: another ls lets them through' 99 '' "$pty" check ls --show-control-chars -N "$TMP/names"
safe 'benign names pass' "$NSDEBUG" ls -l "$BOX" /benign

for o in '' -1 -l '-l -o wide' '-o json' '-o jsonl' '-o name' -lR -F '-l --full-time' '-i' '-@'; do
	# shellcheck disable=SC2086 # several options
	safe "49 ls $o on a terminal" "$NSDEBUG" ls $o --color=never "$BOX" /names /links
	# shellcheck disable=SC2086
	piped "49 ls $o into a pipe" "$NSDEBUG" ls $o "$BOX" /names /links
done
ts '49 ls in colour: colours and nothing else' 0 . \
	"$pty" colour "$NSDEBUG" ls -l --color=always "$BOX" /names /links
t '49 ls: a row a name, whatever is in it' "$made\n" sh -c '"$@" | wc -l' - \
	"$NSDEBUG" ls -1 "$BOX" /names
tj '49 ls -o json: every name, whole' "(.items | length) == $made and ([.items[] | select(
	has(\"name_b64\"))] | length) >= 4 and (.items | all(.name | type == \"string\"))" \
	"$NSDEBUG" ls -o json "$BOX" /names
t '49 json: the bytes come back' '377376bad\n' sh -c '"$@" | jq -r ".items[] | select(.name |
	endswith(\"bad\")) | .name_b64" | base64 -d | od -An -to1 | tr -d " \n" | sed "s/142141144/bad\n/"' - \
	"$NSDEBUG" ls -o json "$BOX" /names
long=$(find "$TMP/names" -name "$esc$esc*" -printf %f)
t '49 a name of 255 escapes is shown whole' '255\n' sh -c '"$@" | grep "x1b.x1b.x1b" | grep -o x1b | wc -l' - \
	"$NSDEBUG" ls -1 "$BOX" /names
t '49 and can be named' 'ok\n' sh -c '"$1" cat "$2" "/names/$3" >/dev/null && echo ok' - \
	"$NSDEBUG" "$BOX" "$long"
safe '49 owners out of its passwd' "$NSDEBUG" ls -l --color=never "$BOX" /own
safe '49 owners, wide' "$NSDEBUG" ls -l@ -o wide --color=never "$BOX" /own
_mode=text	# a tab may come
safe '49 cat on a terminal' "$NSDEBUG" cat "$BOX" /content
safe '49 cat -n on a terminal' "$NSDEBUG" cat -n "$BOX" /content
safe '49 cat -A on a terminal' "$NSDEBUG" cat -A "$BOX" /content
safe '49 cat -o json on a terminal' "$NSDEBUG" cat -o json "$BOX" /content
safe '49 cat of an ELF file on a terminal' "$NSDEBUG" cat "$BOX" /app/server
_mode=check
t '49 cat into a pipe is unchanged' 'same\n' \
	sh -c '"$1" cat "$2" /content | cmp - "$3/content" && echo same' - "$NSDEBUG" "$BOX" "$ROOT"
ts '49 --raw to a terminal is what was asked for' 99 '' \
	"$pty" check "$NSDEBUG" --raw cat "$BOX" /content
for p in "/names/${esc}[2Jno" "/$(printf '\302\233')/no" "/$(printf '\377')no" "/no
no"; do
	safe '49 an error names its path as text' "$NSDEBUG" cat "$BOX" "$p"
	safe '49 an error in json' "$NSDEBUG" ls -o json "$BOX" "$p"
done
safe '49 a target that is not there' "$NSDEBUG" ls "nsd-${esc}[2J" /
safe '49 a verb that is not there' "$NSDEBUG" "${esc}[2Jls"
safe '49 an option that is not there' "$NSDEBUG" ls "--${esc}[2J" "$BOX"
safe '49 a field that is not there' "$NSDEBUG" ls -o "${esc}[2J" "$BOX"
safe '49 a value that is wrong' "$NSDEBUG" --timeout "${esc}[2J" ls "$BOX"

# ---- 50: processes ----

start_odd() { # NAME ARG...: sets ODDPPID and ODDPID, as the container numbers them
	: >"$TMP/odd"
	runc exec "$BOX" /h/odd "$@" >"$TMP/odd" 2>&1 </dev/null &
	at_exit "kill $! 2>/dev/null || :"
	wait_for 'grep -q . "$TMP/odd"' 10 || fail "odd $1" "$(cat "$TMP/odd")"
	read -r ODDPPID ODDPID <"$TMP/odd"
}
if has_verb ps; then
	start_odd 'a) R 1 (b' '--' "${esc}[2J" "$(printf 'c1\302\233')" "$(printf '\377')"
	tj '50 comm "a) R 1 (b": parent and state are the true ones' \
		".items[] | select(.pid == $ODDPID) | .ppid == $ODDPPID and .state == \"S\"
		and .comm == \"a) R 1 (b\"" "$NSDEBUG" ps -o json "$BOX"
	forged=$ODDPID
	start_odd '\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n' x
	tj '50 comm of 15 newlines' ".items[] | select(.pid == $ODDPID) | .ppid == $ODDPPID and
		.comm == (\"\n\" * 15)" "$NSDEBUG" ps -o json "$BOX"
	newlines=$ODDPID
	start_odd '\033[31mred\033[m' x
	start_odd '\302\233\342\200\256\377' x
	start_odd 'x\nName:\tinit\nPid:\t1' x
	start_odd 'kworker/0:1' x
	start_odd '[kworker/0:1]' x
	tj '50 kernel thread look-alike: a process of the container, with its arguments' \
		".items[] | select(.pid == $ODDPID) | .ppid == $ODDPPID and .comm == \"[kworker/0:1]\"
		and .user == \"root\"" "$NSDEBUG" ps -o json "$BOX"
	for o in '' -f -L --forest '-o wide' '-o json' '-o jsonl' '-o name' '-o pid,ppid,comm,state' \
		'-f --forest'; do
		# shellcheck disable=SC2086 # several options
		safe "49 ps $o on a terminal" "$NSDEBUG" ps $o --color=never "$BOX"
		# shellcheck disable=SC2086
		piped "49 ps $o into a pipe" "$NSDEBUG" ps $o "$BOX"
	done
	n=$(ls -d "$ROOT"/proc/[0-9]* | wc -l)
	t '50 ps: a line a process, whatever it is called' "$n\n" sh -c '"$@" | wc -l' - \
		"$NSDEBUG" ps --no-headers "$BOX"
	boxns=$(stat -Lc %i "/proc/$BOXPID/ns/pid")
	ts "50 pid:// of a forged comm" 0 benign "$NSDEBUG" ls -1 "pid://$(
		for s in /proc/[0-9]*/status; do
			grep -q "^NSpid:.*[[:space:]]$forged\$" "$s" 2>/dev/null &&
				[ "$(stat -Lc %i "${s%status}ns/pid")" = "$boxns" ] &&
				s=${s#/proc/} && echo "${s%/status}"
		done)" /
	if has_verb stack; then
		safe '49 stack on a terminal' "$NSDEBUG" stack --color=never "$BOX"
		safe '49 stack -o json on a terminal' "$NSDEBUG" stack -o json "$BOX"
		piped '49 stack into a pipe' "$NSDEBUG" stack "$BOX"
	fi

	# ---- 11: a /proc that the container made up ----

	hostile_box --caps sys_admin -- '
		sleep 77777 &
		until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done
		mkdir /forged; cp -r /proc/1/status /forged/ 2>/dev/null
		mount -t tmpfs forged /proc
		mkdir -p /proc/1 /proc/666/task/666 /proc/self
		printf "Name:\tevil\nState:\tR (running)\nPid:\t666\nPPid:\t1\nUid:\t0\t0\t0\t0\n" >/proc/666/status
		printf "666 (evil) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1\n" >/proc/666/stat
		printf "forged" >/proc/666/cmdline; cp /proc/666/* /proc/1/ 2>/dev/null'
	tj '11 forged /proc: ps shows what there is' \
		'(.items | map(.pid) | index(666)) == null and (.items | map(.pid) | index(1)) != null and
		([.items[] | tostring | select(test("77777"))] | length) == 1 and
		([.items[] | tostring | select(test("forged|evil"))] | length) == 0' \
		"$NSDEBUG" ps -o json "$BOX"
	ts '11 forged /proc: the target is found and read' 0 '^forged' \
		"$NSDEBUG" cat "$BOX" /proc/666/cmdline
	! has_verb stack || ts '11 forged /proc: stack' 0 '' "$NSDEBUG" stack "$BOX"
else
	skip '50 hostile names of processes' 'this binary has no ps'
fi
