#!/bin/bash
# install-docker.sh DIR: Docker Engine with BuildKit (Debian 13's) unpacked under DIR, for a Debian 12 without one.
set -euo pipefail

root=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(dirname "$(readlink -f "$0")")
if [ ! -x "$root/usr/sbin/dockerd" ]; then
    # runc from this system: it is linked with the system's own libraries; the others are static but for the C library
    apt-get install -qq --no-install-recommends runc iptables > /dev/null
    "$here/unpack-debs.sh" "$root" trixie docker.io docker-cli docker-buildx containerd tini
    mkdir -p "$root/config/cli-plugins"
    ln -sf ../../usr/libexec/docker/cli-plugins/docker-buildx "$root/config/cli-plugins/docker-buildx"
fi
"$root/usr/sbin/dockerd" --version
