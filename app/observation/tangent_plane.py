"""The sky around a point as a plane, in which places are offsets."""

import numpy as np
from astropy.wcs import WCS
from numpy.typing import NDArray

__all__ = ["TangentPlane", "place_of", "plane_amid", "unit_vectors"]

Array = NDArray[np.float64]


class TangentPlane:
    """The sky as a plane around a point: offsets east and north [arcsec].

    Parameters
    ----------
    ra, dec : float
        The point [deg].
    projection : str
        ``TAN``, gnomonic: great circles are straight, and there is half of the sky. ``ARC``, zenithal equidistant: all
        of it. (Calabretta & Greisen 2002, A&A 395, 1077.)
    """

    def __init__(self, ra: float, dec: float, *, projection: str = "TAN") -> None:
        self.centre = ra, dec
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = [f"RA---{projection}", f"DEC--{projection}"]
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


def plane_amid(positions: Array) -> TangentPlane:
    """A plane that touches the sky amid positions on it [deg], shape (n, 2)."""
    return TangentPlane(*place_of(unit_vectors(positions).mean(axis=0)))


def unit_vectors(positions: Array) -> Array:
    """Unit vectors, shape (n, 3), of positions on the sky [deg], shape (n, 2)."""
    ra, dec = np.radians(positions).T
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


def place_of(vector: Array) -> tuple[float, float]:
    """Right ascension and declination [deg] of where a vector of any length points."""
    x, y, z = vector
    return float(np.degrees(np.arctan2(y, x))) % 360, float(np.degrees(np.arctan2(z, np.hypot(x, y))))
