"""Exposures in and outside of a grid that the user gave."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.observation.exposure_headers import read_exposure
from app.runtime.errors import ConfigError
from tests.plan.checks.conftest import codes, move, science


@pytest.fixture
def centre(miri):
    """Where the first exposure is [deg]."""
    return read_exposure(science(miri.folder)[0]).corners.mean(axis=0).tolist()


def test_a_grid_that_no_exposure_is_in_is_refused(look, centre):
    ra, dec = centre
    (error,) = look(mosaic_center=[ra + 70, dec], mosaic_shape=[400, 300], mosaic_pixel_scale=0.1).errors
    assert isinstance(error, ConfigError)
    assert f"mosaic_center=[{ra + 70}, {dec}]: no exposure is in the mosaic's grid, which is around " in str(error)


def test_a_grid_on_the_other_side_of_the_sky_is_refused(look, centre):
    ra, dec = centre
    (problem,) = look(mosaic_center=[(ra + 180) % 360, -dec], mosaic_shape=[400, 300], mosaic_pixel_scale=0.1).problems
    assert "no grid around the exposures has crval=[204" in problem


def test_a_grid_that_holds_all(look, centre):
    outlook = look(mosaic_center=centre, mosaic_shape=[1000, 1000], mosaic_pixel_scale=0.1)
    assert (outlook.problems, outlook.caveats) == ([], [])


def test_exposures_that_are_cut_are_named(look, centre):
    outlook = look(mosaic_center=centre, mosaic_shape=[100, 100], mosaic_pixel_scale=0.1)
    assert codes(outlook.caveats) == ["cut_by_mosaic"]
    assert outlook.problems == []
    assert (
        "4 of 4 exposures are partly outside of the mosaic's grid, with this part of their area: jw01234001001_02101"
        in outlook.caveats[0].message
    )


def test_exposures_that_add_nothing_are_named(look, folder, centre):
    move(science(folder)[3], 0.02)
    outlook = look(folder, mosaic_center=centre, mosaic_shape=[500, 500], mosaic_pixel_scale=0.1)
    caveat = next(c for c in outlook.caveats if c.code == "outside_mosaic")
    assert "1 of 4 exposures (jw01234001001_02101_00004_mirimage_cal.fits) are outside" in caveat.message


@pytest.mark.parametrize(("east", "size"), [(0.0, 1000), (0.0, 100), (70.0, 1000)])
def test_the_grid_of_another_mosaic(look, centre, tmp_path, east, size):
    """Only what the plan looks at: the shape and the celestial WCS in the header."""
    frame = WCS(naxis=2)
    frame.wcs.ctype, frame.wcs.crval = ["RA---TAN", "DEC--TAN"], [centre[0] + east, centre[1]]
    frame.wcs.cdelt, frame.wcs.crpix = [-0.1 / 3600, 0.1 / 3600], [size / 2, size / 2]
    image = fits.ImageHDU(np.zeros((size, size), np.float32), frame.to_header(), name="SCI")
    other = tmp_path / "other_i2d.fits"
    fits.HDUList([fits.PrimaryHDU(header=fits.Header({"S_RESAMP": "COMPLETE"})), image]).writeto(other)
    outlook = look(mosaic_like=str(other))
    assert codes(outlook.caveats) == (["cut_by_mosaic"] if size == 100 else [])
    assert [problem.startswith(f"mosaic_like={other}: no exposure is in") for problem in outlook.problems] == [
        True
    ] * bool(east)


def test_without_a_grid_of_the_user_nothing_is_cut(look):
    assert look(mosaic_rotation=0.0).caveats == []
    assert look(mosaic_pixel_scale=0.05).caveats == []
