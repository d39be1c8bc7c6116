"""Positions of stars by the Gaussian through the brightest pixel and its neighbours, an axis at a time.

Exact for a Gaussian that is well sampled, and within some hundredths of a pixel for JWST's PSF; the moments that star
finders give as positions are drawn to the middle of the pixel, by a tenth of a pixel.
"""

import numpy as np
from numpy.typing import NDArray

from app.observation.sky_points import box_values

__all__ = ["RING", "centred", "centring_errors", "core_error", "gaussian_peak", "ring_level", "ring_radius"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Pixels between a star and the ring that is its background, in widths of the PSF.
RING = 3.0
#: A position is not moved by more than this [pixel].
FARTHEST = 1.0


def centred(image: NDArray, x: Array, y: Array, fwhm: float) -> tuple[Array, Array]:
    """Better positions of stars that were found.

    Parameters
    ----------
    image : ndarray of shape (ny, nx)
        NaN where there is no data.
    x, y : ndarray of shape (n,)
        Positions [pixel, from 0].
    fwhm : float
        Width of the PSF [pixel].

    Returns
    -------
    x, y : ndarray of shape (n,)
        As they were where the Gaussian fails: beside pixels without data, at the border, on a saturated core.
    """
    inside, columns, rows, core = _cores(image, x, y, fwhm)
    with np.errstate(invalid="ignore", divide="ignore"):
        new_x = columns + gaussian_peak(core[:, 1, 0], core[:, 1, 1], core[:, 1, 2])
        new_y = rows + gaussian_peak(core[:, 0, 1], core[:, 1, 1], core[:, 2, 1])
        good = np.hypot(new_x - x[inside], new_y - y[inside]) <= FARTHEST
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    x[inside[good]], y[inside[good]] = new_x[good], new_y[good]
    return x, y


def centring_errors(image: NDArray, noise: NDArray, x: Array, y: Array, fwhm: float) -> Array:
    """Standard errors of what `centred` gives, from the noise of pixels alone.

    Parameters
    ----------
    image, noise : ndarray of shape (ny, nx)
        NaN where there is no data, and the standard error of each pixel.
    x, y : ndarray of shape (n,)
        Positions [pixel, from 0].
    fwhm : float
        Width of the PSF [pixel].

    Returns
    -------
    ndarray of shape (n,)
        Per axis [pixel]; NaN where the Gaussian fails.
    """
    inside, columns, rows, core = _cores(image, x, y, fwhm)
    errors = np.full(len(x), np.nan)
    errors[inside] = core_error(core, box_values(noise, columns, rows, 1))
    return errors


def _cores(image: NDArray, x: Array, y: Array, fwhm: float) -> tuple[Index, Index, Index, Array]:
    """Of stars far enough from the border: which, column and row of the brightest pixel, nine pixels above the sky."""
    margin = ring_radius(fwhm)
    columns, rows = (np.round(axis).astype(np.int64) for axis in (x, y))
    ny, nx = image.shape
    inside = np.flatnonzero(
        (columns > margin) & (rows > margin) & (columns < nx - margin - 1) & (rows < ny - margin - 1)
    )
    columns, rows = _brightest(image, columns[inside], rows[inside])
    core = box_values(image, columns, rows, 1) - ring_level(image, columns, rows, margin)[:, None, None]
    return inside, columns, rows, core


def _brightest(image: NDArray, columns: Index, rows: Index) -> tuple[Index, Index]:
    """The brightest of nine pixels around positions."""
    around = box_values(image, columns, rows, 1).reshape(-1, 9)
    best = np.argmax(np.where(np.isnan(around), -np.inf, around), axis=1)
    return columns + best % 3 - 1, rows + best // 3 - 1


def ring_radius(fwhm: float) -> int:
    """Half the side of the box whose border is a star's background [pixel]."""
    return int(np.ceil(RING * fwhm)) + 1


def ring_level(image: NDArray, columns: Index, rows: Index, half: int) -> Array:
    """Median of the border of a box around each star."""
    y, x = np.indices((2 * half + 1, 2 * half + 1)).reshape(2, -1) - half
    y, x = (offsets[np.maximum(abs(y), abs(x)) == half] for offsets in (y, x))
    border = np.asarray(image[rows[:, None] + y, columns[:, None] + x], dtype=float)
    border[np.all(np.isnan(border), axis=1)] = 0
    return np.nanmedian(border, axis=1) if len(border) else np.empty(0)


def gaussian_peak(left: Array, peak: Array, right: Array) -> Array:
    """Position of the maximum of the Gaussian through three pixels [pixel from the middle one]; NaN without one."""
    a, b, c = np.log(left), np.log(peak), np.log(right)
    return (a - c) / (2 * (a - 2 * b + c))


def core_error(core: Array, noise: Array) -> Array:
    """Standard error of the position of the Gaussian through the brightest pixel and its neighbours.

    Parameters
    ----------
    core, noise : ndarray of shape (n, 3, 3)
        Pixels above the background around the brightest one, and the noise of each.

    Returns
    -------
    ndarray of shape (n,)
        The root mean square of both axes [pixel]; NaN where there is no maximum.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        along = (_peak_error(core[:, 1], noise[:, 1]), _peak_error(core[:, :, 1], noise[:, :, 1]))
        return np.hypot(*along) / np.sqrt(2)


def _peak_error(core: Array, noise: Array) -> Array:
    """Standard error of `gaussian_peak` from the noise of its three pixels, by propagation of errors."""
    a, b, c = np.log(core).T
    slopes = np.stack([c - b, a - c, b - a], axis=1) / ((a - 2 * b + c) ** 2)[:, None]
    return np.sqrt(np.sum((slopes * noise / core) ** 2, axis=1))
