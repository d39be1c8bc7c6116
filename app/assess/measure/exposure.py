"""All that is measured on one exposure: one function of one item, so that a pool of processes can share them out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.assess.measure.alignment import Motion, motion
from app.assess.measure.frames import TangentPlane, footprint, open_fits, read_wcs
from app.assess.measure.outliers import DO_NOT_USE, Flagged, count_flagged
from app.assess.measure.sky import Samples
from app.assess.measure.stars import find_stars
from app.observation.sky_points import sample_points, take_samples

__all__ = ["Measured", "Task", "measure_exposure"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """One exposure to measure.

    Parameters
    ----------
    before, after : Path
        The input, and the exposure as it went into the mosaic (``*_crf.fits``).
    centre : (float, float)
        Centre of the tangent plane that all exposures share [deg].
    spacing : float
        Distance of the points where levels are compared [arcsec].
    fwhm : float
        Width of the PSF [pixel].
    """

    before: Path
    after: Path
    centre: tuple[float, float]
    spacing: float
    fwhm: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on one exposure.

    Parameters
    ----------
    name : str
        Name of the input file.
    motion : Motion
        What alignment did.
    footprint : ndarray of shape (4, 2)
        Corners after alignment [deg].
    outline : ndarray of shape (4, 2)
        The same in the common tangent plane [arcsec].
    stars_before, stars_after : ndarray of shape (n, 2)
        Places of its stars in the common tangent plane, before and after alignment [arcsec].
    sky : Samples
        Its brightness on the common grid.
    level : float
        Sky level that was found for it, in the unit of the data.
    method : str
        How.
    flagged : Flagged
        What outlier detection did; `Flagged.cores` are those of the stars.
    """

    name: str
    motion: Motion
    footprint: Array
    outline: Array
    stars_before: Array
    stars_after: Array
    sky: Samples
    level: float
    method: str
    flagged: Flagged


def measure_exposure(task: Task) -> Measured:
    """Measure one exposure."""
    with open_fits(task.before) as old, open_fits(task.after) as new:
        shape = new["SCI"].shape
        wcs_before, wcs_after = read_wcs(old), read_wcs(new)
        level, method, still_in = _sky_level(new)
        dq = old["DQ"].data
        image = np.where((dq & DO_NOT_USE) == 0, old["SCI"].data, np.nan)
        stars = find_stars(image, task.fwhm)
        plane = TangentPlane(*task.centre)
        column, row, x, y = sample_points(wcs_after, shape, plane, task.spacing)
        after = take_samples(new["SCI"].data, x, y) - still_in
        corners = footprint(wcs_after, shape)
        return Measured(
            name=task.before.name,
            motion=motion(wcs_before, wcs_after, shape),
            footprint=corners,
            outline=plane.from_sky(*corners.T),
            stars_before=plane.from_sky(*wcs_before(stars.x, stars.y, with_bounding_box=False)),
            stars_after=plane.from_sky(*wcs_after(stars.x, stars.y, with_bounding_box=False)),
            sky=Samples(column, row, take_samples(image, x, y), after),
            level=level,
            method=method,
            flagged=count_flagged(dq, new["DQ"].data, stars, task.fwhm),
        )


def _sky_level(hdus: fits.HDUList) -> tuple[float, str, float]:
    """Level and method as skymatch wrote them, and how much of the level is still in the data.

    Where skymatch does not subtract, the level stays in the data until resampling takes it out.
    """
    header = hdus["PRIMARY"].header + hdus["SCI"].header
    level = float(header.get("BKGLEVEL") or 0)
    return level, str(header.get("BKGMETH") or "none"), 0.0 if header.get("BKGSUB") else level
