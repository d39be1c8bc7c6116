"""Sources that tweakreg's finder finds, put in better places."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.table import Table
from stdatamodels.jwst.datamodels.dqflags import pixel

from app.pipeline.divided.exposures import Exposure
from app.pipeline.divided.jwst_internals import find_sources
from app.pipeline.solution.centring import centred

__all__ = ["find_centred_sources"]


def find_centred_sources(parameters: Mapping[str, Any], exposure: Exposure) -> Table:
    """The sources of an exposure as tweakreg with these parameters finds them, placed by Gaussians."""
    table = find_sources(parameters, exposure)
    data, quality = exposure.image()
    image = np.where((quality & pixel["DO_NOT_USE"]) == 0, data, np.nan)
    x, y = (np.asarray(table[name], dtype=float) for name in ("xcentroid", "ycentroid"))
    table["xcentroid"], table["ycentroid"] = centred(image, x, y, float(parameters["kernel_fwhm"]))
    return table
