"""Outliers that are no stars: what an exposure can differ by from the median where a star is undersampled or displaced.

The blot of the median is smoother than an exposure, and a star in it is not quite where the exposure has it. By how
much an exposure can differ for these reasons alone follows from the derivative of the blot.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from app.pipeline.divided.jwst_internals import largest_steps

__all__ = ["find_outliers", "tolerated", "tolerated_share", "usual_noise"]

Image = NDArray[np.float32]

#: What a star's pixels differ by from the blot of the median, in units of the derivative of the blot, is at most this
#: over the width of the PSF [pixel]. It is a bound on Gaussian stars of 1.2 to 2.5 pixels FWHM at any place in a pixel,
#: in 3 to 6 exposures each of which is displaced by a third of a pixel (10 mas in NIRCam's short channel):
#: tests/pipeline/divided/test_spare_stars.py drizzles and blots them.
REACH = 4.1


def tolerated_share(fwhm: float) -> float:
    """By what share of the blot's derivative an exposure can differ from the blot because of a star.

    Parameters
    ----------
    fwhm : float
        Width of the PSF [pixel].
    """
    return REACH / fwhm


def tolerated(blot: Image, fwhm: float) -> Image:
    """What an exposure can differ by from the blot of the median because of stars, at each pixel; zero where it is NaN.

    The derivative, the largest step to a neighbour, is that of the median: it grows where exposures agree that
    something shines, and a ray in one of them is not in it.

    Parameters
    ----------
    blot : ndarray of shape (ny, nx)
        The median of the exposures where an exposure has its pixels; NaN where there is none.
    fwhm : float
        Width of the PSF [pixel].
    """
    return np.float32(tolerated_share(fwhm)) * np.nan_to_num(largest_steps(blot))


def usual_noise(error: Image, blot_error: Image) -> Image:
    """Standard errors, but no larger than is usual at this place of the sky; zero where neither is known.

    The error of a pixel that was hit is inflated by the very hit.

    Parameters
    ----------
    error, blot_error : ndarray of shape (ny, nx)
        Of the exposure, and the median of all exposures' where it has its pixels; NaN where there is none.
    """
    return np.nan_to_num(np.fmin(error, blot_error))


def find_outliers(
    data: Image, noise: Image, blot: Image, tolerance: Image, snr: tuple[float, float]
) -> NDArray[np.bool_]:
    """Find the pixels that hold what no other exposure shows.

    A pixel is an outlier where ``|data - blot| > snr * noise + tolerance``: with the first `snr`, or with the second
    beside such a pixel.

    Parameters
    ----------
    data, blot : ndarray of shape (ny, nx)
        The exposure, and the median of the exposures where this one has its pixels; NaN where there is none.
    noise : ndarray of shape (ny, nx)
        See `usual_noise`.
    tolerance : ndarray of shape (ny, nx)
        See `tolerated`.
    snr : (float, float)
        From how many times the noise on a pixel is an outlier, and a pixel beside one.
    """
    difference = np.abs(data - blot) - tolerance
    with np.errstate(invalid="ignore"):
        sure, likely = (difference > times * noise for times in snr)
    return maximum_filter(sure, 3) & likely
