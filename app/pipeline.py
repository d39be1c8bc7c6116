"""`calwebb_image3` with a grouping of its own for each step that groups, and products that say how they were made."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from configobj import ConfigObj
from jwst.outlier_detection.outlier_detection_step import OutlierDetectionStep
from jwst.pipeline import Image3Pipeline
from jwst.resample import ResampleStep
from jwst.skymatch import SkyMatchStep
from jwst.source_catalog import SourceCatalogStep
from jwst.tweakreg import TweakRegStep

from app.errors import AlignmentError, Lv3Error, MemoryExceededError, OutlierError, ResampleError, SkyError
from app.library import GroupedLibrary
from app.parameters import Layer, merged
from app.record import Record
from app.stamp import Stamp

__all__ = ["Lv3Pipeline", "make_pipeline"]

log = logging.getLogger(__name__)


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


class GroupedTweakRegStep(_Named, TweakRegStep):
    """tweakreg under its own groups."""

    _extends = TweakRegStep
    _failure = AlignmentError

    def process(self, input_data: GroupedLibrary) -> GroupedLibrary:
        """Align the exposures, group by group."""
        with self.parent.grouped(input_data, "tweakreg"):
            return super().process(input_data)


class GroupedSkyMatchStep(_Named, SkyMatchStep):
    """skymatch under its own groups."""

    _extends = SkyMatchStep
    _failure = SkyError

    def process(self, input_models: GroupedLibrary) -> GroupedLibrary:
        """Match the sky levels, group by group."""
        with self.parent.grouped(input_models, "skymatch"):
            return super().process(input_models)


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


class StampedResampleStep(_Stamped, ResampleStep):
    """Resampling, with a stamp."""

    _extends = ResampleStep
    _failure = ResampleError


class StampedSourceCatalogStep(_Stamped, SourceCatalogStep):
    """The source catalogue, with a stamp."""

    _extends = SourceCatalogStep


class Lv3Pipeline(Image3Pipeline):
    """`Image3Pipeline` whose tweakreg and skymatch run under groups of their own.

    Attributes
    ----------
    group_ids : dict
        ``{step: {file name: group id}}`` for ``tweakreg`` and ``skymatch``.
    groups_used : dict
        ``{step: {group id: [file name, ...]}}``, as each step saw them.
    stamp : Stamp
        What every product says about its making.
    record : Record
        Takes the times of the steps.
    """

    step_defs: ClassVar[dict[str, type]] = {
        **Image3Pipeline.step_defs,
        "tweakreg": GroupedTweakRegStep,
        "skymatch": GroupedSkyMatchStep,
        "outlier_detection": NativeOutlierDetectionStep,
        "resample": StampedResampleStep,
        "source_catalog": StampedSourceCatalogStep,
    }

    group_ids: dict[str, dict[str, str]]
    groups_used: dict[str, dict[str, list[str]]]
    stamp: Stamp
    record: Record

    @classmethod
    def get_config_reftype(cls) -> str:
        """Type of the pipeline's parameter reference; stpipe would name it after this class."""
        return Image3Pipeline.get_config_reftype()

    @contextmanager
    def grouped(self, library: GroupedLibrary, step: str) -> Iterator[None]:
        """Context in which `library` has the groups of `step`; they are noted from what the library then answers."""
        with library.grouped(self.group_ids[step]):
            self.note_groups(library, step)
            yield

    def note_groups(self, library: GroupedLibrary, step: str) -> None:
        """Note which groups `library` has, for the record."""
        names = library.member_names
        self.groups_used[step] = {g: [names[i] for i in members] for g, members in library.group_indices.items()}


def make_pipeline(chosen: list[Layer], output_dir: Path) -> Lv3Pipeline:
    """A pipeline with its effective parameters.

    Parameters
    ----------
    chosen : list of Layer
        Weakest first, CRDS's among them; checked before (see `parameters.check_layers`).
    output_dir : Path
        Where products are written.
    """
    tables = merged(chosen)
    steps = {step: table for step, table in tables.items() if isinstance(table, Mapping)}
    config = ConfigObj({k: v for k, v in tables.items() if k not in steps} | {"steps": steps})
    config.update({"output_dir": str(output_dir), "save_results": True})
    return Lv3Pipeline.from_config_section(config)
