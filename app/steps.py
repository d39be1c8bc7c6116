"""The steps of `calwebb_image3` as this pipeline runs them: own groups, own errors, stamped, the work divided.

Where parameters ask for something that is not divided, jwst's own implementation runs, and the log says so.
"""

import logging
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

from astropy.nddata.bitmask import interpret_bit_flags
from astropy.table import Table
from jwst.datamodels import ImageModel
from jwst.outlier_detection.outlier_detection_step import OutlierDetectionStep
from jwst.resample import ResampleStep
from jwst.resample.resample import ResampleImage
from jwst.skymatch import SkyMatchStep
from jwst.source_catalog import SourceCatalogStep
from jwst.stpipe.utilities import record_step_status
from jwst.tweakreg import TweakRegStep
from stdatamodels.jwst.datamodels.dqflags import pixel

from app.errors import AlignmentError, Lv3Error, MemoryExceededError, OutlierError, ResampleError, SkyError
from app.library import GroupedLibrary
from app.parallel import run_all
from app.parallel.cuts import Grid
from app.parallel.exposures import ExposureLibrary
from app.parallel.jwst_internals import KnownSourcesStep, find_sources
from app.parallel.outliers import OutlierParameters, flag_outliers
from app.parallel.resampling import resample
from app.parallel.sky import SkyParameters, match_sky

__all__ = [
    "GroupedSkyMatchStep",
    "GroupedTweakRegStep",
    "NativeOutlierDetectionStep",
    "StampedResampleStep",
    "StampedSourceCatalogStep",
]

log = logging.getLogger(__name__)

# Kernels whose drops reach no further than a pixel and have no negative weights.
_LOCAL_KERNELS = {"square", "point", "turbo"}


class _Named:
    """A step that asks CRDS for the parameters of the step that it extends.

    stpipe names a parameter reference after the class, ``pars-<class name>``: a subclass silently runs on defaults.
    """

    _extends: ClassVar[Any]
    class_alias: ClassVar[str]
    _failure: ClassVar[type[Lv3Error]] = Lv3Error

    @classmethod
    def get_config_reftype(cls) -> str:
        """Type of the step's parameter reference."""
        return cls._extends.get_config_reftype()

    def run(self, *args: Any) -> Any:
        """Run the step, timed; whatever goes wrong in it, a SystemExit of CRDS included, becomes its own error."""
        try:
            with self.parent.record.timed(self.class_alias):  # type: ignore[attr-defined]
                return super().run(*args)  # type: ignore[misc]
        except (Lv3Error, KeyboardInterrupt):
            raise
        except MemoryError as error:
            raise MemoryExceededError(f"{self.class_alias}: out of memory; set memory=lean") from error
        except BaseException as error:
            raise self._failure(f"{self.class_alias}: {type(error).__name__}: {error}") from error


class _Stamped(_Named):
    """A step that stamps its products before they are saved."""

    def finalize_result(self, result: Any, reference_files_used: list) -> None:
        """Stamp one product; stpipe calls this just before it saves."""
        super().finalize_result(result, reference_files_used)  # type: ignore[misc]
        self.parent.stamp.on_model(result)  # type: ignore[attr-defined]


class GroupedTweakRegStep(_Named, KnownSourcesStep):
    """tweakreg under its own groups."""

    _extends = TweakRegStep
    _failure = AlignmentError

    def process(self, input_data: ExposureLibrary) -> ExposureLibrary:
        """Align the exposures, group by group."""
        exposures = input_data.exposures()
        parameters = {name: value for name, value in self.get_pars().items() if name not in ("pre_hooks", "post_hooks")}

        @cache
        def sources() -> dict[str, Table]:
            found = run_all(partial(find_sources, parameters), exposures, self.parent.procs)
            return dict(zip([e.tree["meta"]["filename"] for e in exposures], found, strict=True))

        self.sources = sources
        with self.parent.grouped(input_data, "tweakreg"):
            result = super().process(input_data)
        del self.sources
        return result


class GroupedSkyMatchStep(_Named, SkyMatchStep):
    """skymatch under its own groups."""

    _extends = SkyMatchStep
    _failure = SkyError
    subtract: bool

    def process(self, input_models: ExposureLibrary) -> GroupedLibrary:
        """Match the sky levels, group by group."""
        with self.parent.grouped(input_models, "skymatch"):
            if self.skymethod == "user":
                return self._take_levels(input_models)
            if not self._was_matched(input_models):
                return self._match(input_models)
        library = self.parent.with_pixels(input_models, self)
        with self.parent.grouped(library, "skymatch"):
            return super().process(library)

    def _match(self, library: ExposureLibrary) -> ExposureLibrary:
        names = ("skystat", "lower", "upper", "nclip", "binwidth")
        statistics = {name: getattr(self, name) for name in names} | {"lsig": self.lsigma, "usig": self.usigma}
        results = match_sky(
            library.exposures(),
            list(library.group_indices.values()),
            SkyParameters(statistics, interpret_bit_flags(self.dqbits, flag_name_map=pixel), self.stepsize),
            {name: getattr(self, name) for name in ("skymethod", "match_down", "subtract")},
            self.parent.procs,
        )
        with library:
            for index, result in enumerate(results):
                model = library.borrow(index)
                if result.is_valid:
                    model.meta.background.method = str(self.skymethod)
                    model.meta.background.level = result.level
                    model.meta.background.subtracted = self.subtract
                    library.subtracted[index] += result.subtracted
                model.meta.cal_step.skymatch = "COMPLETE" if result.is_valid else "SKIPPED"
                library.shelve(model, index)
        return library

    def _take_levels(self, library: ExposureLibrary) -> ExposureLibrary:
        """Take the user's levels; jwst's implementation would subtract them from pixels that are not here."""
        wanted, self.subtract = self.subtract, False
        try:
            result = super().process(library)
        finally:
            self.subtract = wanted
        with library:
            for index, model in enumerate(library):
                model.meta.background.subtracted = wanted
                library.subtracted[index] += (model.meta.background.level,) if wanted else ()
                library.shelve(model, index)
        return result

    def _was_matched(self, library: ExposureLibrary) -> bool:
        """Whether exposures come with a sky level; jwst has rules for those."""
        backgrounds = [exposure.tree["meta"].get("background", {}) for exposure in library.exposures()]
        return any(b.get("subtracted") is not None or b.get("level") is not None for b in backgrounds)


class NativeOutlierDetectionStep(_Stamped, OutlierDetectionStep):
    """Outlier detection under the native groups; the exposures are saved also where it is skipped."""

    _extends = OutlierDetectionStep
    _failure = OutlierError

    def run(self, *args: Any) -> GroupedLibrary:
        """Flag outliers and save every exposure as it goes into the mosaic."""
        self.parent.note_groups(args[0], "native")
        result = super().run(*args)
        if self.skip:
            self.save_model(result)
        return result

    def process(self, input_data: GroupedLibrary) -> GroupedLibrary:
        """Flag the outliers of the exposures."""
        if self._is_undivided():
            return super().process(self.parent.with_pixels(input_data, self))
        if not isinstance(input_data, ExposureLibrary) or len(input_data) < 2:
            return super().process(input_data)
        record_step_status(input_data, "outlier_detection", success=True)
        self._finish_metadata(input_data)
        grid = Grid.of(ResampleImage(input_data, **self._drizzle_parameters()))
        flag_outliers(
            input_data.exposures(),
            list(input_data.group_indices.values()),
            self.parent.pixel_maps(input_data, grid),
            grid,
            OutlierParameters(self._drizzle_parameters(), self.maskpt, self._flag_parameters()),
            self._outputs(input_data),
            self.parent.work_dir,
            self.parent.procs,
        )
        input_data.moved(self._outputs(input_data))
        return input_data

    def save_model(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Save exposures, all processes at work."""
        if not isinstance(model, ExposureLibrary):
            return super().save_model(model, *args, **kwargs)
        self._finish_metadata(model)
        model.save_all(self._outputs(model), self.parent.procs)
        return model.files

    def _is_undivided(self) -> bool:
        return self.save_intermediate_results or not self.resample_data or self.kernel not in _LOCAL_KERNELS

    def _outputs(self, library: ExposureLibrary) -> list[Path]:
        return [Path(self.make_output_path(basepath=name)) for name in library.member_names]

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


class StampedResampleStep(_Stamped, ResampleStep):
    """Resampling, with a stamp."""

    _extends = ResampleStep
    _failure = ResampleError

    def process(self, input_data: GroupedLibrary) -> ImageModel:
        """Make the mosaic."""
        if self._is_undivided():
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

    def _is_undivided(self) -> bool:
        return self.single or self.propagate_dq or self.weight_type is None or self.kernel not in _LOCAL_KERNELS


class StampedSourceCatalogStep(_Stamped, SourceCatalogStep):
    """The source catalogue, with a stamp."""

    _extends = SourceCatalogStep
