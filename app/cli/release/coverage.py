"""What a mosaic covers, as a multi-order coverage map (MOC): a FITS file that Aladin, TOPCAT and archives combine."""

from pathlib import Path

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.wcs import WCS
from mocpy import MOC
from numpy.typing import NDArray

from app.pipeline.box import Box

__all__ = ["ORDER", "coverage", "write_coverage"]

#: Order of the cells: 0.8 arcsec wide (IVOA, HEALPix MOC 2.0, table of orders).
ORDER = 18
#: Most pixels that are looked at together.
STRIP = 4_000_000


def coverage(weight: NDArray, header: fits.Header) -> MOC:
    """The cells with the centre of a pixel that has weight.

    Parameters
    ----------
    weight : array of shape (ny, nx)
    header : Header
        With its WCS.
    """
    wcs = WCS(header, naxis=2, fix=False)
    found = MOC.new_empty(ORDER)
    for band in Box.whole(weight.shape).bands(STRIP):
        y, x = np.nonzero(weight[band.slices] > 0)
        if x.size:
            places = wcs.wcs_pix2world(x, y + band.y0, 0) * units.deg
            found = found.union(MOC.from_lonlat(*places, max_norder=ORDER))
    return found


def write_coverage(weight: NDArray, header: fits.Header, place: Path) -> None:
    """Write the coverage map of a mosaic."""
    coverage(weight, header).save(str(place), format="fits")
