#!/bin/bash
# slurm_array.sh SIF OUT_ROOT [OPTION OF SBATCH ...]: run the jobs of a sweep as a SLURM job array, one `apptainer run` a task.
# Nothing but bash, sbatch and Apptainer is needed. OUT_ROOT holds sweep_jobs.txt, which action=plan wrote:
#
#   apptainer run jwst-lv3.sif -m survey=phangs data=/data/phangs out_root=/scratch/phangs action=plan
#   scripts/slurm_array.sh jwst-lv3.sif /scratch/phangs --mem=64G --cpus-per-task=8 --time=4:00:00 --partition=long
#
# Folders other than OUT_ROOT that jobs need, the data first of all, are in APPTAINER_BIND, unless the site binds them anyway:
#   export APPTAINER_BIND=/data
# With --wait among the options the script ends when all tasks have. The table of all tasks, with SLURM's state and exit code,
# is OUT_ROOT/sweep_states.tsv, the summary of the sweep OUT_ROOT/sweep_report.html, the output of task n OUT_ROOT/slurm/*_n.log.
set -euo pipefail

refuse() {
    echo "slurm_array.sh: $*" >&2
    exit 2
}

image() {  # image ARGUMENTS...: the command that runs jwst-lv3 in the image
    apptainer --quiet run --contain --no-home --bind "$root" --pwd "$root" "$sif" "$@"
}

check() {
    command -v sbatch > /dev/null || refuse "sbatch is not on PATH: this is no login node of a cluster"
    command -v apptainer > /dev/null || refuse "apptainer is not on PATH: load its module"
    [ -r "$sif" ] || refuse "the image $sif is missing, or cannot be read"
    [[ "$root" != *[,:]* ]] || refuse "$root: a path with a comma or a colon cannot be bound into the image; rename it"
    [ -s "$root/sweep_jobs.txt" ] || refuse "$root/sweep_jobs.txt is missing or empty: action=plan writes it; empty: all is done"
}

submit() {  # submit the array, and behind it the job that sums it up
    local tasks id lines
    mkdir -p "$root/slurm"
    lines=$root/slurm/jobs.$(date +%s).$$.txt  # which action=plan does not write anew while tasks wait
    cp "$root/sweep_jobs.txt" "$lines"
    tasks=$(wc -l < "$lines")
    id=$(sbatch --parsable --job-name=jwst-lv3 --array="1-$tasks" --output="$root/slurm/%A_%a.log" "$@" \
        "$self" "$sif" "$root" --task "$lines") || is_submitted "$id"
    id=${id%%;*}
    echo "$tasks tasks of SLURM job $id"
    if [[ " $* " == *" --wait "* ]]; then
        finish "$id" "$lines"
    else
        for_one_small_job "$@"
        sbatch "${once[@]}" --job-name=jwst-lv3-summary --dependency="afterany:$id" --output="$root/slurm/summary.log" \
            --mem=2G --cpus-per-task=1 --time=30 "$self" "$sif" "$root" --finish "$id" "$lines" > /dev/null
    fi
}

for_one_small_job() {  # of options of sbatch, in `once`, those that are not about an array or memory
    once=(--parsable)
    while [ $# -gt 0 ]; do
        case $1 in
            --array=* | --mem=* | --mem-per-cpu=* | --mem-per-gpu=* | -a?*) ;;
            --array | --mem | --mem-per-cpu | --mem-per-gpu | -a) shift ;;
            *) once+=("$1") ;;
        esac
        shift
    done
}

is_submitted() {  # with --wait, sbatch's exit status is that of the tasks
    [ -n "$1" ] || exit 1
}

run_task() {  # run_task LINES: be task n, line n of the file, in the image
    local words status=0
    [ -r "$sif" ] || refuse "the image $sif cannot be read on node $(hostname)"
    mapfile -t words < <(sed -n "${SLURM_ARRAY_TASK_ID}p" "$1" | xargs -n 1 printf '%s\n')
    export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
    trap : TERM
    srun --ntasks=1 apptainer --quiet run --contain --no-home --bind "$root" --pwd "$root" "$sif" "${words[@]}" || status=$?
    # Told to end: SLURM requeues the task, or ends it for good, only while it lives.
    if [ $status = 143 ]; then sleep 90; fi
    exit $status
}

tasks() {  # the rows of tasks that were started; a lack of memory is known to their step only
    awk -F '|' '
        $1 ~ /_[0-9]+$/ { order[++n] = $1; row[$1] = $0 }
        $1 ~ /\.0$/ && $2 == "OUT_OF_MEMORY" { split($1, id, "."); sub(/\|[^|]*\|/, "|OUT_OF_MEMORY|", row[id[1]]) }
        END { for (i = 1; i <= n; i++) print row[order[i]] }'
}

finish() {  # finish ID LINES: SLURM's word on every task, beside the task's overrides; then the summary
    local table=$root/sweep_states.tsv job state code elapsed memory limit
    {
        printf 'task\tstate\texit_code\telapsed\tmemory\ttime_limit\toverrides\n'
        sacct --jobs="$1" --noheader --parsable2 --format=JobID,State,ExitCode,Elapsed,ReqMem,Timelimit | tasks |
            while IFS='|' read -r job state code elapsed memory limit; do
                printf '%s\t' "${job##*_}" "$state" "$code" "$elapsed" "$memory" "$limit"
                printf '%s\n' "$(sed -n "${job##*_}p" "$2")"
            done
    } > "$table.new"
    mv "$table.new" "$table"
    cut -f 1-6 "$table" | column -t -s "$(printf '\t')"
    image action=summary "out_root=\"$root\""
}

[ $# -ge 2 ] || refuse "usage: slurm_array.sh SIF OUT_ROOT [OPTION OF SBATCH ...]"
sif=$(readlink -f "$1")
root=$(readlink -f "$2")
self=$(readlink -f "$0")
shift 2
if [ "${1:-}" = --finish ]; then
    finish "$2" "$3"
elif [ "${1:-}" = --task ]; then
    run_task "$2"
else
    check
    submit "$@"
fi
