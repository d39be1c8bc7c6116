"""A result that stands for a file, and whether the file is as it was."""

import os
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["LeftFile", "Mark"]

#: Where Linux says which of its starts this is.
_BOOT = Path("/proc/sys/kernel/random/boot_id")
#: What is read of a file at a time [byte].
_CHUNK = 1 << 20
#: Start of the machine, place on the disk, size, times of the content and of the file itself.
Mark = tuple[str, int, int, int, int, int]


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

    def mark(self) -> Mark | None:
        """What is told at once, and is another as soon as somebody writes to the file.

        The time of the file itself (``ctime``) nobody can set. After a loss of power, and on another machine, the start
        of the machine is another one.

        Returns
        -------
        tuple or None
            None where the system does not tell its starts apart: there the checksum has to be asked.
        """
        found, boot = self.path.stat(), _boot()
        if boot is None:
            return None
        return boot, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@cache
def _boot() -> str | None:
    return _BOOT.read_text() if os.access(_BOOT, os.R_OK) else None
