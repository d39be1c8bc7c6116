"""A mosaic that is in its file: windows of it are read as they are needed."""

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from jwst.datamodels import ImageModel

from app.pipeline.box import Box
from app.pipeline.cutout_wcs import cutout_wcs
from app.pipeline.divided.exposure_files import extensions, new_model, without_arrays

__all__ = ["ARRAYS", "MosaicFile"]

#: Arrays that sources are found and measured on; the others are most of a mosaic's memory.
ARRAYS = ("data", "err", "wht")


@dataclass(frozen=True)
class MosaicFile:
    """A mosaic in its file, of which as much is read as is asked for; processes can send it.

    Parameters
    ----------
    path : Path
        ``*_i2d.fits``.
    """

    path: Path

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        header = fits.getheader(self.path, "SCI")
        return header["NAXIS2"], header["NAXIS1"]

    @cached_property
    def tree(self) -> dict[str, Any]:
        """All that its datamodel holds but the arrays."""
        with fits.open(self.path, memmap=True, do_not_scale_image_data=True) as file:
            return without_arrays(new_model(file).instance)

    @property
    def box(self) -> Box:
        """All of it."""
        return Box.whole(self.shape)

    def tiles(self, height: int, width: int) -> list[Box]:
        """Boxes of a size [pixel] that cover it, row by row; those at its upper and right edge may be smaller."""
        ny, nx = self.shape
        return [Box(x, y, x + width, y + height) & self.box for y in range(0, ny, height) for x in range(0, nx, width)]

    def is_empty(self, box: Box) -> bool:
        """Whether a box has no data."""
        with fits.open(self.path) as file:
            return not file["WHT"].data[box.slices].any()

    def model(self) -> ImageModel:
        """A datamodel without arrays."""
        model = new_model()
        model.instance.update(deepcopy(self.tree))
        return model

    def window(self, box: Box) -> ImageModel:
        """A datamodel of a box alone, with the arrays that sources are found and measured on."""
        model = new_model()
        meta = self.tree["meta"]
        model.instance["meta"] = meta | {"wcs": self._wcs(box), "wcsinfo": dict(meta["wcsinfo"])}
        model.meta.wcsinfo.crpix1 -= box.x0
        model.meta.wcsinfo.crpix2 -= box.y0
        with fits.open(self.path) as file:
            for name in ARRAYS:
                model.instance[name] = np.array(file[extensions()[name]].data[box.slices], np.float32)
        return model

    def _wcs(self, box: Box) -> Any:
        """The WCS of a box, which gives all pixels of the mosaic a place on the sky."""
        cut, (ny, nx) = cutout_wcs(self.tree["meta"]["wcs"], box), self.shape
        cut.bounding_box = ((-0.5 - box.x0, nx - 0.5 - box.x0), (-0.5 - box.y0, ny - 0.5 - box.y0))
        return cut
