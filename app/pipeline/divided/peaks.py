"""The peaks of an image: only pixels above the threshold are compared with those around them, all at once."""

from typing import Any

import numpy as np

__all__ = ["circular_peaks"]


def circular_peaks(threshold: Any, data: np.ndarray, radius: float) -> np.ndarray:
    """Which pixels above a threshold are the highest in the circle around them, and of the eight beside them.

    Beyond the image there is 0: a pixel whose square around the circle reaches there is no peak below 0.

    Parameters
    ----------
    threshold : float or ndarray of shape (ny, nx)
    data : ndarray of shape (ny, nx)
        Without NaN.
    radius : float
        Of the circle [pixel].

    Returns
    -------
    ndarray of bool, shape (ny, nx)
    """
    reach = np.arange(-radius, radius + 1)
    size, half = len(reach), len(reach) // 2
    circle = reach**2 + reach[:, None] ** 2 <= radius**2
    circle[half - 1 : half + 2, half - 1 : half + 2] = True
    y, x = np.nonzero(data > threshold)
    beyond = (np.minimum(y, x) < half) | (y - half + size > data.shape[0]) | (x - half + size > data.shape[1])
    is_peak = ~beyond | (data[y, x] >= 0)
    padded = np.pad(data, size, constant_values=-np.inf)
    for row, column in np.argwhere(circle) - half + size:
        y, x = y[is_peak], x[is_peak]
        is_peak = padded[y + row, x + column] <= data[y, x]
    peaks = np.zeros(data.shape, bool)
    peaks[y[is_peak], x[is_peak]] = True
    return peaks
