"""The mosaic's pixel grid: jwst's own, parts of it given, or that of an existing mosaic."""

from pathlib import Path
from typing import Any

import numpy as np

from app.config import Lv3Config

__all__ = ["grid_parameters", "write_grid"]


def grid_parameters(config: Lv3Config) -> dict[str, Any]:
    """Parameters of ``resample`` for the keys ``mosaic_*``; empty where none is set.

    With `mosaic_like` they name the i2d file: `write_grid` makes of it what ``output_wcs`` needs.
    """
    given = {
        "output_wcs": config.mosaic_like and str(Path(config.mosaic_like).absolute()),
        "crval": config.mosaic_center,
        "output_shape": config.mosaic_shape,
        "pixel_scale": config.mosaic_pixel_scale,
        "rotation": config.mosaic_rotation,
    }
    if config.mosaic_center and config.mosaic_shape:
        # jwst counts pixels from 0: the centre of 4 pixels is at 1.5.
        given["crpix"] = [(n - 1) / 2 for n in config.mosaic_shape]
    given = {name: value for name, value in given.items() if value is not None}
    return {"resample": given} if given else {}


def write_grid(i2d: Path, folder: Path) -> Path:
    """Write the pixel grid of a mosaic in the form that ``resample.output_wcs`` takes.

    Parameters
    ----------
    i2d : Path
        A resampled image: its WCS has no distortion, which that of a single exposure has (jwst#9225).
    folder : Path

    Returns
    -------
    Path
        An ASDF file with ``wcs``, ``array_shape`` and ``pixel_scale`` [arcsec].
    """
    import asdf
    from stdatamodels.jwst import datamodels

    with datamodels.open(i2d) as model:
        tree = {
            "wcs": model.meta.wcs,
            "array_shape": list(model.data.shape),
            "pixel_scale": float(np.sqrt(model.meta.photometry.pixelarea_arcsecsq)),
        }
        path = folder / f"{i2d.stem}_grid.asdf"
        asdf.AsdfFile(tree).write_to(path)
    return path
