"""Whole sweeps by the command: one job fails, the sweep stops or goes on, and is finished by the same command."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from astropy.io import fits


@pytest.fixture
def data(miri, tmp_path):
    """Exposures of two targets; the first of one has whole headers, and a WCS that is not."""
    for target in ("ngc1", "ngc2"):
        folder = tmp_path / "data" / target
        folder.mkdir(parents=True)
        for path in miri.files:
            shutil.copy(path, folder)
    spoiled = min((tmp_path / "data/ngc1").glob("*_02101_00001_*_cal.fits"))
    with fits.open(spoiled) as hdus:
        place = hdus["ASDF"].fileinfo()
    with spoiled.open("r+b") as file:
        file.seek(place["datLoc"] + 300)
        file.write(b"\0" * (place["datSpan"] - 300))
    return tmp_path / "data"


@pytest.fixture
def sweep(data, crds, tmp_path):
    """Run the sweep of both targets; its exit status, what it said, and the states of the jobs."""

    def run(*words, action="-m"):
        command = [sys.executable, "-m", "app", action, "target=ngc1,ngc2", "band=F770W", f"in_dir={data}/${{target}}"]
        command += ["crds=synthetic", f"crds.path={crds.path}", f"out_root={tmp_path / 'out'}", "report=false", *words]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CRDS_")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, env=environment)
        summary = json.loads((tmp_path / "out/sweep_summary.json").read_text())
        return done.returncode, done.stdout + done.stderr, [job["state"] for job in summary["jobs"]]

    return run


def test_a_sweep_that_stops_at_a_failure_is_finished_by_the_same_command(sweep, data, miri, tmp_path):
    status, said, states = sweep("fail_fast=true")
    assert (status, states) == (30, ["failed", "waiting"])
    assert "fail_fast=true: a job has failed, no more are started" in said
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
