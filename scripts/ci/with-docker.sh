#!/bin/bash
# with-docker.sh COMMAND...: run COMMAND where docker works and a base image is there: this machine's Docker and the pinned
# base where they can be had; else, on Debian as root, a private daemon and a stand-in, in the folder $LV3_CI, where they stay
# for the next time. COMMAND finds BASE_IMAGE (empty: the Dockerfile's own) and BUILD_FLAGS in its environment.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
export LV3_CI=${LV3_CI:-${TMPDIR:-/tmp}/jwst-lv3-ci}
mkdir -p "$LV3_CI"
chmod 755 "$LV3_CI"
pinned=$(sed -n 's/^ARG BASE_IMAGE=//p' "$here/../../Dockerfile")

if docker info > /dev/null 2>&1 && docker pull --quiet "$pinned"; then
    exec "$@"
fi
echo "no Docker daemon with a registry here: a private daemon and a stand-in base image, in $LV3_CI"
apt-get update -qq
"$here/install-docker.sh" "$LV3_CI/docker"
"$here/base-image.sh" "$LV3_CI/base.tar"
export BASE_IMAGE=python:stand-in BUILD_FLAGS='--network host'

exec "$here/with-dockerd.sh" "$LV3_CI/docker" bash -euc '
    path=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
    docker run --rm --network none "$BASE_IMAGE" python -V > /dev/null 2>&1 ||
        docker import --change "ENV PATH=$path" --change "ENV LANG=C.UTF-8" "$0" "$BASE_IMAGE" > /dev/null
    exec "$@"' "$LV3_CI/base.tar" "$@"
