"""Stars as diffraction draws them: the rings and spikes of eighteen mirrors, on pixels that are too large for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import uniform_filter

from app.runtime.patched import patched
from app.simulation import render

#: Distance of the middles of neighbouring mirrors, and half the width of one, flat to flat [m].
PITCH, HALF = 1.33, 0.655
#: Places at which the light is known, a pixel, and half the side of a star's stamp [pixel].
OVERSAMPLED, STAMP = 9, 24


@contextmanager
def diffracted(wavelength: float, pixel: float) -> Iterator[None]:
    """Context in which the simulation draws stars at a wavelength [micron] on pixels of this side [arcsec]."""
    profile = _profile(wavelength, pixel)

    def add(image, x, y, flux, _):
        reach = STAMP - 2
        offsets = np.arange(-reach, reach + 1)
        ny, nx = image.shape
        for one, two, strength in zip(x, y, flux, strict=True):
            columns, rows = round(float(one)) + offsets, round(float(two)) + offsets
            columns, rows = columns[(columns >= 0) & (columns < nx)], rows[(rows >= 0) & (rows < ny)]
            if len(columns) and len(rows):
                image[np.ix_(rows, columns)] += strength * profile(rows - two, columns - one)

    with patched(render, "_add_stars", add):
        yield


@cache
def _profile(wavelength: float, pixel: float) -> RectBivariateSpline:
    """Share of a star's light that a pixel catches, by its distance from the star [pixel]."""
    n = OVERSAMPLED * (2 * STAMP + 1)
    places = (np.arange(n) - n // 2) / OVERSAMPLED
    light = np.zeros((n, n))
    u = np.linspace(-3.4, 3.4, 220)
    pupil = _pupil(*np.meshgrid(u, u))
    for factor in np.linspace(0.9, 1.1, 5):  # the width of a filter
        waves = np.exp(-2j * np.pi * np.outer(np.radians(places * pixel / 3600), u) / (factor * wavelength * 1e-6))
        light += np.abs(waves @ pupil @ waves.T) ** 2
    caught = uniform_filter(light, OVERSAMPLED, mode="constant") * OVERSAMPLED**2 / light.sum()
    return RectBivariateSpline(places, places, caught)


def _pupil(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Eighteen hexagons around a missing one, and three struts."""
    angles = np.radians([30, 90, 150])
    lit = np.zeros(x.shape, dtype=bool)
    for q in range(-2, 3):
        for r in range(-2, 3):
            if not 0 < max(abs(q), abs(r), abs(q + r)) <= 2:
                continue
            dx, dy = x - PITCH * (q + r / 2), y - PITCH * r * np.sqrt(3) / 2
            across = [np.abs(dx * np.cos(a - np.pi / 6) + dy * np.sin(a - np.pi / 6)) for a in angles]
            lit |= np.max(across, axis=0) < HALF
    for angle in np.radians([90, 240, 300]):
        along, beside = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
        lit &= (along < 0) | (np.abs(beside) > 0.06)
    return lit.astype(float)
