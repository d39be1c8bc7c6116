"""Where on the mosaic pixels of its exposures were flagged as outliers."""

import numpy as np
from numpy.typing import NDArray

from app.assess.measure.outliers import OUTLIER
from app.assess.measure.sky_image import SkyImage

__all__ = ["flagged_cells"]


def flagged_cells(exposure: SkyImage, mosaic: SkyImage, step: int) -> NDArray[np.int32]:
    """Cells of the mosaic in which an exposure has outliers.

    Parameters
    ----------
    exposure : SkyImage
        As it went into the mosaic.
    mosaic : SkyImage
    step : int
        Side of a cell [pixel of the mosaic].

    Returns
    -------
    ndarray of shape (n, 2)
        Column and row of each cell, once; those outside the mosaic are left out.
    """
    rows, columns = np.nonzero(exposure.dq & OUTLIER)
    places = exposure.to_sky(columns.astype(float), rows.astype(float))
    ny, nx = (-(-n // step) for n in mosaic.data.shape)
    cells = np.floor((np.stack(mosaic.to_pixels(*places), -1) + 0.5) / step)
    inside = (cells >= 0).all(axis=1) & (cells < (nx, ny)).all(axis=1)
    return np.unique(cells[inside].astype(np.int32).reshape(-1, 2), axis=0)
