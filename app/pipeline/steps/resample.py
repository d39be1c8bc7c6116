"""The mosaic, by several processes, in one piece or in tiles."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jwst.datamodels import ImageModel
from jwst.resample import ResampleStep

from app.observation.names import ascii_name
from app.pipeline.box import Box
from app.pipeline.divided.bands import make_mosaic
from app.pipeline.divided.cuts import Grid
from app.pipeline.divided.exposure_files import save_model
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.tiles import make_tiles
from app.pipeline.library import GroupedLibrary
from app.pipeline.steps.base import Stamped
from app.pipeline.tile_index import write_index
from app.plan.serial_fallback import resampling_falls_back
from app.plan.tiling import Cell
from app.runtime.checkpoints import kept
from app.runtime.errors import ResampleError

__all__ = ["StampedResampleStep"]


class StampedResampleStep(Stamped, ResampleStep):
    """Resampling, with a stamp."""

    _extends = ResampleStep
    _failure = ResampleError

    def run(self, *args: Any) -> Any:
        """Make the mosaic, and hand it over with its exposures: they are whole; tiles wait for their catalogues."""
        result = super().run(*args)
        if not self.parent.tiles:
            self.parent.context.take()
        return result

    def process(self, input_data: GroupedLibrary) -> ImageModel | list[Path]:
        """Make the mosaic, or its file, or those of its tiles."""
        if resampling_falls_back(partial(getattr, self)):
            return super().process(self.parent.with_pixels(input_data, self))
        if not isinstance(input_data, ExposureLibrary):
            return super().process(input_data)
        parameters = self.get_drizpars() | {
            "output": input_data.asn["products"][0]["name"],
            "enable_ctx": self.enable_ctx,
            "enable_var": self.enable_err,
            "report_var": self.report_var and self.enable_err,
            "compute_err": "from_var" if self.enable_err else None,
        }
        only_image = {"blendheaders": False, "enable_ctx": False, "enable_var": False, "compute_err": None}
        grid = kept("grid", lambda: Grid.chosen(input_data, {**parameters, **only_image}))
        if self.parent.context.tiling:
            return self._make_tiles(input_data, grid, parameters)
        return [self._make_mosaic(input_data, grid, parameters)]

    def _make_mosaic(self, library: ExposureLibrary, grid: Grid, parameters: Mapping[str, Any]) -> Path:
        context = self.parent.context
        maps = self.parent.pixel_maps(library, grid)
        path = context.products / ascii_name(f"{context.product}_i2d.fits")
        self.parent.has_mosaic = True
        return make_mosaic(library, grid, maps, parameters, self._complete, path, context.procs)

    def _complete(self, model: ImageModel) -> None:
        """Complete a mosaic's metadata, as stpipe does with those of a result."""
        self.finalize_result(model, [])

    def _make_tiles(self, library: ExposureLibrary, grid: Grid, parameters: Mapping[str, Any]) -> list[Path]:
        context = self.parent.context
        cells = context.tiling.cells(grid.shape)
        maps = self.parent.pixel_maps(library, grid, [Box(*cell.limits) for cell in cells])
        self.parent.tiles = make_tiles(library, grid, maps, parameters, cells, self._save_tile, context.procs)
        if not self.parent.tiles:
            raise ResampleError("resample: no exposure has data in any of the tiles")
        write_index(context.products, context.product, grid, context.tiling, self.parent.tiles)
        return [tile.path for tile in self.parent.tiles]

    def _save_tile(self, cell: Cell, model: ImageModel) -> Path:
        """Write a tile as stpipe does with a result."""
        self._complete(model)
        context = self.parent.context
        return save_model(model, context.products / ascii_name(f"{context.product}_{cell.name}_i2d.fits"))
