"""Where the pixels of an image are on the sky, by its header: the FITS approximation of its WCS."""

import warnings

from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS

__all__ = ["sky_of"]


def sky_of(hdus: fits.HDUList) -> WCS:
    """Where the pixels of an image are on the sky, by its header."""
    with warnings.catch_warnings():  # dates that astropy completes
        warnings.simplefilter("ignore", AstropyWarning)
        return WCS(hdus["SCI"].header)
