#!/bin/bash
# base-image.sh FILE: a stand-in for the Dockerfile's base image, as a tar file of a root file system, for machines without a
# registry. A minimal Debian 12 from this machine's own mirror, with a CPython 3.12 of this machine (of pyenv, or the one in
# the variable PYTHON312) under /usr/local as in the official image; Debian's own 3.11 where there is none. What this machine
# needs to reach its package index (certificates, pip.conf) goes into the stand-in, so that the Dockerfile knows nothing of it.
# FILE appears whole or not at all; a FILE of an earlier run stays where it is whole.
set -euo pipefail

out=$1
is_whole() {  # to its end, with a shell and a Python
    local names
    names=$(tar -tf "$1" 2> /dev/null) && grep -qx './usr/bin/dash' <<< "$names" &&
        grep -qxE './usr/(local/)?bin/python' <<< "$names"
}
is_whole "$out" && exit

work=$(mktemp -d)
trap 'rm -rf "$work" "$out.new"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | sort -u | head -1)
libraries=libssl3,libffi8,libsqlite3-0,zlib1g,libbz2-1.0,liblzma5,libreadline8,libncursesw6,libuuid1,libexpat1,libgdbm6

find_python() {  # the prefix of a CPython 3.12 that can be copied elsewhere
    local candidate
    for candidate in "${PYTHON312:-}" "$(pyenv root 2> /dev/null)"/versions/3.12.*/bin/python3.12; do
        [ -x "$candidate" ] && "$candidate" -c 'import sys; print(sys.base_prefix)' && return
    done
}

copy_machine_settings() {
    mkdir -p "$work/files/etc/ssl/certs"
    cp /etc/ssl/certs/ca-certificates.crt "$work/files/etc/ssl/certs/"
    if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$work/files/etc/"; fi
}

apt-get install -qq --no-install-recommends mmdebstrap > /dev/null
copy_machine_settings
prefix=$(find_python || true)
if [ -n "$prefix" ]; then
    echo "stand-in base: Debian bookworm, CPython $("$prefix/bin/python3.12" -V | cut -d' ' -f2) of $prefix"
    mkdir -p "$work/files/usr/local"
    tar -C "$prefix" -c --exclude=test --exclude=__pycache__ --exclude='*.a' --exclude=idlelib --exclude=tkinter \
        --exclude='lib/python3.12/site-packages/*' --exclude='bin/pip*' bin lib | tar -C "$work/files/usr/local" -x
    finish='PIP_ROOT_USER_ACTION=ignore chroot "$1" python3.12 -m ensurepip --default-pip > /dev/null && ln -sf python3.12 "$1/usr/local/bin/python"'
else
    echo "stand-in base: Debian bookworm, its own Python 3.11: no CPython 3.12 found (set PYTHON312 to one)"
    libraries=$libraries,python3,python3-venv,python3-pip,python-is-python3
    finish=true
fi
tar -C "$work/files" --owner=0 --group=0 -cf "$work/files.tar" .
mmdebstrap --quiet --variant=minbase --include="ca-certificates,netbase,tzdata,$libraries" --aptopt='Acquire::Languages "none"' \
    --customize-hook="tar -C \"\$1\" -xf '$work/files.tar' --no-overwrite-dir" \
    --customize-hook='chroot "$1" ldconfig' --customize-hook="$finish" --skip=output/dev --format=tar \
    bookworm "$out.new" "$mirror"
is_whole "$out.new" || { echo "base-image.sh: mmdebstrap made a base without a shell or a Python" >&2; exit 1; }
mv "$out.new" "$out"
