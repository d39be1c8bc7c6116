"""Images of which every so many pixels are enough."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["thinned"]


def thinned(image: Any, step: int, part: tuple[slice, slice] = np.s_[:, :]) -> NDArray:
    """Every so many-th row and column of an image, or of each plane of a cube.

    Parameters
    ----------
    image : ndarray or astropy.io.fits.Section
        Of a section, in a file that is not mapped, no more is in memory than these rows, one at a time.
    step : int
    part : tuple of slice
        Rows and columns that are looked at; default all.
    """
    *planes, ny, _ = image.shape
    whole = (slice(None),) * len(planes)
    return np.stack([image[*whole, y, :][..., part[1]][..., ::step] for y in range(ny)[part[0]][::step]], axis=-2)
