"""The processes of a pool: ``python -m app.runtime.worker PARENT SOCKET``, which loads what they need once and forks.

It has no threads and has imported nothing of the user's, so that a fork of it is safe whatever program runs the pool: a
notebook, a script without ``if __name__ == "__main__"``, one with threads.
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
from app.runtime.parent import end_with
from app.runtime.signals import asking

__all__ = ["Answer", "Setting"]


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
    for number in asking():  # a whole process group may get the signal; the owner of the pool decides what to do
        signal.signal(number, signal.SIG_IGN)
    control = Connection(descriptor)
    logging.captureWarnings(True)
    control.recv()()
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
