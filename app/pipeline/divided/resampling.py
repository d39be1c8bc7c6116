"""The metadata of a mosaic that is made in parts: jwst's own, of images of a few pixels."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jwst.datamodels import ImageModel
from jwst.resample.resample import ResampleImage

from app.pipeline.divided.cuts import Grid
from app.pipeline.divided.exposure_files import model_without_pixels, without_arrays
from app.pipeline.divided.jwst_internals import known_pixel_map
from app.pipeline.divided.library import ExposureLibrary, Members

__all__ = ["Headers", "with_scale_ratio"]

# Shape of the images that stand for exposures where only metadata count.
_SMALL = (4, 4)


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
            super().add_model(model_without_pixels(without_arrays(model.instance), _SMALL))

    def input_model_to_dict(self, model: ImageModel, **options: Any) -> dict[str, Any]:
        """What stcal takes of an exposure, with images of a few pixels."""
        small = {"dq": np.zeros(_SMALL, np.uint32), "wcs": self._grid.of_shape(_SMALL)["wcs"]}
        return super().input_model_to_dict(model, **options) | small

    def update_output_model(self, model: ImageModel, info_dict: dict[str, Any]) -> None:
        """Put the arrays into the mosaic, with all that stcal found."""
        super().update_output_model(model, {**info_dict, **self._arrays(), "wcs": self._grid.wcs})


def with_scale_ratio(library: ExposureLibrary, grid: Grid, parameters: Mapping[str, Any]) -> Grid:
    """The grid with its scale over that of the first exposure of all."""
    headers = Headers(library, grid, {**parameters, "blendheaders": False}, dict)
    with library:
        model = library.borrow(0)
        headers.add_model(model)
        library.shelve(model, 0, modify=False)
    return replace(grid, pixel_scale_ratio=headers.pixel_scale_ratio)
