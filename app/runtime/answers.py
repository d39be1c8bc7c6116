"""Results in a file, one behind the other, each with its checksum and that of what it stands for.

A result that stands for something on the disk has a method ``checksum``, which says the same for as long as that is
whole: it is asked when the result is kept, and again before it is believed, unless a method ``mark`` says that nobody
has written there since.
"""

import logging
import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any

from app.runtime.left_file import Mark

__all__ = ["Answers", "Kept"]

log = logging.getLogger(__name__)

#: Before each result: its place among the items, its length [byte], its CRC-32.
_HEAD = Struct("<QQI")


@dataclass(frozen=True, slots=True)
class Kept:
    """A result, and checksum and mark of what it stands for on the disk; None where that is nothing."""

    result: Any
    checksum: Any
    mark: Mark | None

    @classmethod
    def of(cls, result: Any) -> "Kept":
        """A result as it is now."""
        return cls(result, _asked(result, "checksum"), _asked(result, "mark"))

    def is_whole(self) -> bool:
        """Whether what the result stands for is there as it was."""
        try:
            if self.mark and self.mark == _asked(self.result, "mark"):
                return True
            return _asked(self.result, "checksum") == self.checksum
        except (OSError, ValueError, EOFError):  # a file that is gone, cut off, or empty
            return False


def _asked(result: Any, question: str) -> Any:
    """What a result says of what it stands for; None where it stands for nothing."""
    return getattr(result, question)() if hasattr(result, question) else None


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
                known, kept = pickle.loads(file.read(length))  # noqa: S301 - nobody else writes there
        except Exception as error:  # noqa: BLE001 - whatever classes do there
            log.warning("%s: %s cannot be read (%s) and is made again", self._path, name, type(error).__name__)
            return None
        return kept if known == name else None

    def keep(self, number: int, name: str, made: Kept) -> None:
        """Keep what was made of an item; a later one takes its place."""
        content = pickle.dumps((name, made), pickle.HIGHEST_PROTOCOL)
        with self._path.open("ab") as file:
            file.truncate(self._end)
            file.write(_HEAD.pack(number, len(content), zlib.crc32(content)) + content)
        self._places[number] = (self._end + _HEAD.size, len(content))
        self._end += _HEAD.size + len(content)
