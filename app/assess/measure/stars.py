"""Stars in an image, found fast: enough of them, well enough placed, to compare exposures with each other.

The catalogue of the mosaic is jwst's; this one only measures. It looks for peaks that are as wide as stars, and places
them by the Gaussian through the peak and its two neighbours in each axis, which is exact for a well-sampled Gaussian.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.observation.sky_points import box_values

__all__ = ["Stars", "find_stars"]

Array = NDArray[np.float64]

#: A peak counts from this many times the noise of the sky.
SNR = 10.0
#: What the neighbours of a star's peak have at least of it, as a share of what they have in a Gaussian: a cosmic ray is
#: narrower in one direction or the other.
NARROWEST = 0.5
#: Pixels between a star and the ring that is its background, in widths of the PSF.
RING = 3.0


@dataclass(frozen=True, slots=True)
class Stars:
    """Stars of one image.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Place [pixel, from 0], the brightest first.
    peak : ndarray of shape (n,)
        Height above the surroundings, in units of the image.
    """

    x: Array
    y: Array
    peak: Array


def find_stars(image: NDArray, fwhm: float, n_brightest: int = 200) -> Stars:
    """Find the brightest stars of an image.

    Parameters
    ----------
    image : ndarray of shape (ny, nx)
        NaN where there is no data; a star with such a pixel at its peak or beside it is left out.
    fwhm : float
        Width of the PSF [pixel].
    n_brightest : int
        How many to keep.
    """
    margin = int(np.ceil(RING * fwhm)) + 1
    columns, rows = _peaks(image, margin, 5 * n_brightest)
    level = _ring_level(image, columns, rows, margin)
    core = box_values(image, columns, rows, 1) - level[:, None, None]
    peak = core[:, 1, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        dx, wide_x = _gaussian_peak(core[:, 1, 0], peak, core[:, 1, 2], fwhm)
        dy, wide_y = _gaussian_peak(core[:, 0, 1], peak, core[:, 2, 1], fwhm)
    good = np.flatnonzero(wide_x & wide_y)
    good = good[np.argsort(-peak[good], kind="stable")][:n_brightest]
    return Stars((columns + dx)[good], (rows + dy)[good], peak[good])


def _peaks(image: NDArray, margin: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns and rows of the n highest local maxima well above the sky."""
    sample = image[::4, ::4]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0 or min(image.shape) <= 2 * margin:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    sky = np.median(sample)
    noise = 1.4826 * np.median(np.abs(sample - sky))
    inner = image[margin:-margin, margin:-margin]
    rows, columns = np.nonzero(inner > sky + SNR * noise)
    rows, columns = rows + margin, columns + margin
    around = box_values(image, columns, rows, 1).reshape(-1, 9)
    top = np.flatnonzero(np.all(around <= around[:, 4:5], axis=1))
    top = top[np.argsort(-around[top, 4], kind="stable")][:n]
    return columns[top], rows[top]


def _ring_level(image: NDArray, columns: NDArray[np.int64], rows: NDArray[np.int64], half: int) -> Array:
    """Median of the border of a box around each star."""
    box = box_values(image, columns, rows, half)
    border = np.concatenate([box[:, 0], box[:, -1], box[:, 1:-1, 0], box[:, 1:-1, -1]], axis=1)
    border[np.all(np.isnan(border), axis=1)] = 0
    return np.nanmedian(border, axis=1) if len(border) else np.empty(0)


def _gaussian_peak(left: Array, peak: Array, right: Array, fwhm: float) -> tuple[Array, NDArray[np.bool_]]:
    """Place of the maximum [pixel from the middle] of the Gaussian through three pixels, and whether a star it is."""
    a, b, c = np.log(left), np.log(peak), np.log(right)
    place = (a - c) / (2 * (a - 2 * b + c))
    width = np.exp(-4 * np.log(2) / fwhm**2)
    wide = (left + right) / (2 * peak) > NARROWEST * width
    return place, wide & np.isfinite(place) & (np.abs(place) <= 1)
