"""The mosaic in levels of detail, cut into tiles: a viewer reads no more of it than it shows."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.report.data_uri import data_uri
from app.report.levels import Levels
from app.report.pictures import block_means, stretch_limits
from app.report.pixels import Pixels
from app.runtime.pool import run_all

__all__ = ["TILE", "Pyramid", "depth_of", "finest_in_page", "pyramid"]

#: Side of a tile [pixel].
TILE = 512
#: Most pixels with data that a level in the page has; with all coarser ones they are some 3 MB.
IN_PAGE = 4_000_000
#: Pixels by which the levels are chosen, along a side of the mosaic, and quality of the pictures: what it changes is
#: less than the noise.
_SAMPLED, _QUALITY = 1000, 75


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Level k is the mosaic averaged over blocks of 2^k by 2^k pixels, counted from its first pixel.

    Parameters
    ----------
    levels : Levels
        What the shades of the pictures mean.
    cut : list of int
        The shades that are black and white at first.
    depth : int
        The coarsest level, a single tile.
    tiles : dict of str to (str, str)
        Tiles that are in the page by name, ``level_column_row`` from the first pixel on: a picture of `TILE` by `TILE`
        pixels, its first row on top the highest of the tile, and one of where it has data, empty where that is all.
    beside : list of str
        Names of tiles that are files of a folder beside the page, which give the same to ``lv3Tile``.
    """

    levels: Levels
    cut: list[int]
    depth: int
    tiles: dict[str, tuple[str, str]]
    beside: list[str]


def depth_of(shape: tuple[int, int]) -> int:
    """The level at which a mosaic fits a single tile."""
    return max(0, int(np.ceil(np.log2(max(shape) / TILE))))


def finest_in_page(n_pixels: float, depth: int) -> int:
    """The finest level that goes into the page, of a mosaic with so many pixels that have data."""
    return next((k for k in range(depth) if n_pixels / 4**k <= IN_PAGE), depth)


def pyramid(mosaic: Pixels, finest: int, folder: Path, procs: int) -> Pyramid:
    """Make the tiles.

    Parameters
    ----------
    mosaic : Pixels
        It is read by bands.
    finest : int
        Finest level that goes into the page.
    folder : Path
        Where tiles of finer levels are written.
    procs : int
        Number of processes.
    """
    levels, cut = _levels(mosaic)
    depth = depth_of(mosaic.shape)
    strips = [(k, row) for k in range(depth + 1) for row in range(-(-mosaic.shape[0] // (TILE * 2**k)))]
    tiles: dict[str, tuple[str, str]] = {}
    beside: list[str] = []
    for found in run_all(partial(_strip, mosaic=mosaic, levels=levels, finest=finest, folder=folder), strips, procs):
        tiles |= {name: tile for name, tile in found.items() if tile}
        beside += [name for name, tile in found.items() if not tile]
    return Pyramid(levels, cut, depth, tiles, beside)


def _levels(mosaic: Pixels) -> tuple[Levels, list[int]]:
    """Levels that are fine at the sky and hold all pixels, and those that are black and white at first."""
    step = max(1, max(mosaic.shape) // _SAMPLED)
    samples, extremes = [], []
    for row in range(0, mosaic.shape[0], TILE // step * step or step):
        band = mosaic.rows(row, row + (TILE // step * step or step))
        samples.append(band[::step, ::step].astype(float))
        extremes += [f.reduce(band, axis=None) for f in (np.fmin, np.fmax)]
    sample = np.concatenate(samples)
    levels = Levels.of(np.append(sample, extremes))
    return levels, levels.encode(np.array(stretch_limits(sample))).tolist()


def _strip(
    place: tuple[int, int], *, mosaic: Pixels, levels: Levels, finest: int, folder: Path
) -> dict[str, tuple[str, str] | None]:
    """A row of tiles by name, without those that have no data; None for one that was written into the folder."""
    level, row = place
    found: dict[str, tuple[str, str] | None] = {}
    for column, values in enumerate(_cut(_averaged(mosaic, level, row))):
        if np.isfinite(values).any():
            name, tile = f"{level}_{column}_{row}", _pictures(levels.encode(values))
            if level < finest:
                call = f"lv3Tile({json.dumps(name)}, {json.dumps(tile)});"
                (folder / f"{name}.js").write_text(call, encoding="utf-8")
            found[name] = None if level < finest else tile
    return found


def _averaged(mosaic: Pixels, level: int, row: int) -> NDArray[np.float32]:
    """A row of tiles of a level; of the pixels of the mosaic itself no more rows are in memory than a tile has."""
    height, band = TILE * 2**level, max(TILE, 2**level)
    starts = range(row * height, min((row + 1) * height, mosaic.shape[0]), band)
    if level == 0:
        return mosaic.rows(starts[0], starts[0] + band)
    means = [block_means(mosaic.rows(start, start + band), 2**level) for start in starts]
    return np.concatenate(means).astype(np.float32)


def _cut(strip: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """A strip in tiles; beyond its ends there are no data."""
    for start in range(0, strip.shape[1], TILE):
        part = strip[:, start : start + TILE]
        missing = [(0, TILE - n) for n in part.shape]
        yield np.pad(part, missing, constant_values=np.nan)


def _pictures(values: NDArray[np.uint8]) -> tuple[str, str]:
    """Levels, the lowest row first, as a picture, and where they are not 0."""
    there = values[::-1] > 0
    # The sky where there are no data: an edge would ring.
    shades = np.where(there, values[::-1], np.median(values[values > 0]).astype(np.uint8))
    picture = _uri(Image.fromarray(shades), "jpeg", quality=_QUALITY)
    return picture, "" if there.all() else _uri(Image.fromarray(there), "png", transparency=0)


def _uri(image: Image.Image, kind: str, **options: int) -> str:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return data_uri(file.getvalue(), kind)
