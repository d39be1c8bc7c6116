"""A job in a process of its own: whatever becomes of it, this one lives on, and the record says what."""

import json
import os
import signal
import threading
import time

import pytest

from app.config.schema import Lv3Config
from app.sweep.rows import row
from app.sweep.supervised import run_supervised


@pytest.fixture
def config(miri, crds, tmp_path):
    options = {"target": "ngc0628", "band": "F770W", "in_dir": str(miri.folder), "out_dir": str(tmp_path / "job")}
    return Lv3Config(**options, crds=crds)


def told(config):
    record = json.loads((config.output_folder / "lv3_run.json").read_text())
    return row({"out_dir": str(config.output_folder)}, config.output_folder.parent, {}), record


def signal_child(number, folder):
    """Send a signal to the job, once it is at work."""

    def send():
        while not (folder / "lv3_run.json").exists():
            time.sleep(0.05)
        os.kill(json.loads((folder / "lv3_run.json").read_text())["host"]["pid"], number)

    threading.Thread(target=send, daemon=True).start()


def test_a_job_that_fails_early_leaves_log_record_and_report(config):
    config.in_dir = "/none"
    assert run_supervised(config, ["target=ngc0628"]) == 20
    found, record = told(config)
    assert (found["state"], found["exit_code"]) == ("failed", 20)
    assert "in_dir=/none: no such folder" in found["message"]
    assert record["command"] == ["target=ngc0628"]
    assert "Traceback" in (config.output_folder / "lv3_run.log").read_text()
    assert (config.output_folder / "lv3_report.html").is_file()


def test_a_job_that_is_killed_counts_as_out_of_memory(config):
    signal_child(signal.SIGKILL, config.output_folder)
    assert run_supervised(config, []) == 31
    found, record = told(config)
    assert (found["state"], found["exit_code"]) == ("out_of_memory", 31)
    assert "SIGKILL" in record["error"]["message"]


def test_a_job_that_is_told_to_end_ends_in_order(config):
    signal_child(signal.SIGTERM, config.output_folder)
    assert run_supervised(config, []) == 143
    assert told(config)[0]["state"] == "interrupted"
    assert not list(config.output_folder.glob("*_i2d.fits"))
