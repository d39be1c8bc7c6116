"""Where exposures lie on the mosaic's pixel grid, and cuts of that grid.

An exposure touches only a box of the mosaic. Drizzled into that box instead of the whole grid, with a pixel map that
differs by whole pixels, it gives the same pixels.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jwst.resample.resample import ResampleImage
from stcal.resample.utils import calc_pixmap

from app.pipeline.box import Box
from app.pipeline.cutout_wcs import cutout_around
from app.pipeline.divided.arrays import save_arrays
from app.pipeline.divided.exposure_files import ExposureFile
from app.runtime.left_file import LeftFile, Mark

__all__ = ["Grid", "PixelMap", "counted_from", "map_pixels", "touched"]

# What a drop of an exposure's pixel, or the interpolation of a blot, can reach beyond the pixel's centre [pixel].
_MARGIN = 3
# Pixels whose positions are computed together: fewer pay for gwcs's calls, more for the memory (measured: 0.26 s for
# 1024 x 1024 pixels, 0.36 to 0.5 s in one piece).
_PIXELS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Grid:
    """The mosaic's pixel grid, and how exposures are mapped onto it.

    Parameters
    ----------
    wcs : gwcs.wcs.WCS
    pixel_scale : float
        [arcsec]
    pixel_scale_ratio : float or None
        The grid's pixel scale over that of the exposures.
    stepsize, order : float, int
        Parameters ``pixmap_stepsize`` and ``pixmap_order`` of the step.
    """

    wcs: Any
    pixel_scale: float
    pixel_scale_ratio: float | None
    stepsize: float
    order: int

    @classmethod
    def chosen(cls, library: Any, parameters: Mapping[str, Any]) -> "Grid":
        """The grid that jwst chooses for the exposures of a library, or was given, with these arguments."""
        resampling = _GridAlone(library, **parameters)
        return cls(
            resampling.output_wcs,
            resampling.output_pixel_scale,
            resampling.pixel_scale_ratio,
            resampling.pixmap_stepsize,
            resampling.pixmap_order,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the mosaic."""
        return tuple(self.wcs.array_shape)

    @property
    def box(self) -> Box:
        """All of the mosaic."""
        return Box.whole(self.shape)

    def of_shape(self, shape: tuple[int, int]) -> dict[str, Any]:
        """Argument ``output_wcs`` of `ResampleImage` for a cut of the grid; its positions must not be asked for."""
        wcs = deepcopy(self.wcs)
        wcs.bounding_box = None
        wcs.array_shape = shape
        return {"wcs": wcs, "pixel_scale": self.pixel_scale, "pixel_scale_ratio": self.pixel_scale_ratio}

    def pixels_of(self, wcs: Any, shape: tuple[int, int]) -> np.ndarray:
        """Where the pixels of an exposure fall: x and y, shape (ny, nx, 2); NaN outside its bounding box."""
        return _pixel_map(wcs, self.wcs, shape, self.stepsize, self.order)

    def has_same_pixel_map(self, other: "Grid") -> bool:
        """Whether exposures have the same pixel maps on another grid, to the bit."""
        if (self.shape, self.stepsize, self.order) != (other.shape, other.stepsize, other.order):
            return False
        y, x = np.indices((3, 3)).reshape(2, 9) * np.array(self.shape)[:, None] / 2
        return np.array_equal(self.wcs(x, y), other.wcs(x, y), equal_nan=True)


class _GridAlone(ResampleImage):
    """Resampling that is asked for its grid alone; jwst would have all of the mosaic in memory."""

    def reset_arrays(self, n_input_models: int | None = None) -> None:
        """Make nothing ready."""


def _pixel_map(wcs_from: Any, wcs_to: Any, shape: tuple[int, int], stepsize: float, order: int) -> np.ndarray:
    """What `stcal.resample.utils.calc_pixmap` gives; where all pixels are computed, by rows, whose arrays are small."""
    if stepsize != 1:
        # Both coordinates of a pixel side by side, as in the other case.
        return np.ascontiguousarray(calc_pixmap(wcs_from, wcs_to, shape, stepsize=stepsize, order=order))
    pixels = np.empty((*shape, 2))
    bounding_box, wcs_to.bounding_box = wcs_to.bounding_box, None
    try:
        for band in Box.whole(shape).bands(_PIXELS_AT_ONCE):
            rows = pixels[band.slices]
            y, x = np.indices(band.shape, dtype=np.float64)
            rows[..., 0], rows[..., 1] = wcs_to.world_to_pixel_values(*wcs_from.pixel_to_world_values(x, y + band.y0))
    finally:
        wcs_to.bounding_box = bounding_box
    return pixels


def map_pixels(grid: Grid, task: tuple[ExposureFile, Path], boxes: Sequence[Box] = ()) -> "PixelMap":
    """Compute where the pixels of an exposure fall, and keep that in a file.

    Where boxes are given and its outline is in none of them, it is said to fall nowhere.
    """
    exposure, path = task
    wcs = exposure.tree["meta"]["wcs"]
    if boxes:
        outline = cutout_around(wcs, exposure.shape, grid.wcs)
        if not any(outline & box for box in boxes):
            return PixelMap(path, Box(0, 0, 0, 0))
    pixels = grid.pixels_of(wcs, exposure.shape)
    save_arrays(path, pixels)
    return PixelMap(path, touched(pixels, grid.box))


def counted_from(box: Box, pixels: np.ndarray) -> np.ndarray:
    """The places x and y, shape (ny, nx, 2), in the same memory, but counted from the corner of a box."""
    both = pixels.view(complex)  # numpy is slow along an axis of two
    both -= complex(box.x0, box.y0)
    return pixels


def touched(pixels: np.ndarray, whole: Box) -> Box:
    """The part of the mosaic that an exposure touches."""
    lowest, highest = (ends.reduce(ends.reduce(pixels, axis=0), axis=0) for ends in (np.fmin, np.fmax))
    if np.isnan(lowest).any():
        return Box(0, 0, 0, 0)
    middle = pixels[len(pixels) // 2]
    reach = _MARGIN + np.nanmax(np.abs(np.diff(middle, axis=0)), initial=1)
    x0, y0 = np.floor(lowest - reach).astype(int).tolist()
    x1, y1 = np.ceil(highest + reach + 1).astype(int).tolist()
    return Box(x0, y0, x1, y1) & whole


@dataclass(frozen=True)
class BoxFile(LeftFile):
    """A file about a box of the mosaic; it need not be there where the box is empty.

    Parameters
    ----------
    path : Path
    box : Box
    """

    box: Box

    def checksum(self) -> int:
        """That of the file, if there is one."""
        return super().checksum() if self.box else 0

    def mark(self) -> Mark | None:
        """That of the file, if there is one."""
        return super().mark() if self.box else None


@dataclass(frozen=True)
class PixelMap(BoxFile):
    """Where every pixel of an exposure falls on the mosaic.

    Parameters
    ----------
    path : Path
        File of an array (ny, nx, 2) of x and y on the mosaic's grid; NaN outside the bounding box. It need not be there
        where the box is empty.
    box : Box
        All of the mosaic that the exposure can touch.
    """

    def on(self, cut: Box) -> np.ndarray:
        """The map onto a cut of the mosaic."""
        return counted_from(cut, np.load(self.path))
