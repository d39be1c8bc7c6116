"""Outlier detection under the native groups, by several processes, which write the exposures too."""

from functools import partial
from pathlib import Path
from typing import Any

from jwst.outlier_detection.outlier_detection_step import OutlierDetectionStep
from jwst.stpipe.utilities import record_step_status

from app.observation.names import CRF, exposure_product
from app.pipeline.divided.cuts import Grid
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.outliers import OutlierParameters, flag_outliers
from app.pipeline.library import GroupedLibrary
from app.pipeline.steps.base import Stamped
from app.plan.serial_fallback import outliers_fall_back
from app.runtime.checkpoints import kept
from app.runtime.errors import OutlierError

__all__ = ["NativeOutlierDetectionStep"]


class NativeOutlierDetectionStep(Stamped, OutlierDetectionStep):
    """Outlier detection under the native groups; the exposures are saved also where it is skipped."""

    _extends = OutlierDetectionStep
    _failure = OutlierError

    def run(self, *args: Any) -> GroupedLibrary:
        """Flag outliers and save every exposure as it goes into the mosaic."""
        self.parent.note_groups(args[0], "native")
        return super().run(*args)

    def _run(self, *args: Any) -> GroupedLibrary:
        result = super()._run(*args)
        if self.skip and self.parent.context.saves_exposures:
            self.save_model(result)
        return result

    def process(self, input_data: GroupedLibrary) -> GroupedLibrary:
        """Flag the outliers of the exposures."""
        if outliers_fall_back(partial(getattr, self)):
            return super().process(self.parent.with_pixels(input_data, self))
        if not isinstance(input_data, ExposureLibrary) or len(input_data) < 2:
            return super().process(input_data)
        exposures = input_data.remember("metadata", partial(self._note_success, input_data))
        grid = kept("grid", lambda: Grid.chosen(input_data, self._drizzle_parameters()))
        flag_outliers(
            exposures,
            list(input_data.group_indices.values()),
            self.parent.pixel_maps(input_data, grid),
            grid,
            OutlierParameters(
                self._drizzle_parameters(), self.maskpt, self._flag_parameters(), self.parent.context.spared_fwhm
            ),
            self._outputs(input_data),
            self.parent.context.work_dir,
            self.parent.context.procs,
        )
        input_data.moved(self._outputs(input_data))
        return input_data

    def save_model(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Save exposures, all processes at work; those that are flagged here are saved already."""
        if not isinstance(model, ExposureLibrary):
            return super().save_model(model, *args, **kwargs)
        if model.files != self._outputs(model):
            self._finish_metadata(model)
            model.save_all(self._outputs(model), self.parent.context.procs)
        return model.files

    def _outputs(self, library: ExposureLibrary) -> list[Path]:
        return [Path(self.parent.output_dir, exposure_product(name, CRF)) for name in library.member_names]

    def _note_success(self, library: ExposureLibrary) -> None:
        """Say in each exposure that its outliers are flagged."""
        record_step_status(library, "outlier_detection", success=True)
        self._finish_metadata(library)

    def _finish_metadata(self, library: ExposureLibrary) -> None:
        """What stpipe does with each exposure before it saves it, and what saving does to its metadata."""
        library.finish(self)
        with library:
            for index, path in enumerate(self._outputs(library)):
                model = library.borrow(index)
                model.meta.filename = path.name
                library.shelve(model, index)

    def _drizzle_parameters(self) -> dict[str, Any]:
        names = ("weight_type", "pixfrac", "kernel", "fillval", "good_bits", "pixmap_stepsize", "pixmap_order")
        only_image = {"blendheaders": False, "enable_ctx": False, "enable_var": False, "compute_err": None}
        return {name: getattr(self, name) for name in names} | only_image

    def _flag_parameters(self) -> dict[str, Any]:
        snr1, snr2 = map(float, self.snr.split())
        scale1, scale2 = map(float, self.scale.split())
        return {"snr1": snr1, "snr2": snr2, "scale1": scale1, "scale2": scale2, "backg": self.backg}
