"""What is wrong with an exposure: pointing, sky level, cosmic rays, bad pixels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.simulation.detectors import Detector, Window

__all__ = [
    "CosmicRays",
    "Faults",
    "draw_bad_pixels",
    "draw_cosmic_rays",
    "draw_offset",
    "random_stream",
    "reference_pixels",
]

#: Rows and columns of reference pixels at each border of the full frame.
REFERENCE_BORDER = 4
#: Longest track of a cosmic ray [pixel].
LONGEST_TRACK = 3


@dataclass(frozen=True)
class Faults:
    """How much is wrong with each exposure; all zeros are a perfect telescope.

    Parameters
    ----------
    pointing_error : float
        Length of the pointing error of each exposure [arcsec]; its direction is drawn.
    roll_error : float
        Largest error of the roll of each exposure [deg].
    module_error, detector_error : float
        Length of a constant error of each module and of each detector [arcsec].
    sky_offset : float
        Largest deviation of the sky level of each exposure [MJy/sr].
    n_cosmic_rays : int
        Hits in each image.
    bad_pixel_fraction : float
        Share of each detector's pixels that are dead, the same ones in every exposure.
    masked_parts : tuple of (float, float, float, float)
        Parts of every window that no sky light reaches, as those beside MIRI's imager: first and last column and row,
        as shares of the window's sides.
    """

    pointing_error: float = 0.1
    roll_error: float = 0.0
    module_error: float = 0.0
    detector_error: float = 0.0
    sky_offset: float = 0.5
    n_cosmic_rays: int = 110
    bad_pixel_fraction: float = 0.001
    masked_parts: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True)
class CosmicRays:
    """Pixels that cosmic rays hit.

    Parameters
    ----------
    x, y : ndarray of int, shape (n,)
        Pixels, from 0.
    amplitude : ndarray of shape (n,)
        What the hits added [MJy/sr].
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    amplitude: NDArray[np.float64]


def random_stream(seed: int, *labels: str) -> np.random.Generator:
    """Random numbers for one purpose, independent of other purposes, exposures and the order of work."""
    return np.random.default_rng([seed, *(zlib.crc32(label.encode()) for label in labels)])


def draw_offset(rng: np.random.Generator, length: float) -> tuple[float, float]:
    """Offset of this length in a random direction: east and north."""
    angle = rng.uniform(0, 2 * np.pi)
    return float(length * np.cos(angle)), float(length * np.sin(angle))


def draw_cosmic_rays(rng: np.random.Generator, shape: tuple[int, int], n: int, noise: float) -> CosmicRays:
    """Draw straight tracks of one to three pixels, of 20 to 500 times the noise [MJy/sr] in each."""
    rows, columns = (rng.integers(0, size, n) for size in shape)
    lengths = rng.integers(1, LONGEST_TRACK + 1, n)
    steps = rng.integers(-1, 2, (2, n))
    amplitudes = noise * np.exp(rng.uniform(np.log(20), np.log(500), n))
    hits: dict[tuple[int, int], float] = {}
    for row, column, length, step, amplitude in zip(rows, columns, lengths, steps.T, amplitudes, strict=True):
        for place in range(length):
            pixel = int(row + place * step[0]), int(column + place * step[1])
            if 0 <= pixel[0] < shape[0] and 0 <= pixel[1] < shape[1]:
                hits[pixel] = float(amplitude)
    y, x = np.array(list(hits), dtype=np.int64).reshape(-1, 2).T
    return CosmicRays(x, y, np.array(list(hits.values())))


def draw_bad_pixels(rng: np.random.Generator, detector: Detector, window: Window, fraction: float) -> NDArray[np.bool_]:
    """Draw the detector's dead pixels and return those in the window."""
    columns, rows = detector.size
    return _crop(rng.random((rows, columns)) < fraction, window)


def reference_pixels(detector: Detector, window: Window) -> NDArray[np.bool_]:
    """Pixels of the window that see no light: MIRI has them left and right, the others all around."""
    columns, rows = detector.size
    blind = np.ones((rows, columns), dtype=bool)
    border = slice(REFERENCE_BORDER, -REFERENCE_BORDER)
    blind[slice(None) if detector.instrument == "MIRI" else border, border] = False
    return _crop(blind, window)


def _crop(frame: NDArray[np.bool_], window: Window) -> NDArray[np.bool_]:
    y, x = window.y_start - 1, window.x_start - 1
    return frame[y : y + window.y_size, x : x + window.x_size]
