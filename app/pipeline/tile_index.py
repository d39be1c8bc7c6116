"""The index of a mosaic's tiles: for programs, as a table, and as regions for DS9."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from app.observation.names import TILES_INDEX
from app.plan.tiling import Tiling
from app.runtime.files import write_text

if TYPE_CHECKING:  # it is read where jwst must not be imported yet
    from app.pipeline.divided.cuts import Grid
    from app.pipeline.divided.tiles import Tile

__all__ = ["read_index", "write_index"]


def write_index(folder: Path, product: str, grid: Grid, tiling: Tiling, tiles: Sequence[Tile]) -> None:
    """Write ``tiles.json``, ``tiles.ecsv`` and ``tiles.reg``.

    Parameters
    ----------
    folder : Path
    product : str
        What names of products begin with.
    grid : Grid
        Of the whole mosaic.
    tiling : Tiling
    tiles : sequence of Tile
        Those with data.
    """
    rows = [_entry(product, grid, tile) for tile in tiles]
    index = {
        "product": product,
        "shape": list(grid.shape),
        "pixel_scale": grid.pixel_scale,
        "corners": _corners(grid, (0, 0, grid.shape[1], grid.shape[0])),
        "tile_size": tiling.size,
        "tile_overlap": tiling.overlap,
        "n_rows_columns": list(tiling.n_cells(grid.shape)),
        "tiles": rows,
    }
    as_json, as_table, as_regions = (folder / name for name in TILES_INDEX)
    write_text(as_json, json.dumps(index, indent=1) + "\n")
    _table(rows).write(as_table, format="ascii.ecsv", overwrite=True)
    write_text(as_regions, "\n".join(["icrs", *map(_region, rows)]) + "\n")


def read_index(folder: Path) -> dict[str, Any] | None:
    """Content of ``tiles.json`` in a folder: corners [deg], limits on the grid [pixel]; None where there is none."""
    path = folder / TILES_INDEX[0]
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _entry(product: str, grid: Grid, tile: Tile) -> dict[str, Any]:
    cell = tile.cell
    return {
        "name": cell.name,
        "row": cell.row,
        "column": cell.column,
        "limits": list(cell.limits),
        "own": list(cell.own),
        "corners": _corners(grid, cell.limits),
        "file": f"{product}_{cell.name}_i2d.fits",
        "exposures": list(tile.exposures),
        "bits": list(tile.places),
    }


def _corners(grid: Grid, limits: tuple[int, int, int, int]) -> list[list[float]]:
    """Right ascension and declination of the corners of a part of the grid, from the first pixel on, along x first."""
    x0, y0, x1, y1 = limits
    x, y = np.array([x0, x1, x1, x0]) - 0.5, np.array([y0, y0, y1, y1]) - 0.5
    return np.transpose(grid.wcs(x, y, with_bounding_box=False)).tolist()


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The index as a table: of the exposures only their number."""
    table = Table({key: [row[key] for row in rows] for key in ("name", "row", "column", "file")})
    for number, key in enumerate(("x0", "y0", "x1", "y1")):
        table[key] = [row["limits"][number] for row in rows]
    for number in range(4):
        for axis, key in enumerate(("ra", "dec")):
            table[f"{key}{number + 1}"] = [row["corners"][number][axis] for row in rows]
            table[f"{key}{number + 1}"].unit = "deg"
    table["n_exposures"] = [len(row["exposures"]) for row in rows]
    return table


def _region(row: Mapping[str, Any]) -> str:
    places = ", ".join(f"{value:.8f}" for corner in row["corners"] for value in corner)
    return f"polygon({places}) # text={{{row['name']}}}"
