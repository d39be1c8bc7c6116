"""Whole sweeps by the command: one job fails, the sweep stops or goes on, and is finished by the same command."""

import json
import shutil
import sys

import pytest

from tests.faults import spoil
from tests.faults.command import run


@pytest.fixture
def data(miri, tmp_path):
    """Exposures of two targets; the first of one has whole headers, and a WCS that is not."""
    for target in ("ngc1", "ngc2"):
        folder = tmp_path / "data" / target
        folder.mkdir(parents=True)
        for path in miri.files:
            shutil.copy(path, folder)
    first = min((tmp_path / "data/ngc1").glob("*_02101_00001_*_cal.fits"))
    spoil.asdf_bytes(b"#ASDF 1.0.0\n%YAML 1.1\n---\nmeta: {wcs: [1,")(first)
    return tmp_path / "data"


@pytest.fixture
def sweep(data, crds, tmp_path):
    """Run the sweep of both targets; its exit status, what it said, and the states of the jobs."""

    def sweep(*words):
        command = [sys.executable, "-m", "app", "-m", "target=ngc1,ngc2", "band=F770W", f"in_dir={data}/${{target}}"]
        command += ["crds=synthetic", f"crds.path={crds.path}", f"out_root={tmp_path / 'out'}", "report=false"]
        status, said = run([*command, *words])
        summary = json.loads((tmp_path / "out/sweep_summary.json").read_text())
        return status, said, [job["state"] for job in summary["jobs"]]

    return sweep


def test_a_sweep_that_stops_at_a_failure_is_finished_by_the_same_command(sweep, data, miri, tmp_path):
    status, said, states = sweep("fail_fast=true")
    assert (status, states) == (30, ["failed", "waiting"])
    assert "fail_fast=true: a job has failed, no further ones are started" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out/ngc2").exists()

    status, said, states = sweep()
    assert (status, states) == (30, ["failed", "success"])
    assert "2 run" in said

    for path in miri.files:
        shutil.copy(path, data / "ngc1")
    status, said, states = sweep("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert (status, states) == (0, ["success", "success"])
    assert "1 run, 1 finished" in said
    assert (tmp_path / "out/ngc1/F770W/ngc1_miri_lv3_f770w_i2d.fits").is_file()

    status, said, states = sweep()
    assert (status, states) == (0, ["success", "success"])
    assert "2 finished" in said
