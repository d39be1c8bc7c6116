"""Alignment under groups of its own; sources are found by several processes."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from jwst.tweakreg import TweakRegStep
from tweakwcs.correctors import JWSTWCSCorrector

from app.observation.grouping import visit_id
from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.divided.jwst_internals import fast_intersections
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.tweakreg_internals import KnownSourcesStep, find_sources, other_alignment, reference_catalogue
from app.pipeline.solution.description import describe
from app.pipeline.solution.follow import followed
from app.pipeline.solution.motion import correct, motion_between
from app.pipeline.solution.solving import Solved, solve_alignment
from app.pipeline.solution.sources import find_centred_sources
from app.pipeline.steps.base import Remembered
from app.pipeline.tweakwcs_internals import shared_distortion
from app.plan.corrections import TABLE_NAME, Correction, write_corrections
from app.runtime.errors import AlignmentError
from app.runtime.pool import run_all

__all__ = ["GroupedTweakRegStep"]


class GroupedTweakRegStep(Remembered, KnownSourcesStep):
    """tweakreg under its own groups, or with another solution than its own (config group ``alignment``)."""

    _extends = TweakRegStep
    _failure = AlignmentError
    _solved: Solved | None = None

    def process(self, input_data: ExposureLibrary) -> ExposureLibrary:
        """Align the exposures, group by group, and write down how they were moved."""
        self.procs = self.parent.context.procs
        before = [meta["wcs"] for meta in input_data.metadata()]
        with self.parent.grouped(input_data, "tweakreg"), shared_distortion(), fast_intersections():
            kind = self.parent.context.alignment.kind
            result = self._follow(input_data) if kind == "from_run" else self._align(input_data)
        self._write_corrections(before, result.exposures())
        return result

    def _align(self, library: ExposureLibrary) -> ExposureLibrary:
        exposures, names = library.exposures(), [meta["filename"] for meta in library.metadata()]
        parameters = {name: value for name, value in self.get_pars().items() if name not in ("pre_hooks", "post_hooks")}

        is_solved = self.parent.context.alignment.kind == "solution"

        @cache
        def sources() -> dict[str, Table]:
            find = find_centred_sources if is_solved else find_sources
            found = run_all(partial(find, parameters), exposures, self.parent.context.procs)
            return dict(zip(names, found, strict=True))

        self.sources = sources
        with self._solving([e.shape for e in exposures]) if is_solved else nullcontext():
            result = super().process(library)
        if sources.cache_info().currsize:
            self.parent.context.notes.add(sources={name: len(table) for name, table in sources().items()})
        del self.sources
        return result

    @contextmanager
    def _solving(self, shapes: list[tuple[int, int]]) -> Iterator[None]:
        """Context in which tweakreg's correctors are put right by one solution, on the catalogue if there is one."""
        solve = partial(
            solve_alignment,
            shapes=shapes,
            parameters=self.get_pars(),
            displaced_radius=self.parent.context.alignment.search_displaced,
        )

        def relative(correctors: list, **_: Any) -> list:
            if not (self.abs_refcat or "").strip():
                self._solved = solve(correctors)
            return correctors

        def absolute(correctors: list, *args: Any, **options: Any) -> list:
            self._solved = solve(correctors, reference=reference_catalogue(correctors, *args, **options))
            return correctors

        with other_alignment(relative, absolute):
            yield
        if self._solved:
            self.parent.context.notes.add(alignment=describe(self._solved.aligned, self.fitgeometry))

    def _follow(self, library: ExposureLibrary) -> ExposureLibrary:
        """Move every exposure as its visit was moved in the run that is followed."""
        correctors, choice = [], self.parent.context.alignment
        with library:
            for index, model in enumerate(library):
                info = {name: getattr(model.meta.wcsinfo, name) for name in ("roll_ref", "v2_ref", "v3_ref")}
                corrector = JWSTWCSCorrector(model.meta.wcs, info)
                ra, dec = corrector.det_to_world((model.shape[1] - 1) / 2, (model.shape[0] - 1) / 2)
                exposure = choice.exposures[library.member_names[index]]
                if motion := followed(choice.leaders, exposure, float(ra), float(dec)):
                    correct(corrector, motion, model.shape)
                    corrector.meta["fit_info"] = {"status": "SUCCESS"}
                correctors.append(corrector)
                library.shelve(model, index, modify=False)
        self.apply_corrections(library, correctors)
        return library

    def _write_corrections(self, before: list[Any], exposures: list[ExposureFile]) -> None:
        """Write the table that other runs can follow."""
        rows = []
        choice = self.parent.context.alignment
        known = self._solved.by_group if self._solved else {}
        for wcs, aligned in zip(before, exposures, strict=True):
            name = aligned.path.name
            exposure, group = choice.exposures[name], self.parent.context.group_ids["tweakreg"][name]
            motion = motion_between(wcs, aligned.tree["meta"]["wcs"], aligned.shape)
            error, n_stars = known.get(group, (np.nan, -1))
            where = name, visit_id(exposure), exposure.detector, group
            rows.append(Correction(*where, motion.ra, motion.dec, motion.values, error, n_stars))
        table = self.parent.context.products / TABLE_NAME
        write_corrections(rows, table, alignment=choice.kind)
        self.parent.context.stamp.on_file(table)  # here, and not when it is published: its checksum is kept

    def _made_files(self) -> list[Path]:
        return [] if self.skip else [self.parent.context.products / TABLE_NAME]
