"""Boxes that are spread over an image: the sample of it in which noise is measured."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["spread_boxes"]


def spread_boxes(image: Any, side: int, number: int) -> NDArray:
    """Square boxes in rows and columns, evenly spread over all of an image; none overlap.

    Parameters
    ----------
    image : ndarray or astropy.io.fits.Section, of shape (ny, nx)
        Of a section rows are read whole: a part of each would take a call of its own.
    side : int
        Of a box [pixel].
    number : int
        About how many; fewer where fewer fit.

    Returns
    -------
    ndarray of shape (n, side, side)
        Of the image's type; the same places for all images of a shape.
    """
    n_rows, n_columns = (n // side for n in image.shape)
    rows = _evenly(n_rows, min(number, math.sqrt(number * n_rows / max(n_columns, 1))))
    columns = _evenly(n_columns, number / max(len(rows), 1))
    boxes = np.empty((len(rows), len(columns), side, side), image.dtype)
    for strip, row in zip(boxes, rows * side, strict=True):
        band = image[row : row + side, :]
        for box, column in zip(strip, columns * side, strict=True):
            box[:] = band[:, column : column + side]
    return boxes.reshape(-1, side, side)


def _evenly(n: int, number: float) -> NDArray[np.int64]:
    """About so many of the numbers below n, at most all, as far from each other and from both ends as can be."""
    count = min(n, max(1, round(number)))
    return ((np.arange(count) + 0.5) * n / max(count, 1)).astype(int)
