"""A signal in the middle of every step, to the command, the run, a worker or all; then the same command again.

To each of them in each step with `make test-faults-all`, to one of them in the checks of a change.
"""

import os
import signal
import time
from pathlib import Path

import pytest

from app.simulation import simulate_observation
from tests.faults.command import TIMEOUT, arguments, at_most, group_members, record, run, start, wait_until
from tests.faults.compare import differences, file_differences, products
from tests.faults.forked import SHARE

pytestmark = pytest.mark.faults

MORE = ("do_blot=true", "report=true", "procs=2")
TERM, KILL = signal.SIGTERM, signal.SIGKILL
#: In the order of the steps: each run gets further than the one before.
STEPS = ("tweakreg", "skymatch", "outlier_detection", "resample", "source_catalog", "measure", "blot", "report")
TARGETS = ("command", "run", "worker", "group")
#: From which target on they take turns, step by step: all of them with `make test-faults-all`, so that each gets each
#: signal in each step, one in the checks of a change.
FIRST = range(len(TARGETS))[::SHARE]
#: Of a run, or a worker, that somebody kills, the command says that it was for want of memory.
STATUS = {TERM: {143}, KILL: {-KILL, 31}}


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=2, window=(96, 96))


@pytest.fixture(scope="module")
def undisturbed(truth, crds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    status, said = run(arguments(truth, folder, crds, *MORE))
    assert status == 0, said
    return folder


def disturb(command, out, notes, step, number, target):
    """Exit status of a command that gets a signal in a step; all of it has ended then."""
    notes.mkdir()
    hook = {"PYTHONPATH": str(Path(__file__).parent / "steps"), "MOMENT": str(notes), "MOMENT_STEP": step}
    hook |= {"MOMENT_RECORD": str(out / "lv3_run.json"), "MOMENT_SIGNAL": str(int(number)), "MOMENT_TARGET": target}
    process = start(command, env=hook)
    wait_until(lambda: (notes / "sent").exists() or process.poll() is not None)
    begin = time.monotonic()
    said, _ = process.communicate(timeout=TIMEOUT)
    assert (notes / "sent").exists(), f"{step} {target}: it has come to no such moment: {said}"
    assert time.monotonic() - begin < at_most(10 if number == TERM else 60), said
    groups = [int((notes / name).read_text()) for name in ("command", "run")]
    wait_until(lambda: not any(map(group_members, groups)))
    return process.returncode, said


def moments(number, first):
    """Each step, and who gets the signal in it."""
    for turn, step in enumerate(STEPS, start=first + (number == KILL)):
        yield step, TARGETS[turn % len(TARGETS)]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("number", STATUS)
def test_a_signal_in_the_middle_of_every_step(truth, crds, undisturbed, tmp_path, number, first):
    out = tmp_path / "out"
    command = arguments(truth, out, crds, *MORE)
    for step, target in moments(number, first):
        status, said = disturb(command, out, tmp_path / step, step, number, target)
        assert status in STATUS[number], f"{step}: {said}"
        assert (status == -KILL) == (number == KILL and target in ("command", "group")), f"{step}: {said}"
        state = {143: "interrupted", 31: "failed", -KILL: "running"}[status]
        assert record(out)["state"] == state, f"{step}: {said}"
        for name in products(out):
            assert file_differences(out / name, undisturbed / name) == []
    status, said = run(command)
    assert status == 0, said
    assert differences(out, undisturbed) == []
    assert record(out)["state"] == record(undisturbed)["state"]
    assert [name for name in os.listdir(out) if name.startswith(".")] == []  # noqa: PTH208
