"""The source catalogue."""

import logging
from pathlib import Path
from typing import Any

from jwst.source_catalog import SourceCatalogStep

from app.pipeline.steps.base import Stamped
from app.runtime.disk import disk_error
from app.runtime.errors import Lv3Error
from app.runtime.memory import memory_error

__all__ = ["StampedSourceCatalogStep"]

log = logging.getLogger(__name__)


class _CatalogueError(Lv3Error):
    """The catalogue could not be made."""


class StampedSourceCatalogStep(Stamped, SourceCatalogStep):
    """The source catalogue, with a stamp; without it the mosaic is no worse."""

    _extends = SourceCatalogStep
    _failure = _CatalogueError

    def run(self, *args: Any) -> Any:
        """Make the catalogue; where that fails there is none, and a caveat says why."""
        try:
            return super().run(*args)
        except _CatalogueError as error:
            folder = Path(self.parent.output_dir)
            if disk_error(error, folder) or memory_error(error, None):
                raise
            log.exception("the source catalogue could not be made; the mosaic is not affected")
            for suffix, end in (("cat", ".ecsv"), ("segm", ".fits")):  # they may be half written
                Path(self.make_output_path(suffix=suffix, ext=end)).unlink(missing_ok=True)
            self.parent.context.notes.warn(
                "catalogue_failed",
                f"The source catalogue could not be made ({error}); the mosaic and its exposures are whole.",
                "See source_catalog in lv3_run.log; jwst_parameters.source_catalog.skip=true leaves it out.",
            )
        return None
