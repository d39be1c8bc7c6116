"""Ways to spoil an exposure: each changes one file in place."""

import bz2
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.io import fits

Spoiler = Callable[[Path], None]


def cut(fraction: float) -> Spoiler:
    """Keep the first part of the file."""
    return lambda path: os.truncate(path, int(path.stat().st_size * fraction))


def write(content: bytes) -> Spoiler:
    """Other content."""
    return lambda path: path.write_bytes(content) and None


def pack(compress: Callable[[bytes], bytes]) -> Spoiler:
    """Packed content under the old name."""
    return lambda path: path.write_bytes(compress(path.read_bytes())) and None


def patch(old: bytes, new: bytes) -> Spoiler:
    """Other bytes in place of the first that match; a FITS library would not write them."""

    def spoil(path: Path) -> None:
        content = path.read_bytes()
        assert old in content
        assert len(old) == len(new)
        path.write_bytes(content.replace(old, new, 1))

    return spoil


def cards(extension: str | int = 0, **values: object) -> Spoiler:
    """Other values in a header; None removes the keyword, wherever it is."""

    def spoil(path: Path) -> None:
        with fits.open(path, mode="update") as hdus:
            for key, value in values.items():
                if value is None:
                    hdus[extension].header.remove(key)
                else:
                    hdus[extension].header[key] = (value, "")

    return spoil


def rewrite(change: Callable[[fits.HDUList], None]) -> Spoiler:
    """Change the list of extensions, or their data."""

    def spoil(path: Path) -> None:
        with fits.open(path) as file:
            hdus = fits.HDUList([hdu.copy() for hdu in file])
        change(hdus)
        hdus.writeto(path, overwrite=True)

    return spoil


def without(name: str) -> Spoiler:
    """Take an extension out."""
    return rewrite(lambda hdus: hdus.remove(hdus[name]))


def data(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Spoiler:
    """Other data in an extension."""

    def replace(hdus: fits.HDUList) -> None:
        hdus[name].data = change(hdus[name].data)

    return rewrite(replace)


def bits(name: str, bitpix: int) -> Spoiler:
    """Another type of an array: the header says it, and the bytes are there."""
    types = {8: np.uint8, 16: np.int16, 32: np.int32, 64: np.int64, -32: np.float32, -64: np.float64}

    def replace(hdus: fits.HDUList) -> None:
        header = hdus[name].header
        for key in ("BZERO", "BSCALE"):
            header.remove(key, ignore_missing=True)
        image = np.nan_to_num(hdus[name].data).astype(types[bitpix])
        hdus[hdus.index_of(name)] = fits.ImageHDU(image, name=name)

    return rewrite(replace)


def meta(change: Callable[[dict], None]) -> Spoiler:
    """Other metadata, as a program that uses jwst would write them."""

    def spoil(path: Path) -> None:
        from stdatamodels.jwst.datamodels import ImageModel

        with ImageModel(path) as model:
            change(model.instance["meta"])
            model.save(path.parent / "spoiled.fits")
        (path.parent / "spoiled.fits").replace(path)

    return spoil


def asdf_bytes(content: bytes) -> Spoiler:
    """Other bytes in the ASDF extension."""
    return rewrite(lambda hdus: set_asdf(hdus, content))


def set_asdf(hdus: fits.HDUList, content: bytes) -> None:
    """Put bytes into the ASDF extension, as jwst does."""
    column = fits.Column(
        array=np.frombuffer(content, np.uint8)[None, :], format=f"{len(content)}B", name="ASDF_METADATA"
    )
    hdus[hdus.index_of("ASDF")] = fits.BinTableHDU.from_columns([column], name="ASDF")


def replace_by(make: Callable[[Path], object]) -> Spoiler:
    """Something else than a file under the name."""

    def spoil(path: Path) -> None:
        path.unlink()
        make(path)

    return spoil


GZIP, BZIP2 = pack(gzip.compress), pack(bz2.compress)
