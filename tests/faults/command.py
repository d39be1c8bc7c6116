"""The command as a process of its own, and what is left of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.crds import CrdsOptions
from app.simulation import Truth

#: After so long a command hangs, also on a machine that has much else to do [s].
TIMEOUT = 600
STARTED: list[subprocess.Popen] = []


def arguments(truth: Truth, out_dir: Path, crds: CrdsOptions, *more: str) -> list[str]:
    """The command for simulated exposures; without report, a fifth of a small run, unless that is asked for."""
    where = [f"in_dir={truth.folder}", f"out_dir={out_dir}", f"crds.path={crds.path}", "crds=synthetic"]
    report = [] if any(word.startswith("report=") for word in more) else ["report=false"]
    return [sys.executable, "-m", "app", "target=ngc0628", f"band={truth.band}", *where, *report, *more]


def start(command: list[str], **options: Any) -> subprocess.Popen:
    """Start the command, in a group of processes of its own."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CRDS_")}
    environment = inherited | {"OMP_NUM_THREADS": "1"} | options.pop("env", {})
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": environment} | options
    STARTED.append(subprocess.Popen(command, start_new_session=True, **options))
    return STARTED[-1]


def full_pipe() -> tuple[int, int]:
    """A pipe that takes no more, so that whoever writes into it waits: where it is read, and where it is written."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    while True:
        try:
            os.write(write, bytes(1 << 12))
        except BlockingIOError:
            break
    os.set_blocking(write, True)
    return read, write


def without_rights(command: list[str]) -> list[str]:
    """The command as somebody for whom permissions bind: root has rights beyond them, which it does without here."""
    return command if os.geteuid() else ["setpriv", "--bounding-set=-all", *command]


def end_all() -> None:
    """End what was started, whatever became of it."""
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # what it has started ends with it
        if process.stdout and not process.stdout.closed:
            process.communicate()


def run(command: list[str], **options: Any) -> tuple[int, str]:
    """Exit status of the command, and what it says; a run that hangs fails."""
    process = start(command, **options)
    try:
        said, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, said


def children(pid: int) -> list[int]:
    """Numbers of a process's children; none where it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def group_members(group: int) -> list[str]:
    """Processes that still run in a group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append((status.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended meanwhile
            continue
    return found


def at_most(seconds: float) -> float:
    """So many seconds, and more where more processes are at work than there are cores: each has a part of one then."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def most_of(begin: Callable[[int], tuple[subprocess.Popen, Callable[[], int]]], enough: float, often: float) -> int:
    """The largest of what is measured, every so often [s], until a process ends well.

    Looks see no more than there is, and on a busy machine may miss the most: then the process is started again, up to
    twice.

    Parameters
    ----------
    begin : callable
        Is given the number of a start; returns the process, and what measures it.
    enough : float
        What has to be seen.
    often : float
        Time between two looks.
    """
    most = 0
    for number in range(3):
        process, measured = begin(number)
        while process.poll() is None:
            most = max(most, measured())
            time.sleep(often)
        assert process.returncode == 0, process.communicate()[0]
        if most > enough:
            break
    return most


def wait_until(condition: Any, timeout: float = 240) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def wait_for_step(process: subprocess.Popen, folder: Path, step: str) -> None:
    """Wait until a run has come to a step."""
    wait_until(lambda: is_at(folder, step) or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]


def record(folder: Path) -> dict[str, Any]:
    """The run's own record."""
    return json.loads((folder / "lv3_run.json").read_text())


def is_at(folder: Path, step: str) -> bool:
    """Whether a run has come to a step."""
    try:
        return record(folder).get("step") == step
    except FileNotFoundError:
        return False
