"""Every call of the kernel that publishing and the record make fails in its turn: nothing partial, an honest record."""

import json
import shutil
from functools import partial

import pytest

from tests.faults.forked import traced
from tests.faults.publishing import PRODUCTS, publish

pytestmark = pytest.mark.faults

CALLS = ("openat", "write", "fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir")
ERRORS = ("ENOSPC", "EIO")


def check(folder, status, said, error=None):
    """Whether what is there is whole, and what is said of it is true."""
    out = folder / "out"
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")} if out.exists() else set()
    assert names <= {*PRODUCTS, "lv3_run.json", "lv3_run.log"}
    for name in names & set(PRODUCTS):
        assert (out / name).read_bytes() == PRODUCTS[name]
    record = json.loads((out / "lv3_run.json").read_text()) if "lv3_run.json" in names else {"state": None}
    if status == 0:
        assert record["state"] == "success", said
    else:
        assert status == 20, said
        assert "cannot be written to" in said or (error == "EIO" and "input or output failed" in said), said
    if record["state"] == "success":  # which trouble after the record's last word leaves true
        assert set(PRODUCTS) <= names


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", CALLS)
def test_every_call_fails_in_its_turn(tmp_path, call, error):
    work = partial(publish, tmp_path / "out")
    work()  # what is imported at first use is there now, in whoever is forked
    shutil.rmtree(tmp_path / "out")
    status, said, lines = traced(tmp_path, work, "-e", f"trace={call}")
    assert status == 0, said
    shutil.rmtree(tmp_path / "out")
    mine = [number for number, line in enumerate(lines, start=1) if str(tmp_path / "out") in line]
    problems = []
    for number in mine:
        inject = ("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
        status, said, _ = traced(tmp_path, work, *inject)
        try:
            check(tmp_path, status, said, error)
            work()  # the next run
            check(tmp_path, 0, "")
            assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []
        except AssertionError as problem:
            problems.append(f"{call} {number} of {mine}: {lines[number - 1]}: {problem}")
        shutil.rmtree(tmp_path / "out")
    assert problems == [], "\n".join(problems)
