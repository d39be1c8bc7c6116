"""The source catalogue of a mosaic in its file: jwst's own step on windows of it, none larger than a tile or a source.

Where a pixel is above the threshold does not depend on the window, so that the sources are those of the whole mosaic,
however large; each is taken apart and measured in one window that holds all of it and of its apertures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from astropy.convolution import Gaussian2DKernel
from astropy.stats import gaussian_fwhm_to_sigma
from astropy.table import QTable
from jwst.datamodels import ImageModel
from jwst.source_catalog import SourceCatalogStep
from numpy.typing import NDArray
from photutils.segmentation import SegmentationImage
from scipy import ndimage

from app.pipeline.box import Box
from app.pipeline.divided.arrays import map_array, save_arrays
from app.pipeline.divided.catalogue_internals import KnownReferences, known_sources, noted_deblending
from app.pipeline.divided.connected import Pieces, Segments, join, pieces_of
from app.pipeline.divided.jwst_internals import needed_columns
from app.pipeline.divided.mosaic_file import MosaicFile
from app.pipeline.divided.photutils_internals import divided_deblending
from app.pipeline.divided.sky_mesh import SkyMesh
from app.plan.peak_memory import TILE
from app.runtime.pool import run_all

__all__ = ["Finder", "Measured", "find_segments", "measure_segments"]


@dataclass(frozen=True)
class Finder:
    """What finds and measures sources in windows of a mosaic.

    Parameters
    ----------
    mosaic : MosaicFile
    parameters : mapping
        Of `jwst.source_catalog.SourceCatalogStep`, its reference files among them.
    sky : SkyMesh
    references : KnownReferences
    reach : int
        How far around a source its apertures reach [pixel].
    folder : Path
        For temporary files.
    """

    mosaic: MosaicFile
    parameters: Mapping[str, Any]
    sky: SkyMesh
    references: KnownReferences
    reach: int
    folder: Path

    @property
    def above(self) -> Path:
        """File of an array, which says of each pixel of the mosaic whether it is above the threshold."""
        return self.folder / "above.npy"

    @property
    def footprint(self) -> NDArray[np.bool_]:
        """Which neighbours of a pixel are connected with it."""
        return ndimage.generate_binary_structure(2, 2 if int(self.parameters["connectivity"]) == 8 else 1)

    @property
    def smoothing(self) -> int:
        """How far the smoothing of the image reaches [pixel]."""
        width = self.parameters["kernel_fwhm"]
        return Gaussian2DKernel(width * gaussian_fwhm_to_sigma).shape[0] // 2 if width > 0 else 0

    def around(self, box: Box, margin: int) -> Box:
        """A window that reaches so much further than a box [pixel]."""
        return Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin) & self.mosaic.box

    def run(self, window: Box, find: Callable[..., Any]) -> QTable:
        """Run jwst's step on a window, with sources that a function finds (see `known_sources`)."""
        sources = known_sources(partial(self.sky.on, window), self.references, find)
        with sources, needed_columns(), divided_deblending(1):
            return _WindowStep(**self.parameters).process(self.mosaic.window(window))


class _WindowStep(SourceCatalogStep):
    """jwst's step, which makes no copy of a window that is made for it."""

    def prepare_output(self, init: ImageModel, *_: Any, **__: Any) -> ImageModel:
        """The window."""
        return init


class _FoundError(Exception):
    """Carries what was found out of jwst's step, of which no more is wanted."""

    def __init__(self, above: NDArray[np.bool_]) -> None:
        self.above = above


def find_segments(finder: Finder, procs: int) -> Segments:
    """Find the segments of a mosaic, before they are taken apart, in the order of their labels."""
    np.lib.format.open_memmap(finder.above, "w+", bool, finder.mosaic.shape).flush()
    pieces = run_all(partial(_find, finder), finder.mosaic.tiles(TILE, TILE), procs)
    some = [piece for piece in pieces if piece is not None]
    return join(some, finder.mosaic.shape, finder.footprint, finder.parameters["npixels"])


def _find(finder: Finder, tile: Box) -> Pieces | None:
    """Find the pixels of a tile that are above the threshold; None where there is none."""
    if finder.mosaic.is_empty(tile):
        return None
    window = finder.around(tile, finder.smoothing)
    try:
        finder.run(window, _tell_what_is_above)
    except _FoundError as found:
        above = found.above[tile.inside(window)]
    if not above.any():
        return None
    np.lib.format.open_memmap(finder.above, "r+")[tile.slices] = above
    return pieces_of(above, tile, finder.mosaic.shape[1], finder.footprint, finder.parameters["npixels"])


def _tell_what_is_above(data: Any, threshold: Any, _: int, mask: NDArray[np.bool_], **__: Any) -> None:
    with np.errstate(invalid="ignore"):
        raise _FoundError(np.asarray(data > threshold) & ~mask)


@dataclass(frozen=True, slots=True)
class Measured:
    """Sources of segments that were measured in one window.

    Parameters
    ----------
    table : QTable
        jwst's, with places in the mosaic.
    order : ndarray of int, shape (n, 3)
        What the sources of the mosaic are sorted by: whether one of several in a segment, which segment, which there.
    pixels : Path
        File of two arrays: places of pixels in the mosaic, row by row, and rows of the table that they belong to.
    """

    table: QTable
    order: NDArray[np.int64]
    pixels: Path


def measure_segments(finder: Finder, segments: Segments, procs: int) -> list[Measured]:
    """Take the sources in all segments apart and measure them, the largest segments first."""
    groups = list(_groups(segments, finder.mosaic.shape[1]))
    groups.sort(key=lambda numbers: -segments.areas[numbers].sum())
    return list(run_all(partial(_measure, finder), [(numbers, segments.take(numbers)) for numbers in groups], procs))


def _groups(segments: Segments, width: int) -> Iterator[NDArray[np.int64]]:
    """Numbers of segments that are measured in one window: those that begin in one tile; each large one by itself."""
    rows, columns = np.divmod(segments.first, width)
    sides = segments.corners[:, 2:] - segments.corners[:, :2]
    is_large = sides.max(axis=1, initial=0) > TILE // 2
    tiles = np.stack([rows // TILE, columns // TILE, np.where(is_large, np.arange(1, len(rows) + 1), 0)], axis=1)
    _, group = np.unique(tiles, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else ()


def _measure(finder: Finder, task: tuple[NDArray[np.int64], Segments]) -> Measured:
    """Take the sources of some segments apart and measure them."""
    numbers, segments = task
    window = finder.around(Box.around(Box(*corners) for corners in segments.corners.tolist()), finder.reach)
    known = SegmentationImage(_labels(finder, segments, window))
    with noted_deblending() as deblended:
        table = finder.run(window, lambda *_, **__: known)
    found = deblended[-1] if deblended else known  # photutils is asked twice (see `divided_deblending`)
    table["xcentroid"] += window.x0
    table["ycentroid"] += window.y0
    path = finder.folder / f"sources_{numbers[0]}.npy"
    rows, columns = np.nonzero(found.data)
    places = (rows + window.y0) * np.int64(finder.mosaic.shape[1]) + columns + window.x0
    save_arrays(path, places, found.data[rows, columns].astype(np.int32) - 1)
    return Measured(table, _order(numbers, found.parent_to_deblended_labels), path)


def _labels(finder: Finder, segments: Segments, window: Box) -> NDArray[np.int32]:
    """Segments in a window, counted from 1, and nothing of others."""
    above = map_array(finder.above)[window.slices]
    labels, n = ndimage.label(above, structure=finder.footprint)
    rows, columns = np.divmod(segments.first, finder.mosaic.shape[1])
    number = np.zeros(n + 1, np.int32)
    number[labels[rows - window.y0, columns - window.x0]] = np.arange(1, len(segments) + 1)
    return number[labels]


def _order(numbers: NDArray[np.int64], parts: Mapping[int, Sequence[int]]) -> NDArray[np.int64]:
    """What the sources of segments are sorted by (see `Measured`), in the order in which photutils labels them.

    Parameters
    ----------
    numbers : ndarray of int
        Of the segments in the mosaic.
    parts : mapping
        Labels of what a segment was taken apart into, by its place among the numbers, counted from 1.
    """
    whole = [(0, number, 0) for place, number in enumerate(numbers, start=1) if place not in parts]
    apart = [(1, numbers[place - 1], k) for place in sorted(parts) for k in range(len(parts[place]))]
    return np.array(whole + apart, np.int64)
