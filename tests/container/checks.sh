# Sourced by the scripts here: one line a check, and at the end an exit status that says whether all passed.
# shellcheck shell=bash
set -uo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." || exit 1
WORK=$(mktemp -d "$LV3_CI/run.XXXXXX")
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)-synthetic
IMAGE=jwst-lv3:$VERSION
TARGET=(target=ngc0628 band=F770W "in_dir=$WORK/in")
chmod 755 "$WORK"
N_FAILED=0
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

# check NAME COMMAND...: run COMMAND, say whether it passed and how long it took; its output only where it failed.
check() {
    local name=$1 log=$WORK/check.log started=$EPOCHREALTIME verdict=passed
    shift
    "$@" > "$log" 2>&1 < /dev/null || verdict=FAILED
    awk -v a="$started" -v b="$EPOCHREALTIME" -v v=$verdict -v n="$name" 'BEGIN {printf "%-6s %6.1f s  %s\n", v, b - a, n}'
    [ $verdict = passed ] && return
    N_FAILED=$((N_FAILED + 1))
    { tail -40 "$log"; df -h "$WORK" | awk 'NR == 2 {print "(" $4 " of room on the disk)"}'; } | sed 's/^/    | /'
}

# fails_with STATUS TEXT COMMAND...: whether COMMAND ends with STATUS and says TEXT.
fails_with() {
    local wanted=$1 text=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    printf '%s\n(exit status %s)\n' "$output" "$status"
    [ "$status" = "$wanted" ] && grep -qF -- "$text" <<< "$output"
}

# is_at_most LIMIT NUMBER UNIT
is_at_most() {
    echo "$2 $3, allowed are $1"
    [ "$2" -le "$1" ]
}

finish() {
    [ $N_FAILED = 0 ] && echo "all checks passed in $SECONDS s" && exit 0
    echo "$N_FAILED checks FAILED"
    exit 1
}

host_mosaic() {  # exposures, and the mosaic that this machine's own Python makes of them
    .venv/bin/python scripts/simulate_exposures.py "$WORK/in" --window 256x256 --dithers 4 --background 2 \
        --parallel-background &&
        .venv/bin/python scripts/crds_cache.py synthetic "$WORK/crds" &&
        OMP_NUM_THREADS=1 .venv/bin/jwst-lv3 "${TARGET[@]}" "out_dir=$WORK/host" crds=synthetic "crds.path=$WORK/crds" &&
        chmod -R a+rX "$WORK"
}

same_pixels() {  # same_pixels FOLDER: every array of every product is that of the host, to the bit
    .venv/bin/python tests/container/same_pixels.py "$WORK/host" "$1"
}
