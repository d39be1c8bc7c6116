"""Places of stars by the Gaussian through the brightest pixel and its neighbours, an axis at a time.

Exact for a Gaussian that is well sampled, and within some hundredths of a pixel for JWST's PSF; the moments that star
finders give as places are drawn to the middle of the pixel, by a tenth of a pixel.
"""

import numpy as np
from numpy.typing import NDArray

from app.observation.sky_points import box_values

__all__ = ["RING", "centred", "gaussian_peak", "ring_level", "ring_radius"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Pixels between a star and the ring that is its background, in widths of the PSF.
RING = 3.0
#: A place is not moved by more than this [pixel].
FARTHEST = 1.0


def centred(image: NDArray, x: Array, y: Array, fwhm: float) -> tuple[Array, Array]:
    """Better places of stars that were found.

    Parameters
    ----------
    image : ndarray of shape (ny, nx)
        NaN where there is no data.
    x, y : ndarray of shape (n,)
        Places [pixel, from 0].
    fwhm : float
        Width of the PSF [pixel].

    Returns
    -------
    x, y : ndarray of shape (n,)
        As they were where the Gaussian fails: beside pixels without data, at the border, on a saturated core.
    """
    margin = ring_radius(fwhm)
    columns, rows = (np.round(axis).astype(np.int64) for axis in (x, y))
    ny, nx = image.shape
    inside = np.flatnonzero(
        (columns > margin) & (rows > margin) & (columns < nx - margin - 1) & (rows < ny - margin - 1)
    )
    columns, rows = _brightest(image, columns[inside], rows[inside])
    core = box_values(image, columns, rows, 1) - ring_level(image, columns, rows, margin)[:, None, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        new_x = columns + gaussian_peak(core[:, 1, 0], core[:, 1, 1], core[:, 1, 2])
        new_y = rows + gaussian_peak(core[:, 0, 1], core[:, 1, 1], core[:, 2, 1])
        good = np.hypot(new_x - x[inside], new_y - y[inside]) <= FARTHEST
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    x[inside[good]], y[inside[good]] = new_x[good], new_y[good]
    return x, y


def _brightest(image: NDArray, columns: Index, rows: Index) -> tuple[Index, Index]:
    """The brightest of nine pixels around places."""
    around = box_values(image, columns, rows, 1).reshape(-1, 9)
    best = np.argmax(np.where(np.isnan(around), -np.inf, around), axis=1)
    return columns + best % 3 - 1, rows + best // 3 - 1


def ring_radius(fwhm: float) -> int:
    """Half the side of the box whose border is a star's background [pixel]."""
    return int(np.ceil(RING * fwhm)) + 1


def ring_level(image: NDArray, columns: Index, rows: Index, half: int) -> Array:
    """Median of the border of a box around each star."""
    box = box_values(image, columns, rows, half)
    border = np.concatenate([box[:, 0], box[:, -1], box[:, 1:-1, 0], box[:, 1:-1, -1]], axis=1)
    border[np.all(np.isnan(border), axis=1)] = 0
    return np.nanmedian(border, axis=1) if len(border) else np.empty(0)


def gaussian_peak(left: Array, peak: Array, right: Array) -> Array:
    """Place of the maximum of the Gaussian through three pixels [pixel from the middle one]; NaN without one."""
    a, b, c = np.log(left), np.log(peak), np.log(right)
    return (a - c) / (2 * (a - 2 * b + c))
