"""Cutouts of the mosaic's grid: the box that one exposure can reach, and the WCS of a box."""

from __future__ import annotations

from typing import Any

import gwcs
import numpy as np
from astropy.modeling.models import Shift
from gwcs.fitswcs import FITSImagingWCSTransform
from numpy.typing import NDArray

from app.pipeline.box import Box

__all__ = ["cutout_around", "cutout_wcs"]

# The outline of an exposure is taken this much outside its pixels: lanczos3, the widest kernel, reaches 3 pixels far.
REACH = 4.0
# Points on each side of the outline; between them distortion bends it by much less than a pixel.
POINTS = 65


def cutout_around(wcs: Any, shape: tuple[int, int], mosaic_wcs: Any) -> Box:
    """The part of a mosaic's grid that an exposure can reach, with a margin; empty where they do not overlap.

    Parameters
    ----------
    wcs : gwcs.WCS
        Of the exposure.
    shape : (int, int)
        Rows and columns of the exposure.
    mosaic_wcs : gwcs.WCS
        With its ``array_shape``.
    """
    x, y = _outline(shape)
    sky = wcs(x, y, with_bounding_box=False)
    on_mosaic = mosaic_wcs.invert(*sky, with_bounding_box=False)
    x, y = (values[np.isfinite(values)] for values in on_mosaic)
    if not x.size:
        return Box(0, 0, 0, 0)
    (y0, x0), (y1, x1) = (np.floor([v.min() for v in (y, x)]), np.ceil([v.max() for v in (y, x)]) + 1)
    return Box(int(x0), int(y0), int(x1), int(y1)) & Box.whole(mosaic_wcs.array_shape)


def _outline(shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points around an image, x and y [pixel]."""
    y, x = (np.linspace(-0.5 - REACH, n - 0.5 + REACH, POINTS) for n in shape)
    sides = [(x, y[0]), (x, y[-1]), (x[0], y), (x[-1], y)]
    points = np.hstack([np.broadcast_arrays(*side) for side in sides])
    return points[0], points[1]


def cutout_wcs(wcs: Any, box: Box) -> gwcs.WCS:
    """The WCS of a cutout: the same sky, with the origin of pixels at the corner of the box.

    Parameters
    ----------
    wcs : gwcs.WCS
        Of the mosaic.
    box : Box
    """
    first, *rest = wcs.pipeline
    ny, nx = box.shape
    cut = gwcs.WCS([(first.frame, _moved(first.transform, box)), *((step.frame, step.transform) for step in rest)])
    cut.array_shape = box.shape
    cut.bounding_box = ((-0.5, nx - 0.5), (-0.5, ny - 0.5))
    return cut


def _moved(transform: Any, box: Box) -> Any:
    """The first transform of a WCS, taking the cutout's pixels; jwst's own keeps its class, which FITS can express."""
    if not isinstance(transform, FITSImagingWCSTransform):
        return (Shift(box.x0) & Shift(box.y0)) | transform
    crpix1, crpix2 = transform.crpix.value
    return FITSImagingWCSTransform(  # a new one: assigning crpix of a copy has no effect
        transform.projection,
        crpix=(crpix1 - box.x0, crpix2 - box.y0),
        crval=transform.crval.value,
        cdelt=transform.cdelt.value,
        pc=transform.pc.value,
    )
