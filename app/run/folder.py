"""The output folder of a run, filled with whole files, and its work folder, where what is not finished is kept."""

import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.observation.names import REPORT_NAME
from app.observation.packed import UNPACKED_FOLDER
from app.record.report_files import remove_report_files
from app.runtime.disk import disk_errors, folder_size
from app.runtime.errors import InputError
from app.runtime.files import publish, remove_temporary, write_text
from app.runtime.lock import LOCK_NAME, OutputLock, locked

__all__ = ["OutputFolder"]

log = logging.getLogger(__name__)

#: Space that is reserved [byte], so that the record can be written on a full disk.
_RESERVE = 1 << 20
#: What a work folder holds beside temporary files.
_RESERVED, _OWNER, _PRODUCTS, _CHECKPOINTS = "reserve", "run", "products", "checkpoints"


class OutputFolder:
    """Where a run writes.

    What a run has finished stays in its work folder until all of it is finished, with the identity of the run, so
    that the same command goes on there.

    Parameters
    ----------
    config : Lv3Config

    Attributes
    ----------
    path : Path
        out_dir.
    """

    def __init__(self, config: Lv3Config) -> None:
        self._config = config
        self.path = config.output_folder

    @property
    def work(self) -> Path:
        """Folder for what is not finished."""
        return self._config.work_folder

    @property
    def products(self) -> Path:
        """Where products are until they are whole."""
        return self.work / _PRODUCTS

    @property
    def checkpoints(self) -> Path:
        """Where results are kept."""
        return self.work / _CHECKPOINTS

    @property
    def owner(self) -> str | None:
        """Identity of the run whose work is kept; None where there is none."""
        try:
            return (self.work / _OWNER).read_text(encoding="utf-8")
        except OSError:
            return None

    def own(self, identity: str) -> None:
        """Let the work folder belong to a run from now on."""
        write_text(self.work / _OWNER, identity)

    @contextmanager
    def taken(self) -> Iterator[OutputLock]:
        """Context in which the folder belongs to this run; at its end only a work folder with an owner stays.

        Raises
        ------
        InputError
            The folder cannot be written to, or another run is at work in it.
        """
        with disk_errors(self.path, self.work):
            self.path.mkdir(parents=True, exist_ok=True)
            with locked(self.path) as lock:
                remove_temporary(self.path)
                try:
                    yield lock
                finally:
                    self._leave(lock)

    def _leave(self, lock: OutputLock) -> None:
        with suppress(InputError):  # the folder is another run's by now, or gone
            lock.check()
            self.make_room()
            if self.owner is None:
                self.clear_up()

    def prepare(self) -> None:
        """Make the work folder, unless it is there, and reserve room for the record."""
        mark = self._config.work_mark
        if mark.exists() and mark.is_dir() == bool(self._config.work_dir):  # of a run with, or without, work_dir
            _remove(mark)
        if self._config.work_dir and not mark.exists():
            write_text(mark, uuid.uuid4().hex)
        self.products.mkdir(parents=True, exist_ok=True)
        (self.work / _RESERVED).write_bytes(os.urandom(_RESERVE))

    def make_room(self) -> None:
        """Give back the room that is reserved; where that cannot be done, what needs it may say so."""
        with suppress(OSError):
            (self.work / _RESERVED).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a killed run left beside finished products; a folder without remains is not written to."""
        if self.is_left():
            with self.taken():
                self.clear_up()

    def is_left(self) -> bool:
        """Whether a run is at work here, or left something."""
        return self.work.exists() or self._config.work_mark.exists() or (self.path / LOCK_NAME).exists()

    def clear(self) -> None:
        """Remove all that is not finished, of this run or of an earlier one.

        Raises
        ------
        OSError
            Something stays there, which another run might take for its own.
        """
        _remove(self.work)
        _remove(self._config.work_mark)

    def clear_up(self) -> None:
        """The same after the end of a run, good or bad, which remains do not change: the next start removes them."""
        try:
            self.clear()
        except OSError as error:
            log.warning("%s: not all of it could be removed: %s", self.work, error)

    def empty(self) -> None:
        """Remove what led to products that are published; what NFS leaves of a folder with open files does no harm."""
        for path in self.work.iterdir():
            if path.name not in (_RESERVED, _OWNER, _PRODUCTS, _CHECKPOINTS, UNPACKED_FOLDER):
                _remove(path, ignore_errors=True)
        for path in self.checkpoints.glob("*"):
            path.unlink()

    def kept(self) -> dict[str, Any]:
        """What the record says of work that the same command goes on with, if there is any; the log says it too."""
        if self.owner is None:
            return {}
        size = folder_size(self.work)
        log.info("the same command goes on with what is finished: %.3f GB in %s", size / 1e9, self.work)
        return {"kept": {"folder": str(self.work), "size": size}}

    def disown(self) -> None:
        """Keep nothing from now on: what is to be made yet is published piece by piece."""
        (self.work / _OWNER).unlink(missing_ok=True)
        self.empty()

    def remove(self, names: Iterable[str]) -> None:
        """Remove products of an earlier run, by their names in its record, and nothing outside of this folder."""
        for name in names:
            (self.path / Path(name).name).unlink(missing_ok=True)
            if name == REPORT_NAME:
                remove_report_files(self.path)

    def publish(self, files: Iterable[Path]) -> None:
        """Move finished files to their places; those that are there already stay."""
        for file in files:
            if file.parent != self.path:
                publish(file, self.path)

    def take_back(self, names: Iterable[str]) -> None:
        """Move products that were published before all of them could be to where they were made."""
        for name in names:
            if (place := self.path / Path(name).name).is_file():
                publish(place, self.products)


def _remove(path: Path, ignore_errors: bool = False) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=ignore_errors)
    else:
        path.unlink(missing_ok=True)
