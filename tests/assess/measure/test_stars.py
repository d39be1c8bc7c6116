import numpy as np
import pytest

from app.assess.measure.frames import open_fits, read_wcs
from app.assess.measure.stars import find_stars
from app.simulation import Faults, Scene, simulate_observation

FWHM = 2.4
PLACES = np.array([[30.2, 40.7], [80.5, 25.0], [100.9, 90.4]])


@pytest.fixture
def image():
    """Three Gaussian stars on a noisy sky, the brightest first."""
    y, x = np.mgrid[:128, :128]
    image = 1 + np.random.default_rng(1).normal(0, 0.02, x.shape)
    for (x0, y0), peak in zip(PLACES, (30, 20, 10), strict=True):
        image += peak * np.exp(-4 * np.log(2) * ((x - x0) ** 2 + (y - y0) ** 2) / FWHM**2)
    return image


def test_stars_are_placed_to_a_fiftieth_of_a_pixel_the_brightest_first(image):
    stars = find_stars(image, FWHM)
    np.testing.assert_allclose(np.stack([stars.x, stars.y], axis=1), PLACES, atol=0.02)


def test_a_cosmic_ray_is_no_star(image):
    image[60, 60] += 50
    image[70, 20:23] += 50
    assert len(find_stars(image, FWHM).x) == 3


def test_a_star_without_its_peak_is_left_out(image):
    image[25, 80] = np.nan
    assert len(find_stars(image, FWHM).x) == 2


@pytest.mark.parametrize("image", [np.full((64, 64), np.nan), np.ones((64, 64)), np.ones((4, 4))])
def test_an_image_without_stars_has_none(image):
    assert len(find_stars(image, FWHM).x) == 0


def test_only_the_brightest_are_kept(image):
    np.testing.assert_allclose(find_stars(image, FWHM, n_brightest=1).x, PLACES[0, 0], atol=0.02)


def test_a_knot_of_a_cloud_is_no_point(image):
    y, x = np.mgrid[:128, :128]
    image += 40 * np.exp(-4 * np.log(2) * ((x - 50) ** 2 + (y - 100) ** 2) / (2.5 * FWHM) ** 2)
    stars = find_stars(image, FWHM)
    assert stars.is_point.tolist() == [np.hypot(x - 50, y - 100) > 2 for x, y in zip(stars.x, stars.y, strict=True)]
    assert (len(stars.x), stars.is_point.sum()) == (4, 3)


def test_knots_of_emission_that_fills_the_field_are_no_points_and_the_stars_among_them_are(tmp_path):
    scene = Scene(emission_peak=20.0, faults=Faults(pointing_error=0.0, n_cosmic_rays=0))
    truth = simulate_observation(tmp_path, n_dithers=1, window=(256, 256), scene=scene)
    with open_fits(truth.files[0]) as hdus:
        stars = find_stars(np.where(hdus["DQ"].data & 1, np.nan, hdus["SCI"].data), FWHM)
        true = read_wcs(hdus).invert(*map(np.array, (truth.sky.stars.ra, truth.sky.stars.dec)), with_bounding_box=False)
    apart = [np.nanmin(np.hypot(*np.subtract(true, [[x], [y]]))) for x, y in zip(stars.x, stars.y, strict=True)]
    is_star = np.array(apart) < 1
    assert (~is_star).sum() > 100
    assert stars.is_point[~is_star].mean() < 0.05
    assert stars.is_point[is_star].mean() > 0.8
