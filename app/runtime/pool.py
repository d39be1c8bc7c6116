"""A function on many items, by several processes: in order, without threads, and never hanging.

Processes are forked where that is safe, on Linux while this process has no Python threads but ours that only wait: they
start at once, share the imported libraries with their parent, and a user's script needs no
``if __name__ == "__main__"``. Anywhere else they are spawned.
"""

import gc
import logging
import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from logging.handlers import BufferingHandler, QueueHandler
from typing import TypeVar

from app.runtime import lock, signals
from app.runtime.errors import MemoryExceededError
from app.runtime.progress import part_done

__all__ = ["run_all"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_all(function: Callable[[Item], Result], items: Iterable[Item], procs: int) -> Iterator[Result]:
    """Call a function with every item.

    Parameters
    ----------
    function : callable
        Takes one item; a function of a module or a `functools.partial` of one, so that it can be pickled. What it logs
        is logged by this process, in the order of the items.
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
        A process ended without a word; on Linux this is how a lack of memory looks.
    Exception
        Whatever `function` raises first, in the order of the items.
    """
    total = len(items) if isinstance(items, Sized) else None
    with closing(_results(function, items, procs if total is None else min(procs, total))) as results:
        for done, result in enumerate(results, start=1):
            if total is not None:
                part_done(done, total)
            yield result


def _results(function: Callable[[Item], Result], items: Iterable[Item], procs: int) -> Generator[Result, None, None]:
    """The results in order, by `procs` processes; 1 is this one."""
    if procs <= 1:
        yield from map(function, items)
        return
    with _executor(procs) as executor:
        under_way: deque[Future] = deque()
        for item in items:
            under_way.append(executor.submit(_logged, function, item))
            if len(under_way) == 2 * procs:
                yield _result(under_way.popleft())
        while under_way:
            yield _result(under_way.popleft())


@contextmanager
def _executor(procs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this context, at once where it is left by an error."""
    is_fork_safe = sys.platform == "linux" and all(map(_is_harmless, threading.enumerate()))
    context = multiprocessing.get_context("fork" if is_fork_safe else "spawn")
    others = set(multiprocessing.active_children())
    gc.freeze()  # a collection would write to every object, and so copy the memory that the processes share
    executor = ProcessPoolExecutor(procs, context, _start, (logging.getLogger().level, dict(os.environ)))
    try:
        with warnings.catch_warnings():
            # Python 3.12 counts the idle threads of OpenBLAS, which minds forks itself.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            executor.submit(int).result()  # all processes are forked here, before the executor's own thread starts
        yield executor
    except BrokenProcessPool as error:
        time.sleep(0.2)  # a signal that ended a whole group of processes reaches this one too, and says more
        raise MemoryExceededError(
            "a worker process ended without a word, which is most often the kernel's answer to a lack of memory: "
            f"give the job more memory, or set less than procs={procs}"
        ) from error
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        with suppress(RuntimeError):  # a signal came before the executor's own thread was started
            executor.shutdown(cancel_futures=True)
        gc.unfreeze()


def _is_harmless(thread: threading.Thread) -> bool:
    """Whether a fork may leave this thread behind: the main one, and ours that wait and hold nothing a child needs."""
    return thread is threading.main_thread() or thread.name.startswith((signals.THREAD_NAME, lock.THREAD_NAME))


def _start(level: int, environment: dict[str, str]) -> None:
    """Make a new process ready: it says nothing itself, and ends when its parent does."""
    os.environ.update(environment)
    root = logging.getLogger()
    root.handlers = []
    root.setLevel(level)
    logging.captureWarnings(True)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class _Kept(BufferingHandler):
    """Keeps records in a form that can be pickled."""

    def __init__(self) -> None:
        super().__init__(capacity=sys.maxsize)

    def emit(self, record: logging.LogRecord) -> None:
        self.buffer.append(QueueHandler(None).prepare(record))  # type: ignore[arg-type]


def _logged(function: Callable[[Item], Result], item: Item) -> tuple[Result, list[logging.LogRecord]]:
    """What a function returns, and what it logs; in the other process."""
    kept = _Kept()
    root = logging.getLogger()
    root.addHandler(kept)
    try:
        return function(item), kept.buffer
    finally:
        root.removeHandler(kept)


def _result(future: "Future[tuple[Result, list[logging.LogRecord]]]") -> Result:
    """The result; what was logged on the way is logged here."""
    result, records = future.result()
    for record in records:
        logging.getLogger(record.name).handle(record)
    return result
