#!/bin/bash
# install-apptainer.sh DIR: Apptainer (Debian unstable's) unpacked under DIR, with the C library it was linked with, for a
# Debian 12 whose own is older. `DIR/usr/bin/apptainer` then works as root and as any user.
set -euo pipefail

root=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(dirname "$(readlink -f "$0")")

relocate() {  # the binaries look for etc and var beside themselves, and for libraries in DIR/lib
    mkdir -p "$root/lib" "$root/var/lib/apptainer/mnt/session"
    for library in ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libseccomp.so.2 libsqlite3.so.0; do
        cp -L "$root"/libraries/usr/lib/x86_64-linux-gnu/$library "$root/lib/"
    done
    rm -rf "$root/libraries"
    for binary in "$root/usr/bin/apptainer" "$root/usr/lib/x86_64-linux-gnu/apptainer/bin/starter"; do
        patchelf --set-interpreter "$root/lib/ld-linux-x86-64.so.2" "$binary"
        patchelf --force-rpath --set-rpath "$root/lib" "$binary"
    done
    patchelf --force-rpath --set-rpath "$root/lib" "$root/lib/libsqlite3.so.0" "$root/lib/libseccomp.so.2"
    ln -sfn ../etc "$root/usr/etc"
    ln -sfn ../var "$root/usr/var"
    ln -sfn ../../etc "$root/usr/lib/etc"
    ln -sfn ../../var "$root/usr/lib/var"
}

if [ ! -x "$root/usr/bin/apptainer" ]; then
    apt-get install -qq --no-install-recommends patchelf squashfs-tools squashfuse uidmap fuse-overlayfs fakeroot > /dev/null
    "$here/unpack-debs.sh" "$root/libraries" trixie libc6 libseccomp2 libsqlite3-0
    "$here/unpack-debs.sh" "$root" sid apptainer
    relocate
    # A machine whose root is itself confined cannot give all capabilities away.
    sed -i 's/^root default capabilities = full/root default capabilities = no/' "$root/etc/apptainer/apptainer.conf"
fi
"$root/usr/bin/apptainer" --version
