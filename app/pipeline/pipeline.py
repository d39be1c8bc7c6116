"""`calwebb_image3` with a grouping of its own for each step that groups, and products that say how they were made."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from configobj import ConfigObj
from jwst.pipeline import Image3Pipeline

from app.pipeline.divided.cuts import Grid, PixelMap, map_pixels
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.library import GroupedLibrary
from app.pipeline.solution.choice import AlignmentChoice
from app.pipeline.solution.levels import SkyOptions
from app.pipeline.stamp import Stamp
from app.pipeline.steps import (
    GroupedSkyMatchStep,
    GroupedTweakRegStep,
    MovingTargetStep,
    NativeOutlierDetectionStep,
    StampedResampleStep,
    StampedSourceCatalogStep,
)
from app.plan.parameters import Layer, merged
from app.record.record import Record
from app.runtime.pool import run_all

__all__ = ["Lv3Pipeline", "make_pipeline"]

log = logging.getLogger(__name__)


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
    procs : int
        Number of processes.
    alignment : AlignmentChoice
        How exposures are aligned.
    products : Path
        Where products are written.
    work_dir : Path
        Folder for temporary files.
    is_lean : bool
        Where jwst's own implementation of a step needs all pixels, they stay in files.
    sky_solution : SkyOptions or None
        skymatch solves for all levels at once; None: by its own method.
    take : callable
        Called when the mosaic and its exposures are whole, before what comes after can fail.
    """

    step_defs: ClassVar[dict[str, type]] = {
        **Image3Pipeline.step_defs,
        "assign_mtwcs": MovingTargetStep,
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
    procs: int
    alignment: AlignmentChoice
    products: Path
    work_dir: Path
    is_lean: bool
    take: Callable[[], None]
    sky_solution: SkyOptions | None = None
    _maps: tuple[Grid, list[PixelMap]] | None = None

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

    def pixel_maps(self, library: ExposureLibrary, grid: Grid) -> list[PixelMap]:
        """Where all pixels of all exposures fall on a grid; known already where a step has asked before."""
        if self._maps is None or not self._maps[0].maps_like(grid):
            paths = [self.work_dir / f"pixels_{index}.npy" for index in range(len(library))]
            tasks = list(zip(library.exposures(), paths, strict=True))
            self._maps = grid, list(run_all(partial(map_pixels, grid), tasks, self.procs))
        return self._maps[1]

    def with_pixels(self, library: GroupedLibrary, step: Any) -> GroupedLibrary:
        """A library for jwst's own implementation of a step, which needs all pixels; later steps go on with it."""
        if not isinstance(library, ExposureLibrary):
            return library
        log.info("%s: these parameters are not divided among processes", step.class_alias)
        return library.with_pixels(self.work_dir, self.procs, on_disk=self.is_lean)


def make_pipeline(chosen: list[Layer], output_dir: Path) -> Lv3Pipeline:
    """A pipeline with its effective parameters.

    Parameters
    ----------
    chosen : list of Layer
        Weakest first, CRDS's among them; checked before (see `parameters.check_parameters`).
    output_dir : Path
        Where products are written.
    """
    tables = merged(chosen)
    steps = {step: table for step, table in tables.items() if isinstance(table, Mapping)}
    config = ConfigObj({k: v for k, v in tables.items() if k not in steps} | {"steps": steps})
    config.update({"output_dir": str(output_dir), "save_results": True})
    return Lv3Pipeline.from_config_section(config)
