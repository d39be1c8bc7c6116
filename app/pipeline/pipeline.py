"""`calwebb_image3` with a grouping of its own for each step that groups, and products that say how they were made."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from configobj import ConfigObj

from app.crds.image3 import Image3Pipeline
from app.observation.names import ascii_name
from app.pipeline.aligned import take_over
from app.pipeline.box import Box
from app.pipeline.context import Context
from app.pipeline.divided.cuts import Grid, PixelMap, map_pixels
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.mosaic_file import MosaicFile
from app.pipeline.divided.tiles import Tile
from app.pipeline.library import GroupedLibrary
from app.pipeline.steps import (
    GroupedSkyMatchStep,
    GroupedTweakRegStep,
    MovingTargetStep,
    NativeOutlierDetectionStep,
    StampedResampleStep,
    StampedSourceCatalogStep,
)
from app.plan.parameters import Layer, merged
from app.record.standing import FOUND_BEFORE
from app.runtime.pool import run_all

__all__ = ["Lv3Pipeline", "make_pipeline"]

log = logging.getLogger(__name__)


class Lv3Pipeline(Image3Pipeline):
    """`Image3Pipeline` whose tweakreg and skymatch run under groups of their own.

    Attributes
    ----------
    context : Context
        What the run gives.
    groups_used : dict
        ``{step: {group id: [file name, ...]}}``, as each step saw them.
    tiles : sequence of Tile
        What resample has made, where the mosaic is made in tiles; their catalogues are not made here.
    has_mosaic : bool
        resample has made a mosaic in its file: the catalogue is made from that.
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

    #: The plan has found all reference files before the run; doing it again takes 0.3 s of each start.
    prefetch_references: ClassVar[bool] = False

    context: Context
    groups_used: dict[str, dict[str, list[str]]]
    tiles: Sequence[Tile] = ()
    has_mosaic: bool = False
    _maps: tuple[Grid, list[PixelMap]] | None = None

    @classmethod
    def get_config_reftype(cls) -> str:
        """Type of the pipeline's parameter reference; stpipe would name it after this class."""
        return Image3Pipeline.get_config_reftype()

    def process(self, input_data: GroupedLibrary | MosaicFile) -> None:
        """Run the steps; on a mosaic that is finished, the one that comes after it."""
        # The name has an end: jwst takes off what follows the last dot.
        self.output_file = ascii_name(f"{self.context.product}.fits")
        if isinstance(input_data, MosaicFile):
            self._make_catalogue(input_data)
            return
        if self.context.aligned is not None:
            self._take_over(input_data)
        super().process(input_data)
        if self.has_mosaic:
            self._make_catalogue(MosaicFile(self.context.find_mosaic()))

    def _make_catalogue(self, mosaic: MosaicFile) -> None:
        """Make the catalogue of a mosaic from its file."""
        self.source_catalog.save_results = self.save_results
        self.source_catalog.run(mosaic)

    def _take_over(self, library: ExposureLibrary) -> None:
        """Put exposures into the state in which an earlier run had them after skymatch, with its groups and log."""
        assert self.context.aligned is not None
        groups = self.context.aligned.groups
        self.groups_used.update({step: groups[step] for step in FOUND_BEFORE if step in groups})
        self.log_records[:0] = take_over(library, self.context.aligned, self.context.procs)

    @contextmanager
    def grouped(self, library: GroupedLibrary, step: str) -> Iterator[None]:
        """Context in which `library` has the groups of `step`; they are noted from what the library then answers."""
        with library.grouped(self.context.group_ids[step]):
            self.note_groups(library, step)
            yield

    def note_groups(self, library: GroupedLibrary, step: str) -> None:
        """Note which groups `library` has, for the record."""
        names = library.member_names
        self.groups_used[step] = {g: [names[i] for i in members] for g, members in library.group_indices.items()}

    def pixel_maps(self, library: ExposureLibrary, grid: Grid, boxes: Sequence[Box] = ()) -> list[PixelMap]:
        """Where all pixels of all exposures fall on a grid; known already where a step has asked before.

        Where boxes are given, exposures that reach none of them may be said to fall nowhere.
        """
        if self._maps is None or not self._maps[0].has_same_pixel_map(grid):
            paths = [self.context.work_dir / f"pixels_{index}.npy" for index in range(len(library))]
            tasks = list(zip(library.exposures(), paths, strict=True))
            self._maps = grid, list(run_all(partial(map_pixels, grid, boxes=boxes), tasks, self.context.procs))
        return self._maps[1]

    def with_pixels(self, library: GroupedLibrary, step: Any) -> GroupedLibrary:
        """A library for jwst's own implementation of a step, which needs all pixels; later steps go on with it."""
        if not isinstance(library, ExposureLibrary):
            return library
        log.info("%s: these parameters are not divided among processes", step.class_alias)
        return library.with_pixels(self.context.work_dir, self.context.procs, on_disk=self.context.is_lean)


def make_pipeline(chosen: list[Layer], context: Context) -> Lv3Pipeline:
    """A pipeline with its effective parameters.

    Parameters
    ----------
    chosen : list of Layer
        Weakest first, CRDS's among them; checked before (see `parameters.check_parameters`).
    context : Context
    """
    tables = merged(chosen)
    steps = {step: table for step, table in tables.items() if isinstance(table, Mapping)}
    config = ConfigObj({k: v for k, v in tables.items() if k not in steps} | {"steps": steps})
    config.update({"output_dir": str(context.products), "save_results": True})
    pipeline = Lv3Pipeline.from_config_section(config)
    pipeline.context, pipeline.groups_used = context, {}
    return pipeline
