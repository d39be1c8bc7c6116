"""Where an image is on the sky, by its header where that is true, else by its gwcs."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.assess.measure.frames import footprint, open_fits, read_wcs
from app.assess.measure.sky_image import sky_image
from app.simulation import simulate_observation

PIXELS = np.array([3.0, 60.0, np.nan]), np.array([90.0, 40.0, np.nan])


@pytest.fixture
def exposure(tmp_path):
    """A file with distortion, its corners by the gwcs, and where that puts `PIXELS`."""
    (path,) = simulate_observation(tmp_path, n_dithers=1, window=(128, 96)).files
    with open_fits(path) as hdus:
        wcs = read_wcs(hdus)
        return path, footprint(wcs, (96, 128)), wcs(*PIXELS, with_bounding_box=False)


def test_the_header_is_taken_where_it_is_true(exposure):
    path, corners, (ra, dec) = exposure
    with sky_image(path, corners) as image:
        assert isinstance(image.wcs, WCS)
        np.testing.assert_allclose(image.to_pixels(ra, dec), PIXELS, atol=0.02)
        np.testing.assert_allclose(image.to_sky(*PIXELS), (ra, dec), atol=0.02 * 0.11 / 3600)


def test_the_gwcs_where_it_is_not(exposure):
    path, corners, (ra, dec) = exposure
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].header["CRVAL2"] += 0.05 / 3600  # half a pixel
    with sky_image(path, corners) as image:
        assert not isinstance(image.wcs, WCS)
        np.testing.assert_allclose(image.to_pixels(ra, dec), PIXELS, atol=1e-3)


def test_what_is_far_away_is_nowhere(exposure):
    path, corners, (ra, dec) = exposure
    with sky_image(path, corners) as image:
        assert np.isnan(image.to_pixels(ra[:1] + 1, dec[:1])).all()
