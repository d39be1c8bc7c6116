"""Which stars of two lists are the same: by vote where a shift is unknown, by distance where it is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import poisson

__all__ = ["NOBODY", "Pairs", "nearest", "vote"]

Array = NDArray[np.float64]

#: Expected number of coincidences as good by chance, below which a vote counts.
CHANCE = 0.003
#: Radius around a shift in which coincidences are counted [the tolerance].
SURROUNDINGS = 6.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Stars that two lists share; none is in more than one pair.

    Parameters
    ----------
    first, second : ndarray of int, shape (n,)
        Indices of the stars in each list.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)


#: No star in common.
NOBODY = Pairs(np.empty(0, np.int64), np.empty(0, np.int64))


def vote(
    first: Array, second: Array, radius: float, tolerance: float, fewest: int = 3, chance: float = CHANCE
) -> Pairs:
    """Pair stars of two lists that may be off by some common shift.

    Every pair of stars closer than `radius` votes for the shift that would make them one; the shift with most votes
    within `tolerance` wins, where so many would not come together by chance. Of one star only the nearest pair counts.

    Parameters
    ----------
    first, second : ndarray of shape (n, 2)
        Positions [arcsec].
    radius : float
        Largest shift [arcsec].
    tolerance : float
        How well the shifts of single stars agree [arcsec].
    fewest : int
        Pairs that are needed.
    chance : float
        Largest expected number of coincidences as good by chance.

    Returns
    -------
    Pairs
        Empty where no shift stands out.
    """
    if min(len(first), len(second)) < fewest:
        return NOBODY
    near = cKDTree(first).sparse_distance_matrix(cKDTree(second), radius, output_type="coo_matrix")
    if near.nnz < fewest:
        return NOBODY
    shifts = first[near.row] - second[near.col]
    tree = cKDTree(shifts)
    counts = tree.query_ball_point(shifts, tolerance, return_length=True)
    middle = np.median(shifts[tree.query_ball_point(shifts[np.argmax(counts)], tolerance)], axis=0)
    # Among stars that agree the closest to the middle come first: a star is in one pair only.
    agree = np.array(tree.query_ball_point(middle, tolerance), dtype=np.int64)
    agree = agree[np.argsort(np.hypot(*(shifts[agree] - middle).T), kind="stable")]
    chosen = _once(near.row[agree], near.col[agree])
    if len(chosen) < fewest or _coincidences(tree, middle, len(chosen), tolerance, radius) > chance:
        return NOBODY
    return Pairs(near.row[agree][chosen].astype(np.int64), near.col[agree][chosen].astype(np.int64))


def _coincidences(tree: cKDTree, shift: Array, n: int, tolerance: float, radius: float) -> float:
    """Expected number of shifts within the radius on which n pairs agree by chance.

    Pairs by chance are as many as over all, or as around this shift if there they are more: stars come in clusters.
    Each pair is a trial: others agree with it by a Poisson distribution.
    """
    wide = min(SURROUNDINGS * tolerance, radius)
    inside, around = (tree.query_ball_point(shift, within, return_length=True) for within in (tolerance, wide))
    expected = tree.n * (tolerance / radius) ** 2
    if wide > tolerance:
        expected = max(expected, (around - inside) / ((wide / tolerance) ** 2 - 1))
    return float(tree.n * poisson.sf(n - 2, expected))


def _once(first: NDArray, second: NDArray) -> NDArray[np.int64]:
    """Indices of the pairs whose stars are in no pair before them."""
    seen: tuple[set[int], set[int]] = (set(), set())
    chosen = []
    for index, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if a not in seen[0] and b not in seen[1]:
            chosen.append(index)
            seen[0].add(a)
            seen[1].add(b)
    return np.array(chosen, dtype=np.int64)


def nearest(first: Array, second: Array, radius: float) -> Pairs:
    """Pair stars of two lists that are each other's nearest, and closer than `radius` [arcsec]."""
    if not len(first) or not len(second):
        return NOBODY
    distance, near = cKDTree(second).query(first, distance_upper_bound=radius)
    back = cKDTree(first).query(second)[1]
    found = np.flatnonzero(np.isfinite(distance))
    found = found[back[near[found]] == found]
    return Pairs(found.astype(np.int64), near[found].astype(np.int64))
