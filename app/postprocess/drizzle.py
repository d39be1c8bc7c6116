"""One exposure, or its detectors together, on the mosaic's grid: by the same code and with the same weights."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
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
from app.pipeline.divided.jwst_internals import OnePassResampling
from app.postprocess.metadata import belongs_to, sky_is_out
from app.postprocess.mosaic import Mosaic

__all__ = ["drizzle_exposures"]

# Parameters of the resample step that decide a pixel's value; the others are about the grid, which is the mosaic's.
_PARAMETERS = ("pixfrac", "kernel", "fillval", "weight_type", "pixmap_stepsize", "pixmap_order", "propagate_dq")


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
    with ExitStack() as opened:
        exposures = [opened.enter_context(datamodels.open(path)) for path in paths]
        for exposure in exposures:
            match_nans_and_flags(exposure)  # what the resample step does first
        reached = Box.around(cutout_around(e.meta.wcs, e.data.shape, mosaic.wcs) for e in exposures)
        if not reached:
            reached = Box(0, 0, 1, 1)  # no pixel falls on it
        image = _resample(exposures, mosaic, parameters, cutout_wcs(mosaic.wcs, reached))
        sky_is_out(image, exposures)
    wanted = _footprint(image, reached) if footprint_only else Box.whole(mosaic.shape)
    _place(image, reached, wanted, _fill_value(parameters))
    image.meta.wcs = mosaic.wcs if wanted == Box.whole(mosaic.shape) else cutout_wcs(mosaic.wcs, wanted)
    ResampleImage.update_fits_wcsinfo(image)
    belongs_to(image, mosaic)
    return image


def _resample(
    exposures: Sequence[datamodels.ImageModel], mosaic: Mosaic, parameters: Mapping[str, Any], wcs: Any
) -> datamodels.ImageModel:
    step = ResampleStep(**{name: parameters[name] for name in _PARAMETERS})
    grid = {"wcs": wcs, "pixel_scale": mosaic.pixel_scale, "pixel_scale_ratio": mosaic.pixel_scale_ratio}
    chosen = step.get_drizpars() | {"blendheaders": False, "output_wcs": grid, "wcs_pars": None}
    is_one = len(exposures) == 1 and not step.propagate_dq
    resampling = OnePassResampling if is_one else ResampleImage
    work = resampling(ModelLibrary(list(exposures)), compute_err="from_var", report_var=False, **chosen)
    return work.resample_many_to_one()


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


def _fill_value(parameters: Mapping[str, Any]) -> float:
    """Value of empty pixels, as the drizzle package reads it; INDEF leaves a new image's NaN as it is."""
    text = str(parameters["fillval"]).strip()
    return float("nan" if text.upper() in ("INDEF", "NONE", "") else text)
