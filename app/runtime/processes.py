"""The processes of a pool, from their start to their end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path

from app.runtime.errors import Lv3Error, MemoryExceededError
from app.runtime.worker import fork_forker

__all__ = ["Processes"]

#: Gives memory back in the background; jemalloc, which pyarrow brings, stops it while a process forks.
_HARMLESS = "jemalloc_bg_thd"


class Processes:
    """Processes, and the one that forks them; they are started when needed, also after they were stopped.

    Parameters
    ----------
    load : callable
        A function of a module, without arguments, which loads what the processes need.
    forks_this : bool
        This process is ours alone: where it has no threads, it loads, and is forked, and another one is not needed for
        that, which would load the same again.

    Attributes
    ----------
    is_busy : bool
        Whether they are in use.
    peak : int
        Most memory [byte] that one of them has had at any time.
    """

    def __init__(self, load: Callable[[], None], forks_this: bool = False) -> None:
        self._load, self._forks_this = load, forks_this
        self._forker: subprocess.Popen | _Forked | None = None
        self._numbers: dict[Connection, int] = {}
        self.is_busy = False
        self.peak = 0

    @property
    def workers(self) -> list[Connection]:
        """The processes that are there."""
        return list(self._numbers)

    def start(self) -> None:
        """Start the process that forks; one that loads by itself does so while this one goes on."""
        if self._forker is not None:
            return
        if self._forks_this:
            self._load()
        ours, theirs = socket.socketpair()
        self._control = Connection(ours.detach())
        with theirs:
            if self._forks_this and _has_no_threads():
                self._forker = _Forked(fork_forker(theirs.fileno(), self._control))
            else:
                self._forker = _started(theirs.fileno())
                self._control.send(self._load)

    def fork(self) -> Connection:
        """One more process.

        Raises
        ------
        MemoryExceededError, Lv3Error
            The process that forks was killed; it could not fork.
        """
        self.start()
        ours, theirs = socket.socketpair()
        connection = Connection(ours.detach())
        try:
            with theirs:
                self._control.send(None)
                send_handle(self._control, theirs.fileno(), None)
            self._numbers[connection] = self._control.recv()
        except (EOFError, ConnectionError) as error:
            connection.close()
            raise self._none_more() from error
        return connection

    def _none_more(self) -> Lv3Error:
        """The error for the end of the process that forks, from its exit status."""
        assert self._forker is not None
        status = self._forker.wait()
        if status == -signal.SIGKILL:
            return MemoryExceededError(
                "the process that starts others was killed, most often by the kernel, for lack of memory: give the job "
                "more memory, or set a smaller procs"
            )
        return Lv3Error(
            f"no process could be started any more (status {status}): the limit on their number may be reached "
            "(`ulimit -u`, pids.max of the job's cgroup); set a smaller procs"
        )

    def end_of(self, worker: Connection) -> int:
        """Exit status of a process that is dead; negative: the number of the signal that ended it."""
        assert self._forker is not None
        try:
            self._control.send(self._numbers[worker])
            return self._control.recv()
        except (EOFError, ConnectionError):  # all are dead, with the one that forked them
            return self._forker.wait()

    def stop(self) -> None:
        """End all processes, whatever they are doing."""
        if self._forker is None:
            return
        for connection, number in self._numbers.items():
            connection.close()
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._numbers = {}
        self._control.close()
        self._forker.kill()
        self._forker.wait()
        self._forker = None


def _started(descriptor: int) -> subprocess.Popen:
    """The process that forks, of its own, listening to a socket."""
    program = [sys.executable, "-P", "-m", "app.runtime.worker", str(os.getpid()), str(descriptor)]
    places = (place or os.getcwd() for place in sys.path)  # noqa: PTH109 - empty: `python -c`, a notebook
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    return subprocess.Popen(program, stdin=subprocess.DEVNULL, env=environment, pass_fds=[descriptor])  # noqa: S603


class _Forked:
    """The process that forks, itself a fork of this one."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._status: int | None = None

    def kill(self) -> None:
        """End it."""
        if self._status is None:  # else its number may be another's by now
            os.kill(self._number, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end, again if asked again; negative: the number of the signal that ended it."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._number, 0)[1])
        return self._status


def _has_no_threads() -> bool:
    """Whether this process has one thread, those of libraries counted; where that is not known, it may have more."""
    try:
        names = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    except OSError:
        return False
    return len([name for name in names if name != _HARMLESS]) == 1
