# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# gone.sh - what each verb says of a container that has ended; read after tests/lib.sh.
#
#   gone TARGET WORD    tests: status 3, that it has ended, and that 'nsdebug why WORD' tells why

gone() {
	for _v in $("$NSDEBUG" help --verbs | tr '\n' ' '); do
		# shellcheck disable=SC2046 # verbs of two words
		set -- "$1" "$2" $(echo "$_v" | sed 's/^trace-/trace /')
		_gone "$@"
	done
	ts "$2: stack --core, which needs none" 3 "'nsdebug why $2' tells why; without it /c is read all the same" \
		"$NSDEBUG" stack --core /c "$1"
	ts "$2: why of a process of it" 3 'has ended: without --pid' "$NSDEBUG" why "$1" --cap CHOWN -p 1
}
_gone() { # TARGET WORD VERB...
	_t=$1
	_w=$2
	shift 2
	case $1 in
	list | doctor | why) return ;;
	cat) set -- "$@" "$_t" /etc/passwd ;;
	core) set -- "$@" "$_t" --write "$TMP/none.core" ;;
	*) set -- "$@" "$_t" ;;
	esac
	ts "$_w: $1 $2" 3 "(is gone: it has ended|has no process: it has exited).*'nsdebug why $_w' tells why" "$NSDEBUG" "$@"
}
