"""Alignment under groups of its own; sources are found by several processes."""

from functools import cache, partial

from astropy.table import Table
from jwst.tweakreg import TweakRegStep

from app.pipeline.divided.jwst_internals import KnownSourcesStep, find_sources
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.steps.base import Named
from app.runtime.errors import AlignmentError
from app.runtime.pool import run_all

__all__ = ["GroupedTweakRegStep"]


class GroupedTweakRegStep(Named, KnownSourcesStep):
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
        if sources.cache_info().currsize:
            self.parent.record.add(sources={name: len(table) for name, table in sources().items()})
        del self.sources
        return result
