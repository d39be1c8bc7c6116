"""Sources that tweakreg's finder finds, with better positions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.table import Table
from stdatamodels.jwst.datamodels.dqflags import pixel

from app.pipeline.divided.exposure_files import ExposureFile
from app.pipeline.divided.tweakreg_internals import find_sources
from app.pipeline.solution.centring import centred, centring_errors

__all__ = ["ERROR", "find_centred_sources"]

#: Column of the errors of positions.
ERROR = "position_error"


def find_centred_sources(parameters: Mapping[str, Any], exposure: ExposureFile) -> Table:
    """The sources of an exposure as tweakreg with these parameters finds them, placed by Gaussians.

    Returns
    -------
    astropy.table.Table
        With a column more, `ERROR`: standard error of the position by the noise of pixels alone, per axis [pixel];
        NaN where that is not known.
    """
    table = find_sources(parameters, exposure)
    with exposure.open("data", "err", "dq") as model:
        image = np.where((model.dq & pixel["DO_NOT_USE"]) == 0, model.data, np.nan)
        noise = np.asarray(model.err)
    x, y = (np.asarray(table[name], dtype=float) for name in ("xcentroid", "ycentroid"))
    fwhm = float(parameters["kernel_fwhm"])
    table["xcentroid"], table["ycentroid"] = centred(image, x, y, fwhm)
    table[ERROR] = centring_errors(image, noise, x, y, fwhm)
    return table
