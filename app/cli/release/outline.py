"""The outline of what a mosaic covers: where it has weight, on its pixels and on the sky."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

__all__ = ["Outline", "outline", "s_region"]

Array = NDArray[np.float64]
#: Corners of the parts of a covered area, in pixels from 0 at the centre of the first: shape (n, 2), x and y.
Outline = Sequence[Array]

#: Side of the coarsest picture of the weights that is outlined [block].
SIDE = 1024
#: How far the outline may leave the edge of the coverage [block]: more than the steps of a slanting edge.
TOLERANCE = 1.25
#: Parts that are smaller than this share of the largest are left out: single pixels behind bad columns.
SMALLEST = 1e-3


def outline(weight: NDArray) -> Outline:
    """Polygons around the pixels with weight, the largest first; holes are not shown.

    Parameters
    ----------
    weight : array of shape (ny, nx)
        Extension WHT. It is looked at in blocks, of which there are up to 1024 along a side; one counts where any of
        its pixels has weight.
    """
    step = max(1, -(-max(weight.shape) // SIDE))
    rows = [weight[y : y + step] for y in range(0, weight.shape[0], step)]
    boxes = [box for y, row in enumerate(rows) for box in _boxes(row, y, step)]
    if not boxes:
        return []
    whole = shapely.union_all(boxes)
    parts = sorted(shapely.get_parts(whole), key=lambda part: -part.area)
    kept = [shapely.Polygon(p.exterior).simplify(TOLERANCE) for p in parts if p.area > SMALLEST * parts[0].area]
    edge = np.array(weight.shape[::-1]) - 0.5
    return [np.minimum(np.array(p.exterior.coords)[:-1] * step - 0.5, edge) for p in kept]


def _boxes(row: NDArray, y: int, step: int) -> Iterator[shapely.Geometry]:
    """The runs of covered blocks in one row of blocks, as boxes with a block as the unit."""
    covered: NDArray[np.bool_] = np.any(row > 0, axis=0)
    covered = np.logical_or.reduceat(covered, np.arange(0, row.shape[1], step))
    ends = np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]]).astype(np.int8)))
    yield from (shapely.box(first, y, last, y + 1) for first, last in ends.reshape(-1, 2))


def s_region(parts: Outline, header: fits.Header) -> str:
    """An outline as S_REGION: a polygon on the sky for each part (STC-S, ICRS, degrees).

    Parameters
    ----------
    parts : Outline
    header : Header
        With the WCS.
    """
    wcs = WCS(header, naxis=2, fix=False)
    corners = [wcs.wcs_pix2world(part, 0) for part in parts]
    return " ".join("POLYGON ICRS  " + " ".join(f"{value:.9f}" for value in part.ravel()) for part in corners)
