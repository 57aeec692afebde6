#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh VERSION...: the kernels of Debian's releases, as apt has them.
#
# Result, for each: $FX/kernels/VERSION/vmlinuz and release (its full name).  apt is asked with lists
# of its own, made from where this machine's apt finds Debian's security archive; nothing of apt's
# own state is changed.  A kernel is fetched once: remove its directory to have a newer one.
set -euo pipefail
export LC_ALL=C
umask 022

HERE=$(cd "$(dirname "$0")" && pwd)
cd "$HERE/../.."
FX=$(realpath -m "${FX:-${O:-build}/fixtures}")

declare -A SUITE=([5.10]=bullseye [6.1]=bookworm [6.12]=trixie)

say() { printf 'kernels: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# A line for sources.list: Debian's security archive, from where this machine's apt has its own.
source_of() { # SUITE
	local uri key=/usr/share/keyrings/debian-archive-keyring.gpg
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | awk '$1 ~ /-security$/ { print $2; exit }') || :
	[ -e "$key" ] || key=
	echo "deb ${key:+[signed-by=$key] }${uri:-http://deb.debian.org/debian-security} $1-security main"
}

fetch() ( # VERSION; in a shell of its own
	local v=$1 dir=$FX/kernels/$1 new=$FX/kernels/.$1.new suite=${SUITE[$1]:-} package
	[ -n "$suite" ] || die "no kernel $v: there are ${!SUITE[*]}"
	rm -rf "$new"
	mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
	source_of "$suite" >"$new/sources.list"
	apt=(-o Dir::Etc::sourcelist="$new/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::State::lists="$new/lists" -o Dir::Cache="$new/cache"
		-o Dir::State::status=/dev/null -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
	apt-get "${apt[@]}" -qq update || die "apt-get update of $suite-security failed"
	package=$(apt-cache "${apt[@]}" depends linux-image-cloud-amd64 |
		awk '$1 == "Depends:" { print $2; exit }')
	[ -n "$package" ] || die "no kernel in $(cat "$new/sources.list")"
	say "downloading $package"
	cd "$new"
	apt-get "${apt[@]}" -qq download "$package" || die "apt-get download $package failed"
	dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards './boot/vmlinuz-*'
	mkdir got
	mv boot/vmlinuz-* got/vmlinuz
	dpkg-deb -f ./*.deb Version >got/release
	cd /
	rm -rf "$dir"
	mv "$new/got" "$dir"
	rm -rf "$new"
)

mkdir -p "$FX/kernels"
exec 8>"$FX/kernels/.lock"
flock 8
for v; do
	[ -e "$FX/kernels/$v/release" ] || fetch "$v"
done
