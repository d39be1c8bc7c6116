"""The pixels inside a polygon, found for all rows at once; gwcs goes through rows and edges one by one, in Python."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["FilledPolygon"]


class FilledPolygon:
    """What `gwcs.region.Polygon` is to sky matching: vertices that fill a mask, by its rules and its arithmetic.

    Vertices are rounded to whole pixels; the row below an edge's upper end is the last that it bounds, but in the
    uppermost row of the polygon, which has the edges of the row below it; ends of a row are rounded up.

    Parameters
    ----------
    value : bool
        What pixels inside get.
    vertices : sequence of (float, float)
        Columns and rows; the last vertex is the first.
    """

    def __init__(self, value: bool, vertices: Sequence[tuple[float, float]]) -> None:
        self._value = value
        lowest = [min(0, *along) for along in zip(*vertices, strict=True)]
        self._shift = [round(one) for one in lowest]
        self._vertices = np.array([[round(x - lowest[0]), round(y - lowest[1])] for x, y in vertices])

    def scan(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Fill the pixels inside, in place."""
        rows, columns = self._crossings()
        is_start = np.arange(len(rows)) - np.searchsorted(rows, rows) & 1 == 0
        starts = np.flatnonzero(is_start[:-1] & (rows[:-1] == rows[1:]))
        (ny, nx), (shift_x, shift_y) = mask.shape, self._shift
        for row, first, last in np.stack([rows[starts], columns[starts], columns[starts + 1]], axis=1).tolist():
            if 0 <= row + shift_y < ny:
                mask[row + shift_y, max(0, first + shift_x) : min(last + shift_x, nx - 1) + 1] = self._value
        return mask

    def _crossings(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns where edges cross a row, ordered by row and column."""
        width, top = np.ptp(self._vertices[:, 0]), self._vertices[:, 1].max()
        start, stop = self._vertices[:-1], self._vertices[1:]
        is_edge = (start[:, 1] != stop[:, 1]) & (width > 0)
        start, stop = start[is_edge], stop[is_edge]
        low, high = np.minimum(start[:, 1], stop[:, 1]), np.maximum(start[:, 1], stop[:, 1])
        n_rows = high - low + (high == top)
        edge = np.repeat(np.arange(len(start)), n_rows)
        rows = low[edge] + np.arange(len(edge)) - (np.cumsum(n_rows) - n_rows)[edge]
        along, start = (stop - start)[edge], start[edge]
        place = width * (start[:, 1] - rows) / (-along[:, 1] * width) * along[:, 0] + start[:, 0]
        columns = np.ceil(place).astype(np.int64)
        order = np.lexsort((columns, rows))
        return rows[order], columns[order]
