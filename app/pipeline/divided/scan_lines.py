"""Which pixels of an image drizzle adds: in each row those inside the outline that image and output share.

drizzle clips the outline of the image, as it falls on the output, to the output, brings the corners of what is left
back to the image, and takes in every row the pixels between the sides of that polygon; where a corner is not found,
those of the whole image. This is how drizzle 2.2.0 does it (`init_image_scanner` and what it calls), down to the order
of the arithmetic: by another rule an image that the output cuts would have other pixels at the cut.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from drizzle import cdrizzle

__all__ = ["Section", "scan_lines"]

Point = tuple[float, float]

# How far a corner that was brought back may be from its place [pixel]; heights that differ by less are the same.
_INVERSION, _SAME_HEIGHT = 0.03, 1e-12


@dataclass(frozen=True)
class Section:
    """A part of an image: its first and last column, first and last row."""

    x0: int
    x1: int
    y0: int
    y1: int

    def shrunk(self, pixels: np.ndarray) -> "Section":
        """The part of it around all pixels that have a place, which is no NaN.

        Raises
        ------
        ValueError
            There are none, or they lie in one row or column.
        """
        part = pixels[self.y0 : self.y1 + 1, self.x0 : self.x1 + 1]
        (top, bottom), (left, right) = _ends(part), _ends(part.swapaxes(0, 1))
        if left >= right or top >= bottom:
            raise ValueError("too few pixels have a place")
        return Section(self.x0 + left, self.x0 + right, self.y0 + top, self.y0 + bottom)

    @property
    def outline(self) -> list[Point]:
        """The corners of its outer pixels."""
        x0, x1, y0, y1 = self.x0 - 0.5, self.x1 + 0.5, self.y0 - 0.5, self.y1 + 0.5
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _ends(lines: np.ndarray) -> tuple[int, int]:
    """Numbers of the first and the last row, or column, in which a pixel has a place; both are 0 where none has."""
    numbers = range(len(lines))
    first, last = (next((n for n in way if _has_place(lines[n])), 0) for way in (numbers, reversed(numbers)))
    return first, last


def _has_place(pixels: np.ndarray) -> bool:
    return not (np.isnan(pixels[:, 0]) | np.isnan(pixels[:, 1])).all()


def scan_lines(pixels: np.ndarray, section: Section, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last column in each row.

    Parameters
    ----------
    pixels : ndarray of shape (ny, nx, 2)
        Where the pixels of the image fall on the output.
    section : Section
        The part of the image that is drizzled.
    shape : tuple of int
        Rows and columns of the output.

    Returns
    -------
    first, last : ndarray of int32, shape (ny,)
        Both ends count; in a row without pixels the first is behind the last.

    Raises
    ------
    ValueError, ZeroDivisionError
        Too few pixels have a place; or the map is so bent that corners were brought back to wrong places, and a side
        between two of them lies along a row.
    """
    first, last = np.ones(len(pixels), np.int32), np.zeros(len(pixels), np.int32)
    section = section.shrunk(pixels)
    polygon = _polygon(pixels, section, shape)
    if len(polygon) >= 3:
        for y, x0, x1 in _rows(polygon, section):
            first[y], last[y] = x0, x1
    return first, last


def _polygon(pixels: np.ndarray, section: Section, shape: tuple[int, int]) -> list[Point]:
    """The part of the image that falls on the output, as corners on the image."""
    corners = section.outline
    there = np.array([_interpolate(pixels, *corner) for corner in corners])
    if np.isnan(there).any():
        return corners
    clipped = cdrizzle.clip_polygon(there, np.array(Section(0, shape[1] - 1, 0, shape[0] - 1).outline))
    # The function takes half a pixel off the lower limits and cuts what is behind the point.
    limits = np.array([[section.x0 + 0.5, section.x1], [section.y0 + 0.5, section.y1]])
    for k, place in enumerate(clipped):
        found = cdrizzle.invert_pixmap(pixels, np.array(place), limits)
        if found is None:
            return corners[:4]  # those that were found stay in it
        corners[k : k + 1] = [tuple(found.tolist())]
    return _counter_clockwise(corners[: len(clipped)])


def _interpolate(pixels: np.ndarray, x: float, y: float) -> Point:
    """Where a place on the image falls, by bilinear inter- or extrapolation."""
    i, j = (max(0, min(int(z), size - 2)) for z, size in ((x, pixels.shape[1]), (y, pixels.shape[0])))
    a, b = x - i, y - j
    c, d = 1.0 - a, 1.0 - b
    u, v = pixels[j, i] * c * d + pixels[j, i + 1] * a * d + pixels[j + 1, i] * c * b + pixels[j + 1, i + 1] * a * b
    return float(u), float(v)


def _counter_clockwise(corners: list[Point]) -> list[Point]:
    """The corners in that order, as the first two are seen from their middle."""
    if len(corners) < 3:
        return corners
    x, y = (sum(values, 0.0) / len(corners) for values in zip(*corners, strict=True))
    (x1, y1), (x2, y2) = corners[:2]
    return corners if (x1 - x) * (y2 - y) - (y1 - y) * (x2 - x) >= 0 else corners[::-1]


def _rows(polygon: Sequence[Point], section: Section) -> Iterator[tuple[int, int, int]]:
    """The rows that the polygon has pixels in, from below: y, first and last column."""
    lowest, highest = min(y for _, y in polygon), max(y for _, y in polygon)
    left, right = (_Sides(vertices, way) for vertices, way in zip(_split(polygon), (-1, 1), strict=True))
    start, stop = int(lowest + 0.5 + 2 * _INVERSION), int(highest + 2 * _INVERSION)
    for y in range(max(0, start), min(section.y1, stop) + 1):
        if y + 0.5 <= lowest or y - 0.5 >= highest + 1:
            continue
        if not (left.climb(y - 0.5) and right.climb(y - 0.5)):
            return
        lower = left.at(y), right.at(y)
        if not (left.climb(y + 0.5, 0.5 + _INVERSION) and right.climb(y + 0.5, 0.5 + _INVERSION)):
            return
        limits = _limits(lower, (left.at(y), right.at(y)), section)
        if limits is not None:
            yield y, *limits


def _limits(lower: Point, upper: Point, section: Section) -> tuple[int, int] | None:
    """First and last column between the sides, as they are at the lower and at the upper edge of a row; or none."""
    (x0, x1), (x2, x3) = ((max(left, section.x0), min(right, section.x1)) for left, right in (lower, upper))
    if x2 >= x3:
        return (_nearest(x0), _nearest(x1)) if x0 < x1 else None
    if x0 >= x1:
        return _nearest(x2), _nearest(x3)
    return _nearest(max(x0, x2)), _nearest(min(x1, x3))


def _nearest(x: float) -> int:
    """The nearest integer, as C rounds: half a pixel goes away from 0."""
    whole = int(x)
    return whole + (x - whole >= 0.5) - (x - whole <= -0.5)


class _Sides:
    """The sides of a polygon on the left (way -1) or right (way 1), of which one is current.

    Each is moved inwards until pixels on it lie inside the polygon, and outwards by what corners may be off.
    """

    def __init__(self, vertices: Sequence[Point], way: int) -> None:
        self.sides, self.way, self.current = list(pairwise(vertices)), way, 0

    def climb(self, y: float, more: float = 0.0) -> bool:
        """Go to the first side, from the current one, that reaches up to a height; false if there is none."""
        while self.current < len(self.sides) and y > self.sides[self.current][1][1] + more:
            self.current += 1
        return self.current < len(self.sides)

    def at(self, y: float) -> float:
        """The place of the current side in a row."""
        (x1, y1), (x2, y2) = self.sides[self.current]
        slope, place = (x2 - x1) / (y2 - y1), (x1 * y2 - y1 * x2) / (y2 - y1)
        return slope * y + (place - math.copysign(0.5 + 0.5 * abs(slope), self.way)) + self.way * _INVERSION


def _split(polygon: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """The vertices on the left and those on the right, from the lowest to the highest; both may be two at a height."""
    n, x, y = len(polygon), [x for x, _ in polygon], [y for _, y in polygon]
    low_left = low_right = y.index(min(y))
    other = min((low_left + 1) % n, (low_left - 1) % n, key=lambda k: y[k])
    if y[other] <= y[low_left] * (1 + math.copysign(_SAME_HEIGHT, y[low_left])):
        low_left, low_right = sorted((low_left, other), key=lambda k: x[k])
    high_left = high_right = y.index(max(y))
    other = max((high_right + 1) % n, (high_right - 1) % n, key=lambda k: y[k])
    if y[other] >= y[high_right] * (1 - math.copysign(_SAME_HEIGHT, y[high_right])):
        high_left, high_right = sorted((high_right, other), key=lambda k: x[k])
    left = [polygon[(low_left - k) % n] for k in range((low_left - high_left) % n + 1)]
    right = [polygon[(low_right + k) % n] for k in range((high_right - low_right) % n + 1)]
    return left, right
