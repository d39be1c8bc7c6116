#!/bin/bash
# test-wheel.sh WHEEL: install WHEEL and the locked packages into an empty environment, and use it far from the checkout.
# Run by `make test-wheel`.
LV3_CI=${LV3_CI:-${TMPDIR:-/tmp}}
WHEEL=$(realpath "$1")
# shellcheck source=tests/container/checks.sh
. "$(dirname "$(readlink -f "$0")")/checks.sh"

COMMAND=(env -i "PATH=/usr/bin:/bin" "HOME=$WORK" "$WORK/venv/bin/jwst-lv3")

install() {
    local pip=("$WORK/venv/bin/pip" --disable-pip-version-check install --quiet)
    "${PYTHON:-python3}" -m venv "$WORK/venv" &&
        "${pip[@]}" --require-hashes -r requirements/build.txt &&
        "${pip[@]}" --no-build-isolation --require-hashes -r requirements/run.txt &&
        "${pip[@]}" --no-deps "$WHEEL"
}

elsewhere() { (cd "$WORK" && "${COMMAND[@]}" "$@"); }

says_its_kernel() {  # without a compiler here, the wheel has none
    local kernel=drizzle
    if command -v gcc cc > /dev/null; then kernel=compiled; fi
    elsewhere --version | grep ", kernel $kernel$"
}

is_whole() {
    local name
    for name in ngc0628_miri_lv3_f770w_i2d.fits lv3_run.json lv3_report.html; do [ -s "$WORK/demo/mosaic/$name" ] || return 1; done
}

has_docs() {
    local folder
    folder=$(elsewhere action=help | sed -n 's/^Documentation: //p')
    [ -s "$folder/configuration.md" ] && [ -s "$folder/report.png" ]
}

check "installation into an empty environment" install
check "help" elsewhere --help
check "the kernel that this machine compiled" says_its_kernel
check "the documentation is there" has_docs
check "self-test" elsewhere action=selftest
check "demo" elsewhere action=demo out_dir=demo
check "its products are there" is_whole
check "demo once more: nothing is left to do" elsewhere action=demo out_dir=demo
check "a folder of something else is refused" fails_with 20 "holds something else" elsewhere action=demo "out_dir=$WORK/venv"
finish
