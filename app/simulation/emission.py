"""Light that fills a field: clouds and filaments on all scales, as dust in a galaxy or a star-forming region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Emission"]

Array = NDArray[np.float64]

#: Waves in each octave: enough that no single one is seen.
WAVES = 24
#: Amplitude of a wave as a power of its length: that of the power spectrum k^-2.8 which dust in nearby galaxies has
#: (Elmegreen, Elmegreen & Leitner 2003, ApJ 590, 271): half of 2.8 - 2, for as many waves in each octave.
STEEPNESS = 0.4


@dataclass(frozen=True)
class Emission:
    """Brightness whose logarithm is a random field, bright along lines where a second field is zero.

    Parameters
    ----------
    ra, dec : float
        Centre of the field [deg].
    peak : float
        Brightness that a hundredth of the field or so exceeds [MJy/sr].
    contrast : float
        Natural logarithm of the brightness that one standard deviation of the field is worth.
    shortest, longest : float
        Lengths of the waves [arcsec].
    seed : int
    """

    ra: float
    dec: float
    peak: float
    contrast: float
    shortest: float
    longest: float
    seed: int

    def brightness(self, ra: Array, dec: Array) -> Array:
        """Surface brightness [MJy/sr] at places on the sky [deg], any shape."""
        east = (np.asarray(ra) - self.ra) * np.cos(np.radians(self.dec)) * 3600
        north = (np.asarray(dec) - self.dec) * 3600
        rng = np.random.default_rng(self.seed)
        clouds, ridges = self._field(rng, east, north), self._field(rng, east, north)
        return self.peak * np.exp(self.contrast * (clouds - 2 * np.abs(ridges) - 1.5))

    def _field(self, rng: np.random.Generator, east: Array, north: Array) -> Array:
        """A random field of mean 0 and variance 1."""
        n_octaves = int(np.ceil(np.log2(self.longest / self.shortest)))
        field, variance = np.zeros(east.shape), 0.0
        for length in self.longest / 2.0 ** np.arange(n_octaves):
            amplitude = length**STEEPNESS
            variance += WAVES * amplitude**2 / 2
            for angle, phase in rng.uniform(0, 2 * np.pi, (WAVES, 2)):
                wave = 2 * np.pi / (length * rng.uniform(0.75, 1.5))
                field += amplitude * np.cos(wave * (np.cos(angle) * east + np.sin(angle) * north) + phase)
        return field / np.sqrt(variance)
