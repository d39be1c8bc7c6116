"""The source catalogue."""

from jwst.source_catalog import SourceCatalogStep

from app.pipeline.steps.base import Stamped

__all__ = ["StampedSourceCatalogStep"]


class StampedSourceCatalogStep(Stamped, SourceCatalogStep):
    """The source catalogue, with a stamp."""

    _extends = SourceCatalogStep
