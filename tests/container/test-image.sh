#!/bin/bash
# Build the Docker image from this checkout, and run it under every restriction that it promises to bear.
# Run by `make test-image`, with a Docker that works (scripts/ci/with-docker.sh).
# shellcheck source=tests/container/checks.sh
. "$(dirname "$(readlink -f "$0")")/checks.sh"

CHECKOUT=$WORK/checkout
RESTRICTIONS=(--rm --read-only --tmpfs /tmp --network none --cap-drop all --security-opt no-new-privileges --user 4321:4321)
LAUNCHER=(scripts/jwst-lv3-container --engine docker --image "$IMAGE")

lv3() { docker run "${RESTRICTIONS[@]}" "$IMAGE" "$@"; }
inside() { docker run "${RESTRICTIONS[@]}" --entrypoint "$1" "$IMAGE" "${@:2}"; }

build_after_change() {
    local started took
    mkdir "$CHECKOUT"
    git ls-files -z | tar --create --null --files-from=- --ignore-failed-read | tar --extract -C "$CHECKOUT"
    make -C "$CHECKOUT" image CRDS=synthetic VERSION=before || return 1
    echo '# changed' >> "$CHECKOUT/app/run/step.py"
    started=$SECONDS
    make -C "$CHECKOUT" image CRDS=synthetic VERSION=after || return 1
    took=$((SECONDS - started))
    docker image rm jwst-lv3:before-synthetic jwst-lv3:after-synthetic
    is_at_most 15 "$took" s
}

size_in_mb() { echo $(($(docker image inspect --format '{{.Size}}' "$IMAGE") / 1000000)); }

holds_no_tools() {
    inside sh -c '! command -v gcc cc make git && ! ls -d /build /opt/venv/bin/pip && ! find / -xdev -name "*.whl" | grep -v ensurepip'
}

has_a_kernel() {  # which gives drizzle's bits here
    lv3 --version | grep ", kernel compiled$" &&
        inside python -c 'from app.pipeline.divided import planes; raise SystemExit(not planes._may_be_used())'
}

labels_are_true() {
    local label labels
    labels=$(docker image inspect --format '{{json .Config.Labels}}' "$IMAGE")
    echo "$labels"
    for label in "version\":\"$VERSION" \
        "revision\":\"$(git describe --always --dirty --abbrev=12)" \
        "jwst.version\":\"$(inside python -c 'from importlib.metadata import version; print(version("jwst"))')" \
        "context\":\"$(inside sh -c 'basename /opt/crds/mappings/jwst/*.pmap')"; do
        grep -F ".$label\"" <<< "$labels" || return 1
    done
}

lists_its_packages() {  # the list has what is installed, at its version
    inside python -c '
import json
from importlib.metadata import distributions
with open("/opt/venv/share/sbom.cdx.json") as file:
    listed = {(part["name"], part["version"]) for part in json.load(file)["components"]}
installed = {(found.name, found.version) for found in distributions()} - {("jwst-lv3", "'"${VERSION%-synthetic}"'")}
print(len(listed), "listed", sorted(installed ^ listed))
raise SystemExit(listed != installed)'
}

tells_licences() {  # of every package on the list, and the texts of nearly all
    inside python -c '
import json
with open("/opt/venv/share/sbom.cdx.json") as file:
    listed = [part["name"] + " " + part["version"] for part in json.load(file)["components"]]
with open("/opt/venv/share/licences.txt") as file:
    text = file.read()
missing = [name for name in listed if "\n" + name + ": " not in "\n" + text]
print(missing, text.count("It brings no text"), "without a text")
raise SystemExit(bool(missing) or text.count("It brings no text") > 4)'
}

fastest() {  # fastest COMMAND: the shortest time of three in which the image runs it with --help [ms]
    local best=99999 started took
    for _ in 1 2 3; do
        started=${EPOCHREALTIME/./}
        docker run "${RESTRICTIONS[@]}" --entrypoint "$1" "$IMAGE" --help > /dev/null || return 1
        took=$(((${EPOCHREALTIME/./} - started) / 1000))
        ((took < best)) && best=$took
    done
    echo "$best"
}

answers_soon() {  # the program's own part; Docker's, which a busy machine makes long, is that of another command
    local own others
    own=$(fastest jwst-lv3) && others=$(fastest ls) || return 1
    echo "jwst-lv3 --help: $own ms, ls --help: $others ms"
    is_at_most 700 $((own - others)) ms
}

changed_reference_is_refused() {
    local file
    file=$(inside sh -c 'ls /opt/crds/references/jwst/miri/*apcorr*')
    RESTRICTIONS+=(--mount "type=bind,source=$PWD/LICENSE,target=$file,readonly")
    fails_with 21 "changed: ${file#/opt/crds/}" lv3 action=selftest
}

stops_when_told() {
    local launcher status=0 started
    "${LAUNCHER[@]}" "${TARGET[@]}" "out_dir=$WORK/stopped" &
    launcher=$!
    until [ -n "$(docker ps --quiet)" ]; do sleep 0.2; done
    sleep 4
    started=$SECONDS
    kill -TERM "$launcher"
    wait "$launcher" || status=$?
    echo "exit status $status"
    [ "$status" = 143 ] && is_at_most 8 $((SECONDS - started)) s && [ -z "$(docker ps --quiet)" ]
}

tests_pass() {
    make image CRDS=synthetic VERSION=test BUILD_FLAGS="${BUILD_FLAGS:-} --target test" &&
        docker run --rm --network none jwst-lv3:test-synthetic python -m pytest -q -n 2 tests/crds
}

check "hadolint and shellcheck" scripts/ci/lint-containers.sh
check "build of the demo image" make image CRDS=synthetic
[ -d crds-cache ] || check "no image without references" fails_with 2 "make crds-cache" make image
check "build after a change in app/, under 15 s" build_after_change
check "size: $(size_in_mb) MB, under 900" is_at_most 900 "$(size_in_mb)" MB
check "no compiler, pip, wheels or sources inside" holds_no_tools
check "the compiled kernel is there, and has drizzle's bits" has_a_kernel
check "labels say what is inside" labels_are_true
check "list of packages" lists_its_packages
check "licences of all packages" tells_licences
check "--help soon after the start" answers_soon
check "self-test: read-only, no network, no capabilities, unknown user" lv3 action=selftest
check "changed reference file is refused" changed_reference_is_refused
check "exit status of a refused configuration" fails_with 2 "did you mean" lv3 traget=ngc0628
check "mosaic on the host" host_mosaic
check "memory limit below the need is refused" \
    fails_with 31 "memory: some" "${LAUNCHER[@]}" --memory 250m "${TARGET[@]}" "out_dir=$WORK/small"
check "mosaic by the launcher" "${LAUNCHER[@]}" --memory 4g --cpus 2 "${TARGET[@]}" "out_dir=$WORK/docker"
check "host and Docker: equal to the bit" same_pixels "$WORK/docker"
check "SIGTERM stops the run" stops_when_told
check "unit tests with the image's Python" tests_pass
docker history --format '{{.Size}}\t{{.CreatedBy}}' "$IMAGE" | grep -v '^0B' | cut -c1-100
finish
