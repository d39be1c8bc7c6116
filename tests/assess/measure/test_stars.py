import numpy as np
import pytest

from app.assess.measure.stars import find_stars

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
