"""Every call of the kernel that publishing and the record make fails in its turn: nothing partial, an honest record."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from app.runtime.exit_status import exit_status
from app.runtime.logs import configure_logging
from tests.faults.command import wait_until
from tests.faults.publishing import PRODUCTS, publish

pytestmark = pytest.mark.faults

CALLS = ("openat", "write", "fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir")
ERRORS = ("ENOSPC", "EIO")


def traced(folder, *options):
    """Exit status of the work, done by a fork of this process under strace; what it says, and its calls."""
    said, calls = folder / "said", folder / "calls"
    number = os.fork()
    if not number:
        work(folder / "out", said)
    os.waitpid(number, os.WUNTRACED)
    command = ["strace", "-qq", "-y", "-e", "signal=none", "-o", str(calls), *options, "-p", str(number)]
    with subprocess.Popen(command) as strace:
        wait_until(lambda: tracer(number) == strace.pid or strace.poll() is not None, timeout=60)
        os.kill(number, signal.SIGCONT)
        _, status = os.waitpid(number, 0)
    return os.waitstatus_to_exitcode(status), said.read_text(), calls.read_text().splitlines()


def work(out, said):
    """Do the work once somebody traces this process, and exit."""
    status = 99
    try:
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        configure_logging()
        os.kill(os.getpid(), signal.SIGSTOP)
        status = exit_status(partial(publish, out))
        sys.stderr.flush()
    finally:
        os._exit(status)


def tracer(number):
    return int(re.search(r"TracerPid:\s+(\d+)", Path(f"/proc/{number}/status").read_text())[1])


def check(folder, status, said):
    """Whether what is there is whole, and what is said of it is true."""
    out = folder / "out"
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")} if out.exists() else set()
    assert names <= {*PRODUCTS, "lv3_run.json", "lv3_run.log"}
    for name in names & set(PRODUCTS):
        assert (out / name).read_bytes() == PRODUCTS[name]
    record = json.loads((out / "lv3_run.json").read_text()) if "lv3_run.json" in names else {"state": None}
    if status == 0:
        assert record["state"] == "success", said
    elif status == 20:
        assert "cannot be written to" in said
    else:  # of a device's error without a name nobody can say whether it is that of the products or of the exposures
        assert (status, "Input/output error" in said) == (1, True), said
    if record["state"] == "success":  # which trouble after the record's last word leaves true
        assert set(PRODUCTS) <= names


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", CALLS)
def test_every_call_fails_in_its_turn(tmp_path, call, error):
    publish(tmp_path / "out")  # what is imported at first use is there now, in whoever is forked
    shutil.rmtree(tmp_path / "out")
    status, said, lines = traced(tmp_path, "-e", f"trace={call}")
    assert status == 0, said
    shutil.rmtree(tmp_path / "out")
    mine = [number for number, line in enumerate(lines, start=1) if str(tmp_path / "out") in line]
    problems = []
    for number in mine:
        status, said, _ = traced(tmp_path, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
        try:
            check(tmp_path, status, said)
            publish(tmp_path / "out")  # the next run
            check(tmp_path, 0, "")
            assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []
        except AssertionError as problem:
            problems.append(f"{call} {number} of {mine}: {lines[number - 1]}: {problem}")
        shutil.rmtree(tmp_path / "out")
    assert problems == [], "\n".join(problems)
