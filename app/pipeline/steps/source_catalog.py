"""The source catalogue."""

import logging
from pathlib import Path
from typing import Any

from jwst.datamodels import ImageModel
from jwst.source_catalog import SourceCatalogStep

from app.pipeline.divided.exposure_files import new_model
from app.pipeline.divided.jwst_internals import divided_deblending, needed_columns
from app.pipeline.steps.base import Stamped
from app.runtime.disk import disk_error
from app.runtime.errors import Lv3Error
from app.runtime.memory import memory_error

__all__ = ["StampedSourceCatalogStep"]

log = logging.getLogger(__name__)

# Arrays of the mosaic that the catalogue is made of; the others are most of its memory.
_USED = {"data", "err", "wht"}


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
                f"The source catalogue of {self.parent.context.product} could not be made ({error}); the mosaic and "
                "its exposures are whole.",
                "See source_catalog in lv3_run.log; jwst_parameters.source_catalog.skip=true leaves it out.",
            )
        return None

    def process(self, input_data: ImageModel) -> Any:
        """Make the catalogue, of the arrays that it is made of; the mosaic is in its file already."""
        for name in [name for name, value in input_data.instance.items() if hasattr(value, "dtype")]:
            if name not in _USED:
                del input_data.instance[name]
        with needed_columns(), divided_deblending(self.parent.context.procs):
            return super().process(input_data)

    def get_reference_file(self, input_file: ImageModel, reference_file_type: str) -> str:
        """The reference file, by the metadata alone: crds walks a schema for each line of the log that a mosaic has."""
        asked = new_model()
        asked.instance["meta"] = input_file.meta.instance
        return super().get_reference_file(asked, reference_file_type)

    def save_model(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Save the map of segments, which is no result of the step, with a stamp too."""
        self.parent.context.stamp.on_model(model)
        return super().save_model(model, *args, **kwargs)
