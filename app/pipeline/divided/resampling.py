"""The mosaic in parts: every exposure drizzled onto its box, the parts added in the exposures' order.

jwst's `ResampleImage` drizzles each part, and writes the metadata of the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jwst.datamodels import ImageModel
from jwst.resample.resample import ResampleImage

from app.pipeline.divided.cuts import Grid, PixelMap
from app.pipeline.divided.exposure_files import ExposureFile, without_arrays
from app.pipeline.divided.jwst_internals import known_pixel_map
from app.pipeline.divided.library import ExposureLibrary, Members
from app.pipeline.divided.parts import Total, drizzle
from app.pipeline.divided.planes import say_if_slower
from app.pipeline.divided.sums import add_all
from app.runtime.pool import run_all

__all__ = ["Headers", "resample", "with_scale_ratio"]

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
    say_if_slower()
    known = with_scale_ratio(library, grid, parameters)
    parts = run_all(partial(drizzle, known, parameters), pairs, procs)
    total = add_all(Total(known, known.box, len(pairs), parameters), parts, maps[0].path.parent)
    # Headers come last: a start that goes on among the parts has not blended them for nothing.
    return Headers(library, grid, parameters, total.finish).resample_many_to_one()


def with_scale_ratio(library: ExposureLibrary, grid: Grid, parameters: Mapping[str, Any]) -> Grid:
    """The grid with its scale over that of the first exposure of all."""
    headers = Headers(library, grid, {**parameters, "blendheaders": False}, dict)
    with library:
        model = library.borrow(0)
        headers.add_model(model)
        library.shelve(model, 0, modify=False)
    return replace(grid, pixel_scale_ratio=headers.pixel_scale_ratio)


class Headers(ResampleImage):
    """jwst's own resampling of images of a few pixels: it makes the metadata of the mosaic, and we its arrays."""

    def __init__(
        self,
        library: ExposureLibrary | Members,
        grid: Grid,
        parameters: Mapping[str, Any],
        arrays: Callable[[], dict[str, np.ndarray]],
    ) -> None:
        self._grid, self._arrays = grid, arrays
        super().__init__(library, **{**parameters, "output_wcs": grid.of_shape(_SMALL), "wcs_pars": None})

    @property
    def output_wcs(self) -> Any:
        """That of the mosaic."""
        return self._grid.wcs

    def add_model(self, model: ImageModel) -> None:
        """Add an exposure's metadata."""
        with known_pixel_map(np.moveaxis(np.indices(_SMALL, dtype=float)[::-1], 0, -1)):
            super().add_model(ExposureFile(Path(), without_arrays(model.instance), _SMALL).without_pixels())

    def input_model_to_dict(self, model: ImageModel, **options: Any) -> dict[str, Any]:
        """What stcal takes of an exposure, with images of a few pixels."""
        small = {"dq": np.zeros(_SMALL, np.uint32), "wcs": self._grid.of_shape(_SMALL)["wcs"]}
        return super().input_model_to_dict(model, **options) | small

    def update_output_model(self, model: ImageModel, info_dict: dict[str, Any]) -> None:
        """Put the arrays into the mosaic, with all that stcal found."""
        super().update_output_model(model, {**info_dict, **self._arrays(), "wcs": self._grid.wcs})
