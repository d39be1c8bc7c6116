"""The simulated sky: point sources and smooth light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.simulation.emission import Emission

__all__ = ["Blob", "Sky", "Stars", "draw_blobs", "draw_stars"]

Array = NDArray[np.float64]
#: West, east, south and north ends of a field [deg].
Limits = tuple[float, float, float, float]


@dataclass(frozen=True)
class Stars:
    """Point sources.

    Parameters
    ----------
    ra, dec : ndarray of shape (n,)
        Place [deg].
    flux : ndarray of shape (n,)
        Flux density [uJy].
    """

    ra: Array
    dec: Array
    flux: Array


@dataclass(frozen=True)
class Blob:
    """Smooth light: a round Gaussian on the sky.

    Parameters
    ----------
    ra, dec : float
        Centre [deg].
    sigma : float
        Width [arcsec].
    peak : float
        Surface brightness at the centre [MJy/sr].
    """

    ra: float
    dec: float
    sigma: float
    peak: float


@dataclass(frozen=True)
class Sky:
    """All sources of light in a field."""

    stars: Stars
    blobs: tuple[Blob, ...] = ()
    emission: Emission | None = None

    def diffuse(self, ra: Array, dec: Array) -> Array:
        """Surface brightness of the smooth light [MJy/sr] at places on the sky [deg], any shape."""
        light = np.zeros(np.shape(ra))
        for blob in self.blobs:
            east = (np.asarray(ra) - blob.ra) * np.cos(np.radians(blob.dec)) * 3600
            north = (np.asarray(dec) - blob.dec) * 3600
            light += blob.peak * np.exp(-(east**2 + north**2) / (2 * blob.sigma**2))
        return light


def draw_stars(
    rng: np.random.Generator, limits: Limits, spacing: float, flux_range: tuple[float, float], anywhere: bool = False
) -> Stars:
    """Scatter stars over a field, one a cell of a square grid: none is closer to another than 0.6 of the spacing.

    Parameters
    ----------
    rng : numpy.random.Generator
    limits : (float, float, float, float)
        West, east, south and north ends of the field [deg].
    spacing : float
        Side of a cell [arcsec].
    flux_range : (float, float)
        Limits of the flux density [uJy]; its logarithm is drawn evenly.
    anywhere : bool
        As many stars, each anywhere in the field.
    """
    west, east, south, north = limits
    height = spacing / 3600
    width = height / np.cos(np.radians((south + north) / 2))
    columns, rows = np.meshgrid(np.arange(west, east, width), np.arange(south, north, height))
    jitter = rng.uniform(0.3, 0.7, (2, columns.size))
    flux = np.exp(rng.uniform(np.log(flux_range[0]), np.log(flux_range[1]), columns.size))
    if anywhere:
        return Stars(rng.uniform(west, east, columns.size), rng.uniform(south, north, columns.size), flux)
    return Stars(columns.ravel() + jitter[0] * width, rows.ravel() + jitter[1] * height, flux)


def draw_blobs(
    rng: np.random.Generator, limits: Limits, peak: float, n: int, sizes: tuple[float, float]
) -> tuple[Blob, ...]:
    """Scatter n blobs over a field [deg], up to ``peak`` [MJy/sr] each, of sizes in its height; none for a peak 0."""
    if peak == 0:
        return ()
    west, east, south, north = limits
    ra, dec = rng.uniform(west, east, n), rng.uniform(south, north, n)
    sigma = rng.uniform(*sizes, n) * (north - south) * 3600
    peaks = rng.uniform(0.3, 1.0, n) * peak
    return tuple(Blob(*map(float, values)) for values in zip(ra, dec, sigma, peaks, strict=True))
