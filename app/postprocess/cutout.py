"""Cutouts of the mosaic's grid: the part of it that one exposure can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gwcs
import numpy as np
from astropy.modeling.models import Shift
from gwcs.fitswcs import FITSImagingWCSTransform
from numpy.typing import NDArray

__all__ = ["Cutout", "cutout_around", "cutout_wcs"]

# The outline of an exposure is taken this much outside its pixels: lanczos3, the widest kernel, reaches 3 pixels far.
REACH = 4.0
# Points on each side of the outline; between them distortion bends it by much less than a pixel.
POINTS = 65


@dataclass(frozen=True, slots=True)
class Cutout:
    """A rectangle of pixels, ``y0 <= y < y1`` and ``x0 <= x < x1``.

    Parameters
    ----------
    y0, y1, x0, x1 : int
        Limits on the mosaic's grid [pixel].
    """

    y0: int
    y1: int
    x0: int
    x1: int

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> Cutout:
        """The whole of a grid of this shape ``(rows, columns)``."""
        return cls(0, shape[0], 0, shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y1 - self.y0, self.x1 - self.x0

    @property
    def is_empty(self) -> bool:
        """Whether there is no pixel in it."""
        return min(self.shape) <= 0

    def slices(self, origin: Cutout | None = None) -> tuple[slice, slice]:
        """Slices that take this from an array of the whole grid, or from one of the cutout `origin`."""
        y, x = (origin.y0, origin.x0) if origin else (0, 0)
        return slice(self.y0 - y, self.y1 - y), slice(self.x0 - x, self.x1 - x)

    def __and__(self, other: Cutout) -> Cutout:
        y0, x0 = max(self.y0, other.y0), max(self.x0, other.x0)
        return Cutout(y0, min(self.y1, other.y1), x0, min(self.x1, other.x1))

    def around(self, mask: NDArray[np.bool_]) -> Cutout:
        """The smallest cutout that holds every true pixel of `mask`, which is of this shape; empty where none is."""
        y, x = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        if not y.size:
            return Cutout(0, 0, 0, 0)
        return Cutout(self.y0 + int(y[0]), self.y0 + int(y[-1]) + 1, self.x0 + int(x[0]), self.x0 + int(x[-1]) + 1)


def cutout_around(wcs: Any, shape: tuple[int, int], mosaic_wcs: Any) -> Cutout:
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
        return Cutout(0, 0, 0, 0)
    (y0, x0), (y1, x1) = (np.floor([v.min() for v in (y, x)]), np.ceil([v.max() for v in (y, x)]) + 1)
    return Cutout(int(y0), int(y1), int(x0), int(x1)) & Cutout.whole(mosaic_wcs.array_shape)


def _outline(shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points around an image, x and y [pixel]."""
    y, x = (np.linspace(-0.5 - REACH, n - 0.5 + REACH, POINTS) for n in shape)
    sides = [(x, y[0]), (x, y[-1]), (x[0], y), (x[-1], y)]
    points = np.hstack([np.broadcast_arrays(*side) for side in sides])
    return points[0], points[1]


def cutout_wcs(wcs: Any, cutout: Cutout) -> gwcs.WCS:
    """The WCS of a cutout: the same sky, with the origin of pixels at the cutout's corner.

    Parameters
    ----------
    wcs : gwcs.WCS
        Of the mosaic.
    cutout : Cutout
    """
    first, *rest = wcs.pipeline
    ny, nx = cutout.shape
    cut = gwcs.WCS([(first.frame, _moved(first.transform, cutout)), *((step.frame, step.transform) for step in rest)])
    cut.array_shape = cutout.shape
    cut.bounding_box = ((-0.5, nx - 0.5), (-0.5, ny - 0.5))
    return cut


def _moved(transform: Any, cutout: Cutout) -> Any:
    """The first transform of a WCS, taking the cutout's pixels; jwst's own keeps its class, which FITS can say."""
    if not isinstance(transform, FITSImagingWCSTransform):
        return (Shift(cutout.x0) & Shift(cutout.y0)) | transform
    crpix1, crpix2 = transform.crpix.value
    return FITSImagingWCSTransform(  # made anew: a copy's crpix can be assigned, to no effect
        transform.projection,
        crpix=(crpix1 - cutout.x0, crpix2 - cutout.y0),
        crval=transform.crval.value,
        cdelt=transform.cdelt.value,
        pc=transform.pc.value,
    )
