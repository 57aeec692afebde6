#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh PACKAGE... - install what is missing, and touch nothing when nothing is.
set -eu

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "deps: not a Debian; install the equivalents of: $*" >&2
	exit 0
fi
# One question for all: a package may be there for several architectures, or known but removed.
# shellcheck disable=SC2016 # the pattern is dpkg-query's own
have=$(dpkg-query -W -f='${Package}=${db:Status-Status}\n' "$@" 2>/dev/null || :)
missing=
for p; do
	case "
$have
" in
	*"
$p=installed
"*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "deps: run as root: apt-get install --no-install-recommends$missing" >&2
		exit 1
	}
	as_root=sudo
fi
echo "deps: installing$missing"
apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}
# A minimal image lacks this directory and Java's packages then fail to configure.
$as_root mkdir -p /usr/share/man/man1
# The tests start daemons when they need them, as they need them; none is to start by itself now.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap '$as_root rm -f $policy' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod 755 $policy
fi
apt update
# shellcheck disable=SC2086 # a list of words
apt install -y --no-install-recommends $missing >/dev/null
