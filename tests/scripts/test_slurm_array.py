"""scripts/slurm_array.sh: what it submits, without SLURM; tests/slurm runs it with one."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/slurm_array.sh"
#: Tells what it was asked, and gives the number of a job.
SBATCH = '#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\necho 17\n'


@pytest.fixture
def submit(tmp_path):
    """Submit the three jobs of a sweep with options of sbatch; the jobs that were submitted, by their options."""
    for name, text in (("sbatch", SBATCH), ("apptainer", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "image.sif").touch()
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep/sweep_jobs.txt").write_text("target=a\ntarget=b\ntarget=c\n")

    def run(*options):
        command = [SCRIPT, "image.sif", "sweep", *options]
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(command, cwd=tmp_path, env=os.environ | {"PATH": path}, check=True, timeout=60)
        return [line.split() for line in (tmp_path / "asked").read_text().splitlines()]

    return run


def test_a_task_for_each_job_and_one_summary_behind_them(submit):
    array, summary = submit("--mem=64G", "--partition=long")
    assert "--array=1-3" in array
    assert {"--mem=64G", "--partition=long"} <= set(array) & set(summary)
    assert "--dependency=afterany:17" in summary
    assert summary.index("--mem=2G") > summary.index("--mem=64G")  # sbatch takes the last
    assert not any(option.startswith("--array") for option in summary)


def test_the_summary_is_one_job_also_where_the_array_is_given(submit):
    array, summary = submit("--array=1-3%2")
    assert array.index("--array=1-3%2") > array.index("--array=1-3")
    assert not any(option.startswith("--array") for option in summary)
