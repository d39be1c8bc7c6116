"""What a run has finished, kept in its work folder with checksums, so that a later start of it goes on there.

Results are kept under the name of what is being done (`scope`): of a pool for each item as it arrives (`answers_to`),
or of other work as a whole (`kept`).
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from app.runtime.answers import Answers, Kept

__all__ = [
    "Once",
    "Task",
    "answers_to",
    "is_keeping",
    "keeping",
    "kept",
    "name_of",
    "not_keeping",
    "scope",
]

log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Task:
    """An item, and what an earlier start made of it."""

    item: Any
    before: Kept | None


@dataclass(frozen=True, slots=True)
class Once:
    """A function called only where what an earlier start made is not whole; it may be sent to other processes."""

    func: Callable[[Any], Any]

    def __call__(self, task: Task) -> Kept | None:
        """What is made of the item; None where what was made before is as good."""
        return None if task.before and task.before.is_whole() else Kept.of(self.func(task.item))


@dataclass
class _Scope:
    """Where results are kept now: files in `folder` whose names begin with `prefix`."""

    folder: Path
    prefix: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def answers(self, name: str) -> Answers:
        """Results under a name, each time it comes up another one."""
        number = self.counts[name] = self.counts.get(name, -1) + 1
        return Answers(self.folder / f"{self.prefix}{name}.{number}")


_current: ContextVar[_Scope | None] = ContextVar("checkpoints", default=None)


@contextmanager
def _put(place: _Scope | None) -> Iterator[None]:
    before = _current.set(place)
    try:
        yield
    finally:
        _current.reset(before)


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Context in which results are kept in `folder`, of work that has a name."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():  # reading a pickle of somebody else would be running their program
        log.warning("%s: belongs to another user: nothing that is kept there is used, and nothing is kept", folder)
        yield
        return
    with _put(_Scope(folder)):
        yield


def not_keeping() -> AbstractContextManager[None]:
    """Context in which nothing is kept: what is made there is made anew by a later start."""
    return _put(None)


def is_keeping() -> bool:
    """Whether what is on the disk may be needed by a later start."""
    return _current.get() is not None


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Context in which work has a name, so that its results are kept, if any are."""
    place = _current.get()
    with _put(place and _Scope(place.folder, f"{place.prefix}{name}-")):
        yield


def answers_to(function: Callable[..., Any]) -> Answers | None:
    """Where the results of a function for many items are kept; None where they are not."""
    place = _current.get()
    return place.answers(name_of(function)) if place and place.prefix else None


def kept(name: str, function: Callable[[], Result]) -> Result:
    """The result of a function, kept from an earlier start or made now.

    When it is made, what was kept on the way to it is dropped. None is not kept.

    Parameters
    ----------
    name : str
    function : callable
        Without arguments.
    """
    place = _current.get()
    if place is None:
        return function()
    answers = place.answers(name)
    before = answers.get(0, name)
    if before and before.is_whole():
        return before.result
    with scope(name):
        result = function()
    if result is not None:
        answers.keep(0, name, Kept.of(result))
        for path in place.folder.glob(f"{place.prefix}{name}-*"):
            path.unlink()
    return result


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function, whatever arguments it has been given already."""
    while callable(inner := getattr(function, "func", None)):
        function = inner
    return str(getattr(function, "__qualname__", function)).lstrip("_")
