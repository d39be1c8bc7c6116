#!/bin/bash
# Sweeps on a real SLURM of one node, in the Apptainer image, both ways: three jobs, of which one fails and one exceeds its
# memory; then repaired and resumed. A job that is told to end by its time limit, one that needs twice that, one that gives way
# to a more urgent one, and one that is requeued.
# Run by `make test-slurm`, as root, where scripts/ci/with-docker.sh and with-slurm.sh work.
# shellcheck source=tests/container/checks.sh
. "$(dirname "$(readlink -f "$0")")/../container/checks.sh"

SIF=$WORK/jwst-lv3.sif
DATA=$WORK/data
TARGETS=('targets=[good,bad,big]' 'bands=[F770W]' "in_dir=$DATA/\${target}" crds=synthetic)
# A mosaic that would fit into 1 GiB, if its temporary files were not in memory too (docs/faults.md).
BIG=(+jwst_parameters.resample.pixel_scale.big=0.0092 +jwst_parameters.source_catalog.skip.big=true work_dir=/dev/shm procs=1)
# A job of two minutes on one core that needs little room on the disk: full frames, and a wide kernel.
LATE=('targets=[late]' +jwst_parameters.resample.pixel_scale.late=0.025 +jwst_parameters.resample.kernel.late=lanczos3)
# A job of two minutes in one process, in many small parts.
HALF=('targets=[half]' procs=1)
export APPTAINER_BIND=$DATA:$DATA:ro

prepare() { scripts/ci/install-apptainer.sh "$LV3_CI/apptainer"; }

image() { make image CRDS=synthetic; }

build_sif() {  # of the Docker image, without changes: root may build that
    docker save --output "$WORK/image.tar" "$IMAGE" && apptainer build --mksquashfs-args '-comp zstd -Xcompression-level 3' \
        "$SIF" "docker-archive:$WORK/image.tar"
    rm "$WORK/image.tar"
    [ -f "$SIF" ]
}

login_environment() {  # with the Python version of the image
    local python=python3
    command -v pyenv > /dev/null && python=$(pyenv prefix "$(pyenv versions --bare | grep '^3\.12\.' | tail -1)")/bin/python
    "$python" -m venv "$WORK/login" && "$WORK/login/bin/pip" -q install --require-hashes -r requirements/build.txt &&
        "$WORK/login/bin/pip" -q install --no-build-isolation --require-hashes -r requirements/login.txt &&
        "$WORK/login/bin/pip" -q install --no-build-isolation --no-deps .
}

simulate() {
    .venv/bin/python scripts/simulate_exposures.py "$WORK/in" --window 256x256 --dithers 4
    for target in good bad big; do mkdir -p "$DATA/$target" && cp "$WORK"/in/*_cal.fits "$DATA/$target"; done
    .venv/bin/python scripts/simulate_exposures.py "$DATA/late" --window FULL --dithers 4
    .venv/bin/python scripts/simulate_exposures.py "$DATA/half" --window 128x128 --dithers 45
}

spoil() {  # an exposure of target bad whose headers are whole, and whose WCS is not
    .venv/bin/python - "$DATA"/bad/*_00001_*_cal.fits << 'END'
import sys
from astropy.io import fits
with fits.open(sys.argv[1]) as hdus:
    place = hdus["ASDF"].fileinfo()
with open(sys.argv[1], "r+b") as file:
    file.seek(place["datLoc"] + 300)
    file.write(b"\0" * (place["datSpan"] - 300))
END
}

repair() { cp "$WORK"/in/*_cal.fits "$DATA/bad"; }

states_are() {  # states_are FOLDER STATES: of the targets in their order
    local found
    found=$(.venv/bin/python -c '
import json, sys
print(*(job["state"] for job in json.load(open(sys.argv[1] + "/sweep_summary.json"))["jobs"]))' "$1")
    echo "$found"
    [ "$found" = "$2" ]
}

by_launcher() {  # by_launcher MEMORY [OVERRIDE ...]
    timeout 600 "$WORK/login/bin/jwst-lv3" -m hydra/launcher=slurm_apptainer sif="$SIF" "${TARGETS[@]}" \
        "out_root=$WORK/launcher" hydra.launcher.cpus_per_task=1 hydra.launcher.timeout_min=30 "hydra.launcher.mem_gb=$1" "${@:2}"
}

by_array() {  # by_array ROOT MINUTES MEMORY [OVERRIDE ...]: plan in the image, then the array, of tasks with one core each
    mkdir -p "$1"
    # --no-eval: the runscript that Apptainer gives an OCI image would expand ${target}; apptainer.def's own does not.
    apptainer --quiet run --no-eval --contain --no-home --bind "$1" "$SIF" -m action=plan "${TARGETS[@]}" "out_root=$1" "${@:4}" &&
        timeout 600 scripts/slurm_array.sh "$SIF" "$1" "--time=$2" "--mem=$3" --cpus-per-task=1 --wait
}

taken_back() {  # taken_back HOW FOLDER COMMAND...: SLURM takes the job of a sweep back while it is at work
    local how=$1 record=$2/lv3_run.json job
    shift 2
    "$@" &
    for _ in $(seq 1500); do  # until its first step is finished, and kept
        grep -q '"state": "running"' "$record" 2> /dev/null && grep '"tweakreg": [0-9]' "$record" && break
        sleep 0.2
    done
    job=$(sed -n 's/.*"job": "\([0-9]*\)".*/\1/p' "$record" | tail -1)
    case $how in
        PREEMPTED) sbatch --quiet --partition=urgent --exclusive --output=/dev/null --wrap 'sleep 2' ;;
        REQUEUED) scontrol requeue "$job" ;;
        CANCELLED) scancel "$job" ;;
    esac && wait $! && sacct --jobs="$job" --duplicates --noheader --format=State | grep "$how"
}

starts_are() {  # starts_are FOLDER NUMBER: of a job that went on where it was
    .venv/bin/python -c '
import json, sys
starts = json.load(open(sys.argv[1] + "/lv3_run.json"))["starts"]
sys.exit(f"{len(starts)} starts: {starts}" if len(starts) != int(sys.argv[2]) else 0)' "$1" "$2"
}

finished_in_parts() {  # finished_in_parts FOLDER MINUTES COMMAND...: the same command, as often as its work needs the time limit
    local folder=$1 minutes=$2
    shift 2
    for _ in $(seq 8); do
        "$@"
        states_are "${folder%/*/*}" success > /dev/null && break
    done
    .venv/bin/python -c '
import json, math, sys
record = json.load(open(sys.argv[1] + "/lv3_run.json"))
work, limit, n = sum(record["times"].values()), 60 * float(sys.argv[2]), len(record["starts"])
print(record["state"], f"{work:.0f} s of work in {n} starts of {limit:.0f} s")
least, most = 1 + (work > limit), 1 + math.ceil(work / (limit - 25))  # each start loads the image, jwst and the headers first
sys.exit(not (record["state"].startswith("success") and least <= n <= most))' "$folder" "$minutes"
}

bad_input() {
    fails_with 2 'sif: not given' "$WORK/login/bin/jwst-lv3" -m hydra/launcher=slurm_apptainer "${TARGETS[@]}" &&
        fails_with 2 'no such file' by_launcher 1 sif=/none.sif &&
        fails_with 2 'survey/none_such' by_launcher 1 survey=none_such &&
        fails_with 2 'sweep_jobs.txt is missing' scripts/slurm_array.sh "$SIF" "$WORK" &&
        fails_with 2 'is missing, or cannot be read' scripts/slurm_array.sh /none.sif "$WORK"
}

sweeps() {
    check "bad input is refused before anything is submitted" bad_input
    spoil
    check "launcher: one job fails, one exceeds its memory" fails_with 30 'out_of_memory' by_launcher 1 "${BIG[@]}"
    check "launcher: states" states_are "$WORK/launcher" 'success failed out_of_memory'
    check "array: one job fails, one exceeds its memory" fails_with 0 OUT_OF_MEMORY by_array "$WORK/array" 30 1G "${BIG[@]}"
    check "array: states" states_are "$WORK/array" 'success failed out_of_memory'
    repair
    check "launcher: resumed, two jobs run" fails_with 0 '1 finished, 2 run' by_launcher 6 "${BIG[@]}"
    check "launcher: all finished" states_are "$WORK/launcher" 'success success success'
    check "array: resumed, two jobs run" fails_with 0 '2 tasks of SLURM job' by_array "$WORK/array" 30 6G "${BIG[@]}"
    check "array: all finished" states_are "$WORK/array" 'success success success'
}

beside() {  # beside NAME COMMAND...: start COMMAND; `ended NAME` waits for it, and says what it said
    local name=$1
    shift
    "$@" > "$WORK/$name.log" 2>&1 < /dev/null &
    echo $! > "$WORK/$name.pid"
}

ended() {  # ended NAME
    local status=0
    wait "$(cat "$WORK/$1.pid")" || status=$?
    cat "$WORK/$1.log"
    return "$status"
}

half() { finished_in_parts "$WORK/half/half/F770W" 1 by_array "$WORK/half" 1 4G "${HALF[@]}"; }

ends() {
    beside half half  # each takes one core
    check "launcher: the time limit is reached" fails_with 30 'timed_out' by_launcher 16 "${LATE[@]}" "out_root=$WORK/late" \
        hydra.launcher.timeout_min=2 hydra.launcher.signal_delay_s=60
    check "launcher: state" states_are "$WORK/late" timed_out
    check "array: the time limit is reached" fails_with 0 TIMEOUT by_array "$WORK/late_array" 1 16G "${LATE[@]}"
    check "array: state" states_are "$WORK/late_array" timed_out
    check "array: cancelled" taken_back CANCELLED "$WORK/again_array/good/F770W" by_array "$WORK/again_array" 30 2G 'targets=[good]'
    check "array: state" states_are "$WORK/again_array" interrupted
    check "array: requeued" taken_back REQUEUED "$WORK/again_array/good/F770W" by_array "$WORK/again_array" 30 2G 'targets=[good]'
    check "array: state" states_are "$WORK/again_array" success
    check "array: it went on" starts_are "$WORK/again_array/good/F770W" 3
    check "array: half the time it needs is enough, in parts" ended half
    # The last, and alone: what is more urgent takes all of the node.
    check "launcher: pre-empted" taken_back PREEMPTED "$WORK/again/good/F770W" by_launcher 2 'targets=[good]' "out_root=$WORK/again"
    check "launcher: state" states_are "$WORK/again" success
    check "launcher: it went on" starts_are "$WORK/again/good/F770W" 2
    finish
}

check "packages" prepare
export PATH=$LV3_CI/apptainer/usr/bin:$PATH
beside login login_environment  # these take one core each, and no file of the others
beside exposures simulate
check "Docker image" image
check "Apptainer image" build_sif
check "login environment, without jwst" ended login
check "exposures" ended exposures
sweeps
ends
