"""Arrays in temporary files, which are whole or an error."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.lib.format import (
    header_data_from_array_1_0,
    read_array_header_1_0,
    read_magic,
    write_array_header_1_0,
)
from numpy.typing import ArrayLike, NDArray

__all__ = ["map_array", "map_arrays", "save_arrays"]


def map_array(path: Path) -> NDArray:
    """An array in a file, of which pages are read as they are needed.

    It is a plain array: of numpy's class for such files drizzle makes a copy in memory, of all of it.
    """
    return np.load(path, mmap_mode="r").view(np.ndarray)


def map_arrays(path: Path) -> Iterator[NDArray]:
    """The arrays that stand behind each other in a file (see `save_arrays`), as `map_array` gives one."""
    with path.open("rb") as file:
        while file.peek(1):
            read_magic(file)
            shape, _, dtype = read_array_header_1_0(file)
            array = np.memmap(file, dtype, "r", start := file.tell(), shape).view(np.ndarray)
            yield array
            file.seek(start + array.nbytes)


def save_arrays(path: Path, *arrays: ArrayLike) -> None:
    """Write arrays one behind the other, in the form of `numpy.save`.

    Not by `numpy.save`: that writes through a buffer of the C library, and an error of the device in the last of it is
    lost when the file is closed.
    """
    with path.open("wb", buffering=0) as file:
        for array in map(np.ascontiguousarray, arrays):
            head = io.BytesIO()
            write_array_header_1_0(head, header_data_from_array_1_0(array))
            for part in (head.getbuffer(), array.reshape(-1).view(np.uint8).data):
                rest = part
                while rest:
                    rest = rest[file.write(rest) :]
