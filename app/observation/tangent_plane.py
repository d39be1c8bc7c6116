"""The sky around a point as a plane, in which places are offsets."""

import numpy as np
from astropy.wcs import WCS
from numpy.typing import NDArray

__all__ = ["TangentPlane"]

Array = NDArray[np.float64]


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
