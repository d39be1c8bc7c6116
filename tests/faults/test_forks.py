"""A SIGTERM at every fork of a run: none is lost."""

import os
from itertools import count
from pathlib import Path

import pytest

from app.simulation import simulate_observation
from tests.faults.command import arguments, record, run

pytestmark = pytest.mark.faults

#: Forks that there are at least: of the run, of the process that forks, and by it of two.
AT_LEAST = 4


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=2, window=(128, 128))


@pytest.mark.parametrize("target", ["command", "run"])
def test_a_signal_at_every_fork_ends_the_run(truth, crds, tmp_path, target):
    path = os.pathsep.join([str(Path(__file__).parent / "forks"), os.environ.get("PYTHONPATH", "")])
    out = tmp_path / "out"
    for n in count(1):
        folder = tmp_path / str(n)
        folder.mkdir()
        environment = {"PYTHONPATH": path, "FORKS": str(folder), "FORK_NUMBER": str(n), "FORK_TARGET": target}
        status, said = run(arguments(truth, out, crds, "procs=2"), env=environment)
        forks = (folder / "forks").read_text().splitlines()
        if len(forks) < n:
            assert status == 0, said
            break
        assert status == 143, f"at fork {n}, {forks[-1]}: {said}"
        assert not (out / "lv3_run.json").exists() or record(out)["state"] == "interrupted"
    assert n > AT_LEAST
