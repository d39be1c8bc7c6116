"""Shift, turn and scale from one set of places to another, by least squares, with errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Similarity", "fit_similarity"]

Array = NDArray[np.float64]

#: From how many standard errors on a place does not count.
OUTLYING = 4.0
#: Fits after each of which outlying places are left out anew.
ROUNDS = 5
#: Fewest places from which outlying ones can be told.
FEWEST_TO_CLIP = 6


@dataclass(frozen=True, slots=True)
class Similarity:
    """How far places are moved: in complex numbers, east + i north, by ``shift + factor (place - centre)``.

    Parameters
    ----------
    centre : complex
        Middle of the places that were used [arcsec].
    shift : complex
        Of the middle [arcsec].
    factor : complex
        Stretch as its real, turn [rad], from east through north, as its imaginary part, both small.
    n : int
        Places that were used.
    scatter : float
        Standard error of one place, per axis [arcsec]; NaN for two, which are fitted whatever they are.
    extent : float
        Root of the sum of the squares of their distances from the middle [arcsec].
    """

    centre: complex
    shift: complex
    factor: complex
    n: int
    scatter: float
    extent: float

    def at(self, places: Array) -> Array:
        """How far places of shape (n, 2) are moved, east and north, same shape [arcsec]."""
        return _real(self.shift + self.factor * (_complex(places) - self.centre))

    def error_at(self, places: Array) -> Array:
        """Standard errors per axis of what `at` gives, shape (n,) [arcsec]."""
        arms = np.abs(_complex(places) - self.centre)
        return self.scatter * np.sqrt(1 / self.n + (arms / self.extent) ** 2)

    @property
    def rotation(self) -> float:
        """Turn from north through east [deg]."""
        return float(-np.degrees(np.angle(1 + self.factor)))

    @property
    def rotation_error(self) -> float:
        """Standard error of `rotation` [deg]."""
        return float(np.degrees(self.scatter / self.extent))

    @property
    def scale(self) -> float:
        """Factor by which distances grow."""
        return float(abs(1 + self.factor))


def fit_similarity(places: Array, moves: Array) -> Similarity:
    """Fit how places are moved; those that do not go with the others are left out.

    With the middle of the places as origin, shift and factor are independent, and the variance of a place per axis is
    that of the residuals with 2 n - 4 degrees of freedom.

    Parameters
    ----------
    places, moves : ndarray of shape (n, 2)
        Places, and how far each is moved, east and north [arcsec]; at least two places that differ, no NaN.
    """
    points, vectors = _complex(places), _complex(moves)
    used = np.ones(len(points), dtype=bool)
    fit = _fit(points, vectors)
    for _ in range(ROUNDS if len(points) >= FEWEST_TO_CLIP else 0):
        residuals = np.abs(vectors - _complex(fit.at(places)))
        # The median length of a vector with normal components is 1.1774 of their standard deviation.
        spread = np.median(residuals[used]) / 1.1774 * np.sqrt(fit.n / (fit.n - 2))
        before, used = used, residuals <= OUTLYING * spread
        if (used == before).all() or used.sum() < FEWEST_TO_CLIP:
            break
        fit = _fit(points[used], vectors[used])
    return fit


def _fit(points: NDArray[np.complex128], vectors: NDArray[np.complex128]) -> Similarity:
    n, centre, shift = len(points), points.mean(), vectors.mean()
    arms = points - centre
    square = float(np.sum(np.abs(arms) ** 2))
    factor = complex(np.vdot(arms, vectors) / square)
    residuals = vectors - shift - factor * arms
    scatter = float(np.sqrt(np.sum(np.abs(residuals) ** 2) / (2 * n - 4))) if n > 2 else np.nan
    return Similarity(complex(centre), complex(shift), factor, n, scatter, square**0.5)


def _complex(vectors: Array) -> NDArray[np.complex128]:
    return vectors[..., 0] + 1j * vectors[..., 1]


def _real(numbers: NDArray[np.complex128]) -> Array:
    return np.stack([numbers.real, numbers.imag], axis=-1)
