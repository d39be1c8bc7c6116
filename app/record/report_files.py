"""The folder beside the report, with the tiles of a large mosaic: replaced and removed only where it is ours."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.observation.names import REPORT_FILES
from app.runtime.errors import InputError
from app.runtime.files import settle_folder, temporary_folder

__all__ = ["are_ours", "remove_report_files", "report_files"]

_TILE = re.compile(r"\d+_\d+_\d+\.js")


def are_ours(folder: Path) -> bool:
    """Whether the folder beside the report in `folder` is not there, or holds nothing but tiles of a report."""
    place = folder / REPORT_FILES
    if place.is_symlink() or not place.is_dir():
        return not place.is_symlink() and not place.exists()
    return all(_TILE.fullmatch(path.name) for path in place.iterdir())


def remove_report_files(folder: Path) -> None:
    """Remove the folder beside the report in `folder`, if it is ours."""
    if are_ours(folder):
        shutil.rmtree(folder / REPORT_FILES, ignore_errors=True)


@contextmanager
def report_files(folder: Path) -> Iterator[Path]:
    """A folder for the files beside the report, which replaces the one that is there when all are written.

    Raises
    ------
    InputError
        There is something of that name that is not ours.
    """
    if not are_ours(folder):
        raise InputError(f"{folder / REPORT_FILES}: holds what is not this program's; move it away")
    with temporary_folder(folder / REPORT_FILES) as files:
        yield files
        remove_report_files(folder)
        if any(files.iterdir()):
            settle_folder(files, folder / REPORT_FILES)
