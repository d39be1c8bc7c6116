"""The summary says of every job what became of it, from records alone."""

import csv
import json
import os
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from app.cli.actions import ACTIONS
from app.config.hydra_internals import parse_arguments
from app.config.schema import Lv3Config
from app.runtime.errors import JobsError
from app.sweep.jobs import Job, Todo
from app.sweep.rows import row
from app.sweep.slurm import STATES_NAME, Ended, slurm_states
from app.sweep.summary import Summary, find_jobs
from app.sweep.sweep import _conclude, sweep
from tests.faults.command import wait_until
from tests.sweep.sweeps import write_record

FAILED = {"state": "failed", "error": {"type": "AlignmentError", "message": "too few stars"}}
KILLED = {"state": "failed", "error": {"type": "MemoryExceededError", "message": "killed"}}
RUNNING = {"state": "running", "finished": None}
STOPPED = {"state": "interrupted", "error": {"type": "Interrupted", "message": "SIGTERM"}}
LATE = {"state": "interrupted", "error": {"type": "TimeLimitError", "message": "time is up"}}


@pytest.mark.parametrize(
    ("facts", "slurm", "state", "exit_code"),
    [
        ({}, "", "success", 0),
        ({}, "TIMEOUT", "success", 0),  # of an earlier array
        ({"state": "success_with_caveats"}, "", "success_with_caveats", 0),
        ({"state": "poor"}, "", "poor", 0),
        ({"state": "success_with_caveats", "config": {"strict": True}}, "", "success_with_caveats", 10),
        ({"state": "poor", "config": {"strict": True}}, "", "poor", 11),
        (FAILED, "FAILED", "failed", 22),
        (KILLED, "", "out_of_memory", 31),
        (STOPPED, "", "interrupted", 143),
        (STOPPED, "TIMEOUT", "timed_out", 143),
        (LATE, "", "timed_out", 143),
        (RUNNING, "", "died", None),
        (RUNNING, "OUT_OF_MEMORY", "out_of_memory", 31),
        (RUNNING, "CANCELLED", "died", None),
        (None, "OUT_OF_MEMORY", "out_of_memory", 31),
        (None, "NODE_FAIL", "died", None),
        (None, "FAILED", "failed", 1),  # refused by its own preflight
        (None, "", "waiting", None),
    ],
)
def test_state_of_a_job(tmp_path, facts, slurm, state, exit_code):
    folder = tmp_path / "job"
    if facts is not None:
        write_record(folder, **facts)
    found = row({"out_dir": str(folder)}, tmp_path, {str(folder): Ended(slurm, time.time())} if slurm else {})
    assert (found["state"], found["exit_code"]) == (state, exit_code)
    assert bool(found["hint"]) == (state in ("out_of_memory", "timed_out", "died", "interrupted"))


def test_what_slurm_said_of_an_earlier_start_is_not_believed(tmp_path):
    began = datetime.fromtimestamp(time.time(), UTC)
    start = {"started": began.isoformat(timespec="seconds"), "ended": "", "host": "", "job": None}
    folder = write_record(tmp_path / "job", **STOPPED, starts=[start])
    for known_at, state in ((began.timestamp() - 60, "interrupted"), (began.timestamp() + 60, "timed_out")):
        found = row({"out_dir": str(folder)}, tmp_path, {str(folder): Ended("TIMEOUT", known_at)})
        assert found["state"] == state


def test_a_sweep_whose_job_another_sweep_runs_is_not_finished(tmp_path):
    (write_record(tmp_path / "job", **RUNNING) / ".jwst-lv3.lock").write_text("")
    summary = Summary(tmp_path, [{"out_dir": str(tmp_path / "job")}])
    summary.update()
    with pytest.raises(JobsError, match="running: another run is at work in its folder"):
        _conclude(summary, [Job("job", (), tmp_path / "job", Todo.RUN)])


def test_rows_of_no_job_are_passed_over(tmp_path):
    (tmp_path / STATES_NAME).write_text("task\tstate\n1\tFAILED\t1:0\t0\t1G\t1:00\t\n")
    assert slurm_states(tmp_path) == {}


def test_a_job_whose_lock_is_touched_runs(tmp_path):
    lock = write_record(tmp_path / "job", **RUNNING) / ".jwst-lv3.lock"
    lock.write_text("")
    assert row({"out_dir": str(lock.parent)}, tmp_path, {})["state"] == "running"
    ended = {str(lock.parent): Ended("CANCELLED", time.time() + 1)}
    assert row({"out_dir": str(lock.parent)}, tmp_path, ended)["state"] == "died"
    os.utime(lock, (1, 1))
    assert row({"out_dir": str(lock.parent)}, tmp_path, {})["state"] == "died"


def test_a_clock_that_is_set_back_makes_no_job_live_or_die(tmp_path):
    lock = write_record(tmp_path / "job", **RUNNING) / ".jwst-lv3.lock"
    lock.write_text("")
    tomorrow = time.time() + 86400
    ended = {str(lock.parent): Ended("CANCELLED", tomorrow)}
    assert row({"out_dir": str(lock.parent)}, tmp_path, ended)["state"] == "running"
    os.utime(lock, (tomorrow, tomorrow))
    assert row({"out_dir": str(lock.parent)}, tmp_path, {})["state"] == "died"


def test_numbers_of_a_job(tmp_path):
    found = row({"out_dir": str(write_record(tmp_path / "a" / "job"))}, tmp_path, {})
    assert (found["job"], found["minutes"], found["peak_memory_gb"]) == ("a/job", 3.0, 1.5)
    assert (found["exposures"], found["alignment_rms_mas"]) == (1, 3.5)
    assert found["overrides"] == "target=ngc0628 band=F770W"


def test_the_table_of_a_job_array_is_read(tmp_path):
    folder = write_record(tmp_path / "with blank", **RUNNING)
    header = "task\tstate\texit_code\telapsed\tmemory\ttime_limit\toverrides\n"
    line = f"3\tOUT_OF_MEMORY\t0:125\t00:01:00\t200M\t01:00:00\ttarget=a 'out_dir=\"{folder}\"'\n"
    (tmp_path / STATES_NAME).write_text(header + line)
    summary = Summary(tmp_path, find_jobs(tmp_path))
    summary.update()
    assert summary.counts == {"out_of_memory": 1}


def test_the_summary_follows_the_jobs(tmp_path):
    jobs = [{"out_dir": str(tmp_path / name), "overrides": f"target={name}", "state": "waiting"} for name in "ab"]
    summary = Summary(tmp_path, jobs)

    def counts():
        return json.loads((tmp_path / "sweep_summary.json").read_text())["counts"]

    with summary.kept_current():
        assert counts() == {"waiting": 2}
        write_record(tmp_path / "a")
        wait_until(lambda: counts() == {"success": 1, "waiting": 1})
        write_record(tmp_path / "b", **FAILED)
    assert counts() == {"failed": 1, "success": 1}
    assert [r["overrides"] for r in summary.unfinished] == ["target=b"]


def test_trouble_with_the_summary_is_said_once_and_does_not_end_it(tmp_path, monkeypatch, caplog):
    troubles = [ValueError("no such state"), ValueError("no such state"), OSError("no room")]
    write = Summary.write

    def write_with_trouble(summary):
        if troubles and summary.counts != {"waiting": 1}:
            raise troubles.pop(0)
        write(summary)

    monkeypatch.setattr(Summary, "write", write_with_trouble)
    monkeypatch.setattr("app.sweep.summary._INTERVAL", 0.01)
    summary = Summary(tmp_path, [{"out_dir": str(tmp_path / "a"), "state": "waiting"}])
    with summary.kept_current():
        write_record(tmp_path / "a")
        wait_until(lambda: "success" in (tmp_path / "sweep_summary.json").read_text())
    assert [str(record.exc_info[1]) for record in caplog.records] == ["no such state", "no room"]


def test_actions_rebuild_the_summary_and_print_what_is_to_be_repeated(tmp_path, capsys, caplog):
    write_record(tmp_path / "a" / "F770W")
    write_record(tmp_path / "b" / "F770W", **FAILED, command=["target=b", "in_dir=with blank"])
    config = Lv3Config(out_root=str(tmp_path))
    ACTIONS["failed"](config)
    assert capsys.readouterr().out == "jwst-lv3 target=b 'in_dir=with blank'\n"
    (tmp_path / "sweep_summary.json").unlink()
    ACTIONS["summary"](config)
    assert caplog.messages[0].startswith(f"b/F770W: failed: {FAILED['error']['message']}")
    with (tmp_path / "sweep_summary.csv").open() as file:
        assert [(r["job"], r["state"]) for r in csv.DictReader(file)] == [("a/F770W", "success"), ("b/F770W", "failed")]


def test_refused_jobs_stay_in_the_summary_and_are_printed(tmp_path, capsys):
    write_record(tmp_path / "a")
    refused = {"state": "refused", "message": "in_dir=/none: no such folder", "job": "target=b"}
    jobs = [
        {"out_dir": str(tmp_path / "a"), "overrides": "target=a"},
        {"out_dir": str(tmp_path / "b"), "overrides": "target=b in_dir=/none", **refused},
        {"out_dir": None, "overrides": "target=c band=F77W", **refused, "job": "band=F77W"},
    ]
    Summary(tmp_path, jobs).update()
    config = Lv3Config(out_root=str(tmp_path))
    for _ in range(2):
        ACTIONS["summary"](config)
        ACTIONS["failed"](config)
        assert capsys.readouterr().out == "jwst-lv3 target=b in_dir=/none\njwst-lv3 target=c band=F77W\n"
        rows = json.loads((tmp_path / "sweep_summary.json").read_text())["jobs"]
        assert [(r["job"], r["state"], r["exit_code"]) for r in rows] == [
            ("a", "success", 0), ("b", "refused", 2), ("band=F77W", "refused", 2)
        ]  # fmt: skip
    write_record(tmp_path / "b")  # run since, alone
    ACTIONS["failed"](config)
    assert capsys.readouterr().out == "jwst-lv3 target=c band=F77W\n"


def test_keep_going_loses_no_refused_job(miri, tmp_path, monkeypatch, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    words = ["target=a", "band=F770W,F1000W,F77W", f"in_dir={miri.folder}", "crds=synthetic"]
    GlobalHydra.instance().clear()
    sweep(parse_arguments(["-m", *words, "keep_going=true", "action=plan"]))
    assert "refused: band=F77W: band=F77W: no such band" in caplog.text
    config = Lv3Config(out_root="out")
    for _ in range(2):
        ACTIONS["summary"](config)
    rows = json.loads((tmp_path / "out/sweep_summary.json").read_text())["jobs"]
    assert [(r["job"], r["state"]) for r in rows] == [
        ("a/F770W", "waiting"), ("a/F1000W", "refused"), ("band=F77W", "refused")
    ]  # fmt: skip
    capsys.readouterr()
    ACTIONS["failed"](config)
    lines = capsys.readouterr().out.splitlines()
    assert [word for line in lines for word in line.split() if word.startswith("band=")] == [
        "band=F770W", "band=F1000W", "band=F77W"
    ]  # fmt: skip
    assert f"out_dir={tmp_path}/out/a/F1000W" in lines[1]


def test_a_thousand_jobs_are_summed_up_quickly_and_in_little_memory(tmp_path):
    for n in range(1000):
        write_record(tmp_path / f"ngc{n:04d}" / "F770W", **(FAILED if n % 100 == 0 else {}))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    summary = Summary(tmp_path, find_jobs(tmp_path))
    summary.update()
    assert summary.counts == {"failed": 10, "success": 990}
    assert time.process_time() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # [KiB]
    written = Path(tmp_path / "sweep_report.html").stat().st_mtime_ns
    summary.update()
    assert Path(tmp_path / "sweep_report.html").stat().st_mtime_ns == written  # nothing changed, nothing written
