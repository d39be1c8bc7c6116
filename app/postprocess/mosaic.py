"""The mosaic that exposures are drizzled onto and that is blotted back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.observation.names import ascii_name
from app.pipeline.box import Box
from app.pipeline.divided.cuts import Grid
from app.runtime.errors import PostprocessError
from app.runtime.files import sha256

__all__ = ["AGAIN", "Mosaic", "read_mosaic"]

#: What to do where a file of the run was changed or removed.
AGAIN = "bring it back, or make all again with overwrite=true"


@dataclass(frozen=True, slots=True)
class Mosaic:
    """What is known of a mosaic without its pixels, which stay on disk.

    Parameters
    ----------
    path : Path
        The i2d file.
    sha256 : str
        Its checksum.
    wcs : gwcs.WCS
        With ``array_shape``.
    unit : str
        Unit of the pixels.
    pixel_scale : float
        Side of a pixel [arcsec].
    pixel_scale_ratio : float
        Side of a pixel, in sides of the pixels of the first exposure; jwst scales errors by it.
    """

    path: Path
    sha256: str
    wcs: Any
    unit: str
    pixel_scale: float
    pixel_scale_ratio: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ny, nx = self.wcs.array_shape
        return ny, nx

    def grid(self, parameters: Mapping[str, Any]) -> Grid:
        """Its pixel grid, onto which pixels are mapped as by a resample step with these parameters."""
        steps = parameters["pixmap_stepsize"], parameters["pixmap_order"]
        return Grid(self.wcs, self.pixel_scale, self.pixel_scale_ratio, *steps)

    @property
    def cards(self) -> list[list[str]]:
        """Header cards for what belongs to this mosaic."""
        return [
            ["LV3MOS", ascii_name(self.path.name), "mosaic that this belongs to"],
            ["LV3MSUM", self.sha256, "SHA-256 of that mosaic"],
        ]

    def pixels(self, box: Box) -> NDArray[np.float32]:
        """Read the pixels of a box alone; NaN where there is no data, whatever the mosaic's own fill value."""
        with fits.open(self.path, memmap=True) as file:
            image, weight = (file[name].section[box.slices] for name in ("SCI", "WHT"))
        return np.where(weight > 0, image, np.nan).astype(np.float32)


def read_mosaic(path: Path, checksum: str) -> Mosaic:
    """Read what is needed of a mosaic, without its pixels.

    Parameters
    ----------
    path : Path
        The i2d file.
    checksum : str
        SHA-256 of the mosaic that the run made, from its record.

    Raises
    ------
    PostprocessError
        The file is missing, cannot be read, or is another one.
    """
    if not path.is_file():
        raise PostprocessError(f"{path}: the mosaic is missing; {AGAIN}")
    try:
        found = sha256(path)
    except OSError as error:
        raise PostprocessError(f"{path}: the mosaic cannot be read ({error.strerror}); {AGAIN}") from error
    if found != checksum:
        raise PostprocessError(
            f"{path}: not the mosaic that this run made of these exposures: it was replaced, edited or damaged since "
            f"(SHA-256 {found[:12]}..., recorded {checksum[:12]}...); {AGAIN}"
        )
    return _facts(path, checksum)


def _facts(path: Path, checksum: str) -> Mosaic:
    from stdatamodels.jwst import datamodels

    with datamodels.open(path) as model:
        return Mosaic(
            path,
            checksum,
            model.meta.wcs,
            model.meta.bunit_data,
            math.sqrt(model.meta.photometry.pixelarea_arcsecsq),
            model.meta.resample.pixel_scale_ratio,
        )
