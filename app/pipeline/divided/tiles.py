"""The mosaic in tiles: every exposure is drizzled once, and its part is added to the cells of the grid that it reaches.

A pixel is the sum of the same numbers in the same order as in a mosaic of one piece, so it has the same bits. No
process holds more than one cell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from jwst.datamodels import ImageModel

from app.pipeline.box import Box
from app.pipeline.cutout_wcs import cutout_wcs
from app.pipeline.divided.cuts import Grid, PixelMap
from app.pipeline.divided.library import ExposureLibrary, Members
from app.pipeline.divided.parts import Part, Total, drizzle
from app.pipeline.divided.planes import say_if_slower
from app.pipeline.divided.resampling import Headers, with_scale_ratio
from app.plan.tiling import Cell
from app.runtime.checkpoints import kept
from app.runtime.left_file import LeftFile
from app.runtime.pool import run_all

__all__ = ["Tile", "make_tiles"]


@dataclass(frozen=True)
class Tile(LeftFile):
    """A tile that is made.

    Parameters
    ----------
    path : Path
    cell : Cell
    places : tuple of int
        Places of the exposures with data in it, in the association: bits of its context image.
    exposures : tuple of str
        Their file names.
    """

    cell: Cell
    places: tuple[int, ...]
    exposures: tuple[str, ...]


def make_tiles(
    library: ExposureLibrary,
    grid: Grid,
    maps: Sequence[PixelMap],
    parameters: Mapping[str, Any],
    cells: Sequence[Cell],
    save: Callable[[Cell, ImageModel], Path],
    procs: int,
) -> list[Tile]:
    """Make the tiles of a mosaic, those in which no exposure has data left out.

    Parameters
    ----------
    library : ExposureLibrary
    grid : Grid
        The pixel grid of the whole mosaic.
    maps : sequence of PixelMap
        Of each exposure, on that grid.
    parameters : mapping
        Arguments of `jwst.resample.ResampleImage`.
    cells : sequence of Cell
    save : callable
        Writes a tile.
    procs : int
        Number of processes; tiles do not depend on it.
    """
    say_if_slower()
    known = with_scale_ratio(library, grid, parameters)
    boxes = {cell: Box(*cell.limits) for cell in cells}
    pairs = [
        (place, (exposure, pixels))
        for place, (exposure, pixels) in enumerate(zip(library.exposures(), maps, strict=True))
        if any(pixels.box & box for box in boxes.values())
    ]
    drizzled = run_all(partial(drizzle, known, parameters), [pair for _, pair in pairs], procs)
    parts = dict(zip((place for place, _ in pairs), drizzled, strict=True))
    tiles = [
        kept(cell.name, partial(_make, cell, box, library, known, parts, parameters, save))
        for cell, box in boxes.items()
    ]
    for part in parts.values():
        part.discard()
    return [tile for tile in tiles if tile is not None]


def _make(
    cell: Cell,
    box: Box,
    library: ExposureLibrary,
    grid: Grid,
    parts: Mapping[int, Part],
    parameters: Mapping[str, Any],
    save: Callable[[Cell, ImageModel], Path],
) -> Tile | None:
    """Make one tile; None where no exposure has data in it."""
    reaching = {place: part for place, part in parts.items() if part.box & box}
    if not reaching:
        return None
    total = Total(grid, box, len(library), parameters)
    places = tuple(place for place, part in reaching.items() if total.add(place, part))
    if not places:
        return None
    cut = replace(grid, wcs=cutout_wcs(grid.wcs, box))
    model = Headers(Members(library, places), cut, parameters, total.finish).resample_many_to_one()
    return Tile(save(cell, model), cell, places, tuple(library.member_names[place] for place in places))
