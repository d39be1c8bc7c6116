"""Too little memory: refused before, or said with the estimate; never a hang."""

import os
import resource
import signal
from pathlib import Path

import pytest

from app.simulation import simulate_observation
from tests.faults.command import (
    TIMEOUT,
    arguments,
    children,
    group_members,
    record,
    run,
    start,
    wait_for_step,
    wait_until,
)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return simulate_observation(tmp_path_factory.mktemp("exposures"), n_dithers=4, window=(128, 128))


def check(status, said, out):
    assert status == 31, said
    assert "the estimate was" in said
    assert "GB" in said
    assert "Traceback" not in said
    assert record(out)["state"] == "failed"
    assert record(out)["error"]["type"] == "MemoryExceededError"
    assert not list(out.glob("*.fits"))


def test_a_limit_below_the_estimate_is_refused_before(truth, crds, tmp_path):
    # Virtual memory that the program has before it knows the exposures fits; what the run would need does not.
    status, said = run(
        arguments(truth, tmp_path / "out", crds, "procs=1", "mosaic_pixel_scale=0.001", "max_mosaic_megapixels=1e6"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30)),
    )
    assert status == 31, said
    assert "and 8.6 GB may be used" in said
    assert not (tmp_path / "out").exists()


def test_memory_ends_within_a_step(truth, crds, tmp_path):
    out = tmp_path / "out"
    process = start(arguments(truth, out, crds, "procs=1"))
    wait_for_step(process, out, "tweakreg")
    run = record(out)["host"]["pid"]
    used = int(Path(f"/proc/{run}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.prlimit(run, resource.RLIMIT_AS, (used, used))
    said, _ = process.communicate(timeout=TIMEOUT)
    check(process.returncode, said, out)


def test_a_worker_is_killed(truth, crds, tmp_path):
    """What the kernel does when a job is over its limit."""
    out = tmp_path / "out"
    process = start(arguments(truth, out, crds, "procs=2"))
    wait_for_step(process, out, "outlier_detection")
    run = record(out)["host"]["pid"]
    wait_until(lambda: children(children(run)[0]))  # of the one that forks them
    os.kill(children(children(run)[0])[0], signal.SIGKILL)
    said, _ = process.communicate(timeout=TIMEOUT)
    check(process.returncode, said, out)
    assert "a worker process was killed during" in said
    wait_until(lambda: not group_members(run))
