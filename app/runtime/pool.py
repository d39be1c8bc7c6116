"""A function called with many items, by several processes: results are in order, and it never hangs.

The processes are forked by one that was started for it (`app.runtime.worker`), never by this one, which may have
threads or be a user's script. A run has one pool, `one_pool`, whose processes have loaded their libraries while headers
were read.
"""

import logging
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import closing, contextmanager
from contextvars import ContextVar
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar

from app.runtime.answers import Answers, Kept
from app.runtime.checkpoints import Once, Task, answers_to, name_of
from app.runtime.errors import Lv3Error, MemoryExceededError
from app.runtime.processes import Processes
from app.runtime.progress import part_done
from app.runtime.signals import asking, interruption
from app.runtime.worker import Answer, Setting

__all__ = ["forked_pool", "largest_worker", "one_pool", "ready_pool", "run_all"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_current: ContextVar[Processes | None] = ContextVar("pool", default=None)


def run_all(function: Callable[[Item], Result], items: Iterable[Item], procs: int) -> Iterator[Result]:
    """Call a function with every item.

    Parameters
    ----------
    function : callable
        Takes one item; a function of a module or a `functools.partial` of one, so that it can be pickled. What it logs
        is logged by this process, in the order of the items. Where results are kept (`app.runtime.checkpoints`), it is
        not called for items that an earlier start of the run has finished.
    items : iterable
        Read no further ahead than the processes need.
    procs : int
        Number of processes; 1 calls in this process.

    Yields
    ------
    object
        The result for each item, in the order of the items. Results wait for those before them: at most
        ``2 * procs`` items are under way.

    Raises
    ------
    MemoryExceededError
        A process was killed; on Linux this is how a lack of memory looks.
    Interrupted
        A process was told to end.
    Lv3Error
        A process crashed.
    Exception
        Whatever `function` raises first, in the order of the items: the same class, the same text.
    """
    total = len(items) if isinstance(items, Sized) else None
    answers = answers_to(function)
    made = _results(function, items, procs) if answers is None else _missing_results(answers, function, items, procs)
    with closing(made) as results:
        for done, result in enumerate(results, start=1):
            if total:
                part_done(done, total)
            yield result


def _missing_results(
    answers: Answers, function: Callable[[Item], Result], items: Iterable[Item], procs: int
) -> Generator[Result, None, None]:
    """Results of which those that are not kept are made, and kept as soon as they are there."""
    before: dict[int, Kept | None] = {}
    names: dict[int, str] = {}

    def tasks() -> Iterator[Task]:
        for number, item in enumerate(items):
            names[number] = _what(item)
            before[number] = answers.get(number, names[number])
            yield Task(item, before[number])

    def keep(number: int, made: Kept | None) -> None:
        if made is not None:
            answers.keep(number, names[number], made)

    for number, made in enumerate(_results(Once(function), tasks(), procs, keep)):
        found = made or before[number]
        assert found is not None
        del names[number], before[number]
        yield found.result


def _results(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    procs: int,
    arrived: Callable[[int, Result], None] = lambda *_: None,
) -> Generator[Result, None, None]:
    """Results in order; each is told to `arrived`, with its place, as soon as it is there."""
    if procs <= 1:
        for number, item in enumerate(items):
            arrived(number, result := function(item))
            yield result
        return
    pool = _current.get()
    if pool is not None and not pool.is_busy:
        yield from _Round(pool, function, procs, arrived).results(items)
        return
    own = Processes(partial(_know, function))
    try:
        yield from _Round(own, function, procs, arrived).results(items)
    finally:
        own.stop()


@contextmanager
def one_pool(procs: int, load: Callable[[], None]) -> Iterator[None]:
    """Context in which `run_all` has the same processes each time; inside another such context, those of the outer one.

    Parameters
    ----------
    procs : int
        Where it is 1, there are none.
    load : callable
        A function of a module, without arguments, which loads what the processes need: called once, before they are
        forked, while this process goes on.
    """
    if procs <= 1 or _current.get() is not None:
        yield
        return
    pool = Processes(load)
    with _pool(pool):
        pool.start()
        yield


@contextmanager
def forked_pool(procs: int, load: Callable[[], None]) -> Iterator[None]:
    """The same in a process that is ours alone: when processes are needed first, it loads, and they are forks of it."""
    if procs <= 1:
        yield
        return
    with _pool(Processes(load, forks_this=True)):
        yield


@contextmanager
def _pool(pool: Processes) -> Iterator[None]:
    before = _current.set(pool)
    try:
        yield
    finally:
        _current.reset(before)
        pool.stop()


def ready_pool() -> None:
    """Make the pool ready, if there is one: before there are files and threads that are for this process alone."""
    if pool := _current.get():
        pool.start()


def largest_worker() -> int:
    """Most memory [byte] that a process of the pool has had at any time; 0 where there is no pool."""
    pool = _current.get()
    return pool.peak if pool else 0


def _know(function: Callable[[Any], Any]) -> None:
    """Load the module of a function: that happens already when the function is unpickled."""


class _Round:
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
        doing = f"during {name_of(self._function)} of {_what(item)}"
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


def _what(item: Any) -> str:
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
