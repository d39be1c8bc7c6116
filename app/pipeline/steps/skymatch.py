"""Sky levels under groups of their own: jwst's method, measured by several processes, or one solution for all."""

import logging
from collections.abc import Iterable
from functools import partial

from jwst.skymatch import SkyMatchStep

from app.pipeline.aligned import as_recorded
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.sky_overlaps import SkyParameters, SkyResult, match_sky
from app.pipeline.library import GroupedLibrary
from app.pipeline.solution.emission import faint_variation, filled_field
from app.pipeline.solution.levels import solve_levels
from app.pipeline.steps.base import Remembered
from app.plan.values import bit_flags
from app.runtime.errors import SkyError
from app.runtime.pool import run_all

__all__ = ["GroupedSkyMatchStep"]

log = logging.getLogger(__name__)

_CURE = "Choose sky=solution: it compares exposures at the same places of the sky, where emission cancels."


class GroupedSkyMatchStep(Remembered, SkyMatchStep):
    """skymatch under its own groups."""

    _extends = SkyMatchStep
    _failure = SkyError
    subtract: bool

    def _run(self, library: ExposureLibrary) -> GroupedLibrary:
        """Find the levels, and note what is subtracted from pixels: products do not say it."""
        before = [len(lights) for lights in library.subtracted]
        result = super()._run(library)
        if isinstance(result, ExposureLibrary):
            lights = [lights[n:] for lights, n in zip(result.subtracted, before, strict=True)]
            subtracted = dict(zip(result.member_names, map(as_recorded, lights), strict=True))
            self.parent.context.notes.add(sky_subtracted=subtracted)
        return result

    def process(self, input_models: ExposureLibrary) -> GroupedLibrary:
        """Match the sky levels, group by group."""
        with self.parent.grouped(input_models, "skymatch"):
            if self.parent.context.sky_solution is not None:
                return self._solve(input_models)
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
            SkyParameters(statistics, self._ignored_flags, self.stepsize),
            {name: getattr(self, name) for name in ("skymethod", "match_down", "subtract")},
            self.parent.context.procs,
        )
        self._write(library, results, str(self.skymethod))
        if "match" in self.skymethod:
            self._foresee(library)
        return library

    def _foresee(self, library: ExposureLibrary) -> None:
        """Say where levels cannot be trusted, before hours go into what follows."""
        measure = partial(faint_variation, self._ignored_flags)
        found = list(run_all(measure, library.exposures(), self.parent.context.procs))
        if message := filled_field(found):
            log.warning("%s %s", message, _CURE)
            self.parent.context.notes.warn("emission_everywhere", message, _CURE)

    def _solve(self, library: ExposureLibrary) -> ExposureLibrary:
        results, entry = solve_levels(
            library.exposures(),
            library.group_indices,
            self.parent.context.sky_solution,
            dqbits=self._ignored_flags,
            subtract=self.subtract,
            procs=self.parent.context.procs,
        )
        self.parent.context.notes.add(sky_solution=entry)
        self._write(library, results, "solution")
        return library

    @property
    def _ignored_flags(self) -> int | None:
        """Flags of pixels that do not count, as a number; `_dqbits` is a name that jwst's own step sets."""
        return bit_flags(self.dqbits)

    def _write(self, library: ExposureLibrary, results: Iterable[SkyResult], method: str) -> None:
        """Write levels into the exposures, as jwst does."""
        with library:
            for index, result in enumerate(results):
                model = library.borrow(index)
                if result.is_valid:
                    model.meta.background.method = method
                    model.meta.background.level = result.level
                    model.meta.background.subtracted = self.subtract
                    library.subtract(index, result.subtracted)
                model.meta.cal_step.skymatch = "COMPLETE" if result.is_valid else "SKIPPED"
                library.shelve(model, index)
        library.restore(library.exposures())  # packed once for all who want them

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
                library.subtract(index, [model.meta.background.level] if wanted else [])
                library.shelve(model, index)
        return result

    def _was_matched(self, library: ExposureLibrary) -> bool:
        """Whether exposures come with a sky level; jwst has rules for those."""
        backgrounds = [exposure.tree["meta"].get("background", {}) for exposure in library.exposures()]
        return any(b.get("subtracted") is not None or b.get("level") is not None for b in backgrounds)
