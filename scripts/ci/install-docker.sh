#!/bin/bash
# install-docker.sh DIR: Docker Engine with BuildKit (Debian 13's) unpacked under DIR, for a Debian 12 without one. DIR is made
# whole or not at all; a DIR of an earlier run stays, with the daemon's data in it, where its programs run.
set -euo pipefail

root=$(realpath -m "$1")
here=$(dirname "$(readlink -f "$0")")

runs() {
    for program in sbin/dockerd bin/containerd bin/docker libexec/docker/cli-plugins/docker-buildx; do
        "$root/usr/$program" --version || "$root/usr/$program" version
    done > /dev/null 2>&1
}

# runc from this system: it is linked with the system's own libraries; the others are static but for the C library
apt-get install -qq --no-install-recommends runc iptables > /dev/null
if ! runs; then
    rm -rf "$root" "$root.new"
    "$here/unpack-debs.sh" "$root.new" trixie docker.io docker-cli docker-buildx containerd tini
    mkdir -p "$root.new/config/cli-plugins"
    ln -s ../../usr/libexec/docker/cli-plugins/docker-buildx "$root.new/config/cli-plugins/docker-buildx"
    mv "$root.new" "$root"
fi
"$root/usr/sbin/dockerd" --version
