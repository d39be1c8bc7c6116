"""What outlier detection flagged, over all and in the cores of stars, where it should find next to nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.stars import Stars
from app.observation.sky_points import box_values

__all__ = ["OUTLIER", "Flagged", "count_flagged"]

#: Bits of the data-quality array (jwst documentation, "Data Quality Flags").
DO_NOT_USE, OUTLIER = 1, 16


@dataclass(frozen=True, slots=True)
class Flagged:
    """Counts of pixels.

    Parameters
    ----------
    n_good : int
        Pixels that could be used before.
    n_flagged : int
        Those of them that are outliers.
    cores : ndarray of int, shape (stars, 2)
        The same two numbers in the core of each star.
    """

    n_good: int
    n_flagged: int
    cores: NDArray[np.int64]


def count_flagged(before: NDArray, after: NDArray, stars: Stars, fwhm: float) -> Flagged:
    """Count the pixels that outlier detection flagged.

    Parameters
    ----------
    before, after : ndarray of shape (ny, nx)
        Data-quality arrays of the input and of the exposure as it goes into the mosaic.
    stars : Stars
        Stars of the input.
    fwhm : float
        Width of the PSF [pixel]; a core is a box of about that side.
    """
    good = (before & DO_NOT_USE) == 0
    flagged = good & ((after & OUTLIER) > 0)
    half = max(1, round(fwhm / 2))
    columns, rows = np.rint(stars.x).astype(int), np.rint(stars.y).astype(int)
    cores = [box_values(mask, columns, rows, half).sum(axis=(1, 2)) for mask in (good, flagged)]
    return Flagged(int(good.sum()), int(flagged.sum()), np.stack(cores, axis=1).astype(int))
