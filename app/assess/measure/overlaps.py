"""Exposures that overlap, compared two by two, and what that says about each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.alignment import NOBODY, Match, match
from app.assess.measure.exposure import Measured
from app.assess.measure.sky import Difference, difference

__all__ = ["Agreement", "Overlap", "agreement", "compare"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two exposures that overlap.

    Parameters
    ----------
    first, second : int
        Indices of the exposures.
    stars : Match
        The stars that they share.
    before, after : ndarray of shape (n, 2)
        Places of these stars in the first exposure less those in the second, east and north [arcsec], before and after
        alignment.
    sky : Difference
        The first's level less the second's.
    """

    first: int
    second: int
    stars: Match
    before: Array
    after: Array
    sky: Difference


def compare(exposures: Sequence[Measured], tolerance: float | None) -> list[Overlap]:
    """Compare all exposures that overlap.

    Parameters
    ----------
    exposures : sequence of Measured
    tolerance : float or None
        How well the places of one star agree [arcsec]; None: stars are not compared.
    """
    found = []
    for i, j in combinations(range(len(exposures)), 2):
        a, b = exposures[i], exposures[j]
        if (sky := difference(a.sky, b.sky)) is None:
            continue
        stars = NOBODY if tolerance is None else match(a.stars_after, b.stars_after, tolerance)
        before = a.stars_before[stars.first] - b.stars_before[stars.second]
        after = a.stars_after[stars.first] - b.stars_after[stars.second]
        found.append(Overlap(i, j, stars, before, after, sky))
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one exposure agrees with all those that it overlaps.

    Parameters
    ----------
    n_matches : int
        Stars of it that another exposure has too.
    before, after : float
        Length of its median offset from the others [arcsec], before and after alignment; NaN without matches.
    scatter : float
        Scatter of one star's place, per axis, after alignment [arcsec]; NaN without matches.
    flagged_in_cores : float
        Share of the pixels in the cores of these stars that outlier detection flagged; NaN without matches.
    """

    n_matches: int
    before: float
    after: float
    scatter: float
    flagged_in_cores: float


def agreement(index: int, exposure: Measured, overlaps: Sequence[Overlap]) -> Agreement:
    """Put together what the overlaps of one exposure say.

    A peak that no other exposure has (a cosmic ray) is no star, and counts nowhere.
    """
    mine = [o for o in overlaps if index in (o.first, o.second)]
    shared = [o.stars.first if o.first == index else o.stars.second for o in mine]
    stars = np.unique(np.concatenate([*shared, np.empty(0, np.int64)])).astype(np.int64)
    if len(stars) == 0:
        return Agreement(0, np.nan, np.nan, np.nan, np.nan)
    before, after = (
        np.concatenate([getattr(o, when) * (1 if o.first == index else -1) for o in mine])
        for when in ("before", "after")
    )
    middle = np.median(after, axis=0)
    good, flagged = exposure.flagged.cores[stars].sum(axis=0)
    return Agreement(
        n_matches=len(stars),
        before=float(np.hypot(*np.median(before, axis=0))),
        after=float(np.hypot(*middle)),
        # A difference of two places has the scatter of both.
        scatter=1.4826 * float(np.median(np.abs(after - middle))) / 2**0.5,
        flagged_in_cores=float(flagged / good) if good else np.nan,
    )
