"""Rays in stars: what a star's own light cannot be, and what no other exposure shows at the same star.

In a star the median of the exposures says little: it is smoother than any exposure, and the exposure may be displaced.
The star itself says more. Its light is fitted in each exposure alone, with the profile that the exposure's stars have;
each pixel is compared with what the others of the fit expect there. What a star, a pair of stars or a galaxy leaves of
such a fit, it leaves in all exposures alike; what a ray leaves is in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, maximum_filter
from scipy.spatial import cKDTree

from app.pipeline.divided.star_profile import COLUMNS, HALF, MISFIT, ROWS, Profile, fit_stars, measure_profile

__all__ = ["StarTable", "find_hits", "look_at_stars"]

Array = NDArray[np.float64]
Image = NDArray[np.floating]

#: How many times the noise the blot of a star is, and its steps are, at the least.
_BRIGHT = 5.0
#: Stars that measure the profile: how many times the noise, how far from others [pixel], and how much brighter.
_VERY_BRIGHT, _ISOLATED, _BRIGHTER = 50.0, HALF + 4.0, 50.0
#: As many are enough.
_ENOUGH = 500
#: Stars that are fitted at a time, so that temporary arrays stay small.
_AT_A_TIME = 4096
#: Distance from the border of an exposure [pixel].
_BORDER = HALF + 1
#: The core, where a pixel is so much of a fit that it has to be made anew without it.
_CORE = np.maximum(np.abs(ROWS), np.abs(COLUMNS)) <= 1
#: Pixels that are judged: those at the border of the box are no more than the frame of the fit.
_JUDGED = np.maximum(np.abs(ROWS), np.abs(COLUMNS)) < HALF
#: Pixels at about the same distance from a star: there its misfit is alike, however the telescope was turned.
_ALIKE = np.abs(np.subtract.outer(np.hypot(ROWS, COLUMNS), np.hypot(ROWS, COLUMNS))) <= 1.0
#: How many times its error a hit is, and how many times the worst that the other exposures leave of the same star.
_SURE, _WORSE = 5.0, 3.0
#: From how many times its error on a pixel of a core is looked at in a fit of its own.
_SUSPECT = 2.5
#: Exposures that show the star, besides the one that was hit.
_N_OTHERS = 2
#: Largest distance of a star in two exposures [pixel of an exposure].
_SAME_STAR = 1.0


@dataclass(frozen=True)
class StarTable:
    """The stars of an exposure, n of them in boxes of k pixels.

    Parameters
    ----------
    places : ndarray of shape (n, 2)
        Where they are on the mosaic, x and y [pixel of the mosaic].
    scale : float
        Pixels of the mosaic in one of the exposure.
    rows, columns : ndarray of int, shape (n,)
        The centres of the boxes.
    misfit : ndarray of shape (n, k)
        By how much each pixel is brighter than the others of the box expect, over the light of the star.
    brightest : ndarray of int, shape (n,)
        The pixel of the box of which that is most significant.
    significance : ndarray of shape (n,)
        That difference over its error.
    """

    places: Array
    scale: float
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    misfit: NDArray[np.float32]
    brightest: NDArray[np.int8]
    significance: NDArray[np.float32]


def look_at_stars(
    data: Image, noise: Image, blot: Image, tolerance: Image, left_out: NDArray[np.bool_], fwhm: float, pixels: Array
) -> StarTable:
    """Fit the stars of an exposure, and compare each of their pixels with what the others expect.

    Parameters
    ----------
    data, noise : ndarray of shape (ny, nx)
        The exposure on the level of the median, and its standard errors.
    blot : ndarray of shape (ny, nx)
        The median of the exposures where this one has its pixels.
    tolerance : ndarray of shape (ny, nx)
        What an exposure can differ by from the blot: where it is below the noise, there is no need of this.
    left_out : ndarray of bool, shape (ny, nx)
        Pixels that are not used: bad ones, and outliers that are known.
    fwhm : float
        Width of the PSF [pixel].
    pixels : ndarray of shape (ny, nx, 2)
        Where the pixels are on the mosaic.
    """
    y, x = _find(blot, noise, tolerance)
    boxes = y[:, None] + ROWS, x[:, None] + COLUMNS
    images, errors2 = data[boxes].astype(float), noise[boxes].astype(float) ** 2
    usable = ~left_out[boxes] & np.isfinite(images) & (errors2 > 0)
    whole = usable[:, _CORE].sum(axis=1) >= _CORE.sum() - 2
    y, x, usable = y[whole], x[whole], usable[whole]
    images, variances = np.where(usable, images[whole], 0), np.where(usable, errors2[whole], np.inf)
    bright = _for_profile(y, x, blot[y, x], noise[y, x])
    profile = measure_profile(images[bright], variances[bright], fwhm)
    starts = range(0, max(len(y), 1), _AT_A_TIME)
    parts = [_compare(profile, images[i : i + _AT_A_TIME], variances[i : i + _AT_A_TIME]) for i in starts]
    significance, misfit, dy, dx = (np.concatenate(part) for part in zip(*parts, strict=True))
    significance = np.where(_JUDGED, significance, -np.inf)
    places = np.stack([map_coordinates(pixels[..., axis], [y + dy, x + dx], order=1) for axis in (0, 1)], axis=1)
    known = np.isfinite(places).all(axis=1)  # not where the WCS ends
    places, y, x, misfit, significance = (array[known] for array in (places, y, x, misfit, significance))
    return StarTable(
        places,
        float(np.nanmedian(np.hypot(*np.moveaxis(np.diff(pixels, axis=1), -1, 0)))),
        y.astype(np.int32),
        x.astype(np.int32),
        misfit.astype(np.float32),
        significance.argmax(axis=1).astype(np.int8),
        significance.max(axis=1).astype(np.float32),
    )


def _find(blot: Image, noise: Image, tolerance: Image) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Peaks of the blot that the rule for the rest of the sky has to allow much for."""
    filled = np.nan_to_num(blot)
    peaks = (filled >= maximum_filter(filled, 3)) & (filled > _BRIGHT * noise)
    peaks &= maximum_filter(np.nan_to_num(tolerance), 3) > _BRIGHT * noise
    inside = np.zeros_like(peaks)
    inside[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    y, x = np.nonzero(peaks & inside)
    return y, x


def _for_profile(y: NDArray[np.int64], x: NDArray[np.int64], peak: Image, noise: Image) -> NDArray[np.int64]:
    """The brightest stars that have no other near them but such as are much fainter."""
    good = peak > _VERY_BRIGHT * noise
    for first, second in cKDTree(np.stack([y, x], axis=1)).query_pairs(_ISOLATED) if len(y) else ():
        good[first] &= peak[first] > _BRIGHTER * peak[second]
        good[second] &= peak[second] > _BRIGHTER * peak[first]
    chosen = np.flatnonzero(good)
    return chosen[np.argsort(-peak[chosen], kind="stable")[:_ENOUGH]]


def _compare(profile: Profile, images: Array, variances: Array) -> tuple[Array, Array, Array, Array]:
    """Significance and misfit of each pixel when it is left out, and the centres of the stars, y and x.

    The error is that of the pixel, of what is expected, and of the profile; all times what the rest of the box is off
    by (an externally studentised residual).
    """
    zero = np.zeros(len(images))
    fit = fit_stars(profile, images, variances, (zero, zero), 6)
    usable = np.isfinite(variances)
    profile2 = (MISFIT * np.where(usable, images, 0).max(axis=1, initial=0, keepdims=True)) ** 2
    total = np.where(usable, variances, 1) + profile2
    weights = usable / total
    # Without a pixel the residual is so much larger: exact for a linear fit, and good where a pixel has little say.
    share = (weights * fit.spread).clip(0, 0.95)
    residual = fit.residual / (1 - share)
    rest = (weights * fit.residual**2).sum(axis=1, keepdims=True) - weights * fit.residual * residual
    freedom = np.maximum(usable.sum(axis=1, keepdims=True) - 5, 1)
    error2 = (total + fit.spread / (1 - share)) * np.maximum(rest / freedom, 1)
    star, pixel = np.nonzero(_CORE & usable & (residual > _SUSPECT * np.sqrt(error2)))
    pairs, fewer = np.arange(len(star)), variances[star]
    fewer[pairs, pixel] = np.inf
    anew = fit_stars(profile, images[star], fewer, (fit.y[star], fit.x[star]), 4)
    residual[star, pixel] = anew.residual[pairs, pixel]
    rest_anew = (np.isfinite(fewer) / total[star] * anew.residual**2).sum(axis=1) / freedom[star, 0]
    error2[star, pixel] = (total[star, pixel] + anew.spread[pairs, pixel]) * np.maximum(rest_anew, 1)
    significance = np.where(usable, residual / np.sqrt(error2), 0)
    return significance, np.where(usable, residual / fit.flux[:, None], 0), fit.y, fit.x


def find_hits(tables: Sequence[StarTable]) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Find the pixels of stars that rays hit.

    A star's misfit depends on the distance from its centre and on where that lies in a pixel; it is taken as the
    largest at about the same distance.

    Parameters
    ----------
    tables : sequence of StarTable
        Of all exposures.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Rows and columns, by exposure; at most one pixel of each star.
    """
    trees = [cKDTree(table.places) for table in tables]
    return [_hits(i, tables, trees) for i in range(len(tables))]


def _hits(
    index: int, tables: Sequence[StarTable], trees: Sequence[cKDTree]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    table = tables[index]
    stars = np.flatnonzero(table.significance > _SURE)
    pixel = table.brightest[stars]
    worst, n_others = np.zeros(len(stars)), np.zeros(len(stars), int)
    for other, tree in zip(tables, trees, strict=True):
        if other is table or not len(other.places):
            continue
        distance, same = tree.query(table.places[stars], distance_upper_bound=_SAME_STAR * table.scale)
        seen = np.isfinite(distance)
        misfit = np.where(_ALIKE[pixel[seen]], np.abs(other.misfit[same[seen]]), 0).max(axis=1, initial=0)
        worst[seen] = np.maximum(worst[seen], misfit)
        n_others += seen
    hit = (n_others >= _N_OTHERS) & (table.misfit[stars, pixel] > _WORSE * worst)
    stars, pixel = stars[hit], pixel[hit]
    return table.rows[stars] + ROWS[pixel].astype(np.int32), table.columns[stars] + COLUMNS[pixel].astype(np.int32)
