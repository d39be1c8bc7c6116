"""What a star looks like in one exposure, measured on its own stars, and stars fitted with it.

The profile is the effective PSF of Anderson & King (2000, PASP 112, 1360): the share of a star's light that a pixel
catches, by where the pixel lies from the star. Stars at many places in a pixel together sample it finely, though
each of them is undersampled.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, NdBSpline
from scipy.special import ndtr

__all__ = ["COLUMNS", "HALF", "MISFIT", "ROWS", "Fitted", "Profile", "fit_stars", "measure_profile"]

Array = NDArray[np.float64]

#: Half the side of the box of pixels in which a star is looked at, and the pixels of the box, flattened.
HALF = 3
ROWS, COLUMNS = (axis.ravel() - HALF for axis in np.indices((2 * HALF + 1, 2 * HALF + 1)))
#: A profile is known to this share of a star's brightest pixel, at best.
MISFIT = 0.001
#: Farthest that a star's centre can be from that of its box, and how far a step of a fit can go [pixel].
_FARTHEST, _STEP = 1.5, 0.3
#: The spline: how far it reaches from a star's centre, and the distance of its knots [pixel].
_REACH, _KNOTS = HALF + 1.2, 0.5
#: What keeps coefficients of the spline at zero where no star says anything.
_RIDGE = 1e-6
FWHM_PER_SIGMA = 2.3548


class Profile(Protocol):
    """Share of a star's light in pixels that lie so far below and left of its centre [pixel], or a derivative of it."""

    def __call__(self, y: Array, x: Array, dy: int = 0, dx: int = 0) -> Array:
        """The share, or its derivative of the order ``dy`` along y or ``dx`` along x: 0 or 1."""
        ...


@dataclass(frozen=True)
class _Gaussian:
    """A Gaussian, integrated over pixels: where too few stars are there to measure more."""

    fwhm: float

    def __call__(self, y: Array, x: Array, dy: int = 0, dx: int = 0) -> Array:
        return self._along(y, dy) * self._along(x, dx)

    def _along(self, offset: Array, derivative: int) -> Array:
        sigma = self.fwhm / FWHM_PER_SIGMA
        ends = [(offset + side) / sigma for side in (0.5, -0.5)]
        if not derivative:
            return ndtr(ends[0]) - ndtr(ends[1])
        high, low = (np.exp(-end * end / 2) for end in ends)
        return (high - low) / (sigma * np.sqrt(2 * np.pi))


@dataclass(frozen=True)
class _Spline:
    """A cubic spline in both directions."""

    spline: NdBSpline

    def __call__(self, y: Array, x: Array, dy: int = 0, dx: int = 0) -> Array:
        places = np.stack([y, x], axis=-1).clip(-_REACH, _REACH)
        return self.spline(places, nu=(dy, dx))

    @classmethod
    def through(cls, y: Array, x: Array, value: Array, weight: Array) -> "_Spline":
        """The least-squares spline through scattered values."""
        inner = np.arange(-_REACH + _KNOTS, _REACH - _KNOTS / 2, _KNOTS)
        knots = np.concatenate([[-_REACH] * 4, inner, [_REACH] * 4])
        size = len(knots) - 4
        rows, columns = (BSpline.design_matrix(a.clip(-_REACH, _REACH), knots, 3).toarray() for a in (y, x))
        terms = (rows[:, :, None] * columns[:, None]).reshape(len(y), -1)
        weighted = terms * weight[:, None]
        matrix = weighted.T @ terms
        matrix[np.diag_indices(size**2)] += _RIDGE * np.trace(matrix) / size**2
        return cls(NdBSpline((knots, knots), np.linalg.solve(matrix, weighted.T @ value).reshape(size, size), 3))


@dataclass(frozen=True)
class Fitted:
    """Stars that were fitted, n of them in boxes of k pixels.

    Parameters
    ----------
    y, x : ndarray of shape (n,)
        Centres, from those of the boxes [pixel].
    flux, level : ndarray of shape (n,)
        Light of the star, and what is beneath it [unit of the image].
    residual : ndarray of shape (n, k)
        Image less the fit.
    spread : ndarray of shape (n, k)
        Variance of the fit at each pixel.
    """

    y: Array
    x: Array
    flux: Array
    level: Array
    residual: Array
    spread: Array


def fit_stars(
    profile: Profile, images: Array, variances: Array, start: tuple[Array, Array], n_steps: int, misfit: float = MISFIT
) -> Fitted:
    """Fit one star in each box, with its place, light and level free.

    Parameters
    ----------
    profile : callable
    images, variances : ndarray of shape (n, k)
        Pixels of the boxes; those of infinite variance are left out.
    start : (ndarray, ndarray)
        Where the stars are, y and x from the centres of the boxes [pixel].
    n_steps : int
        Steps of Gauss and Newton.
    misfit : float
        Share of the brightest pixel that the profile is known to.
    """
    y, x = start
    brightest = np.where(np.isfinite(variances), images, -np.inf).max(axis=1, keepdims=True)
    weights = 1 / (variances + (misfit * brightest) ** 2)
    for step in range(n_steps):
        below, left = ROWS - y[:, None], COLUMNS - x[:, None]
        shape = profile(below, left)
        terms = np.stack(
            [shape, -profile(below, left, dy=1), -profile(below, left, dx=1), np.ones_like(shape)], axis=-1
        )
        weighted = terms * weights[..., None]
        matrix = np.einsum("nkp,nkq->npq", weighted, terms)
        matrix += np.eye(4) * 1e-9 * (np.einsum("npp->n", matrix) + 1e-30)[:, None, None]
        found = np.linalg.solve(matrix, np.einsum("nkp,nk->np", weighted, images)[..., None])[..., 0]
        flux = found[:, 0].clip(1e-9)
        if step < n_steps - 1:
            y, x = (
                (place + (found[:, i] / flux).clip(-_STEP, _STEP)).clip(-_FARTHEST, _FARTHEST)
                for place, i in ((y, 1), (x, 2))
            )
    residual = images - np.einsum("nkp,np->nk", terms, found)
    spread = np.einsum("nkp,npq,nkq->nk", terms, np.linalg.inv(matrix), terms)
    return Fitted(y, x, flux, found[:, 3], residual, spread)


#: Stars that measure a profile at the least; rounds; steps of the first round and of the others.
_FEWEST, _ROUNDS, _N_STEPS = 15, 5, (6, 3, 3, 3, 3)
#: Misfit of each round: the profile is not known yet in the first.
_MISFITS = (0.02, 0.02, 0.02, 0.005, 0.005)
#: Stars that fit worse than this many times the usual are not single; share of the pixels that fit best.
_NOT_SINGLE, _BEST = 3.0, 0.997


def measure_profile(images: Array, variances: Array, fwhm: float) -> Profile:
    """Measure the profile on isolated, bright stars.

    Parameters
    ----------
    images, variances : ndarray of shape (n, k)
        Boxes around the stars; pixels of infinite variance are left out.
    fwhm : float
        Width of the PSF [pixel], to begin with: and all there is where stars are fewer than 15.
    """
    profile: Profile = _Gaussian(fwhm)
    if len(images) < _FEWEST:
        return profile
    usable = np.isfinite(variances)
    light = np.where(usable, images - np.median(images, axis=1, keepdims=True), 0).clip(1e-12)
    start = tuple((light * axis).sum(axis=1) / light.sum(axis=1) for axis in (ROWS, COLUMNS))
    for n_steps, misfit in zip(_N_STEPS, _MISFITS, strict=True):
        stars = fit_stars(profile, images, variances, start, n_steps, misfit)
        start = stars.y, stars.x
        share = np.where(usable, np.abs(stars.residual) / stars.flux[:, None], 0)
        overall = np.sqrt((share**2).mean(axis=1))
        single = usable & (overall < _NOT_SINGLE * np.median(overall))[:, None]
        single &= share <= np.quantile(share[single], _BEST)
        below, left = (ROWS - stars.y[:, None])[single], (COLUMNS - stars.x[:, None])[single]
        value = ((images - stars.level[:, None]) / stars.flux[:, None])[single]
        error2 = (variances / stars.flux[:, None] ** 2)[single] + MISFIT**2
        profile = _Spline.through(below, left, value, 1 / error2)
    return profile
