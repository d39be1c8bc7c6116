"""An image, its flags and where it is on the sky, opened once for all that looks at it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from app.assess.measure.exposure import sky_level
from app.assess.measure.frames import footprint, open_fits, read_wcs
from app.assess.measure.outliers import DO_NOT_USE
from app.observation.header_wcs import sky_of

__all__ = ["SkyImage", "sky_image"]

Array = NDArray[np.float64]

#: Farthest that the WCS of a header may put a corner from where it is, for that WCS to be used [pixel]. jwst fits it to
#: a hundredth of a pixel.
TOLERANCE = 0.1


@dataclass(eq=False)
class SkyImage:
    """An image of the sky in an open file.

    Parameters
    ----------
    hdus : HDUList
        Arrays are read as far as they are used.
    corners : sequence of (float, float) or None
        Where `footprint` puts the corners of the image [deg], if that is known.
    """

    hdus: fits.HDUList
    corners: Sequence[Sequence[float]] | None

    @cached_property
    def wcs(self) -> Any:
        """The WCS of the header, or the gwcs where that differs from what is known of the corners."""
        wcs = sky_of(self.hdus)
        is_exact = self.corners is None or _agrees(wcs, np.asarray(self.corners), self.hdus["SCI"].shape)
        return wcs if wcs.has_celestial and is_exact else read_wcs(self.hdus)

    @property
    def data(self) -> NDArray:
        """Pixels as they are in the file, shape (ny, nx)."""
        return np.asarray(self.hdus["SCI"].data)

    @property
    def dq(self) -> NDArray[np.uint32]:
        """Flags of an exposure."""
        return np.asarray(self.hdus["DQ"].data)

    @property
    def usable(self) -> NDArray[np.float32]:
        """Pixels of an exposure, NaN for those that are not to be used."""
        return np.where((self.dq & DO_NOT_USE) == 0, self.data, np.float32(np.nan))

    @property
    def level(self) -> float:
        """Sky level that is still in an exposure [unit of the data]."""
        return sky_level(self.hdus).still_in

    def to_sky(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Right ascension and declination [deg] of pixels, from 0; NaN stays NaN."""
        if isinstance(self.wcs, WCS):
            ra, dec = self.wcs.all_pix2world(x.ravel(), y.ravel(), 0)
            return ra.reshape(x.shape), dec.reshape(x.shape)
        ra, dec = self.wcs(x, y, with_bounding_box=False)
        return ra, dec

    def to_pixels(self, ra: Array, dec: Array) -> tuple[Array, Array]:
        """Pixels of places on the sky [deg]; NaN for NaN, and for what is far from the image."""
        if not isinstance(self.wcs, WCS):
            x, y = self.wcs.invert(ra, dec, with_bounding_box=False)
            return x, y
        x, y = (values.reshape(ra.shape) for values in self.wcs.wcs_world2pix(ra.ravel(), dec.ravel(), 0))
        if self.wcs.sip is None:
            return x, y
        ny, nx = self.hdus["SCI"].shape
        with np.errstate(invalid="ignore"):  # far away, the polynomial means nothing
            is_near = (np.abs(x / nx - 0.5) < 1) & (np.abs(y / ny - 0.5) < 1)
        x[~is_near], y[~is_near] = np.nan, np.nan
        if is_near.any():
            x[is_near], y[is_near] = self.wcs.all_world2pix(ra[is_near], dec[is_near], 0, quiet=True)
        return x, y


@contextmanager
def sky_image(path: Path, corners: Sequence[Sequence[float]] | None = None) -> Iterator[SkyImage]:
    """Open an image with the WCS of its header, which takes a tenth of the time to read that its gwcs does.

    Parameters
    ----------
    path : Path
    corners : sequence of (float, float), optional
        Where `footprint` puts the corners of the image [deg]. Unless the header agrees, as where another program has
        moved the gwcs alone, the gwcs is read. None for a mosaic, whose header is exact.
    """
    with open_fits(path) as hdus:
        yield SkyImage(hdus, corners)


def _agrees(wcs: WCS, corners: Array, shape: tuple[int, int]) -> bool:
    """Whether a header puts the corners of an image where they are."""
    if not wcs.has_celestial:
        return False
    found = footprint(lambda x, y, **_: wcs.all_pix2world(x, y, 0), shape)
    east, north = (found - corners).T
    east = ((east + 180) % 360 - 180) * np.cos(np.radians(corners[:, 1]))
    scale = np.sqrt(np.abs(np.linalg.det(wcs.pixel_scale_matrix)))
    return bool(np.hypot(east, north).max() < TOLERANCE * scale)
