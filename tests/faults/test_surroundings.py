"""What is around a run: folders that it may not write to, a clock that is set back, output that nobody reads."""

import os
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from app.simulation import simulate_observation
from tests.faults.command import (
    TIMEOUT,
    arguments,
    at_most,
    full_pipe,
    group_members,
    record,
    run,
    start,
    wait_until,
    without_rights,
)

pytestmark = pytest.mark.faults

SHORT = ("procs=2", "+jwst_parameters.source_catalog.skip=true")
DAY = 86400


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=2, window=(64, 64))


def test_home_temporary_and_current_folder_may_not_be_written_to(truth, crds, tmp_path):
    folder = tmp_path / "only read"
    folder.mkdir(mode=0o555)
    command = without_rights(arguments(truth, tmp_path / "out", crds, *SHORT))
    status, said = run(command, cwd=folder, env={"HOME": str(folder), "TMPDIR": str(folder / "none")})
    assert status == 0, said
    assert "Traceback" not in said
    assert record(tmp_path / "out")["state"].startswith("success")
    assert list(folder.iterdir()) == []


def test_a_clock_that_is_set_back_by_a_day(truth, crds, tmp_path):
    out = tmp_path / "out"
    clock = {"PYTHONPATH": str(Path(__file__).parent / "clock"), "CLOCK_SHIFT": str(-DAY)}
    begin = time.monotonic()
    status, said = run(arguments(truth, out, crds, *SHORT), env=clock | {"CLOCK_FROM": str(out / "asn_lv3_f770w.json")})
    assert status == 0, said
    found = record(out)
    started, finished = (datetime.fromisoformat(found[key]) for key in ("started", "finished"))
    assert -DAY < (finished - started).total_seconds() < -DAY / 2
    assert 0 < sum(found["times"].values()) < found["duration"] < time.monotonic() - begin
    assert "finished already" in run(arguments(truth, out, crds, *SHORT))[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_output_that_nobody_reads_does_not_hold_up_the_end(truth, crds, tmp_path, number):
    read, write = full_pipe()
    command = arguments(truth, tmp_path / "out", crds, *SHORT, "verbose=true")
    process = start(command, stdout=write, stderr=write)
    wait_until(lambda: len(group_members(process.pid)) == 1 and waits_for_run(process.pid))
    process.send_signal(number)
    begin = time.monotonic()
    assert process.wait(TIMEOUT) == 128 + number
    assert time.monotonic() - begin < at_most(10)
    os.close(read)
    os.close(write)


def waits_for_run(pid):
    """Whether the run is there, with handlers for signals."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        caught = Path(f"/proc/{child}/status").read_text().partition("SigCgt:")[2].split()[0]
        return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)
    return False
