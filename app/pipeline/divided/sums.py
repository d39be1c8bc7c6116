"""The sum of the mosaic's parts, kept in a file while they are added, so that a later start adds the rest alone."""

import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from app.pipeline.divided.arrays import save_arrays
from app.pipeline.divided.parts import Part, Total
from app.runtime.checkpoints import Latest, is_keeping
from app.runtime.left_file import LeftFile

__all__ = ["EVERY", "add_all"]

#: A sum is kept when parts of so many times its pixels were added since: that takes a quarter of adding them.
EVERY = 8


@dataclass(frozen=True)
class _Sum(LeftFile):
    """A file with a sum, of so many parts from the first on."""

    n_parts: int


def add_all(total: Total, parts: Iterable[Part], folder: Path) -> Total:
    """Add all parts in their order; where an earlier start has kept a sum of the first of them, only the rest.

    Parameters
    ----------
    total : Total
        Nothing is added to it yet.
    parts : iterable of Part
    folder : Path
        For temporary files.

    Returns
    -------
    Total
        The same bits, wherever it has begun; not always the object that was given.
    """
    latest = Latest("sum")
    last: _Sum | None = latest.get()
    total, n_done, n_new = (_read(last.path), last.n_parts, 0) if last else (total, 0, 0)
    for index, part in enumerate(parts):
        if index < n_done:
            continue
        total.add(index, part)
        part.discard()
        n_new += prod(part.box.shape)
        if is_keeping() and n_new >= EVERY * prod(total.box.shape):
            before, last, n_new = last, _write(folder, total, index + 1), 0
            latest.keep(last)
            if before:
                before.path.unlink()
    return total


def _write(folder: Path, total: Total, n_parts: int) -> _Sum:
    """Write a sum as it is: arrays that are one stay one."""
    arrays: list[pickle.PickleBuffer] = []
    head = pickle.dumps(total, pickle.HIGHEST_PROTOCOL, buffer_callback=arrays.append)
    path = folder / f"sum_{n_parts}.npy"
    save_arrays(path, np.frombuffer(head, np.uint8), *(np.frombuffer(array.raw(), np.uint8) for array in arrays))
    return _Sum(path, n_parts)


def _read(path: Path) -> Total:
    arrays, end = [], path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < end:
            arrays.append(np.load(file))
    return pickle.loads(arrays[0], buffers=arrays[1:])  # noqa: S301 - nobody else writes there
