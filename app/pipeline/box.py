"""Rectangles of an image's pixels."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels, ``x0 <= x < x1`` and ``y0 <= y < y1``; false where it is empty.

    Parameters
    ----------
    x0, y0, x1, y1 : int
        Limits on the mosaic's grid [pixel].
    """

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> "Box":
        """All pixels of a grid of this shape, rows and columns."""
        return cls(0, 0, shape[1], shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y1 - self.y0, self.x1 - self.x0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this box in an array of the whole grid."""
        return np.s_[self.y0 : self.y1, self.x0 : self.x1]

    def inside(self, other: "Box") -> tuple[slice, slice]:
        """Index of this box in an array of a box around it."""
        return np.s_[self.y0 - other.y0 : self.y1 - other.y0, self.x0 - other.x0 : self.x1 - other.x0]

    def bands(self, n_pixels: int) -> list["Box"]:
        """The box in bands of whole rows, of so many pixels each, or of one row."""
        height = max(1, n_pixels // max(1, self.x1 - self.x0))
        return [Box(self.x0, y, self.x1, min(y + height, self.y1)) for y in range(self.y0, self.y1, height)]

    def around_true(self, mask: NDArray[np.bool_]) -> "Box":
        """The smallest box around the true pixels of a mask of this box; empty where there is none."""
        y, x = (np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0))
        return Box(self.x0 + x[0], self.y0 + y[0], self.x0 + x[-1] + 1, self.y0 + y[-1] + 1) if y else Box(0, 0, 0, 0)

    def __and__(self, other: "Box") -> "Box":
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def __bool__(self) -> bool:
        return self.x1 > self.x0 and self.y1 > self.y0

    @staticmethod
    def around(boxes: Iterable["Box"]) -> "Box":
        """The smallest box around others."""
        corners = np.array([(b.x0, b.y0, b.x1, b.y1) for b in boxes if b])
        if not corners.size:
            return Box(0, 0, 0, 0)
        return Box(*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist())
