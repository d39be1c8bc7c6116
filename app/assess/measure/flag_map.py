"""Where on the sky outliers were flagged, and for what reasons pixels of an exposure are not used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gwcs.wcs import WCS
from numpy.typing import NDArray

from app.assess.measure.outliers import DO_NOT_USE, OUTLIER
from app.observation.tangent_plane import TangentPlane

__all__ = ["Cells", "OutlierMap", "count_by_cell", "join_cells", "share_by_reason"]

#: Why a pixel was not to be used before, by its bits in the input (jwst documentation, "Data Quality Flags"): the first
#: that is set.
BEFORE = {"saturated": 2, "jump": 4}
#: Usable pixels are counted on a sample of about so many a side.
SAMPLE = 256
#: Most cells along a side of the map.
SIDE = 64


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts of an exposure in cells of the sky that all exposures share.

    Parameters
    ----------
    places : ndarray of int, shape (n, 2)
        Column (to the east) and row (to the north) of the cells.
    good, flagged : ndarray of shape (n,)
        Pixels in each that could be used, about, and those of them that are outliers.
    """

    places: NDArray[np.int64]
    good: NDArray[np.float64]
    flagged: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutlierMap:
    """Share of usable pixels that are outliers, on the sky.

    Parameters
    ----------
    cell : float
        Side of a cell [arcsec].
    shares : list of list of float or None
        Rows from south to north, each from west to east; None where no exposure is.
    """

    cell: float
    shares: list[list[float | None]]


def share_by_reason(before: NDArray, after: NDArray) -> dict[str, float]:
    """Share of an exposure's pixels that are not used, by reason.

    Parameters
    ----------
    before, after : ndarray of shape (ny, nx)
        Data-quality arrays of the input and of the exposure as it goes into the mosaic.

    Returns
    -------
    dict
        ``outlier``: good in the input; ``saturated``, ``jump``: the input says so; ``bad``: it says more.
    """
    left = (before & DO_NOT_USE) > 0
    shares = {"outlier": float((~left & ((after & OUTLIER) > 0)).mean())}
    for name, bit in BEFORE.items():
        found = left & ((before & bit) > 0)
        shares[name] = float(found.mean())
        left &= ~found
    return shares | {"bad": float(left.mean())}


def count_by_cell(before: NDArray, after: NDArray, wcs: WCS, plane: TangentPlane, cell: float) -> Cells:
    """Count pixels in cells of the sky.

    Parameters
    ----------
    before, after : ndarray of shape (ny, nx)
        Data-quality arrays of the input and of the exposure as it goes into the mosaic.
    wcs : gwcs.wcs.WCS
        Of the exposure.
    plane : TangentPlane
        In which the cells are squares.
    cell : float
        Side of a cell [arcsec].
    """
    good = (before & DO_NOT_USE) == 0
    step = max(1, min(good.shape) // SAMPLE)
    sample = np.argwhere(good[::step, ::step]) * step
    found = np.argwhere(good & ((after & OUTLIER) > 0))
    pixels = np.concatenate([sample, found])
    weights = np.repeat([[step**2, 0.0], [0.0, 1.0]], [len(sample), len(found)], axis=0)
    ra, dec = wcs(pixels[:, 1].astype(float), pixels[:, 0].astype(float), with_bounding_box=False)
    places = np.floor(plane.from_sky(ra, dec) / cell).astype(int)
    return _summed(places, weights)


def join_cells(parts: Sequence[Cells], cell: float) -> OutlierMap:
    """The map of all exposures, in cells so large that it has at most 64 along a side."""
    places = np.concatenate([part.places for part in parts])
    places -= places.min(axis=0)
    factor = int(np.ceil((places.max() + 1) / SIDE))
    weights = np.concatenate([np.stack([part.good, part.flagged], axis=1) for part in parts])
    total = _summed(places // factor, weights)
    shares = np.full(total.places.max(axis=0)[::-1] + 1, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        column, row = total.places.T
        shares[row, column] = np.where(total.good > 0, (total.flagged / total.good).clip(0, 1), np.nan)
    rows = [[None if np.isnan(share) else round(float(share), 5) for share in row] for row in shares]
    return OutlierMap(cell * factor, rows)


def _summed(places: NDArray[np.int64], weights: NDArray[np.float64]) -> Cells:
    """Weights of shape (n, 2) added up where places are the same."""
    places = places.reshape(-1, 2)
    lowest, highest = places.min(axis=0, initial=0), places.max(axis=0, initial=0)
    index = np.ravel_multi_index((places - lowest).T, highest - lowest + 1)
    there = np.flatnonzero(np.bincount(index))
    good, flagged = (np.bincount(index, weights[:, i])[there].astype(float) for i in (0, 1))
    return Cells(np.stack(np.unravel_index(there, highest - lowest + 1), axis=1) + lowest, good, flagged)
