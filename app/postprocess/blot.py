"""The mosaic blotted back onto the detector of one exposure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drizzle.resample import blot_image
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels.dqflags import pixel

from app.pipeline.cutout_wcs import cutout_around
from app.pipeline.divided.cuts import counted_from
from app.pipeline.divided.exposure_files import new_model, read_exposure, save_model
from app.postprocess.metadata import belongs_to, sky_is_out
from app.postprocess.mosaic import Mosaic

__all__ = ["Blotted", "blot", "blot_mosaic"]


@dataclass(frozen=True)
class Blotted:
    """A mosaic blotted back onto an exposure.

    Parameters
    ----------
    image : ImageModel
        All that is written.
    """

    image: datamodels.ImageModel

    @property
    def is_empty(self) -> bool:
        """Whether the mosaic has no data there."""
        return not (self.image.dq == 0).any()

    def save(self, path: Path) -> None:
        """Write the file; it appears whole or not at all."""
        save_model(self.image, path)


def blot_mosaic(path: Path, mosaic: Mosaic, parameters: Mapping[str, Any], fillval: float) -> Blotted:
    """Blot a mosaic back onto one of its exposures.

    Parameters
    ----------
    path : Path
        The exposure, as it went into the mosaic: ``*_crf.fits``.
    mosaic : Mosaic
    parameters : mapping
        Of the resample step that made the mosaic; its pixel map settings are used.
    fillval : float
        Value of pixels whose centre lies outside the mosaic, or in a pixel of it that has no data.

    Returns
    -------
    Blotted
        Of the exposure's shape and WCS, in the mosaic's unit, without the sky level that the mosaic is without. ``dq``
        is DO_NOT_USE where `fillval` stands, else 0: it says nothing about the detector.
    """
    exposure = read_exposure(path).without_pixels()
    shape, wcs = exposure.shape, exposure.meta.wcs
    data = np.full(shape, np.nan, np.float32)
    reached = cutout_around(wcs, shape, mosaic.wcs)
    if reached:
        pixels = counted_from(reached, mosaic.grid(parameters).pixels_of(wcs, shape))
        data = blot(mosaic.pixels(reached), pixels)
    image = new_model()
    image.update(exposure)
    image.meta.wcs = wcs
    sky_is_out(image, [exposure])
    is_empty = np.isnan(data)
    image.data = np.where(is_empty, np.float32(fillval), data)
    image.dq = np.where(is_empty, pixel["DO_NOT_USE"], 0).astype(np.uint32)
    image.meta.bunit_data = mosaic.unit
    if image.meta.hasattr("bunit_err"):
        del image.meta.bunit_err  # the array it belongs to is not there
    belongs_to(image, mosaic)
    return Blotted(image)


def blot(image: NDArray[np.float32], pixmap: NDArray[np.float64]) -> NDArray[np.float32]:
    """Interpolate an image that has holes at many places: quintic polynomials, bilinear beside holes and borders.

    `drizzle.resample.blot_image` gives NaN around a hole, and at the borders of an image it drops half a pixel on one
    side and repeats half a pixel too much on the other. So the image gets a border of no data; and where the 6 x 6
    pixels of a polynomial do not all have data, image and mask are interpolated bilinearly and divided by each other:
    the weights of the pixels that have data then add up to 1.

    Parameters
    ----------
    image : array (ny, nx)
        NaN where there is no data.
    pixmap : array (my, mx, 2)
        Places as x, y; integers are the centres of pixels, NaN is nowhere.

    Returns
    -------
    array (my, mx)
        NaN where the place is not on the image, or in a pixel without data.
    """
    is_valid = np.pad(~np.isnan(image), 1)
    padded = np.pad(np.nan_to_num(image, nan=0.0), 1)
    pixmap = pixmap + 1
    x, y = pixmap[..., 0], pixmap[..., 1]  # numpy is slow along an axis of two
    pixmap[~(np.isfinite(x) & np.isfinite(y))] = 0
    row, column = (
        np.clip(np.floor(along + 0.5), 0, size - 1).astype(int)
        for along, size in zip((y, x), padded.shape, strict=True)
    )
    has_data = is_valid[row, column]  # what is NaN or off the image is put on the border, which has none
    is_smooth = minimum_filter(is_valid, size=7, mode="constant")[row, column]
    blotted = np.where(is_smooth, blot_image(padded, pixmap, interp="poly5"), np.float32(np.nan))
    beside_holes = has_data & ~is_smooth
    if beside_holes.any():
        places = pixmap[beside_holes][None]  # few: one row of them
        total, weight = (blot_image(a, places, interp="linear")[0] for a in (padded, is_valid.astype(np.float32)))
        blotted[beside_holes] = total / weight
    return blotted
