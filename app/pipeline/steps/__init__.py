"""The steps of `calwebb_image3` as this pipeline runs them: own groups, own errors, stamped, the work divided.

Where parameters ask for something that is not divided, jwst's own implementation runs, and the log says so.
"""

from app.pipeline.steps.assign_mtwcs import MovingTargetStep
from app.pipeline.steps.outlier_detection import NativeOutlierDetectionStep
from app.pipeline.steps.resample import StampedResampleStep
from app.pipeline.steps.skymatch import GroupedSkyMatchStep
from app.pipeline.steps.source_catalog import StampedSourceCatalogStep
from app.pipeline.steps.tweakreg import GroupedTweakRegStep

__all__ = [
    "GroupedSkyMatchStep",
    "GroupedTweakRegStep",
    "MovingTargetStep",
    "NativeOutlierDetectionStep",
    "StampedResampleStep",
    "StampedSourceCatalogStep",
]
