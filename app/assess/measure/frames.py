"""Reading for measurements: WCS and arrays straight from the file, at a tenth of the cost of a datamodel."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asdf
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

__all__ = ["SR_TO_ARCSEC2", "TangentPlane", "footprint", "open_fits", "read_wcs"]

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
    with _unchecked(), asdf.open(tree) as file:
        return file["meta"]["wcs"]


@contextmanager
def _unchecked() -> Iterator[None]:
    """Context in which asdf does not check files against their schemas: jwst has, and it takes longer than the rest.

    `asdf.config_context` would make asdf look for its plugins anew each time, which takes longer still.
    """
    options = asdf.get_config()
    usual, options.validate_on_read = options.validate_on_read, False
    try:
        yield
    finally:
        options.validate_on_read = usual


def footprint(wcs: Any, shape: tuple[int, int]) -> Array:
    """Corners of an image on the sky [deg], shape (4, 2), in the order of a polygon."""
    ny, nx = shape
    x, y = np.array([0, nx, nx, 0]) - 0.5, np.array([0, 0, ny, ny]) - 0.5
    return np.transpose(wcs(x, y, with_bounding_box=False))


class TangentPlane:
    """The sky as a plane around a point: offsets east and north [arcsec] (gnomonic projection).

    Parameters
    ----------
    ra, dec : float
        The point [deg].
    """

    def __init__(self, ra: float, dec: float) -> None:
        self.centre = ra, dec
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval = [ra, dec]
        wcs.wcs.crpix = [0, 0]
        wcs.wcs.cdelt = [1 / 3600, 1 / 3600]
        self._wcs = wcs

    def from_sky(self, ra: Array, dec: Array) -> Array:
        """Offsets [arcsec], shape (..., 2), of places on the sky [deg]."""
        return np.stack(self._wcs.wcs_world2pix(ra, dec, 0), axis=-1) + 1

    def to_sky(self, points: Array) -> tuple[Array, Array]:
        """Right ascension and declination [deg] of offsets [arcsec] of shape (..., 2)."""
        flat = points.reshape(-1, 2) - 1
        ra, dec = self._wcs.wcs_pix2world(flat[:, 0], flat[:, 1], 0)
        return ra.reshape(points.shape[:-1]), dec.reshape(points.shape[:-1])
