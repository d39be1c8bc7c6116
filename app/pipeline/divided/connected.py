"""Connected pixels of a mosaic, found tile by tile and put together where they meet at the edges of tiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from app.pipeline.box import Box

__all__ = ["Pieces", "Segments", "join", "pieces_of"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Segments:
    """Groups of connected pixels.

    Parameters
    ----------
    corners : ndarray of int, shape (n, 4)
        Of the smallest box around each, as in a `Box`: x0, y0, x1, y1.
    areas : ndarray of int
        Their numbers of pixels.
    first : ndarray of int
        Place of the first pixel of each in the mosaic, row by row.
    """

    corners: Integers
    areas: Integers
    first: Integers

    def __len__(self) -> int:
        return len(self.first)

    def take(self, index: Integers | NDArray[np.bool_]) -> "Segments":
        """Some of them."""
        return Segments(self.corners[index], self.areas[index], self.first[index])


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a tile has of segments.

    Parameters
    ----------
    box : Box
        The tile.
    parts : Segments
        Those within it; only such as reach its edge may have too few pixels.
    edges : tuple of ndarray
        Which of them, counted from 1, the pixels along its edges belong to: below, above, on the left, on the right.
    """

    box: Box
    parts: Segments
    edges: tuple[Integers, Integers, Integers, Integers]


def pieces_of(above: NDArray[np.bool_], box: Box, width: int, footprint: NDArray[np.bool_], fewest: int) -> Pieces:
    """Find connected pixels in a tile.

    Parameters
    ----------
    above : ndarray of bool
        Pixels of the tile above the threshold.
    box : Box
        The tile.
    width : int
        Columns of the mosaic.
    footprint : ndarray of bool, shape (3, 3)
        Which neighbours are connected.
    fewest : int
        Smaller segments are left out where they are whole.
    """
    labels, n = ndimage.label(above, structure=footprint)
    areas = np.bincount(labels.ravel(), minlength=n + 1)
    edges = labels[0], labels[-1], labels[:, 0], labels[:, -1]
    kept = areas >= fewest
    kept[np.concatenate(edges)] = True
    kept[0] = False
    number = np.cumsum(kept) * kept
    places = np.flatnonzero(labels)
    found, where = np.unique(labels.ravel()[places], return_index=True)
    rows, columns = np.divmod(places[where], labels.shape[1])
    first = ((rows + box.y0) * width + columns + box.x0)[kept[found]]
    slices = [part for part, is_kept in zip(ndimage.find_objects(labels), kept[1:], strict=True) if is_kept]
    corners = [(x.start + box.x0, y.start + box.y0, x.stop + box.x0, y.stop + box.y0) for y, x in slices]
    parts = Segments(np.array(corners, np.int64).reshape(-1, 4), areas[kept], first)
    below, above_, left, right = (number[edge] for edge in edges)
    return Pieces(box, parts, (below, above_, left, right))


def join(pieces: Sequence[Pieces], shape: tuple[int, int], footprint: NDArray[np.bool_], fewest: int) -> Segments:
    """Put the pieces of all tiles of a mosaic together.

    Parameters
    ----------
    pieces : sequence of Pieces
        Tiles without a piece may be left out.
    shape : (int, int)
        Rows and columns of the mosaic.
    footprint : ndarray of bool, shape (3, 3)
    fewest : int
        Segments with fewer pixels are left out.

    Returns
    -------
    Segments
        In the order of their first pixels, as `scipy.ndimage.label` counts them.
    """
    if not pieces:
        return Segments(np.empty((0, 4), np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
    starts = np.cumsum([0, *(len(piece.parts) for piece in pieces)])
    pairs = np.concatenate([np.empty((0, 2), np.int64), *_pairs(pieces, starts, shape, footprint)])
    graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(starts[-1], starts[-1]))
    n, whole = connected_components(graph, directed=False)
    corners, areas, first = (
        np.concatenate([getattr(piece.parts, name) for piece in pieces]) for name in ("corners", "areas", "first")
    )
    joined = Segments(np.zeros((n, 4), np.int64), np.bincount(whole, areas, n).astype(np.int64), np.empty(n, np.int64))
    for into, values, pick in (
        (joined.corners[:, :2], corners[:, :2], np.minimum),
        (joined.corners[:, 2:], corners[:, 2:], np.maximum),
        (joined.first, first, np.minimum),
    ):
        into[whole] = values  # any of its own to begin with
        pick.at(into, whole, values)
    order = np.argsort(joined.first)
    return joined.take(order[joined.areas[order] >= fewest])


def _pairs(
    pieces: Sequence[Pieces], starts: Integers, shape: tuple[int, int], footprint: NDArray[np.bool_]
) -> list[Integers]:
    """Pairs of pieces that meet: along each line between tiles, from one end of the mosaic to the other."""
    lines: dict[tuple[str, int], Integers] = {}
    for piece, start in zip(pieces, starts, strict=False):
        box, (below, above, left, right) = piece.box, piece.edges
        for axis, at, edge, along in (
            ("row", box.y0, below, slice(box.x0, box.x1)),
            ("row", box.y1 - 1, above, slice(box.x0, box.x1)),
            ("column", box.x0, left, slice(box.y0, box.y1)),
            ("column", box.x1 - 1, right, slice(box.y0, box.y1)),
        ):
            line = lines.setdefault((axis, at), np.zeros(shape[1 if axis == "row" else 0], np.int64))
            line[along] = np.where(edge > 0, edge + start, 0)
    met = []
    for (axis, at), line in lines.items():
        if (other := lines.get((axis, at + 1))) is not None:
            met += [_meeting(line, other, shift) for shift in (-1, 0, 1) if footprint[2, 1 + shift]]
    return met


def _meeting(line: Integers, other: Integers, shift: int) -> Integers:
    """Pieces, counted from 0, of which pixels of two neighbouring lines meet, one moved by a pixel or not."""
    n = len(line)
    pairs = np.stack([line[max(0, -shift) : n - max(0, shift)], other[max(0, shift) : n - max(0, -shift)]], axis=1)
    return np.unique(pairs[(pairs > 0).all(axis=1)], axis=0) - 1
