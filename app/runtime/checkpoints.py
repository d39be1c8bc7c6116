"""What a run has finished, kept in its work folder with checksums, so that a later start of it goes on there.

Results are kept under the name of what is being done (`scope`): of a pool for each item as it arrives (`answers_to`),
of other work as a whole (`kept`). A result that stands for something on the disk has a method ``checksum``, which says
the same for as long as that is whole: it is asked when the result is kept, and again before it is believed.
"""

import logging
import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import Any, TypeVar

__all__ = [
    "Answers",
    "Kept",
    "LeftFile",
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

#: Before each result: its place among the items, its length [byte], its CRC-32.
_HEAD = Struct("<QQI")
#: What is read of a file at a time [byte].
_CHUNK = 1 << 20


@dataclass(frozen=True)
class LeftFile:
    """A result that stands for a file.

    Parameters
    ----------
    path : Path
    """

    path: Path

    def checksum(self) -> int:
        """CRC-32 of the file."""
        crc = 0
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                crc = zlib.crc32(chunk, crc)
        return crc


@dataclass(frozen=True, slots=True)
class Kept:
    """A result, and the checksum of what it stands for on the disk; None where that is nothing."""

    result: Any
    checksum: Any

    @classmethod
    def of(cls, result: Any) -> "Kept":
        """A result as it is now."""
        return cls(result, result.checksum() if hasattr(result, "checksum") else None)

    def is_whole(self) -> bool:
        """Whether what the result stands for is there as it was."""
        try:
            return Kept.of(self.result).checksum == self.checksum
        except (OSError, ValueError, EOFError):  # a file that is gone, cut off, or empty
            return False


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


class Answers:
    """Results that are kept in one file, one behind the other; what is cut off or spoiled counts as never kept.

    Parameters
    ----------
    path : Path
        The file, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[int, tuple[int, int]] = {}
        self._end = 0
        if path.exists():
            self._find()

    def _find(self) -> None:
        with self._path.open("rb") as file:
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                number, length, crc = _HEAD.unpack(head)
                start = file.tell()
                if start + length > self._path.stat().st_size or zlib.crc32(file.read(length)) != crc:
                    break
                self._places[number], self._end = (start, length), start + length
        if self._end != self._path.stat().st_size:
            log.warning("%s: cannot be read to its end: what was kept there is made again", self._path)

    def get(self, number: int, name: str) -> Kept | None:
        """What was made of an item; None where nothing was, or where the item had another name."""
        if number not in self._places:
            return None
        start, length = self._places[number]
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                known, result, checksum = pickle.loads(file.read(length))  # noqa: S301 - nobody else writes there
        except Exception as error:  # noqa: BLE001 - whatever classes do there
            log.warning("%s: %s cannot be read (%s) and is made again", self._path, name, type(error).__name__)
            return None
        return Kept(result, checksum) if known == name else None

    def keep(self, number: int, name: str, made: Kept) -> None:
        """Keep what was made of an item; a later one takes its place."""
        content = pickle.dumps((name, made.result, made.checksum), pickle.HIGHEST_PROTOCOL)
        with self._path.open("ab") as file:
            file.truncate(self._end)
            file.write(_HEAD.pack(number, len(content), zlib.crc32(content)) + content)
        self._places[number] = (self._end + _HEAD.size, len(content))
        self._end += _HEAD.size + len(content)


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
