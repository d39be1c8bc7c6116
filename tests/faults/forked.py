"""Work done by a fork of the test's own process, which has loaded everything: under strace, or with a hook."""

import gc
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.config.schema import Lv3Config
from app.runtime.exit_status import exit_status
from app.runtime.logs import configure_logging
from tests.faults.command import wait_until

Work = Callable[[], None]
#: Of all moments at which something could go wrong, one in so many is tried; `make test-faults-all` tries each.
SHARE = int(os.environ.get("LV3_FAULTS_SHARE", "6"))


def step(config: Lv3Config) -> None:
    """A whole run; what the command does in the child of its supervisor."""
    from app.run.step import Lv3Step

    Lv3Step.from_config(config).do_step()


def forked(folder: Path, work: Work, prepare: Work = lambda: None) -> tuple[int, str]:
    """Exit status of the work, and what it says.

    Parameters
    ----------
    folder : Path
        For what it says.
    work : callable
    prepare : callable
        Called in the fork before the work.
    """
    number = _fork(folder / "said", work, prepare)
    _, status = os.waitpid(number, 0)
    return os.waitstatus_to_exitcode(status), (folder / "said").read_text()


def traced(folder: Path, work: Work, *options: str) -> tuple[int, str, list[str]]:
    """Exit status of the work, done under strace; what it says, and its calls."""
    said, calls = folder / "said", folder / "calls"
    number = _fork(said, work, lambda: os.kill(os.getpid(), signal.SIGSTOP))
    os.waitpid(number, os.WUNTRACED)
    command = ["strace", "-qq", "-y", "-e", "signal=none", "-o", str(calls), *options, "-p", str(number)]
    with subprocess.Popen(command) as strace:
        wait_until(lambda: _tracer(number) == strace.pid or strace.poll() is not None, timeout=60)
        os.kill(number, signal.SIGCONT)
        _, status = os.waitpid(number, 0)
    return os.waitstatus_to_exitcode(status), said.read_text(), calls.read_text().splitlines()


def _fork(said: Path, work: Work, prepare: Work) -> int:
    gc.collect()
    gc.freeze()  # what is here stays: its own collections are quick
    if number := os.fork():
        return number
    status = 99
    try:
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        configure_logging()
        prepare()
        status = exit_status(work)
        sys.stderr.flush()
    finally:
        os._exit(status)


def _tracer(number: int) -> int:
    found = re.search(r"TracerPid:\s+(\d+)", Path(f"/proc/{number}/status").read_text())
    assert found
    return int(found[1])
