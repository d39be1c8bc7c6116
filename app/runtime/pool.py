"""A function called with many items, by several processes: results are in order, and it never hangs.

The processes are forked by one that was started for it (`app.runtime.worker`), never by this one, which may have
threads or be a user's script. A run has one pool, `one_pool`, whose processes have loaded their libraries while headers
were read.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import closing, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from app.runtime.answers import Answers, Kept
from app.runtime.checkpoints import Once, Task, answers_to
from app.runtime.processes import Processes
from app.runtime.progress import part_done
from app.runtime.round import Round, name_of_item

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
            names[number] = name_of_item(item)
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
        yield from Round(pool, function, procs, arrived).results(items)
        return
    own = Processes(partial(_know, function))
    try:
        yield from Round(own, function, procs, arrived).results(items)
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
