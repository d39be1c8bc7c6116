"""Read noise of exposures, scaled to the scatter that their sky really has."""

import logging

import numpy as np
from numpy.typing import NDArray

from app.observation.scatter import PER_MAD
from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.divided.library import ExposureLibrary
from app.runtime.pool import run_all

__all__ = ["noise_factor", "rescale_read_noise"]

log = logging.getLogger(__name__)

#: Side of the boxes whose median is the sky [pixel].
BOX = 16
#: Boxes that scatter by more than this many times what the quietest tenth does have a source in them. The scatter of a
#: box of pure noise is known to 7 %: the quietest tenth are 9 % below the mean, and all up to two sigma above it stay.
SOURCE = 1.27
#: The variance of the sky is known to so much (of pure noise 0.98 of it are found: boxes have medians of their own, and
#: the noisiest are left out). What is within it is no reason to change anything: where photons make most of the noise,
#: all of it would go into the factor.
KNOWN = 0.025
#: Limits of the factor: beyond these it is not the read noise that is wrong.
LEAST, MOST = 0.1, 100.0


def rescale_read_noise(library: ExposureLibrary, procs: int) -> dict[str, float]:
    """Scale the read noise of all exposures, from now on.

    Parameters
    ----------
    library : ExposureLibrary
    procs : int
        Number of processes; the factors do not depend on it.

    Returns
    -------
    dict
        Factor of VAR_RNOISE by file name.
    """
    factors = list(run_all(_factor, library.exposures(), procs))
    library.noise_factors = factors
    found = dict(zip(library.member_names, factors, strict=True))
    log.info("variance of the read noise times %.3f to %.3f (%d exposures)", min(factors), max(factors), len(factors))
    return found


def _factor(exposure: ExposureFile) -> float:
    with exposure.open("data", "dq", "var_poisson", "var_rnoise") as model:
        usable = (model.dq & 1) == 0
        return noise_factor(np.where(usable, model.data, np.nan), model.var_poisson, model.var_rnoise)


def noise_factor(
    image: NDArray[np.float32], var_poisson: NDArray[np.float32], var_rnoise: NDArray[np.float32]
) -> float:
    """By what the variance of the read noise is to be multiplied to make the errors of the sky its scatter.

    The scatter is that around the medians of boxes, without the boxes that have a source; what varies over more than a
    box (a gradient, 1/f noise along many rows) is no scatter of pixels and is not in it.

    Parameters
    ----------
    image, var_poisson, var_rnoise : ndarray of shape (ny, nx)
        Data, NaN where they are not to be used, and the variances of photon and read noise.

    Returns
    -------
    float
        1 where nothing can be measured.
    """
    data, poisson, read = map(_boxes, (image, var_poisson, var_rnoise))
    known = np.isfinite(data) & np.isfinite(poisson) & (read > 0)
    data = np.where(known, data, np.nan)[enough := known.sum(axis=1) > BOX**2 / 2]
    if len(data) == 0:
        return 1.0
    residual = np.abs(data - np.nanmedian(data, axis=1, keepdims=True))
    scatter = np.nanmedian(residual, axis=1)
    quiet = scatter <= SOURCE * np.quantile(scatter, 0.1)
    variance = (PER_MAD * float(np.nanmedian(residual[quiet]))) ** 2
    photons, reading = (float(np.nanmedian(a[enough][quiet])) for a in (poisson, read))
    if abs(variance - photons - reading) <= KNOWN * (photons + reading):
        return 1.0
    return float(np.clip((variance - photons) / reading, LEAST, MOST))


def _boxes(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The whole boxes of an image, one a row."""
    ny, nx = (size // BOX for size in image.shape)
    boxes = image[: ny * BOX, : nx * BOX].reshape(ny, BOX, nx, BOX)
    return boxes.swapaxes(1, 2).reshape(ny * nx, BOX**2)
