"""Regions of the sky in one plane, where they can be compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.observation.tangent_plane import TangentPlane, place_of, unit_vectors

__all__ = ["common_plane", "corners_of", "polygon"]


def corners_of(s_region: str) -> NDArray[np.float64]:
    """Corners of a footprint, right ascension and declination [deg], shape (n, 2), from a polygon in STC-S."""
    return np.array(s_region.split()[2:], dtype=float).reshape(-1, 2)


def common_plane(regions: Sequence[NDArray[np.float64]]) -> TangentPlane:
    """A plane around the median of regions, given by their corners [deg]; any place of the sky is on it."""
    middle = place_of(np.median([unit_vectors(region).mean(axis=0) for region in regions], axis=0))
    return TangentPlane(*middle, projection="ARC")


def polygon(corners: NDArray[np.float64], plane: TangentPlane) -> Any:
    """The `shapely.Polygon` [arcsec] around corners [deg], on a plane."""
    import shapely

    return shapely.convex_hull(shapely.MultiPoint(plane.from_sky(*corners.T)))
