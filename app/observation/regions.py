"""Regions of the sky, laid into a plane where they can be compared."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["middle", "polygon", "to_plane"]


def middle(regions: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """A place amid regions, given by their corners, right ascension and declination [deg]: a vector of any length."""
    return np.median([_to_vectors(region).mean(axis=0) for region in regions], axis=0)


def polygon(corners: NDArray[np.float64], centre: NDArray[np.float64]) -> Any:
    """The `shapely.Polygon` [arcsec] around corners [deg], in the plane that touches the sky at `centre` (a vector)."""
    import shapely

    return shapely.convex_hull(shapely.MultiPoint(to_plane(corners, centre)))


def _to_vectors(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors of positions on the sky [deg]."""
    ra, dec = np.radians(positions).T
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


def to_plane(positions: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets [arcsec] east and north of `centre` in the zenithal equidistant projection: it has no far side.

    Parameters
    ----------
    positions : ndarray of shape (n, 2)
        Right ascension and declination [deg].
    centre : ndarray of shape (3,)
        A vector of any length that points there (see `middle`).
    """
    centre = centre / np.linalg.norm(centre)
    east = np.cross([0.0, 0.0, 1.0], centre)
    east /= np.linalg.norm(east)
    x, y, z = np.stack([east, np.cross(centre, east), centre]) @ _to_vectors(positions).T
    radius = np.degrees(np.arccos(np.clip(z, -1, 1))) * 3600
    angle = np.arctan2(y, x)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
