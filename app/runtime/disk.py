"""Errors of the disk: recognised among other errors, and explained."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.runtime.errors import InputError, causes

__all__ = ["allocate", "device_error", "disk_error", "disk_errors", "existing_part", "folder_size", "free_space"]

#: Errors that are about the place that is written to, whatever file was being written.
_PLACE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "a file would be larger than the system allows",
    errno.EROFS: "it is mounted read-only",
}
#: Words of astropy, and of numpy, for the same without a number.
_NO_ROOM = r"Not enough space on disk|\d+ requested and \d+ written"
#: Errors of what holds the files, whichever file it was: the system often names none.
_DEVICE = {errno.EIO: "the device reports an error", errno.ESTALE: "the file server lost a file"}
#: Errors that are about one file; they count where it lies in the folder.
_FILE = {
    errno.EACCES: "permission is denied",
    errno.EPERM: "it is not permitted",
    errno.ENOENT: "it, or something in it, was removed",
    errno.ENOTDIR: "a part of the path is no folder",
    errno.EEXIST: "a part of the path is no folder",
    errno.ENAMETOOLONG: "the name is too long",
    **_DEVICE,
}


def disk_error(error: BaseException, *folders: Path) -> InputError | None:
    """The error that says what is wrong with the folders that are written to, or a device; None where it is another.

    Parameters
    ----------
    error : BaseException
        Anything; libraries hide the first cause behind errors of their own, so those behind it count too.
    *folders : Path
        out_dir, and where else the run writes.
    """
    for cause in causes(error):
        if isinstance(cause, OSError) and (what := _what(cause, folders)):
            place = next((f for f in folders if _is_in(cause.filename, f)), folders[0])
            named = f" (at {cause.filename})" if cause.filename else ""
            return InputError(f"out_dir={place}: cannot be written to: {what}{named}{_room(cause, place)}")
    return device_error(error)


def device_error(error: BaseException) -> InputError | None:
    """The error that says that input or output failed, though not of what; None where it is another error.

    A read or a write that fails tells a number, and no file: nobody can say whether it was that of an exposure, a
    reference file, or a product.
    """
    for cause in causes(error):
        if isinstance(cause, OSError) and cause.errno in _DEVICE:
            at = cause.filename or "the system does not say of which file"
            return InputError(
                f"input or output failed: {_DEVICE[cause.errno]} ({cause.strerror}; {at}): see the log of the "
                "system (dmesg) for the disks of in_dir, out_dir, work_dir and crds.path; the same command goes on then"
            )
    return None


@contextmanager
def disk_errors(*folders: Path) -> Iterator[None]:
    """Context in which disk errors in `folders` are raised as an `InputError` that explains them."""
    try:
        yield
    except OSError as error:
        if found := disk_error(error, *folders):
            raise found from error
        raise


def free_space(folder: Path) -> int:
    """Space [byte] that is free for this user where `folder` is, or will be."""
    return shutil.disk_usage(existing_part(folder)).free


def folder_size(folder: Path) -> int:
    """Size of all files in a folder, and below it [byte]; 0 where it is not there, or goes meanwhile."""
    return sum(_size(path) for path in folder.rglob("*") if not path.is_dir())


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def allocate(path: Path) -> None:
    """Reserve the disk space of a sparse file before it is mapped.

    On a full disk this raises an error; without it, a write to the mapped file would kill the process (SIGBUS).
    """
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def existing_part(path: Path) -> Path:
    """The path itself, or the nearest above it that is there."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def _what(error: OSError, folders: tuple[Path, ...]) -> str | None:
    number = error.errno or _number_in(str(error))
    if number is None and re.search(_NO_ROOM, str(error)):
        return f"it takes no more: no room, a quota, or a limit on the size of files ({error})"
    if number in _PLACE:
        return _PLACE[number]
    if any(_is_in(error.filename, folder) for folder in folders):
        return _FILE.get(number or 0, error.strerror)
    return None


def _number_in(text: str) -> int | None:
    """The number of an error that a library put into words of its own."""
    found = re.search(r"\[Errno (\d+)\]", text)
    return int(found[1]) if found else None


def _is_in(file: object, folder: Path) -> bool:
    return isinstance(file, (str, Path)) and Path(file).absolute().is_relative_to(folder)


def _room(error: OSError, folder: Path) -> str:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, None):
        return ""
    try:
        return f"; {free_space(folder) / 1e9:.3f} GB are free: make room, or set out_dir or work_dir to another disk"
    except OSError:
        return "; make room"
