"""Parts of the mosaic: each exposure drizzled onto its box, and the sum of such parts over a box of the mosaic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jwst.lib.pipe_utils import match_nans_and_flags
from stcal.resample.utils import get_tmeasure

from app.pipeline.box import Box
from app.pipeline.divided.arrays import map_arrays, save_arrays
from app.pipeline.divided.cuts import BoxFile, Grid, PixelMap
from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.divided.jwst_internals import PartResampling, known_pixel_map
from app.plan.values import fill_value
from app.runtime.checkpoints import is_keeping

__all__ = ["Part", "Total", "drizzle", "drizzled"]

VARIANCES = ("var_rnoise", "var_flat", "var_poisson")
# Rows that are finished at a time, so that temporary arrays stay small.
_ROWS = 256


@dataclass(frozen=True)
class Part(BoxFile):
    """What one exposure gives to the mosaic.

    Parameters
    ----------
    path : Path
        File of planes of the size of the box, one after the other.
    box : Box
    time : float
        Exposure time, where that is the weight [s].
    """

    time: float = 0.0

    def discard(self) -> None:
        """Remove the file, unless a later start may need it."""
        if self.box and not is_keeping():
            self.path.unlink()


def drizzle(grid: Grid, parameters: Mapping[str, Any], pair: tuple[ExposureFile, PixelMap]) -> Part:
    """Drizzle one exposure onto its box, into a file."""
    exposure, pixels = pair
    path = pixels.path.with_suffix(".part.npy")
    if not pixels.box:
        return Part(path, pixels.box)
    planes, time = drizzled(grid, parameters, exposure, pixels.on(pixels.box), pixels.box)
    save_arrays(path, *planes)
    return Part(path, pixels.box, time)


def drizzled(
    grid: Grid, parameters: Mapping[str, Any], exposure: ExposureFile, pixels: np.ndarray, box: Box
) -> tuple[list[np.ndarray], float]:
    """What one exposure gives to a box of the mosaic: planes and time as in the file of a `Part`.

    Parameters
    ----------
    grid : Grid
    parameters : mapping
        Arguments of `jwst.resample.ResampleImage`.
    exposure : ExposureFile
    pixels : ndarray of shape (ny, nx, 2)
        Where its pixels fall, counted from the corner of the box.
    box : Box
    """
    own = {"output_wcs": grid.of_shape(box.shape), "wcs_pars": None, "blendheaders": False, "fillval": "NAN"}
    resampling = PartResampling([exposure], **{**parameters, **own})
    with exposure.open("data", "err", "dq", *VARIANCES) as model, known_pixel_map(pixels):
        match_nans_and_flags(model)
        resampling.add_model(model)
    made = resampling.output_model
    planes = [made["data"], made["wht"]]
    planes += [made["con"][0]] if resampling.enable_ctx else []
    if resampling.enable_var:
        nothing, variances = np.full(box.shape, np.nan, np.float32), resampling.variances
        planes += [variances.get(name, nothing) for name in VARIANCES]
    return planes, get_tmeasure(resampling.input_model_to_dict(model, None, False, None))[0]


class Total:
    """Arrays of a box of the mosaic while parts are added to them.

    As in stcal, the image is the mean of the parts by weight, and a variance is that of this mean, with the inverse of
    the read noise's variance, or the exposure time, as weight. Each pixel is computed by itself: it does not depend on
    the box.

    Parameters
    ----------
    grid : Grid
        The whole mosaic's, with its scale ratio.
    box : Box
    n_parts : int
        Of the whole mosaic: a plane of the context image is for 32 of them.
    parameters : mapping
        Arguments of `jwst.resample.ResampleImage`.
    """

    def __init__(self, grid: Grid, box: Box, n_parts: int, parameters: Mapping[str, Any]) -> None:
        self.box, shape = box, box.shape
        self.variance_scale = (grid.pixel_scale_ratio or 1.0) ** -2
        self.fill = fill_value(parameters["fillval"])
        self.by_time = parameters["weight_type"] == "exptime"
        self.data = np.zeros(shape, np.float32)
        self.weight = np.zeros(shape, np.float32)
        n_planes = (n_parts + 31) // 32 if parameters["enable_ctx"] else 0
        self.context = np.zeros((n_planes, *shape), np.int32)
        names = VARIANCES if parameters["enable_var"] else ()
        self.variances = {name: np.zeros(shape, np.float32) for name in names}
        # The weights of the variances are one array until they differ.
        self.variance_weights = dict.fromkeys(names, np.zeros(shape, np.float32))

    def add(self, index: int, part: Part) -> bool:
        """Add the part of the exposure at a place in the library; true where it has weight in this box."""
        if not part.box & self.box:
            return False
        return self.add_planes(index, map_arrays(part.path), part.box, part.time)

    def add_planes(self, index: int, planes: Iterator[np.ndarray], box: Box, time: float) -> bool:
        """Add planes of a part, which touches this box; true where it has weight here."""
        shared = box & self.box
        where, inside = shared.inside(self.box), shared.inside(box)
        data, weight = next(planes)[inside], next(planes)[inside]
        self.data[where] += np.where(weight > 0, data * weight, 0)
        self.weight[where] += weight
        if self.context.size:
            bit = np.left_shift(np.int32(1), np.int32(index % 32))
            self.context[index // 32][where] |= np.where(next(planes)[inside] != 0, bit, np.int32(0))
        if self.variances:
            self._add_variances(where, {name: next(planes)[inside] for name in VARIANCES}, time)
        return bool(weight.any())

    def _add_variances(self, where: tuple[slice, slice], variances: Mapping[str, np.ndarray], time: float) -> None:
        read_noise = variances["var_rnoise"]
        if self.by_time:
            weight = np.full_like(read_noise, time)
        else:
            weight = np.reciprocal(read_noise, where=read_noise > 0, out=np.zeros_like(read_noise))
        used = {name: np.isfinite(variance) & (variance >= 0) & (weight > 0) for name, variance in variances.items()}
        self._tell_weights_apart(used)
        first = self.variance_weights[VARIANCES[0]]
        for name, variance in variances.items():
            self.variances[name][where] += np.where(used[name], variance * weight * weight, 0)
            total = self.variance_weights[name]
            if name == VARIANCES[0] or total is not first:
                total[where] += np.where(used[name], weight, 0)

    def _tell_weights_apart(self, used: Mapping[str, np.ndarray]) -> None:
        """Give a variance weights of its own as soon as it is missing at other pixels than the first variance."""
        first, *others = VARIANCES
        for name in others:
            if self.variance_weights[name] is self.variance_weights[first] and (used[name] != used[first]).any():
                self.variance_weights[name] = self.variance_weights[first].copy()

    def finish(self) -> dict[str, np.ndarray]:
        """The arrays of the mosaic, by their names in a datamodel."""
        made: dict[str, np.ndarray] = {"data": self.data, "wht": self.weight, **self.variances}
        if self.context.size:
            made["con"] = self.context
        if self.variances:
            made["err"] = self.variance_weights[VARIANCES[0]]  # row by row of no use any more
        for start in range(0, len(self.data), _ROWS):
            self._finish(made, np.s_[start : start + _ROWS])
        return made

    def _finish(self, made: Mapping[str, np.ndarray], rows: slice) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            self.data[rows] /= self.weight[rows]
            for name, variance in self.variances.items():
                weight = self.variance_weights[name][rows]
                variance[rows] *= self.variance_scale / weight / weight
        self.data[rows][self.weight[rows] == 0] = self.fill
        if self.variances:
            parts = [variance[rows] for variance in self.variances.values()]
            made["err"][rows] = np.sqrt(np.nansum(parts, axis=0))
            made["err"][rows][np.isnan(parts).all(axis=0)] = np.nan
