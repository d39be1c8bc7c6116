#!/bin/bash
# with-dockerd.sh DIR COMMAND...: run COMMAND with a private Docker daemon that ends with it. DIR is from install-docker.sh.
# The daemon makes no bridge and no firewall rules: builds use --network host, runs none. It takes the words of $DOCKERD_FLAGS.
set -uo pipefail

root=$(cd "$1" && pwd)
shift
export PATH=$root/usr/sbin:$root/usr/bin:$PATH DOCKER_CONFIG=$root/config DOCKER_HOST=unix://$root/run/docker.sock
mkdir -p "$root/run"
read -ra flags <<< "${DOCKERD_FLAGS:-}"
dockerd --data-root "$root/data" --exec-root "$root/run/exec" --pidfile "$root/run/docker.pid" --host "$DOCKER_HOST" \
    --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    "${flags[@]}" > "$root/run/log" 2>&1 < /dev/null &
daemon=$!

stop() {
    kill "$daemon" 2> /dev/null
    wait "$daemon"
    mountpoint -q "$root/run/exec/netns/default" && umount "$root/run/exec/netns/default"
}
trap stop EXIT

for _ in $(seq 300); do
    docker version > /dev/null 2>&1 && { "$@"; exit; }
    kill -0 "$daemon" 2> /dev/null || break
    sleep 0.2
done
echo "with-dockerd.sh: the daemon does not start" >&2
tail "$root/run/log" >&2
exit 1
