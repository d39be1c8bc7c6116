"""The mosaic in one file that no process holds: allocated first, then filled by bands of rows, several at a time.

A pixel is the sum of the same numbers in the same order, whatever the band, so it has the same bits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jwst.datamodels import ImageModel

from app.pipeline.box import Box
from app.pipeline.divided.cuts import Grid, PixelMap
from app.pipeline.divided.grown_fits import FilePlanes, growing
from app.pipeline.divided.library import ExposureLibrary
from app.pipeline.divided.parts import Part, Total, drizzle
from app.pipeline.divided.planes import say_if_slower
from app.pipeline.divided.resampling import Headers, with_scale_ratio
from app.plan.peak_memory import BAND
from app.runtime.checkpoints import not_keeping
from app.runtime.pool import run_all

__all__ = ["make_mosaic"]


def make_mosaic(
    library: ExposureLibrary,
    grid: Grid,
    maps: Sequence[PixelMap],
    parameters: Mapping[str, Any],
    complete: Callable[[ImageModel], None],
    path: Path,
    procs: int,
) -> Path:
    """Drizzle all exposures into one mosaic, in a file that appears whole or not at all.

    Parameters
    ----------
    library : ExposureLibrary
    grid : Grid
        The mosaic's pixel grid.
    maps : sequence of PixelMap
        Of each exposure, on that grid.
    parameters : mapping
        Arguments of `jwst.resample.ResampleImage`.
    complete : callable
        Completes the metadata of the mosaic, a datamodel with arrays of a pixel.
    path : Path
        The file.
    procs : int
        Number of processes; the mosaic does not depend on it.
    """
    say_if_slower()
    known = with_scale_ratio(library, grid, parameters)
    pairs = list(zip(library.exposures(), maps, strict=True))
    parts = list(run_all(partial(drizzle, known, parameters), pairs, procs))
    pixel = Total(known, Box(0, 0, 1, 1), len(parts), parameters).finish()
    model = Headers(library, grid, parameters, lambda: pixel).resample_many_to_one()
    complete(model)
    with growing(model, grid.shape, path) as planes:
        band = partial(_fill, _Filling(known, tuple(parts), dict(parameters), planes))
        with not_keeping():
            for _ in run_all(band, Box.whole(grid.shape).bands(BAND), procs):
                pass
    for part in parts:
        part.discard()
    return path


@dataclass(frozen=True, slots=True)
class _Filling:
    """What bands are filled with, and where."""

    grid: Grid
    parts: tuple[Part, ...]
    parameters: dict[str, Any]
    planes: dict[str, FilePlanes]


def _fill(filling: _Filling, band: Box) -> None:
    """Add all parts up in a band, and write it."""
    total = Total(filling.grid, band, len(filling.parts), filling.parameters)
    for index, part in enumerate(filling.parts):
        total.add(index, part)
    arrays = total.finish()
    for name, plane in filling.planes.items():
        plane.fill(band.y0, arrays[name])
