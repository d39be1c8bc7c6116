"""Sky levels: exposures sampled at the same points of the sky, so that what shines there cancels in differences."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.frames import TangentPlane
from app.assess.measure.stars import box_values

__all__ = ["Difference", "Samples", "difference", "sample_points", "take_samples"]

Array = NDArray[np.float64]

#: Half the side of the box whose median is a sample [pixel].
HALF_BOX = 2
#: Farthest that the inverse of a WCS may miss a point [pixel].
MISS = 2.0
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


def sample_points(
    wcs: Any, shape: tuple[int, int], plane: TangentPlane, spacing: float
) -> tuple[int, int, Array, Array]:
    """Where the points of the common grid fall in an image.

    Parameters
    ----------
    wcs : gwcs.wcs.WCS
    shape : (int, int)
        Of the image.
    plane : TangentPlane
        The same for all exposures.
    spacing : float
        Distance of points [arcsec].

    Returns
    -------
    column, row : int
        Of the first point.
    x, y : ndarray of shape (rows, columns)
        Pixels; NaN for points that fall beside the image.
    """
    ny, nx = shape
    edge_x, edge_y = np.array([0, 0.5, 1, 1, 1, 0.5, 0, 0]) * nx, np.array([0, 0, 0, 0.5, 1, 1, 1, 0.5]) * ny
    border = plane.from_sky(*wcs(edge_x, edge_y, with_bounding_box=False))
    low, high = np.floor(border.min(0) / spacing).astype(int), np.ceil(border.max(0) / spacing).astype(int)
    points = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True))), -1) * spacing
    x, y = wcs.invert(*plane.to_sky(points), with_bounding_box=False)
    # Far from the detector an inverse polynomial can return to it: what does not go back whence it came is outside.
    back = plane.from_sky(*wcs(x, y, with_bounding_box=False))
    pixel = np.sqrt(np.prod(high - low) / (nx * ny)) * spacing
    with np.errstate(invalid="ignore"):
        outside = np.hypot(*np.moveaxis(back - points, -1, 0)) > MISS * pixel
        outside |= (x < HALF_BOX) | (y < HALF_BOX) | (x > nx - 1 - HALF_BOX) | (y > ny - 1 - HALF_BOX)
    x[outside], y[outside] = np.nan, np.nan
    return int(low[0]), int(low[1]), x, y


def take_samples(image: NDArray, x: Array, y: Array) -> Array:
    """Medians of boxes of an image around points, NaN where these are; shape as that of x and y."""
    inside = np.isfinite(x) & np.isfinite(y)
    boxes = box_values(image, np.rint(x[inside]).astype(int), np.rint(y[inside]).astype(int), HALF_BOX)
    flat = np.sort(boxes.reshape(len(boxes), (2 * HALF_BOX + 1) ** 2), axis=1)  # NaN last
    good = np.isfinite(flat).sum(axis=1)
    values = np.full(x.shape, np.nan)
    values[inside] = np.where(good > 0, flat[np.arange(len(flat)), np.maximum(good - 1, 0) // 2], np.nan)
    return values


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
    spread = 1.4826 * float(np.median(np.abs(after[common] - level)))
    return Difference(n, float(np.median(before[common])), level, 1.2533 * spread / n**0.5)


def _part(array: Array, row: int, column: int, size: list[int]) -> Array:
    return array[row : row + size[0], column : column + size[1]]
