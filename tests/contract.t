#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What every verb owes, whoever wrote it. The list is asked of the binary, so that a new verb is
# held to this without a line being added here.
. tests/lib.sh
need jq groff bash zsh fish

# Lines of $1 that occur nowhere in $2 (as whole words: --a is not in --all).
missing_in() {
	while IFS= read -r w; do
		# a verb of two words is shown as it is typed
		case $1 in verbs) w=$(echo "$w" | sed 's/-/[ -]/') ;; esac
		grep -qE -e "(^|[^[:alnum:]_-])$w([^[:alnum:]_-]|\$)" "$2" || echo "$w"
	done <"$1"
}
ask() { jq -r "$1" schema; }

# Rows that make no sense; each line says what is the matter with which.
odd_options='.options[] | select((.help // "") == "" or ((.long // "") == "" and (.short // "") == ""))
	| "option \(.long // .short // "?") lacks help, or a name"'
odd_columns='.columns[] | select((.help // "") == "" or (.type // "") == "" or
	(.claimed | type) != "boolean") | "column \(.name) lacks help, type or claimed"'
twice='def twice: group_by(.)[] | select(length > 1)[0] | tostring | . + " twice";
	([.options[].long | select(. != null and . != "")] | twice),
	([.options[].short | select(. != null and . != "")] | twice),
	([.columns[].name] | twice)'
odd_examples='if (.examples | length) == 0 then "no example"
	else .examples[] | (if type == "object" then (.command // .cmd) else . end)
	| select(test("^([^ ]+ \\| |sudo )?nsdebug( |$)") | not) | "no command: \(.)" end'

held_to_schema() { # VERB
	t "$1: its schema is of this verb"		"$1\n"	ask .verb
	t "$1: every option has help"			''	ask "$odd_options"
	t "$1: every column has help and type"		''	ask "$odd_columns"
	t "$1: no name twice"				''	ask "$twice"
	t "$1: has examples, all of them commands"	''	ask "$odd_examples"
	t "$1: says what it needs"			'true\n'	\
		ask '.needs | type == "array" and length > 0'
	t "$1: has a summary of one line"		'true\n'	\
		ask '.summary | length > 0 and length <= 72 and (test("\n") | not)'
}

held_to_names() { # VERB: all that the schema names is in help, manual and completion
	ask '.options[].long | select(. != null and . != "") | "--" + ltrimstr("--")' >options
	ask '.options[].short | select(. != null and . != "") | "-" + ltrimstr("-")' >letters
	ask '.columns[].name' >columns
	for place in help man; do
		for what in options letters columns; do
			missing_in $what $place.txt >lack
			t "$1: $place has all $what"	''	cat lack
		done
	done
	$NSDEBUG __complete "$1" -- >complete 2>&1
	missing_in options complete >lack
	t "$1: completion has all options"		''	cat lack
	$NSDEBUG __complete "$1" --fields '' >complete 2>&1
	missing_in columns complete >lack
	t "$1: completion of --fields has all columns"	''	cat lack
}

has_test() { # VERB: a tool has its own file; verbs of cli/ may share one
	_file=$(echo "$1" | tr - _)
	[ -f "$SRC/tests/tools/$_file.t" ] ||
		{ [ ! -e "$SRC/tools/$_file.c" ] && grep -qw "$1" "$SRC"/tests/cli*.t; }
}

manual_is_clean() { # VERB
	$NSDEBUG man "$1" >man.mdoc || return
	grep -q '^\.Dt ' man.mdoc || echo 'no mdoc: .Dt is missing'
	groff -mdoc -Tascii -P-cbou -ww -b man.mdoc >man.txt
}

$NSDEBUG help --verbs >verbs
t 'there are verbs'		''	test -s verbs
for verb in $(cat verbs); do
	t "$verb: has a test"			''	has_test "$verb"
	t "$verb: --help succeeds"		''	sh -c '"$NSDEBUG" "$1" --help >help.txt' - "$verb"
	t "$verb: --help fits in 80 columns"	''	awk 'length > 80' help.txt
	t "$verb: \`help $verb\` is its --help"	''	sh -c '"$NSDEBUG" help "$1" | cmp - help.txt' - "$verb"
	tj "$verb: has a schema"		'.verb'	$NSDEBUG help --json "$verb"
	t "$verb: manual is clean mdoc"		''	manual_is_clean "$verb"
	$NSDEBUG help --json "$verb" >schema
	held_to_schema "$verb"
	held_to_names "$verb"
	ts "$verb: unknown option is status 2"	2 'no-such-option' $NSDEBUG "$verb" --no-such-option
done

$NSDEBUG __complete '' >complete
for first in $(sed -n 's/-.*//p' verbs | sort -u); do
	$NSDEBUG __complete "$first" '' | sed "s/^/$first /" >>complete
done
missing_in verbs complete >lack
t 'completion has all verbs'			''	cat lack
$NSDEBUG --help >help.txt
missing_in verbs help.txt >lack
t '--help has all verbs'			''	cat lack
t '--help fits in 80 columns'			''	awk 'length > 80' help.txt
$NSDEBUG man >man.mdoc
t 'the manual of nsdebug is clean mdoc'		''	sh -c 'groff -mdoc -Tascii -ww -b man.mdoc >man.txt'
ts 'an unknown verb is status 2 and named'	2 'no-such-verb' $NSDEBUG no-such-verb

for shell in bash zsh fish; do
	$NSDEBUG completion $shell >glue
	t "completion $shell: is there"		''	test -s glue
	t "completion $shell: is $shell"	''	$shell -n glue
done
ts 'completion of an unknown shell is status 2'	2 'no-such-shell' $NSDEBUG completion no-such-shell
