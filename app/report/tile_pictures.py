"""Tiles of a mosaic together as pictures, with their outlines and names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from app.report.pictures import Binned, binned, draw_sky, draw_weight, step_of

__all__ = ["tile_pictures"]


def tile_pictures(folder: Path, index: Mapping[str, Any], unit: str) -> dict[str, str]:
    """The mosaic that tiles are of, and its weights, as data URIs.

    Parameters
    ----------
    folder : Path
        Where the tiles are.
    index : mapping
        Content of ``tiles.json``.
    unit : str
        Of the mosaic.
    """

    def outline(axes: Axes, step: int) -> None:
        for tile in index["tiles"]:
            x0, y0, x1, y1 = np.array(tile["limits"]) / step
            axes.add_patch(Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, ec="white", lw=0.7, alpha=0.7))
            axes.text((x0 + x1) / 2, (y0 + y1) / 2, tile["name"], color="white", ha="center", va="center", fontsize=9)

    image, weight = (_together(folder, index, name) for name in ("SCI", "WHT"))
    return {"mosaic": draw_sky(image, index["corners"], unit, outline), "weight": draw_weight(weight)}


def _together(folder: Path, index: Mapping[str, Any], name: str) -> Binned:
    """An image of all tiles, averaged over blocks; where they share pixels, those of the later ones."""
    shape = index["shape"][0], index["shape"][1]
    step = step_of(shape)
    image = np.full([-(-n // step) for n in shape], np.nan)
    for tile in index["tiles"]:
        x0, y0, *_ = tile["limits"]
        part = binned(folder / tile["file"], name, step)
        y, x = round(y0 / step), round(x0 / step)
        place = image[y : y + part.image.shape[0], x : x + part.image.shape[1]]
        values = part.image[: place.shape[0], : place.shape[1]]
        known = np.isfinite(values)
        place[known] = values[known]
    wcs = part.wcs.deepcopy()  # of the last tile: its pixels are counted from another one
    wcs.wcs.crpix += (x0, y0)
    return Binned(image, step, wcs)
