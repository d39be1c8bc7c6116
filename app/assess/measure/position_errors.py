"""Honest errors of the positions of stars: the noise of pixels, and what else scatters the same star in two exposures.

Undersampled stars are misplaced by where in a pixel they fall, faint ones by the wings of others, and no image tells
its noise quite rightly. So errors are made true by the differences themselves: those from the noise of pixels are
multiplied by a factor, which faint stars tell, and something is added to them, which bright ones tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2

from app.assess.measure.exposure import Measured
from app.assess.measure.overlaps import Overlap

__all__ = ["PositionErrors", "located", "position_errors", "true_variance"]

Array = NDArray[np.float64]

#: Added error where there are too few stars to tell it [pixel], and how few numbers these are.
USUAL, TOO_FEW = 0.02, 40
#: Least error of a position [arcsec].
LEAST = 1e-6
#: Factor and added error are found in turn, from the fainter half and from this share, the brightest.
TURNS, BRIGHT = 10, 0.25
#: Least share of a star's difference that a fit to it and others leaves.
LEAST_LEFT = 0.25
#: Cauchy's weight (see app.pipeline.solution.least_squares), and how much less certain than a mean it is: the root of
#: its efficiency.
CAUCHY, LOSS = 2.385, 1.026
ROUNDS = 10


@dataclass(frozen=True, slots=True)
class PositionErrors:
    """What makes errors of positions true.

    Parameters
    ----------
    factor : float
        By which those from the noise of pixels are multiplied.
    added : float
        What is added to them, in square, per axis [arcsec].
    """

    factor: float
    added: float

    def of(self, formal: Array) -> Array:
        """True errors of positions from those by the noise of pixels [arcsec]; a usual one where that is not known."""
        usual = float(np.nanmedian(formal)) if np.isfinite(formal).any() else 0.0
        return np.maximum(np.hypot(self.factor * np.where(np.isfinite(formal), formal, usual), self.added), LEAST)


def position_errors(exposures: Sequence[Measured], overlaps: Sequence[Overlap], pixel_scale: float) -> PositionErrors:
    """Compare errors of positions with how far the same star is apart in two exposures.

    From the differences about shift, rotation and scale of each overlap: how well that is aligned does not matter.

    Parameters
    ----------
    exposures : sequence of Measured
    overlaps : sequence of Overlap
    pixel_scale : float
        [arcsec]
    """
    shared = [stars for overlap in overlaps if len(stars := _shared(exposures, overlap)) > 2]
    factor, added = 1.0, (USUAL * pixel_scale) ** 2
    if 2 * sum(map(len, shared)) < TOO_FEW:
        return PositionErrors(factor, USUAL * pixel_scale)
    sizes = [len(stars) for stars in shared]
    positions, differences, noise = np.concatenate(shared).T
    known = np.tile(noise.real, 2)
    faint, bright = known >= np.median(known), known <= np.quantile(known, BRIGHT)
    for _ in range(TURNS):  # two positions are in a difference
        squares = _left(positions, differences, factor * noise.real + 2 * added + LEAST**2, sizes)
        factor = true_variance(squares[faint], 2 * added, known[faint])
        added = true_variance(squares[bright], factor * known[bright], np.full(bright.sum(), 2.0))
    return PositionErrors(float(np.sqrt(factor)), float(np.sqrt(added)))


def _shared(exposures: Sequence[Measured], overlap: Overlap) -> NDArray[np.complex128]:
    """Of each star of an overlap its position and difference, as complex numbers, and the variance by noise alone."""
    first, second = (exposures[i].star_errors for i in (overlap.first, overlap.second))
    known = first[overlap.stars.first] ** 2 + second[overlap.stars.second] ** 2
    stars = np.stack([*(v[:, 0] + 1j * v[:, 1] for v in (overlap.places, overlap.after)), known], axis=1)
    return stars[np.isfinite(known) & (known > 0)]


def _left(
    positions: NDArray[np.complex128], differences: NDArray[np.complex128], variances: Array, sizes: Sequence[int]
) -> Array:
    """Squares of what a shift, a rotation and a scale of each overlap leave of differences, as if nothing were fitted.

    Weighted by variances, or the faint stars would spoil the fit for the bright ones, and without a say of outliers.
    The stars of overlaps are one behind the other, and their squares are all along one axis, then all along the other.
    """
    begins = np.cumsum([0, *sizes[:-1]])

    def total(values: NDArray) -> NDArray:
        """The sum over the stars of an overlap, for each of them."""
        return np.repeat(np.add.reduceat(values, begins), sizes)

    weights = 1 / variances
    for _ in range(ROUNDS):
        middle, shift = (total(weights * v) / total(weights) for v in (positions, differences))
        arms = positions - middle
        extent = total(weights * np.abs(arms) ** 2)
        left = differences - shift - arms * total(weights * arms.conj() * (differences - shift)) / extent
        weights = 1 / (variances + np.abs(left) ** 2 / (2 * CAUCHY**2))
    taken = weights * (1 / total(weights) + np.abs(arms) ** 2 / extent)
    return np.concatenate([left.real**2, left.imag**2]) / np.tile(np.maximum(1 - taken, LEAST_LEFT), 2)


def true_variance(squares: Array, known: Array | float, unit: Array) -> float:
    """The x of variances ``known + x unit`` with which numbers are as wide as they should be, by their median.

    Parameters
    ----------
    squares : ndarray of shape (n,)
        Numbers squared; their expectation is 0. Outliers do not matter.
    known, unit : ndarray of shape (n,)

    Returns
    -------
    float
        0 where what is known is enough.
    """
    usual = chi2.median(1)

    def excess(x: float) -> float:
        return float(np.median(squares / (known + x * unit)) - usual)

    highest = 2 * float((squares / unit).max()) / usual + LEAST**2
    lowest = 1e-9 * highest
    return float(brentq(excess, lowest, highest)) if excess(lowest) > 0 else 0.0


def located(offsets: Array, errors: Array) -> tuple[Array, float]:
    """Mean of offsets that have errors, without a say of those that are far off, and its standard error per axis.

    Cauchy's weights, from the median on.

    Parameters
    ----------
    offsets : ndarray of shape (n, 2)
        At least one.
    errors : ndarray of shape (n,)
        Standard errors per axis.
    """
    if len(offsets) == 1:
        return offsets[0], float(errors[0])
    middle = np.median(offsets, axis=0)
    for _ in range(ROUNDS):
        squared = np.sum((offsets - middle) ** 2, axis=1) / (2 * (CAUCHY * errors) ** 2)
        weights = 1 / (1 + squared) / errors**2
        middle = weights @ offsets / weights.sum()
    return middle, float(LOSS / np.sqrt(weights.sum()))
