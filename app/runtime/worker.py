"""The processes of a pool, and the one that forks them: ``python -m app.runtime.worker PARENT SOCKET``.

It loads what they need once; it has no threads and has imported nothing of the user's, so that a fork of it is safe
whatever program runs the pool: a notebook, a script without ``if __name__ == "__main__"``, one with threads. A process
that is ours alone is forked itself (`fork_forker`).
"""

import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from logging.handlers import BufferingHandler, QueueHandler
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

from app.runtime.carried import Carried, carry
from app.runtime.give_back import give_back
from app.runtime.parent import end_with
from app.runtime.signals import asking

__all__ = ["Answer", "Setting", "fork_forker"]

# A process that waits for so long has nothing to do [s]; between two items it waits for milliseconds.
_IDLE = 0.1


@dataclass(frozen=True, slots=True)
class Setting:
    """What a process calls with the items that follow, and in what environment."""

    function: Callable[[Any], Any]
    environment: dict[str, str]
    level: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome for an item: the result, or the error; what was logged on the way; the process's peak memory."""

    result: Any
    error: Carried | None
    records: list[logging.LogRecord]
    peak: int


def main() -> None:
    """Load what is asked for; then fork, and report how forked processes ended, whenever asked."""
    parent, descriptor = map(int, sys.argv[1:])
    end_with(parent)
    _ignore_signals()
    control = Connection(descriptor)
    logging.captureWarnings(True)
    control.recv()()
    _serve(control)


def fork_forker(descriptor: int, control: Connection) -> int:
    """Fork this process, which has no threads and has loaded what is needed; the number of the one that forks others.

    Parameters
    ----------
    descriptor : int
        Of the socket that it listens to.
    control : Connection
        This process's end, which is none of its own.
    """
    own = os.getpid()
    held_back = signal.pthread_sigmask(signal.SIG_BLOCK, (*asking(), signal.SIGALRM))  # their handlers are for this one
    number = os.fork()
    if number:
        signal.pthread_sigmask(signal.SIG_SETMASK, held_back)
        return number
    try:
        end_with(own)
        control.close()
        _ignore_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, held_back)
        logging.getLogger().handlers = []
        logging.captureWarnings(True)
        _serve(Connection(descriptor))
    finally:
        os._exit(0)


def _ignore_signals() -> None:
    """Leave it to the owner of the pool to decide what to do: a whole group of processes may get a signal."""
    for number in asking():
        signal.signal(number, signal.SIG_IGN)


def _serve(control: Connection) -> None:
    """Fork, and report how forked processes ended, whenever asked."""
    gc.freeze()  # a collection would write to every object, and so copy the memory that the processes share
    while True:
        try:
            ended = control.recv()
        except EOFError:
            break
        if ended is None:
            control.send(_fork(control))
        else:
            control.send(os.waitstatus_to_exitcode(os.waitpid(ended, 0)[1]))


def _fork(control: Connection) -> int:
    """Fork a process that works for the socket that comes next; its number."""
    descriptor, own = recv_handle(control), os.getpid()
    number = os.fork()
    if number:
        os.close(descriptor)
        return number
    try:
        end_with(own)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        control.close()
        _work(Connection(descriptor))
    finally:
        os._exit(0)


def _work(connection: Connection) -> None:
    """Answer items until there are no more."""
    function: Callable[[Any], Any] = id
    while True:
        try:
            if not connection.poll(_IDLE):
                give_back()  # the others go on
            given = connection.recv()
        except EOFError:
            return
        except BaseException as error:  # noqa: BLE001 - what cannot be read here is an error there
            connection.send(Answer(None, carry(error), [], 0))
            continue
        if isinstance(given, Setting):
            function = given.function
            os.environ.update(given.environment)
            logging.getLogger().setLevel(given.level)
        else:
            _answer(connection, function, given)


def _answer(connection: Connection, function: Callable[[Any], Any], item: Any) -> None:
    kept = _Kept()
    logging.getLogger().handlers = [kept]
    try:
        result = function(item)
        connection.send(Answer(result, None, kept.buffer, _peak()))
    except BaseException as error:  # noqa: BLE001 - it is raised in the process that sent the item
        connection.send(Answer(None, carry(error), kept.buffer, _peak()))


def _peak() -> int:
    """Most memory [byte] that this process has had at any time."""
    return (1 if sys.platform == "darwin" else 1024) * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class _Kept(BufferingHandler):
    """Keeps records in a form that can be pickled."""

    def __init__(self) -> None:
        super().__init__(capacity=sys.maxsize)

    def emit(self, record: logging.LogRecord) -> None:
        self.buffer.append(QueueHandler(None).prepare(record))  # type: ignore[arg-type]


if __name__ == "__main__":
    from app.runtime.worker import main as work  # under this name, which pickles know, not as __main__

    work()
