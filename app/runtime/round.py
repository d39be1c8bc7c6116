"""A round of a pool: one function called with many items, each by the process that is free next."""

import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from app.runtime.checkpoints import Task, name_of
from app.runtime.errors import Lv3Error, MemoryExceededError
from app.runtime.give_back import give_back
from app.runtime.processes import Processes
from app.runtime.signals import asking, interruption
from app.runtime.worker import Answer, Setting

__all__ = ["Round", "name_of_item"]


class Round:
    """One function on many items.

    Parameters
    ----------
    pool : Processes
    function : callable
    procs : int
        Number of processes that take part.
    arrived : callable
        Takes each result, after its place among the items, as soon as it is there.
    """

    def __init__(
        self, pool: Processes, function: Callable[[Any], Any], procs: int, arrived: Callable[[int, Any], None]
    ) -> None:
        self._pool, self._function, self._procs, self._arrived = pool, function, procs, arrived
        self._setting = Setting(function, dict(os.environ), logging.getLogger().level)
        self._others = list(pool.workers)  # processes that have not received the function yet
        self._idle: list[Connection] = []
        self._busy: dict[Connection, tuple[int, Any]] = {}
        self._answers: dict[int, Answer] = {}
        self._n_given = 0

    def results(self, items: Iterable[Any]) -> Iterator[Any]:
        """Results in the order of the items."""
        todo, n_taken = enumerate(items), 0
        self._pool.is_busy = True
        give_back()  # this process is going to wait for others
        try:
            while True:
                self._give(todo, n_taken)
                if n_taken in self._answers:
                    yield _result(self._answers.pop(n_taken))
                    n_taken += 1
                elif self._busy:
                    self._collect()
                else:
                    return
        finally:
            self._pool.is_busy = False
            if self._busy:
                self._pool.stop()

    def _give(self, todo: Iterator[tuple[int, Any]], n_taken: int) -> None:
        """Give items to processes that have none; a process is given its next only when it has answered."""
        while len(self._busy) < self._procs and self._n_given - n_taken < 2 * self._procs:
            if (task := next(todo, None)) is None:
                return
            worker = self._idle.pop() if self._idle else self._introduce()
            self._busy[worker] = task
            with self._watched(worker):
                worker.send(task[1])
            self._n_given += 1

    def _introduce(self) -> Connection:
        """Send the function to one more process."""
        worker = self._others.pop() if self._others else self._pool.fork()
        with self._watched(worker):
            worker.send(self._setting)
        return worker

    def _collect(self) -> None:
        """Wait for answers."""
        for worker in wait(list(self._busy)):
            assert isinstance(worker, Connection)
            with self._watched(worker):
                answer: Answer = worker.recv()
            self._pool.peak = max(self._pool.peak, answer.peak)
            number, _ = self._busy.pop(worker)
            self._answers[number] = answer
            if answer.error is None:
                self._arrived(number, answer.result)
            self._idle.append(worker)

    @contextmanager
    def _watched(self, worker: Connection) -> Iterator[None]:
        try:
            yield
        except (EOFError, ConnectionError) as error:
            raise self._death(worker) from error

    def _death(self, worker: Connection) -> BaseException:
        """The error for a dead process, from its exit status."""
        status = self._pool.end_of(worker)
        _, item = self._busy.get(worker, (0, None))
        doing = f"during {name_of(self._function)} of {name_of_item(item)}"
        if status == -signal.SIGKILL:
            return MemoryExceededError(
                f"a worker process was killed {doing}, most often by the kernel, for lack of memory: "
                f"give the job more memory, or set less than procs={self._procs}"
            )
        if -status in asking():
            if callable(signal.getsignal(-status)):
                signal.raise_signal(-status)  # handled here as if this process had been told
            return interruption(-status)
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
        return Lv3Error(f"a worker process {how} {doing}: please report it, with lv3_run.log")


def name_of_item(item: Any) -> str:
    """What an item is about: most often a file; arrays are not printed, which takes longer than much of the work."""
    item = item.item if isinstance(item, Task) else item
    while isinstance(item, (tuple, list)) and item:
        item = item[0]
    if hasattr(item, "shape"):
        return f"an array of shape {item.shape}"
    path = item if isinstance(item, Path) else getattr(item, "path", None)
    return path.name if isinstance(path, Path) else str(item)[:80]


def _result(answer: Answer) -> Any:
    """The result, or the error raised; what was logged on the way is logged here."""
    for record in answer.records:
        logging.getLogger(record.name).handle(record)
    if answer.error is not None:
        raise answer.error.error()
    return answer.result
