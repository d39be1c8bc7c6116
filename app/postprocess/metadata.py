"""What drizzled and blotted images say about themselves."""

from collections.abc import Sequence
from typing import Any

from app.postprocess.mosaic import Mosaic

__all__ = ["belongs_to", "sky_is_out"]


def sky_is_out(image: Any, exposures: Sequence[Any]) -> None:
    """Write which sky level an image is without: that of its exposures, which the mosaic is without too.

    skymatch leaves the level in the exposures (``BKGSUB`` false) and resampling takes it out. Where there was no
    skymatch there is no level, and the sky is still in. Detectors that have levels of their own have none in common.
    """
    background = exposures[0].meta.background
    is_common = len({exposure.meta.background.level for exposure in exposures}) == 1
    image.meta.background.level = background.level if is_common else None
    image.meta.background.method = background.method
    image.meta.background.subtracted = None if background.level is None else True


def belongs_to(image: Any, mosaic: Mosaic) -> None:
    """Write which mosaic an image belongs to; the exposure's own stamp is not this product's."""
    if "jwst_lv3" in image.meta.instance:
        del image.meta.instance["jwst_lv3"]
    image.extra_fits = {"PRIMARY": {"header": mosaic.cards}}
