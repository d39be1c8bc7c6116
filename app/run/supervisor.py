"""A run as the child of a small process, which hears signals for it, sees how it ends, and says so.

The run cannot do this itself: it may be deep in compiled code, out of memory, or dead. The parent imports neither numpy
nor jwst, so that nothing of all this can happen to it.
"""

import logging
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.config.schema import Lv3Config
from app.runtime.errors import ExitCode, Lv3Error, MemoryExceededError
from app.runtime.logs import has_room, report_error
from app.runtime.signals import Interrupted, asking, interruption

__all__ = ["GRACE", "End", "Order", "supervise"]

log = logging.getLogger(__name__)

#: Time for an orderly end after a signal [s].
GRACE = 7.0
#: The run, whatever lies in the current folder.
_PROGRAM = (sys.executable, "-P", "-m", "app.run.child")


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is to do.

    Parameters
    ----------
    config : Lv3Config
    command : tuple of str
        Arguments of the command, for the record.
    is_job : bool
        It is a job of a sweep: it leaves a record whatever becomes of it, and says nothing on the terminal.
    """

    config: Lv3Config
    command: tuple[str, ...]
    is_job: bool


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended.

    Parameters
    ----------
    status : int
        Exit status.
    asked : int, optional
        Number of the signal that asked this process for the end.
    """

    status: int
    asked: int | None


def supervise(config: Lv3Config, command: Sequence[str], is_job: bool = False) -> End:
    """Run in a child process, and wait for its end.

    A signal that asks for an end is passed on. `GRACE` seconds later the child and all that it has started are ended.

    Parameters
    ----------
    config : Lv3Config
    command : sequence of str
        Arguments of the command, for the record.
    is_job : bool
        It is a job of a sweep: it leaves a record whatever becomes of it, and says nothing on the terminal.
    """
    order = Order(config, tuple(command), is_job)
    with _Signals() as signals:
        process = _start(order, signals.asking)
        asked = _wait(process, signals)
        _end_group(process)  # what the child has started and left
        status = process.returncode
        if status not in {*ExitCode}:
            status = _end_for(order, _death(status, asked))
    return End(ExitCode(status) if asked is None else interruption(asked).exit_code, asked)


def _end_for(order: Order, error: Lv3Error | Interrupted) -> int:
    """Do and say what the child did not live to; its exit status."""
    from app.run.aftermath import conclude  # only now: who writes records needs more than who waits

    conclude(order, error)
    if not order.is_job and has_room(sys.stderr):
        late = f"interrupted by {error}; ended at once, for after {GRACE:.0f} s it had not ended in order"
        report_error(error if isinstance(error, Lv3Error) else late)
    return error.exit_code


def _start(order: Order, held_back: Sequence[int]) -> subprocess.Popen:
    """Start the child, in a group of processes of its own; signals wait until it has handlers."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held_back)
    try:
        command = [*_PROGRAM, str(os.getpid())]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - ourselves
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert process.stdin is not None
    with process.stdin as pipe:
        try:
            pickle.dump(order, pipe)
        except BrokenPipeError:
            log.debug("the run was dead before it had its order")
    return process


class _Signals:
    """The signals of this process, read one after the other: they raise nothing, and none is lost.

    Outside the main thread, where no handlers can be, none are heard.
    """

    def __enter__(self) -> "_Signals":
        self.asking = asking()
        self._handlers: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            self._read_end, self._write_end = os.pipe()
            for end in (self._read_end, self._write_end):
                os.set_blocking(end, False)
            self._wakeup = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
            for number in (*self.asking, signal.SIGCHLD, signal.SIGTSTP):
                self._handlers[number] = signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handlers:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self._wakeup)
            os.close(self._read_end)
            os.close(self._write_end)

    def wait(self, process: subprocess.Popen, seconds: float | None) -> bytes:
        """Wait for signals, the end of the process, or so long; the numbers of the signals that came."""
        if not self._handlers:
            process.wait()
            return b""
        ready, _, _ = select.select([self._read_end], [], [], seconds)
        return os.read(self._read_end, 4096) if ready else b""


def _wait(process: subprocess.Popen, signals: _Signals) -> int | None:
    """Wait for the end of the child; the signal that asked for it."""
    asked, end = None, float("inf")
    while process.poll() is None:
        came = signals.wait(process, None if asked is None else max(0.0, end - time.monotonic()))
        if signal.SIGTSTP in came:
            _sleep(process)
        if asked is None and (numbers := [number for number in came if number in signals.asking]):
            asked, end = numbers[0], time.monotonic() + GRACE
            process.send_signal(asked)
        elif time.monotonic() >= end:
            _end_group(process)
            process.wait()
    return asked


def _sleep(process: subprocess.Popen) -> None:
    """Sleep until somebody wakes this process (Ctrl-Z, then ``fg``); the run sleeps too."""
    os.killpg(process.pid, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGCONT)


def _end_group(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _death(returned: int, asked: int | None) -> Lv3Error | Interrupted:
    """What to say of a process that ended in no order, from its return code."""
    if asked is not None:
        return interruption(asked)
    if returned > 0:
        return Lv3Error(f"the process exited with status {returned}, which is none of ours")
    name = signal.Signals(-returned).name
    if -returned == signal.SIGKILL:
        return MemoryExceededError(f"the process was ended by {name}: for want of memory, unless somebody killed it")
    return Lv3Error(f"the process was ended by {name}: please report it, with lv3_run.log")
