#!/bin/bash
# install-apptainer.sh DIR: Apptainer (Debian unstable's) unpacked under DIR, with the C library it was linked with, for a
# Debian 12 whose own is older. `DIR/usr/bin/apptainer` then works as root and as any user. DIR is made whole or not at all; a
# DIR of an earlier run stays where its Apptainer runs.
set -euo pipefail

root=$(realpath -m "$1")
new=$root.new
here=$(dirname "$(readlink -f "$0")")

relocate() {  # the binaries look for etc and var beside themselves, and for libraries in DIR/lib
    mkdir -p "$new/lib" "$new/var/lib/apptainer/mnt/session"
    for library in ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libseccomp.so.2 libsqlite3.so.0; do
        cp -L "$new"/libraries/usr/lib/x86_64-linux-gnu/$library "$new/lib/"
    done
    rm -rf "$new/libraries"
    for binary in "$new/usr/bin/apptainer" "$new/usr/lib/x86_64-linux-gnu/apptainer/bin/starter"; do
        patchelf --set-interpreter "$root/lib/ld-linux-x86-64.so.2" "$binary"
        patchelf --force-rpath --set-rpath "$root/lib" "$binary"
    done
    patchelf --force-rpath --set-rpath "$root/lib" "$new/lib/libsqlite3.so.0" "$new/lib/libseccomp.so.2"
    ln -sfn ../etc "$new/usr/etc"
    ln -sfn ../var "$new/usr/var"
    ln -sfn ../../etc "$new/usr/lib/etc"
    ln -sfn ../../var "$new/usr/lib/var"
}

apt-get install -qq --no-install-recommends patchelf squashfs-tools squashfuse uidmap fuse-overlayfs fakeroot > /dev/null
if ! "$root/usr/bin/apptainer" --version > /dev/null 2>&1; then
    rm -rf "$root" "$new"
    "$here/unpack-debs.sh" "$new/libraries" trixie libc6 libseccomp2 libsqlite3-0
    "$here/unpack-debs.sh" "$new" sid apptainer
    relocate
    # A machine whose root is itself confined cannot give all capabilities away.
    sed -i 's/^root default capabilities = full/root default capabilities = no/' "$new/etc/apptainer/apptainer.conf"
    mv "$new" "$root"
fi
"$root/usr/bin/apptainer" --version
