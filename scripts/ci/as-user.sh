#!/bin/bash
# as-user.sh HOME COMMAND...: as root, run COMMAND as the unprivileged user `lv3ci`, with a clean environment but for PATH
# and APPTAINER*. /dev/fuse is open to all in the command's own mount namespace, as on machines that have Apptainer.
set -euo pipefail

home=$(mkdir -p "$1" && cd "$1" && pwd)
shift
id lv3ci > /dev/null 2>&1 || useradd --no-create-home lv3ci
[ "$(getent passwd lv3ci | cut -d: -f6)" = "$home" ] || usermod --home "$home" lv3ci  # Apptainer asks for that one
chown lv3ci: "$home"
mapfile -t keep < <(env | grep -E '^(APPTAINER[A-Z]*_?[A-Z_]*|PATH)=')
fuse=$(mktemp -u)
mknod -m 666 "$fuse" c 10 229

exec unshare --mount bash -c 'mount --bind "$0" /dev/fuse && rm "$0" && exec "$@"' "$fuse" \
    setpriv --reuid="$(id -u lv3ci)" --regid="$(id -g lv3ci)" --clear-groups \
    env -i HOME="$home" USER=lv3ci LOGNAME=lv3ci LANG=C.UTF-8 "${keep[@]}" "$@"
