"""Stars in an image, found fast: enough of them, well enough placed, to compare exposures with each other.

The catalogue of the mosaic is jwst's; this one only measures. It looks for peaks that are as wide as stars, and places
them by the Gaussian through the peak and its two neighbours in each axis, which is exact for a well-sampled Gaussian.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.observation.scatter import PER_MAD
from app.observation.sky_points import box_values
from app.pipeline.solution.centring import core_error, gaussian_peak, ring_level, ring_radius

__all__ = ["Stars", "find_stars"]

Array = NDArray[np.float64]

#: A peak counts from this many times the noise of the sky.
SNR = 10.0
#: What the neighbours of a star's peak have at least of it, as a share of what they have in a Gaussian: a cosmic ray is
#: narrower in one direction or the other.
NARROWEST = 0.5
#: Largest width of a star, as a multiple of that of the PSF: a knot of a cloud is wider.
WIDEST = 1.5


@dataclass(frozen=True, slots=True)
class Stars:
    """Stars of one image.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Place [pixel, from 0], the brightest first.
    peak : ndarray of shape (n,)
        Height above the surroundings, in units of the image.
    error : ndarray of shape (n,)
        Standard error of the place, per axis, from the noise of pixels alone [pixel]; NaN where that is not known.
    is_point : ndarray of bool, shape (n,)
        Whether it is no wider than a star, and stands out from what is around it: knots of clouds do not.
    """

    x: Array
    y: Array
    peak: Array
    error: Array
    is_point: NDArray[np.bool_]


def find_stars(image: NDArray, fwhm: float, n_brightest: int = 200, noise: NDArray | None = None) -> Stars:
    """Find the brightest stars of an image.

    Parameters
    ----------
    image : ndarray of shape (ny, nx)
        NaN where there is no data; a star with such a pixel at its peak or beside it is left out.
    fwhm : float
        Width of the PSF [pixel].
    n_brightest : int
        How many to keep.
    noise : ndarray of shape (ny, nx), optional
        Standard error of each pixel.
    """
    margin = ring_radius(fwhm)
    columns, rows = _peaks(image, margin, 5 * n_brightest)
    level = ring_level(image, columns, rows, margin)
    core = box_values(image, columns, rows, 1) - level[:, None, None]
    peak = core[:, 1, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        dx, wide_x = _star_peak(core[:, 1, 0], peak, core[:, 1, 2], fwhm)
        dy, wide_y = _star_peak(core[:, 0, 1], peak, core[:, 2, 1], fwhm)
    good = np.flatnonzero(wide_x & wide_y)
    good = good[np.argsort(-peak[good], kind="stable")][:n_brightest]
    errors = _errors(core[good], noise, columns[good], rows[good])
    is_point = _is_point(core[good], fwhm) & (peak[good] > SNR * _unrest(image, columns[good], rows[good], margin))
    return Stars((columns + dx)[good], (rows + dy)[good], peak[good], errors, is_point)


def _is_point(core: Array, fwhm: float) -> NDArray[np.bool_]:
    """Whether the four neighbours of a peak have no more of it than in a Gaussian of the widest star."""
    beside = (core[:, 1, 0] + core[:, 1, 2] + core[:, 0, 1] + core[:, 2, 1]) / 4
    return beside < core[:, 1, 1] * np.exp(-4 * np.log(2) / (WIDEST * fwhm) ** 2)


def _unrest(image: NDArray, columns: NDArray[np.int64], rows: NDArray[np.int64], half: int) -> Array:
    """Standard deviation of the pixels around stars, by their median deviation: large in clouds, whatever a knot is."""
    side = np.arange(2 * half + 1)
    is_border = (np.abs(side[:, None] - half) == half) | (np.abs(side - half) == half)
    border = box_values(image, columns, rows, half)[:, is_border]
    border[np.isnan(border).all(axis=1)] = 0
    deviations = np.abs(border - np.nanmedian(border, axis=1, keepdims=True))
    return np.asarray(PER_MAD * np.nanmedian(deviations, axis=1))


def _errors(
    core: Array, noise: NDArray | None, columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Standard errors of places [pixel]; NaN where there is no noise."""
    if noise is None:
        return np.full(len(core), np.nan)
    return core_error(core, box_values(noise, columns, rows, 1))


def _peaks(image: NDArray, margin: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns and rows of the n highest local maxima well above the sky."""
    sample = image[::4, ::4]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0 or min(image.shape) <= 2 * margin:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    sky = np.median(sample)
    noise = PER_MAD * np.median(np.abs(sample - sky))
    inner = image[margin:-margin, margin:-margin]
    rows, columns = np.nonzero(inner > sky + SNR * noise)
    rows, columns = rows + margin, columns + margin
    around = box_values(image, columns, rows, 1).reshape(-1, 9)
    top = np.flatnonzero(np.all(around <= around[:, 4:5], axis=1))
    top = top[np.argsort(-around[top, 4], kind="stable")][:n]
    return columns[top], rows[top]


def _star_peak(left: Array, peak: Array, right: Array, fwhm: float) -> tuple[Array, NDArray[np.bool_]]:
    """Place of the maximum [pixel from the middle] of the Gaussian through three pixels, and whether it is a star."""
    place = gaussian_peak(left, peak, right)
    width = np.exp(-4 * np.log(2) / fwhm**2)
    wide = (left + right) / (2 * peak) > NARROWEST * width
    return place, wide & np.isfinite(place) & (np.abs(place) <= 1)
