"""scripts/slurm_array.sh: what it submits, without SLURM; tests/slurm runs it with one."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/slurm_array.sh"
#: One task has ended, two were cancelled before they started.
SACCT = "#!/bin/sh\necho '17_1|COMPLETED|0:0|01:00|2G|1:00'\necho '17_[2-3%2]|CANCELLED by 0|0:0|00:00|2G|1:00'\n"
#: Tells what it was asked, and gives the number of a job.
SBATCH = '#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\necho 17\n'


@pytest.fixture
def submit(tmp_path):
    """Submit the three jobs of a sweep with options of sbatch; the jobs that were submitted, by their options."""
    for name, text in (("sbatch", SBATCH), ("sacct", SACCT), ("apptainer", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "image.sif").touch()
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep/sweep_jobs.txt").write_text("target=a\ntarget=b\ntarget=c\n")

    def run(*options):
        command = [SCRIPT, "image.sif", "sweep", *options]
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(command, cwd=tmp_path, env=os.environ | {"PATH": path}, check=True, timeout=60)
        if not (tmp_path / "asked").exists():
            return []
        return [line.split() for line in (tmp_path / "asked").read_text().splitlines()]

    return run


def test_a_task_for_each_job_and_one_summary_behind_them(submit):
    array, summary = submit("--mem=64G", "--partition=long")
    assert "--array=1-3" in array
    assert {"--mem=64G", "--partition=long"} <= set(array)
    assert {"--mem=2G", "--partition=long"} <= set(summary)
    assert "--dependency=afterany:17" in summary
    assert not any(option.startswith("--array") for option in summary)


def test_the_summary_is_one_small_job_whatever_the_array_asks_for(submit):
    array, summary = submit("--array=1-3%2", "--mem-per-cpu=8G", "-a", "1-2", "-p", "long")
    assert array.index("--array=1-3%2") > array.index("--array=1-3")
    memory = [option for option in summary if option.startswith(("--mem", "--array", "-a"))]
    assert memory == ["--mem=2G"], "sbatch refuses several kinds of memory"
    assert summary[summary.index("-p") + 1] == "long"


def test_tasks_and_summary_read_the_lines_as_they_were_when_submitted(submit, tmp_path):
    """action=plan writes the file anew with what is left, while tasks wait."""
    array, summary = submit()
    lines = Path(array[array.index("--task") + 1])
    assert summary[-3:] == ["--finish", "17", str(lines)]
    (tmp_path / "sweep/sweep_jobs.txt").write_text("target=c\n")
    assert lines.read_text().splitlines() == ["target=a", "target=b", "target=c"]


def test_tasks_that_were_cancelled_before_they_started_are_no_rows(submit, tmp_path):
    (tmp_path / "lines.txt").write_text("target=a out_dir=/a\ntarget=b out_dir=/b\n")
    submit("--finish", "17", str(tmp_path / "lines.txt"))
    _, *rows = (tmp_path / "sweep/sweep_states.tsv").read_text().splitlines()
    assert [row.split("\t") for row in rows] == [
        ["1", "COMPLETED", "0:0", "01:00", "2G", "1:00", "target=a out_dir=/a"]
    ]
