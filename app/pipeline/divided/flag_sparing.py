"""Outliers flagged by the rule that spares stars (`spare_stars`, `star_cores`), by several processes.

Each exposure is looked at first; then stars are compared between exposures, and each exposure is written.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jwst.lib.pipe_utils import match_nans_and_flags
from stcal.outlier_detection.utils import gwcs_blot
from stdatamodels.jwst.datamodels.dqflags import pixel

from app.pipeline.divided.arrays import map_array
from app.pipeline.divided.cuts import Grid, PixelMap
from app.pipeline.divided.exposure_files import ExposureFile, save_model
from app.pipeline.divided.jwst_internals import known_pixel_map
from app.pipeline.divided.spare_stars import find_outliers, tolerated, usual_noise
from app.pipeline.divided.star_cores import StarTable, find_hits, look_at_stars
from app.runtime.left_file import LeftFile
from app.runtime.pool import run_all

__all__ = ["Rule", "flag_sparing_stars"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is an outlier.

    Parameters
    ----------
    fwhm : float
        Width of the stars that are spared [pixel].
    snr : (float, float)
        From how many times the noise on a pixel is an outlier, and a pixel beside one.
    background : float
        Taken from images whose sky level is not known [unit of the image].
    """

    fwhm: float
    snr: tuple[float, float]
    background: float


def flag_sparing_stars(
    exposures: Sequence[ExposureFile],
    maps: Sequence[PixelMap],
    grid: Grid,
    medians: Sequence[Path],
    rule: Rule,
    outputs: Sequence[Path],
    procs: int,
) -> None:
    """Flag the outliers of all exposures, and write the exposures.

    Parameters
    ----------
    exposures : sequence of ExposureFile
    maps : sequence of PixelMap
        Of each exposure.
    grid : Grid
        The grid of the maps.
    medians : sequence of Path
        Of the drizzled exposures: of the data and of the errors, ``.npy``.
    rule : Rule
    outputs : sequence of Path
        Files for the flagged exposures.
    procs : int
        Number of processes; the result does not depend on it.
    """
    looked = list(run_all(partial(_look, medians, grid, rule), list(zip(exposures, maps, strict=True)), procs))
    hits = find_hits([stars for _, stars in looked])
    tasks = list(zip(exposures, [found for found, _ in looked], hits, outputs, strict=True))
    for _ in run_all(_flag_found, tasks, procs):
        pass


def _look(
    medians: Sequence[Path], grid: Grid, rule: Rule, task: tuple[ExposureFile, PixelMap]
) -> tuple[np.ndarray, StarTable]:
    """Find the outliers of an exposure, given as places in its flattened array, and look at its stars."""
    exposure, pixels = task
    whole, on_grid = [map_array(median) for median in medians], pixels.on(grid.box)
    with exposure.open("data", "err", "dq") as model:
        with known_pixel_map(on_grid):
            blot, blot_error = (
                gwcs_blot(median, grid.wcs, model.data.shape, model.meta.wcs, fillval=np.nan) for median in whole
            )
        background = model.meta.background
        is_in_data = background.subtracted is False and background.level is not None
        data = model.data - np.float32(background.level if is_in_data else rule.background)
        noise = usual_noise(model.err, blot_error)
        tolerance = tolerated(blot, rule.fwhm)
        found = find_outliers(data, noise, blot, tolerance, rule.snr)
        bad = found | ((model.dq & pixel["DO_NOT_USE"]) > 0)
        return np.flatnonzero(found), look_at_stars(data, noise, blot, tolerance, bad, rule.fwhm, on_grid)


def _flag_found(task: tuple[ExposureFile, np.ndarray, tuple[np.ndarray, np.ndarray], Path]) -> LeftFile:
    """Flag the outliers that were found in an exposure and the pixels of stars that were hit, and write it.

    It is done to the arrays as `flag_resampled_model_crs` does it.
    """
    exposure, found, hits, output = task
    with exposure.open() as model:
        outlier = np.zeros(model.data.shape, bool)
        outlier.flat[found] = True
        outlier[hits] = True
        model.dq |= outlier * np.uint32(pixel["DO_NOT_USE"] | pixel["OUTLIER"])
        match_nans_and_flags(model)
        numbers = len(found), len(hits[0])
        log.info("%d pixels marked as outliers, and %d in stars", *numbers, extra={"file_only": True})
        return LeftFile(save_model(model, output))
