"""What is left between groups after alignment: over all that two of them share, and in parts of it, with errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from app.assess.measure.exposure import Measured
from app.assess.measure.overlaps import Overlap
from app.assess.measure.position_errors import PositionErrors, located

__all__ = ["Part", "Residual", "residuals"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Parts of an overlap, a side.
PARTS = 3
#: What makes an extent more than nothing [arcsec].
LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Part:
    """What is left in some part of the sky.

    Parameters
    ----------
    n_stars : int
    offset : ndarray of shape (2,)
        Positions in the first group less those in the second, east and north [arcsec].
    error : float
        Its standard error, per axis [arcsec].
    """

    n_stars: int
    offset: Array
    error: float


@dataclass(frozen=True, slots=True)
class Residual:
    """What is left between two groups.

    Parameters
    ----------
    first, second : str
        The groups.
    whole : Part
        All that they share.
    parts : dict
        The same of the parts that have stars, by column from west and row from south, among 3 x 3.
    """

    first: str
    second: str
    whole: Part
    parts: dict[tuple[int, int], Part]


def residuals(
    exposures: Sequence[Measured], groups: Sequence[str], overlaps: Sequence[Overlap], true: PositionErrors
) -> list[Residual]:
    """Compare every two groups that share stars; a star that a group has seen several times counts once.

    Parameters
    ----------
    exposures : sequence of Measured
    groups : sequence of str
        The group of each exposure.
    overlaps : sequence of Overlap
    true : PositionErrors
    """
    pairs: dict[tuple[str, str], list[Overlap]] = {}
    for overlap in overlaps:
        first, second = groups[overlap.first], groups[overlap.second]
        if first != second and len(overlap.stars):
            pairs.setdefault((min(first, second), max(first, second)), []).append(overlap)
    return [_residual(pair, shared, exposures, groups, true) for pair, shared in pairs.items()]


def _residual(
    pair: tuple[str, str],
    shared: Sequence[Overlap],
    exposures: Sequence[Measured],
    groups: Sequence[str],
    true: PositionErrors,
) -> Residual:
    positions, offsets, errors = _stars(pair[0], shared, exposures, groups, true)
    extent = np.concatenate([positions, *(o.corners for o in shared)])
    low, high = extent.min(axis=0), extent.max(axis=0) + LEAST
    cells = np.clip(np.floor(PARTS * (positions - low) / (high - low)), 0, PARTS - 1).astype(np.int64)
    parts = {}
    for column, row in np.unique(cells, axis=0).tolist():
        inside = np.all(cells == (column, row), axis=1)
        parts[column, row] = _part(offsets[inside], errors[inside])
    return Residual(*pair, _part(offsets, errors), parts)


def _part(offsets: Array, errors: Array) -> Part:
    return Part(len(offsets), *located(offsets, errors))


def _stars(
    first: str, shared: Sequence[Overlap], exposures: Sequence[Measured], groups: Sequence[str], true: PositionErrors
) -> tuple[Array, Array, Array]:
    """Positions of the stars that two groups share, differences of their mean positions, and their errors [arcsec]."""
    sightings, label = _one_star(shared)
    exposure = sightings[:, 0]
    positions = np.array([exposures[e].stars_after[s] for e, s in sightings])
    weights = true.of(np.array([exposures[e].star_errors[s] for e, s in sightings])) ** -2
    means, variances = [], []
    for mine in (np.array([groups[e] == first for e in exposure]), np.array([groups[e] != first for e in exposure])):
        total = np.bincount(label[mine], weights[mine], minlength=label.max() + 1)
        sums = [np.bincount(label[mine], (weights * axis)[mine], minlength=len(total)) for axis in positions.T]
        means.append(np.stack(sums, axis=1) / total[:, None])
        variances.append(1 / total)
    return means[0], means[0] - means[1], np.sqrt(variances[0] + variances[1])


def _one_star(shared: Sequence[Overlap]) -> tuple[Index, Index]:
    """Sightings, as exposure and index of a star, shape (n, 2), and which star of the sky each is of."""
    ends = [
        np.concatenate([np.stack([np.full(len(s), e), s], axis=1) for e, s in pairs])
        for pairs in zip(*(((o.first, o.stars.first), (o.second, o.stars.second)) for o in shared), strict=True)
    ]
    sightings, where = np.unique(np.concatenate(ends), axis=0, return_inverse=True)
    one, other = np.split(where.ravel(), 2)
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(len(sightings),) * 2)
    return sightings, connected_components(graph, directed=False)[1].astype(np.int64)
