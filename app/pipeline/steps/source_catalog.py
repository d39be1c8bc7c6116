"""The source catalogue."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jwst.datamodels import ImageModel
from jwst.source_catalog import SourceCatalogStep
from stdatamodels.jwst.datamodels import SegmentationMapModel

from app.pipeline.divided.exposure_files import new_model
from app.pipeline.divided.grown_fits import growing
from app.pipeline.divided.jwst_internals import needed_columns
from app.pipeline.divided.mosaic_file import ARRAYS, MosaicFile
from app.pipeline.divided.mosaic_sources import Measured
from app.pipeline.divided.photutils_internals import divided_deblending
from app.pipeline.divided.stitching import label_rows
from app.pipeline.divided.tiled_catalogue import find_and_measure
from app.pipeline.steps.base import Stamped
from app.plan.peak_memory import catalogue_by_tiles
from app.runtime.checkpoints import not_keeping
from app.runtime.disk import disk_error
from app.runtime.errors import Lv3Error
from app.runtime.files import fresh_folder
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
                f"The source catalogue of {self.parent.context.product} could not be made ({error}); the mosaic and "
                "its exposures are whole.",
                "See source_catalog in lv3_run.log; jwst_parameters.source_catalog.skip=true leaves it out.",
            )
        return None

    def process(self, input_data: ImageModel | MosaicFile) -> Any:
        """Make the catalogue, of the arrays that it is made of; most often the mosaic is in its file already."""
        if isinstance(input_data, MosaicFile):
            if self._goes_by_tiles(input_data):
                return self._process_in_tiles(input_data)
            with ImageModel(input_data.path) as model:
                return self.process(model)
        for name in [name for name, value in input_data.instance.items() if hasattr(value, "dtype")]:
            if name not in ARRAYS:
                del input_data.instance[name]
        with needed_columns(), divided_deblending(self.parent.context.procs):
            return super().process(input_data)

    def _goes_by_tiles(self, mosaic: MosaicFile) -> bool:
        """Whether the catalogue is made of windows of the mosaic."""
        if not catalogue_by_tiles(self.parent.context.catalogue, mosaic.shape[0] * mosaic.shape[1]):
            return False
        if self.starfinder != "segmentation" or self.localbkg_width:
            log.info("source_catalog: these parameters are not for a catalogue by tiles; it is made of the whole")
            return False
        return True

    def _process_in_tiles(self, mosaic: MosaicFile) -> Any:
        """Make the catalogue of a mosaic that stays in its file."""
        model = mosaic.model()
        parameters = self.get_pars() | {"save_results": False}
        for kind in self.reference_file_types:
            parameters[f"override_{kind}"] = self.get_reference_file(model, kind)
        context = self.parent.context
        with not_keeping(), fresh_folder(context.work_dir / "sources") as folder:
            found = find_and_measure(mosaic, model, parameters, context.procs, folder)
            if found is None:
                return None
            catalogue, measured = found
            path = Path(self.make_output_path(ext=".ecsv"))
            catalogue.write(path, format="ascii.ecsv", overwrite=True)
            model.meta.source_catalog = path.name
            self._save_segments(mosaic, measured, model)
        return catalogue

    def _save_segments(self, mosaic: MosaicFile, measured: Sequence[Measured], model: ImageModel) -> None:
        """Save the map of segments, which no process holds, as jwst does."""
        place = Path(self.make_output_path(suffix="segm", ext=".fits"))
        with SegmentationMapModel(np.zeros((1, 1), np.uint32)) as segments:
            segments.update(model, only="PRIMARY")
            segments.meta.wcs, segments.meta.wcsinfo = model.meta.wcs, model.meta.wcsinfo
            self.parent.context.stamp.on_model(segments)
            with growing(segments, mosaic.shape, place) as planes:
                for first, rows in label_rows(measured, mosaic.shape):
                    planes["data"].fill(first, rows)

    def get_reference_file(self, input_file: ImageModel, reference_file_type: str) -> str:
        """The reference file, by the metadata alone: crds walks a schema for each line of the log that a mosaic has."""
        asked = new_model()
        asked.instance["meta"] = input_file.meta.instance
        return super().get_reference_file(asked, reference_file_type)

    def save_model(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Save the map of segments, which is no result of the step, with a stamp too."""
        self.parent.context.stamp.on_model(model)
        return super().save_model(model, *args, **kwargs)
