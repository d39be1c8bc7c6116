"""The output folder of a run: taken by one run at a time, cleared of what a dead one left, filled with whole files."""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config.schema import Lv3Config
from app.runtime.disk import disk_errors
from app.runtime.files import publish, remove_temporary
from app.runtime.lock import LOCK_NAME, OutputLock, locked

__all__ = ["OutputFolder"]

log = logging.getLogger(__name__)

#: Room that is kept [byte]: on a full disk the record finds it, once the work folder is removed.
_RESERVE = 1 << 20


class OutputFolder:
    """Where a run writes.

    Parameters
    ----------
    config : Lv3Config

    Attributes
    ----------
    path : Path
        out_dir.
    work : Path
        Folder for what is not finished.
    """

    def __init__(self, config: Lv3Config) -> None:
        self.path = config.output_folder
        self.work = config.work_folder

    @property
    def products(self) -> Path:
        """Where products are until they are whole."""
        return self.work / "products"

    @contextmanager
    def taken(self) -> Iterator[OutputLock]:
        """Context in which the folder belongs to this run; it starts and ends without unfinished files.

        Raises
        ------
        InputError
            The folder cannot be written to, or another run is at work in it.
        """
        with disk_errors(self.path, self.work):
            self.path.mkdir(parents=True, exist_ok=True)
            with locked(self.path) as lock:
                self.clear()
                try:
                    self.work.mkdir(parents=True)
                    (self.work / "reserve").write_bytes(os.urandom(_RESERVE))
                    yield lock
                finally:
                    self.clear()

    def tidy(self) -> None:
        """Remove what a killed run left; a folder without such remains is not written to."""
        if self.work.exists() or (self.path / LOCK_NAME).exists():
            with self.taken():
                pass

    def clear(self) -> None:
        """Remove unfinished files, of this run or of one that was killed."""
        shutil.rmtree(self.work, ignore_errors=True)
        remove_temporary(self.path)

    def remove(self, names: Iterable[str]) -> None:
        """Remove products of an earlier run, by their names in its record, and nothing outside of this folder."""
        for name in names:
            (self.path / Path(name).name).unlink(missing_ok=True)

    def publish(self, files: Iterable[Path]) -> None:
        """Move finished files to their places; those that are there already stay."""
        for file in files:
            if file.parent != self.path:
                publish(file, self.path)
