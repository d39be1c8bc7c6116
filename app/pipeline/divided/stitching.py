"""Sources that were measured in windows of a mosaic, as one catalogue and one map of segments."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from astropy.table import QTable, vstack
from jwst.datamodels import ImageModel
from jwst.source_catalog.source_catalog import JWSTSourceCatalog
from numpy.typing import NDArray

from app.pipeline.divided.arrays import map_arrays
from app.pipeline.divided.mosaic_sources import Measured

__all__ = ["label_rows", "stitch"]

# Rows of the map of segments that are made at a time.
_ROWS = 256


def stitch(measured: Sequence[Measured], model: ImageModel, aperture_params: dict[str, Any]) -> QTable:
    """One catalogue, in jwst's order, with jwst's nearest neighbours.

    Parameters
    ----------
    measured : sequence of Measured
    model : ImageModel
        The mosaic, without arrays.
    aperture_params : dict
        As jwst reads them from its reference files.
    """
    table = vstack([window.table for window in measured], metadata_conflicts="silent")[_sorted(measured)]
    table.meta = measured[0].table.meta  # lists in it would have become one
    table["label"][:] = np.arange(1, len(table) + 1)
    whole = JWSTSourceCatalog(model, table, 2.0, aperture_params, 0.0, (0.0, 0.0))
    whole.label, whole.xcentroid, whole.ycentroid = table["label"], table["xcentroid"], table["ycentroid"]
    table["nn_label"][:], table["nn_dist"][:] = whole.nn_label, whole.nn_dist
    return table


def label_rows(measured: Sequence[Measured], shape: tuple[int, int]) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Rows of the map of segments, some at a time: the number of the first, and the labels."""
    ny, nx = shape
    labels = np.empty(sum(len(window.order) for window in measured), np.uint32)
    labels[_sorted(measured)] = np.arange(1, len(labels) + 1)
    starts = np.cumsum([0, *(len(window.order) for window in measured)])
    for first in range(0, ny, _ROWS):
        rows = np.zeros((min(_ROWS, ny - first), nx), np.uint32)
        for window, start in zip(measured, starts, strict=False):
            places, owners = map_arrays(window.pixels)
            low, high = np.searchsorted(places, [first * nx, (first + len(rows)) * nx])
            rows.ravel()[places[low:high] - first * nx] = labels[start + owners[low:high]]
        yield first, rows


def _sorted(measured: Sequence[Measured]) -> NDArray[np.int64]:
    """The order of the sources of all windows."""
    order = np.concatenate([window.order for window in measured])
    return np.lexsort(order.T[::-1])
