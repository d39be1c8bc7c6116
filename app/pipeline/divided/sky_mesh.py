"""The background of a mosaic in its file: jwst's own, from boxes that are measured by several processes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from astropy.units import Quantity
from jwst.source_catalog.source_catalog import JWSTSourceCatalog
from numpy.typing import NDArray

from app.pipeline.box import Box
from app.pipeline.divided.catalogue_internals import (
    KnownBackground,
    MeshBackground,
    mesh_background,
    statistics_of_box,
)
from app.pipeline.divided.mosaic_file import MosaicFile
from app.runtime.pool import run_all

__all__ = ["SkyMesh", "measure_sky"]

# Rows of the mosaic that are read at a time where all of it is one box.
_ROWS = 256


@dataclass(frozen=True)
class SkyMesh:
    """The background of a mosaic at the middles of boxes; windows of it are interpolated as jwst does all of it.

    Parameters
    ----------
    image : MeshBackground
    levels, scatters : ndarray
        Of the boxes, filtered [Jy].
    """

    image: MeshBackground
    levels: NDArray[np.floating]
    scatters: NDArray[np.floating]

    def on(self, box: Box, data: Quantity, *, coverage_mask: NDArray[np.bool_], **_: Any) -> KnownBackground:
        """The background of a window, 0 where that has no data."""
        planes = [self.image.of(mesh, box.slices) for mesh in (self.levels, self.scatters)]
        for plane in planes:
            plane[coverage_mask] = 0
        return KnownBackground(*(plane << data.unit for plane in planes))


def measure_sky(mosaic: MosaicFile, box_size: int, procs: int) -> SkyMesh:
    """Measure the background of a mosaic.

    Parameters
    ----------
    mosaic : MosaicFile
    box_size : int
        Side of the boxes [pixel]. Where none is covered nearly as a whole, all of the mosaic is one box, as for jwst,
        and its pixels with data are in memory.
    procs : int

    Raises
    ------
    ValueError
        The mosaic has no data.
    """
    image = mesh_background(mosaic.shape, box_size, partial(_statistics, mosaic, procs))
    return SkyMesh(image, image.background_mesh, image.background_rms_mesh)


def _statistics(
    mosaic: MosaicFile, procs: int, options: Mapping[str, Any], height: int, width: int
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.int64]]:
    """Level, scatter and number of values of all boxes of a size."""
    if (height, width) == mosaic.shape:
        strips = run_all(partial(_values, mosaic), mosaic.tiles(_ROWS, width), procs)
        found: Iterator[Any] = iter([statistics_of_box(np.concatenate(list(strips)), options)])
    else:
        found = run_all(partial(_of_box, mosaic, options), mosaic.tiles(height, width), procs)
    levels, scatters, n_good = zip(*found, strict=True)
    n_rows = -(-mosaic.shape[0] // height)
    return (
        np.array(levels, np.float32).reshape(n_rows, -1),
        np.array(scatters, np.float32).reshape(n_rows, -1),
        np.array(n_good).reshape(n_rows, -1),
    )


def _of_box(mosaic: MosaicFile, options: Mapping[str, Any], box: Box) -> tuple[float, float, int]:
    return statistics_of_box(_values(mosaic, box), options)


def _values(mosaic: MosaicFile, box: Box) -> NDArray[np.float32]:
    """The pixels of a box that have data, row by row [Jy]."""
    if mosaic.is_empty(box):
        return np.empty(0, np.float32)
    model = mosaic.window(box)
    JWSTSourceCatalog.convert_mjysr_to_jy(model)
    data = model.data.value
    return data[~np.isnan(model.err) & (model.wht != 0) & np.isfinite(data)]
