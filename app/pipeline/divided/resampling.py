"""The mosaic in parts: every exposure drizzled onto its box, the parts added in the exposures' order.

jwst's `ResampleImage` drizzles each part, and writes the metadata of the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jwst.datamodels import ImageModel
from jwst.lib.pipe_utils import match_nans_and_flags
from jwst.resample.resample import ResampleImage
from stcal.resample.utils import get_tmeasure

from app.pipeline.box import Box
from app.pipeline.divided.arrays import save_arrays
from app.pipeline.divided.cuts import Grid, PixelMap
from app.pipeline.divided.exposure_files import ExposureFile, without_arrays
from app.pipeline.divided.jwst_internals import PartResampling, known_pixel_map
from app.pipeline.divided.library import ExposureLibrary
from app.runtime.checkpoints import LeftFile, is_keeping
from app.runtime.pool import run_all

__all__ = ["resample"]

_VARIANCES = ("var_rnoise", "var_flat", "var_poisson")
# Rows that are finished at a time, so that temporary arrays stay small.
_ROWS = 256
# Shape of the images that stand for exposures where only metadata count.
_SMALL = (4, 4)


def resample(
    library: ExposureLibrary, grid: Grid, maps: Sequence[PixelMap], parameters: Mapping[str, Any], procs: int
) -> ImageModel:
    """Drizzle all exposures into one mosaic.

    Parameters
    ----------
    library : ExposureLibrary
    grid : Grid
        The mosaic's pixel grid.
    maps : sequence of PixelMap
        Of each exposure, on that grid.
    parameters : mapping
        Arguments of `jwst.resample.ResampleImage`.
    procs : int
        Number of processes; the mosaic does not depend on it.

    Returns
    -------
    ImageModel
    """
    pairs = list(zip(library.exposures(), maps, strict=True))

    def drizzle_all(known: Grid) -> dict[str, np.ndarray]:
        total = _Total(known, len(pairs), parameters)
        for index, part in enumerate(run_all(partial(_drizzle, known, parameters), pairs, procs)):
            total.add(index, part)
        return total.finish()

    return _Headers(library, grid, parameters, drizzle_all).resample_many_to_one()


@dataclass(frozen=True)
class _Part(LeftFile):
    """What one exposure gives to the mosaic.

    Parameters
    ----------
    path : Path
        File of planes of the size of the box, one after the other.
    box : Box
    time : float
        Exposure time, where that is the weight [s].
    """

    box: Box
    time: float = 0.0

    def checksum(self) -> int:
        return super().checksum() if self.box else 0


def _drizzle(grid: Grid, parameters: Mapping[str, Any], pair: tuple[ExposureFile, PixelMap]) -> _Part:
    """Drizzle one exposure onto its box."""
    exposure, pixels = pair
    path = pixels.path.with_suffix(".part.npy")
    if not pixels.box:
        return _Part(path, pixels.box)
    own = {"output_wcs": grid.of_shape(pixels.box.shape), "wcs_pars": None, "blendheaders": False, "fillval": "NAN"}
    resampling = PartResampling([exposure], **{**parameters, **own})
    with exposure.open("data", "err", "dq", *_VARIANCES) as model, known_pixel_map(pixels.on(pixels.box)):
        match_nans_and_flags(model)
        resampling.add_model(model)
    made = resampling.output_model
    planes = [made["data"], made["wht"]]
    planes += [made["con"][0]] if resampling.enable_ctx else []
    if resampling.enable_var:
        nothing = np.full(pixels.box.shape, np.nan, np.float32)
        planes += [resampling.variances.get(name, nothing) for name in _VARIANCES]
    save_arrays(path, *planes)
    return _Part(path, pixels.box, get_tmeasure(resampling.input_model_to_dict(model, None, False, None))[0])


class _Total:
    """The mosaic's arrays while parts are added to them.

    As in stcal, the image is the mean of the parts by weight, and a variance is that of this mean, with the inverse of
    the read noise's variance, or the exposure time, as weight.
    """

    def __init__(self, grid: Grid, n_parts: int, parameters: Mapping[str, Any]) -> None:
        shape = grid.shape
        self.variance_scale = (grid.pixel_scale_ratio or 1.0) ** -2
        self.fill = _number(parameters["fillval"])
        self.by_time = parameters["weight_type"] == "exptime"
        self.data = np.zeros(shape, np.float32)
        self.weight = np.zeros(shape, np.float32)
        n_planes = (n_parts + 31) // 32 if parameters["enable_ctx"] else 0
        self.context = np.zeros((n_planes, *shape), np.int32)
        names = _VARIANCES if parameters["enable_var"] else ()
        self.variances = {name: np.zeros(shape, np.float32) for name in names}
        # The weights of the variances are one array until they differ.
        self.variance_weights = dict.fromkeys(names, np.zeros(shape, np.float32))

    def add(self, index: int, part: _Part) -> None:
        """Add the part of the exposure at a place in the library."""
        if not part.box:
            return
        where = part.box.slices
        with part.path.open("rb") as planes:
            data, weight = np.load(planes), np.load(planes)
            self.data[where] += np.where(weight > 0, data * weight, 0)
            self.weight[where] += weight
            if self.context.size:
                bit = np.left_shift(np.int32(1), np.int32(index % 32))
                self.context[index // 32][where] |= np.where(np.load(planes) != 0, bit, np.int32(0))
            if self.variances:
                self._add_variances(part, {name: np.load(planes) for name in _VARIANCES})
        if not is_keeping():
            part.path.unlink()

    def _add_variances(self, part: _Part, variances: Mapping[str, np.ndarray]) -> None:
        where, read_noise = part.box.slices, variances["var_rnoise"]
        if self.by_time:
            weight = np.full_like(read_noise, part.time)
        else:
            weight = np.reciprocal(read_noise, where=read_noise > 0, out=np.zeros_like(read_noise))
        used = {name: (variance >= 0) & (weight > 0) for name, variance in variances.items()}
        self._tell_weights_apart(used)
        first = self.variance_weights[_VARIANCES[0]]
        for name, variance in variances.items():
            self.variances[name][where] += np.where(used[name], variance * weight * weight, 0)
            total = self.variance_weights[name]
            if name == _VARIANCES[0] or total is not first:
                total[where] += np.where(used[name], weight, 0)

    def _tell_weights_apart(self, used: Mapping[str, np.ndarray]) -> None:
        """Give a variance weights of its own as soon as it is missing at other pixels than the first variance."""
        first, *others = _VARIANCES
        for name in others:
            if self.variance_weights[name] is self.variance_weights[first] and (used[name] != used[first]).any():
                self.variance_weights[name] = self.variance_weights[first].copy()

    def finish(self) -> dict[str, np.ndarray]:
        """The arrays of the mosaic, by their names in a datamodel."""
        made: dict[str, np.ndarray] = {"data": self.data, "wht": self.weight, **self.variances}
        if self.context.size:
            made["con"] = self.context
        if self.variances:
            made["err"] = self.variance_weights[_VARIANCES[0]]  # row by row of no use any more
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


def _number(fill: str) -> float:
    """Value of empty pixels (`drizzle.resample.Drizzle`)."""
    return np.nan if fill.upper() in {"NAN", "INDEF"} else float(fill)


class _Headers(ResampleImage):
    """jwst's own resampling of images of a few pixels: it makes the metadata of the mosaic, and we its arrays."""

    def __init__(
        self,
        library: ExposureLibrary,
        grid: Grid,
        parameters: Mapping[str, Any],
        drizzle_all: Callable[[Grid], dict[str, np.ndarray]],
    ) -> None:
        self._grid, self._drizzle_all = grid, drizzle_all
        super().__init__(library, **{**parameters, "output_wcs": grid.of_shape(_SMALL), "wcs_pars": None})

    @property
    def output_wcs(self) -> Any:
        return self._grid.wcs

    def add_model(self, model: ImageModel) -> None:
        with known_pixel_map(np.moveaxis(np.indices(_SMALL, dtype=float)[::-1], 0, -1)):
            super().add_model(ExposureFile(Path(), without_arrays(model.instance), _SMALL).without_pixels())

    def input_model_to_dict(self, model: ImageModel, **options: Any) -> dict[str, Any]:
        small = {"dq": np.zeros(_SMALL, np.uint32), "wcs": self._grid.of_shape(_SMALL)["wcs"]}
        return super().input_model_to_dict(model, **options) | small

    def update_output_model(self, model: ImageModel, info_dict: dict[str, Any]) -> None:
        arrays = self._drizzle_all(replace(self._grid, pixel_scale_ratio=self.pixel_scale_ratio))
        super().update_output_model(model, {**info_dict, **arrays, "wcs": self._grid.wcs})
