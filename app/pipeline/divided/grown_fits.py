"""A datamodel's FITS file with images that are never in memory: written with small ones, grown, and filled by rows."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import prod
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from stdatamodels import DataModel
from stdatamodels.fits_support import fits_hash

from app.observation.fits_internals import careful_writes
from app.pipeline.divided.exposure_files import extensions
from app.runtime.files import fresh_folder, settle

__all__ = ["FilePlanes", "grow", "growing"]

#: FITS files consist of such blocks [byte] (FITS standard 4.0, 3.1).
_BLOCK = 2880


@dataclass(frozen=True, slots=True)
class FilePlanes:
    """The place of an image, or of a stack of them, in a file that is as large as it is going to be.

    Parameters
    ----------
    path : Path
    start : int
        Where the array begins [byte].
    shape : tuple of int
    dtype : str
        As it is in the file.
    zero : int
        What is subtracted from unsigned integers in the file, which knows none (FITS standard 4.0, 5.2.5).
    """

    path: Path
    start: int
    shape: tuple[int, ...]
    dtype: str
    zero: int

    def fill(self, first: int, rows: NDArray) -> None:
        """Write whole rows from a number on, of all planes; where they are 0, so is the file already."""
        *planes, ny, nx = self.shape
        with self.path.open("r+b") as file:
            for plane, values in enumerate(rows.reshape(-1, *rows.shape[-2:]) if planes else rows[None]):
                if self.zero or values.any():
                    file.seek(self.start + (plane * ny + first) * nx * np.dtype(self.dtype).itemsize)
                    stored = (values.astype(np.int64) - self.zero) if self.zero else values
                    file.write(np.ascontiguousarray(stored, self.dtype).data)


@contextmanager
def growing(model: DataModel, shape: tuple[int, int], path: Path) -> Iterator[dict[str, FilePlanes]]:
    """Context in which a datamodel's file is filled that has larger images than it; the file appears at its end, whole.

    Parameters
    ----------
    model : DataModel
        With small images, of a pixel say.
    shape : (int, int)
        Rows and columns of those in the file.
    path : Path

    Yields
    ------
    dict
        Where the images are, all bytes of which are 0, by their names in the datamodel.
    """
    there = {name: extension for name, extension in extensions().items() if name in model.instance}
    shapes = {there[name]: (*model.instance[name].shape[:-2], *shape) for name in there}
    with fresh_folder(path.parent / f".{path.stem}") as folder:
        with careful_writes():
            model.save(folder / path.name)  # under its own name, which jwst writes into the header
        planes = grow(folder / path.name, shapes, folder / "grown.fits")
        yield {name: planes[extension] for name, extension in there.items()}
        settle(folder / "grown.fits", path)


def grow(small: Path, shapes: Mapping[str, tuple[int, ...]], grown: Path) -> dict[str, FilePlanes]:
    """Write a datamodel's file again with larger images, all bytes of them 0.

    Parameters
    ----------
    small : Path
        The file, with small images of as many dimensions in the places of those.
    shapes : mapping
        Of the images, by the names of their extensions.
    grown : Path
        The new file.

    Returns
    -------
    dict
        Where the images are, by the names of their extensions.
    """
    planes = {}
    with fits.open(small) as hdus, small.open("rb") as old, grown.open("xb", buffering=0) as new:
        for hdu in hdus:
            header, content = _read(old, hdu.fileinfo())
            if hdu.name in shapes:
                planes[hdu.name] = _grow_image(new, header, shapes[hdu.name])
            elif hdu.name == "ASDF":
                tree = _TREE_SHAPE.sub(partial(_shape_in_tree, shapes), content[: header["NAXIS1"]])
                _write_tree(new, header, _moved_blocks(tree.replace(*_hashes(hdus, grown), 1), header["NAXIS1"]))
            else:
                new.write(header.tostring().encode("ascii") + content)
    return planes


#: An array of an extension in a datamodel's tree, up to its shape.
_TREE_SHAPE = re.compile(rb"(source: fits:(\w+),1\n(?:(?!\n\S).)*?shape: )\[[^\]]*\]", re.DOTALL)


def _read(file: BinaryIO, place: Mapping[str, int]) -> tuple[fits.Header, bytes]:
    """Header and data of an extension, as they are in the file."""
    file.seek(place["hdrLoc"])
    header = fits.Header.fromstring(file.read(place["datLoc"] - place["hdrLoc"]))
    return header, file.read(place["datSpan"])


def _grow_image(file: BinaryIO, header: fits.Header, shape: tuple[int, ...]) -> FilePlanes:
    """Write the header of an image, and leave room for it."""
    for axis, length in enumerate(reversed(shape), start=1):
        header[f"NAXIS{axis}"] = length
    file.write(header.tostring().encode("ascii"))
    bits = header["BITPIX"]
    dtype = f">{'i' if bits > 0 else 'f'}{abs(bits) // 8}"
    planes = FilePlanes(Path(file.name), file.tell(), shape, dtype, int(header.get("BZERO", 0)))
    file.truncate(file.tell() + -(-prod(shape) * abs(bits) // 8 // _BLOCK) * _BLOCK)
    file.seek(0, SEEK_END)
    return planes


def _shape_in_tree(shapes: Mapping[str, tuple[int, ...]], found: re.Match[bytes]) -> bytes:
    shape = shapes.get(found[2].decode("ascii"))
    return found[0] if shape is None else found[1] + str(list(shape)).encode("ascii")


def _hashes(before: fits.HDUList, grown: Path) -> tuple[bytes, bytes]:
    """What the tree says of the headers before it, and what it is to say."""
    with fits.open(grown) as after:
        old, new = (fits_hash(hdus).encode("ascii") for hdus in (before, after))
    return old, new


def _moved_blocks(tree: bytes, before: int) -> bytes:
    """A tree that had another length, whose index says where the blocks of arrays are now (ASDF standard 1.6)."""
    head, index, places = tree.partition(b"#ASDF BLOCK INDEX\n")
    moved = len(tree) - before
    return head + index + re.sub(rb"(?m)^- (\d+)$", lambda found: b"- %d" % (int(found[1]) + moved), places)


def _write_tree(file: BinaryIO, header: fits.Header, tree: bytes) -> None:
    """Write the table that holds the tree, which had another length."""
    header["NAXIS1"], header["TFORM1"] = len(tree), f"{len(tree)}B"
    file.write(header.tostring().encode("ascii") + tree.ljust(-(-len(tree) // _BLOCK) * _BLOCK, b"\0"))
