"""Differences of brightness of two exposures at the same places of the sky: what shines there cancels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.observation.scatter import PER_MAD
from app.pipeline.solution.sky_samples import CELL, POINTS_IN_CELL, SkySamples

__all__ = ["Differences", "difference_all"]

Array = NDArray[np.float64]

#: Fewest samples by which two exposures can be compared.
FEWEST = 30
#: Fewest samples in a cell that has a difference of its own.
FEWEST_IN_CELL = 8
#: What is usual of the scatter in the cells of two exposures counts as that many samples of a cell.
TRUST = 8
#: Least variance of a sample, for images without any noise.
TINY = 1e-24
#: A median is that much less certain than a mean.
MEDIAN = np.sqrt(np.pi / 2)


@dataclass(frozen=True, slots=True)
class Differences:
    """Differences by pairs of exposures and cells, m in all.

    Parameters
    ----------
    first, second : ndarray of int, shape (m,)
        Places of the two exposures.
    values, errors : ndarray of shape (m,)
        Median of the first less the second, and its standard error [unit of the data].
    places : ndarray of shape (m, 2)
        Mean place of the samples, east and north [points].
    shared : ndarray of int, shape (m,)
        Number of exposures that see the cell. Of the n (n - 1) / 2 differences between n exposures n - 1 are
        independent of each other.
    n : ndarray of int, shape (m,)
        Samples.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    values: Array
    errors: Array
    places: Array
    shared: NDArray[np.int64]
    n: NDArray[np.int64]


def difference_all(samples: Sequence[SkySamples], labels: NDArray[np.int64]) -> Differences:
    """Differences of all exposures that overlap and have not the same label."""
    counts = _exposures_by_cell(samples)
    found = [
        _difference(samples, pair, counts)
        for pair in combinations(range(len(samples)), 2)
        if labels[pair[0]] != labels[pair[1]]
    ]
    parts = [part for part in found if part is not None]
    if not parts:
        none, no_pair = np.empty(0), np.empty(0, np.int64)
        return Differences(no_pair, no_pair, none, none, np.empty((0, 2)), no_pair, no_pair)
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Differences.__slots__}
    return Differences(**joined)


def _exposures_by_cell(samples: Sequence[SkySamples]) -> dict[tuple[int, int], int]:
    """How many exposures have enough samples in a cell, by its row and column."""
    counts: dict[tuple[int, int], int] = {}
    for one in samples:
        for row, column in np.argwhere(np.isfinite(one.values).sum(axis=2) >= FEWEST_IN_CELL).tolist():
            place = one.row + row, one.column + column
            counts[place] = counts.get(place, 0) + 1
    return counts


def _difference(
    samples: Sequence[SkySamples], pair: tuple[int, int], counts: dict[tuple[int, int], int]
) -> Differences | None:
    """The differences of two exposures, or None where they share too little."""
    a, b = (samples[i] for i in pair)
    row, column = max(a.row, b.row), max(a.column, b.column)
    end_row = min(a.row + a.values.shape[0], b.row + b.values.shape[0])
    end_column = min(a.column + a.values.shape[1], b.column + b.values.shape[1])
    if end_row <= row or end_column <= column:
        return None
    mine, other = (np.s_[row - s.row : end_row - s.row, column - s.column : end_column - s.column] for s in (a, b))
    difference = a.values[mine] - b.values[other]
    is_known = np.isfinite(difference)
    n = is_known.sum(axis=2)
    rows, columns = np.nonzero(n >= FEWEST_IN_CELL)
    n = n[rows, columns]
    if n.sum() < FEWEST:
        return None
    difference, is_known = difference[rows, columns], is_known[rows, columns]
    values = _median(difference, n)
    scatter = PER_MAD * _median(np.abs(difference - values[:, None]), n)
    # The scatter of few samples is known badly: it counts as TRUST samples of what is usual.
    (usual,) = _median(scatter[None], np.array([len(scatter)]))
    variance = (n * scatter**2 + TRUST * usual**2) / (n + TRUST)
    cells = np.stack([columns + column, rows + row], axis=1)
    return Differences(
        first=np.full(len(n), pair[0]),
        second=np.full(len(n), pair[1]),
        values=values,
        errors=MEDIAN * np.sqrt(np.maximum(variance, TINY) / n),
        places=CELL * cells + is_known @ POINTS_IN_CELL / n[:, None],
        shared=np.array([counts[r, c] for c, r in cells.tolist()]),
        n=n,
    )


def _median(values: NDArray[Any], n: NDArray[np.int64]) -> Array:
    """Median of the first n values of each row in ascending order; NaN goes last."""
    ordered, rows = np.sort(values, axis=1), np.arange(len(values))
    return (ordered[rows, (n - 1) // 2].astype(float) + ordered[rows, n // 2]) / 2
