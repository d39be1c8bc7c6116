"""The grid of a mosaic cut into cells, tiles, each of which is made by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

__all__ = ["Cell", "Tiling"]

#: Limits on the grid, ``x0 <= x < x1`` and ``y0 <= y < y1``, as x0, y0, x1, y1 [pixel].
Limits = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid.

    Parameters
    ----------
    row, column : int
        From 0 on, upwards and to the right.
    limits : tuple of int
        On the grid: x0, y0, x1, y1 [pixel].
    own : tuple of int
        The same without what it shares with the next cells above and to the right: each pixel of the grid is the own
        one of one cell.
    """

    row: int
    column: int
    limits: Limits
    own: Limits

    @property
    def name(self) -> str:
        """``r03c07``."""
        return f"r{self.row:02d}c{self.column:02d}"

    @property
    def n_pixels(self) -> int:
        """Number of its pixels."""
        x0, y0, x1, y1 = self.limits
        return (x1 - x0) * (y1 - y0)


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a grid is cut.

    Parameters
    ----------
    size : int
        Side of a cell [pixel]; those at the upper and right borders of the grid may be smaller.
    overlap : int
        What neighbours share [pixel].
    wanted : sequence of str
        Names of the cells that are made; all where there is none.
    """

    size: int
    overlap: int = 0
    wanted: Sequence[str] = ()

    def cells(self, shape: tuple[int, int]) -> list[Cell]:
        """The cells of a grid with this number of rows and columns that are made, row by row from the first pixel."""
        rows, columns = (list(self._intervals(length)) for length in shape)
        found = [
            Cell(row, column, (x[0], y[0], x[1], y[1]), (x[0], y[0], x[2], y[2]))
            for row, y in enumerate(rows)
            for column, x in enumerate(columns)
        ]
        return [cell for cell in found if not self.wanted or cell.name in self.wanted]

    def n_cells(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Number of rows and columns of cells of a grid, all of them."""
        rows, columns = (len(self._intervals(length)) for length in shape)
        return rows, columns

    def _intervals(self, length: int) -> list[tuple[int, int, int]]:
        """First pixel, end and end of the own pixels of the cells along an axis."""
        step = self.size - self.overlap
        n = max(1, ceil((length - self.overlap) / step))
        return [
            (i * step, min(i * step + self.size, length), (i + 1) * step if i + 1 < n else length) for i in range(n)
        ]
