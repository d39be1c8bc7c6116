"""What an exposure has and the mosaic has not: their smoothed difference at places all over the exposure."""

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.sky_image import SkyImage
from app.observation.sky_points import HALF_BOX, sample_boxes, take_samples

__all__ = ["SIDE", "residual_map"]

Array = NDArray[np.float64]

#: Samples along the longer side of an exposure.
SIDE = 32


def residual_map(mosaic: SkyImage, exposure: SkyImage) -> Array:
    """An exposure less the mosaic.

    Both are sampled by medians of small boxes at the same places of the sky, without sources, and the differences are
    smoothed by the median of each with its neighbours.

    Parameters
    ----------
    mosaic : SkyImage
    exposure : SkyImage
        As it went into the mosaic.

    Returns
    -------
    ndarray of shape (rows, columns)
        Over the exposure's own pixels, some `SIDE` along the longer side [unit of the data]; NaN where there is
        nothing to compare.
    """
    ny, nx = exposure.data.shape
    step = max(nx, ny) / SIDE
    y, x = np.meshgrid(np.arange(step / 2, ny, step), np.arange(step / 2, nx, step), indexing="ij")
    x, y = _inside(x, y, (ny, nx))
    samples = sample_boxes(exposure.usable, x, y) - exposure.level
    x, y = _inside(*mosaic.to_pixels(*exposure.to_sky(x, y)), mosaic.data.shape)
    return _smoothed(samples - take_samples(mosaic.data, x, y))


def _inside(x: Array, y: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Pixels around which an image has a whole box, NaN for the others."""
    with np.errstate(invalid="ignore"):
        inside = (x >= HALF_BOX) & (y >= HALF_BOX) & (x <= shape[1] - 1 - HALF_BOX) & (y <= shape[0] - 1 - HALF_BOX)
    return np.where(inside, x, np.nan), np.where(inside, y, np.nan)


def _smoothed(values: Array) -> Array:
    """Medians of 3 by 3 values, of those that are known; NaN stays NaN."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(values, 1, constant_values=np.nan), (3, 3))
    known = np.isfinite(values)
    smoothed = np.full(values.shape, np.nan)
    smoothed[known] = np.nanmedian(around[known].reshape(-1, 9), axis=1)
    return smoothed
