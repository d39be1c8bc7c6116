"""Reading for measurements: WCS and arrays straight from the file, at a tenth of the cost of a datamodel."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asdf
import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.observation.unchecked import unchecked

__all__ = ["SR_TO_ARCSEC2", "footprint", "open_fits", "read_wcs"]

Array = NDArray[np.float64]

SR_TO_ARCSEC2 = np.degrees(1) ** 2 * 3600**2


@contextmanager
def open_fits(path: Path) -> Iterator[fits.HDUList]:
    """Open a FITS file whose arrays are read as far as they are used."""
    with fits.open(path) as hdus:  # memory-mapped, but for arrays that have to be scaled
        yield hdus


def read_wcs(hdus: fits.HDUList) -> Any:
    """The `gwcs.wcs.WCS` in a file's ASDF extension: the one that jwst uses, not its FITS approximation."""
    tree = io.BytesIO(hdus["ASDF"].data["ASDF_METADATA"].tobytes())
    with unchecked(), asdf.open(tree) as file:
        return file["meta"]["wcs"]


def footprint(wcs: Any, shape: tuple[int, int]) -> Array:
    """Corners of an image on the sky [deg], shape (4, 2), in the order of a polygon."""
    ny, nx = shape
    x, y = np.array([0, nx, nx, 0]) - 0.5, np.array([0, 0, ny, ny]) - 0.5
    return np.transpose(wcs(x, y, with_bounding_box=False))
