"""How far exposures were moved, and how well they agree: from the WCS and from stars, not from step flags."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from app.assess.measure.frames import TangentPlane

__all__ = ["NOBODY", "Match", "Motion", "match", "motion"]

Array = NDArray[np.float64]

#: A WCS that moved by less [arcsec] was not touched.
UNTOUCHED = 1e-6
#: Farthest apart that one star can be in two exposures [arcsec]; beyond the search radius of tweakreg.
SEARCH_RADIUS = 3.0
#: Fewest stars by which two exposures can be compared.
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Motion:
    """What alignment did to one exposure, at its centre.

    Parameters
    ----------
    east, north : float
        Shift [arcsec].
    rotation : float
        Turn [deg], from north through east.
    scale : float
        Factor.
    moved : bool
        Whether the WCS changed at all.
    """

    east: float
    north: float
    rotation: float
    scale: float
    moved: bool

    @property
    def length(self) -> float:
        """Length of the shift [arcsec]."""
        return float(np.hypot(self.east, self.north))


def motion(before: Any, after: Any, shape: tuple[int, int]) -> Motion:
    """Measure shift, rotation and scale between two WCS of one image.

    A similarity is fitted, by least squares, to where a grid of pixels lies in the tangent plane of its centre.

    Parameters
    ----------
    before, after : gwcs.wcs.WCS
    shape : (int, int)
        Of the image: rows, columns.
    """
    y, x = (grid.ravel() for grid in np.meshgrid(*(np.linspace(0, n - 1, 9) for n in shape), indexing="ij"))
    plane = TangentPlane(*map(float, before((shape[1] - 1) / 2, (shape[0] - 1) / 2, with_bounding_box=False)))
    old, new = (plane.from_sky(*wcs(x, y, with_bounding_box=False)) @ [1, 1j] for wcs in (before, after))
    # new = a old + b: in complex numbers a turn and a scale are one factor; the plane's origin is the centre.
    (a, b), *_ = np.linalg.lstsq(np.stack([old, np.ones_like(old)], axis=1), new, rcond=None)
    moved = bool(np.max(np.abs(new - old)) > UNTOUCHED)
    return Motion(float(b.real), float(b.imag), float(-np.degrees(np.angle(a))), float(abs(a)), moved)


@dataclass(frozen=True, slots=True)
class Match:
    """Stars that two exposures share.

    Parameters
    ----------
    first, second : ndarray of int, shape (n,)
        Indices of the stars of each.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)


#: No star in common.
NOBODY = Match(np.empty(0, np.int64), np.empty(0, np.int64))


def match(first: Array, second: Array, tolerance: float) -> Match:
    """Pair the stars of two exposures that may be off by some common shift.

    The most frequent difference of positions is the shift; stars that differ by it are the same.

    Parameters
    ----------
    first, second : ndarray of shape (n, 2)
        Positions in one tangent plane [arcsec].
    tolerance : float
        How well single positions agree [arcsec].

    Returns
    -------
    Match
        Empty where no shift stands out from chance.
    """
    if min(len(first), len(second)) < FEWEST:
        return NOBODY
    near = cKDTree(first).sparse_distance_matrix(cKDTree(second), SEARCH_RADIUS, output_type="coo_matrix")
    if near.nnz < FEWEST:
        return NOBODY
    differences = first[near.row] - second[near.col]
    tree = cKDTree(differences)
    counts = tree.query_ball_point(differences, tolerance, return_length=True)
    chosen = tree.query_ball_point(differences[np.argmax(counts)], tolerance)
    shift = np.median(differences[chosen], axis=0)
    same = np.array(sorted(tree.query_ball_point(shift, tolerance)), dtype=np.int64)
    by_chance = near.nnz * (tolerance / SEARCH_RADIUS) ** 2
    if len(same) < max(FEWEST, by_chance + 5 * np.sqrt(by_chance)):
        return NOBODY
    _, once = np.unique(near.row[same], return_index=True)
    return Match(near.row[same][once].astype(np.int64), near.col[same][once].astype(np.int64))
