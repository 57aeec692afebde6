# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# begun.sh - has a process that a runtime has started become its program? Read by tests/lib.sh and
# tests/fixtures/box, in front of others that do nothing else: it starts no process.
#
#   is_begun PID     it is that program, with its rights and its memory; or it has ended

# execve(2) gives it its name first, its rights after that, its arguments last.
is_begun() {
	{ read -r _begun <"/proc/$1/stat"; } 2>/dev/null || return 0
	case ${_begun##*) } in [ZX]*) return 0 ;; esac
	{ read -r _begun <"/proc/$1/comm"; } 2>/dev/null
	case $_begun in runc* | crun*) return 1 ;; esac
	_begun=
	{ read -r _begun <"/proc/$1/cmdline"; } 2>/dev/null
	[ -n "$_begun" ]
}
