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

__all__ = ["Processes"]


class Processes:
    """Processes, and the one that forks them; they are started when needed, also after they were stopped.

    Parameters
    ----------
    load : callable
        A function of a module, without arguments, which loads what the processes need.

    Attributes
    ----------
    is_busy : bool
        Whether they are in use.
    peak : int
        Most memory [byte] that one of them has had at any time.
    """

    def __init__(self, load: Callable[[], None]) -> None:
        self._load = load
        self._forker: subprocess.Popen | None = None
        self._numbers: dict[Connection, int] = {}
        self.is_busy = False
        self.peak = 0

    @property
    def workers(self) -> list[Connection]:
        """The processes that are there."""
        return list(self._numbers)

    def start(self) -> None:
        """Start the process that forks; it loads while this one goes on."""
        if self._forker is not None:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            program = [sys.executable, "-P", "-m", "app.runtime.worker", str(os.getpid()), str(theirs.fileno())]
            places = (place or os.getcwd() for place in sys.path)  # noqa: PTH109 - empty: `python -c`, a notebook
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
            self._forker = subprocess.Popen(  # noqa: S603 - ourselves
                program, stdin=subprocess.DEVNULL, env=environment, pass_fds=[theirs.fileno()]
            )
        self._control = Connection(ours.detach())
        self._control.send(self._load)

    def fork(self) -> Connection:
        """One more process."""
        self.start()
        ours, theirs = socket.socketpair()
        with theirs:
            self._control.send(None)
            send_handle(self._control, theirs.fileno(), None)
        connection = Connection(ours.detach())
        self._numbers[connection] = self._control.recv()
        return connection

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
