"""Files that appear whole or not at all, and their checksums."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

__all__ = ["publish", "remove_temporary", "sha256", "write_text"]

#: Start of the names of temporary files; nobody else's begin like this.
_PREFIX = ".jwst-lv3-tmp-"


def write_text(path: Path, text: str) -> Path:
    """Write a text file under a temporary name beside its place, then rename it there."""
    temporary = _temporary(path)
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def publish(path: Path, folder: Path) -> Path:
    """Move a finished file into `folder`: readers see the old or the new, never a part."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    try:
        return path.replace(folder / path.name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    return _publish_copy(path, folder / path.name)


def _publish_copy(path: Path, place: Path) -> Path:
    """Move a file to another file system."""
    temporary = _temporary(place)
    try:
        shutil.copyfile(path, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
    path.unlink()
    return place


def remove_temporary(folder: Path) -> None:
    """Remove temporary files of this module that a killed process left in `folder`."""
    for path in folder.glob(f"{_PREFIX}*.tmp"):
        path.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f"{_PREFIX}{path.name}.{os.getpid()}.tmp")


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
