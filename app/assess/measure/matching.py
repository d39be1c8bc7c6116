"""The stars that two exposures share, found by the shift that most pairs of stars agree on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import poisson

__all__ = ["FEWEST", "NOBODY", "SEARCH_RADIUS", "WIDE_RADIUS", "Match", "match"]

Array = NDArray[np.float64]

#: Farthest apart that one star can be in two exposures [arcsec]; beyond the search radius of tweakreg.
SEARCH_RADIUS = 3.0
#: The same where a guide star may have been the wrong one [arcsec].
WIDE_RADIUS = 60.0
#: Fewest stars by which two exposures can be compared.
FEWEST = 4
#: How often, of fields without a common star, some shift may stand out.
BY_CHANCE = 1e-3
#: Radius of the surroundings of a shift that tell how many pairs agree on it by chance [the tolerance].
SURROUNDINGS = 6.0


@dataclass(frozen=True, slots=True)
class Match:
    """Stars that two exposures share.

    Parameters
    ----------
    first, second : ndarray of int, shape (n,)
        Indices of the stars of each; none twice.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)


#: No star in common.
NOBODY = Match(np.empty(0, np.int64), np.empty(0, np.int64))


def match(first: Array, second: Array, tolerance: float, radius: float = SEARCH_RADIUS) -> Match:
    """Pair the stars of two exposures that may be off by some common shift.

    The most frequent difference of positions is the shift; stars that differ by it are the same.

    Parameters
    ----------
    first, second : ndarray of shape (n, 2)
        Positions in one tangent plane [arcsec].
    tolerance : float
        How well single positions agree [arcsec].
    radius : float
        Longest shift [arcsec].

    Returns
    -------
    Match
        Empty where no shift stands out from chance.
    """
    if min(len(first), len(second)) < FEWEST:
        return NOBODY
    near = cKDTree(first).sparse_distance_matrix(cKDTree(second), radius, output_type="coo_matrix")
    if near.nnz < FEWEST:
        return NOBODY
    differences = first[near.row] - second[near.col]
    tree = cKDTree(differences)
    counts = tree.query_ball_point(differences, tolerance, return_length=True)
    chosen = tree.query_ball_point(differences[np.argmax(counts)], tolerance)
    shift = np.median(differences[chosen], axis=0)
    same = np.array(sorted(tree.query_ball_point(shift, tolerance)), dtype=np.int64)
    if len(same) < FEWEST or not _stands_out(tree, shift, len(same), tolerance, radius):
        return NOBODY
    same = same[np.argsort(np.hypot(*(differences[same] - shift).T), kind="stable")]  # the nearest first
    for stars in (near.row, near.col):  # each star once
        _, once = np.unique(stars[same], return_index=True)
        same = same[np.sort(once)]
    return Match(near.row[same].astype(np.int64), near.col[same].astype(np.int64))


def _stands_out(tree: cKDTree, shift: Array, n: int, tolerance: float, radius: float) -> bool:
    """Whether more pairs agree on a shift than chance explains anywhere within the radius.

    Pairs by chance are as many as over all, or as around this shift if there they are more: stars come in clusters.
    Each pair is a trial: others agree with it by a Poisson distribution.
    """
    wide = min(SURROUNDINGS * tolerance, radius)
    around = tree.query_ball_point(shift, wide, return_length=True) - n
    expected = max(tree.n * (tolerance / radius) ** 2, around / ((wide / tolerance) ** 2 - 1))
    return bool(tree.n * poisson.sf(n - 2, expected) < BY_CHANCE)
