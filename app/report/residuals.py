"""Every exposure less the mosaic, as small pictures side by side: what sky levels and flat fields leave."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from app.assess.measure.residuals import SIDE
from app.report.data_uri import data_uri
from app.report.pictures import NOTHING

__all__ = ["Residuals", "residuals"]

#: Most exposures that are shown, those with the largest residuals.
SHOWN = 64
#: Pixels between them, where their numbers stand, and pixels of the picture for one of theirs.
GAP, ENLARGED = 6, 3


class Residuals:
    """The picture, what its colours mean, and how many exposures it shows.

    Parameters
    ----------
    maps : mapping of int to ndarray
        Residuals by the number of the exposure.
    noise : float or None
        Of a pixel of the mosaic; colours are no finer than half of it.
    """

    def __init__(self, maps: Mapping[int, NDArray[np.float64]], noise: float | None) -> None:
        self.n = len(maps)
        worst = sorted(maps, key=lambda number: -_size(maps[number]))[:SHOWN]
        self.shown = sorted(worst)
        values = np.concatenate([maps[number].ravel() for number in self.shown])
        self.limit = max(float(np.nanquantile(np.abs(values), 0.98)), 0.5 * (noise or 0.0), 1e-12)
        self.picture = _draw([maps[number] for number in self.shown], self.shown, self.limit)


def residuals(maps: Mapping[int, NDArray[np.float64]], noise: float | None) -> Residuals | None:
    """The sheet of all exposures, or None where nothing is known.

    Parameters
    ----------
    maps : mapping of int to ndarray
        Residuals by the number of the exposure.
    noise : float or None
        Of a pixel of the mosaic.
    """
    known = {number: values for number, values in maps.items() if np.isfinite(values).any()}
    return Residuals(known, noise) if known else None


def _size(values: NDArray[np.float64]) -> float:
    """How large residuals are, but for a few."""
    return float(np.nanquantile(np.abs(values), 0.9))


def _draw(maps: Sequence[NDArray[np.float64]], numbers: Sequence[int], limit: float) -> str:
    """The maps in rows, each with its number, as a data URI."""
    columns = min(len(maps), 8)
    rows = -(-len(maps) // columns)
    pitch = SIDE + GAP
    sheet = np.full((rows * pitch + GAP, columns * pitch + GAP), np.nan)
    corners = [(GAP + i // columns * pitch, GAP + i % columns * pitch) for i in range(len(maps))]
    for values, (row, column) in zip(maps, corners, strict=True):
        sheet[row : row + values.shape[0], column : column + values.shape[1]] = values[::-1]  # the first row is lowest
    figure = Figure(figsize=(sheet.shape[1] / 100, sheet.shape[0] / 100), dpi=100 * ENLARGED, facecolor=NOTHING)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(sheet, cmap=colormaps["RdBu_r"], vmin=-limit, vmax=limit, interpolation="nearest")
    for number, (row, column) in zip(numbers, corners, strict=True):
        axes.text(column, row - 1, str(number), color="white", fontsize=4, va="bottom", ha="left")
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor=NOTHING)
    return data_uri(file.getvalue(), "png")
