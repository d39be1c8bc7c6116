"""One exposure, or its detectors together, on the mosaic's grid: by the same code and with the same weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
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
from app.pipeline.divided.grown_fits import growing
from app.pipeline.divided.one_pass import KERNELS
from app.pipeline.divided.parts import Total, drizzled
from app.pipeline.divided.resampling import Headers
from app.plan.peak_memory import PLACED
from app.plan.values import fill_value
from app.postprocess.metadata import belongs_to, sky_is_out
from app.postprocess.mosaic import Mosaic

__all__ = ["Drizzled", "drizzle_exposures"]

# Parameters of the resample step that decide a pixel's value; the others are about the grid, which is the mosaic's.
_PARAMETERS = ("pixfrac", "kernel", "fillval", "weight_type", "pixmap_stepsize", "pixmap_order", "propagate_dq")
# What is written; ``dq`` where it was asked for.
_ARRAYS = ("data", "err", "wht", "con", "dq")
# Where exposures that do not reach the mosaic are drizzled: no pixel falls on it.
_NOWHERE = Box(0, 0, 1, 1)


@dataclass(frozen=True)
class Drizzled:
    """Exposures on the grid of their mosaic; in memory there is no more of it than they reach.

    Parameters
    ----------
    image : ImageModel
        All that is written but the arrays, which have a pixel each.
    arrays : mapping
        Of the part of the grid that the exposures reach: ``data``, ``err``, ``wht`` and ``con``. Where the exposures
        have no data ``wht`` and ``con`` are 0, ``err`` is NaN and ``data`` the fill value.
    reached : Box
        That part.
    covered : Box
        The part that is written.
    fill : float
    """

    image: datamodels.ImageModel
    arrays: Mapping[str, np.ndarray]
    reached: Box
    covered: Box
    fill: float

    @property
    def is_empty(self) -> bool:
        """Whether the exposures have no data on the grid."""
        return not self.arrays["wht"].any()

    def save(self, path: Path) -> None:
        """Write the file, some rows at a time; it appears whole or not at all."""
        with growing(self.image, self.covered.shape, path) as planes:
            for name, band in product(self.arrays, self.covered.bands(PLACED)):
                planes[name].fill(band.y0 - self.covered.y0, self._rows(name, band))

    def _rows(self, name: str, band: Box) -> np.ndarray:
        """An array in a band of what is written."""
        array, shared = self.arrays[name], self.reached & band
        rows = np.full(array.shape[:-2] + band.shape, {"data": self.fill, "err": np.nan}.get(name, 0), array.dtype)
        rows[(..., *shared.inside(band))] = array[(..., *shared.inside(self.reached))]
        return rows


def drizzle_exposures(
    paths: Sequence[Path], mosaic: Mosaic, parameters: Mapping[str, Any], footprint_only: bool = False
) -> Drizzled:
    """Drizzle an exposure, or several together, onto the grid of their mosaic.

    The mean of such images, weighted by their ``wht``, is the mosaic.

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
    Drizzled
        All of it empty, if the mosaic does not reach the exposures.
    """
    exposures = [read_exposure(path) for path in paths]
    is_like_mosaic = len(paths) == 1 and parameters["kernel"] in KERNELS and not parameters["propagate_dq"]
    make = _part if is_like_mosaic else _together
    image, reached = make(exposures, mosaic, parameters)
    sky_is_out(image, [exposure.without_pixels() for exposure in exposures])
    whole = Box.whole(mosaic.shape)
    covered = _footprint(image, reached) if footprint_only else whole
    image.meta.wcs = mosaic.wcs if covered == whole else cutout_wcs(mosaic.wcs, covered)
    ResampleImage.update_fits_wcsinfo(image)
    belongs_to(image, mosaic)
    arrays = {name: image[name] for name in _ARRAYS if image.hasattr(name)}
    for name, array in arrays.items():
        image[name] = array[..., :1, :1]
    return Drizzled(image, arrays, reached, covered, fill_value(parameters["fillval"]))


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
