"""Exposures that overlap, compared two by two, and what that says about each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely
from numpy.typing import NDArray

from app.assess.measure.exposure import Measured
from app.assess.measure.level_differences import Difference, difference
from app.assess.measure.similarity import Similarity, fit_similarity
from app.observation.scatter import PER_MAD
from app.pipeline.solution.pairs import NOBODY, Pairs, vote

__all__ = ["Agreement", "Overlap", "agreement", "compare"]

Array = NDArray[np.float64]

#: Farthest apart that one star can be in two exposures [arcsec]; beyond the search radius of tweakreg.
SEARCH_RADIUS = 3.0
#: The same where a guide star may have been the wrong one [arcsec].
WIDE_RADIUS = 60.0
#: Fewest stars by which two exposures can be compared.
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two exposures that overlap.

    Parameters
    ----------
    first, second : int
        Indices of the exposures.
    corners : ndarray of shape (n, 2)
        Of the part of the sky that both see [arcsec]; fewer than three where the outlines only touch.
    n_stars : (int, int)
        Stars of each in that part; none where stars are not compared.
    stars : Pairs
        The stars that they share.
    places : ndarray of shape (n, 2)
        Of these stars in the first exposure, after alignment [arcsec].
    before, after : ndarray of shape (n, 2)
        Places of these stars in the first exposure less those in the second, east and north [arcsec], before and after
        alignment.
    fit : Similarity or None
        Of `after`, over the whole overlap; None without shared stars.
    displacement : ndarray of shape (2,) or None
        Where both have some stars there and share none, the shift, first less second, up to `WIDE_RADIUS` that
        many stars of the two agree on [arcsec], if there is one.
    sky : Difference
        The first's level less the second's.
    """

    first: int
    second: int
    corners: Array
    n_stars: tuple[int, int]
    stars: Pairs
    places: Array
    before: Array
    after: Array
    fit: Similarity | None
    displacement: Array | None
    sky: Difference

    @property
    def worst_corner(self) -> tuple[float, float] | None:
        """Longest offset at a corner of the overlap, and its standard error [arcsec]; None without shared stars."""
        if self.fit is None or len(self.corners) == 0:
            return None
        lengths, errors = np.hypot(*self.fit.at(self.corners).T), self.fit.error_at(self.corners)
        worst = int(np.argmax(lengths))
        return float(lengths[worst]), float(errors[worst])


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
        if (sky := difference(exposures[i].sky, exposures[j].sky)) is not None:
            found.append(_overlap(i, j, exposures[i], exposures[j], sky, tolerance))
    return found


def _overlap(i: int, j: int, a: Measured, b: Measured, sky: Difference, tolerance: float | None) -> Overlap:
    common = shapely.intersection(*(shapely.convex_hull(shapely.MultiPoint(e.outline)) for e in (a, b)))
    n_stars, stars, apart = (0, 0), NOBODY, None
    if tolerance is not None:
        n_stars = (_n_within(common, a.stars_after), _n_within(common, b.stars_after))
        stars = vote(a.stars_after, b.stars_after, SEARCH_RADIUS, tolerance, FEWEST)
        if len(stars) == 0 and min(n_stars) >= FEWEST:
            apart = _displacement(a.stars_after, b.stars_after, tolerance)
    after = a.stars_after[stars.first] - b.stars_after[stars.second]
    return Overlap(
        i,
        j,
        corners=shapely.get_coordinates(common)[:-1],  # a ring ends where it begins
        n_stars=n_stars,
        stars=stars,
        places=a.stars_after[stars.first],
        before=a.stars_before[stars.first] - b.stars_before[stars.second],
        after=after,
        fit=fit_similarity(a.stars_after[stars.first], after) if len(stars) else None,
        displacement=apart,
        sky=sky,
    )


def _n_within(area: shapely.Geometry, places: Array) -> int:
    return int(shapely.contains_xy(area, *places.T).sum())


def _displacement(first: Array, second: Array, tolerance: float) -> Array | None:
    stars = vote(first, second, WIDE_RADIUS, tolerance, FEWEST)
    return np.median(first[stars.first] - second[stars.second], axis=0) if len(stars) else None


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
        scatter=PER_MAD * float(np.median(np.abs(after - middle))) / 2**0.5,
        flagged_in_cores=float(flagged / good) if good else np.nan,
    )
