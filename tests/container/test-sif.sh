#!/bin/bash
# Build the Apptainer image, from the Docker image and on its own, and run it as an ordinary user without network.
# Run by `make test-sif`, with a Docker that works (scripts/ci/with-docker.sh).
# shellcheck source=tests/container/checks.sh
. "$(dirname "$(readlink -f "$0")")/checks.sh"

HOME_OF_USER=$WORK/home
CHECKOUT=$WORK/checkout
SIF=$HOME_OF_USER/jwst-lv3.sif
export APPTAINER_CACHEDIR=$HOME_OF_USER/.cache APPTAINER_TMPDIR=$HOME_OF_USER
mkdir "$HOME_OF_USER"

if ! command -v apptainer > /dev/null; then
    scripts/ci/install-apptainer.sh "$LV3_CI/apptainer"
    export PATH=$LV3_CI/apptainer/usr/bin:$PATH
fi

# What is not build or preparation runs as an ordinary user: as root, become one.
ordinary() {
    if [ "$(id -u)" = 0 ]; then scripts/ci/as-user.sh "$HOME_OF_USER" "$@"; else "$@"; fi
}

inside() { ordinary apptainer --quiet exec --containall --no-home --net --network none "$SIF" "$@"; }

build_sif() {  # build_sif SIF FROM: from an archive of an image; compressed fast, for it lives for minutes
    ordinary sh -c 'cd "$1" && shift && exec apptainer build "$@"' _ "$CHECKOUT" \
        --force --mksquashfs-args '-comp zstd -Xcompression-level 3' \
        --build-arg BOOTSTRAP=docker-archive --build-arg FROM="$2" --build-arg VERSION="$VERSION" \
        --build-arg CRDS=synthetic --build-arg CRDS_CONTEXT=jwst_synthetic_0001.pmap "$1" apptainer.def
}

from_docker() {
    docker save --output "$WORK/image.tar" "$IMAGE" && chmod a+r "$WORK/image.tar" && build_sif "$SIF" "$WORK/image.tar"
    rm "$WORK/image.tar"
    [ -f "$SIF" ]
}

from_base() {  # the same self-test is %test of the build
    local base=${BASE_IMAGE:-$(sed -n 's/^ARG BASE_IMAGE=//p' Dockerfile)}
    docker save --output "$WORK/base.tar" "$base" && chmod a+r "$WORK/base.tar" && build_sif "$HOME_OF_USER/alone.sif" "$WORK/base.tar"
}

same_contents() {  # packages and references of both images
    local sif
    for sif in jwst-lv3 alone; do
        ordinary apptainer --quiet exec --containall --no-home "$HOME_OF_USER/$sif.sif" sh -c 'ls /opt/venv/lib/python3*/site-packages
            cd /opt/crds && sha256sum MANIFEST.sha256' > "$WORK/$sif.list" || return 1
    done
    diff "$WORK/jwst-lv3.list" "$WORK/alone.list" && wc -l "$WORK/alone.list"
}

nothing_leaks_in() {  # the host's Python packages and settings of CRDS, by every way that they could take
    local trap=$HOME_OF_USER/trap
    mkdir -p "$trap" "$HOME_OF_USER/.local/lib/python3.12/site-packages"
    echo 'raise SystemExit("a package of the host")' | tee "$trap/numpy.py" > "$HOME_OF_USER/.local/lib/python3.12/site-packages/numpy.py"
    printf '[crds]\nCRDS_CONTEXT = jwst-edit\n' > "$HOME_OF_USER/.crds.ini"
    ordinary env PYTHONPATH="$trap" PYTHONOPTIMIZE=2 CRDS_PATH=/nowhere CRDS_CONTEXT=jwst-edit CRDS_MAPPATH=/nowhere LV3_CRDS=server \
        apptainer --quiet run "$SIF" action=selftest
}

labels_are_true() {
    apptainer inspect --labels "$SIF"
    apptainer inspect --labels "$SIF" | grep -F "image.version: $VERSION" &&
        apptainer inspect --labels "$SIF" | grep -F 'crds.context: jwst_synthetic_0001.pmap'
}

cannot_be_written() { fails_with 1 'Read-only file system' inside touch /opt/crds/new; }

launcher() { ordinary /usr/bin/env python3 scripts/jwst-lv3-container --image "$SIF" "$@"; }

prepare() {
    mkdir "$CHECKOUT"
    git ls-files -z | tar --create --null --files-from=- --ignore-failed-read | tar --extract -C "$CHECKOUT"
    chmod -R a+rX "$CHECKOUT"
}

prepare
check "build of the Docker image" make image CRDS=synthetic
check "Apptainer image from the Docker image, its %test included" from_docker
check "labels say what is inside" labels_are_true
check "image is read-only" cannot_be_written
check "nothing of the host leaks in, even without --containall" nothing_leaks_in
check "mosaic on the host" host_mosaic
check "mosaic by the launcher, without network" launcher "${TARGET[@]}" "out_dir=$HOME_OF_USER/out"
check "host and Apptainer: equal to the bit" same_pixels "$HOME_OF_USER/out"
check "exit status of a refused configuration" fails_with 2 "did you mean" launcher traget=ngc0628 "out_dir=$HOME_OF_USER/out"
check "out_dir that cannot be written to is refused" fails_with 125 "cannot write there" launcher out_dir=/usr/lib
check "Apptainer image on its own, its %test included" from_base
check "both images hold the same" same_contents
finish
