"""Sky levels: exposures sampled at the same points of the sky, so that their light cancels in differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.observation.scatter import PER_MAD

__all__ = ["Difference", "Samples", "difference"]

Array = NDArray[np.float64]

#: Fewest common samples by which two exposures can be compared.
FEWEST = 16


@dataclass(frozen=True, slots=True)
class Samples:
    """An exposure on the common grid of points.

    Parameters
    ----------
    column, row : int
        Where in the grid the arrays begin.
    before, after : ndarray, all of one shape
        Medians of small boxes before and after sky matching, in the unit of the data; NaN beyond the detector.
    """

    column: int
    row: int
    before: Array
    after: Array


@dataclass(frozen=True, slots=True)
class Difference:
    """Level of one exposure less that of another where they overlap.

    Parameters
    ----------
    n : int
        Samples in the overlap.
    before, after : float
        Before and after sky matching, in the unit of the data.
    error : float
        Standard error of `after`.
    """

    n: int
    before: float
    after: float
    error: float


def difference(first: Samples, second: Samples) -> Difference | None:
    """The difference of levels of two exposures, or None where they do not overlap."""
    column, row = max(first.column, second.column), max(first.row, second.row)
    size = [
        min(a0 + a.after.shape[axis], b0 + b.after.shape[axis]) - start
        for a, b, a0, b0, start, axis in (
            (first, second, first.row, second.row, row, 0),
            (first, second, first.column, second.column, column, 1),
        )
    ]
    if min(size) <= 0:
        return None
    before, after = (
        _part(getattr(first, when), row - first.row, column - first.column, size)
        - _part(getattr(second, when), row - second.row, column - second.column, size)
        for when in ("before", "after")
    )
    common = np.isfinite(before) & np.isfinite(after)
    if (n := int(common.sum())) < FEWEST:
        return None
    level = float(np.median(after[common]))
    spread = PER_MAD * float(np.median(np.abs(after[common] - level)))
    return Difference(n, float(np.median(before[common])), level, 1.2533 * spread / n**0.5)


def _part(array: Array, row: int, column: int, size: list[int]) -> Array:
    return array[row : row + size[0], column : column + size[1]]
