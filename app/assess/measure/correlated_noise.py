"""Noise of a mosaic's pixels, and of apertures: drizzling makes neighbours alike, and each less noisy than is stated.

The error of a pixel that resampling states (ERR) and the scatter of pixels are two things. A drop of light that is
spread over several pixels lowers the scatter of each and ties them together: sums over apertures are noisier than the
scatter lets expect (Casertano et al. 2000, AJ 120, 2747, appendix A; Fruchter & Hook 2002, PASP 114, 144). Both are
measured on the mosaic's own empty sky, so they hold for any kernel, pixel scale and weights.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.boxes import spread_boxes
from app.observation.scatter import PER_MAD

__all__ = ["CorrelatedNoise", "measure_correlation"]

Array = NDArray[np.float64]

#: Side of the boxes of empty sky [pixel of the detector], and how many are used at most.
BOX, N_BOXES = 24, 400
#: How far a pixel of the detector makes pixels of the mosaic alike [pixel of the detector]: its drop, turned, and the
#: pixels of the mosaic that the drop touches at either end.
REACH = 1.5
#: Pixels brighter or fainter than so many times the scatter of their box are no empty sky; share of such in a box.
CLIP, FEW = 4.0, 0.05
#: Boxes that scatter by more than so many times what the quietest tenth does have a source in them.
SOURCE = 1.2
#: Sides of the square apertures for which factors are stated [pixel of the mosaic].
SIDES = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class CorrelatedNoise:
    """Noise of empty sky.

    Parameters
    ----------
    scatter_ratio : float
        Scatter of pixels over the error that the mosaic states for them (ERR).
    aperture_factors : dict of str to float
        By side of a square aperture [pixel]: the noise of the sum over it, divided by what the scatter of its
        pixels would give if they were independent.
    """

    scatter_ratio: float
    aperture_factors: dict[str, float]


def measure_correlation(image: Any, error: Any, scale: float) -> CorrelatedNoise | None:
    """Measure noise and its correlation in the boxes of a mosaic that have no source.

    Parameters
    ----------
    image, error : ndarray or astropy.io.fits.Section, of shape (ny, nx)
        The mosaic and its ERR; NaN where there is nothing.
    scale : float
        Side of its pixels over that of the detector's.

    Returns
    -------
    CorrelatedNoise or None
        None where there is no empty box.
    """
    side, reach = round(BOX / scale), int(np.ceil(REACH / scale + 1))
    boxes, errors = _quiet_boxes(image, error, side)
    if not len(boxes):
        return None
    covariance = _covariance(boxes / errors, reach)
    variance = covariance[reach, reach]
    lags = np.abs(np.arange(-reach, reach + 1))
    factors = {}
    for aperture in SIDES:
        share = (1 - lags / aperture).clip(0)  # of the pixels of an aperture, those that have a partner at this lag
        factors[str(aperture)] = float(np.sqrt(max(share @ covariance @ share / variance, 0)))
    return CorrelatedNoise(float(np.sqrt(variance)), factors)


def _quiet_boxes(image: Any, error: Any, side: int) -> tuple[Array, Array]:
    """Boxes of empty sky around zero, shape (n, side, side), and their errors; pixels that are no sky are NaN."""
    data, errors = (spread_boxes(plane, side, N_BOXES).astype(float) for plane in (image, error))
    complete = (np.isfinite(data) & (errors > 0)).all(axis=(1, 2))
    data, errors = data[complete], errors[complete]
    if not len(data):
        return data, errors
    relative = data / errors
    residual = relative - np.median(relative, axis=(1, 2), keepdims=True)
    scatter = PER_MAD * np.median(np.abs(residual), axis=(1, 2), keepdims=True)
    sky = np.abs(residual) < CLIP * scatter
    quiet = scatter[:, 0, 0] <= SOURCE * np.quantile(scatter, 0.1)
    quiet &= (~sky).mean(axis=(1, 2)) < FEW
    return np.where(sky, data, np.nan)[quiet], errors[quiet]


def _covariance(boxes: Array, reach: int) -> Array:
    """Mean covariance at all lags up to a reach, shape (2 reach + 1, 2 reach + 1), of boxes with NaN in them.

    The mean of a box is not that of the sky: taking it out lowers the covariance at every lag by the variance of the
    mean, which is added again.
    """
    known = np.isfinite(boxes)
    data = np.where(known, boxes - np.nanmean(boxes, axis=(1, 2), keepdims=True), 0)
    n, ny, nx = data.shape
    shape = (ny + reach, nx + reach)
    transforms = (np.fft.rfft2(part, shape) for part in (data, known.astype(float)))
    sums, pairs = (np.fft.irfft2((np.abs(t) ** 2).sum(axis=0), shape) for t in transforms)
    lags = np.arange(-reach, reach + 1)
    covariance = (sums / np.maximum(pairs, 1))[np.ix_(lags, lags)]
    total = covariance.sum() / (1 - covariance.size / (known.sum() / n))
    return covariance + total / (known.sum() / n)
