"""Places of the sky at which images are sampled: the same for all images, so that they can be compared."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.observation.tangent_plane import TangentPlane

__all__ = ["HALF_BOX", "box_values", "sample_boxes", "sample_points", "sorted_boxes", "take_samples"]

Array = NDArray[np.float64]

#: Half the side of the box whose median is a sample [pixel].
HALF_BOX = 2
#: Farthest that the inverse of a WCS may miss a point [pixel].
MISS = 2.0
#: A sample is of a source, or of an edge, where its box spreads by this many times what is usual in the exposure.
SOURCE = 3.0


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
    # Far from the detector an inverse polynomial can return to it: a point not mapped back to itself is outside.
    back = plane.from_sky(*wcs(x, y, with_bounding_box=False))
    pixel = np.sqrt(np.prod(high - low) / (nx * ny)) * spacing
    with np.errstate(invalid="ignore"):
        outside = np.hypot(*np.moveaxis(back - points, -1, 0)) > MISS * pixel
        outside |= (x < HALF_BOX) | (y < HALF_BOX) | (x > nx - 1 - HALF_BOX) | (y > ny - 1 - HALF_BOX)
    x[outside], y[outside] = np.nan, np.nan
    return int(low[0]), int(low[1]), x, y


def take_samples(image: NDArray, x: Array, y: Array) -> Array:
    """Medians of boxes of an image around points, NaN where these are; shape as that of x and y."""
    inside, flat, good = sorted_boxes(image, x, y)
    values = np.full(x.shape, np.nan)
    values[inside] = np.where(good > 0, flat[np.arange(len(flat)), np.maximum(good - 1, 0) // 2], np.nan)
    return values


def sample_boxes(image: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
    """Medians of boxes around pixels; NaN on sources and edges, and where too little is usable; shape as that of x."""
    inside, boxes, n = sorted_boxes(image, x, y)
    places, last = np.arange(len(boxes)), np.maximum(n - 1, 0)
    low, middle, high = (boxes[places, np.rint(share * last).astype(int)] for share in (0.159, 0.5, 0.841))
    spread = high - low  # two sigma where noise is normal
    usable = n > boxes.shape[1] // 2
    if usable.any():
        usable &= spread <= SOURCE * np.median(spread[usable])
    values = np.full(x.shape, np.nan, np.float32)
    values[inside] = np.where(usable, middle, np.nan)
    return values


def sorted_boxes(image: NDArray, x: Array, y: Array) -> tuple[NDArray[np.bool_], Array, NDArray[np.int64]]:
    """Boxes of an image around points.

    Parameters
    ----------
    image : ndarray of shape (ny, nx)
        NaN where there is nothing.
    x, y : ndarray
        Pixels; NaN beside the image.

    Returns
    -------
    inside : ndarray of bool, shape as that of x
        Which points are in the image, n of them.
    boxes : ndarray of shape (n, pixels)
        Their values in ascending order, NaN last.
    good : ndarray of int, shape (n,)
        How many are not NaN.
    """
    inside = np.isfinite(x) & np.isfinite(y)
    boxes = box_values(image, np.rint(x[inside]).astype(int), np.rint(y[inside]).astype(int), HALF_BOX)
    flat = np.sort(boxes.reshape(len(boxes), (2 * HALF_BOX + 1) ** 2), axis=1)
    return inside, flat, np.isfinite(flat).sum(axis=1)


def box_values(image: NDArray, columns: NDArray[np.int64], rows: NDArray[np.int64], half: int) -> Array:
    """Pixels around places, shape (n, 2 half + 1, 2 half + 1); all boxes have to lie inside the image."""
    steps = np.arange(-half, half + 1)
    return np.asarray(image[rows[:, None, None] + steps[:, None], columns[:, None, None] + steps], dtype=float)
