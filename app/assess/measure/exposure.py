"""All that is measured on one exposure: one function of one item, for a pool of processes."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from app.assess.measure.alignment import Motion, motion
from app.assess.measure.flag_map import Cells, count_by_cell, share_by_reason
from app.assess.measure.frames import footprint, open_fits, read_wcs
from app.assess.measure.level_differences import Samples
from app.assess.measure.outliers import DO_NOT_USE, Flagged, count_flagged
from app.assess.measure.stars import find_stars
from app.observation.sky_points import sample_points, take_samples
from app.observation.tangent_plane import TangentPlane

__all__ = ["Measured", "SkyLevel", "measure_exposure", "sky_level"]

Array = NDArray[np.float64]

#: Side of the cells in which outliers are counted, in distances of the points where levels are compared.
CELL = 2


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
    star_errors : ndarray of shape (n,)
        Standard errors of these places, per axis, from the noise of pixels alone [arcsec]; NaN where it is not known.
    star_is_point : ndarray of bool, shape (n,)
        Whether they look like stars, and not like knots of a cloud.
    sky : Samples
        Its brightness on the common grid.
    level : float
        Sky level that was found for it, in the unit of the data.
    method : str
        How.
    flagged : Flagged
        What outlier detection did; `Flagged.cores` are those of the stars.
    reasons : dict of str to float
        Share of pixels that are not used, by reason.
    cells : Cells
        Where on the sky outliers are.
    """

    name: str
    motion: Motion
    footprint: Array
    outline: Array
    stars_before: Array
    stars_after: Array
    star_errors: Array
    star_is_point: NDArray[np.bool_]
    sky: Samples
    level: float
    method: str
    flagged: Flagged
    reasons: dict[str, float]
    cells: Cells


def measure_exposure(
    files: tuple[Path, Path], *, centre: tuple[float, float], spacing: float, fwhm: float, pixel_scale: float
) -> Measured:
    """Measure one exposure.

    Parameters
    ----------
    files : (Path, Path)
        The input, and the exposure as it went into the mosaic (``*_crf.fits``).
    centre : (float, float)
        Centre of the tangent plane that all exposures share [deg].
    spacing : float
        Distance of the points where levels are compared [arcsec].
    fwhm : float
        Width of the PSF [pixel].
    pixel_scale : float
        Of the detector [arcsec].
    """
    before, after = files
    with open_fits(before) as old, open_fits(after) as new:
        shape = new["SCI"].shape
        wcs_before, wcs_after = read_wcs(old), read_wcs(new)
        sky = sky_level(new)
        dq = old["DQ"].data
        image = np.where((dq & DO_NOT_USE) == 0, old["SCI"].data, np.nan)
        stars = find_stars(image, fwhm, noise=old["ERR"].data if "ERR" in old else None)
        plane = TangentPlane(*centre)
        column, row, x, y = sample_points(wcs_after, shape, plane, spacing)
        levels = take_samples(new["SCI"].data, x, y) - sky.still_in
        corners = footprint(wcs_after, shape)
        return Measured(
            name=before.name,
            motion=motion(wcs_before, wcs_after, shape),
            footprint=corners,
            outline=plane.from_sky(*corners.T),
            stars_before=plane.from_sky(*wcs_before(stars.x, stars.y, with_bounding_box=False)),
            stars_after=plane.from_sky(*wcs_after(stars.x, stars.y, with_bounding_box=False)),
            star_errors=stars.error * pixel_scale,
            star_is_point=stars.is_point,
            sky=Samples(column, row, take_samples(image, x, y), levels),
            level=sky.level,
            method=sky.method,
            flagged=count_flagged(dq, new["DQ"].data, stars, fwhm),
            reasons=share_by_reason(dq, new["DQ"].data),
            cells=count_by_cell(dq, new["DQ"].data, wcs_after, plane, CELL * spacing),
        )


class SkyLevel(NamedTuple):
    """Level and method as skymatch wrote them, and how much of the level is still in the data [unit of the data]."""

    level: float
    method: str
    still_in: float


def sky_level(hdus: fits.HDUList) -> SkyLevel:
    """The sky level of an exposure; where skymatch does not subtract, it stays in until resampling takes it out."""
    level, method, is_subtracted = (
        hdus["PRIMARY"].header.get(key, hdus["SCI"].header.get(key)) for key in ("BKGLEVEL", "BKGMETH", "BKGSUB")
    )
    level = float(level or 0)
    return SkyLevel(level, str(method or "none"), 0.0 if is_subtracted else level)
