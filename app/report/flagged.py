"""Where on the mosaic pixels of its exposures were flagged as outliers."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.frames import open_fits, wcs_of
from app.assess.measure.outliers import OUTLIER

__all__ = ["flagged_cells"]


def flagged_cells(exposure: Path, *, mosaic: Path, step: int) -> NDArray[np.int32]:
    """Cells of the mosaic in which an exposure has outliers.

    Parameters
    ----------
    exposure : Path
        ``*_crf.fits``, as it went into the mosaic.
    mosaic : Path
        ``*_i2d.fits``.
    step : int
        Side of a cell [pixel of the mosaic].

    Returns
    -------
    ndarray of shape (n, 2)
        Column and row of each cell, once; those outside the mosaic are left out.
    """
    with open_fits(exposure) as hdus:
        rows, columns = np.nonzero(hdus["DQ"].data & OUTLIER)
        places = wcs_of(exposure)(columns.astype(float), rows.astype(float), with_bounding_box=False)
    with open_fits(mosaic) as hdus:
        ny, nx = (n // step for n in hdus["SCI"].shape)
        cells = np.floor((np.stack(wcs_of(mosaic).invert(*places, with_bounding_box=False), -1) + 0.5) / step)
    inside = (cells >= 0).all(axis=1) & (cells < (nx, ny)).all(axis=1)
    return np.unique(cells[inside].astype(np.int32).reshape(-1, 2), axis=0)
