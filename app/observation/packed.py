"""Exposures that are packed with gzip: where they are unpacked, for jwst reads none that are."""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PACKED", "UNPACKED_FOLDER", "readable", "unpack", "unpacked_name"]

PACKED = ".gz"
#: Name of the folder, in a run's work folder, for unpacked exposures.
UNPACKED_FOLDER = "unpacked"


def unpacked_name(name: str) -> str:
    """A file's name without the suffix of the packer."""
    return name.removesuffix(PACKED)


def unpack(path: Path, place: Path) -> None:
    """Write the content of a packed file to another, in a folder that is made where there is none.

    Raises
    ------
    OSError
        It cannot be unpacked.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with gzip.open(path) as packed, place.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
    except (EOFError, zlib.error) as error:
        raise OSError(f"cannot be unpacked ({error})") from error


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Context with a file that can be read as it is: the file itself, or a temporary unpacked one."""
    if path.suffix != PACKED:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="jwst-lv3-") as folder:
        place = Path(folder, unpacked_name(path.name))
        unpack(path, place)
        yield place
