#!/bin/bash
# unpack-debs.sh DIR SUITES PACKAGE[/SUITE]...: unpack packages of other Debian suites under DIR; the system stays as it is.
# SUITES are separated by spaces. The mirror is the one in this machine's own apt sources (after `apt-get update`).
set -euo pipefail

root=$(mkdir -p "$1" && cd "$1" && pwd)
suites=$2
shift 2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | sort -u | head -1)
[ -n "$mirror" ] || { echo "no Debian mirror in the apt sources: is this Debian, and did apt-get update run?" >&2; exit 1; }

apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{etc/preferences.d,etc/apt.conf.d,etc/sources.list.d,state/lists/partial,cache/archives/partial,debs}
for suite in $suites; do
    echo "deb [signed-by=$keyring] $mirror $suite main"
done > "$apt/etc/sources.list"
: > "$apt/status"
# Languages: no translations. Valid-Until: mirrors of unstable suites lag behind.
options=(-qq -o "Dir::Etc=$apt/etc" -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status"
    -o "Dir::Cache=$apt/cache" -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)

apt-get "${options[@]}" update
(cd "$apt/debs" && apt-get "${options[@]}" download "$@")
for package in "$apt"/debs/*.deb; do
    dpkg -x "$package" "$root"
done
