"""Files that appear whole or not at all, also after a loss of power, and their checksums."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "fresh_folder",
    "link_or_copy",
    "publish",
    "remove_temporary",
    "settle",
    "settle_folder",
    "sha256",
    "sync",
    "temporary_folder",
    "write_new_text",
    "write_text",
]

#: Start of the names of temporary files; no other program's files begin like this.
_PREFIX = ".jwst-lv3-tmp-"


def write_text(path: Path, text: str) -> Path:
    """Write a text file under a temporary name beside its place, then rename it there."""
    temporary = _temporary(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        return settle(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_new_text(path: Path, text: str) -> Path:
    """Write a text file that is not there yet, whole or not at all.

    Raises
    ------
    FileExistsError
        There is something of that name.
    """
    temporary = _temporary(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        os.link(temporary, path)
        return settle(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def settle(path: Path, place: Path) -> Path:
    """Rename a finished file to its final place, on the same file system; it is whole even after a loss of power.

    The content is synced to disk first, then the file is renamed, then the folder is synced. Every file gets its final
    name here.
    """
    sync(path)
    path.replace(place)
    try:
        sync(place.parent)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES):  # not known here, or may not be listed
            raise
    return place


def settle_folder(folder: Path, place: Path) -> Path:
    """Rename a finished folder to its final place, with all that is in it; readers see it whole or not at all."""
    for path in folder.rglob("*"):
        sync(path)
    return settle(folder, place)


def link_or_copy(path: Path, place: Path) -> None:
    """Give a file a second name; where the file system allows no hard link there, a copy of it."""
    try:
        place.hardlink_to(path)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES):
            raise
        shutil.copyfile(path, place)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Context in which there is an empty folder; what a killed process left in it is removed before, and all after."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(descriptor)


def publish(path: Path, folder: Path) -> Path:
    """Move a finished file into `folder`: readers see the old or the new, never a part."""
    try:
        return settle(path, folder / path.name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    return _publish_copy(path, folder / path.name)


def _publish_copy(path: Path, place: Path) -> Path:
    """Move a file to another file system."""
    temporary = _temporary(place)
    try:
        shutil.copyfile(path, temporary)
        settle(temporary, place)
    finally:
        temporary.unlink(missing_ok=True)
    path.unlink()
    return place


@contextmanager
def temporary_folder(place: Path) -> Iterator[Path]:
    """Context with an empty folder beside a place, on its file system; what is still there at the end is removed."""
    folder = _temporary(place)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_temporary(folder: Path) -> None:
    """Remove temporary files and folders of this module that a killed process left in `folder`."""
    for path in folder.glob(f"{_PREFIX}*.tmp"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f"{_PREFIX}{path.name}.{os.getpid()}.tmp")


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
