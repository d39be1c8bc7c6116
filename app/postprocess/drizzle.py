"""One exposure, or its detectors together, on the mosaic's grid: by the same code and with the same weights."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jwst.datamodels import ModelLibrary
from jwst.lib.pipe_utils import match_nans_and_flags
from jwst.resample import ResampleStep
from jwst.resample.resample import ResampleImage
from stdatamodels.jwst import datamodels

from app.pipeline.box import Box
from app.pipeline.cutout_wcs import cutout_around, cutout_wcs
from app.pipeline.divided.cuts import counted_from, touched
from app.pipeline.divided.exposure_files import ExposureFile, read_exposure
from app.pipeline.divided.one_pass import KERNELS
from app.pipeline.divided.parts import Total, drizzled
from app.pipeline.divided.resampling import Headers
from app.plan.values import fill_value
from app.postprocess.metadata import belongs_to, sky_is_out
from app.postprocess.mosaic import Mosaic

__all__ = ["drizzle_exposures"]

# Parameters of the resample step that decide a pixel's value; the others are about the grid, which is the mosaic's.
_PARAMETERS = ("pixfrac", "kernel", "fillval", "weight_type", "pixmap_stepsize", "pixmap_order", "propagate_dq")
# Where exposures that do not reach the mosaic are drizzled: no pixel falls on it.
_NOWHERE = Box(0, 0, 1, 1)


def drizzle_exposures(
    paths: Sequence[Path], mosaic: Mosaic, parameters: Mapping[str, Any], footprint_only: bool = False
) -> datamodels.ImageModel:
    """Drizzle an exposure, or several together, onto the grid of their mosaic.

    The mean of these images, weighted by their ``wht``, is the mosaic.

    Parameters
    ----------
    paths : sequence of Path
        The exposures, as they went into the mosaic: ``*_crf.fits``; one, or those of all detectors.
    mosaic : Mosaic
    parameters : mapping
        Of the resample step that made the mosaic.
    footprint_only : bool
        The image is just the part of the grid that the exposures cover, instead of all of it.

    Returns
    -------
    ImageModel
        With ``data``, ``err``, ``wht`` and ``con``. Where the exposures have no data ``wht`` and ``con`` are 0, ``err``
        is NaN and ``data`` the step's ``fillval``; that is everywhere, if the mosaic does not reach them.
    """
    exposures = [read_exposure(path) for path in paths]
    is_like_mosaic = len(paths) == 1 and parameters["kernel"] in KERNELS and not parameters["propagate_dq"]
    make = _part if is_like_mosaic else _together
    image, reached = make(exposures, mosaic, parameters)
    sky_is_out(image, [exposure.without_pixels() for exposure in exposures])
    wanted = _footprint(image, reached) if footprint_only else Box.whole(mosaic.shape)
    _place(image, reached, wanted, fill_value(parameters["fillval"]))
    image.meta.wcs = mosaic.wcs if wanted == Box.whole(mosaic.shape) else cutout_wcs(mosaic.wcs, wanted)
    ResampleImage.update_fits_wcsinfo(image)
    belongs_to(image, mosaic)
    return image


def _part(
    exposures: Sequence[ExposureFile], mosaic: Mosaic, parameters: Mapping[str, Any]
) -> tuple[datamodels.ImageModel, Box]:
    """One exposure as a part of the mosaic, in the box that it touches, which is a mosaic of this part alone."""
    (exposure,) = exposures
    grid = mosaic.grid(parameters)
    arrays = _arguments(parameters) | {"enable_ctx": True, "enable_var": True}
    pixels = grid.pixels_of(exposure.tree["meta"]["wcs"], exposure.shape)
    reached = touched(pixels, grid.box)
    box = reached or _NOWHERE
    total = Total(grid, box, 1, arrays)
    if reached:
        pixels = counted_from(box, pixels)
        planes, time = drizzled(grid, arrays, exposure, pixels, box)
        total.add_planes(0, iter(planes), box, time)
    cut = replace(grid, wcs=cutout_wcs(mosaic.wcs, box))
    return Headers(ModelLibrary([exposure.without_pixels()]), cut, arrays, total.finish).resample_many_to_one(), box


def _together(
    exposures: Sequence[ExposureFile], mosaic: Mosaic, parameters: Mapping[str, Any]
) -> tuple[datamodels.ImageModel, Box]:
    """Exposures drizzled together by jwst."""
    models = [exposure.open() for exposure in exposures]
    for model in models:
        match_nans_and_flags(model)  # what the resample step does first
    box = Box.around(cutout_around(e.meta.wcs, e.data.shape, mosaic.wcs) for e in models) or _NOWHERE
    cut = cutout_wcs(mosaic.wcs, box)
    grid = {"wcs": cut, "pixel_scale": mosaic.pixel_scale, "pixel_scale_ratio": mosaic.pixel_scale_ratio}
    work = ResampleImage(ModelLibrary(models), **_arguments(parameters), output_wcs=grid)
    return work.resample_many_to_one(), box


def _arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `ResampleImage`, but for the grid."""
    chosen = ResampleStep(**{name: parameters[name] for name in _PARAMETERS}).get_drizpars()
    chosen.pop("output_wcs", None)
    return chosen | {"blendheaders": False, "wcs_pars": None, "compute_err": "from_var", "report_var": False}


def _footprint(image: datamodels.ImageModel, reached: Box) -> Box:
    """The part of the grid that has weight; at least one pixel, which an image needs."""
    return reached.around_true(image.wht > 0) or Box(reached.x0, reached.y0, reached.x0 + 1, reached.y0 + 1)


def _place(image: datamodels.ImageModel, reached: Box, wanted: Box, fill: float) -> None:
    """Put the arrays of an image, which cover the box `reached`, where they belong in arrays that cover `wanted`."""
    shared = reached & wanted
    empty = {"data": fill, "err": np.nan, "wht": 0, "con": 0, "dq": 0}
    arrays = {name: getattr(image, name) for name in empty if image.hasattr(name)}
    for name, array in arrays.items():
        placed = np.full(array.shape[:-2] + wanted.shape, empty[name], array.dtype)
        placed[(..., *shared.inside(wanted))] = array[(..., *shared.inside(reached))]
        setattr(image, name, placed)
