"""The mosaic, by several processes."""

from functools import partial
from typing import Any

from jwst.datamodels import ImageModel
from jwst.resample import ResampleStep
from jwst.resample.resample import ResampleImage

from app.pipeline.divided.cuts import Grid
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.resampling import resample
from app.pipeline.library import GroupedLibrary
from app.pipeline.steps.base import Stamped
from app.plan.serial_fallback import resampling_is_undivided
from app.runtime.errors import ResampleError

__all__ = ["StampedResampleStep"]


class StampedResampleStep(Stamped, ResampleStep):
    """Resampling, with a stamp."""

    _extends = ResampleStep
    _failure = ResampleError

    def run(self, *args: Any) -> Any:
        """Make the mosaic, and hand it over with its exposures: they are whole."""
        result = super().run(*args)
        self.parent.take()
        return result

    def process(self, input_data: GroupedLibrary) -> ImageModel:
        """Make the mosaic."""
        if resampling_is_undivided(partial(getattr, self)):
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
        grid = Grid.of(ResampleImage(input_data, **{**parameters, **only_image}))
        maps = self.parent.pixel_maps(input_data, grid)
        return resample(input_data, grid, maps, parameters, self.parent.procs)
