"""A run that is killed at any moment: nothing partial, an honest record, and the same command finishes the work."""

import json
import os
import random
import signal
import time

import pytest

import app.record.record
from app.record.record import State
from app.runtime.errors import MemoryExceededError
from app.runtime.signals import Interrupted
from app.simulation import simulate_observation
from tests.faults.command import (
    TIMEOUT,
    arguments,
    at_most,
    children,
    group_members,
    record,
    run,
    start,
    wait_until,
)
from tests.faults.compare import differences, file_differences
from tests.runs import make_step

STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}
MORE = ("do_drizzle=true", "do_blot=true", "report=true", "procs=2")


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=3, window=(128, 128))


@pytest.fixture(scope="module")
def undisturbed(truth, crds, tmp_path_factory):
    """A run that nobody disturbs: its folder and how long it took [s]."""
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    begin = time.monotonic()
    status, said = run(arguments(truth, folder, crds, *MORE))
    assert status == 0, said
    return folder, time.monotonic() - begin


def check_whole(folder, reference):
    """Whatever has a final name is whole, and what it would be after an undisturbed run."""
    for path in folder.iterdir():
        if path.suffix in (".fits", ".ecsv"):
            assert file_differences(path, reference / path.name) == []
        elif path.suffix == ".json":
            json.loads(path.read_text())


def kill(process, number, to_group):
    """Send a signal; the process ends soon with the status that belongs to it, and leaves no other behind."""
    if process.poll() is not None:  # it was faster
        assert process.returncode == 0, process.communicate()[0]
        return
    groups = [process.pid, *children(process.pid)]
    (os.killpg if to_group else os.kill)(process.pid, number)
    begin = time.monotonic()
    said, _ = process.communicate(timeout=TIMEOUT)
    assert time.monotonic() - begin < at_most(10)
    # Until Python has read the program, a signal has its native effect, which shells report as the same status.
    assert process.returncode in (STATUS[number], -number), said
    wait_until(lambda: not any(map(group_members, groups)))


@pytest.mark.slow
def test_killed_at_random_times_then_finished(truth, crds, undisturbed, tmp_path):
    rng = random.Random(1)
    reference, duration = undisturbed
    folder, before = tmp_path / "out", None
    for number in rng.sample(list(STATUS), len(STATUS)):
        process = start(arguments(truth, folder, crds, *MORE))
        time.sleep(rng.uniform(0.05, 1) * duration)
        kill(process, number, to_group=rng.random() < 0.5)
        if folder.exists():
            check_whole(folder, reference)
        if (folder / "lv3_run.json").exists():
            expected = "running" if number is signal.SIGKILL else "interrupted"
            assert record(folder)["state"] in (expected, before, "success", "success_with_caveats")
        before = record(folder)["state"] if (folder / "lv3_run.json").exists() else None
    status, said = run(arguments(truth, folder, crds, *MORE))
    assert status == 0, said
    assert differences(folder, reference) == []
    assert record(folder)["state"] == record(reference)["state"]
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(("written", "end"), [(State.RUNNING, State.INTERRUPTED), (State.SUCCESS, State.SUCCESS)])
def test_a_signal_while_the_record_is_written_leaves_no_run_behind(truth, crds, tmp_path, monkeypatch, written, end):
    write, came = app.record.record.write_text, []

    def write_interrupted(path, text):
        is_time = not came and json.loads(text)["state"].startswith(written)
        if written == State.RUNNING or not is_time:  # the first is on disk when the signal comes, the last is not
            write(path, text)
        if is_time:
            came.append(signal.SIGTERM)
            raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(app.record.record, "write_text", write_interrupted)
    with pytest.raises(Interrupted):
        make_step(truth, tmp_path, crds).do_step()
    assert record(tmp_path)["state"].startswith(end)


MEASURE, REPORT = "app.assess.measure.observation.compare", "app.run.examine.write_report"
LATE = [
    (MEASURE, MemoryExceededError("a worker process was killed"), "failed"),
    (REPORT, Interrupted(signal.SIGTERM), "interrupted"),
    (REPORT, MemoryExceededError("a worker process was killed"), "failed"),
]


def test_a_run_that_is_cut_off_after_its_mosaic_is_not_finished(truth, crds, tmp_path, monkeypatch):
    for place, error, state in LATE:

        def cut_off(*_, error=error, **__):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(place, cut_off)
            with pytest.raises(type(error)):
                make_step(truth, tmp_path, crds, report=True).do_step()
        assert record(tmp_path)["state"] == state, place
    make_step(truth, tmp_path, crds, report=True).do_step()
    assert (tmp_path / "lv3_report.html").is_file()
    assert record(tmp_path)["state"].startswith("success")
    (tmp_path / ".jwst-lv3-work").mkdir()  # killed a moment later
    make_step(truth, tmp_path, crds, report=True).do_step()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
