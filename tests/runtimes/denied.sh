# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
#
# denied.sh - the catalogue of tests/lib/refused.c under an engine, and what becomes of each refusal
# once that is done which nsdebug says would help; read after tests/lib/denied.sh.
#
#   catalogue ENGINE   all of it. engine_ is to be a function that runs the engine's program, which
#                    has the image nsd.test/static
#
# The options that are printed are given to a container as they stand; several cures go into one where
# they do not contradict each other. VALUE, FILE and SOURCE in them are what is meant by them, and
# what is to be done besides, behind a #, is done. What is refused again, for another reason, is cured
# again.

# What it takes that the engine has not got by itself. Where podman is given a limit, it takes its own
# for the others, which are more than a virtual node may have.
LIMITS='--pids-limit=100 --ulimit=nofile=64:64 --ulimit=memlock=4096:4096 --ulimit=fsize=4096:4096
	--ulimit=nproc=4096:4096
	--sysctl=net.ipv4.ip_unprivileged_port_start=1024'
PROFILE=/usr/share/containers/seccomp.json

# A profile of these answers to the calls of filter_*, and one that has these calls beside.
with_answers() {
	jq '[["getpriority", "SCMP_ACT_ERRNO", 1], ["getpgid", "SCMP_ACT_ERRNO", 38],
		["getsid", "SCMP_ACT_ERRNO", 13], ["sched_getscheduler", "SCMP_ACT_KILL_PROCESS"],
		["sched_get_priority_max", "SCMP_ACT_KILL_THREAD"],
		["sched_get_priority_min", "SCMP_ACT_TRAP"]] as $how |
		.syscalls |= (map(.names -= [$how[][0]] | select(.names != [])) +
		[$how[] | {names: [.[0]], action: .[1]} + if .[2] then {errnoRet: .[2]} else {} end])' \
		"$PROFILE"
}
with_calls() { # CALL...
	jq --args '.syscalls |= (map(.names -= $ARGS.positional | select(.names != [])) +
		[{names: $ARGS.positional, action: "SCMP_ACT_ALLOW"}])' "$@" <"$PROFILE"
}

# A container of this program and directory, traced while it does what it is there for.
traced_run() { # PART DIR PROGRAM [OPTION... --] ARGV...
	part=$1 files=$2
	shift 2
	box=nsd-denied-$$-$part
	at_exit "'$SRC/tests/fixtures/engine' rm $ENGINE $box"
	# shellcheck disable=SC2086 # lists of words
	engine_ run -d --name "$box" --network=none --read-only --tmpfs=/tmp $LIMITS \
		--volume="$O/tests/lib:/h:ro" "$@" >out 2>&1 ||
		fail "$part: it starts" "$(echo "$*"; cat out)"
	trace_start denied "$ENGINE://$box"
	: >"$files/go"
	wait_for 'engine_ logs "$box" >went 2>&1; grep -q "^done" went' 30 ||
		fail "$part: all is made" "$(cat went)"
	trace_stop
	cp rows "rows.$part"
	cp went "went.$part"
	"$SRC/tests/fixtures/engine" rm "$ENGINE" "$box"
}

# Of each that was refused, its last row: NAME, ERROR, CALL, REASON, CURE, OPTIONS, WHY.
last_rows() { # PART
	jq -rs --arg engine "$ENGINE" 'group_by(.comm)[] | .[-1] | [.comm, .error, .name, .reason,
		.cure // "-", (.[$engine] // "-" | sub("  # .*"; "")), .why] | @tsv' "rows.$1"
}
# Words that do what a cure without options says.
says() { # CURE
	case $1 in
	owner)	echo 'belong|owner|chown|give it to a group' ;;
	host)	echo 'chattr -[ia]' ;;
	image)	echo 'chmod|use an image|statically|begin a script' ;;
	program) echo 'elsewhere|directory of its own|one mount|below the directory' ;;
	own)	echo 'program' ;;
	*)	echo . ;;
	esac
}
# The options of each to be cured, one a line with its key, into containers in which no key has two
# values: "GROUP NAME" in ./groups and "OPTION" lines in ./options.GROUP.
group_up() {
	rm -f options.*
	: >groups
	awk -F '\t' '
		function key(option,	k) {
			k = option
			if (k ~ /^--(sysctl|ulimit) /)
				sub(/=.*/, "", k)
			else if (k ~ /^--tmpfs /)
				sub(/:.*/, "", k)
			else if (k ~ /^--volume /)
				sub(/^--volume [^:]*/, "--volume ", k)
			else if (k !~ /^--cap-/)
				sub(/ .*/, "", k)
			return k
		}
		function fits(g,	i) {
			for (i = 1; i <= n; i++)
				if ((g, key(o[i])) in has && has[g, key(o[i])] != o[i])
					return 0
			return 1
		}
		{
			gsub(/ --/, "\n--", $2)
			n = $2 == "-" ? 0 : split($2, o, "\n")
			for (g = 1; !fits(g); g++)
				;
			for (i = 1; i <= n; i++)
				if (!((g, key(o[i])) in has)) {
					has[g, key(o[i])] = o[i]
					print o[i] >("options." g)
				}
			print g, $1 >"groups"
		}' "$1"
}
cap_number() { awk -v c="CAP_$1" '$1 == "#define" && $2 == c { print $3 }' /usr/include/linux/capability.h; }

# One that this machine's own root has not: no engine can give it.
is_lacking() { # OPTIONS
	case $1 in *'--cap-add '*) ;; *) return 1 ;; esac
	cap=${1##*--cap-add }
	has=0x$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
	[ $((has >> $(cap_number "${cap%% *}") & 1)) = 0 ]
}

# Once all is done that helps.
cured_run() { # PART GROUP OPTION...
	part=$1 group=$2
	shift 2
	mkdir "$TMP/$part"
	chmod 755 "$TMP/$part"
	"$O/tests/lib/refusing" make "$TMP/$part" 2>/dev/null
	"$O/tests/lib/refusing" cure "$TMP/$part" "$O/tests/lib/refused"
	touch "options.$group"
	caps=
	while IFS= read -r option; do
		case $option in
		'--volume /'* | *SOURCE:*) option="--volume $TMP/$part:${option#*:}" ;;
		*FILE) option=${option%FILE}$TMP/profile.json ;;
		*VALUE) option=${option%VALUE}77 ;;
		esac
		case $option in
		'--cap-add '*) caps="$caps${caps:+,}cap_$(echo "${option#* }" | tr 'A-Z' 'a-z')" ;;
		esac
		set -- "$@" "${option%% *}" "${option#* }"
	done <"options.$group"
	case $* in
	*:/w:*) ;;	# its owner is the engine's business
	*)	chown -R 65532:65532 "$TMP/$part"
		set -- "$@" "--volume=$TMP/$part:/w" ;;
	esac
	program=/h/refused
	if [ "$ENGINE,${caps:+caps}" = docker,caps ]; then
		mkdir "$TMP/with.$part"
		cp "$O/tests/lib/refused" "$TMP/with.$part/"
		setcap "$caps+ep" "$TMP/with.$part/refused"
		program=/c/refused
		set -- "$@" "--volume=$TMP/with.$part:/c:ro"
	fi
	set -- "$@" "--volume=$O/tests/lib/refused:/no/such/shell:ro" nsd.test/static:latest \
		"$program" after /w
	# shellcheck disable=SC2046 # words
	traced_run "$part" "$TMP/$part" "$@" $(asked "$group")
}
# "NAME:CAP" of each in a group, or only its name.
asked() { # GROUP
	awk -v g="$1" '$1 == g { print $2 }' groups | while read -r name; do
		cap=$(awk -F '\t' -v n="$name" '$1 == n { print $2 }' todo |
			sed -n 's/.*--cap-add \([A-Z_]*\).*/\1/p')
		echo "$name${cap:+:$(cap_number "$cap")}"
	done
}

# Those of ./todo (NAME, OPTIONS): what came of them goes to ./after as "NAME RESULT ROUND"; what was
# refused again, and what is said of that, to ./again.
cure_round() { # PART ROUND OPTION...
	_part=$1-$2 _round=$2
	shift 2
	group_up todo
	: >again
	# shellcheck disable=SC2013
	for g in $(cut -d ' ' -f 1 groups | sort -nu); do
		cured_run "$_part-$g" "$g" "$@"
		last_rows "$_part-$g" >still
		for name in $(awk -v g="$g" '$1 == g { print $2 }' groups); do
			how=$(awk -v n="$name" '$1 == n { print $2, $3 }' went)
			case $how in
			'+ '*)	echo "$name ${how#+ } $_round" >>after
				! grep "^$name	" still >>shown ;;
			*)	echo "$name ${how:-- ?} $_round" >>failed
				grep "^$name	" still >>again ;;
			esac
		done
	done
}

# Who is not root has a capability of docker only by a program that has it.
check_steps() {
	tr_rows 'what options cannot do is told besides' \
		'map(select((.docker // "" | test("--cap-add")) and .uid != 0)) |
		length > 5 and all(.image | test("^RUN setcap CAP_[A-Z_]+\\+ep PROGRAM$"))'
	tr_rows 'and nothing stands in options that is none' \
		'all(.[] | .docker, .podman, .kubernetes; . // "" | test("#") | not)'
}

# From ./cures, rows of those that were refused in a part: rounds of cures, the first with what was
# said first, each later one with what was said then.
cure_all() { # PART OPTION...
	_of=$1
	shift
	: >todo
	cp cures said.now
	for round in 1 2 3; do
		awk -F '\t' '$6 ~ /FILE/ { print $3 }' said.now >>calls
		# shellcheck disable=SC2046 # words
		with_calls $(sort -u calls) >profile.json
		awk -F '\t' 'FILENAME == "todo" { before[$1] = $2; next }
			{ o = $1 in before && before[$1] != "-" ? before[$1] : ""
			  print $1 "\t" o (o != "" && $6 != "-" ? " " : "") \
				(o != "" && $6 == "-" ? "" : $6) }' todo said.now >todo.new
		while IFS='	' read -r name options; do
			is_lacking "$options" || echo "$name	$options"
		done <todo.new >todo
		[ -s todo ] || break
		cure_round "$_of" $round "$@"
		cp again said.now
		cat again >>again.all
	done
}

part_of() { # PART OPTION... -- ARGV...: made, traced, compared
	_of=$1
	shift
	files_of "$_of"
	traced_run "$_of" "$TMP/$_of" "--volume=$TMP/$_of:/w" "$@"
	check_them "$_of"
	[ "$_of" != base ] || check_steps
	read -r r o f <results
	right_all=$((right_all + r)) of_all=$((of_all + o)) fine_all=$((fine_all + f))
}

# It may now, but for something else that is said and cannot be cured: cgroups of version 1 give no
# real-time runtime to those below.
check_left() {
	left=$(awk -F '\t' -v n="$name" '$1 == n { r = $7 } END { print r }' again.all)
	case $left in
	*cpu.rt_runtime_us*)
		skip "$name: what is said helps (cap)" "then the node refuses it: $left" ;;
	*)	fail "$name: what is said helps (cap)" "$text: $options; then: $left
$(grep "^$name " failed)" ;;
	esac
}

# What is said of each helps, or it is said that there is nothing.
check_cures() {
	while read -r name want kind _; do
		[ "$want" != - ] || continue
		row=$(awk -F '\t' -v n="$name" '$1 == n' rows.all)
		text=$(echo "$row" | cut -f 5) options=$(echo "$row" | cut -f 6)
		error=$(echo "$row" | cut -f 2) reason=$(echo "$row" | cut -f 4)
		came=$(awk -v n="$name" '$1 == n { print $2 }' after | tail -n 1)
		round=$(awk -v n="$name" '$1 == n { print $3 }' after | tail -n 1)
		case $kind,$came in
		none,*)	t "$name: there is no cure" '-\n' echo "$text"
			came='no cure' ;;
		node,*)	came='not tried: it would change the node' ;;
		cap,)	if is_lacking "$options"; then
				came='not tried: the node has not this capability'
				skip "$name: what is said helps (cap)" "${came#*: }"
			else
				came='refused by what the node has set'
				check_left
			fi ;;
		*,)	fail "$name: what is said helps ($kind)" "$(echo "$text: $options"
				grep "^$name " failed; grep "^$name	" said.now)"
			came='refused' ;;
		*)	if ! echo "$text" | grep -Eq "$(says "$kind")"; then
				fail "$name: what is done is what is said ($kind)" "$text"
			elif [ "$options" = - ] && echo "flags cap" | grep -qw "$kind"; then
				fail "$name: it has options of $ENGINE" "$text"
			else
				pass "$name: what is said helps ($kind): $came"
			fi
			[ "$came" != 0 ] || came=succeeds
			case $round in [23]) came="$came, after $round cures" ;; esac
			cured=$((cured + 1)) ;;
		esac
		printf '#   %-16s %-7s %-20s %-8s %s\n' "$name" "$error" "$reason" "$kind" "$came"
	done <expect.all
}

catalogue() { # ENGINE
	ENGINE=$1 right_all=0 of_all=0 fine_all=0 cured=0
	: >after; : >failed; : >shown; : >calls; : >again.all
	"$O/tests/lib/refused" expect "$ENGINE" >expect.all

	awk '$4 == 0' expect.all >expect
	part_of base nsd.test/static:latest /h/refused run /w "$ENGINE"
	last_rows base >rows.all
	awk 'FILENAME == "expect" { if ($3 != "-" && $3 != "none" && $3 != "node") want[$1]; next }
		$1 in want' expect rows.all >cures
	cure_all base

	awk '$4 == 1' expect.all >expect
	with_answers >answers.json
	set -- --pids-limit=-1 --ulimit=nproc=300:300 "--security-opt=seccomp=$TMP/answers.json"
	# shellcheck disable=SC2046 # words
	part_of apart "$@" nsd.test/static:latest /h/refused run /w "$ENGINE" \
		$(cut -d ' ' -f 1 expect)
	last_rows apart >cures
	cat cures >>rows.all
	cure_all apart "$@"

	check_cures
	t 'what is cured is not shown' '' cat shown
	echo "# $ENGINE: $right_all of $of_all refusals have the right reason; $fine_all of" \
		"$(awk '$2 == "-"' expect.all | wc -l) that are none are not shown;" \
		"$cured of $(awk '$3 !~ /^(-|none|node)$/' expect.all | wc -l) go once they are cured"
	t 'as many that are no refusals, and not few' 'yes\n' eval \
		'[ $of_all -ge 60 ] && [ $fine_all -ge $of_all ] && echo yes'
}
